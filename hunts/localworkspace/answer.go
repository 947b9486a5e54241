package localworkspace

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/footprint-soc/footprint/hunts/kql"
)

// Error codes of the service (learn.microsoft.com/azure/azure-monitor/logs/api/errors).
const (
	codeBadArgument    = "BadArgumentError"
	codeNoAccess       = "InsufficientAccessError"
	codePathNotFound   = "PathNotFoundError"
	codeThrottled      = "ThrottledError"
	codeGatewayTimeout = "GatewayTimeout"
	codePartial        = "PartialError"
)

// errTooLarge is E_QUERY_RESULT_SET_TOO_LARGE, 0x80DA0003, as the service prints
// it: a signed 32-bit number.
const errTooLarge = "-2133196797"

// apiError is the error object of the service, and the one inside it.
type apiError struct {
	Message       string         `json:"message"`
	Code          string         `json:"code"`
	CorrelationID string         `json:"correlationId,omitempty"`
	Details       []apiError     `json:"details,omitempty"`
	Inner         *apiErrorInner `json:"innererror,omitempty"`
	partial       bool           // belongs beside rows on HTTP 200
}

type apiErrorInner struct {
	Code         string         `json:"code"`
	Message      string         `json:"message,omitempty"`
	Severity     int            `json:"severity,omitempty"`
	SeverityName string         `json:"severityName,omitempty"`
	Line         *int           `json:"line,omitempty"`
	Pos          *int           `json:"pos,omitempty"`
	Token        *string        `json:"token,omitempty"`
	Inner        *apiErrorInner `json:"innererror,omitempty"`
}

func badArgument(message string) apiError {
	return apiError{Code: codeBadArgument, Message: "The request had some invalid properties", Inner: &apiErrorInner{Code: codeBadArgument, Message: message}}
}

// otherPlan is what the service says of a table that its query API does not read.
func otherPlan(plan string) string {
	return "Query of " + plan + " Logs table is not supported with the API 'https://api.loganalytics.io/v1/workspaces/{workspaceId}/query'.\nYou can use 'https://api.loganalytics.io/v1/workspaces/{workspaceId}/search' instead."
}

// queryError puts an error of the evaluator into the service's shape.
func queryError(e *kql.Error) apiError {
	inner := &apiErrorInner{Code: e.Code, Message: e.Message, Line: &e.Line, Pos: &e.Col, Token: &e.Token}
	switch e.Kind {
	case kql.SyntaxError:
		return apiError{Code: codeBadArgument, Message: "The request had some invalid properties",
			Inner: &apiErrorInner{Code: "SyntaxError", Message: "A recognition error occurred in the query.", Inner: inner}}
	case kql.SemanticError:
		return apiError{Code: codeBadArgument, Message: "The request had some invalid properties",
			Inner: &apiErrorInner{Code: "SemanticError", Message: "A semantic error occurred.", Inner: inner}}
	case kql.LimitExceeded:
		// the service ends a query that eats too much with rows so far and an error
		return partialError(apiErrorInner{Code: e.Code, Message: e.Message, Severity: 2, SeverityName: "Error"})
	}
	// What only this evaluator lacks has no code of the service: it must not pass
	// for a missing table or a typing error.
	return apiError{Code: codeBadArgument, Message: "The local workspace does not support this query: " + e.Message,
		Inner: &apiErrorInner{Code: "UnsupportedError", Message: e.Message, Inner: inner}}
}

func partialError(inner apiErrorInner) apiError {
	return apiError{Code: codePartial, Message: "There were some errors when processing your query.", partial: true,
		Details: []apiError{{Code: "EngineError", Message: "Something went wrong processing your query on the server.", Inner: &inner}}}
}

func scriptedPartial(f Fault) *apiError {
	e := partialError(apiErrorInner{Code: "-2133196790", Message: "A part of the data could not be read.", Severity: 3, SeverityName: "Warning"})
	if f.Code != "" {
		e.Details[0].Inner.Code = f.Code
	}
	return &e
}

// usualCode is the code that goes with a status when a script gives none.
func usualCode(status int) string {
	switch status {
	case http.StatusBadRequest:
		return codeBadArgument
	case http.StatusUnauthorized:
		return "AuthenticationFailed"
	case http.StatusForbidden:
		return codeNoAccess
	case http.StatusNotFound:
		return codePathNotFound
	case http.StatusTooManyRequests:
		return codeThrottled
	case http.StatusGatewayTimeout:
		return codeGatewayTimeout
	}
	return strings.ReplaceAll(http.StatusText(status), " ", "")
}

// misbehave answers as scripted; refuse writes an error in the shape of the API.
func misbehave(w http.ResponseWriter, f Fault, refuse func(status int, code, message string)) {
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((f.RetryAfter+time.Second-1)/time.Second)))
		if f.RetryAfter%time.Second != 0 {
			// azcore reads this one first; it lets a test be quick
			w.Header().Set("Retry-After-Ms", strconv.FormatInt(f.RetryAfter.Milliseconds(), 10))
		}
	}
	switch {
	case f.Body != "":
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(f.Status)
		_, _ = w.Write([]byte(f.Body)) // a client that left is no error of ours
	case f.Status == http.StatusNoContent:
		w.WriteHeader(f.Status)
	default:
		refuse(f.Status, f.Code, cmp.Or(f.Message, "Scripted: "+http.StatusText(f.Status)))
	}
}

