package outbox

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/slack-go/slack"

	"github.com/footprint-soc/footprint/hunts"
)

// transient are the codes of an answer with ok false that may be another one in a
// moment. Every other code is final for the call: trying again changes nothing.
var transient = map[string]bool{
	"internal_error": true, "fatal_error": true, "service_unavailable": true, "request_timeout": true, "ratelimited": true, "rate_limited": true,
	"team_added_to_org": true, // Slack moves the workspace, and says that it will not take long
}

// signedOut are the codes that mean that Slack no longer knows us. Nothing can be
// said to anybody any more.
var signedOut = map[string]bool{
	"invalid_auth": true, "not_authed": true, "account_inactive": true, "token_revoked": true, "token_expired": true,
}

// SignedOut tells that Slack does not accept a token any more.
func SignedOut(err error) bool { return signedOut[answerOf(err)] }

// answerOf is the code of an answer with ok false.
func answerOf(err error) string {
	var answer slack.SlackErrorResponse
	if errors.As(err, &answer) {
		return answer.Err
	}
	return ""
}

// Code is Slack's code when it refused a call for good, and a caller goes on with
// the next form; empty for success, and for what is worth another try.
func Code(err error) string {
	if code := answerOf(err); code != "" {
		if transient[code] || signedOut[code] {
			return ""
		}
		return code
	}
	var status slack.StatusCodeError
	if errors.As(err, &status) && status.Code >= 400 && status.Code < 500 && status.Code != http.StatusTooManyRequests && status.Code != http.StatusRequestTimeout {
		return "HTTP " + strconv.Itoa(status.Code)
	}
	return ""
}

// Gone tells that a message has no place any more: it, its thread or channel, or
// our membership is gone.
func Gone(err error) bool {
	switch Code(err) {
	case "message_not_found", "thread_not_found", "cant_update_message", "is_archived", "not_in_channel", "channel_not_found":
		return true
	}
	return false
}

// WhyElsewhere tells the asker why an answer comes to another place than the one
// where it was asked for; empty for an error that is worth another try.
func WhyElsewhere(err error) string {
	switch code := Code(err); code {
	case "":
		return ""
	case "message_not_found", "thread_not_found", "cant_update_message":
		return "Its message in the channel was deleted, so here is the answer."
	case "is_archived":
		return "The channel was archived in the meantime, so here is the answer."
	case "not_in_channel", "channel_not_found":
		return "I'm no longer in the channel, so here is the answer."
	default:
		return "Slack refuses my message in the channel (`" + code + "`), so here is the answer."
	}
}

// Archived tells that a channel takes nothing any more.
func Archived(err error) bool { return Code(err) == "is_archived" }

// NoMember tells that we are not, or no longer, in a channel.
func NoMember(err error) bool {
	code := Code(err)
	return code == "not_in_channel" || code == "channel_not_found"
}

// MessageGone tells that a message of ours was deleted, and its place is still
// there.
func MessageGone(err error) bool {
	code := Code(err)
	return code == "message_not_found" || code == "cant_update_message"
}

// Missing tells that what should be removed is gone already.
func Missing(err error) bool {
	switch Code(err) {
	case "message_not_found", "file_not_found", "file_deleted", "channel_not_found":
		return true
	}
	return false
}

// WorthRepeating tells whether the call that failed so many times deserves another
// try, and after which pause.
func WorthRepeating(err error, attempt int) (time.Duration, bool) {
	if attempt >= tries || errors.Is(err, context.Canceled) {
		return 0, false
	}
	backoff := 500 * time.Millisecond << (attempt - 1)
	var limited *slack.RateLimitedError
	if errors.As(err, &limited) {
		return limited.RetryAfter, limited.RetryAfter <= maxPause
	}
	var status slack.StatusCodeError
	if errors.As(err, &status) {
		// a 429 without Retry-After comes as a plain status
		return backoff, Code(err) == ""
	}
	if code := answerOf(err); code != "" {
		return backoff, transient[code]
	}
	return backoff, unknownOutcome(err)
}

// unknownOutcome tells that the call may have worked although it looks failed.
func unknownOutcome(err error) bool {
	if err == nil {
		return false
	}
	var status slack.StatusCodeError
	if errors.As(err, &status) {
		return status.Code >= 500
	}
	var network net.Error
	var wrapped *url.Error
	return errors.As(err, &network) || errors.As(err, &wrapped) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// errSignedOut keeps the job that met it: another process, with a token that
// Slack accepts, does it.
func errSignedOut(err error) error {
	return &hunts.Error{Kind: hunts.KindUnavailable, Say: "Slack no longer accepts our token", Err: err}
}
