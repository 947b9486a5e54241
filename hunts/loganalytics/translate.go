package loganalytics

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/footprint-soc/footprint/hunts"
)

// errEmptyAnswer is a 200 or 204 without a table: the API gives it for a
// missing content type and for a workspace that has never held data. It is
// never an empty result.
var errEmptyAnswer = errors.New("the workspace answered without a table")

func cancelled(err error) error {
	return &hunts.Error{Kind: hunts.KindCancelled, Say: "the query was stopped before it was answered", Err: err}
}

// translate turns what azquery, azcore and azidentity return into the kinds
// that the rest of the program knows. It is the only place that reads vendor
// codes.
func translate(err error, q hunts.Query) error {
	var known *hunts.Error
	if errors.As(err, &known) {
		return known
	}
	var resp *azcore.ResponseError
	if errors.As(err, &resp) {
		return fromStatus(resp, err)
	}
	var login *azidentity.AuthenticationFailedError
	var required *azidentity.AuthenticationRequiredError
	switch {
	case errors.Is(err, errEmptyAnswer):
		return &hunts.Error{Kind: hunts.KindNoTable, Say: "the workspace holds no data at all", Hint: "Check the workspace id.", Err: err}
	case errors.Is(err, context.DeadlineExceeded):
		return &hunts.Error{Kind: hunts.KindTimeout, Say: "the query took longer than we wait", Hint: "Ask for a shorter window.", Err: err}
	case errors.Is(err, context.Canceled):
		return cancelled(err)
	case errors.As(err, &login), errors.As(err, &required), isCredentialUnavailable(err):
		// the vendor's text may hold tenant and client ids, never a secret; it goes to the log only
		return &hunts.Error{Kind: hunts.KindNoLogin, Say: "our Azure login does not work", Hint: "An operator should run footprint check.", Err: err}
	}
	var network net.Error
	if errors.As(err, &network) {
		if network.Timeout() {
			return &hunts.Error{Kind: hunts.KindTimeout, Say: "the query took longer than we wait", Hint: "Ask for a shorter window.", Err: err}
		}
		return &hunts.Error{Kind: hunts.KindUnavailable, Say: "the workspace can't be reached", Err: err}
	}
	return &hunts.Error{Kind: hunts.KindUnavailable, Say: "the workspace did not answer properly", Err: err}
}

// unread tells an answer that broke off or can't be read from one that never came:
// azcore marks both like a login that does not work.
func unread(ctx context.Context, kept *keptBody, err error) error {
	var resp *azcore.ResponseError
	switch {
	case err == nil, !kept.arrived, ctx.Err() != nil, errors.As(err, &resp), errors.Is(err, errEmptyAnswer):
		return err
	case errors.Is(err, errTooLarge):
		return &hunts.Error{Kind: hunts.KindUnavailable, Say: "the workspace's answer is larger than any that it may send", Hint: "Ask for a shorter window.", Err: err}
	}
	return &hunts.Error{Kind: hunts.KindUnavailable, Say: "the workspace's answer broke off, or could not be read", Hint: "Try again in a minute.", Err: err}
}

func isCredentialUnavailable(err error) bool {
	var unavailable interface{ NonRetriable() }
	return errors.As(err, &unavailable)
}

func fromStatus(resp *azcore.ResponseError, err error) error {
	wire := bodyOf(resp)
	inner := wire.innermost()
	e := &hunts.Error{Err: err}
	switch resp.StatusCode {
	case http.StatusNoContent:
		e.Kind, e.Say, e.Hint = hunts.KindNoTable, "the workspace holds no data at all", "Check the workspace id."
	case http.StatusBadRequest:
		fromBadRequest(e, inner)
	case http.StatusUnauthorized:
		e.Kind, e.Say, e.Hint = hunts.KindNoLogin, "the workspace does not accept our login", "An operator should run footprint check."
	case http.StatusForbidden:
		e.Kind, e.Say = hunts.KindNoRole, "our identity may not read this workspace"
		e.Hint = "Give it the role Log Analytics Reader on the workspace; a new role can take an hour to work."
	case http.StatusNotFound:
		e.Kind, e.Say, e.Hint = hunts.KindNoWorkspace, "there is no such workspace", "Check AZURE_LOGS_WORKSPACE: it wants the workspace id, not the name."
	case http.StatusTooManyRequests:
		e.Kind, e.Say, e.After = hunts.KindThrottled, "the workspace is busy", retryAfterOf(resp.RawResponse)
	case http.StatusRequestTimeout, http.StatusGatewayTimeout:
		e.Kind, e.Say, e.Hint = hunts.KindTimeout, "the workspace gave up on the query for time", "Ask for a shorter window."
	case http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable:
		e.Kind, e.Say, e.After = hunts.KindUnavailable, fmt.Sprintf("the workspace has trouble (HTTP %d)", resp.StatusCode), retryAfterOf(resp.RawResponse)
	default:
		e.Kind, e.Say = hunts.KindBadQuery, fmt.Sprintf("the workspace refused the query (HTTP %d %s)", resp.StatusCode, inner.Code)
	}
	return e
}

func fromBadRequest(e *hunts.Error, inner *wireError) {
	switch inner.Code {
	case "SEM0100", "SEM0001", "SEM0003", "SEM0260":
		// "Failed to resolve …": a table or column that this workspace lacks
		e.Kind, e.Say = hunts.KindNoTable, "the workspace lacks a table or column that the hunt reads: "+inner.Message
	case "E_QUERY_RESULT_SET_TOO_LARGE", "-2133196797":
		e.Kind, e.Say, e.Hint = hunts.KindTooLarge, "the result is larger than the workspace gives out", "Ask for a shorter window."
	default:
		e.Kind, e.Say = hunts.KindBadQuery, "the workspace does not accept the query: "+cmp.Or(inner.Message, inner.Code, "no reason given")
	}
}

func bodyOf(resp *azcore.ResponseError) *wireError {
	var body struct {
		Error *wireError `json:"error"`
	}
	if resp.RawResponse != nil {
		if data, err := runtime.Payload(resp.RawResponse); err == nil {
			_ = json.Unmarshal(data, &body) // HTML from a gateway: the status says enough
		}
	}
	if body.Error == nil {
		return &wireError{Code: resp.ErrorCode}
	}
	return body.Error
}

// retryAfterOf reads Retry-After in its three spellings; the service does not
// document that it sends one.
func retryAfterOf(resp *http.Response) time.Duration {
	if resp == nil {
		return 0
	}
	for _, name := range []string{"retry-after-ms", "x-ms-retry-after-ms"} {
		if ms, err := strconv.Atoi(resp.Header.Get(name)); err == nil && ms > 0 {
			return time.Duration(ms) * time.Millisecond
		}
	}
	text := resp.Header.Get("Retry-After")
	if s, err := strconv.Atoi(text); err == nil && s > 0 {
		return time.Duration(s) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}
