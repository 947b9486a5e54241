package upstream

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts/kql"
)

const rule = `id: 0d4b3f43-6a3f-4a1e-9a57-0b6f4c6f2a11
name: Odd parents
queryPeriod: 14d
colour: red
requiredDataConnectors:
  - connectorId: MicrosoftThreatProtection
    dataTypes:
      - DeviceProcessEvents
entityMappings:
  - entityType: Host
    fieldMappings:
      - identifier: FullName
        columnName: Machine
query: |
  let known = DeviceFileEvents | distinct SHA1;
  DeviceProcessEvents
  | where SHA1 !in (known)
`

func TestAPublishedFileIsReadWithItsSlipsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		text  string
		notes []string // parts of them, in order
		fails string
	}{
		"a rule":                    {rule, []string{`4: unknown field "colour" is not read`}, ""},
		"no id":                     {strings.Replace(rule, "0d4b3f43-", "", 1), []string{`4: unknown`, "1: id is no GUID"}, ""},
		"no name":                   {strings.Replace(rule, "name: Odd parents\n", "", 1), []string{"3: unknown", "0: name is missing"}, ""},
		"a fence":                   {"name: x\nid: 0d4b3f43-6a3f-4a1e-9a57-0b6f4c6f2a11\nquery: \"```kusto\\nT\\n| take 1\\n```\"\n", []string{"3: the query stands in a fence"}, ""},
		"a period that is none":     {strings.Replace(rule, "14d", "a fortnight", 1), []string{`4: unknown`, `3: queryPeriod "a fortnight" is no time`}, ""},
		"a key that is no YAML":     {strings.Replace(rule, "colour: red", "alertDetailsOverride:\n  alertDisplayNameFormat: {{Title}}", 1), []string{"4: alertDetailsOverride is no YAML and is left out"}, ""},
		"two files in one":          {rule + "id: x\n" + "broken: {{a}}\n", []string{`4: unknown`, "18: id stands there twice: the first one counts", "19: broken is no YAML"}, ""},
		"a query that is no YAML":   {strings.Replace(rule, "query: |", "query: {{a}} |", 1), nil, "*"},
		"no YAML in a file of ours": {"query: |\n  T\nfootprint:\n  table: T\nx: {{a}}\n", nil, "*"},
		"no query":                  {"name: x\nid: y\n", nil, "query is missing"},
		"a list":                    {"- a\n", nil, "*"},
		"no YAML":                   {"id: [", nil, "*"},
		"more than anybody writes":  {"name: " + strings.Repeat("x", 2<<20), nil, "*"},
	} {
		f, err := Parse("odd.yaml", []byte(c.text))
		if (err != nil) != (c.fails != "") || err != nil && c.fails != "*" && err.Error() != c.fails {
			t.Errorf("%s: error %v, want %q", name, err, c.fails)
			continue
		}
		if err != nil {
			continue
		}
		for i, n := range f.Notes {
			got := strings.TrimSpace(time.Duration(n.Line).String())
			got = strings.TrimSuffix(got, "ns") + ": " + n.Text
			got = strings.Replace(got, "0s:", "0:", 1)
			if i >= len(c.notes) || !strings.HasPrefix(got, c.notes[i]) {
				t.Errorf("%s: note %q, want %q", name, got, c.notes)
			}
		}
		if len(f.Notes) != len(c.notes) {
			t.Errorf("%s: %d notes, want %d", name, len(f.Notes), len(c.notes))
		}
	}
}

func TestABareQueryIsAHuntWithTheNameOfItsFile(t *testing.T) {
	f, err := Parse("Rare Things (2).KQL", []byte("\ufeff// finds rare things\n// and says so\n\nDeviceEvents | take 1\n"))
	if err != nil || f.Title != "Rare Things (2)" || f.Description != "finds rare things and says so" || Name("a/Rare Things (2).KQL") != "rare-things-2" {
		t.Errorf("%+v %v, named %s", f, err, Name("a/Rare Things (2).KQL"))
	}
	if _, err := Parse("x.kql", []byte(" \n")); err == nil {
		t.Error("an empty file is a hunt")
	}
}

