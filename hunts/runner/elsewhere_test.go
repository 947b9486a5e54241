package runner

import (
	"encoding/json"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/kql"
	"github.com/footprint-soc/footprint/hunts/request"
)

// inPlace is what the text of a place finds in a table.
func inPlace(t *testing.T, name, request string, events kql.Database) placeResult {
	t.Helper()
	catalog, _, err := LoadCatalog(nil)
	if err != nil {
		t.Fatal(err)
	}
	d, ok := catalog.Get(name)
	if !ok {
		t.Fatal("no place " + name)
	}
	part, ok := d.partOf(asked(t, request))
	if !ok {
		t.Fatalf("%s is not asked for %s", name, request)
	}
	from := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	q, err := kql.Parse(d.kql(d.params(part, from, from.Add(7*day), day).packed(), "test", nil, d.observed(nil)+catalog.place))
	if err != nil {
		t.Fatal(err)
	}
	res, err := q.Run(t.Context(), events, kql.Options{Now: from.Add(8 * day)})
	if err != nil {
		t.Fatal(err)
	}
	rows := make([][]any, res.Len())
	for i := range rows {
		rows[i] = []any{res.Value(i, 0).AsString(), res.Value(i, 1).Text()}
	}
	x := placeResult{def: d, asked: part}
	if err := x.read(rows); err != nil {
		t.Fatal(err)
	}
	return x
}

func TestAPlaceFindsWhatShowsThereAndNothingElse(t *testing.T) {
	sha256, sha1 := strings.Repeat("ab", 32), strings.Repeat("cd", 20)
	lookup := func(fields string, more row) row {
		r := row{"ActionType": "DnsQueryResponse", "RemoteUrl": "", "AdditionalFields": fields}
		for k, v := range more {
			r[k] = v
		}
		return r
	}
	for name, c := range map[string]struct {
		place, table string
		row          row
		request      string
		events       int64
	}{
		"a name that was looked up":            {"place-dns-lookups", "DeviceEvents", lookup(`{"DnsQueryString":"A.evil.example"}`, nil), "dns=evil.example", 1},
		"another name":                         {"place-dns-lookups", "DeviceEvents", lookup(`{"DnsQueryString":"notevil.example"}`, nil), "dns=evil.example", 0},
		"a name in RemoteUrl":                  {"place-dns-lookups", "DeviceEvents", lookup(`{}`, row{"RemoteUrl": "evil.example"}), "dns=evil.example", 1},
		"a Unicode name that was looked up":    {"place-dns-lookups", "DeviceEvents", lookup(`{"DnsQueryString":"münchen.example"}`, nil), "dns=xn--mnchen-3ya.example", 1},
		"a name in fields that were cut":       {"place-dns-lookups", "DeviceEvents", lookup(`{"DnsQueryString":"evil.example","x`, nil), "dns=evil.example", 1},
		"another action":                       {"place-dns-lookups", "DeviceEvents", lookup(`{"DnsQueryString":"evil.example"}`, row{"ActionType": "PowerShellCommand"}), "dns=evil.example", 0},
		"a name through another file":          {"place-dns-lookups", "DeviceEvents", lookup(`{"DnsQueryString":"evil.example"}`, nil), "dns=evil.example file=curl.exe", 0},
		"a name through that file":             {"place-dns-lookups", "DeviceEvents", lookup(`{"DnsQueryString":"evil.example"}`, nil), "dns=evil.example file=msedge.exe", 1},
		"a name on another device":             {"place-dns-lookups", "DeviceEvents", lookup(`{"DnsQueryString":"evil.example"}`, nil), "dns=evil.example device=ws-2", 0},
		"a file that was written":              {"place-files-written", "DeviceFileEvents", row{"ActionType": "FileCreated", "FileName": "Sync.dll"}, "file=sync.dll", 1},
		"a file that was written, by its hash": {"place-files-written", "DeviceFileEvents", row{"ActionType": "FileCreated", "FileName": "x", "SHA1": strings.ToUpper(sha1)}, "file=" + sha1, 1},
		"a file that was deleted":              {"place-files-written", "DeviceFileEvents", row{"ActionType": "FileDeleted", "FileName": "sync.dll"}, "file=sync.dll", 0},
		"a program that was started":           {"place-files-executed", "DeviceProcessEvents", row{"ActionType": "ProcessCreated", "FileName": "curl.exe"}, "file=curl", 1},
		"a program that started another":       {"place-files-executed", "DeviceProcessEvents", row{"ActionType": "ProcessCreated", "FileName": "cmd.exe", "InitiatingProcessFileName": "curl.exe"}, "file=curl.exe", 0},
		"a library that was loaded":            {"place-files-loaded", "DeviceImageLoadEvents", row{"ActionType": "ImageLoaded", "FileName": "a.dll", "SHA256": sha256}, "file=" + sha256, 1},
		"an attachment":                        {"place-mail-attachments", "EmailAttachmentInfo", row{"FileName": "invoice.iso", "RecipientEmailAddress": "ana@corp.example"}, "file=invoice.iso", 1},
	} {
		full := row{"FileName": "", "SHA256": "00"}
		if strings.HasPrefix(c.table, "Device") {
			full["SHA1"], full["MD5"] = "00", "00"
		}
		for k, v := range c.row {
			full[k] = v
		}
		other := row{}
		for k, v := range full {
			other[k] = v
		}
		other["FileName"], other["SHA1"], other["SHA256"], other["AdditionalFields"], other["RemoteUrl"] = "other.txt", full["MD5"], "00", "{}", "good.example"
		x := inPlace(t, c.place, c.request, tableOf(t, c.table, full, other))
		if x.total.Events != c.events || int64(len(x.steps)) != c.events || int64(len(x.found())) < c.events {
			t.Errorf("%s: %d events, %d steps, %d indicators; want %d", name, x.total.Events, len(x.steps), len(x.found()), c.events)
		}
	}
}

