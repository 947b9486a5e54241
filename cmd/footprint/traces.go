package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/footprint-soc/footprint/bot"
	"github.com/footprint-soc/footprint/hunts"
)

// noTracer makes spans that cost nothing and go nowhere.
func noTracer() trace.Tracer { return noop.NewTracerProvider().Tracer("") }

// startTraces sends spans to the receiver that the standard OTEL_* variables name.
// stop sends what is left. No span carries what people or data wrote.
func startTraces(ctx context.Context, replica string, log *slog.Logger) (t trace.Tracer, stop func(), err error) {
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Info("spans not sent", "error", err) }))
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("FOOTPRINT_TRACES: setting up the export of spans: %w", err)
	}
	about, err := resource.Merge(resource.NewSchemaless(
		attribute.String("service.name", "footprint"), attribute.String("service.version", buildVersion()), attribute.String("service.instance.id", replica),
	), resource.Environment()) // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES have the last word
	if err != nil {
		return nil, nil, fmt.Errorf("FOOTPRINT_TRACES: OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(about))
	return provider.Tracer("github.com/footprint-soc/footprint"), func() {
		within, end := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer end()
		if err := provider.Shutdown(within); err != nil {
			log.Info("last spans not sent", "error", err)
		}
	}, nil
}

// A job is often done by another replica than the one that stored it: the trace
// travels with it, as the W3C writes it.
const traceParent = "traceparent"

func carriedTrace(ctx context.Context) string {
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return ""
	}
	into := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, into)
	return into[traceParent]
}

func withTrace(ctx context.Context, carried string) context.Context {
	if carried == "" {
		return ctx
	}
	return propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{traceParent: carried})
}

// endSpan closes a span; of an error it tells the kind, never the text.
func endSpan(s trace.Span, err error) {
	if err != nil {
		kind := string(hunts.KindOf(err))
		if kind == "" {
			kind = "failed"
		}
		s.SetStatus(codes.Error, kind)
	}
	s.End()
}

// seenStore begins the trace of what arrives from Slack.
type seenStore struct {
	bot.Store
	tracer trace.Tracer
}

func (s seenStore) Push(ctx context.Context, lane, kind, key string, payload []byte) (isNew bool, err error) {
	if kind == bot.JobEnvelope {
		var span trace.Span
		ctx, span = s.tracer.Start(ctx, "envelope", trace.WithSpanKind(trace.SpanKindServer))
		defer func() {
			span.SetAttributes(attribute.Bool("footprint.repeated", err == nil && !isNew))
			endSpan(span, err)
		}()
	}
	return s.Store.Push(ctx, lane, kind, key, payload)
}

// seenJobs follows a trace into whatever handles a job, and measures how long it
// lay in the stream.
func seenJobs(m *metrics, handle func(context.Context, hunts.Job) error) func(context.Context, hunts.Job) error {
	return func(ctx context.Context, j hunts.Job) (err error) {
		if j.Deliveries <= 1 {
			m.jobWait.WithLabelValues(j.Lane).Observe(time.Since(j.Enqueued).Seconds())
		}
		ctx, span := m.tracer.Start(withTrace(ctx, j.Trace), "job "+j.Kind, trace.WithSpanKind(trace.SpanKindConsumer), trace.WithAttributes(attribute.Int64("footprint.deliveries", j.Deliveries)))
		defer func() { endSpan(span, err) }()
		return handle(ctx, j)
	}
}

// tracesOf reads FOOTPRINT_TRACES.
func tracesOf(c *config, v string) error {
	switch strings.ToLower(v) {
	case "otlp":
		c.traces = true
	case "off":
		c.traces = false
	default:
		return errors.New("it takes otlp or off; OTEL_EXPORTER_OTLP_ENDPOINT says where to")
	}
	return nil
}
