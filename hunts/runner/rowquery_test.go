package runner

import (
	"strings"
	"testing"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/kql"
	"github.com/footprint-soc/footprint/hunts/localworkspace"
)

func TestTheShortQueryShowsTheRowsThatTheHuntCounts(t *testing.T) {
	events := localworkspace.Fleet(localworkspace.FleetOptions{Seed: 5, Now: cleanNow, Devices: 60, Days: 3})
	catalog, _, err := LoadCatalog(nil)
	if err != nil {
		t.Fatal(err)
	}
	d, _ := catalog.Get(hunts.DefaultHunt)
	met := 0
	for _, request := range []string{
		"ip=203.0.113.66", "dns=cdn-sync.example", "ip=203.0.113.66 dns=cdn-sync.example", "ip=203.0.113.0/24", "dns=*.cdn-sync.example", "dns=*sync.example", "file=powershell.exe",
		"ip=203.0.113.66 dns=cdn-sync.example file=powershell.exe", "dns=http://203.0.113.66/x", "ip=198.51.100.24", "dns=wiki.example", "ip=203.0.113.66 device=ws-fin-014",
	} {
		h := hunts.Hunt{Name: hunts.DefaultHunt, Request: asked(t, request), Window: hunts.Window{From: cleanNow.Add(-3 * day), To: cleanNow}}
		run := func(text string) *kql.Table {
			q, err := kql.Parse(text)
			if err != nil {
				t.Fatalf("%s: %v\n%s", request, err, text)
			}
			res, err := q.Run(t.Context(), events, kql.Options{Now: cleanNow})
			if err != nil {
				t.Fatalf("%s: %v\n%s", request, err, text)
			}
			return res
		}
		res := run(d.kql(newParams(h.Request, h.Window.From, h.Window.To, day), "test", nil, catalog.summary))
		rows := make([][]any, res.Len())
		for i := range rows {
			rows[i] = []any{res.Value(i, 0).AsString(), res.Value(i, 1).Text()}
		}
		want, err := readPart(rows)
		if err != nil {
			t.Fatal(err)
		}
		short := run(RowQuery(h))
		devices := map[string]bool{}
		for i := range short.Len() {
			devices[strings.ToLower(short.Value(i, 1).AsString())] = true
		}
		if int64(short.Len()) != want.total.Events || int64(len(devices)) != want.total.Devices {
			t.Errorf("%s: %d rows of %d devices, the hunt counts %d of %d\n%s", request, short.Len(), len(devices), want.total.Events, want.total.Devices, RowQuery(h))
		}
		if want.total.Events > 0 {
			met++
		}
	}
	if met < 6 {
		t.Errorf("only %d requests met anything", met)
	}
	if text := RowQuery(hunts.Hunt{Name: "file-footprint", Request: asked(t, "file=a.exe")}); text != "" {
		t.Errorf("another hunt has %q", text)
	}
}

func TestEveryHuntGivesAPersonItsRowsSorted(t *testing.T) {
	events := localworkspace.Fleet(localworkspace.FleetOptions{Seed: 5, Now: cleanNow, Devices: 60, Days: 3})
	catalog, _, err := LoadCatalog(nil)
	if err != nil {
		t.Fatal(err)
	}
	rows := func(text string) int {
		q, err := kql.Parse(text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		res, err := q.Run(t.Context(), events, kql.Options{Now: cleanNow})
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		return res.Len()
	}
	for name, c := range map[string]struct {
		request string
		most    int
	}{
		hunts.DefaultHunt:  {"ip=203.0.113.66", 1500},
		"rare-domains":     {"hunt=rare-domains", 1500},
		"first-contact":    {"hunt=first-contact", 1500},
		"file-footprint":   {"file=powershell.exe", 2500},
		"device-footprint": {"device=ws-fin-014", 2600},
		"download-origin":  {"dns=wiki.example", 9000},
		"events-footprint": {"dns=cdn-sync.example", 10500},
	} {
		d, _ := catalog.Get(name)
		h := hunts.Hunt{Name: name, Request: asked(t, c.request), Window: hunts.Window{From: cleanNow.Add(-2 * day), To: cleanNow}}
		text := d.PersonText(h, h.Window)
		whole := d.bodyAlone(newParams(h.Request, h.Window.From, h.Window.To, day))
		if got, want := rows(text), rows(whole); got != want || got == 0 {
			t.Errorf("%s: a person sees %d rows, the hunt has %d\n%s", name, got, want, text)
		}
		if steps := strings.Split(strings.TrimSpace(text), "\n"); len(text) > c.most || !strings.HasPrefix(steps[len(steps)-1], "| sort by ") {
			t.Errorf("%s: %d bytes that end in %q", name, len(text), steps[len(steps)-1])
		}
	}
}

// bodyAlone is the query of a hunt with its whole library.
func (d Definition) bodyAlone(p params) string {
	lets, library, body := d.bodyOf(p)
	return kql.Prologue("test", lets) + library + body
}
