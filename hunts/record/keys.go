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
	keepHunt = 30 * 24 * time.Hour
	keepSeen = 24 * time.Hour // Slack repeats an envelope for up to two hours
	keepPost = 30 * 24 * time.Hour
	keepDead = 7 * 24 * time.Hour
)

// KeyRule tells of one kind of key how long it lives, or why it has no end.
type KeyRule struct {
	Kind    string // what follows the prefix and version
	Forever string // the reason when there is no TTL
}

// Keys lists every kind of key that a Store writes. A test compares it with
// what a run leaves behind.
func Keys() []KeyRule {
	return []KeyRule{
		{Kind: "hunt"}, {Kind: "answer"}, {Kind: "cached"}, {Kind: "blob"}, {Kind: "lease"}, {Kind: "post"}, {Kind: "thread"}, {Kind: "quota"}, {Kind: "{queue}:seen"}, {Kind: "id"}, {Kind: "{slots"},
		{Kind: "doc"},
		{Kind: "keep", Forever: "watchlist, schedules and marks end by their own dates"},
		{Kind: "{queue}:stream", Forever: "the work itself; entries are deleted when they are done"},
		{Kind: "{queue}:dead"},
		{Kind: "{audit}", Forever: "an audit is append-only"},
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
func (k keys) quota(name string) string   { return k.make("quota", name) }
func (k keys) id(id string) string        { return k.make("id", id) }
func (k keys) doc(name string) string     { return k.make("doc", name) }
func (k keys) forever(name string) string { return k.make("keep", name) }

// Keys of the queue share a hash tag, since one script touches two of them.
func (k keys) seen(key string) string    { return k.make("{queue}:seen", short(key)) }
func (k keys) stream(lane string) string { return k.make("{queue}:stream", lane) }
func (k keys) dead() string              { return k.make("{queue}:dead", "all") }

func (k keys) audit() string     { return k.make("{audit}", "log") }
func (k keys) auditHead() string { return k.make("{audit}", "head") }

// short bounds a key that is made of what people typed.
func short(name string) string {
	if len(name) <= 64 {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:])
}
