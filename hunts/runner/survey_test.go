package runner_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/kql"
	"github.com/footprint-soc/footprint/hunts/localworkspace"
	"github.com/footprint-soc/footprint/hunts/request"
	"github.com/footprint-soc/footprint/hunts/testclock"
)

// seenValues are what stands in some columns of a table.
func seenValues(t *testing.T, events *localworkspace.Events, column string) []string {
	t.Helper()
	table, ok := events.Table("DeviceNetworkEvents")
	if !ok {
		t.Fatal("no network events")
	}
	k := slices.IndexFunc(table.Columns(), func(c kql.Column) bool { return c.Name == column })
	all := map[string]bool{}
	for row := range table.Len() {
		if v := table.Value(row, k).AsString(); v != "" {
			all[v] = true
		}
	}
	out := make([]string, 0, len(all))
	for v := range all {
		out = append(out, v)
	}
	slices.Sort(out)
	return out
}

// drawn is a random indicator: mostly of what is there, in every kind.
func drawn(random *rand.Rand, ips, hosts, files, hashes []string) indicator.Indicator {
	for {
		pick := func(list []string) string { return list[random.IntN(len(list))] }
		var text string
		switch random.IntN(12) {
		case 0, 1:
			text = pick(ips)
		case 2:
			if a, err := netip.ParseAddr(pick(ips)); err == nil {
				bits := 20 + random.IntN(12)
				if a.Is6() {
					bits = 48 + random.IntN(70)
				}
				p, err := a.Prefix(bits)
				if err != nil {
					continue
				}
				text = p.String()
			}
		case 3:
			text = pick(hosts)
		case 4:
			if _, parent, ok := strings.Cut(pick(hosts), "."); ok {
				text = parent
			}
		case 5:
			text = "http://" + pick(hosts) + "/x"
		case 6:
			text = pick(files)
		case 7:
			text = pick(hashes)
		case 8:
			if _, parent, ok := strings.Cut(pick(hosts), "."); ok {
				text = "*." + parent
			}
		case 9:
			if host := pick(hosts); len(host) > 8 {
				text = "*" + host[random.IntN(5):]
			}
		case 10:
			if a, err := netip.ParseAddr(pick(ips)); err == nil && a.Is4() {
				text = "::ffff:" + a.String()
			}
		default:
			text = []string{"203.0.113.250", "nobody.example", "2001:db8:ffff::1", "198.51.100.0/30"}[random.IntN(4)]
		}
		if i, refusal := indicator.Type(text); refusal == nil {
			return i
		}
	}
}

func TestASweepSaysOfEachIndicatorWhatAHuntForItAloneSays(t *testing.T) {
	if testing.Short() {
		t.Skip("only computes")
	}
	t.Parallel()
	events := localworkspace.Fleet(localworkspace.FleetOptions{Seed: 7, Now: testclock.At(), Devices: 60, Days: 2})
	runner := runnerOver(t, events)
	random := rand.New(rand.NewPCG(20261123, 7))
	ips, hosts := seenValues(t, events, "RemoteIP"), seenValues(t, events, "RemoteUrl")
	files, hashes := seenValues(t, events, "InitiatingProcessFileName"), seenValues(t, events, "InitiatingProcessSHA256")
	compared, met := 0, 0
	for round := range 4 {
		var list []indicator.Indicator
		for range 40 {
			list = append(list, drawn(random, ips, hosts, files, hashes))
		}
		req := request.Request{Since: 48 * time.Hour}
		survey, err := runner.Survey(t.Context(), runner.ForSurvey("F-SWEEP", req, hunts.Asker{User: "sweep"}), list, nil)
		if err != nil {
			t.Fatal(err)
		}
		bySurvey := map[string]hunts.IndicatorResult{}
		for _, r := range survey.Indicators {
			bySurvey[r.Type+":"+r.Indicator] = r
		}
		for _, i := range list {
			one := request.Request{Since: req.Since}
			one.Add(i)
			h, err := runner.Prepare("F-ALONE", one, hunts.Asker{User: "ana"})
			if err != nil {
				t.Fatal(err)
			}
			h.Window = survey.Window // both ask the same time
			a, err := runner.Run(t.Context(), h, func(hunts.Progress) {})
			if err != nil {
				t.Fatal(err)
			}
			got, want := bySurvey[string(i.Kind)+":"+i.String()], a.ByIndicator[0]
			compared++
			if want.Events > 0 {
				met++
			}
			if got.Events != want.Events || got.Devices != want.Devices || got.Verdict != want.Verdict || !sameTime(got.FirstSeen, want.FirstSeen) || !sameTime(got.LastSeen, want.LastSeen) {
				t.Errorf("round %d, %s %s: the sweep says %+v, a hunt says %+v", round, i.Kind, i, got, want)
			}
			if swept, hunted := devicesOf(survey, i), huntedDevices(a); !maps.Equal(swept, hunted) {
				t.Errorf("round %d, %s %s: the sweep met %v, a hunt %v", round, i.Kind, i, swept, hunted)
			}
		}
	}
	if met < compared/2 {
		t.Errorf("only %d of %d indicators were met, too few to tell", met, compared)
	}
	t.Logf("%d indicators compared, %d of them met", compared, met)
}

