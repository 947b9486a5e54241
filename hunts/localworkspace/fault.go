package localworkspace

import (
	"context"
	"sync"
	"time"
)

// Fault is a scripted misbehaviour of the service. The first one that matches a
// query is used.
type Fault struct {
	// Status is the HTTP status answered instead of the query's result; 0 lets
	// the query run (with Partial, Delay or Trickle).
	Status int
	// Code is the error code in the answer; empty is the usual one of Status.
	Code string
	// Message is the sentence in the answer; empty is the usual one of Status.
	Message string
	// Body is answered as it is instead of an error object, as HTML: what a
	// gateway in between says.
	Body string
	// RetryAfter becomes the header of that name, in seconds; 0 sends none.
	RetryAfter time.Duration
	// Partial answers 200 with the rows and an error beside them.
	Partial bool
	// Delay is waited before anything else happens.
	Delay time.Duration
	// Drop closes the connection without an answer.
	Drop bool
	// Trickle is the pause between pieces of the answer's body: a slow network.
	Trickle time.Duration
	// Match chooses the queries by their text; nil is every query.
	Match func(query string) bool
	// Times is how many queries it hits before it is used up; 0 is all.
	Times int
}

// Script is a list of faults that may grow while the server runs. The zero
// Script has none.
type Script struct {
	mu     sync.Mutex
	faults []*Fault
}

// Add appends a fault.
func (s *Script) Add(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
}

// Clear removes all faults.
func (s *Script) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// take gives the fault for a query and uses it up by one.
func (s *Script) take(query string) (Fault, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.faults {
		if f.Match != nil && !f.Match(query) {
			continue
		}
		hit := *f
		if f.Times == 1 {
			s.faults = append(s.faults[:i:i], s.faults[i+1:]...)
		} else if f.Times > 1 {
			f.Times--
		}
		return hit, true
	}
	return Fault{}, false
}

// pause waits unless the client goes away first.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
