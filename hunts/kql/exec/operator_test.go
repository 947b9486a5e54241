package exec

import (
	"errors"
	"strings"
	"testing"

	"github.com/footprint-soc/footprint/hunts/kql/syntax"
	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// show prints a result as columns and rows, for tests that read like a page of
// the reference.
func show(t *value.Table) string {
	var b strings.Builder
	for i, c := range t.Columns() {
		if i > 0 {
			b.WriteByte('|')
		}
		b.WriteString(c.Name)
	}
	for i := range t.Len() {
		b.WriteByte('\n')
		for k := range t.Columns() {
			if k > 0 {
				b.WriteByte('|')
			}
			v := t.Value(i, k)
			if v.IsNull() {
				b.WriteString("null")
				continue
			}
			b.WriteString(v.Text())
		}
	}
	return b.String()
}

func TestOperators(t *testing.T) {
	const hosts = `let T = datatable(host:string, user:string, n:long)["ws1","ann",1, "ws1","bob",3, "ws2","ann",2, "ws2","cid",9, "ws3","cid",1]; `
	for _, c := range []struct{ name, query, want string }{
		{"the largest row of each part", hosts + `T | partition by host (top 1 by n)`, "host|user|n\nws1|bob|3\nws2|cid|9\nws3|cid|1"},
		{"parts with other columns each", hosts + `T | partition hint.strategy=native by host (summarize sum(n))`, "sum_n\n4\n11\n1"},
		{"no part at all keeps the columns", hosts + `T | where n > 10 | partition by host (project n)`, "n"},
		{"the heaviest values", hosts + `T | top-hitters 2 of user by n`, "user|approximate_sum_n\ncid|10\nann|3"},
		{"the most frequent values", hosts + `T | top-hitters 1 of host`, "host|approximate_count_host\nws1|2"},
		{"levels within levels", hosts + `T | top-nested 2 of host by sum(n), top-nested 1 of user by most=max(n)`, "host|aggregated_host|user|most\nws2|11|cid|9\nws1|4|bob|3"},
		{"different values only", hosts + `T | sample-distinct 9 of user | sort by user asc`, "user\nann\nbob\ncid"},
		{"how to draw changes nothing", hosts + `T | take 1 | render piechart with (title="(n)")`, "host|user|n\nws1|ann|1"},
		{"the count under another name", hosts + `T | count as Rows`, "Rows\n5"},

		{"a series from where to where", `range x from 1 to 5 step 1 | make-series n=count() on x from 0 to 6 step 2`, "n|x\n[1,2,2]|[0,2,4]"},
		{"a series from the first bin to the last", `datatable(x:long,v:long)[3,1, 9,2] | make-series sum(v) on x step 3`, "sum_v|x\n[1,0,2]|[3,6,9]"},
		{"a series of each group with gaps", `datatable(k:string,x:long,v:long)["a",0,1, "a",2,2, "b",1,3] | make-series max(v) default=-1 on x from 0 to 3 step 1 by k`, "k|max_v|x\na|[1,-1,2]|[0,1,2]\nb|[-1,3,-1]|[0,1,2]"},
		{"a series over days", `datatable(t:datetime)[datetime(2026-01-01 05:00), datetime(2026-01-02 23:00)] | make-series count() on t from datetime(2026-01-01) to datetime(2026-01-03) step 1d | project count_`, "count_\n[1,1]"},
		{"a series in the older spelling includes its end", `datatable(x:long)[1,4] | make-series count() on x in range(0, 4, 2)`, "count_|x\n[1,0,1]|[0,2,4]"},
		{"no rows, no series", `datatable(x:long)[] | make-series count() on x from 0 to 2 step 1`, "count_|x"},
		{"no rows, a series of defaults", `datatable(x:long)[] | make-series kind=nonempty avg(x) default=1.5 on x from 0 to 2 step 1`, "avg_x|x\n[1.5,1.5]|[0,1]"},

		{"a bag becomes columns in the order of the alphabet", `print a=1, b=dynamic({"y":2,"x":"s"}) | evaluate bag_unpack(b)`, "a|x|y\n1|s|2"},
		{"values of several types stay dynamic", `datatable(b:dynamic)[dynamic({"x":1}), dynamic({"x":"s"}), dynamic({})] | evaluate bag_unpack(b) | getschema | project ColumnType`, "ColumnType\ndynamic"},
		{"a bag with a prefix and without some keys", `print b=dynamic({"y":2,"x":1}) | evaluate bag_unpack(b, "p_", ignoredProperties=dynamic(["x"]))`, "p_y\n2"},
		{"a key that is a column already, kept", `print x=1, b=dynamic({"x":2}) | evaluate bag_unpack(b, columnsConflict="keep_source")`, "x\n1"},
		{"a key that is a column already, replaced", `print x=1, b=dynamic({"x":2}) | evaluate bag_unpack(b, columnsConflict="replace_source")`, "x\n2"},
		{"only the columns that were declared", `print x=1, b=dynamic({"y":2,"z":3}) | evaluate bag_unpack(b) : (*, y:string)`, "x|y\n1|2"},
		{"rows become columns", hosts + `T | evaluate pivot(user, sum(n))`, "host|ann|bob|cid\nws1|1|3|0\nws2|2|0|9\nws3|0|0|1"},
		{"rows become columns of one key", hosts + `T | evaluate pivot(user, count(), host) | where host == "ws2"`, "host|ann|bob|cid\nws2|1|0|1"},
		{"cells become rows", `print a=1, b="x" | evaluate narrow()`, "Row|Column|Value\n0|a|1\n0|b|x"},
		{"a function over the rows", `let over = (T:(x:long), k:long) { T | where x > k }; range x from 1 to 4 step 1 | invoke over(2)`, "x\n3\n4"},
		{"arguments by name", `let f = (a:long, b:long=5) { a - b }; print f(b=1, a=3), f(7)`, "print_0|print_1\n2|2"},

		{"pairs with delimiters", `print s="id=7, who: a, name=x y" | parse-kv s as (name:string, id:long, none:string) with (pair_delimiter=",", kv_delimiter="=") | project-away s`, "name|id|none\nx y|7|"},
		{"pairs with quotes and escapes", `print s="a='it\\'s' b=2" | parse-kv s as (a:string, b:long) with (pair_delimiter=" ", kv_delimiter="=", quote="'", escape="\\") | project-away s`, "a|b\nit's|2"},
		{"greedy values end before the next key", `print s="a=x y b=z" | parse-kv s as (a:string, b:string) with (pair_delimiter=" ", kv_delimiter="=", greedy=true) | project-away s`, "a|b\nx y|z"},
		{"words without delimiters", `print s="[src 10] dst:20" | parse-kv s as (dst:long, src:long) | project-away s`, "dst|src\n20|10"},
		{"pairs by a regular expression", `print s="<a:1><b:2>" | parse-kv s as (b:long, a:long) with (regex=@"<(\w):(\d)>") | project-away s`, "b|a\n2|1"},
		{"the first of a key that stands twice", `print s="a=1,a=2" | parse-kv s as (a:long) with (pair_delimiter=",", kv_delimiter="=") | project a`, "a\n1"},

		{"one column that does not convert spoils the row", `print s="a=x, b=2" | parse s with "a=" a:long ", b=" b:long | project a, b`, "a|b\nnull|null"},
		{"unless the pattern is relaxed", `print s="a=x, b=2" | parse kind=relaxed s with "a=" a:long ", b=" b:long | project a, b`, "a|b\nnull|2"},
		{"a regular expression takes what it can", `print s="k=a,b,c" | parse kind=regex s with "k=" v "," * | project v`, "v\na,b"},
		{"or as little as it can", `print s="K=a,b,c" | parse kind=regex flags=Ui s with "k=" v "," * | project v`, "v\na"},
		{"groups of the pattern itself are no columns", `print s="ab12" | parse kind=regex s with "(a|b)+" n:long | project n`, "n\n12"},
		{"rows that do not match are dropped", `datatable(s:string)["a=1","b=2"] | parse-where s with "a=" n:long`, "s|n\na=1|1"},

		{"sessions", `datatable(t:datetime)[datetime(2026-01-01 00:00),datetime(2026-01-01 00:04),datetime(2026-01-01 00:20),datetime(2026-01-01 00:24)] | sort by t asc | extend s=row_window_session(t, 10m, 5m) | project minute=datetime_part("minute", s)`, "minute\n0\n0\n20\n20"},
		{"a bag of columns", `print a=1, b="x" | project c=bag_pack_columns(b, a)`, "c\n{\"b\":\"x\",\"a\":1}"},
		{"columns of one name and several types", `union (print a=1, z=0), (print a="s")`, "a_long|a_string|z\n1||0\nnull|s|null"},
		{"columns that all have", `union kind=inner (print a=1, b=2), (print b=3, c=4)`, "b\n2\n3"},
		{"a lookup does not repeat its key", `print k=1 | lookup (print q=1, v="x") on $left.k == $right.q`, "k|v\n1|x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := run(c.query)
			if err != nil {
				t.Fatal(err)
			}
			if have := show(got); have != c.want {
				t.Errorf("got\n%s\nwant\n%s", have, c.want)
			}
		})
	}
}

