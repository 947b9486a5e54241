package exec

import (
	"errors"
	"strings"
	"testing"

	"github.com/footprint-soc/footprint/hunts/kql/syntax"
	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// The ways of writing that published hunting queries have, each in a case of
// our own.
func TestPublishedQueriesAreWrittenInTheseWays(t *testing.T) {
	for _, c := range []struct{ name, query, want string }{
		{"mv-expand of a converted column takes its place", `datatable(s:string)['[1,2]'] | mv-expand todynamic(s)`, "s\n1\n2"},
		{"mv-expand of an empty array leaves no row, of a null one", `datatable(a:long, d:dynamic)[1, dynamic([]), 2, dynamic(null), 3, dynamic([7])] | mv-expand d`, "a|d\n2|null\n3|7"},
		{"mv-expand of an empty bag leaves no row", `print d = dynamic({}) | mv-expand d | count`, "Count\n0"},
		{"mv-expand beside an array that is longer", `print a = dynamic([]), b = dynamic([1]) | mv-expand a, b`, "a|b\nnull|1"},
		{"a pipeline in parentheses by itself", `(union (print x=1), (print x=2) | sort by x asc)`, "x\n1\n2"},
		{"a let of a pipeline in parentheses", `let t = ((print x=1) | extend y = 2); t`, "x|y\n1|2"},
		{"a number and a text are compared as numbers", `datatable(port:int)[445, 80, int(null)] | where port == "445"`, "port\n445"},
		{"a text that is no number equals none", `datatable(port:int)[445] | where port == "http"`, "port"},
		{"nor is it equal when it should not be", `datatable(port:int)[445] | where port != "http"`, "port\n445"},
		{"a column of texts against a number", `datatable(id:string)["0", "17", "x", ""] | where id != 0`, "id\n17\nx\n"},
		{"a flag and a text", `datatable(b:bool)[true, false] | where b == "True"`, "b\ntrue"},
		{"a list of texts for a number", `datatable(port:int)[445, 80] | where port in ("445", "139")`, "port\n445"},
		{"a list of numbers for a text", `datatable(port:string)["445", "80"] | where port !in (445)`, "port\n80"},
		{"an invisible space", "\u200b print\u200b x = 1", "x\n1"},
		{"bracketed names with spaces", `print ['a b'] = 1, c = 2 | project-reorder c, ['a b'] | extend ['d e'] = ['a b'] | project-away c`, "a b|d e\n1|1"},
		{"a name that begins with a digit", `print t = datetime(2026-01-01 00:07:00) | project bin(5MinuteBin=t, 5m)`, "5MinuteBin\n2026-01-01T00:05:00.0000000Z"},
		{"notcontains", `datatable(s:string)["ab", "cd"] | where s notcontains "A"`, "s\ncd"},
		{"any column", `datatable(a:string, n:long)["x", 1, "y", 22] | where * has "22" | project a`, "a\ny"},
		{"any column equals", `datatable(a:string, b:string)["x", "y", "z", "z"] | where * == "y"`, "a|b\nx|y"},
		{"search in a pipeline", `datatable(a:string, b:string)["x y", "1", "z", "X"] | search "x" and not("1")`, "$table|a|b\n|z|X"},
		{"search of a column", `datatable(a:string, b:string)["x y", "1", "z", "X"] | search a:"x"`, "$table|a|b\n|x y|1"},
		{"search with a wildcard", `datatable(a:string)["xyz", "axyz"] | search "xy*" | project a`, "a\nxyz"},
		{"search with the case", `datatable(a:string)["xyz", "XYZ"] | search kind=case_sensitive "XYZ" | project a`, "a\nXYZ"},
		{"format_bytes with a unit", `print format_bytes(3145728, 1, "MB"), format_bytes(1024)`, "print_0|print_1\n3 MB|1 KB"},
		{"extract_json with a type", `print x = extractjson("$.a", '{"a": 5}', typeof(int)) | getschema | project ColumnType`, "ColumnType\nint"},
		{"argmax", `datatable(k:long, v:string)[1, "a", 2, "b"] | summarize argmax(k, v), (a, b) = argmin(k, v)`, "max_k|max_k_v|a|b\n2|b|1|a"},
		{"a setting that changes nothing", `set notruncation; set truncationmaxsize = 1000; print x = 1`, "x\n1"},
		{"a parameter with a default", `declare query_parameters(n:long = 5, s:string = "a"); print n, s`, "print_0|print_1\n5|a"},
		{"ipv4_lookup", `let nets = datatable(net:string, city:string)["192.0.2.0/24", "A", "198.51.100.0/25", "B"]; datatable(ip:string)["192.0.2.9", "198.51.100.200", "x"] | evaluate ipv4_lookup(nets, ip, net)`, "ip|net|city\n192.0.2.9|192.0.2.0/24|A"},
		{"ipv4_lookup that keeps what it did not find", `let nets = datatable(net:string, city:string, k:long)["192.0.2.0/24", "A", 1]; datatable(ip:string, k:long)["192.0.2.9", 1, "192.0.2.8", 2] | evaluate ipv4_lookup(nets, ip, net, k, true) | project ip, city`, "ip|city\n192.0.2.9|A\n192.0.2.8|"},
		{"a line through a series", `print y = dynamic([2,5,6,8,11,15,17,18,25,26,30,30]) | extend (r, slope, variance, rest, at) = series_fit_line(y) | project round(r, 3), round(slope, 3), round(variance, 3), round(rest, 3), round(at, 3)`, "r|slope|variance|rest|at\n0.983|2.731|98.629|1.686|-1.667"},
		{"two lines through a series", `print y = dynamic([1,2,3,4,14,13,12,11]) | extend (r, split) = series_fit_2lines(y) | project r, split, series_fit_2lines_y_left_slope, series_fit_2lines_y_right_slope`, "r|split|series_fit_2lines_y_left_slope|series_fit_2lines_y_right_slope\n1.0|3|1.0|-1.0"},
		{"a series is taken apart", `print y = dynamic([1,5,1,1,5,1,1,5,1]) | extend (base, season, trend) = series_decompose(y, 3) | project base[1], round(todouble(season[0]), 3), round(todouble(trend[0]), 3)`, "base_1|season_0|trend_0\n5.0|-1.333|2.333"},
		{"what stands out of a series", `print y = dynamic([5,5,6,5,5,90,5,6,5,5,5,6]) | extend (flag, score, base) = series_decompose_anomalies(y, 1.5, 0) | project flag`, "flag\n[0,0,0,0,0,1,0,0,0,0,0,0]"},
		{"a series goes on", `print y = dynamic([1,2,3,4,0,0]) | extend f = series_decompose_forecast(y, 2, 0) | project f`, "f\n[1.0,2.0,3.0,4.0,5.0,6.0]"},
		{"the statistics of a series", `print y = dynamic([1,2,6]) | extend (least, at) = series_stats(y) | project least, at, series_stats_y_avg`, "least|at|series_stats_y_avg\n1.0|0|3.0"},
		{"percentiles of a named value", `datatable(n:long)[1, 2, 3, 4] | summarize percentiles(Delay = n * 2, 50, 100)`, "percentile_Delay_50|percentile_Delay_100\n4|8"},
		{"a pipeline with a name and a hint", `print x = 1 | as hint.materialized=true T | union T | count`, "Count\n2"},
		{"columns whose names end in a number", `print a = 1, a1 = 2, b1 = 3 | project-away *1`, "a\n1"},
		{"neighboring texts are one, in a list too", `print dynamic(["a" 'b', "c"])`, "print_0\n[\"ab\",\"c\"]"},
		{"older names for parts of a time", `print getmonth(datetime(2026-11-02)), datepart("Year", datetime(2026-11-02))`, "print_0|print_1\n11|2026"},
		{"where a pattern begins", `print indexof_regex("abc1de23", @"\d+"), indexof_regex("abc1de23", @"\d+", 0, -1, 2), indexof_regex("abc", @"\d")`, "print_0|print_1|print_2\n3|6|-1"},
		{"a character by its number", `print "a–b" matches regex @"\u2013", @"a\u2013" matches regex @"\\u2013", "x" matches regex @"[\u{78}]"`, "print_0|print_1|print_2\ntrue|true|true"},
		{"a browser by its user agent", `print b = parse_user_agent("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.3595.9", "browser").Browser | project b.Family, b.MajorVersion, b.Patch`, "b_Family|b_MajorVersion|b_Patch\nEdge|142|3595"},
		{"an operating system and a device by the user agent", `print u = parse_user_agent("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148", dynamic(["os", "device"])) | project u.OperatingSystem.Family, u.OperatingSystem.MajorVersion, u.Device.Brand, u.Browser`, "u_OperatingSystem_Family|u_OperatingSystem_MajorVersion|u_Device_Brand|u_Browser\niOS|17|Apple|null"},
		{"a function of a function alone", `let f = () { let g = (n:long) { range x from 1 to n step 1 }; g(2) }; f() | count`, "Count\n2"},
		{"bits of all rows", `datatable(n:long)[6, 3, long(null)] | summarize binary_all_and(n), b = binary_all_or(n), c = binary_all_xor(n)`, "n|b|c\n2|7|5"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := run(c.query)
			if err != nil {
				t.Fatalf("%s: %v", c.query, err)
			}
			if have := show(got); have != c.want {
				t.Errorf("%s\ngot\n%s\nwant\n%s", c.query, have, c.want)
			}
		})
	}
}

