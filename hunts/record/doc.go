package record

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// docKey: a document without an end lies under its own kind of key.
func (s *Store) docKey(name string, ttl time.Duration) string {
	if ttl <= 0 {
		return s.keys.forever(name)
	}
	return s.keys.doc(name)
}

// SetJSON keeps a small document; ttl zero keeps it for ever, which is for what
// ends by a date of its own.
func (s *Store) SetJSON(ctx context.Context, name string, v any, ttl time.Duration) error {
	return s.SetAllJSON(ctx, map[string]any{name: v}, ttl)
}

// SetAllJSON keeps several in one round trip. In a cluster they lie apart, so that
// some may be written when it fails.
func (s *Store) SetAllJSON(ctx context.Context, all map[string]any, ttl time.Duration) error {
	pipe := s.db.Pipeline()
	for name, v := range all {
		data, err := pack(v)
		if err != nil {
			return err
		}
		pipe.Set(ctx, s.docKey(name, ttl), data, max(0, ttl))
	}
	_, err := pipe.Exec(ctx)
	return gone(err)
}

// GetJSON reads a document back; false when there is none.
func (s *Store) GetJSON(ctx context.Context, name string, v any) (bool, error) {
	all, err := s.GetAllJSON(ctx, []string{name})
	if err != nil || all[0] == nil {
		return false, err
	}
	return json.Unmarshal(all[0], v) == nil, nil // one that can't be read was written by another version
}

// GetAllJSON reads several documents in one round trip, wherever they lie; nil for
// one that is not there.
func (s *Store) GetAllJSON(ctx context.Context, names []string) ([]json.RawMessage, error) {
	pipe := s.db.Pipeline()
	read := make([][2]*redis.StringCmd, len(names))
	for n, name := range names {
		read[n] = [2]*redis.StringCmd{pipe.Get(ctx, s.keys.doc(name)), pipe.Get(ctx, s.keys.forever(name))}
	}
	if _, err := pipe.Exec(ctx); gone(err) != nil {
		return nil, gone(err)
	}
	out := make([]json.RawMessage, len(names))
	for n := range read {
		for _, cmd := range read[n] {
			data, err := cmd.Bytes()
			if gone(err) != nil {
				return nil, gone(err)
			}
			if err == nil && out[n] == nil && unpack(data, &out[n]) != nil {
				out[n] = nil // written by another version
			}
		}
	}
	return out, nil
}

// Delete forgets documents.
func (s *Store) Delete(ctx context.Context, names ...string) error {
	for _, n := range names {
		for _, key := range []string{s.keys.doc(n), s.keys.forever(n)} {
			if err := gone(s.db.Del(ctx, key).Err()); err != nil {
				return err
			}
		}
	}
	return nil
}

// mostUpdates bounds how often a change is tried against others: each time one
// of them got through.
const mostUpdates = 256

// UpdateDoc changes a document that several replicas write: change sees it as
// it is stored, or as the zero T when there is none, and may be called again.
// An error of change is returned as it is and nothing is written.
func UpdateDoc[T any](ctx context.Context, s *Store, name string, ttl time.Duration, change func(*T) error) error {
	key := s.docKey(name, ttl)
	for range mostUpdates {
		var own error
		err := s.db.Watch(ctx, func(tx *redis.Tx) error {
			var v T
			data, err := tx.Get(ctx, key).Bytes()
			if err != nil && !errors.Is(err, redis.Nil) {
				return err
			}
			if err == nil && unpack(data, &v) != nil {
				v = *new(T) // written by another version: counts as not there
			}
			if own = change(&v); own != nil {
				return nil
			}
			var out []byte
			if out, own = pack(&v); own != nil {
				return nil
			}
			_, err = tx.TxPipelined(ctx, func(p redis.Pipeliner) error {
				p.Set(ctx, key, out, max(0, ttl))
				return nil
			})
			return err
		}, key)
		if own != nil {
			return own
		}
		if !errors.Is(err, redis.TxFailedErr) {
			return gone(err)
		}
	}
	return gone(fmt.Errorf("the document %s is written by too many at once", name))
}