func TestAggregates(t *testing.T) {
	for _, c := range []struct{ query, want string }{
		{`print x=1 | where x > 1 | summarize count(), sum(x), avg(x), min(x), stdev(x), variance(x), make_list(x), dcount(x), percentile(x, 50)`, "count_|sum_x|avg_x|min_x|stdev_x|variance_x|list_x|dcount_x|percentile_x_50\n0|0|NaN|null|0.0|0.0|[]|0|null"},
		{`range x from 1 to 5 step 1 | summarize variancep(x), stdevp(x), varianceif(x, x < 3)`, "variancep_x|stdevp_x|varianceif_x\n2.0|1.4142135623730951|0.5"},
		{`range x from 1 to 4 step 1 | summarize percentiles(x, 0, 25, 99.5, 100)`, "percentile_x_0|percentile_x_25|percentile_x_99_5|percentile_x_100\n1|1|4|4"},
		{`datatable(v:string)["","b"] | summarize take_any(v), any(v)`, "v|any_v\nb|b"},
		{`datatable(b:dynamic)[dynamic({"a":1}), dynamic({"a":2,"c":3})] | summarize make_bag(b), make_bag(b, 1)`, "bag_b|bag_b1\n{\"a\":1,\"c\":3}|{\"a\":1}"},
		{`datatable(t:datetime)[datetime(2026-01-01 00:00:00.0000001), datetime(2026-01-01 00:00:00.0000003)] | summarize avg(t)`, "avg_t\n2026-01-01T00:00:00.0000002Z"},
		{`datatable(a:long, b:string)[1,"x", 2,"y"] | summarize arg_max(a, name=b), arg_min(a, *)`, "a|name|a1|b\n2|y|1|x"},
	} {
		got, err := run(c.query)
		if err != nil {
			t.Errorf("%s: %v", c.query, err)
			continue
		}
		if have := show(got); have != c.want {
			t.Errorf("%s\ngot\n%s\nwant\n%s", c.query, have, c.want)
		}
	}
}

func TestWhatIsNotKnownIsRefusedByName(t *testing.T) {
	for query, want := range map[string]string{
		"print 1 | reduce by print_0":                            "unsupported: the operator reduce at 1:11",
		"print 1 | scan with (step s: true;)":                    "unsupported: the operator scan at 1:11",
		"print 1 | evaluate basket()":                            "unsupported: the plugin basket() at 1:20",
		"print geo_distance_2points(1, 2, 3, 4)":                 "unsupported: the function geo_distance_2points() at 1:7",
		"print x=1 | summarize hll(x)":                           "unsupported: the aggregate hll() at 1:23",
		"print x=1 | partition by x { T | take 1 }":              "unsupported: partition with braces at 1:28",
		"print 1; print 2":                                       "unsupported: a second result at 1:10",
		"find \"x\"":                                             "unsupported: find at 1:1",
		"print x=1 | top-nested 1 of x with others=0 by count()": "unsupported: top-nested with others at 1:31",
	} {
		_, err := run(query)
		var e *syntax.Error
		if !errors.As(err, &e) || e.Kind != syntax.Unsupported || e.Error() != want {
			t.Errorf("%s: %v, want %s", query, err, want)
		}
	}
}
