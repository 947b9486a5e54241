package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
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
	"github.com/footprint-soc/footprint/hunts/localworkspace"
	"github.com/footprint-soc/footprint/hunts/request"
	"github.com/footprint-soc/footprint/hunts/testclock"
)

// This file counts in plain Go what the hunts count in KQL. It shares no code
// with the evaluator or the catalogue: rows are decoded with encoding/json,
// addresses compared with net/netip, names with strings.

type plainRow struct {
	at                      time.Time
	device, process, action string
	addresses, names        []string
	hashes                  []string
	inspected               bool
}

func readPlain(t *testing.T, path string) []plainRow {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(path, ".gz") {
		z, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if _, err := out.ReadFrom(z); err != nil {
			t.Fatal(err)
		}
		data = out.Bytes()
	}
	var rows []plainRow
	for _, line := range bytes.Split(data, []byte("\n")) {
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		var m map[string]any
		if err := json.Unmarshal(line, &m); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, plain1(t, m))
	}
	return rows
}

func plain1(t *testing.T, m map[string]any) plainRow {
	t.Helper()
	text := func(k string) string { s, _ := m[k].(string); return s }
	stamp := text("TimeGenerated")
	if stamp == "" {
		stamp = text("Timestamp")
	}
	at, err := time.Parse(time.RFC3339Nano, stamp)
	if err != nil {
		t.Fatal(err)
	}
	r := plainRow{at: at, device: text("DeviceName"), process: text("InitiatingProcessFileName"), action: text("ActionType")}
	r.inspected = strings.HasSuffix(strings.ToLower(r.action), "inspected")
	for _, h := range []string{"InitiatingProcessSHA1", "InitiatingProcessSHA256", "InitiatingProcessMD5"} {
		r.hashes = append(r.hashes, strings.ToLower(text(h)))
	}
	r.addresses = append(r.addresses, text("RemoteIP"))
	r.names = append(r.names, hostOf(text("RemoteUrl")))
	if r.inspected {
		details, _ := m["AdditionalFields"].(map[string]any)
		if s, ok := m["AdditionalFields"].(string); ok {
			_ = json.Unmarshal([]byte(s), &details)
		}
		for _, k := range []string{"query", "server_name", "host"} {
			if s, _ := details[k].(string); s != "" {
				r.names = append(r.names, hostOf(s))
				break
			}
		}
		if d, _ := details["direction"].(string); strings.EqualFold(d, "In") {
			r.addresses = append(r.addresses, text("LocalIP"))
		}
	}
	return r
}

func hostOf(s string) string {
	if _, after, ok := strings.Cut(s, "://"); ok {
		s = after
	}
	if i := strings.IndexAny(s, "/?#"); i >= 0 {
		s = s[:i]
	}
	if i := strings.LastIndex(s, "@"); i >= 0 {
		s = s[i+1:]
	}
	if strings.HasPrefix(s, "[") {
		s, _, _ = strings.Cut(s[1:], "]")
	} else {
		s, _, _ = strings.Cut(s, ":")
	}
	return strings.TrimRight(strings.ToLower(s), ".")
}

// hit tells whether a row matches an address or a name that was asked for.
func (r plainRow) hit(i indicator.Indicator) bool {
	switch i.Kind {
	case indicator.KindIP, indicator.KindCIDR:
		p, err := netip.ParsePrefix(i.Value)
		if err != nil {
			a := netip.MustParseAddr(i.Value)
			p = netip.PrefixFrom(a, a.BitLen())
		}
		for _, s := range append(append([]string{}, r.addresses...), r.names...) {
			if a, err := netip.ParseAddr(s); err == nil && p.Contains(a.Unmap()) {
				return true
			}
		}
	case indicator.KindSuffix:
		for _, n := range r.names {
			if n != "" && strings.HasSuffix(n, i.Host) {
				return true
			}
		}
	case indicator.KindDomain:
		for _, n := range r.names {
			if n == i.Host && !i.SubOnly || strings.HasSuffix(n, "."+i.Host) {
				return true
			}
		}
	case indicator.KindFile:
		return strings.EqualFold(r.process, i.Value)
	default:
		for _, h := range r.hashes {
			if h == i.Value {
				return true
			}
		}
	}
	return false
}

