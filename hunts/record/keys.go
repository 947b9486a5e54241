package record

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// version stands in every key: a change of what is stored gets a new one, and
// old keys end by their TTL.
const version = "1"

// How long things are kept. What has no TTL says why in Keys.
const (
	keepHunt  = 30 * 24 * time.Hour
	keepID    = keepHunt + 24*time.Hour // an id is not given again while its hunt is there
	keepSeen  = 24 * time.Hour          // Slack repeats an envelope for up to two hours
	keepPost  = 30 * 24 * time.Hour
	keepDead  = 7 * 24 * time.Hour
	keepProbe = time.Minute
	keepLine  = time.Hour // of the line before the slots: everybody in it writes it again each second
)

// KeyRule tells of one kind of key how long it lives, or why it has no end.
type KeyRule struct {
	Kind    string        // what follows the prefix and version
	Holds   string        // what is in it
	TTL     time.Duration // the longest a key of this kind lives; zero: as long as the caller says
	Forever string        // the reason when there is no TTL
}

// Keys lists every kind of key that a Store writes. A test compares it with
// what a run leaves behind.
func Keys() []KeyRule {
	return []KeyRule{
		{Kind: "hunt", Holds: "a hunt", TTL: keepHunt},
		{Kind: "id", Holds: "a reserved hunt id", TTL: keepID},
		{Kind: "answer", Holds: "the answer of a hunt", TTL: keepHunt},
		{Kind: "cached", Holds: "the answer to a question"},
		{Kind: "blob", Holds: "a finished slice or a coverage figure"},
		{Kind: "lease", Holds: "who works on something"},
		{Kind: "post", Holds: "a claimed or sent message", TTL: keepPost},
		{Kind: "thread", Holds: "the hunt of a thread"},
		{Kind: "uses", Holds: "uses within a time"},
		{Kind: "probe", Holds: "that Redis takes writes", TTL: keepProbe},
		{Kind: "doc", Holds: "a small document"},
		{Kind: "keep", Holds: "a document or list without an end", Forever: "watchlist, schedules and marks end by their own dates"},
		{Kind: "{queue}:seen", Holds: "that a job was stored", TTL: keepSeen},
		{Kind: "{queue}:stream", Holds: "the jobs of a lane", Forever: "the work itself; entries are deleted when they are done"},
		{Kind: "{queue}:dead", Holds: "jobs that were given up, at most about 1000", TTL: keepDead},
		{Kind: "{audit}", Holds: "the audit and its last hash", Forever: "an audit is append-only"},
		{Kind: "{slots", Holds: "who holds or waits for the slots of an identity", TTL: keepLine},
	}
}

type keys struct{ prefix string }

func (k keys) make(kind, name string) string {
	return k.prefix + ":" + version + ":" + kind + ":" + name
}

func (k keys) hunt(id string) string      { return k.make("hunt", id) }
func (k keys) answer(id string) string    { return k.make("answer", id) }
func (k keys) cached(key string) string   { return k.make("cached", short(key)) }
func (k keys) blob(key string) string     { return k.make("blob", short(key)) }
func (k keys) lease(key string) string    { return k.make("lease", short(key)) }
func (k keys) wake() string               { return k.make("wake", "all") } // a channel, not a key
func (k keys) post(key string) string     { return k.make("post", key) }
func (k keys) thread(c, ts string) string { return k.make("thread", c+":"+ts) }
func (k keys) quota(name string) string   { return k.make("uses", name) }
func (k keys) probe() string              { return k.make("probe", "write") }
func (k keys) id(id string) string        { return k.make("id", id) }
func (k keys) doc(name string) string     { return k.make("doc", name) }
func (k keys) forever(name string) string { return k.make("keep", name) }

// Keys of the queue share a hash tag, since one script touches two of them: in
// a cluster only keys of one tag can be touched together.
func (k keys) seen(key string) string    { return k.make("{queue}:seen", short(key)) }
func (k keys) stream(lane string) string { return k.make("{queue}:stream", lane) }
func (k keys) dead() string              { return k.make("{queue}:dead", "all") }

func (k keys) audit() string     { return k.make("{audit}", "log") }
func (k keys) auditHead() string { return k.make("{audit}", "head") }

// Keys of the slots of one identity share its hash tag.
func (k keys) slotsHeld(identity string) string {
	return k.make("{slots:"+hashed(identity)+"}", "held")
}
func (k keys) slotsWaiting(identity string) string {
	return k.make("{slots:"+hashed(identity)+"}", "waiting")
}

// short bounds a key that is made of what people typed.
func short(name string) string {
	if len(name) <= 64 {
		return name
	}
	return hashed(name)
}

// hashed is a name without any character that means something in a key.
func hashed(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:])
}