func TestTheTableIsWhatTheConnectorNamesAndTheQueryReads(t *testing.T) {
	f, err := Parse("odd.yaml", []byte(rule))
	if err != nil {
		t.Fatal(err)
	}
	q, err := kql.Parse(f.Query)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(f.Tables(q.References()), " "); got != "DeviceProcessEvents DeviceFileEvents" {
		t.Errorf("tables %s", got)
	}
	f.Connectors = nil
	if got := strings.Join(f.Tables(q.References()), " "); got != "DeviceFileEvents DeviceProcessEvents" {
		t.Errorf("without a connector: %s", got)
	}
	f.Query = "find in (DeviceEvents, SigninLogs) where DeviceName == 'a' // not DeviceInfo"
	if got := strings.Join(f.Tables(kql.References{}), " "); got != "DeviceEvents SigninLogs" {
		t.Errorf("of a query that is not understood: %s", got)
	}
	if got := f.Candidates(Device, "DeviceProcessEvents"); got[0] != "Machine" || got[1] != "DeviceName" {
		t.Errorf("devices stand in %v", got)
	}
	if got := f.Candidates(Process, "DeviceProcessEvents"); got[0] != "FileName" {
		t.Errorf("processes stand in %v", got)
	}
}

func TestWhatAQueryDoesWithTimeIsReadFromItsText(t *testing.T) {
	const d = 24 * time.Hour
	for text, want := range map[string]Clock{
		"T | where TimeGenerated > ago(14d)":                                                       {Reads: "ago()", Line: 1, Back: 14 * d},
		"T\n| where Timestamp between (ago(30d) .. ago(1d))":                                       {Reads: "ago()", Line: 2, Back: 30 * d, Odd: 2},
		"let back = 10d;\nT | where Timestamp > ago(back)":                                         {Reads: "ago()", Line: 2, Back: 10 * d},
		"T | where Timestamp > now() - 6h":                                                         {Reads: "now()", Line: 1, Back: 6 * time.Hour},
		"T | where Timestamp > now(-2h)":                                                           {Reads: "now()", Line: 1, Back: 2 * time.Hour},
		"T | where Timestamp > startofday(ago(7d))":                                                {Reads: "ago()", Line: 1, Back: 8 * d},
		"let back = toscalar(T | count); T | where Timestamp > ago(back * 1d)":                     {Reads: "ago()", Line: 1, Odd: 1},
		"T | where Timestamp between (ago(2d) .. now())":                                           {Reads: "ago()", Line: 1, Back: 2 * d},
		"let old = T | where Timestamp > ago(14d);\nT | where Timestamp > ago(1d) | join old on a": {Reads: "ago()", Line: 1, Back: d, Before: 13 * d},
		"let start = ago(3d);\nT | where Timestamp >= start and Timestamp <= now()":                {Reads: "ago()", Line: 1, Back: 3 * d},
		"let start = ago(3d); T | where Timestamp < start":                                         {Reads: "ago()", Line: 1, Back: 3 * d, Odd: 1},
		"T | where Timestamp < ago(7d)":                                                            {Reads: "ago()", Line: 1, Back: 7 * d, Odd: 1},
		"T | where Timestamp > startofmonth(ago(7d))":                                              {Reads: "ago()", Line: 1, Odd: 1},
		"T | where Timestamp between (datetime_add('month', -1, now()) .. ago(1d))":                {Reads: "ago()", Line: 1, Odd: 1},
		"T | where Timestamp > startofday(now())":                                                  {Reads: "now()", Line: 1, Odd: 1},
		"T | extend Age = now() - Timestamp\n| where Age < 1d":                                     {Reads: "now()", Line: 1, Odd: 1},
		"T | where ingestion_time() > ago(1h)":                                                     {Reads: "ago()", Line: 1, Back: time.Hour, Odd: 1},
		"let n = 7d; T | where Timestamp > ago(2 * n)":                                             {Reads: "ago()", Line: 1, Odd: 1},
		"let start = datetime(2026-11-01);\nT | where Timestamp > start":                           {Fixed: 1},
		"T | where Timestamp > make_datetime(2026, 11, 1)":                                         {Fixed: 1},
		"T | where Timestamp > '2026-11-01'":                                                       {Fixed: 1},
		"let data = datatable(t:datetime)[datetime(2026-11-01)]; T | where a in (data)":            {},
		"T | where TimeGenerated > window_from - 14d":                                              {Before: 14 * d},
		"let starttime = todatetime('{{StartTimeISO}}'); T | where Timestamp > starttime - 7d":     {Before: 7 * d},
		"T | where TimeGenerated > datetime(2023-01-01)":                                           {Fixed: 1},
		"T\n| where TimeGenerated > todatetime('2023-01-01')":                                      {Fixed: 2},
		"T | where Note == 'ago(3d)' // ago(4d)":                                                   {},
		"T | where TimeGenerated >= window_from and TimeGenerated < window_to | extend A = 1d/2":   {},
	} {
		q, err := kql.Parse(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if got := ClockOf(text, q.References()); got != want {
			t.Errorf("%s: %+v, want %+v", text, got, want)
		}
	}
}

func TestALimitBeforeTheLastStepLeavesRowsOut(t *testing.T) {
	for text, want := range map[string]string{
		"T | where a == 1 | take 10":                            "",
		"T | where a == 1 | top 10 by b | project a, b":         "",
		"T | take 5 | where a == 1":                             "take",
		"T | top 5 by b | where a == 1":                         "top",
		"T | where a == 1 | join (U | limit 5) on a":            "limit",
		"T | where a in ((U | sample 3 | project a))":           "sample",
		"let x = T | take 10;\nU | join kind=leftanti x on a":   "take",
		"T | where a == '| take 5 | where' // | take 5 | where": "",
		"T | extend top = 1 | where top == 2":                   "",
		"externaldata(a:string)['x'] | take 5 | where a == 1":   "take",
	} {
		if got, line := Limit(text); got != want || (line > 0) != (want != "") {
			t.Errorf("%s: %q at line %d, want %q", text, got, line, want)
		}
	}
	for text, want := range map[string]string{
		"union workspace('x').T, T": "workspace", "T | join cluster('a').database('b').U on c": "cluster", "T | where a has 'workspace(1)'": "", "arg('').resources | take 1": "arg",
	} {
		if got, _ := Elsewhere(text); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func TestARowIsKnownAgainByWhatItIsAbout(t *testing.T) {
	for name, c := range map[string]struct {
		columns string // name:type
		want    string
	}{
		"counts and times change":        {"RemoteUrl:string Events:long LastSeen:datetime", "RemoteUrl"},
		"all texts of few columns":       {"Domain:string Verdict:string Devices:long", "Domain Verdict"},
		"not the id of a report":         {"DeviceName:string ReportId:string N:long", "DeviceName"},
		"of many columns what they name": {"TimeGenerated:datetime DeviceName:string FileName:string SHA1:string ReportId:long A:string B:string C:string D:string E:string", "DeviceName FileName SHA1"},
		"lists change":                   {"set_DeviceName:dynamic Rule:string", "Rule"},
	} {
		var columns []Column
		roles := map[Role]string{}
		for _, x := range strings.Fields(c.columns) {
			n, typ, _ := strings.Cut(x, ":")
			columns = append(columns, Column{n, typ})
			switch n {
			case "DeviceName":
				roles[Device] = n
			case "RemoteUrl":
				roles[RemoteHost] = n
			}
		}
		if got := strings.Join(Key(columns, roles), " "); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestPeriodsAreReadInBothSpellings(t *testing.T) {
	for text, want := range map[string]time.Duration{"14d": 14 * 24 * time.Hour, "5h": 5 * time.Hour, "P1D": 24 * time.Hour, "PT6H": 6 * time.Hour, "P1DT12H": 36 * time.Hour, "PT30M": 30 * time.Minute, "soon": 0, "": 0, "14": 0} {
		if got := duration(text); got != want {
			t.Errorf("%q is %v, want %v", text, got, want)
		}
	}
}

func FuzzAPublishedFileIsReadOrRefused(f *testing.F) {
	f.Add("a.yaml", rule)
	f.Add("b.kql", "// x\nT | where a == 'b' // c")
	f.Fuzz(func(t *testing.T, name, text string) {
		file, err := Parse(name, []byte(text))
		var at *At
		if errors.As(err, &at) && at.Line < 0 {
			t.Errorf("line %d", at.Line)
		}
		if code := Code(file.Query); strings.Count(code, "\n") != strings.Count(file.Query, "\n") {
			t.Errorf("a line is lost of %q: %q", file.Query, code)
		}
		ClockOf(file.Query, kql.References{})
		Name(name)
	})
}