// refuse answers an error.
func (s *Server) refuse(w http.ResponseWriter, status int, e apiError) {
	e.CorrelationID = fmt.Sprintf("00000000-0000-4000-8000-%012d", s.requests.Add(1))
	data, err := json.Marshal(map[string]apiError{"error": e})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(data) // a client that left is no error of ours
}

// answer is a result on its way out.
type answer struct {
	table   *kql.Table
	prefer  preferences
	took    time.Duration
	partial *apiError
	trickle time.Duration
}

// send encodes and writes an answer, and gives the number of rows in it.
func (s *Server) send(ctx context.Context, w http.ResponseWriter, a answer) int {
	out := []byte(`{"tables":[`)
	rows := 0
	if a.table != nil {
		var cut bool
		out, rows, cut = appendTable(out, a.table, s.cfg.MaxRows, s.cfg.MaxBytes)
		if cut {
			e := partialError(apiErrorInner{Code: errTooLarge, Severity: 2, SeverityName: "Error",
				Message: fmt.Sprintf("The results of this query exceed the set limit of %d records or %d bytes, so not all records were returned (E_QUERY_RESULT_SET_TOO_LARGE, 0x80DA0003).", s.cfg.MaxRows, s.cfg.MaxBytes)})
			a.partial = &e
		}
	}
	out = append(out, ']')
	if a.prefer.statistics {
		out = appendStatistics(out, a, rows)
	}
	if a.prefer.render {
		out = append(out, `,"render":{"visualization":"table"}`...)
	}
	if a.partial != nil {
		data, err := json.Marshal(a.partial)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return 0
		}
		out = append(append(out, `,"error":`...), data...)
	}
	out = append(out, '}')
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	writeSlowly(ctx, w, out, a.trickle)
	return rows
}

// writeSlowly writes at once, or in eight pieces with a pause between them.
func writeSlowly(ctx context.Context, w http.ResponseWriter, data []byte, trickle time.Duration) {
	if trickle <= 0 {
		_, _ = w.Write(data) // a client that left is no error of ours
		return
	}
	piece := len(data)/8 + 1
	for len(data) > 0 {
		n := min(piece, len(data))
		if _, err := w.Write(data[:n]); err != nil {
			return
		}
		_ = http.NewResponseController(w).Flush() // a recorder in a test can't
		data = data[n:]
		if pause(ctx, trickle) != nil {
			return
		}
	}
}

func appendStatistics(out []byte, a answer, rows int) []byte {
	return fmt.Appendf(out, `,"statistics":{"query":{"executionTime":%.7f,"resourceUsage":{"cpu":{"total cpu":%q}},"datasetStatistics":[{"tableRowCount":%d,"tableSize":%d}]}}`,
		a.took.Seconds(), clockText(a.took), rows, len(out))
}

// clockText writes a duration as the service writes its CPU times.
func clockText(d time.Duration) string {
	return fmt.Sprintf("%02d:%02d:%010.7f", int(d.Hours()), int(d.Minutes())%60, (d % time.Minute).Seconds())
}

// appendTable writes one table; cut says that rows were left out.
func appendTable(out []byte, t *kql.Table, maxRows, maxBytes int) (_ []byte, rows int, cut bool) {
	out = append(out, `{"name":"PrimaryResult","columns":[`...)
	columns := t.Columns()
	for i, c := range columns {
		if i > 0 {
			out = append(out, ',')
		}
		out = appendText(append(out, `{"name":`...), c.Name)
		out = appendText(append(out, `,"type":`...), c.Type.String())
		out = append(out, '}')
	}
	out = append(out, `],"rows":[`...)
	for row := range t.Len() {
		if row >= maxRows {
			cut = true
			break
		}
		start := len(out)
		if row > 0 {
			out = append(out, ',')
		}
		out = append(out, '[')
		for col := range columns {
			if col > 0 {
				out = append(out, ',')
			}
			out = appendCell(out, t.Value(row, col))
		}
		out = append(out, ']')
		if len(out) > maxBytes {
			out, cut = out[:start], true
			break
		}
		rows++
	}
	return append(out, `]}`...), rows, cut
}

func appendCell(out []byte, v kql.Value) []byte {
	switch cell := v.JSON().(type) {
	case nil:
		return append(out, "null"...)
	case bool:
		return strconv.AppendBool(out, cell)
	case json.Number:
		return append(out, cell...)
	case string:
		return appendText(out, cell)
	default:
		data, err := json.Marshal(cell)
		if err != nil {
			return append(out, "null"...)
		}
		return append(out, data...)
	}
}

func appendText(out []byte, text string) []byte {
	// an error only says that invalid UTF-8 was replaced
	quoted, _ := jsontext.AppendQuote(out, text)
	return quoted
}
