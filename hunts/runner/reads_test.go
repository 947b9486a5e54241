package runner

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/kql"
)

// ownHunt is a hunt as somebody would write it for another table: it compares
// texts of addresses, and says no more of a match than the column.
func ownHunt(matched string) string {
	return `id: 0d4b3f43-6a3f-4a1e-9a57-0b6f4c6f2a11
name: Logons from an address
query: |
  DeviceNetworkEvents
  | where TimeGenerated >= window_from and TimeGenerated < window_to
  | where RemoteIP in (ip_texts)
  | extend Matched = pack_array(RemoteIP)
footprint:
  needs: [remote]
  parameters: [nets]
  table: DeviceNetworkEvents
  columns:
    time: TimeGenerated
    device: DeviceName
    remote_ip: RemoteIP
` + matched
}

func withOwnHunt(t *testing.T, text string) *Catalog {
	t.Helper()
	c, problems, err := LoadCatalog(fstest.MapFS{"logons.yaml": {Data: []byte(text)}})
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	return c
}

func TestAHuntIsNotAskedForWhatItDoesNotLookFor(t *testing.T) {
	r := newRunner(Config{Catalog: withOwnHunt(t, ownHunt("")), Clock: func() time.Time { return time.Unix(1_700_000_000, 0) }})
	for request, want := range map[string]string{
		"hunt logons ip=203.0.113.66":                                            "",
		"hunt logons ip=203.0.113.0/24":                                          "the hunt logons does not look for networks: leave 203.0.113.0/24 out, or ask without hunt",
		"hunt logons ip=203.0.113.66 dns=evil.example":                           "the hunt logons does not look for names: leave evil.example out",
		"hunt logons ip=203.0.113.66 file=a.exe":                                 "the hunt logons does not look for files by name",
		"hunt logons ip=203.0.113.66 device=ws-1":                                "the hunt logons can't be narrowed by device=",
		"hunt file-footprint file=a.exe ip=203.0.113.66":                         "the hunt file-footprint does not look for addresses",
		"hunt file-footprint file=a.exe device=ws-1":                             "",
		"hunt events-footprint ip=203.0.113.66 file=" + strings.Repeat("ab", 16): "the hunt events-footprint does not look for files by hash",
		"hunt download-origin ip=203.0.113.0/24 dns=*.evil.example,*l.example":   "",
		"ip=203.0.113.0/24 dns=evil.example,*.b.example,*c.example file=a.exe," + strings.Repeat("ab", 32) + " device=ws-1": "",
	} {
		_, err := r.Prepare("F-1", asked(t, request), hunts.Asker{User: "U1"})
		var e *hunts.Error
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", request, err)
		case want != "" && (!errors.As(err, &e) || e.Kind != hunts.KindRefused || !strings.HasPrefix(e.Say, want)):
			t.Errorf("%s: %v, want %s", request, err, want)
		}
	}
}

func TestAMatchIsKnownAsASensorSpellsIt(t *testing.T) {
	p := newParams(asked(t, "ip=203.0.113.66,203.0.113.0/24,2001:db8::7 dns=evil.example,*.b.example,*c-d.example file=A.exe,curl"), time.Time{}, time.Time{}, time.Hour)
	for value, want := range map[string]string{
		"203.0.113.66": "203.0.113.66 203.0.113.0/24", "::ffff:203.0.113.66": "203.0.113.66 203.0.113.0/24", "203.0.113.9": "203.0.113.0/24", "198.51.100.1": "", "2001:DB8:0::7": "2001:db8::7",
		"evil.example": "evil.example", "WWW.Evil.example.": "evil.example", "notevil.example": "", "x.b.example": "*.b.example", "b.example": "", "abc-d.example": "*c-d.example",
		"a.EXE": "a.exe", "Curl.exe": "curl", "curl": "curl", "curl.dll": "", "": "", "nothing": "",
	} {
		var got []string
		for _, i := range p.asked(value) {
			got = append(got, i.String())
		}
		if strings.ToLower(strings.Join(got, " ")) != want {
			t.Errorf("%q is %q, want %q", value, got, want)
		}
	}
}

func TestFitsNamesTheLineOfAColumnThatIsNotThere(t *testing.T) {
	b := kql.NewBuilder("DeviceNetworkEvents", []kql.Column{{Name: "TimeGenerated", Type: kql.Datetime}, {Name: "DeviceName", Type: kql.String}, {Name: "RemoteIP", Type: kql.String}})
	tables := kql.Tables{"DeviceNetworkEvents": b.Table()}
	for name, c := range map[string]struct{ text, want string }{
		"a hunt that works":         {ownHunt(""), ""},
		"a column of the body":      {strings.Replace(ownHunt(""), "where RemoteIP", "where RemoteIQ", 1), "logons.yaml:6: Failed to resolve scalar expression named 'RemoteIQ'"},
		"a column of the footprint": {ownHunt("    matched: Matches\n"), "logons.yaml:16: Failed to resolve scalar expression named 'Matches'"},
		"a type":                    {strings.Replace(ownHunt(""), "| extend", "| where strlen(TimeGenerated) > 1 | extend", 1), "logons.yaml:7: strlen(): argument 1 is string, not datetime"},
	} {
		got := ""
		if problem := withOwnHunt(t, c.text).Fits("logons", tables); problem != nil {
			got = problem.Error()
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestNoIndicatorIsCleanWhereRowsDoNotSayWhatTheyMatched(t *testing.T) {
	for name, c := range map[string]struct {
		request string
		matched []string
		want    []hunts.Verdict
	}{
		"one indicator, and what else should it be": {"ip=203.0.113.66", nil, []hunts.Verdict{hunts.Reached}},
		"two, and nobody can tell":                  {"ip=203.0.113.66,203.0.113.67", nil, []hunts.Verdict{hunts.CouldNotTell, hunts.CouldNotTell}},
		"two, and the row tells":                    {"ip=203.0.113.66,203.0.113.67", []string{"203.0.113.66"}, []hunts.Verdict{hunts.Reached, hunts.Clean}},
	} {
		req := asked(t, c.request)
		rows := part{total: totalRow{Events: 3, Reached: 3, Devices: 1, Rows: 1}, rows: []finestRow{{Device: "ws-1", Outcome: hunts.OutcomeReached, Matched: c.matched, Events: 3}}}
		for _, m := range c.matched {
			rows.indicators = append(rows.indicators, indicatorRow{Indicator: m, Events: 3, Reached: 3, Devices: 1})
		}
		a := merge([]part{rows}, newParams(req, time.Time{}, time.Time{}, time.Hour), nil, req)
		a.Coverage.Complete = true
		judge(&a, nil, 0)
		for i, want := range c.want {
			if got := a.ByIndicator[i].Verdict; got != want {
				t.Errorf("%s: %s is %s, want %s", name, a.ByIndicator[i].Indicator, got, want)
			}
		}
	}
}
