package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	keeping "github.com/footprint-soc/footprint/bot/watch"
	"github.com/footprint-soc/footprint/hunts/warranty"
)

// tellStanding says what is looked after, and where each scope stands.
func tellStanding(w io.Writer, s keeping.Status) {
	off := func(is bool, setting string) string {
		if is {
			return " (turned off by " + setting + "=0)"
		}
		return ""
	}
	fmt.Fprintf(w, "warranties: %d%s\n", s.Warranties, off(s.WarrantiesOff, "FOOTPRINT_WARRANTY"))
	fmt.Fprintf(w, "watches: %d%s\n", s.Watches, off(s.WatchesOff, "FOOTPRINT_WATCH_EVERY"))
	for _, x := range s.Scopes {
		name := x.Scope
		if name == "" {
			name = "the default workspace"
		}
		fmt.Fprintf(w, "looked after in %s: %s ago", name, x.Age.Round(time.Second))
		if x.Late >= time.Minute {
			fmt.Fprintf(w, ", overdue by %s", x.Late.Round(time.Second))
		}
		if x.Failed != "" {
			fmt.Fprintf(w, ", the last look failed: %s", x.Failed)
		}
		fmt.Fprintln(w)
	}
}

// standingCollector tells of warranties and watches when somebody looks.
type standingCollector struct {
	status                      func(context.Context) (keeping.Status, error)
	warranties, watches, oldest *prometheus.Desc
}

func newStandingCollector(status func(context.Context) (keeping.Status, error)) standingCollector {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("footprint_"+name, help, nil, nil)
	}
	return standingCollector{
		status:     status,
		warranties: desc("warranties", "Answers that are looked after."),
		watches:    desc("watches", "Watches that stand."),
		oldest:     desc("look_age_seconds", "Since the scope that waits longest was looked at for late rows and watches; 0 where nothing stands, -1 when nobody knows."),
	}
}

// Describe names the metrics.
func (c standingCollector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.warranties, c.watches, c.oldest} {
		to <- d
	}
}

// Collect reads what stands once for all of them.
func (c standingCollector) Collect(to chan<- prometheus.Metric) {
	ctx, stop := context.WithTimeout(context.Background(), time.Second)
	defer stop()
	s, err := c.status(ctx)
	if err != nil {
		to <- prometheus.MustNewConstMetric(c.oldest, prometheus.GaugeValue, -1)
		return
	}
	to <- prometheus.MustNewConstMetric(c.warranties, prometheus.GaugeValue, float64(s.Warranties))
	to <- prometheus.MustNewConstMetric(c.watches, prometheus.GaugeValue, float64(s.Watches))
	to <- prometheus.MustNewConstMetric(c.oldest, prometheus.GaugeValue, s.Oldest().Seconds())
}

// recalled counts an answer that changed, and how late the rows came.
func (m *metrics) recalled(c warranty.Change) {
	m.recalls.WithLabelValues(string(c.From), string(c.To)).Inc()
	if late := c.Late(); late > 0 {
		m.lateness.WithLabelValues().Observe(late.Seconds())
	}
}
