package export

import (
	"testing"
	"time"
)

func TestTimesAreReadAsPortalsAndToolsWriteThem(t *testing.T) {
	at := func(ns int) time.Time { return time.Date(2026, 11, 7, 18, 41, 25, ns, time.UTC) }
	for text, want := range map[string]time.Time{
		"2026-11-07T18:41:25Z":                  at(0),
		"2026-11-07T18:41:25.1234567Z":          at(123_456_700),
		"2026-11-07 18:41:25":                   at(0),
		"2026-11-07 18:41:25,123":               at(123_000_000),
		"2026-11-07 18:41:25.337 Z":             at(337_000_000),
		"2026-11-07T20:41:25+02:00":             at(0),
		"2026-11-07T13:11:25-0530":              at(0),
		"2026-11-07T18:41:25 UTC":               at(0),
		"2026-11-07T19:41:25 UTC+1":             at(0),
		"2026-11-07T18:41":                      at(0).Truncate(time.Minute),
		"2026-11-07":                            time.Date(2026, 11, 7, 0, 0, 0, 0, time.UTC),
		"11/7/2026, 6:41:25.337 PM":             at(337_000_000),
		"11/7/2026, 6:41:25\u202fPM":            at(0),
		"11/7/2026, 6:41:25 pm":                 at(0),
		"11/7/2026 18:41:25":                    at(0),
		"\u200e11/7/2026, 6:41:25 p.m.":         at(0),
		"Nov 7, 2026 18:41:25.123":              at(123_000_000),
		"Nov 7, 2026, 6:41:25 PM":               at(0),
		"Saturday, November 7, 2026 6:41:25 PM": at(0),
		"7 Nov 2026 18:41:25":                   at(0),
		"07-Nov-2026 18:41:25":                  at(0),
		"7. Nov. 2026, 18:41:25":                at(0),
		"7. November 2026 um 18:41:25":          at(0),
		"7 nov. 2026 à 18:41:25":                at(0),
		"7 de nov. de 2026 18:41:25":            at(0),
		"7 ноя. 2026, 18:41:25":                 at(0),
		"7 lis 2026 18:41:25":                   {}, // November in Polish, October in Croatian
		"7.11.2026 18:41:25":                    at(0),
		"7.11.2026 klo 18.41.25":                at(0),
		"18:41:25 7.11.2026":                    at(0),
		"2026/11/07 18:41:25":                   at(0),
		"2026/11/7 下午6:41:25":                   at(0),
		"2026年11月7日 18:41:25":                   at(0),
		"2026. 11. 7. 오후 6:41:25":               at(0),
		"2026. nov. 7. 18:41:25":                at(0),
		"٧.١١.٢٠٢٦ ١٨:٤١:٢٥":                    at(0),
		"Sat, 07 Nov 2026 18:41:25 GMT":         at(0),
		"Sat Nov 07 2026 19:41:25 GMT+0100 (Central European Standard Time)": at(0),
		"1794076885":            at(0),
		"1794076885.5":          at(500_000_000),
		"1794076885123":         at(123_000_000),
		"1794076885123456":      at(123_456_000),
		"1794076885123456700":   at(123_456_700),
		"639296736850000000":    at(0), // .NET ticks
		"/Date(1794076885000)/": at(0),
	} {
		got, _ := readTime(text, time.UTC).in(monthFirst)
		if !got.Equal(want) {
			t.Errorf("%q read as %v, want %v", text, got, want)
		}
	}
}

func TestWhatIsNoTimeIsRefused(t *testing.T) {
	for _, text := range []string{
		"", "yesterday", "2026-02-30", "2026-13-01T00:00:00Z", "2026-07-18T25:00:00Z", "2026-07-18T14:53:41.", "2026-07-18T14:53:41.1234567890Z",
		"2026-07-18T14:53:41+15:00", "2026-07-18T14:53:41 Mars", "11/7/2026 6:41:25 PM EST", "13/13/2026 1:00:00 PM", "2026-07-18T14:53:60Z",
		"41:25.1", "443", "10.22.0.177", "198.51.100.1", "7 Foo 2026 18:41:25", "3.14", "20261107",
	} {
		if r := readTime(text, time.UTC); r.either() {
			t.Errorf("%q read as %v", text, r.at)
		}
	}
}

func TestTheOrderOfADateIsDecidedByADateThatHasOne(t *testing.T) {
	for _, c := range []struct {
		name  string
		dates []string
		order Order
		asked bool
	}{
		{"a 16 in front", []string{"03/11/2026 11:00", "16/11/2026 10:00"}, dayFirst, false},
		{"a 16 behind", []string{"11/03/2026 11:00", "11/16/2026 10:00"}, monthFirst, false},
		{"the same number twice", []string{"11/11/2026 11:00"}, monthFirst, false},
		{"only dates of the same meaning", []string{"3.11.2026 11:00", "Nov 3, 2026 11:00"}, monthFirst, false},
		{"nothing decides", []string{"03/11/2026 11:00", "04/11/2026 11:00"}, monthFirst, true},
		{"both kinds", []string{"03/11/2026 11:00", "16/11/2026 10:00", "11/16/2026 10:00"}, monthFirst, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var d dates
			for _, text := range c.dates {
				d.see(text, readTime(text, time.UTC))
			}
			d.decide(orderUnknown)
			if d.order != c.order || d.undecided(orderUnknown) != c.asked {
				t.Errorf("order %d, asked %v, want %d and %v", d.order, d.undecided(orderUnknown), c.order, c.asked)
			}
			if d.undecided(dayFirst) {
				t.Error("asked although somebody said it")
			}
		})
	}
}

func TestAZoneHoldsForTimesWithoutOne(t *testing.T) {
	berlin := time.FixedZone("", 3600)
	for text, want := range map[string]string{
		"11/16/2026, 11:00:00 AM":   "2026-11-16T10:00:00Z",
		"2026-11-16 11:00:00":       "2026-11-16T10:00:00Z",
		"2026-11-16T11:00:00Z":      "2026-11-16T11:00:00Z",
		"2026-11-16T11:00:00+05:00": "2026-11-16T06:00:00Z",
		"1794823200":                "2026-11-16T10:00:00Z",
	} {
		got, _ := readTime(text, berlin).in(monthFirst)
		if got.UTC().Format(time.RFC3339) != want {
			t.Errorf("%q read as %v, want %s", text, got.UTC(), want)
		}
	}
}

// FuzzTimes: the quick reading of a load and the careful one agree, and no text
// breaks either.
func FuzzTimes(f *testing.F) {
	for _, s := range []string{"2023-07-18T14:53:41.1234567Z", "7/18/2023, 2:53:41.337 PM", "2023-07-18T14:53:41+02:00", "7 Nov 2026", "1794076885"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := readTime(text, time.UTC)
		ticks, ok := quickTime([]byte(text))
		if !ok {
			return
		}
		at, read := r.in(monthFirst)
		if !read || ticksOf(at) != ticks {
			t.Errorf("%q is %d ticks, or %v %v", text, ticks, at, read)
		}
	})
}
