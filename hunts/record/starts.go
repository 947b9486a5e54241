package record

import (
	"context"
	"time"
)

// failedStarts counts the starts on one machine that ended with an error, one soon
// after the other. It is forgotten when none came for keepStarts.
type failedStarts struct {
	Times int `json:"times"`
}

const keepStarts = 5 * time.Minute

func startsDoc(host string) string { return "starts:" + host }

// NoteFailedStart remembers that a process on a machine ended with an error.
func (s *Store) NoteFailedStart(ctx context.Context, host string) error {
	return UpdateDoc(ctx, s, startsDoc(host), keepStarts, func(f *failedStarts) error {
		f.Times++
		return nil
	})
}

// FailedStarts is how many there were of late.
func (s *Store) FailedStarts(ctx context.Context, host string) (int, error) {
	var f failedStarts
	_, err := s.GetJSON(ctx, startsDoc(host), &f)
	return f.Times, err
}
