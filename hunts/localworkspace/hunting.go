package localworkspace

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/footprint-soc/footprint/hunts/kql"
)

// The limits of advanced hunting
// (learn.microsoft.com/graph/api/resources/security-api-overview).
const (
	callsAMinute = 45
	huntingRows  = 100_000
	huntingBytes = 50 << 20
	huntingKeeps = 30 * 24 * time.Hour
	huntingWait  = 3 * time.Minute
)

// graphError is what Microsoft Graph answers instead of rows.
type graphError struct {
	Code       string            `json:"code"`
	Message    string            `json:"message"`
	InnerError map[string]string `json:"innerError"`
}

// codeUnknown is Graph's code where the service behind it said nothing.
const codeUnknown = "UnknownError"

// graphCode is the code that goes with a status when a script gives none.
func graphCode(status int) string {
	switch status {
	case http.StatusBadRequest:
		return "BadRequest"
	case http.StatusUnauthorized:
		return "InvalidAuthenticationToken"
	case http.StatusForbidden:
		return "Forbidden"
	case http.StatusTooManyRequests:
		return "TooManyRequests"
	}
	return codeUnknown
}

func (s *Server) refuseHunt(w http.ResponseWriter, status int, code, message string) {
	id := fmt.Sprintf("00000000-0000-4000-8000-%012d", s.requests.Add(1))
	data, err := json.Marshal(map[string]graphError{"error": {Code: cmp.Or(code, graphCode(status)), Message: message, InnerError: map[string]string{
		"date": s.cfg.Clock().UTC().Format("2006-01-02T15:04:05"), "request-id": id, "client-request-id": id,
	}}})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(data) // a client that left is no error of ours
}

// hunt answers POST /v1.0/security/runHuntingQuery.
func (s *Server) hunt(w http.ResponseWriter, r *http.Request) {
	started := s.cfg.Clock()
	entry := QueryLog{Workspaces: []string{"defender-xdr"}}
	defer func() {
		entry.Took = s.cfg.Clock().Sub(started)
		s.remember(entry)
	}()
	refuse := func(status int, code, message string) {
		entry.Status = status
		s.refuseHunt(w, status, code, message)
	}
	if r.Header.Get("Origin") != "" { // as in query
		refuse(http.StatusForbidden, "", "Requests from web pages are not answered")
		return
	}
	body, ok, err := readRequest(w, r)
	if err != nil || !ok {
		refuse(http.StatusBadRequest, "", "Empty Payload. JSON content expected.")
		return
	}
	entry.Query, entry.Timespan = body.Query, body.Timespan
	if wait := s.overQuota(time.Now()); wait > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(int(wait/time.Second)+1))
		refuse(http.StatusTooManyRequests, "", fmt.Sprintf("Your tenant has exceeded the quota of %d calls per minute. Try again later.", s.cfg.Calls))
		return
	}
	fault, faulty := s.cfg.Faults.take(body.Query)
	if pause(r.Context(), fault.Delay) != nil {
		entry.Status = statusGone
		return
	}
	if fault.Drop {
		entry.Status = statusGone
		drop(w)
		return
	}
	if faulty && fault.Status != 0 && fault.Status != http.StatusOK {
		entry.Status = fault.Status
		misbehave(w, fault, refuse)
		return
	}
	s.answerHunt(w, r, &entry, fault)
}

// overQuota counts a call, and tells how long there is none left.
func (s *Server) overQuota(now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.called = slices.DeleteFunc(s.called, func(at time.Time) bool { return now.Sub(at) >= time.Minute })
	if len(s.called) >= s.cfg.Calls {
		return time.Minute - now.Sub(s.called[0])
	}
	s.called = append(s.called, now)
	return 0
}

// defender gives the events of Defender XDR.
func (s *Server) defender(ctx context.Context) (kql.Database, error) {
	id := s.cfg.Defender
	for only := range s.cfg.Workspaces {
		if id == "" && len(s.cfg.Workspaces) == 1 {
			id = only
		}
	}
	events, ok, err := s.workspace(ctx, id)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, errNoDefender
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.advanced == nil || s.advanced.Database != kql.Database(events) {
		s.advanced = newAdvanced(events)
	}
	return s.advanced, nil
}

var errNoDefender = errors.New("no workspace here is Defender XDR's too")

