package record

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/footprint-soc/footprint/hunts/warranty"
)

// Lists of what stands after an answer was given. They end by their own dates.
const (
	listPromises = "warranties"
	listWatches  = "watches"
	listLooks    = "looks"
)

// Promises are all answers under warranty.
func (s *Store) Promises(ctx context.Context) ([]warranty.Promise, error) {
	return entriesOf[warranty.Promise](ctx, s, listPromises)
}

// ChangePromise changes the promise behind a hunt together with other replicas:
// change sees it as it is stored, without an id where there is none, and may be
// called again. One that has no id afterwards is dropped.
func (s *Store) ChangePromise(ctx context.Context, huntID string, change func(*warranty.Promise) error) error {
	return changeEntry(ctx, s, listPromises, huntID, func(p *warranty.Promise) (bool, error) {
		err := change(p)
		return p.Hunt != "", err
	})
}

// Watches are all watches that stand.
func (s *Store) Watches(ctx context.Context) ([]warranty.Watch, error) {
	return entriesOf[warranty.Watch](ctx, s, listWatches)
}

// ChangeWatch changes the watch on a hunt as ChangePromise does.
func (s *Store) ChangeWatch(ctx context.Context, huntID string, change func(*warranty.Watch) error) error {
	return changeEntry(ctx, s, listWatches, huntID, func(w *warranty.Watch) (bool, error) {
		err := change(w)
		return w.Hunt != "", err
	})
}

// Looks are where all scopes stand that are looked at.
func (s *Store) Looks(ctx context.Context) ([]warranty.Look, error) {
	return entriesOf[warranty.Look](ctx, s, listLooks)
}

// ChangeLook changes where a scope stands; one without a next time is dropped.
func (s *Store) ChangeLook(ctx context.Context, scope string, change func(*warranty.Look) error) error {
	return changeEntry(ctx, s, listLooks, "scope:"+scope, func(l *warranty.Look) (bool, error) {
		l.Scope = scope
		err := change(l)
		return !l.Next.IsZero(), err
	})
}

// entriesOf reads a list; what another version wrote is left out.
func entriesOf[T any](ctx context.Context, s *Store, list string) ([]T, error) {
	raw, err := s.Entries(ctx, list)
	if err != nil {
		return nil, err
	}
	out := make([]T, 0, len(raw))
	for _, data := range raw {
		var v T
		if json.Unmarshal(data, &v) == nil {
			out = append(out, v)
		}
	}
	return out, nil
}

// swapScript writes one entry of a list if it still is what was read; an empty value
// is no entry.
var swapScript = redis.NewScript(`
local v = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if v ~= ARGV[2] then return 0 end
if ARGV[3] == '' then redis.call('HDEL', KEYS[1], ARGV[1]) else redis.call('HSET', KEYS[1], ARGV[1], ARGV[3]) end
return 1`)

// changeEntry changes one entry of a list that several replicas write. change sees it
// as it is stored, or as the zero T, and tells whether it stays.
func changeEntry[T any](ctx context.Context, s *Store, list, key string, change func(*T) (bool, error)) error {
	at := s.keys.forever("list:" + list)
	for range mostUpdates {
		before, err := s.db.HGet(ctx, at, key).Bytes()
		if err := gone(err); err != nil {
			return err
		}
		var v T
		if len(before) > 0 && json.Unmarshal(before, &v) != nil {
			v = *new(T) // written by another version: counts as not there
		}
		stays, err := change(&v)
		if err != nil {
			return err
		}
		after := []byte{}
		if stays {
			if after, err = json.Marshal(v); err != nil {
				return fmt.Errorf("encoding an entry of %s: %w", list, err)
			}
		}
		if string(after) == string(before) {
			return nil
		}
		n, err := swapScript.Run(ctx, s.db, []string{at}, key, before, after).Int()
		if err != nil {
			return gone(err)
		}
		if n == 1 {
			return nil
		}
	}
	return gone(fmt.Errorf("the entry %s of %s is written by too many at once", key, list))
}
