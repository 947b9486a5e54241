package message

import (
	"testing"

	"github.com/footprint-soc/footprint/hunts"
)

func TestPlacesSayWhatWasFoundAndWhatWasNotSearched(t *testing.T) {
	mail := hunts.Place{Place: "mail", Label: "mail received", Group: "mail", Table: "EmailUrlInfo", Searched: true, Events: 12}
	clicks := hunts.Place{Place: "clicks", Label: "clicked", Group: "mail", Table: "UrlClickEvents", Searched: true, Events: 3}
	firewall := hunts.Place{Place: "firewall", Group: "network", Table: "CommonSecurityLog", Searched: true, Events: 4, Unmanaged: 1}
	gap := firewall
	gap.Unmanaged, gap.Gaps = 0, []hunts.SensorGap{{Device: "WS-1"}}
	own := hunts.Place{Place: "network connections", Table: "DeviceNetworkEvents", Searched: true, Events: 9}
	none := func(name string) hunts.Place {
		return hunts.Place{Place: name, Table: "T", Reason: "no such data here"}
	}
	empty := clicks
	empty.Events = 0
	for name, c := range map[string]struct {
		verdict hunts.Verdict
		places  []hunts.Place
		want    string
	}{
		"one story":              {hunts.Reached, []hunts.Place{own, firewall, mail, clicks, none("DNS server logs")}, "Also: mail received 12, clicked 3 · firewall: 4 events, 1 address without a sensor · not searched: DNS server logs (no such data here)"},
		"a sensor gap":           {hunts.Seen, []hunts.Place{own, gap}, "Also: firewall: 4 events, sensor gap on WS-1"},
		"nothing":                {hunts.Clean, []hunts.Place{own2(own), empty, none("firewall"), none("web proxy")}, "Searched: network connections and clicks · not searched: firewall and web proxy (no such data here)"},
		"only what was searched": {hunts.Reached, []hunts.Place{own, empty}, ""},
		"two scopes":             {hunts.Seen, []hunts.Place{mail, mail}, "Also: mail received 24"},
	} {
		if got := placesLine(hunts.Answer{Verdict: c.verdict, Places: c.places}).String(); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func own2(p hunts.Place) hunts.Place { p.Events = 0; return p }
