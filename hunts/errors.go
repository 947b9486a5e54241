package hunts

import (
	"errors"
	"time"
)

// Kind classifies an error by what the reader can do about it.
type Kind string

// The kinds of error that reach a person.
const (
	KindRefused     Kind = "refused"      // the request is not right; Say teaches how to write it
	KindNotAllowed  Kind = "not_allowed"  // policy
	KindNoTable     Kind = "no_table"     // the workspace lacks a table or column the hunt reads
	KindOtherPlan   Kind = "other_plan"   // the table is kept in a plan that hunts can't search
	KindNoWorkspace Kind = "no_workspace" // unknown workspace
	KindNoRole      Kind = "no_role"      // the identity may not read the workspace
	KindNoLogin     Kind = "no_login"     // no token could be had
	KindThrottled   Kind = "throttled"    // the service asks to wait
	KindTimeout     Kind = "timeout"      // the query took too long
	KindTooLarge    Kind = "too_large"    // the result exceeds the service's limits
	KindBadQuery    Kind = "bad_query"    // the service does not accept the query text
	KindUnavailable Kind = "unavailable"  // the service or the store does not answer
	KindCancelled   Kind = "cancelled"
)

// Error is what adapters turn vendor errors into. Say is one sentence for the
// person; Hint is the next step; Err is for the operator's log.
type Error struct {
	Kind  Kind
	Say   string
	Hint  string
	After time.Duration // for KindThrottled: when the service said to come back
	Err   error
}

// Error is the text for the operator.
func (e *Error) Error() string {
	if e.Err != nil {
		return e.Say + ": " + e.Err.Error()
	}
	return e.Say
}

// Unwrap gives the vendor's error.
func (e *Error) Unwrap() error { return e.Err }

// CancelledBy is the cause with which a person ends the context of a hunt; the
// answer then says who it was.
func CancelledBy(name string) error {
	return &Error{Kind: KindCancelled, Say: "Cancelled by " + name}
}

// KindOf is the kind of err, or empty for an error nobody classified.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return ""
}

// Sentence is what an error says to people.
func Sentence(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Say
	}
	return err.Error()
}