func TestAPlaceIsAskedOnlyForWhatItCanAnswer(t *testing.T) {
	catalog, _, err := LoadCatalog(nil)
	if err != nil {
		t.Fatal(err)
	}
	for request, want := range map[string]string{
		"ip=203.0.113.66":                           "place-browser place-firewall place-mail-links place-mail-senders place-sign-ins place-url-clicks place-web-proxy",
		"dns=evil.example":                          "place-browser place-dns-lookups place-dns-servers place-firewall place-mail-links place-mail-senders place-url-clicks place-web-proxy",
		"ip=203.0.113.66 dns=*.evil.example":        "place-browser place-dns-lookups place-dns-servers place-firewall place-mail-links place-mail-senders place-sign-ins place-url-clicks place-web-proxy",
		"dns=evil.example device=ws-1":              "place-browser place-dns-lookups place-dns-servers place-firewall place-url-clicks place-web-proxy",
		"dns=evil.example file=a.exe":               "place-browser place-dns-lookups",
		"ip=203.0.113.66 file=a.exe":                "place-browser",
		"file=a.exe":                                "place-files-executed place-files-loaded place-files-written place-mail-attachments",
		"file=a.exe device=ws-1":                    "place-files-executed place-files-loaded place-files-written",
		"file=" + strings.Repeat("ab", 32) + ",a.b": "place-files-executed place-files-loaded place-files-written place-mail-attachments",
	} {
		var got []string
		for _, d := range catalog.Places() {
			if _, ok := d.partOf(asked(t, request)); ok {
				got = append(got, d.Name)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s asks %q, want %q", request, got, want)
		}
	}
	for _, name := range catalog.Names() {
		if strings.HasPrefix(name, "place-") {
			t.Errorf("%s is offered as a hunt", name)
		}
	}
}

// said is a place that was asked for the request, as its reader left it.
func said(t *testing.T, catalog *Catalog, name string, req request.Request, found string, change func(*placeResult)) placeResult {
	t.Helper()
	d, _ := catalog.Get(name)
	x := placeResult{def: d, asked: req, place: hunts.Place{Place: d.Footprint.Place.Name, Table: d.Footprint.Table, Searched: true}}
	if found != "" {
		at := kqlTime{time.Date(2026, 11, 22, 22, 43, 0, 0, time.UTC)}
		x.total = placeTotal{Events: 3, Devices: 1}
		x.lines = []placeLine{{Indicator: found, Events: 3, Devices: 1}}
		x.steps = []placeStep{{Indicator: found, Device: "WS-FIN-014", Process: "powershell.exe", First: at}}
	}
	if change != nil {
		change(&x)
	}
	return x
}

func TestAPlaceRaisesAVerdictOrSpoilsCleanAndNeverMakesIt(t *testing.T) {
	catalog, _, err := LoadCatalog(nil)
	if err != nil {
		t.Fatal(err)
	}
	const lookups, written, loaded, mail = "place-dns-lookups", "place-files-written", "place-files-loaded", "place-mail-attachments"
	absent := func(x *placeResult) { x.place.Searched = false; x.absent("no such data here") }
	failed := func(x *placeResult) { x.place.Searched = false; x.fail("the workspace refuses it") }
	for name, c := range map[string]struct {
		request string
		have    hunts.Verdict
		place   string
		found   string
		change  func(*placeResult)
		want    hunts.Verdict
		reason  string
	}{
		"a look-up of a clean name":                {"dns=evil.example", hunts.Clean, lookups, "evil.example", nil, hunts.Tried, "looked up on WS-FIN-014 by powershell.exe, Nov 22 22:43 UTC"},
		"a look-up of a name in doubt":             {"dns=evil.example", hunts.CouldNotTell, lookups, "evil.example", nil, hunts.Tried, "more may have happened unseen: stale"},
		"a look-up of a name that was reached":     {"dns=evil.example", hunts.Reached, lookups, "evil.example", nil, hunts.Reached, "as it was"},
		"no look-up":                               {"dns=evil.example", hunts.Clean, lookups, "", nil, hunts.Clean, "as it was"},
		"no table of look-ups":                     {"dns=evil.example", hunts.Clean, lookups, "", absent, hunts.Clean, "as it was"},
		"look-ups that could not be read":          {"dns=evil.example", hunts.Clean, lookups, "", failed, hunts.CouldNotTell, "DNS lookups (DeviceEvents) not searched in full: the workspace refuses it"},
		"a written file":                           {"file=sync.dll", hunts.Clean, written, "sync.dll", nil, hunts.Seen, "written on WS-FIN-014 by powershell.exe"},
		"a written file in doubt":                  {"file=sync.dll", hunts.CouldNotTell, written, "sync.dll", nil, hunts.Seen, "written on WS-FIN-014"},
		"a written file that tried":                {"file=sync.dll", hunts.Tried, written, "sync.dll", nil, hunts.Seen, "written on"},
		"no table of what was loaded":              {"file=sync.dll", hunts.Clean, loaded, "", absent, hunts.CouldNotTell, "libraries loaded (DeviceImageLoadEvents) not searched: no such data here"},
		"no table of what was loaded, and a doubt": {"file=sync.dll", hunts.CouldNotTell, loaded, "", absent, hunts.CouldNotTell, "as it was; libraries loaded"},
		"no mail": {"file=sync.dll", hunts.Clean, mail, "", absent, hunts.Clean, "as it was"},
		"what tried, and a table that is missing": {"file=sync.dll", hunts.Tried, loaded, "", absent, hunts.Tried, "as it was"},
	} {
		req := asked(t, c.request)
		i := req.Indicators()[0]
		a := hunts.Answer{Verdict: c.have, Reason: "as it was", ByIndicator: []hunts.IndicatorResult{{Indicator: i.String(), Type: string(i.Kind), Verdict: c.have}},
			Coverage: hunts.Coverage{Complete: c.have != hunts.CouldNotTell, Slices: []hunts.Slice{{State: hunts.SliceDone}}}}
		if c.have == hunts.CouldNotTell {
			a.Coverage.Problems = []string{"stale"}
		}
		addPlaces(&a, []placeResult{said(t, catalog, c.place, req, c.found, c.change)})
		if a.Verdict != c.want || a.ByIndicator[0].Verdict != c.want || !strings.Contains(a.Reason, c.reason) {
			t.Errorf("%s: %s, its line %s: %q; want %s: %q", name, a.Verdict, a.ByIndicator[0].Verdict, a.Reason, c.want, c.reason)
		}
		if len(a.Places) != 1 || a.Places[0].Table == "" {
			t.Errorf("%s: the places are %v", name, a.Places)
		}
	}
}

func TestAPartThatWasNotSearchedIsNotATry(t *testing.T) {
	catalog, _, err := LoadCatalog(nil)
	if err != nil {
		t.Fatal(err)
	}
	req := asked(t, "dns=evil.example")
	a := hunts.Answer{Verdict: hunts.CouldNotTell, Reason: "cancelled", ByIndicator: []hunts.IndicatorResult{{Indicator: "evil.example", Type: "domain", Verdict: hunts.CouldNotTell}},
		Coverage: hunts.Coverage{Slices: []hunts.Slice{{State: hunts.SliceSkipped}}}}
	addPlaces(&a, []placeResult{said(t, catalog, "place-dns-lookups", req, "evil.example", nil)})
	if a.Verdict != hunts.CouldNotTell || a.ByIndicator[0].Verdict != hunts.CouldNotTell {
		t.Errorf("%s, its line %s", a.Verdict, a.ByIndicator[0].Verdict)
	}
}

func TestAPlaceIsAFileAndNoGo(t *testing.T) {
	text, err := fs.ReadFile(hunts.Shipped, "catalog/place-dns-lookups.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if _, problem := ParseDefinition("place-more.yaml", text); problem != nil {
		t.Error(problem)
	}
	_, problem := ParseDefinition("place-more.yaml", []byte(strings.Replace(string(text), "verdict: TRIED", "verdict: CLEAN", 1)))
	if problem == nil || !strings.Contains(problem.Reason, "SEEN or TRIED") {
		t.Errorf("a place that makes CLEAN: %v", problem)
	}
	var x placeResult
	if err := x.read([][]any{{"total", "{"}}); err == nil {
		t.Error("a cut total was read")
	}
	var syntax *json.SyntaxError
	if err := x.read(nil); err == nil || errors.As(err, &syntax) {
		t.Errorf("an answer without a total: %v", err)
	}
}

func TestAHuntForAFileIsCleanOnlyWhereEveryPlaceWasSearched(t *testing.T) {
	tables := func(change func(rows [][3]any) [][3]any) func(*scriptedSource) {
		return func(s *scriptedSource) {
			var rows [][3]any
			if err := json.Unmarshal([]byte(freshTables()), &rows); err != nil {
				t.Fatal(err)
			}
			text, _ := json.Marshal(change(rows))
			s.coverage = covered(func(r hunts.Result) hunts.Result { return set(r, "Tables", string(text)) })
		}
	}
	without := func(name string) func(*scriptedSource) {
		return tables(func(rows [][3]any) [][3]any {
			return slices.DeleteFunc(rows, func(row [3]any) bool { return row[0] == name })
		})
	}
	says := func(res hunts.Result, err error) func(*scriptedSource) {
		return func(s *scriptedSource) { s.place = func() (hunts.Result, error) { return res, err } }
	}
	half := emptyPlace()
	half.Partial = "cut"
	for name, c := range map[string]struct {
		change func(*scriptedSource)
		want   hunts.Verdict
		say    string
	}{
		"all of them":    {func(*scriptedSource) {}, hunts.Clean, "no sensor reported an event with it"},
		"a place fewer":  {without("DeviceFileEvents"), hunts.CouldNotTell, "files written (DeviceFileEvents) not searched: no such data here"},
		"no mail":        {without("EmailAttachmentInfo"), hunts.Clean, "no sensor reported an event with it"},
		"no column":      {says(hunts.Result{}, &hunts.Error{Kind: hunts.KindNoTable, Say: "no SHA256"}), hunts.CouldNotTell, "files written (DeviceFileEvents) not searched in full: no SHA256"},
		"a refusal":      {says(hunts.Result{}, &hunts.Error{Kind: hunts.KindNoRole, Say: "no role"}), hunts.CouldNotTell, "files written and mail attachments not searched in full: no role"},
		"half an answer": {says(half, nil), hunts.CouldNotTell, "not searched in full: cut"},
		"old events": {tables(func(rows [][3]any) [][3]any {
			for n := range rows {
				if rows[n][0] == "DeviceImageLoadEvents" && rows[n][1] == "fresh" {
					rows[n][2] = 0
				}
			}
			return rows
		}), hunts.CouldNotTell, "the newest event of DeviceImageLoadEvents is more than 24 h older than the end of the look-back"},
		"nothing but old tables": {tables(func(rows [][3]any) [][3]any { return [][3]any{} }), hunts.CouldNotTell, "processes started (DeviceProcessEvents) not searched: no such data here"},
		"nonsense":               {says(hunts.Result{}, nil), hunts.CouldNotTell, "couldn't be read"},
	} {
		s := healthy(7 * day)
		c.change(s)
		a := runScripted(t, s, nil, "file=sync.dll")
		if a.Verdict != c.want || !strings.Contains(a.Reason, c.say) || a.ByIndicator[0].Verdict != c.want {
			t.Errorf("%s: %s, %s: %q; want %s: %q", name, a.Verdict, a.ByIndicator[0].Verdict, a.Reason, c.want, c.say)
		}
	}
}
