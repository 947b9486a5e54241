package runner

import (
	"strings"
	"testing"

	"github.com/footprint-soc/footprint/hunts"
)

func TestAHuntThatBoundsItsOwnTimeIsNamedAndNeverClean(t *testing.T) {
	window := "  | where TimeGenerated >= window_from and TimeGenerated < window_to\n"
	for name, c := range map[string]struct{ line, want string }{
		"the window":             {window, ""},
		"between its ends":       {"  | where TimeGenerated between (window_from .. window_to)\n", ""},
		"the last day":           {"  | where TimeGenerated > ago(1d)\n", "logons.yaml:5: the query bounds its own time (ago())"},
		"the last day, besides":  {window + "  | where TimeGenerated > ago(1d)\n", "logons.yaml:6: the query bounds its own time (ago())"},
		"until now":              {"  | extend Age = now() - TimeGenerated | where Age < 1d\n", "logons.yaml:5: the query bounds its own time (now())"},
		"a date":                 {window + "  | where TimeGenerated >= datetime(2026-11-01)\n", "logons.yaml:6: the query bounds its own time (its own filter"},
		"a date the other way":   {"  | where datetime(2026-11-01) < TimeGenerated\n", "logons.yaml:5: the query bounds its own time (its own filter"},
		"a date in one line":     {"  | where TimeGenerated >= window_from and TimeGenerated < datetime(2026-11-01)\n", "logons.yaml:5: "},
		"a part of the window":   {"  | where TimeGenerated > window_to - 1d\n", "logons.yaml:5: the query bounds its own time (its own filter"},
		"the day of its end":     {window + "  | where TimeGenerated > startofday(window_to)\n", "logons.yaml:6: "},
		"one hour of each day":   {window + "  | where hourofday(TimeGenerated) == 3\n", "logons.yaml:6: "},
		"another name of it":     {window + "  | extend At = TimeGenerated | where At > datetime(2026-11-01)\n", "logons.yaml:6: "},
		"the age at its end":     {window + "  | extend Age = window_to - TimeGenerated | where Age < 1d\n", "logons.yaml:6: the query bounds its own time (its own filter"},
		"the age of a bin":       {window + "  | extend Age = window_to - bin(TimeGenerated, 1h) | where Age < 1d\n", "logons.yaml:6: "},
		"a difference":           {window + "  | extend Age = datetime_diff('hour', window_to, TimeGenerated) | where Age < 24\n", "logons.yaml:6: "},
		"the age that is shown":  {window + "  | extend Age = window_to - TimeGenerated\n", ""},
		"ten rows":               {window + "  | take 10\n", "logons.yaml:6: the query leaves rows out itself (take)"},
		"the newest ten":         {window + "  | top 10 by TimeGenerated\n", "logons.yaml:6: the query leaves rows out itself (top)"},
		"only a comment":         {window + "  // not | where TimeGenerated > ago(1d)\n", ""},
		"a text that speaks":     {window + "  | extend Note = \"ago(1d)\"\n", ""},
		"the time as it is read": {window + "  | extend Hour = bin(TimeGenerated, 1h)\n", ""},
	} {
		text := strings.Replace(ownHunt(""), window, c.line, 1)
		catalog := withOwnHunt(t, text)
		d, _ := catalog.Get("logons")
		got := ""
		if problem := d.BoundsOwnTime(); problem != nil {
			got = problem.Error()
		}
		if (c.want == "") != (got == "") || !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		a := runScripted(t, healthy(7*day), func(cfg *Config) { cfg.Catalog = catalog }, "hunt logons ip=203.0.113.66")
		if clean := a.Verdict == hunts.Clean; clean != (c.want == "") || !clean && !strings.Contains(a.Reason, "bounds its own time") && !strings.Contains(a.Reason, "leaves rows out") {
			t.Errorf("%s: %s: %s", name, a.Verdict, a.Reason)
		}
	}
}

func TestNoShippedHuntBoundsItsOwnTime(t *testing.T) {
	catalog, _, err := LoadCatalog(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, d := range catalog.byName {
		if problem := d.BoundsOwnTime(); problem != nil {
			t.Errorf("%s: %v", name, problem)
		}
	}
}