func (r plainRow) outcome() string {
	switch a := r.action; {
	case strings.Contains(a, "Blocked"):
		return "blocked"
	case a == "DnsConnectionInspected" || a == "DnsQueryResponse":
		return "looked_up"
	case a == "ConnectionFailed" || a == "ConnectionFailedAggregatedReport" || a == "ConnectionAttempt" || a == "ConnectionRequest" || a == "InboundConnectionAttempt":
		return "failed"
	case a == "ListeningConnectionCreated":
		return "other"
	}
	return "reached"
}

// count makes the figures of a request: text, so that a difference is readable.
func count(rows []plainRow, r request.Request, from, to time.Time) string {
	devices, processes, outcomes := map[string]bool{}, map[string]bool{}, map[string]int{}
	events := 0
	type line struct {
		events      int
		devices     map[string]bool
		first, last time.Time
	}
	lines := map[string]*line{}
	all := r.Indicators()
	for _, i := range all {
		lines[i.String()] = &line{devices: map[string]bool{}}
	}
	for _, x := range rows {
		if x.at.Before(from) || !x.at.Before(to) || !onDevice(x.device, r.Devices) {
			continue
		}
		var met []indicator.Indicator
		remote, file := len(r.IPs)+len(r.Domains) == 0, len(r.Files) == 0
		for _, i := range append(append([]indicator.Indicator{}, r.IPs...), r.Domains...) {
			if x.hit(i) {
				remote = true
				met = append(met, i)
			}
		}
		for _, i := range r.Files {
			if x.hit(i) {
				file = true
				met = append(met, i)
			}
		}
		if !remote || !file {
			continue
		}
		device := strings.ToLower(x.device)
		events++
		devices[device] = true
		if x.process != "" {
			processes[strings.ToLower(x.process)] = true
		}
		outcomes[x.outcome()]++
		for _, i := range met {
			l := lines[i.String()]
			l.events++
			l.devices[device] = true
			if l.first.IsZero() || x.at.Before(l.first) {
				l.first = x.at
			}
			if x.at.After(l.last) {
				l.last = x.at
			}
		}
	}
	out := fmt.Sprintf("%d events %d devices %d processes reached %d failed %d blocked %d looked_up %d other %d timeline %d\n", events, len(devices), len(processes), outcomes["reached"], outcomes["failed"], outcomes["blocked"], outcomes["looked_up"], outcomes["other"], events)
	var told []string
	for _, i := range all {
		l := lines[i.String()]
		told = append(told, fmt.Sprintf("%s %d %d %s %s\n", i, l.events, len(l.devices), stampOf(l.first), stampOf(l.last)))
	}
	return out + sorted(told)
}

// sorted leaves the order of the indicators out of the comparison: an answer
// has them in the order of the request's canonical form.
func sorted(lines []string) string {
	slices.Sort(lines)
	return strings.Join(lines, "")
}

