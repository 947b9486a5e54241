package localworkspace

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/footprint-soc/footprint/hunts/kql"
)

// Config is what a server answers for, and how.
type Config struct {
	// Workspaces are the events by workspace id. Any other id is answered 404
	// PathNotFoundError.
	Workspaces map[string]*Events
	// Clock is the time of now() and of a timespan that is a duration; nil is the
	// computer's.
	Clock func() time.Time
	// Faults are scripted misbehaviours; nil is none until Fault is called.
	Faults *Script
	// MaxSteps bounds the work of one query; 0 leaves the evaluator's own bound.
	MaxSteps int64
	// MaxRows and MaxBytes bound one answer; 0 is what the service documents,
	// 500 000 rows and 64 MB. What is cut comes back as a partial error.
	MaxRows  int
	MaxBytes int
	// Plans are those of tables that are not in the Analytics plan: "Basic" or
	// "Auxiliary", which the query API does not read.
	Plans map[string]string
	// Defender is the workspace whose events Defender XDR has too; empty is the only
	// one.
	Defender string
	// Keeps is how far back Defender XDR holds events; 0 is the service's 30 days.
	Keeps time.Duration
	// Calls bounds those of Defender XDR in a minute; 0 is what the service promises.
	Calls int
	// KeepQueries is how many queries Queries remembers, the newest; 0 is 1000.
	KeepQueries int
}

// The service's bounds on one answer
// (learn.microsoft.com/azure/azure-monitor/service-limits#log-analytics-workspaces
// and learn.microsoft.com/kusto/concepts/query-limits).
const (
	maxAnswerRows  = 500_000
	maxAnswerBytes = 64 << 20
)

// QueryLog is one query as the server saw it.
type QueryLog struct {
	Query      string
	Timespan   string
	Workspaces []string // the one of the path first
	Took       time.Duration
	Rows       int
	Status     int // HTTP status; 499 when the client went away
}

// Server speaks the Log Analytics query API, and that of Defender XDR's advanced
// hunting. It may be used by any number of
// clients at once; five queries run at a time, as the service does it for one
// identity, and the others wait.
type Server struct {
	cfg      Config
	lanes    *lanes
	requests atomic.Int64

	mu       sync.Mutex  // guards the rest
	advanced *advanced   // the events as Defender XDR shows them
	called   []time.Time // when Defender XDR was asked, in the last minute
	promised map[string]*promise
	log      []QueryLog
	merged   map[string]*mergedWorkspaces
	http     *http.Server
	unwatch  func() bool // stops waiting for the end of Start's context
	serving  sync.WaitGroup
}

// NewServer makes a server that is not listening yet: serve Handler, or call
// Start.
func NewServer(cfg Config) *Server {
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Faults == nil {
		cfg.Faults = &Script{}
	}
	if cfg.MaxRows == 0 {
		cfg.MaxRows = maxAnswerRows
	}
	if cfg.MaxBytes == 0 {
		cfg.MaxBytes = maxAnswerBytes
	}
	if cfg.Keeps == 0 {
		cfg.Keeps = huntingKeeps
	}
	if cfg.Calls == 0 {
		cfg.Calls = callsAMinute
	}
	if cfg.KeepQueries == 0 {
		cfg.KeepQueries = 1000
	}
	return &Server{cfg: cfg, lanes: newLanes(), promised: map[string]*promise{}, merged: map[string]*mergedWorkspaces{}}
}

// promise is a workspace whose events come later.
type promise struct {
	kept   chan struct{}
	events *Events // from kept on
}

// Promise lets queries to a workspace wait until keep gives its events.
func (s *Server) Promise(id string) (keep func(*Events)) {
	p := &promise{kept: make(chan struct{})}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.promised[id] = p
	return func(events *Events) {
		p.events = events
		close(p.kept)
	}
}

// workspace gives the events of one id; it may wait for them.
func (s *Server) workspace(ctx context.Context, id string) (*Events, bool, error) {
	s.mu.Lock()
	p := s.promised[id]
	s.mu.Unlock()
	if p == nil {
		events, ok := s.cfg.Workspaces[id]
		return events, ok, nil
	}
	select {
	case <-p.kept:
		return p.events, true, nil
	case <-ctx.Done():
		return nil, false, ctx.Err()
	}
}

