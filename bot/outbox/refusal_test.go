package outbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"testing"
	"time"

	"github.com/slack-go/slack"
)

func answered(code string) error {
	return fmt.Errorf("posting: %w", slack.SlackErrorResponse{Err: code})
}

func TestWhatIsFinalAndWhatIsWorthAnotherTry(t *testing.T) {
	for _, c := range []struct {
		err   error
		code  string
		again bool
	}{
		{answered("file_uploads_disabled"), "file_uploads_disabled", false},
		{answered("edit_window_closed"), "edit_window_closed", false},
		{answered("a_code_of_next_year"), "a_code_of_next_year", false},
		{answered("missing_scope"), "missing_scope", false},
		{slack.StatusCodeError{Code: 404}, "HTTP 404", false},
		{answered("internal_error"), "", true},
		{answered("ratelimited"), "", true},
		{answered("team_added_to_org"), "", true},
		{slack.StatusCodeError{Code: 503}, "", true},
		{slack.StatusCodeError{Code: 429}, "", true},
		{slack.StatusCodeError{Code: 408}, "", true},
		{&slack.RateLimitedError{RetryAfter: time.Second}, "", true},
		{&slack.RateLimitedError{RetryAfter: time.Hour}, "", false}, // by the job, later
		{&url.Error{Op: "Post", Err: io.ErrUnexpectedEOF}, "", true},
		{context.Canceled, "", false},
		{answered("token_revoked"), "", false}, // nobody can be told anything
		{nil, "", false},
	} {
		if got := Code(c.err); got != c.code {
			t.Errorf("%v: the code is %q, want %q", c.err, got, c.code)
		}
		if _, again := WorthRepeating(c.err, 1); again != c.again {
			t.Errorf("%v: repeated %t, want %t", c.err, again, c.again)
		}
		if WhyElsewhere(c.err) == "" != (c.code == "") {
			t.Errorf("%v: the asker is told %q", c.err, WhyElsewhere(c.err))
		}
	}
}

func TestATokenThatIsNoLongerAcceptedIsSaidOnceAndKeepsTheJob(t *testing.T) {
	heard := 0
	o := New(Config{Log: quiet, SignedOut: func(err error) { heard++ }})
	err := o.Call(t.Context(), Unpaced, func() error { return answered("token_revoked") })
	if heard != 1 || Code(err) != "" || !errors.As(err, new(slack.SlackErrorResponse)) {
		t.Errorf("heard %d times, %v", heard, err)
	}
}
