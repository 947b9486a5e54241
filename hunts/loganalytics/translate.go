package loganalytics

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/azure"
)

// errEmptyAnswer is a 200 or 204 without a table: the API gives it for a
// missing content type and for a workspace that has never held data. It is
// never an empty result.
var errEmptyAnswer = errors.New("the workspace answered without a table")

func emptyAnswer() error {
	return &hunts.Error{Kind: hunts.KindNoTable, Say: "the workspace holds no data at all", Hint: "Check the workspace id.", Err: errEmptyAnswer}
}

// service is who answers, in the words of its errors.
const asked = azure.Service("the workspace")

// fromStatus turns what the service itself refused into the kinds that the rest
// of the program knows. It is the only place that reads the codes of the service.
func fromStatus(resp *azcore.ResponseError) error {
	wire := bodyOf(resp)
	inner := wire.innermost()
	e := &hunts.Error{Err: resp}
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
		e.Kind, e.Say, e.After = hunts.KindThrottled, "the workspace is busy", azure.RetryAfter(resp.RawResponse)
	case http.StatusRequestTimeout, http.StatusGatewayTimeout:
		e.Kind, e.Say, e.Hint = hunts.KindTimeout, "the workspace gave up on the query for time", "Ask for a shorter window."
	case http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable:
		e.Kind, e.Say, e.After = hunts.KindUnavailable, fmt.Sprintf("the workspace has trouble (HTTP %d)", resp.StatusCode), azure.RetryAfter(resp.RawResponse)
	default:
		e.Kind, e.Say = hunts.KindBadQuery, fmt.Sprintf("the workspace refused the query (HTTP %d %s)", resp.StatusCode, inner.Code)
	}
	return e
}

func fromBadRequest(e *hunts.Error, inner *wireError) {
	if plan := planOf(inner.Message); plan != "" {
		e.Kind, e.Say = hunts.KindOtherPlan, "a table that is read here is kept in the plan "+plan+", which hunts can't search: such a query reads one table and joins nothing"
		e.Hint = "Switch the table to the Analytics plan, or hunt in Defender XDR, which holds 30 days of the same events (DEFENDER_XDR)."
		return
	}
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

// planOf names the plan of a table that the query API does not read
// (learn.microsoft.com/azure/azure-monitor/logs/basic-logs-query); empty for any
// other refusal.
func planOf(message string) string {
	switch {
	case strings.Contains(message, "Basic or Auxiliary Logs"):
		return "Basic or Auxiliary"
	case strings.Contains(message, "Auxiliary Logs"):
		return "Auxiliary"
	case strings.Contains(message, "Basic Logs"):
		return "Basic"
	}
	return ""
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
