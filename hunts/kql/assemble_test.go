package kql_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/footprint-soc/footprint/hunts/kql"
)

// assembled is a table of columns made outside, one of them late.
func assembled(fetched *int) *kql.Table {
	ids := []uint32{0, 1, 0}
	return kql.Assemble("T", []kql.Column{
		{Name: "TimeGenerated", Type: kql.Datetime}, {Name: "Device", Type: kql.String}, {Name: "Fields", Type: kql.Dynamic},
		{Name: "Port", Type: kql.Int}, {Name: "Gone", Type: kql.String}, {Name: "Late", Type: kql.String},
	}, 3, []kql.ColumnData{
		kql.NumberData(kql.Datetime, []int64{638_000_000_000_000_000, 638_000_000_010_000_000, 638_000_000_020_000_000}, nil),
		kql.TextData(kql.String, []string{"ws-1", "ws-2"}, ids),
		kql.DynamicData([]string{`{"query":"a.example"}`, "plain", ""}, []uint32{0, 1, 2}, 2, func(e int) bool { return e == 1 }),
		kql.NumberData(kql.Int, []int64{443, 0, 80}, []uint64{2}),
		kql.EmptyData(kql.String),
		kql.LateData(kql.String, func() kql.ColumnData {
			*fetched++
			return kql.TextData(kql.String, []string{"x", "y"}, ids)
		}),
	})
}

func run(t *testing.T, text string, table *kql.Table) string {
	t.Helper()
	q, err := kql.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	out, err := q.Run(context.Background(), kql.Tables{"T": table}, kql.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := out.Print(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestColumnsMadeOutsideAnswerLikeBuiltOnes(t *testing.T) {
	for _, c := range []struct{ name, query, want string }{
		{"texts", `T | summarize n = count() by Device | order by Device asc`, "Device\tn\nws-1\t2\nws-2\t1\n"},
		{"a null among numbers", `T | where isnull(Port) | project Device`, "Device\nws-2\n"},
		{"JSON in a dynamic", `T | where tostring(Fields.query) == "a.example" | project Device`, "Device\nws-1\n"},
		{"text in a dynamic", `T | where tostring(Fields) == "plain" | project Device`, "Device\nws-2\n"},
		{"the null of a dynamic", `T | where isnull(Fields) | project Device`, "Device\nws-1\n"},
		{"an empty column", `T | where isempty(Gone) | count`, "Count\n3\n"},
		{"a late column", `T | where Late == "y" | project Device`, "Device\nws-2\n"},
		{"the time stands in for the time of arrival", `T | where ingestion_time() == TimeGenerated | count`, "Count\n3\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := run(t, c.query, assembled(new(int))); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestALateColumnIsFetchedOnceAndOnlyWhenLookedAt(t *testing.T) {
	fetched := 0
	table := assembled(&fetched)
	run(t, `T | where Device == "ws-1" | project Device, Port`, table)
	if fetched != 0 {
		t.Errorf("fetched %d times by a query that does not name it", fetched)
	}
	run(t, `T | where Late == "x"`, table)
	run(t, `T | summarize count() by Late`, table)
	if fetched != 1 {
		t.Errorf("fetched %d times, want once", fetched)
	}
}

func TestConcatTakesColumnsMadeOutside(t *testing.T) {
	both := kql.Concat("T", []*kql.Table{assembled(new(int)), assembled(new(int))})
	if got, want := run(t, `T | summarize n = count() by Device, Late, Gone | order by Device asc`, both), "Device\tLate\tGone\tn\nws-1\tx\t\t4\nws-2\ty\t\t2\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestNamesOfAQueryAreItsIdentifiersAndTexts(t *testing.T) {
	got := kql.Names("// RemotePort\nT | where ['RemoteIP'] == 1 | extend x = column_ifexists(\"RemoteUrl\", 'n')")
	for _, want := range []string{"T", "RemoteIP", "RemoteUrl"} {
		if !slices.Contains(got, want) {
			t.Errorf("%v lacks %s", got, want)
		}
	}
	if slices.Contains(got, "RemotePort") {
		t.Errorf("%v has a word of a comment", got)
	}
	if broken := kql.Names(`T | where "open`); !slices.Contains(broken, "T") {
		t.Errorf("of a broken query %v", broken)
	}
}
