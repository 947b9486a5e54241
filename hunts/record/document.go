package record

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// JSON is where documents lie under their names; *Store is one.
type JSON interface {
	GetAllJSON(ctx context.Context, names []string) ([]json.RawMessage, error)
	SetAllJSON(ctx context.Context, all map[string]any, ttl time.Duration) error
	ChangeJSON(ctx context.Context, name string, ttl time.Duration, change func(stored json.RawMessage) (json.RawMessage, error)) error
	Delete(ctx context.Context, names ...string) error
	PutEntries(ctx context.Context, list string, entries map[string][]byte) error
	Entries(ctx context.Context, list string) (map[string][]byte, error)
	DropEntries(ctx context.Context, list string, keys ...string) error
}

// How long documents live beside those that follow their hunt.
const (
	keepThread = 14 * 24 * time.Hour // as long as people press the buttons of a message
	forever    = time.Duration(0)    // it ends by a date of its own, or is taken away
)

// collection is one kind of document. A change of shape that the version before
// can't be read as gets a version of its own, and so keys of its own.
type collection[K comparable, T any] struct {
	in      JSON
	kind    string
	version int
	name    func(K) string        // within the kind
	keep    func(T) time.Duration // how long one lives
}

func (c collection[K, T]) key(k K) string {
	if c.version > 1 {
		return fmt.Sprintf("%s@%d:%s", c.kind, c.version, c.name(k))
	}
	return c.kind + ":" + c.name(k)
}

func (c collection[K, T]) Get(ctx context.Context, k K) (v T, ok bool, err error) {
	all, err := c.All(ctx, k)
	v, ok = all[k]
	return v, ok, err
}

func (c collection[K, T]) All(ctx context.Context, ks ...K) (map[K]T, error) {
	if len(ks) == 0 {
		return nil, nil
	}
	names := make([]string, len(ks))
	for n, k := range ks {
		names[n] = c.key(k)
	}
	raw, err := c.in.GetAllJSON(ctx, names)
	if err != nil {
		return nil, err
	}
	out := make(map[K]T, len(ks))
	for n, data := range raw {
		var v T
		if data != nil && json.Unmarshal(data, &v) == nil { // one that can't be read was written by another version
			out[ks[n]] = v
		}
	}
	return out, nil
}

func (c collection[K, T]) Put(ctx context.Context, k K, v T) error {
	return c.PutAll(ctx, map[K]T{k: v})
}

func (c collection[K, T]) PutAll(ctx context.Context, all map[K]T) error {
	var ttl time.Duration
	named := make(map[string]any, len(all))
	for k, v := range all {
		named[c.key(k)], ttl = v, c.keep(v)
	}
	if len(named) == 0 {
		return nil
	}
	return c.in.SetAllJSON(ctx, named, ttl)
}

func (c collection[K, T]) Change(ctx context.Context, k K, edit func(*T) error) (T, error) {
	var v, none T
	err := c.in.ChangeJSON(ctx, c.key(k), c.keep(none), func(stored json.RawMessage) (json.RawMessage, error) {
		v = none
		if len(stored) > 0 {
			if err := json.Unmarshal(stored, &v); err != nil {
				return nil, fmt.Errorf("reading a stored %s: %w", c.kind, err)
			}
		}
		if err := edit(&v); err != nil {
			return nil, err
		}
		return json.Marshal(v)
	})
	return v, err
}

func (c collection[K, T]) Drop(ctx context.Context, ks ...K) error {
	names := make([]string, len(ks))
	for n, k := range ks {
		names[n] = c.key(k)
	}
	return c.in.Delete(ctx, names...)
}

// of makes a collection whose documents all live as long, under names that are keys
// already.
func of[T any](in JSON, kind string, keep time.Duration) collection[string, T] {
	return collection[string, T]{in: in, kind: kind, version: 1, name: func(k string) string { return k }, keep: func(T) time.Duration { return keep }}
}

// sum is a name of bounded length for what people typed.
func sum(text string) string {
	s := sha256.Sum256([]byte(text))
	return hex.EncodeToString(s[:12])
}

// entries is a list whose entries are changed one by one.
type entries[T any] struct {
	in     JSON
	list   string
	encode func(T) ([]byte, error)
	decode func(data []byte, into *T) error
}

// listOf makes a list whose entries are written as JSON.
func listOf[T any](in JSON, list string) entries[T] {
	return entries[T]{in, list, func(v T) ([]byte, error) { return json.Marshal(v) }, func(data []byte, into *T) error { return json.Unmarshal(data, into) }}
}

func (l entries[T]) All(ctx context.Context) (all map[string]T, unreadable []string, err error) {
	raw, err := l.in.Entries(ctx, l.list)
	if err != nil {
		return nil, nil, err
	}
	all = make(map[string]T, len(raw))
	for key, data := range raw {
		var v T
		if l.decode(data, &v) != nil {
			unreadable = append(unreadable, key)
			continue
		}
		all[key] = v
	}
	return all, unreadable, nil
}

func (l entries[T]) Put(ctx context.Context, all map[string]T) error {
	raw := make(map[string][]byte, len(all))
	for key, v := range all {
		data, err := l.encode(v)
		if err != nil {
			return fmt.Errorf("encoding an entry of the list %s: %w", l.list, err)
		}
		raw[key] = data
	}
	return l.in.PutEntries(ctx, l.list, raw)
}

func (l entries[T]) Drop(ctx context.Context, keys ...string) error {
	return l.in.DropEntries(ctx, l.list, keys...)
}
