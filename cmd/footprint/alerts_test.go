package main

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

var metricName = regexp.MustCompile(`footprint_[a-z_]+`)

// documentedMetrics are the names in the table of docs/OPERATIONS.md.
func documentedMetrics(t *testing.T) map[string]bool {
	t.Helper()
	text, err := os.ReadFile("../../docs/OPERATIONS.md")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for _, row := range strings.Split(string(text), "\n") {
		if strings.HasPrefix(row, "| `footprint_") {
			name, _, _ := strings.Cut(row[1:], "|")
			for _, m := range metricName.FindAllString(name, -1) {
				out[m] = true
			}
		}
	}
	if len(out) < 10 {
		t.Fatalf("only %d metrics are documented", len(out))
	}
	return out
}

// onlyDocumented fails for each metric that the documents don't explain.
func onlyDocumented(t *testing.T, documented map[string]bool, where, expr string) {
	t.Helper()
	for _, m := range metricName.FindAllString(expr, -1) {
		for _, suffix := range []string{"_bucket", "_sum", "_count"} {
			if base := strings.TrimSuffix(m, suffix); documented[base] {
				m = base
			}
		}
		if !documented[m] {
			t.Errorf("%s asks for %s, which docs/OPERATIONS.md does not have", where, m)
		}
	}
}

func TestAlertRulesAskForDocumentedMetricsAndSayWhatToDo(t *testing.T) {
	data, err := os.ReadFile("../../docs/deploy/prometheus-rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Rules []struct {
				Alert, Expr string
				Labels      map[string]string
				Annotations map[string]string
			}
		}
	}
	if err := yaml.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	documented := documentedMetrics(t)
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			onlyDocumented(t, documented, r.Alert, r.Expr)
			if r.Labels["severity"] == "" || r.Annotations["summary"] == "" || r.Annotations["description"] == "" {
				t.Errorf("%s lacks a severity, a summary or what to do", r.Alert)
			}
		}
	}
}

func TestTheDashboardAsksForDocumentedMetrics(t *testing.T) {
	data, err := os.ReadFile("../../docs/deploy/grafana-dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(data, &dashboard); err != nil {
		t.Fatal(err)
	}
	documented, shown := documentedMetrics(t), ""
	for _, p := range dashboard.Panels {
		for _, target := range p.Targets {
			onlyDocumented(t, documented, p.Title, target.Expr)
			shown += target.Expr + " "
		}
	}
	for m := range documented {
		if !strings.Contains(shown, m) {
			t.Errorf("the dashboard does not show %s", m)
		}
	}
}