// answerHunt runs the query and answers it.
func (s *Server) answerHunt(w http.ResponseWriter, r *http.Request, entry *QueryLog, fault Fault) {
	refuse := func(status int, code, message string) {
		entry.Status = status
		s.refuseHunt(w, status, code, message)
	}
	db, err := s.defender(r.Context())
	switch {
	case errors.Is(err, errNoDefender):
		refuse(http.StatusNotFound, "ResourceNotFound", err.Error())
		return
	case err != nil:
		entry.Status = statusGone
		return
	}
	now := s.cfg.Clock()
	from, to, err := parseTimespan(entry.Timespan, now)
	if err != nil {
		refuse(http.StatusBadRequest, "", err.Error())
		return
	}
	if oldest := now.Add(-s.cfg.Keeps); from.Before(oldest) {
		from = oldest
	}
	if slices.Contains(kql.Names(entry.Query), "ingestion_time") {
		refuse(http.StatusBadRequest, "", "Unknown function: 'ingestion_time'. Fix semantic errors in your query.")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), huntingWait)
	defer cancel()
	table, err := answerOf(ctx, entry.Query, db, kql.Options{Now: now, From: from, To: to, MaxSteps: s.cfg.MaxSteps})
	if err != nil {
		status, message := explainHunt(r.Context(), err)
		if status == statusGone {
			entry.Status = status
			return
		}
		refuse(status, "", message)
		return
	}
	out, rows := appendHunt(nil, table, min(s.cfg.MaxRows, huntingRows))
	if len(out) > min(s.cfg.MaxBytes, huntingBytes) {
		refuse(http.StatusBadRequest, "", "Query execution has exceeded the allowed result size. Optimize your query by limiting the number of results and try again.")
		return
	}
	entry.Status, entry.Rows = http.StatusOK, rows
	w.Header().Set("Content-Type", "application/json;odata.metadata=minimal")
	writeSlowly(r.Context(), w, out, fault.Trickle)
}

// explainHunt turns what went wrong into the words of advanced hunting.
func explainHunt(client context.Context, err error) (status int, message string) {
	var problem *kql.Error
	switch {
	case client.Err() != nil:
		return statusGone, ""
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusGatewayTimeout, ""
	case !errors.As(err, &problem):
		return http.StatusInternalServerError, ""
	}
	switch problem.Kind {
	case kql.SyntaxError:
		return http.StatusBadRequest, fmt.Sprintf("Query could not be parsed at '%s' on line [%d,%d]: %s. Fix syntax errors in your query.", problem.Token, problem.Line, problem.Col, problem.Message)
	case kql.SemanticError:
		return http.StatusBadRequest, problem.Message + ". Fix semantic errors in your query."
	case kql.LimitExceeded:
		return http.StatusBadRequest, "Query execution was preempted. This failure can be due to high CPU and/or memory resource consumption."
	}
	return http.StatusBadRequest, "The local workspace does not support this query: " + problem.Message
}

// graphTypes are the names of types in the schema of an answer.
var graphTypes = map[kql.Type]string{
	kql.Bool: "SByte", kql.Int: "Int32", kql.Long: "Int64", kql.Real: "Double", kql.Decimal: "Decimal", kql.Datetime: "DateTime", kql.Timespan: "TimeSpan", kql.Guid: "Guid", kql.String: "String", kql.Dynamic: "Object",
}

// appendHunt writes an answer. Rows beyond the limit are left out, and nothing
// says so: the service does not, either.
func appendHunt(out []byte, t *kql.Table, most int) (_ []byte, rows int) {
	columns := t.Columns()
	out = append(out, `{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#microsoft.graph.security.huntingQueryResults","schema":[`...)
	for i, c := range columns {
		if i > 0 {
			out = append(out, ',')
		}
		out = appendText(append(out, `{"name":`...), c.Name)
		out = append(appendText(append(out, `,"type":`...), graphTypes[c.Type]), '}')
	}
	out = append(out, `],"results":[`...)
	rows = min(t.Len(), most)
	for row := range rows {
		if row > 0 {
			out = append(out, ',')
		}
		out = append(out, '{')
		for col, c := range columns {
			if col > 0 {
				out = append(out, ',')
			}
			if c.Type == kql.Long {
				out = append(appendText(out, c.Name+"@odata.type"), `:"#Int64",`...)
			}
			out = append(appendText(out, c.Name), ':')
			v := t.Value(row, col)
			if c.Type == kql.Dynamic && !v.IsNull() {
				out = appendText(out, v.Text())
				continue
			}
			out = appendCell(out, v)
		}
		out = append(out, '}')
	}
	return append(out, `]}`...), rows
}
