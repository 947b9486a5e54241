package main

import (
	"context"
	"errors"
	"net/http"
	"path"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/footprint-soc/footprint/bot"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/azure"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/record"
)

// metrics are what the process tells of itself. No label carries what people
// or data wrote.
type metrics struct {
	registry   *prometheus.Registry
	hunts      *prometheus.CounterVec
	huntTime   *prometheus.HistogramVec
	cached     prometheus.Counter
	queries    *prometheus.CounterVec
	queryTime  *prometheus.HistogramVec
	slackCalls *prometheus.CounterVec
	acks       *prometheus.HistogramVec
	sweeps     *prometheus.CounterVec
	jobWait    *prometheus.HistogramVec
	slotWait   *prometheus.HistogramVec
	running    *prometheus.GaugeVec
	coalesced  prometheus.Counter
	recalls    *prometheus.CounterVec
	lateness   *prometheus.HistogramVec
	cpu        prometheus.Counter
	scanned    prometheus.Counter
	tracer     trace.Tracer // of traces that are off: one that does nothing
}

func newMetrics() *metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "footprint_" + name, Help: help}, labels)
	}
	seconds := func(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "footprint_" + name, Help: help, Buckets: buckets}, labels)
	}
	m := &metrics{
		registry:   prometheus.NewRegistry(),
		hunts:      counter("hunts_total", "Hunts answered, by verdict.", "verdict"),
		huntTime:   seconds("hunt_seconds", "From the start of a hunt to its answer.", []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 180}, "verdict"),
		cached:     prometheus.NewCounter(prometheus.CounterOpts{Name: "footprint_cache_hits_total", Help: "Hunts answered from the cache or by an identical one."}),
		queries:    counter("queries_total", "Queries to workspaces, by kind of outcome.", "outcome"),
		queryTime:  seconds("query_seconds", "Time of one query to a workspace, its queue included.", []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 180}, "lane"),
		slackCalls: counter("slack_calls_total", "Calls to Slack, by method and HTTP status.", "method", "status"),
		acks:       seconds("ack_seconds", "From an envelope's arrival to its acknowledgement.", []float64{.005, .01, .025, .05, .1, .25, .5, 1, 3}, "stored"),
		sweeps:     counter("sweeps_total", "Sweeps made, by verdict.", "verdict"),
		jobWait:    seconds("job_wait_seconds", "From storing a job to a worker that takes it.", []float64{.005, .01, .05, .1, .5, 1, 5, 10, 30, 60}, "lane"),
		slotWait:   seconds("slot_wait_seconds", "How long a query waited for one of the identity's slots.", []float64{.005, .01, .05, .1, .5, 1, 5, 10, 30, 60, 180}, "lane"),
		running:    prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "footprint_queries_running", Help: "Queries of this process that hold a slot."}, []string{"lane"}),
		coalesced:  prometheus.NewCounter(prometheus.CounterOpts{Name: "footprint_coalesced_total", Help: "Hunts that waited for an identical one and got its answer."}),
		recalls:    counter("recalls_total", "Answers that rows which came late, or better coverage, changed.", "from", "to"),
		lateness:   seconds("late_seconds", "How late the rows came at most that changed an answer.", []float64{300, 900, 3600, 3 * 3600, 6 * 3600, 24 * 3600, 3 * 24 * 3600, 7 * 24 * 3600}),
		cpu:        prometheus.NewCounter(prometheus.CounterOpts{Name: "footprint_query_cpu_seconds_total", Help: "CPU time of queries as reported by the service."}),
		scanned:    prometheus.NewCounter(prometheus.CounterOpts{Name: "footprint_query_scanned_bytes_total", Help: "Data read by queries as reported by the service."}),
		tracer:     noTracer(),
	}
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.registry.MustRegister(m.hunts, m.huntTime, m.cached, m.queries, m.queryTime, m.slackCalls, m.acks, m.sweeps, m.jobWait, m.slotWait, m.running, m.coalesced, m.recalls, m.lateness, m.cpu, m.scanned)
	return m
}

// gauges are read when somebody looks.
func (m *metrics) gauges(b *bot.Bot, store *record.Store) {
	m.registry.MustRegister(
		newStandingCollector(b.Watch().Status),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "footprint_connected", Help: "1 while a socket to Slack is open."}, func() float64 {
			if b.Ready() {
				return 1
			}
			return 0
		}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "footprint_backlog_seconds", Help: "Age of the oldest job that is not done."}, func() float64 {
			ctx, stop := context.WithTimeout(context.Background(), time.Second)
			defer stop()
			lag, err := store.Backlog(ctx, bot.LaneInteractive, bot.LaneWatch, bot.LaneSweep)
			if err != nil {
				return -1
			}
			return max(lag[bot.LaneInteractive].Oldest, lag[bot.LaneWatch].Oldest, lag[bot.LaneSweep].Oldest).Seconds()
		}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "footprint_sweep_age_seconds", Help: "How long ago the longest waiting sweep was last complete; -1 when nobody knows, 0 without sweeps."}, func() float64 {
			ctx, stop := context.WithTimeout(context.Background(), time.Second)
			defer stop()
			ages, err := b.SweepAges(ctx)
			if err != nil {
				return -1
			}
			oldest := time.Duration(0)
			for _, age := range ages {
				oldest = max(oldest, age)
			}
			return oldest.Seconds()
		}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "footprint_late_sweeps", Help: "Sweeps that should have posted more than 15 minutes ago."}, func() float64 {
			ctx, stop := context.WithTimeout(context.Background(), time.Second)
			defer stop()
			return float64(len(b.LateSweeps(ctx)))
		}),
	)
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// RoundTrip counts calls to Slack.
func (m *metrics) slackTransport(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		method := path.Base(r.URL.Path)
		if len(method) > 40 || path.Base(path.Dir(r.URL.Path)) != "api" {
			method = "other" // upload and response URLs are credentials
		}
		ctx, span := m.tracer.Start(r.Context(), "slack "+method, trace.WithSpanKind(trace.SpanKindClient))
		res, err := next.RoundTrip(r.WithContext(ctx))
		status := "failed"
		if err == nil {
			status = strconv.Itoa(res.StatusCode)
			span.SetAttributes(attribute.Int("http.response.status_code", res.StatusCode))
			res.Body = http.MaxBytesReader(nil, res.Body, maxSlackBody)
		}
		endSpan(span, err)
		m.slackCalls.WithLabelValues(method, status).Inc()
		return res, err
	})
}

