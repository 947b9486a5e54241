package hunts

import (
	"context"
	"time"
)

// Collection is one kind of stored document, each under a key of its own. How long
// one lives is the collection's to know. Its errors are *Error of kind unavailable.
type Collection[K comparable, T any] interface {
	// Get reads one; false when there is none.
	Get(ctx context.Context, key K) (T, bool, error)
	// All reads several in one round trip; what is not there is left out.
	All(ctx context.Context, keys ...K) (map[K]T, error)
	// Put writes, replacing what was there; PutAll several in one round trip.
	Put(ctx context.Context, key K, v T) error
	PutAll(ctx context.Context, all map[K]T) error
	// Change edits one that several replicas write, and gives it as it is then. edit
	// may be called again, each time on the document as it is stored, or on the zero
	// T; its error is returned as it is, and nothing is written.
	Change(ctx context.Context, key K, edit func(*T) error) (T, error)
	Drop(ctx context.Context, keys ...K) error
}

// Entries is a stored list that is changed entry by entry. Each ends by a date of its
// own, which the caller keeps.
type Entries[T any] interface {
	// All reads the list; unreadable names the entries of another version.
	All(ctx context.Context) (all map[string]T, unreadable []string, err error)
	Put(ctx context.Context, all map[string]T) error
	Drop(ctx context.Context, keys ...string) error
}

// Documents are the stored documents of hunts.
type Documents struct {
	// Of indicators.
	Marks   Collection[string, Mark]    // by indicator
	Earlier Collection[string, Earlier] // by EarlierKey

	// Of hunts, by their ids.
	Before  Collection[string, []Earlier] // what was known when the hunt was asked for
	Newer   Collection[string, Newer]     // what points to a later hunt
	Recalls Collection[string, Recall]    // how late rows changed its answer
	Sharers Collection[string, []string]  // users who got the same answer
	Cancels Collection[string, string]    // who wants it stopped

	Mine    Collection[string, []string] // by user: the hunts asked for, newest first
	Drafts  Collection[string, Draft]    // by the view of a form
	Waiting Entries[time.Time]           // by hunt: when its approval ends
}