func stampOf(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func onDevice(name string, asked []string) bool {
	short, _, _ := strings.Cut(name, ".")
	for _, a := range asked {
		if strings.EqualFold(a, name) || strings.EqualFold(a, short) {
			return true
		}
	}
	return len(asked) == 0
}

// figures are those of an answer, in the same words.
func figures(a hunts.Answer) string {
	bins := int64(0)
	for _, b := range a.Timeline {
		bins += b.Events
	}
	out := fmt.Sprintf("%d events %d devices %d processes reached %d failed %d blocked %d looked_up %d other %d timeline %d\n", a.Totals.Events, a.Totals.Devices, a.Totals.Processes, a.Outcomes.Reached, a.Outcomes.Failed, a.Outcomes.Blocked, a.Outcomes.LookedUp, a.Outcomes.Other, bins)
	var lines []string
	for _, r := range a.ByIndicator {
		first, last := time.Time{}, time.Time{}
		if r.FirstSeen != nil {
			first, last = *r.FirstSeen, *r.LastSeen
		}
		lines = append(lines, fmt.Sprintf("%s %d %d %s %s\n", r.Indicator, r.Events, r.Devices, stampOf(first), stampOf(last)))
	}
	return out + sorted(lines)
}

// requests makes questions that often have an answer: from what the rows hold.
func requests(random *rand.Rand, rows []plainRow) string {
	pick := func() plainRow { return rows[random.IntN(len(rows))] }
	var words []string
	for range 1 + random.IntN(3) {
		x := pick()
		address := x.addresses[random.IntN(len(x.addresses))]
		name := x.names[random.IntN(len(x.names))]
		a, err := netip.ParseAddr(address)
		switch kind := random.IntN(7); {
		case kind < 2 && err == nil && a.Zone() == "":
			words = append(words, "ip="+a.Unmap().String())
		case kind == 2 && err == nil && a.Zone() == "":
			a = a.Unmap()
			bits := 9 + random.IntN(a.BitLen()-9)
			if a.Is6() {
				bits = max(bits, 17)
			}
			words = append(words, fmt.Sprintf("ip=%s", netip.PrefixFrom(a, bits).Masked()))
		case kind < 6 && strings.Count(name, ".") > 0 && !strings.ContainsAny(name, " _"):
			labels := strings.Split(name, ".")
			domain := strings.Join(labels[random.IntN(len(labels)-1):], ".")
			words = append(words, "dns="+[]string{"", "", "*."}[random.IntN(3)]+domain)
		case x.process != "" && !strings.ContainsAny(x.process, " <>,"):
			words = append(words, "file="+x.process)
		}
	}
	if random.IntN(5) == 0 {
		words = append(words, "device="+pick().device)
	}
	return strings.Join(words, " ")
}

func TestAnIndependentCountAgreesWithTheHunts(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("SKIPPED by -short: no hunt is counted independently")
	}
	fleet := t.TempDir()
	events := localworkspace.Fleet(localworkspace.FleetOptions{Seed: 3, Now: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC), Devices: 40, Days: 8})
	if err := localworkspace.Export(events, fleet); err != nil {
		t.Fatal(err)
	}
	// all of it in CI, a part on a developer's machine
	most := 60
	if os.Getenv("FOOTPRINT_TEST_WHOLE") != "" {
		most = 500 // of each of the two
	}
	for _, source := range []struct{ name, dir string }{{"recorded telemetry", lab}, {"the demo fleet", fleet}} {
		t.Run(source.name, func(t *testing.T) {
			if source.dir == lab {
				needLab(t)
			}
			files, err := filepath.Glob(source.dir + "/DeviceNetworkEvents.*")
			if err != nil || len(files) != 1 {
				t.Fatal(files, err)
			}
			rows := readPlain(t, files[0])
			parts, err := assemble(context.Background(), config{origin: map[string]string{}}, assembly{events: source.dir, progress: newLines(), clock: testclock.New().Now, terminal: true})
			if err != nil {
				t.Fatal(err)
			}
			defer parts.close()
			random := rand.New(rand.NewPCG(1, 2))
			asked, found := 0, 0
			for n := 0; asked < most; n++ {
				if n > 40*most {
					t.Fatalf("only %d requests could be made", asked)
				}
				text := requests(random, rows)
				if asked%10 > 0 {
					text += " places=endpoint" // the others are not counted here, and take most of the time
				}
				req, refusal := request.Parse(text+" since=all", testclock.At())
				if refusal != nil {
					continue
				}
				asked++
				h, err := parts.runner.Prepare("F-TEST", req, hunts.Asker{User: "t", Name: "t"})
				if err != nil {
					t.Fatal(err)
				}
				a, err := parts.runner.Run(context.Background(), h, nil)
				if err != nil {
					t.Fatal(err)
				}
				want := count(rows, req, a.Request.From, a.Request.To)
				if got := figures(a); got != want {
					t.Fatalf("%s\nthe hunt says\n%sthe count\n%s", text, got, want)
				}
				if a.Totals.Events > 0 {
					found++
				}
			}
			t.Logf("%d requests agree, %d of them with events", asked, found)
		})
	}
}
