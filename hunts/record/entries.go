package record

import (
	"context"
)

// Entries of a named list: a hash, so that fifty thousand of them can be
// changed one by one. They end by their own dates, which the caller keeps.

// PutEntries adds or replaces entries of a list.
func (s *Store) PutEntries(ctx context.Context, list string, entries map[string][]byte) error {
	const atOnce = 500
	pairs := make([]any, 0, 2*atOnce)
	flush := func() error {
		if len(pairs) == 0 {
			return nil
		}
		err := gone(s.db.HSet(ctx, s.keys.forever("list:"+list), pairs...).Err())
		pairs = pairs[:0]
		return err
	}
	for k, v := range entries {
		pairs = append(pairs, k, v)
		if len(pairs) >= 2*atOnce {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// Entries reads a whole list, a part at a time.
func (s *Store) Entries(ctx context.Context, list string) (map[string][]byte, error) {
	out := map[string][]byte{}
	var cursor uint64
	for {
		page, next, err := s.db.HScan(ctx, s.keys.forever("list:"+list), cursor, "", 1000).Result()
		if err != nil {
			return nil, gone(err)
		}
		for i := 0; i+1 < len(page); i += 2 {
			out[page[i]] = []byte(page[i+1])
		}
		if cursor = next; cursor == 0 {
			return out, nil
		}
	}
}

// DropEntries removes entries of a list.
func (s *Store) DropEntries(ctx context.Context, list string, keys ...string) error {
	if len(keys) == 0 {
		return nil
	}
	return gone(s.db.HDel(ctx, s.keys.forever("list:"+list), keys...).Err())
}
