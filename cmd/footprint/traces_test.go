package main

import (
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/footprint-soc/footprint/bot/localslack"
	"github.com/footprint-soc/footprint/hunts/record/recordtest"
)

// span is what the receiver got of one.
type span struct{ name, trace, id, parent string }

// receiver is an OTLP collector.
type receiver struct {
	*httptest.Server
	mu       sync.Mutex
	requests int
	raw      strings.Builder
	spans    map[string]span
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{spans: map[string]span{}}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		var export coltrace.ExportTraceServiceRequest
		if err != nil || proto.Unmarshal(body, &export) != nil || req.URL.Path != "/v1/traces" {
			http.Error(w, "not a trace", http.StatusBadRequest)
			return
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.requests++
		r.raw.Write(body)
		for _, resource := range export.GetResourceSpans() {
			for _, scope := range resource.GetScopeSpans() {
				for _, s := range scope.GetSpans() {
					x := span{s.GetName(), hex.EncodeToString(s.GetTraceId()), hex.EncodeToString(s.GetSpanId()), hex.EncodeToString(s.GetParentSpanId())}
					r.spans[x.id] = x
				}
			}
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	t.Cleanup(r.Close)
	return r
}

// chain is a span and those above it, the outermost first.
func (r *receiver) chain(name string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.spans {
		if s.name != name {
			continue
		}
		var out []string
		for at, ok := s, true; ok; at, ok = r.spans[at.parent] {
			out = append([]string{at.name}, out...)
		}
		return out
	}
	return nil
}

func TestOneTraceFollowsAQuestionThroughAllReplicas(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	d := newDeployment(t, localslack.Config{}, 60, 2)
	d.env = []string{"FOOTPRINT_TRACES=otlp", "OTEL_EXPORTER_OTLP_ENDPOINT=" + r.URL, "OTEL_BSP_SCHEDULE_DELAY=100"}
	d.start(0)
	d.start(1)
	d.waitConnected(2)
	soc := d.slack.Channel("soc")
	if err := d.slack.User("ana").In(soc).Slash(d.ctx, `/footprint dns=cdn-sync.example why="a secret reason"`); err != nil {
		t.Fatal(err)
	}
	if _, err := d.slack.WaitMessage(d.ctx, soc, func(m localslack.Message) bool { return strings.Contains(m.Text, "*REACHED*") }); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]string{
		"query":                  {"envelope", "job envelope", "job hunt", "hunt", "query"},
		"slack chat.update":      {"envelope", "job envelope", "job hunt", "slack chat.update"},
		"slack chat.postMessage": {"envelope", "job envelope"},
	} {
		if !recordtest.Within(20*time.Second, func() bool { c := r.chain(name); return len(c) >= len(want) && slices.Equal(c[:len(want)], want) }) {
			t.Errorf("%s is below %q, want %q", name, r.chain(name), want)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, secret := range []string{"cdn-sync", "secret reason", "WS-FIN", d.slack.BotToken(), "xapp-"} {
		if strings.Contains(r.raw.String(), secret) {
			t.Errorf("a span carries %q", secret)
		}
	}
}

func TestTracesThatAreOffSendNothing(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	d := newDeployment(t, localslack.Config{}, 60, 2)
	d.env = []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + r.URL, "OTEL_BSP_SCHEDULE_DELAY=10"}
	d.start(0)
	d.waitConnected(1)
	soc := d.slack.Channel("soc")
	if err := d.slack.User("ana").In(soc).Slash(d.ctx, `/footprint dns=cdn-sync.example`); err != nil {
		t.Fatal(err)
	}
	if _, err := d.slack.WaitMessage(d.ctx, soc, func(m localslack.Message) bool { return strings.Contains(m.Text, "*REACHED*") }); err != nil {
		t.Fatal(err)
	}
	d.stop(stopSignal)
	if r.requests > 0 {
		t.Errorf("%d requests came to the receiver", r.requests)
	}
}