// devicesOf are the events of an indicator by device.
func devicesOf(s hunts.Survey, i indicator.Indicator) map[string]int64 {
	out := map[string]int64{}
	for _, h := range s.Hits {
		if h.Type == string(i.Kind) && h.Indicator == i.String() && h.Place == "" {
			out[strings.ToLower(h.Device)] += h.Events
		}
	}
	return out
}

func huntedDevices(a hunts.Answer) map[string]int64 {
	out := map[string]int64{}
	for _, d := range a.ByDevice {
		out[strings.ToLower(d.Device)] += d.Events
	}
	return out
}

func sameTime(a, b *time.Time) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}

func TestASweepTakesInWhatCameLate(t *testing.T) {
	now := testclock.At().Truncate(time.Second)
	last := now.Add(-24 * time.Hour) // the sweep before
	var export strings.Builder
	row := func(device string, happened, arrived time.Time) {
		fmt.Fprintf(&export, `{"TimeGenerated":%q,"_IngestionTime":%q,"DeviceName":%q,"ActionType":"ConnectionSuccess","RemoteIP":"203.0.113.66","RemotePort":443}`+"\n", happened.Format(time.RFC3339), arrived.Format(time.RFC3339), device)
	}
	row("in-the-window", now.Add(-time.Hour), now.Add(-time.Hour))
	row("late", last.Add(-48*time.Hour), now.Add(-2*time.Hour))
	row("told-before", last.Add(-48*time.Hour), last.Add(-47*time.Hour))
	row("later-than-anybody-waits", last.Add(-hunts.LateBy-time.Hour), now.Add(-2*time.Hour))
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "DeviceNetworkEvents.ndjson"), []byte(export.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	events, err := localworkspace.Load(t.Context(), dir, localworkspace.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	runner := runnerOver(t, events)
	i, refusal := indicator.Type("203.0.113.66")
	if refusal != nil {
		t.Fatal(refusal.Sentence)
	}
	for name, c := range map[string]struct {
		arrived time.Time
		want    []string
	}{
		"without a sweep before, the window alone counts": {time.Time{}, []string{"in-the-window"}},
		"then also what arrived since the last one":       {last, []string{"in-the-window", "late"}},
	} {
		h := hunts.Hunt{ID: "F-LATE", Name: hunts.DefaultHunt, Window: hunts.Window{From: last, To: now}, Arrived: c.arrived, Asker: hunts.Asker{User: "sweep"}}
		s, err := runner.Survey(t.Context(), h, []indicator.Indicator{i}, nil)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, hit := range s.Hits {
			got = append(got, hit.Device)
		}
		slices.Sort(got)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v; %v %v", name, got, c.want, s.Reason, s.Coverage.Problems)
		}
	}
}

