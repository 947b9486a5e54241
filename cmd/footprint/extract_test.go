package main

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/footprint-soc/footprint/hunts/testclock"
)

func runExtract(t *testing.T, text string, env []string, args ...string) []map[string]any {
	t.Helper()
	var out, errs bytes.Buffer
	p := process{stdin: strings.NewReader(text), stdout: &out, stderr: &errs, env: env, clock: testclock.New().Now}
	if code := p.run(t.Context(), append([]string{"extract", "--format", "json"}, args...)); code != exitAnswered {
		t.Fatalf("exit %d: %s", code, errs.String())
	}
	var list []map[string]any
	if err := json.Unmarshal(out.Bytes(), &list); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	return list
}

func TestExtractListsEachIndicatorOnceWithItsPlace(t *testing.T) {
	list := runExtract(t, "see evil[.]com\r\nand evil.com, mail.contoso.com, v1.2.3.4\n", []string{"FOOTPRINT_OWN_DOMAINS=contoso.com"})
	want := []map[string]any{
		{"indicator": "evil.com", "type": "domain", "defanged": "evil[.]com", "doubtful": false, "count": 2.0, "text": "evil[.]com", "line": 1.0, "start": 4.0, "end": 14.0},
		{"indicator": "mail.contoso.com", "type": "domain", "defanged": "mail[.]contoso[.]com", "doubtful": false, "held": "own domain", "count": 1.0, "text": "mail.contoso.com", "line": 2.0, "start": 30.0, "end": 46.0},
		{"indicator": "1.2.3.4", "type": "ip", "defanged": "1.2.3[.]4", "doubtful": true, "why": `could be a version number: "v1.2.3.4"`, "count": 1.0, "text": "1.2.3.4", "line": 2.0, "start": 49.0, "end": 56.0},
	}
	if got, want := asJSON(t, list), asJSON(t, want); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if list := runExtract(t, "nothing in here", nil); list == nil || len(list) != 0 {
		t.Errorf("%v, want an empty list and not null", list)
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestAPlainPlaceEndsTheDoubt(t *testing.T) {
	list := runExtract(t, "v1.2.3.4 talks to 1.2.3[.]4 and v1.2.3.4", nil)
	if len(list) != 1 || list[0]["doubtful"] != false || list[0]["count"] != 3.0 || list[0]["text"] != "1.2.3[.]4" {
		t.Errorf("%v", list)
	}
}

func TestExtractFindsFilesAndMailDomainsWhenTold(t *testing.T) {
	const text = "bob@evil.com sent invoice.exe"
	if list := runExtract(t, text, nil); len(list) != 0 {
		t.Errorf("unasked: %v", list)
	}
	if list := runExtract(t, text, nil, "--files", "--emails"); len(list) != 2 || list[0]["indicator"] != "evil.com" || list[1]["type"] != "file" {
		t.Errorf("asked for: %v", list)
	}
}

func TestTheDocumentNamesEveryKeyOfExtract(t *testing.T) {
	doc, err := os.ReadFile("../../docs/EXTRACTION.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"hxxp://evil[.]com/a", "v1.2.3.4", "10.0.0.1"} {
		for key := range runExtract(t, text, nil)[0] {
			if !strings.Contains(string(doc), "`"+key+"`") {
				t.Errorf("docs/EXTRACTION.md does not tell what %s is", key)
			}
		}
	}
}
