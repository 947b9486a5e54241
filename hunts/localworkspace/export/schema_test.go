package export

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/footprint-soc/footprint/hunts/kql"
)

func TestTheSchemaReadsAndNamesEachColumnOnce(t *testing.T) {
	tables, err := parseSchema(schemaText)
	if err != nil {
		t.Fatal(err)
	}
	if len(tables) < 16 {
		t.Errorf("%d tables", len(tables))
	}
	for name, cols := range tables {
		seen := map[string]bool{}
		for _, c := range cols {
			if seen[c.Name] || !isTableName(c.Name) {
				t.Errorf("%s: column %q is there twice or misspelt", name, c.Name)
			}
			seen[c.Name] = true
		}
		if !seen[TimeColumn] || seen["Timestamp"] {
			t.Errorf("%s: TimeGenerated must be there, and Timestamp must not", name)
		}
	}
}

func TestTheSchemaIsTheDocumentedOne(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "..", "shared", "schema")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("SKIPPED: ../shared not present: the schema is not compared with the vendor's")
	}
	compared := len(knownTables())
	for name, cols := range knownTables() {
		data, err := os.ReadFile(filepath.Join(dir, name+".json"))
		if errors.Is(err, fs.ErrNotExist) {
			compared--
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var documented []struct {
			Name  string
			Type  string
			Avoid bool
		}
		if err := json.Unmarshal(data, &documented); err != nil {
			t.Fatal(err)
		}
		want := map[string]string{}
		for _, c := range documented {
			if !c.Avoid {
				want[c.Name] = c.Type
			}
		}
		for _, c := range cols {
			if want[c.Name] != c.Type.String() {
				t.Errorf("%s.%s is %s, documented as %q", name, c.Name, c.Type, want[c.Name])
			}
			delete(want, c.Name)
		}
		for missing := range want {
			t.Errorf("%s lacks %s", name, missing)
		}
	}
	if compared < 19 {
		t.Errorf("only %d tables are described there", compared)
	}
}

func TestABrokenSchemaSaysWhere(t *testing.T) {
	for _, text := range []string{"T +nothing", "T text:A"} {
		if _, err := parseSchema(text); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}

func TestTableNamesFindTheirSpelling(t *testing.T) {
	for given, want := range map[string]string{"devicenetworkevents": "DeviceNetworkEvents", "DeviceInfo": "DeviceInfo", "Custom_CL": "Custom_CL"} {
		if got := canonicalTable(given); got != want {
			t.Errorf("%s became %s, want %s", given, got, want)
		}
	}
	var names []string
	for name := range knownTables() {
		names = append(names, name)
	}
	slices.Sort(names)
	if !slices.ContainsFunc(knownTables()[names[0]], func(c kql.Column) bool { return c.Type == kql.Datetime }) {
		t.Errorf("%s has no time", names[0])
	}
}