func TestSearchAndPatternsLookThroughTheTablesThatThereAre(t *testing.T) {
	table := func(name, column, cell string) *value.Table {
		b := value.NewBuilder(name, []value.Column{{Name: column, Type: value.String}})
		b.Append(value.StringValue(cell))
		return b.Table()
	}
	db := value.Tables{"DeviceA": table("DeviceA", "a", "evil x"), "DeviceB": table("DeviceB", "b", "good"), "Other": table("Other", "a", "evil")}
	for query, want := range map[string]string{
		`search "evil" | project ['$table'], a | sort by a asc`:                  "$table|a\nOther|evil\nDeviceA|evil x",
		`search in (DeviceA, DeviceB) "evil" or b == "good" | summarize count()`: "count_\n2",
		`search in (Device*) * | summarize count() by ['$table']`:                "$table|count_\nDeviceA|1\nDeviceB|1",
		`union withsource=T Device* | project T`:                                 "T\nDeviceA\nDeviceB",
		`union * | count`:                                                        "Count\n3",
	} {
		q, err := syntax.Parse(query)
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		got, err := Run(t.Context(), q, db, Options{})
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		if have := show(got); have != want {
			t.Errorf("%s\ngot\n%s\nwant\n%s", query, have, want)
		}
	}
}

func TestWhatOnlyAWorkspaceKnowsIsToldFromWhatNobodyDoes(t *testing.T) {
	for query, want := range map[string]bool{
		`print geo_info_from_ip_address("192.0.2.1")`:                        true,
		`externaldata(a:string)["https://example.com/a.csv"]`:                true,
		`set query_now = datetime(2026-01-01); print now()`:                  true,
		`declare query_parameters(n:long); print n`:                          true,
		`print x = dynamic({"a":1}) | evaluate bag_unpack(x) | where b == 1`: true,
		`print x = 1 | where x = 1`:                                          true,
		`print x = 1 | where y == 1`:                                         false,
		`print x = 1 | where x ==`:                                           false,
		`datatable(d:datetime)[] | where d > "a"`:                            false,
		`range x from 1 to 10 step 1 | join (print y = 1) on nope`:           false,
	} {
		_, err := run(query)
		var e *syntax.Error
		if !errors.As(err, &e) || e.OnlyWorkspaceKnows() != want || strings.TrimSpace(e.Message) == "" {
			t.Errorf("%s: %v, want %v", query, err, want)
		}
	}
}
