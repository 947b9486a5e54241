package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/azure"
	"github.com/footprint-soc/footprint/hunts/defender"
	"github.com/footprint-soc/footprint/hunts/loganalytics"
	"github.com/footprint-soc/footprint/hunts/request"
	"github.com/footprint-soc/footprint/hunts/runner"
)

// travel asks the world's question on its road.
func (w *world) travel(ctx context.Context, dir string, catalog *runner.Catalog) (said, error) {
	switch w.road {
	case "hunt in the terminal":
		return w.terminal(ctx, dir, "hunt")
	case "sweep in the terminal":
		return w.terminal(ctx, dir, "sweep")
	case "sweep":
		return w.survey(ctx, catalog)
	case "command", "mention", "ledger", "watchlist":
		return w.inSlack(ctx, catalog)
	}
	return w.hunt(ctx, catalog)
}

// newRunner wires a runner over the world's cloud, as a process would.
func (w *world) newRunner(catalog *runner.Catalog, kept hunts.Record, who hunts.Authorizer) (*runner.Runner, error) {
	var workspaces []loganalytics.Workspace
	for _, s := range w.scopes {
		workspaces = append(workspaces, loganalytics.Workspace{Name: s.name, ID: s.id})
	}
	transport, retry := w.cloud(), azure.Retry{Sleep: func(context.Context, time.Duration) error { return nil }, Jitter: func() float64 { return 0 }}
	logs, err := loganalytics.New(loganalytics.Config{Endpoint: "http://cloud.invalid", Workspaces: workspaces, Transport: transport, Retry: retry})
	if err != nil {
		return nil, err
	}
	var routes hunts.Routes
	for _, s := range w.scopes {
		var source hunts.Source = logs
		if s.xdr {
			if source, err = defender.New(defender.Config{Name: s.name, Endpoint: "http://" + s.id, Transport: transport, Retry: retry, Clock: w.clock, Later: func(_ time.Duration, free func()) { free() }}); err != nil {
				return nil, err
			}
		}
		routes = append(routes, hunts.Route{Name: s.name, Source: source})
	}
	return runner.New(runner.Config{Catalog: catalog, Source: routes, Record: kept, Authorizer: who, Clock: w.clock, Workspaces: routes.Names()})
}

func (w *world) clock() time.Time { return w.now }

// parseAt reads the request as a person typed it.
func parseAt(text string, now time.Time) (request.Request, string) {
	req, refusal := request.Parse(text, now)
	if refusal != nil {
		return req, refusal.Sentence
	}
	return req, ""
}

func (w *world) hunt(ctx context.Context, catalog *runner.Catalog) (said, error) {
	r, err := w.remembering(ctx, catalog)
	if err != nil {
		return said{}, err
	}
	name := ""
	if strings.HasPrefix(w.road, "custom hunt ") {
		name = w.ownHunt()
	}
	return w.askOne(ctx, r, w.words(), name)
}

// remembering is a runner that remembers what was asked before.
func (w *world) remembering(ctx context.Context, catalog *runner.Catalog) (*runner.Runner, error) {
	kept := newWorldRecord()
	r, err := w.newRunner(catalog, kept, hunts.AllowAll(kept, w.clock))
	if err == nil && w.before != nil {
		_, err = w.askOne(ctx, r, w.wordsOf(*w.before), "")
	}
	return r, err
}

func (w *world) askOne(ctx context.Context, r *runner.Runner, words []string, hunt string) (said, error) {
	req, refused := parseAt(strings.Join(words, " "), w.now)
	if refused != "" {
		return said{refused: refused}, nil
	}
	req.Hunt = hunt
	h, err := r.Prepare("F-WORLD", req, hunts.Asker{User: "U1", Name: "ana"})
	if err != nil {
		return asRefusal(err)
	}
	a, err := r.Run(ctx, h, nil)
	if err != nil {
		return asRefusal(err)
	}
	return reread(a, false)
}

func asRefusal(err error) (said, error) {
	var e *hunts.Error
	if errors.As(err, &e) && e.Kind == hunts.KindRefused {
		return said{refused: e.Say}, nil
	}
	return said{}, err
}

