package hunts

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// Record is the durable side of the Runner. Every method returns a *Error of
// kind unavailable when the store does not answer; the Runner then goes on
// without memory and says so in the answer's notes.
type Record interface {
	// SaveHunt writes the hunt, replacing an earlier state of it.
	SaveHunt(ctx context.Context, h Hunt) error
	// Hunt reads a hunt back; ok is false when it is unknown or expired.
	Hunt(ctx context.Context, id string) (h Hunt, ok bool, err error)
	// SaveAnswer keeps the answer of a hunt, and under key as the cached answer
	// of everyone who asks the same until ttl is over.
	SaveAnswer(ctx context.Context, key string, a Answer, ttl time.Duration) error
	// Answer reads the answer of a hunt by its id.
	Answer(ctx context.Context, huntID string) (a Answer, ok bool, err error)
	// CachedAnswer reads the answer under key.
	CachedAnswer(ctx context.Context, key string) (a Answer, ok bool, err error)
	// SaveBlob and Blob keep a finished slice or a coverage figure under key.
	SaveBlob(ctx context.Context, key string, data []byte, ttl time.Duration) error
	Blob(ctx context.Context, key string) (data []byte, ok bool, err error)
	// DropAnswer forgets what a hunt found, and what is cached under key; DropBlobs
	// forgets kept bytes.
	DropAnswer(ctx context.Context, huntID, key string) error
	DropBlobs(ctx context.Context, keys ...string) error
	// Lease takes key for owner until ttl passes without Renew. When somebody
	// else holds it, ok is false and holder names them (a hunt id).
	Lease(ctx context.Context, key, owner string, ttl time.Duration) (l Lease, holder string, ok bool, err error)
	// Await returns when the lease on key ends, is about to be worth taking
	// over, or ctx ends.
	Await(ctx context.Context, key string) error
	// Audit appends an entry to the append-only log. No entry, no hunt.
	Audit(ctx context.Context, e AuditEntry) error
}

// Lease is a held key.
type Lease interface {
	// Renew extends the lease; false means it was lost and the holder must stop.
	Renew(ctx context.Context) (bool, error)
	// Release gives it up if it is still held, and wakes those who Await.
	Release(ctx context.Context) error
}

// AuditEntry is one line of the audit.
type AuditEntry struct {
	Time      time.Time `json:"time"`
	Action    string    `json:"action"` // "hunt", "refused", "answered", "shown", "cancel", "mark", "export", "unsay", …
	HuntID    string    `json:"hunt_id,omitempty"`
	User      string    `json:"user"`
	Team      string    `json:"team,omitempty"`
	Channel   string    `json:"channel,omitempty"`
	What      string    `json:"what,omitempty"` // the request in canonical form
	Why       string    `json:"why,omitempty"`
	Workspace string    `json:"workspace,omitempty"`
	KQLHash   string    `json:"kql_sha256,omitempty"`
	Outcome   string    `json:"outcome,omitempty"` // verdict or kind of refusal
	Rows      int64     `json:"rows,omitempty"`
	TookMS    int64     `json:"took_ms,omitempty"`
	ShownTo   string    `json:"shown_to,omitempty"` // channel or user that saw the answer
}

// Job is one piece of work on the stream. At-least-once: a job may be seen
// again after a crash, so handlers are idempotent.
type Job struct {
	ID         string // stream id
	Lane       string // "interactive" or "sweep"
	Kind       string // "envelope", "hunt", …
	Key        string // what it was de-duplicated by
	Payload    []byte
	Enqueued   time.Time
	Deliveries int64  // 1 on the first delivery
	Trace      string // of the span that stored it; empty without traces
}

// Post is a message of ours in Slack.
type Post struct {
	Channel string            `json:"channel"`
	TS      string            `json:"ts"` // Slack's timestamp, its identity within the channel
	Extra   map[string]string `json:"extra,omitempty"`
}

// PostState tells what is known of a post before it is sent.
type PostState string

// The states of a claimed post.
const (
	PostMine PostState = "mine" // claimed now: send it
	// PostRetaken is claimed now as well, but somebody held it before and may
	// have sent the message without living to say so: look for it first.
	PostRetaken PostState = "retaken"
	PostOthers  PostState = "others" // somebody is sending it, or died doing so less than the claim's time ago
	PostDone    PostState = "posted" // it is there; Post says where
)

// KQLHash is the SHA-256 of a query's text, as the audit has it; empty for none.
func KQLHash(text string) string {
	if text == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
