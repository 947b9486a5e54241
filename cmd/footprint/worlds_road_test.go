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
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/azure"
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
	case "command", "mention", "ledger":
		return w.inSlack(ctx, catalog)
	}
	return w.hunt(ctx, catalog)
}

// newRunner wires a runner over the world's cloud, as a process would.
func (w *world) newRunner(catalog *runner.Catalog, kept hunts.Record, who hunts.Authorizer) (*runner.Runner, error) {
	var names []string
	var workspaces []loganalytics.Workspace
	for _, s := range w.scopes {
		names = append(names, s.name)
		workspaces = append(workspaces, loganalytics.Workspace{Name: s.name, ID: s.id})
	}
	source, err := loganalytics.New(loganalytics.Config{
		Endpoint: "http://cloud.invalid", Workspaces: workspaces, Transport: w.cloud(),
		Retry: azure.Retry{Sleep: func(context.Context, time.Duration) error { return nil }, Jitter: func() float64 { return 0 }},
	})
	if err != nil {
		return nil, err
	}
	return runner.New(runner.Config{Catalog: catalog, Source: source, Record: kept, Authorizer: who, Clock: w.clock, Workspaces: names})
}

func (w *world) clock() time.Time { return w.now }

// parse reads the request as a person typed it.
func (w *world) parse() (request.Request, string) {
	return parseAt(strings.Join(w.words(), " "), w.now)
}

func parseAt(text string, now time.Time) (request.Request, string) {
	req, refusal := request.Parse(text, now)
	if refusal != nil {
		return req, refusal.Sentence
	}
	return req, ""
}

func (w *world) hunt(ctx context.Context, catalog *runner.Catalog) (said, error) {
	r, err := w.newRunner(catalog, worldRecord{}, hunts.AllowAll(worldRecord{}, w.clock))
	if err != nil {
		return said{}, err
	}
	req, refused := w.parse()
	if refused != "" {
		return said{refused: refused}, nil
	}
	if name, ok := strings.CutPrefix(w.road, "custom hunt "); ok {
		req.Hunt = name
	}
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
	r, err := w.newRunner(catalog, worldRecord{}, hunts.AllowAll(worldRecord{}, w.clock))
	if err != nil {
		return said{}, err
	}
	req, refused := w.parse()
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
	w.export(w.scopes[0], filepath.Join(events, "tables"))
	args := []string{verb, "--events", filepath.Join(events, "tables"), "--format", "json"}
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
type worldRecord struct{ hunts.Record }

func (worldRecord) SaveHunt(context.Context, hunts.Hunt) error { return nil }
func (worldRecord) SaveAnswer(context.Context, string, hunts.Answer, time.Duration) error {
	return nil
}
func (worldRecord) CachedAnswer(context.Context, string) (hunts.Answer, bool, error) {
	return hunts.Answer{}, false, nil
}
func (worldRecord) SaveBlob(context.Context, string, []byte, time.Duration) error { return nil }
func (worldRecord) Blob(context.Context, string) ([]byte, bool, error)            { return nil, false, nil }
func (worldRecord) Audit(context.Context, hunts.AuditEntry) error                 { return nil }
func (worldRecord) Lease(context.Context, string, string, time.Duration) (hunts.Lease, string, bool, error) {
	return worldLease{}, "", true, nil
}

type worldLease struct{}

func (worldLease) Renew(context.Context) (bool, error) { return true, nil }
func (worldLease) Release(context.Context) error       { return nil }
