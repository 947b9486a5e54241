package localworkspace

import (
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts/kql"
)

func TestTimesAreReadAsExportsWriteThem(t *testing.T) {
	at := func(ns int) time.Time { return time.Date(2023, 7, 18, 14, 53, 41, ns, time.UTC) }
	for text, want := range map[string]time.Time{
		"2023-07-18T14:53:41Z":           at(0),
		"2023-07-18T14:53:41.337Z":       at(337_000_000),
		"2023-07-18T14:53:41.1234567Z":   at(123_456_700),
		"2023-07-18T14:53:41.123456789Z": at(123_456_789),
		"2023-07-18 14:53:41":            at(0),
		"2023-07-18 14:53:41.337 Z":      at(337_000_000),
		"2023-07-18T16:53:41+02:00":      at(0),
		"2023-07-18T09:23:41-0530":       at(0),
		"2023-07-18T14:53:41+00":         at(0),
		"7/18/2023, 2:53:41.337 PM":      at(337_000_000),
		"7/18/2023 2:53:41 PM":           at(0),
		"07/18/2023, 14:53:41.1234567":   at(123_456_700),
		"Jul 18, 2023 2:53:41 PM":        at(0),
		"Jul 18, 2023, 2:53:41.337 PM":   at(337_000_000),
		"2023-07-18":                     time.Date(2023, 7, 18, 0, 0, 0, 0, time.UTC),
		"2023-07-18T14:53":               time.Date(2023, 7, 18, 14, 53, 0, 0, time.UTC),
		"2024-02-29T00:00:00Z":           time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC),
		"Tue, 18 Jul 2023 14:53:41 UTC":  at(0),
		"2023-07-18T14:53:41.337 UTC":    at(337_000_000),
	} {
		if got, ok := parseTime(text); !ok || !got.Equal(want) {
			t.Errorf("%q read as %v %v, want %v", text, got, ok, want)
		}
	}
}

func TestWhatIsNoTimeIsRefused(t *testing.T) {
	for _, text := range []string{
		"", "yesterday", "2023-02-30", "2023-13-01T00:00:00Z", "2023-07-18T25:00:00Z", "2023-07-18T14:53:41.", "2023-07-18T14:53:41.1234567890Z",
		"2023-07-18T14:53:41+15:00", "2023-07-18T14:53:41 Mars", "1689692021", "18.07.2023 14:53", "13/13/2023 1:00:00 PM", "2023-07-18T14:53:60Z",
	} {
		if got, ok := parseTime(text); ok {
			t.Errorf("%q read as %v", text, got)
		}
	}
}

func TestCellsOfTextFitTheirColumn(t *testing.T) {
	cases := []struct {
		text string
		kind kql.Type
		want string
		fits bool
	}{
		{" 443 ", kql.Int, "443", true},
		{"443.0", kql.Int, "443", true},
		{"443.5", kql.Int, "", false},
		{"4294967296", kql.Int, "", false},
		{"9007199254740993", kql.Long, "9007199254740993", true},
		{"1e3", kql.Long, "1000", true},
		{"x", kql.Long, "", false},
		{"True", kql.Bool, "true", true},
		{"0", kql.Bool, "false", true},
		{"yes", kql.Bool, "", false},
		{"", kql.Bool, "", true},
		{"  ", kql.Datetime, "", true},
		{" kept ", kql.String, " kept ", true},
		{"1.5", kql.Real, "1.5", true},
		{"[1,2]", kql.Dynamic, "[1,2]", true},
	}
	for _, c := range cases {
		got, fits := textCell(c.text, c.kind)
		if got.Text() != c.want || fits != c.fits {
			t.Errorf("%q as %v gave %q %v, want %q %v", c.text, c.kind, got.Text(), fits, c.want, c.fits)
		}
	}
}

func TestTextThatIsNoTreeStaysTextInADynamic(t *testing.T) {
	for _, text := range []string{"abc", "[1,2", "{plain}", `"quoted"`, "12"} {
		if v := dynamicCell(text); v.AsDynamic() != text {
			t.Errorf("%q became %v", text, v.AsDynamic())
		}
	}
}

func TestDeepNestingStaysText(t *testing.T) {
	deep := make([]byte, 0, 4000)
	for range 1000 {
		deep = append(deep, '[')
	}
	for range 1000 {
		deep = append(deep, ']')
	}
	if v := dynamicCell(string(deep)); v.AsDynamic() != string(deep) {
		t.Error("deep nesting did not stay text")
	}
}

func FuzzParseTime(f *testing.F) {
	for _, s := range []string{"2023-07-18T14:53:41.1234567Z", "7/18/2023, 2:53:41.337 PM", "2023-07-18T14:53:41+02:00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, ok := parseISO(text)
		if !ok {
			return
		}
		again, ok := parseISO(at.Format("2006-01-02T15:04:05.999999999Z"))
		if at.Year() > 0 && at.Year() < 10000 && (!ok || !again.Equal(at)) {
			t.Errorf("%q read as %v, which reads as %v %v", text, at, again, ok)
		}
	})
}

func FuzzTimespan(f *testing.F) {
	for _, s := range []string{"P7D", "PT1H30M", "2026-01-01T00:00:00Z/P1D", "P1D/2026-01-01T00:00:00Z", "/", "P"} {
		f.Add(s)
	}
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		from, to, err := parseTimespan(text, now)
		if err == nil && to.Before(from) {
			t.Errorf("timespan %q gave %v to %v", text, from, to)
		}
	})
}
