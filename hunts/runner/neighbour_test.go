package runner

import (
	"fmt"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/request"
)

func asked(t testing.TB, text string) request.Request {
	t.Helper()
	r, refusal := request.Parse(text, time.Date(2026, 11, 3, 9, 0, 0, 0, time.UTC))
	if refusal != nil {
		t.Fatal(refusal.Sentence)
	}
	return r
}

func TestTheNeighbourhoodOfAnIndicator(t *testing.T) {
	for name, c := range map[string]struct{ request, around string }{
		"of an address its /24":                              {"ip=198.51.100.24", "ip=198.51.100.0/24"},
		"of an IPv6 address its /64":                         {"ip=2001:db8::7", "ip=2001:db8::/64"},
		"of a host its registered domain":                    {"dns=a.b.evil.co.uk", "dns=evil.co.uk"},
		"of a URL that of its host":                          {"dns=https://x.evil.example/a", "dns=evil.example"},
		"with the file and the device that were asked for":   {"ip=198.51.100.24 file=mshta.exe device=WS-1", "ip=198.51.100.0/24 file=mshta.exe device=WS-1"},
		"a registered domain has its sub-domains in already": {"dns=evil.example", ""},
		"names of one hosting service are no neighbours":     {"dns=mine.github.io", ""},
		"a private address has too many":                     {"ip=10.1.2.3", ""},
		"a range has none":                                   {"ip=198.51.100.0/28", ""},
		"a file has none":                                    {"file=mshta.exe", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := neighbourhood(asked(t, c.request))
			if ok != (c.around != "") {
				t.Fatalf("found %v: %s", ok, request.Format(got))
			}
			if want := c.around; ok && request.Format(got) != request.Format(asked(t, want)) {
				t.Errorf("it is %s, not %s", request.Format(got), want)
			}
		})
	}
}

func TestTooManyIndicatorsAreNotAskedForNeighbours(t *testing.T) {
	r := asked(t, "ip=198.51.100.1")
	for n := range neighboursAsked {
		_, ok := neighbourhood(r)
		if !ok {
			t.Fatalf("%d indicators are too many", n+1)
		}
		more := asked(t, fmt.Sprintf("ip=203.0.113.%d", n+1))
		r.IPs = append(r.IPs, more.IPs...)
	}
	if _, ok := neighbourhood(r); ok {
		t.Errorf("%d indicators are asked for", len(r.IPs))
	}
}

func TestNeighboursAreThoseThatWereReached(t *testing.T) {
	r := asked(t, "ip=198.51.100.24 dns=a.evil.example")
	row := func(device, ip, host string, outcome hunts.Outcome, events int64) finestRow {
		return finestRow{Device: device, IP: ip, Host: host, Outcome: outcome, Events: events}
	}
	got := neighboursIn([]finestRow{
		row("WS-1", "198.51.100.67", "", hunts.OutcomeReached, 3),
		row("ws-1", "::ffff:198.51.100.67", "", hunts.OutcomeReached, 1),
		row("WS-2", "198.51.100.67", "", hunts.OutcomeReached, 1),
		row("WS-3", "198.51.100.67", "", hunts.OutcomeFailed, 9),   // a try is no neighbour
		row("WS-4", "198.51.100.24", "", hunts.OutcomeReached, 1),  // the indicator itself is none
		row("WS-5", "198.51.101.67", "", hunts.OutcomeReached, 1),  // another network
		row("WS-6", "", "b.evil.example", hunts.OutcomeReached, 2), // a sibling
		row("WS-6", "", "x.a.evil.example", hunts.OutcomeReached, 2),
		row("WS-6", "", "notevil.example", hunts.OutcomeReached, 2),
	}, r)
	want := []hunts.Neighbour{
		{Of: "198.51.100.24", Remote: "198.51.100.67", Kind: "same /24", Devices: 2, Events: 5},
		{Of: "a.evil.example", Remote: "b.evil.example", Kind: "under evil.example", Devices: 1, Events: 2},
	}
	if len(got) != len(want) {
		t.Fatalf("they are %+v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%+v is not %+v", got[i], want[i])
		}
	}
}
