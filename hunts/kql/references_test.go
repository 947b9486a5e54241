package kql_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/footprint-soc/footprint/hunts/kql"
)

// reading prints the tables of a query: name@line columns, +either, * for all,
// t and the line of its own filter on time.
func reading(t *testing.T, query string) string {
	t.Helper()
	q, err := kql.Parse(query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	var out []string
	for _, table := range q.References().Tables {
		line := fmt.Sprintf("%s@%d", table.Name, table.Line)
		for _, c := range table.Columns {
			line += fmt.Sprintf(" %s@%d", c.Name, c.Line)
		}
		for _, c := range table.Either {
			line += fmt.Sprintf(" +%s@%d", c.Name, c.Line)
		}
		if table.All {
			line += " *"
		}
		if table.TimeLine > 0 {
			line += fmt.Sprintf(" t@%d", table.TimeLine)
		}
		out = append(out, line)
	}
	return strings.Join(out, "; ")
}

func TestAQueryNamesTheTablesAndColumnsThatItReads(t *testing.T) {
	for _, c := range []struct{ name, query, want string }{
		{"a filter and all columns", "T\n| where A == 1", "T@1 A@2 *"},
		{"a projection names what it reads", "T | project A, B = C", "T@1 A@1 C@1"},
		{"an extended column is not the table's", "T | extend B = A | where B > 1 | project B", "T@1 A@1"},
		{"nothing is read behind a summary", "T | summarize n = count() by A | where n > 1 and count_ > 2", "T@1 A@1"},
		{"arg_max with a star takes all", "T | summarize arg_max(TimeGenerated, *) by A | where B == 1", "T@1 A@1 TimeGenerated@1 B@1 *"},
		{"a let table is read where it is used", "let L = T | where A == 1;\nL\n| where B == 2 | project C", "T@1 A@1 B@3 C@3"},
		{"a scalar let is no column", "let x = 5; T | where A == x | count", "T@1 A@1"},
		{"keys of a join belong to both sides", "T | join kind=inner (U | project K, V) on K | where V == 1 | project A", "T@1 K@1 A@1; U@1 K@1 V@1"},
		{"what two open sides may both have is either's", "T | join U on K | project A", "T@1 K@1 +A@1; U@1 K@1 +A@1"},
		{"left and right", "T | join (U) on $left.A == $right.B | count", "T@1 A@1; U@1 B@1"},
		{"a union reads from each leg", "union T, (U | where A == 1) | project B", "T@1 +B@1; U@1 A@1 +B@1"},
		{"a list may be a query", "T | where A in ((U | project B)) | count", "T@1 A@1; U@1 B@1"},
		{"a function that takes a table", "let f = (X:(*)) { X | where A == 1 }; T | invoke f() | count", "T@1 A@1"},
		{"parse makes columns", "T | parse A with * 'x' B | where B == 1 | count", "T@1 A@1"},
		{"a plugin makes columns that nobody knows", "T | evaluate bag_unpack(A) | where B == 1 | count", "T@1 A@1 +B@1"},
		{"a name in brackets", "T | where ['A b'] == 1 | count", "T@1 A b@1"},
		{"its own window", "T\n| where TimeGenerated > ago(1d)\n| count", "T@1 TimeGenerated@2 t@2"},
		{"its own window by the other schema's name, behind a projection", "T | project When = Timestamp\n| where When between (a .. b) | count", "T@1 Timestamp@1 t@2"},
		{"sorting by time is no window", "T | sort by TimeGenerated | take 1 | count", "T@1 TimeGenerated@1"},
		{"a column made of the time is not the time", "T | extend TimeGenerated = 1 | where TimeGenerated > 2 | count", "T@1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := reading(t, c.query); got != c.want {
				t.Errorf("%s\n got %s\nwant %s", c.query, got, c.want)
			}
		})
	}
}

func TestAQueryTellsWhereItCallsWhat(t *testing.T) {
	q, err := kql.Parse("let f = () { ago(1d) };\nT | where A > f()\n| top 3 by B\n| join (U | summarize dcount(C)) on B")
	if err != nil {
		t.Fatal(err)
	}
	r := q.References()
	for name, want := range map[string]int{"ago": 1, "top": 3, "join": 4, "dcount": 4, "now": 0, "sort": 0} {
		if got := r.Line(name); got != want {
			t.Errorf("%s is on line %d, want %d", name, got, want)
		}
	}
	if r.Partial {
		t.Error("a small query was walked in part")
	}
}

func TestFunctionsThatDoubleAtEachLevelEndTheWalk(t *testing.T) {
	text := "let f0 = () { T };"
	for i := range 60 {
		text += fmt.Sprintf(" let f%d = () { union f%d(), f%d() };", i+1, i, i)
	}
	q, err := kql.Parse(text + " f60()")
	if err != nil {
		t.Fatal(err)
	}
	if !q.References().Partial {
		t.Error("the walk says that it is whole")
	}
}
