package localworkspace

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts/kql"
)

// How long the service lets a query run
// (learn.microsoft.com/azure/azure-monitor/logs/api/timeouts).
const (
	defaultWait = 3 * time.Minute
	maxWait     = 10 * time.Minute
)

// maxBody bounds a request. The service's own bound is not documented; query
// texts of a few hundred kilobytes are known to work.
const maxBody = 4 << 20

// statusGone is what proxies log for a client that left; nobody receives it.
const statusGone = 499

// request is the body of a query.
type request struct {
	Query      string   `json:"query"`
	Timespan   string   `json:"timespan"`
	Workspaces []string `json:"workspaces"`
}

// preferences are the Prefer header's.
type preferences struct {
	wait       time.Duration
	statistics bool
	render     bool
}

func readPreferences(h http.Header) preferences {
	p := preferences{wait: defaultWait}
	for word := range strings.FieldsFuncSeq(strings.Join(h.Values("Prefer"), ","), func(r rune) bool { return r == ',' || r == ';' || r == ' ' }) {
		key, value, _ := strings.Cut(word, "=")
		switch strings.ToLower(key) {
		case "wait":
			if seconds, err := strconv.Atoi(value); err == nil && seconds > 0 {
				p.wait = min(time.Duration(seconds)*time.Second, maxWait)
			}
		case "include-statistics":
			p.statistics = value == "true"
		case "include-render":
			p.render = value == "true"
		}
	}
	return p
}

// query answers one request: read, script, queue, evaluate, encode.
func (s *Server) query(w http.ResponseWriter, r *http.Request) {
	started := s.cfg.Clock()
	entry := QueryLog{Workspaces: []string{r.PathValue("id")}}
	defer func() {
		entry.Took = s.cfg.Clock().Sub(started)
		s.remember(entry)
	}()
	refuse := func(status int, e apiError) {
		entry.Status = status
		s.refuse(w, status, e)
	}
	if r.Header.Get("Origin") != "" {
		// No client of the API is a web page; a page that reaches this port by a
		// trick of names must not read a customer's events.
		refuse(http.StatusForbidden, apiError{Code: codeNoAccess, Message: "Requests from web pages are not answered"})
		return
	}
	body, ok, err := readRequest(w, r)
	if err != nil {
		refuse(http.StatusBadRequest, badArgument("The request body is not valid: "+err.Error()))
		return
	}
	if !ok {
		entry.Status = http.StatusOK // without body or content type the service answers nothing at all
		return
	}
	entry.Query, entry.Timespan = body.Query, body.Timespan
	entry.Workspaces = append(entry.Workspaces, body.Workspaces...)
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
		misbehave(w, fault, func(status int, code, message string) {
			s.refuse(w, status, apiError{Code: cmp.Or(code, usualCode(status)), Message: message})
		})
		return
	}
	s.evaluate(w, r, &entry, fault)
}

// readRequest gives the body; false is a request that the service answers with
// nothing.
func readRequest(w http.ResponseWriter, r *http.Request) (request, bool, error) {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind != "application/json" {
		return request{}, false, nil
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return request{}, false, err
	}
	if len(data) == 0 {
		return request{}, false, nil
	}
	var body request
	if err := json.Unmarshal(data, &body); err != nil {
		return request{}, false, err
	}
	if strings.TrimSpace(body.Query) == "" {
		return request{}, false, errors.New("the query is empty")
	}
	return body, true, nil
}

// evaluate runs the query and answers it.
func (s *Server) evaluate(w http.ResponseWriter, r *http.Request, entry *QueryLog, fault Fault) {
	refuse := func(status int, e apiError) {
		entry.Status = status
		s.refuse(w, status, e)
	}
	db, missing, err := s.database(r.Context(), slices.Clone(entry.Workspaces))
	if err != nil {
		entry.Status = statusGone
		return
	}
	if missing != "" {
		refuse(http.StatusNotFound, apiError{Code: codePathNotFound, Message: "The workspace " + clip(missing) + " could not be found"})
		return
	}
	if events, one := db.(*Events); one && len(events.Tables()) == 0 {
		entry.Status = http.StatusNoContent // what the service says of a workspace without any table
		w.WriteHeader(http.StatusNoContent)
		return
	}
	for _, name := range kql.Names(entry.Query) {
		if plan := s.cfg.Plans[name]; plan != "" {
			refuse(http.StatusBadRequest, apiError{Code: codeBadArgument, Message: "The request had some invalid properties", Inner: &apiErrorInner{Code: "UnsupportedApiQueryValidationError", Message: otherPlan(plan)}})
			return
		}
	}
	from, to, err := parseTimespan(entry.Timespan, s.cfg.Clock())
	if err != nil {
		refuse(http.StatusBadRequest, badArgument(err.Error()))
		return
	}
	prefer := readPreferences(r.Header)
	ctx, cancel := context.WithTimeout(r.Context(), prefer.wait)
	defer cancel()
	started := s.cfg.Clock()
	table, err := s.run(ctx, entry.Query, db, kql.Options{Now: started, From: from, To: to, MaxSteps: s.cfg.MaxSteps})
	if err != nil {
		status, e := s.explain(r.Context(), err)
		if status == statusGone {
			entry.Status = status
			return
		}
		if e.partial {
			entry.Status = http.StatusOK
			s.send(r.Context(), w, answer{partial: &e, trickle: fault.Trickle})
			return
		}
		refuse(status, e)
		return
	}
	a := answer{table: table, prefer: prefer, took: s.cfg.Clock().Sub(started), trickle: fault.Trickle}
	if fault.Partial {
		a.partial = scriptedPartial(fault)
	}
	entry.Status = http.StatusOK
	entry.Rows = s.send(r.Context(), w, a)
}

// run waits for a lane and evaluates.
func (s *Server) run(ctx context.Context, text string, db kql.Database, opts kql.Options) (*kql.Table, error) {
	leave, err := s.lanes.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	return answerOf(ctx, text, db, opts)
}

// answerOf reads what a query needs, and evaluates it.
func answerOf(ctx context.Context, text string, db kql.Database, opts kql.Options) (*kql.Table, error) {
	q, err := kql.Parse(text)
	if err != nil {
		return nil, err
	}
	if late, ok := db.(interface {
		Want(ctx context.Context, names []string) error
	}); ok {
		if err := late.Want(ctx, kql.Names(text)); err != nil {
			return nil, err
		}
	}
	return q.Run(ctx, db, opts)
}

// explain turns what went wrong into the service's words.
func (s *Server) explain(client context.Context, err error) (int, apiError) {
	var problem *kql.Error
	switch {
	case client.Err() != nil:
		return statusGone, apiError{}
	case errors.Is(err, errThrottled):
		return http.StatusTooManyRequests, apiError{Code: codeThrottled, Message: "Too many queries run or wait for this user"}
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusGatewayTimeout, apiError{Code: codeGatewayTimeout, Message: "Gateway timeout"}
	case errors.As(err, &problem):
		return http.StatusBadRequest, queryError(problem)
	}
	return http.StatusInternalServerError, apiError{Code: "InternalServerError", Message: "The query could not be answered: " + err.Error()}
}

// drop closes the connection without a word.
func drop(w http.ResponseWriter) {
	if hijacker, ok := w.(http.Hijacker); ok {
		if conn, _, err := hijacker.Hijack(); err == nil {
			_ = conn.Close()
			return
		}
	}
	panic(http.ErrAbortHandler) // net/http's own way to end a response, and quiet
}