// Fault scripts a misbehaviour for queries to come.
func (s *Server) Fault(f Fault) { s.cfg.Faults.Add(f) }

// Queries are the queries answered so far, oldest first, faulty answers too.
func (s *Server) Queries() []QueryLog {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.log)
}

// Start listens, "127.0.0.1:0" picks a free port, and serves until ctx ends or
// Close is called. The URL is the base: the API's endpoint is URL + "/v1".
func (s *Server) Start(ctx context.Context, listen string) (url string, err error) {
	socket, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen)
	if err != nil {
		return "", fmt.Errorf("listening for the local workspace: %w", err)
	}
	server := &http.Server{
		Handler:           s.Handler(),
		ReadHeaderTimeout: 10 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	s.serving.Go(func() { _ = server.Serve(socket) }) // ends with ErrServerClosed
	s.mu.Lock()
	s.http = server
	s.unwatch = context.AfterFunc(ctx, func() { _ = server.Close() })
	s.mu.Unlock()
	return "http://" + socket.Addr().String(), nil
}

// Close stops listening, breaks off running queries and waits for the listener's
// end.
func (s *Server) Close() {
	s.mu.Lock()
	server, unwatch := s.http, s.unwatch
	s.mu.Unlock()
	if server != nil {
		unwatch()
		_ = server.Close()
	}
	s.serving.Wait()
}

// Handler serves POST /v1/workspaces/{id}/query, and the same without /v1, and
// POST /v1.0/security/runHuntingQuery.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/workspaces/{id}/query", s.query)
	mux.HandleFunc("POST /workspaces/{id}/query", s.query)
	mux.HandleFunc("POST /v1.0/security/runHuntingQuery", s.hunt)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		s.refuse(w, http.StatusNotFound, apiError{Code: codePathNotFound, Message: "The requested path does not exist"})
	})
	return mux
}

func (s *Server) remember(entry QueryLog) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if over := len(s.log) + 1 - s.cfg.KeepQueries; over > 0 {
		s.log = slices.Delete(s.log, 0, over)
	}
	s.log = append(s.log, entry)
}

// database gives the tables of one or several workspaces. The second value is
// the id that does not exist, if one doesn't.
func (s *Server) database(ctx context.Context, ids []string) (_ kql.Database, missing string, _ error) {
	var parts []*Events
	for _, id := range ids {
		events, ok, err := s.workspace(ctx, id)
		if err != nil {
			return nil, "", err
		}
		if !ok {
			return nil, id, nil
		}
		if !slices.Contains(parts, events) {
			parts = append(parts, events)
		}
	}
	if len(parts) == 1 {
		return parts[0], "", nil
	}
	key := fmt.Sprintf("%q", ids)
	s.mu.Lock()
	defer s.mu.Unlock()
	m, ok := s.merged[key]
	if !ok {
		m = &mergedWorkspaces{parts: parts, tables: map[string]*kql.Table{}}
		s.merged[key] = m
	}
	return m, "", nil
}

// mergedWorkspaces answers a query over several workspaces: each table holds the
// rows of all. The service does the same by a union of the tables' names.
type mergedWorkspaces struct {
	parts  []*Events
	mu     sync.Mutex
	tables map[string]*kql.Table
}

// Want reads of all workspaces what a query needs.
func (m *mergedWorkspaces) Want(ctx context.Context, names []string) error {
	for _, part := range m.parts {
		if err := part.Want(ctx, names); err != nil {
			return err
		}
	}
	return nil
}

// TableFunction knows _GetWatchlist over the items of all workspaces.
func (m *mergedWorkspaces) TableFunction(name string, args []kql.Value) (*kql.Table, bool) {
	return watchlistOf(m, name, args)
}

// Table gives the rows of all workspaces that have the table.
func (m *mergedWorkspaces) Table(name string) (*kql.Table, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if t, ok := m.tables[name]; ok {
		return t, true
	}
	var found []*kql.Table
	for _, part := range m.parts {
		if t, ok := part.Table(name); ok {
			found = append(found, t)
		}
	}
	if len(found) == 0 {
		return nil, false
	}
	t := found[0]
	if len(found) > 1 {
		t = kql.Concat(name, found)
	}
	m.tables[name] = t
	return t, true
}