// reread takes an answer the way its readers do: as JSON.
func reread(a any, sweep bool) (said, error) {
	out := said{sweep: sweep}
	err := json.Unmarshal(must(json.Marshal(a)), &out)
	return out, err
}

func (w *world) survey(ctx context.Context, catalog *runner.Catalog) (said, error) {
	r, err := w.remembering(ctx, catalog)
	if err != nil {
		return said{}, err
	}
	req, refused := parseAt(strings.Join(w.words(), " "), w.now)
	if refused != "" {
		return said{refused: refused}, nil
	}
	list := req.Indicators()
	req.IPs, req.Domains, req.Files = nil, nil, nil
	h := r.ForSurvey("F-WORLD", req, hunts.Asker{User: "U1"})
	h.Arrived, h.Control = w.ask.late, true
	s, err := r.Survey(ctx, h, list, nil)
	if err != nil {
		return asRefusal(err)
	}
	return reread(s, true)
}

// terminal runs the command line in this process, over exported files.
func (w *world) terminal(ctx context.Context, dir, verb string) (said, error) {
	events := filepath.Join(dir, fmt.Sprint("w", w.number))
	defer func() { _ = os.RemoveAll(events) }()
	args := []string{verb, "--events", w.export(w.scopes[0], filepath.Join(events, "tables")), "--format", "json"}
	words := w.words()
	if verb == "sweep" {
		var list strings.Builder
		for _, x := range w.ask.wants {
			fmt.Fprintln(&list, x.text)
		}
		writeFile(filepath.Join(events, "list.txt"), []byte(list.String()))
		args = append(args, "--guard", "off", "--watchlist", filepath.Join(events, "list.txt"))
		words = words[len(w.ask.wants):]
	}
	var out, errs bytes.Buffer
	p := process{stdin: strings.NewReader(""), stdout: &out, stderr: &errs, env: []string{}, clock: w.clock}
	code := p.run(ctx, append(args, words...))
	if out.Len() == 0 {
		return said{refused: fmt.Sprintf("exit %d: %s", code, strings.TrimSpace(errs.String()))}, nil
	}
	a := said{sweep: verb == "sweep"}
	if err := json.Unmarshal(out.Bytes(), &a); err != nil {
		return a, fmt.Errorf("exit %d: %w: %s", code, err, errs.String())
	}
	if want := a.Verdict == "COULD_NOT_TELL"; (code == exitCouldNotTell) != want {
		return a, fmt.Errorf("exit %d for %s", code, a.Verdict)
	}
	return a, nil
}

// worldRecord remembers what one world needs and nothing more.
type worldRecord struct {
	hunts.Record
	mu      sync.Mutex
	answers map[string][]byte
	blobs   map[string][]byte
}

func newWorldRecord() *worldRecord {
	return &worldRecord{answers: map[string][]byte{}, blobs: map[string][]byte{}}
}

func (*worldRecord) SaveHunt(context.Context, hunts.Hunt) error { return nil }

func (r *worldRecord) SaveAnswer(_ context.Context, key string, a hunts.Answer, _ time.Duration) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if key != "" {
		r.answers[key] = must(json.Marshal(a))
	}
	return nil
}

func (r *worldRecord) CachedAnswer(_ context.Context, key string) (hunts.Answer, bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var a hunts.Answer
	data, ok := r.answers[key]
	if ok {
		return a, true, json.Unmarshal(data, &a)
	}
	return a, false, nil
}

func (r *worldRecord) SaveBlob(_ context.Context, key string, data []byte, _ time.Duration) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.blobs[key] = data
	return nil
}

func (r *worldRecord) Blob(_ context.Context, key string) ([]byte, bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	data, ok := r.blobs[key]
	return data, ok, nil
}

func (*worldRecord) Audit(context.Context, hunts.AuditEntry) error { return nil }
func (*worldRecord) Lease(context.Context, string, string, time.Duration) (hunts.Lease, string, bool, error) {
	return worldLease{}, "", true, nil
}

type worldLease struct{}

func (worldLease) Renew(context.Context) (bool, error) { return true, nil }
func (worldLease) Release(context.Context) error       { return nil }
