package runner

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts/kql"
)

// advancedSchema is where the tables of advanced hunting are described, when they are.
const advancedSchema = "../../../shared/schema/advanced-hunting"

func TestMicrosoftsParserAcceptsEveryHuntInTheSchemaOfAdvancedHunting(t *testing.T) {
	t.Parallel()
	dir, err := filepath.Abs(advancedSchema)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skip("SKIPPED LOUDLY: the schema of advanced hunting is not present, so no hunt was checked against it")
	}
	catalog, _, err := LoadCatalog(nil)
	if err != nil {
		t.Fatal(err)
	}
	known := func(query string) bool {
		q, err := kql.Parse(query)
		if err != nil {
			t.Fatal(err)
		}
		for _, table := range q.References().Tables {
			if _, err := os.Stat(filepath.Join(dir, table.Name+".json")); err != nil {
				return false
			}
		}
		return true
	}
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	var names, queries []string
	for _, name := range catalog.Names() {
		d, _ := catalog.Get(name)
		if text := d.kql(params{from: now.Add(-day), to: now, step: day}, "test", nil, catalog.summary); known(text) {
			names, queries = append(names, name), append(queries, kql.ForSchema(text, kql.AdvancedHunting))
		}
	}
	places := 0
	for _, d := range catalog.Places() {
		if text := d.kql(params{from: now.Add(-day), to: now, step: day}, "test", nil, d.observed(nil)+catalog.place); known(text) {
			places++
			names, queries = append(names, d.Name), append(queries, kql.ForSchema(text, kql.AdvancedHunting))
		}
	}
	if places < 6 {
		t.Errorf("only %d places read tables of advanced hunting", places)
	}
	if len(names) < 3 {
		t.Fatalf("only %v read tables of advanced hunting", names)
	}
	for _, body := range []string{
		"DeviceNetworkEvents | where TimeGenerated > ago(1d) and ingestion_time() > ago(2h) | extend Host = tostring(AdditionalFields.host) | project TimeGenerated, Host",
		"DeviceEvents | extend Details = AdditionalFields | where isnotempty(Details.query) | summarize arg_max(TimeGenerated, *) by DeviceId",
		"DeviceEvents | mv-expand AdditionalFields | where AdditionalFields has 'x' | count",
		"DeviceEvents | mv-apply AdditionalFields on (take 1)",
		"DeviceInfo | mv-expand User = LoggedOnUsers, AdditionalFields | project User.UserName, LoggedOnUsers[0]",
		"DeviceEvents | project AdditionalFields, TimeGenerated | evaluate bag_unpack(AdditionalFields)",
		"DeviceEvents | where array_length(bag_keys(AdditionalFields)) > 2 | count",
		"DeviceEvents | project-rename When = TimeGenerated | join (DeviceInfo | project DeviceId, TimeGenerated) on DeviceId | where When > ['TimeGenerated']",
		"DeviceEvents | join DeviceInfo on $left.TimeGenerated == $right.TimeGenerated | summarize make_list(AdditionalFields) by bin(column_ifexists('TimeGenerated', now()), 1h)",
	} {
		names, queries = append(names, body), append(queries, kql.ForSchema(body, kql.AdvancedHunting))
	}
	for i, a := range microsoft(t, queries, dir) {
		for _, d := range a.Diagnostics {
			t.Errorf("%s: %s", names[i], d)
		}
	}
}
