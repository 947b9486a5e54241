package runner_test

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/request"
	"github.com/footprint-soc/footprint/hunts/runner"
)

// counting is a source that counts what reaches it, and answers nothing of use.
type counting struct{ asked atomic.Int64 }

func (c *counting) Query(context.Context, hunts.Query) (hunts.Result, error) {
	c.asked.Add(1)
	return hunts.Result{}, &hunts.Error{Kind: hunts.KindUnavailable, Say: "no answer"}
}

func (*counting) Describe([]string) hunts.SourceInfo {
	return hunts.SourceInfo{Kind: hunts.KindLogAnalytics, Workspace: "test"}
}

// denying refuses everything, and notes what it was asked for.
type denying struct{ actions []hunts.Action }

func (d *denying) Authorize(_ context.Context, _ hunts.Asker, a hunts.Action) error {
	d.actions = append(d.actions, a)
	return &hunts.Error{Kind: hunts.KindNotAllowed, Say: "not here"}
}

// noRecord remembers nothing, so that everything is asked.
type noRecord struct {
	hunts.Record
	audited []hunts.AuditEntry
}

func (*noRecord) Blob(context.Context, string) ([]byte, bool, error) { return nil, false, nil }
func (*noRecord) SaveBlob(context.Context, string, []byte, time.Duration) error {
	return nil
}
func (*noRecord) CachedAnswer(context.Context, string) (hunts.Answer, bool, error) {
	return hunts.Answer{}, false, nil
}
func (*noRecord) Answer(context.Context, string) (hunts.Answer, bool, error) {
	return hunts.Answer{}, false, nil
}
func (*noRecord) SaveAnswer(context.Context, string, hunts.Answer, time.Duration) error { return nil }
func (*noRecord) DropAnswer(context.Context, string, string) error                      { return nil }
func (*noRecord) DropBlobs(context.Context, ...string) error                            { return nil }
func (*noRecord) Lease(context.Context, string, string, time.Duration) (hunts.Lease, string, bool, error) {
	return nil, "", false, &hunts.Error{Kind: hunts.KindUnavailable}
}
func (n *noRecord) Audit(_ context.Context, e hunts.AuditEntry) error {
	n.audited = append(n.audited, e)
	return nil
}

// arguments makes a value for each parameter of a method, so that it would search.
func arguments(t *testing.T, method reflect.Method) []reflect.Value {
	now := gateNow
	req := request.Request{}
	i, refusal := indicator.Type("203.0.113.66")
	if refusal != nil {
		t.Fatal(refusal.Sentence)
	}
	req.Add(i)
	window := hunts.Window{From: now.Add(-time.Hour), To: now}
	hunt := hunts.Hunt{ID: "F-GATE", Name: hunts.DefaultHunt, Request: req, Window: window, Created: now, Asker: hunts.Asker{User: "U1", Channel: "C1"}}
	answer := hunts.Answer{HuntID: "F-GATE", Totals: hunts.Totals{Events: 5}}
	answer.Request.From, answer.Request.To = window.From, window.To
	answer.Coverage.Slices = []hunts.Slice{{From: window.From, To: window.To, State: hunts.SliceDone}}
	known := []any{context.Background(), hunt, []hunts.Hunt{hunt}, answer, []indicator.Indicator{i}, req, hunt.Asker, window, hunts.TipSource{}, hunts.IncidentNumber("4711"), hunts.DefaultHunt, []string{"test"}, (func(hunts.Progress))(nil),
		now, []hunts.Lookout{{Hunt: hunt, Names: []string{hunts.DefaultHunt}, Indicators: []indicator.Indicator{i}, From: window.From}}}
	var out []reflect.Value
	for n := 1; n < method.Type.NumIn(); n++ {
		want := method.Type.In(n)
		k := slices.IndexFunc(known, func(v any) bool { return reflect.TypeOf(v).AssignableTo(want) })
		if k < 0 {
			t.Fatalf("%s takes a %s: give this test one, so that the method is walked as well", method.Name, want)
		}
		out = append(out, reflect.ValueOf(known[k]))
	}
	return out
}

var gateNow = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

func TestNoMethodOfTheRunnerReachesTheSourceWithoutAnAuthorization(t *testing.T) {
	catalog, _, err := runner.LoadCatalog(nil)
	if err != nil {
		t.Fatal(err)
	}
	clock := func() time.Time { return gateNow }
	methods := reflect.TypeFor[*runner.Runner]()
	var leading []string
	for n := range methods.NumMethod() {
		m := methods.Method(n)
		source, record := &counting{}, &noRecord{}
		open := newRunner(runner.Config{Catalog: catalog, Source: source, Record: record, Clock: clock})
		m.Func.Call(append([]reflect.Value{reflect.ValueOf(open)}, arguments(t, m)...))
		if source.asked.Load() == 0 {
			if len(record.audited) > 0 {
				t.Errorf("%s audits and asks nothing", m.Name)
			}
			continue
		}
		leading = append(leading, m.Name)
		if len(record.audited) != 1 || record.audited[0].Outcome != "admitted" || record.audited[0].Workspace != "test" {
			t.Errorf("%s, allowed, is audited as %+v", m.Name, record.audited)
		}
		source, deny := &counting{}, &denying{}
		shut := newRunner(runner.Config{Catalog: catalog, Source: source, Record: &noRecord{}, Clock: clock, Authorizer: deny})
		results := m.Func.Call(append([]reflect.Value{reflect.ValueOf(shut)}, arguments(t, m)...))
		if asked := source.asked.Load(); asked != 0 {
			t.Errorf("%s, denied, asks %d queries", m.Name, asked)
		}
		if len(deny.actions) != 1 || deny.actions[0].Search == nil || deny.actions[0].Right == "" || !slices.Equal(deny.actions[0].Workspaces, []string{"test"}) {
			t.Errorf("%s, denied, was judged as %+v", m.Name, deny.actions)
		}
		if e, _ := results[len(results)-1].Interface().(error); hunts.KindOf(e) != hunts.KindNotAllowed {
			t.Errorf("%s, denied, says %v", m.Name, e)
		}
	}
	for _, must := range []string{"Run", "Survey", "Triage", "Tips", "Lineage", "Events", "Incident", "Try", "Sensors", "Arrivals", "Recheck"} {
		if !slices.Contains(leading, must) {
			t.Errorf("%s asks no query in this test, which leads to one", must)
		}
	}
}

func TestThereIsNoRunnerWithoutAnAuthorizer(t *testing.T) {
	if _, err := runner.New(runner.Config{Source: &counting{}, Record: &noRecord{}}); err == nil || !strings.Contains(err.Error(), "needs an authorizer") {
		t.Errorf("it is made: %v", err)
	}
}

// What asks the source is one line of one file; everything else goes through it.
func TestOneFunctionAsksTheSource(t *testing.T) {
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var at []string
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), f.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if s, ok := call.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "Query" {
				if of, ok := s.X.(*ast.SelectorExpr); ok && of.Sel.Name == "Source" {
					at = append(at, f.Name())
				}
			}
			return true
		})
	}
	if !slices.Equal(at, []string{"gate.go"}) {
		t.Errorf("the source is asked in %v", at)
	}
}
