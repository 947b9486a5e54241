package kql_test

import (
	"testing"

	"github.com/footprint-soc/footprint/hunts/kql"
)

func TestAQueryIsWrittenForTheOtherSchemaByItsTokens(t *testing.T) {
	for _, c := range []struct {
		name, query string
		to          kql.Schema
		want        string
	}{
		{"the time column", "T | where TimeGenerated > ago(1d)", kql.AdvancedHunting, "T | where Timestamp > ago(1d)"},
		{"and back", "T | where Timestamp > ago(1d)", kql.LogAnalytics, "T | where TimeGenerated > ago(1d)"},
		{"what is right already stays", "T | where Timestamp > ago(1d)", kql.AdvancedHunting, "T | where Timestamp > ago(1d)"},
		{"what an aggregate and a join make of it", "T | summarize min(Timestamp) by a | join (U) on a | where Timestamp1 > min_Timestamp", kql.LogAnalytics, "T | summarize min(TimeGenerated) by a | join (U) on a | where TimeGenerated1 > min_TimeGenerated"},
		{"but not a name that the query gives", "T | extend Timestamp1 = Timestamp | where Timestamp1 > a", kql.LogAnalytics, "T | extend Timestamp1 = TimeGenerated | where Timestamp1 > a"},
		{"a longer name is another name", "T | where TimeGeneratedUtc > TimeGenerated", kql.AdvancedHunting, "T | where TimeGeneratedUtc > Timestamp"},
		{"no text, no comment", "// TimeGenerated\nT | where s == 'TimeGenerated' and TimeGenerated > a", kql.AdvancedHunting, "// TimeGenerated\nT | where s == 'TimeGenerated' and Timestamp > a"},
		{"a property of a bag is no column", "T | where d.TimeGenerated == d['TimeGenerated']", kql.AdvancedHunting, "T | where d.TimeGenerated == d['TimeGenerated']"},
		{"a side of a join", "T | join U on $left.TimeGenerated == $right.a", kql.AdvancedHunting, "T | join U on $left.Timestamp == $right.a"},
		{"a name in brackets", "T | where ['TimeGenerated'] > a", kql.AdvancedHunting, "T | where ['Timestamp'] > a"},
		{"a value that people typed", "let devices = dynamic(['TimeGenerated']); T | where d in (devices) and TimeGenerated > a", kql.AdvancedHunting, "let devices = dynamic(['TimeGenerated']); T | where d in (devices) and Timestamp > a"},
		{"a value in a list of a bag", "let x = dynamic({'a': ['TimeGenerated'], 'b': [1]});", kql.AdvancedHunting, "let x = dynamic({'a': ['TimeGenerated'], 'b': [1]});"},
		{"the text that names a column", "T | extend x = column_ifexists('TimeGenerated', a)", kql.AdvancedHunting, "T | extend x = column_ifexists('Timestamp', a)"},
		{"the time of arrival is not kept", "T | where ingestion_time() >= a", kql.AdvancedHunting, "T | where Timestamp >= a"},
		{"but in a workspace it is", "T | where ingestion_time() >= a", kql.LogAnalytics, "T | where ingestion_time() >= a"},
		{"JSON is read where a property is taken", "T | where AdditionalFields.a == AdditionalFields['b']", kql.AdvancedHunting, "T | where parse_json(AdditionalFields).a == parse_json(AdditionalFields)['b']"},
		{"and stays where a text does", "T | where tostring(AdditionalFields) has 'x' or AdditionalFields has 'y' | project AdditionalFields", kql.AdvancedHunting, "T | where tostring(AdditionalFields) has 'x' or AdditionalFields has 'y' | project AdditionalFields"},
		{"or is parsed already", "T | extend d = parse_json(AdditionalFields)", kql.AdvancedHunting, "T | extend d = parse_json(AdditionalFields)"},
		{"an alias is read as JSON", "T | extend d = AdditionalFields | where d.a == 1", kql.AdvancedHunting, "T | extend d = parse_json(AdditionalFields) | where d.a == 1"},
		{"mv-expand needs the JSON", "T | mv-expand AdditionalFields", kql.AdvancedHunting, "T | mv-expand AdditionalFields = parse_json(AdditionalFields)"},
		{"a property of that name", "T | where d.AdditionalFields.a == 1", kql.AdvancedHunting, "T | where d.AdditionalFields.a == 1"},
		{"what does not end is left alone", "T | where TimeGenerated == 'x", kql.AdvancedHunting, "T | where TimeGenerated == 'x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := kql.ForSchema(c.query, c.to); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}