// maxSlackBody bounds what is read of one answer, or file, of Slack: a page of 200
// messages takes a few megabytes at most.
const maxSlackBody = 64 << 20

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// seenRunner counts what the runner answers.
type seenRunner struct {
	bot.Runner
	m *metrics
}

func (s seenRunner) Run(ctx context.Context, h hunts.Hunt, progress func(hunts.Progress)) (hunts.Answer, error) {
	began := time.Now()
	ctx, span := s.m.tracer.Start(ctx, "hunt", trace.WithAttributes(attribute.String("footprint.hunt", h.ID)))
	shared := false
	a, err := s.Runner.Run(ctx, h, func(p hunts.Progress) {
		shared = shared || p.SharedWith != ""
		if progress != nil {
			progress(p)
		}
	})
	span.SetAttributes(attribute.String("footprint.verdict", string(a.Verdict)), attribute.Int("footprint.queries", a.Source.Queries), attribute.Bool("footprint.shared", shared))
	endSpan(span, err)
	if shared && err == nil {
		s.m.coalesced.Inc()
	}
	if err != nil {
		s.m.hunts.WithLabelValues("none").Inc()
		return a, err
	}
	s.m.hunts.WithLabelValues(string(a.Verdict)).Inc()
	s.m.huntTime.WithLabelValues(string(a.Verdict)).Observe(time.Since(began).Seconds())
	if a.Source.CachedAt != nil {
		s.m.cached.Inc()
	}
	return a, nil
}

func (s seenRunner) Survey(ctx context.Context, h hunts.Hunt, list []indicator.Indicator, progress func(hunts.Progress)) (hunts.Survey, error) {
	ctx, span := s.m.tracer.Start(ctx, "sweep", trace.WithAttributes(attribute.String("footprint.hunt", h.ID), attribute.Int("footprint.indicators", len(list))))
	out, err := s.Runner.Survey(ctx, h, list, progress)
	endSpan(span, err)
	verdict := string(out.Verdict)
	if err != nil {
		verdict = "none"
	}
	s.m.sweeps.WithLabelValues(verdict).Inc()
	return out, err
}

// seenSource counts queries.
type seenSource struct {
	hunts.Source
	m *metrics
}

// identitySlots is how many queries the service runs at once for one identity
// (learn.microsoft.com/azure/azure-monitor/service-limits#log-queries).
const identitySlots = 5

func laneOf(q hunts.Query) string {
	if q.Sweep {
		return "sweep"
	}
	return "interactive"
}

// sharedTurns is the line that all replicas share for the slots of one identity.
func sharedTurns(store *record.Store, m *metrics, identity string, slots int) azure.Turns {
	return func(ctx context.Context, q hunts.Query) (func(), int, error) {
		began, lane := time.Now(), laneOf(q)
		release, ahead, err := store.AcquireSlot(ctx, record.Slot{Identity: identity, Slots: slots, Asker: q.Asker, Sweep: q.Sweep, Waiting: q.Queued})
		if err != nil {
			return nil, ahead, err
		}
		m.slotWait.WithLabelValues(lane).Observe(time.Since(began).Seconds())
		m.running.WithLabelValues(lane).Inc()
		return sync.OnceFunc(func() {
			m.running.WithLabelValues(lane).Dec()
			release()
		}), ahead, nil
	}
}

func (s seenSource) Query(ctx context.Context, q hunts.Query) (hunts.Result, error) {
	began, lane := time.Now(), laneOf(q)
	ctx, span := s.m.tracer.Start(ctx, "query", trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attribute.String("footprint.hunt", q.HuntID), attribute.String("footprint.lane", lane)))
	res, err := s.Source.Query(ctx, q)
	span.SetAttributes(attribute.Int("footprint.ahead", res.Stats.QueuedAhead), attribute.Int("footprint.rows", len(res.Rows)), attribute.Bool("footprint.partial", res.Partial != ""))
	endSpan(span, err)
	s.m.cpu.Add(res.Stats.CPU.Seconds())
	s.m.scanned.Add(float64(max(0, res.Stats.DataScanned)))
	outcome := "ok"
	var e *hunts.Error
	switch {
	case errors.As(err, &e):
		outcome = string(e.Kind)
	case err != nil:
		outcome = "failed"
	case res.Partial != "":
		outcome = "partial"
	}
	s.m.queries.WithLabelValues(outcome).Inc()
	s.m.queryTime.WithLabelValues(lane).Observe(time.Since(began).Seconds())
	return res, err
}