func TestASweepKnowsAnAddressInEverySpelling(t *testing.T) {
	var export strings.Builder
	at := time.Date(2026, 11, 2, 3, 4, 5, 0, time.UTC)
	for device, column := range map[string]string{
		"plain": `"RemoteIP":"203.0.113.66"`, "mapped": `"RemoteIP":"::ffff:203.0.113.66"`, "mapped-in-hex": `"RemoteIP":"::FFFF:cb00:7142"`, "url": `"RemoteUrl":"http://203.0.113.66:8080/x"`,
		"v6": `"RemoteIP":"2001:DB8:0:0::66"`, "v6-url": `"RemoteUrl":"https://[2001:db8::66]/x"`, "neighbour": `"RemoteIP":"203.0.113.6"`, "longer": `"RemoteUrl":"http://203.0.113.66.example/"`,
	} {
		fmt.Fprintf(&export, `{"TimeGenerated":%q,"DeviceName":%q,"ActionType":"ConnectionSuccess",%s}`+"\n", at.Format(time.RFC3339), device, column)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "DeviceNetworkEvents.ndjson"), []byte(export.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	events, err := localworkspace.Load(t.Context(), dir, localworkspace.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	runner := runnerOver(t, events)
	var list []indicator.Indicator
	for _, text := range []string{"203.0.113.66", "2001:db8::66"} {
		i, refusal := indicator.Type(text)
		if refusal != nil {
			t.Fatal(refusal.Sentence)
		}
		list = append(list, i)
	}
	h := hunts.Hunt{ID: "F-SPELL", Name: hunts.DefaultHunt, Window: hunts.Window{From: at.Add(-time.Hour), To: at.Add(time.Hour)}, Asker: hunts.Asker{User: "sweep"}}
	s, err := runner.Survey(t.Context(), h, list, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, hit := range s.Hits {
		got = append(got, hit.Indicator+" "+hit.Device+" "+hit.Because)
	}
	slices.Sort(got)
	want := []string{
		"2001:db8::66 v6 exact address", "2001:db8::66 v6-url exact address",
		"203.0.113.66 mapped exact address", "203.0.113.66 mapped-in-hex exact address", "203.0.113.66 plain exact address", "203.0.113.66 url exact address",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestASweepOfOneDeviceTellsOfNoOther(t *testing.T) {
	at := testclock.At().Add(-time.Hour)
	var rows [][]any
	for _, x := range [][2]string{{"ws-1", "203.0.113.66"}, {"ws-2", "203.0.113.67"}} {
		rows = append(rows, []any{at, x[0], "ConnectionSuccess", x[1]})
	}
	r := runnerOver(t, localworkspace.Made(map[string]localworkspace.Grid{"DeviceNetworkEvents": {Columns: []string{"TimeGenerated", "DeviceName", "ActionType", "RemoteIP", "RemoteUrl", "LocalIP", "AdditionalFields",
		"InitiatingProcessFileName", "InitiatingProcessSHA1", "InitiatingProcessSHA256", "InitiatingProcessMD5", "InitiatingProcessCommandLine", "InitiatingProcessParentFileName", "InitiatingProcessAccountName", "RemotePort"}, Rows: rows}}))
	list := []indicator.Indicator{{Kind: indicator.KindIP, Value: "203.0.113.66"}, {Kind: indicator.KindIP, Value: "203.0.113.67"}}
	s, err := r.Survey(t.Context(), r.ForSurvey("F-ONE", request.Request{Since: 24 * time.Hour, Devices: []string{"WS-1"}}, hunts.Asker{User: "ana"}), list, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Hits) != 1 || s.Hits[0].Device != "ws-1" || s.Indicators[0].Verdict != hunts.Reached || s.Indicators[1].Verdict == hunts.Reached {
		t.Errorf("hits %+v, lines %+v", s.Hits, s.Indicators)
	}
}
