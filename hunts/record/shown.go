package record

import (
	"context"
	"slices"
	"time"
)

// What a hunt and its follow-ups put into Slack beside its own message: the keys
// of those posts.
func shownDoc(huntID string) string { return "shown:" + huntID }

// NoteShown remembers, before it is sent, that a post shows rows of a hunt.
func (s *Store) NoteShown(ctx context.Context, huntID, key string, ttl time.Duration) error {
	return UpdateDoc(ctx, s, shownDoc(huntID), ttl, func(keys *[]string) error {
		if !slices.Contains(*keys, key) {
			*keys = append(*keys, key)
		}
		return nil
	})
}

// Shown lists the keys of the posts that show rows of a hunt.
func (s *Store) Shown(ctx context.Context, huntID string) ([]string, error) {
	var keys []string
	_, err := s.GetJSON(ctx, shownDoc(huntID), &keys)
	return keys, err
}
