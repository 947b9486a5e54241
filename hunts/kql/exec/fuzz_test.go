package exec

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts/kql/syntax"
	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// tricky are the texts that parsers fall over.
var tricky = []string{
	"", " ", "//", "// only a comment", "print 1", "print", "T", "T |", "T | where", "T | where a ==", "print 1 +", "print (((((1", "print \"a", "print 'a\\", "print @\"a\"\"b\"", "print ```a",
	"let x = 1; print x", "let x = x; print x", "let f = (a:long) { f(a) }; print f(1)", "let f = () { print 1 }; union f(), f()", "print dynamic([1,{\"a\":[]}])", "print dynamic({", "print 1d + 2h, 1tick, -9223372036854775808",
	"print datetime(2026-11-23T00:00:00.1234567Z), datetime(null), timespan(1.00:00:00)", "T | summarize count() by bin(t, 1h)", "T | summarize arg_max(n, *) by s", "T | join kind=leftouter (T) on s", "T | mv-expand d",
	"T | make-series c = count() on t from datetime(2026-01-01) to datetime(2026-01-02) step 1h", "range x from 1 to 1000000000 step 1", "range x from 1 to 10 step 0", "print strrep(\"ab\", 1000000000)", "print repeat(1, 1000000000)",
	"T | extend a = s, b = a | project b", "T | parse s with * \"x\" y:long", "T | where s matches regex \"(a+)+$\"", "T | top 3 by n desc | serialize | extend r = row_number(), p = prev(n)",
	"T | where s has \"é漢😀\"", "print '\\u00e9\\ud83d'", "T | where n in (1, 2, 3) or s in~ (\"A\")", "print parse_json('[' )", "T | union T | count", "T | sort by n asc nulls first", "datatable(a:long, b:string)[1, \"x\", 2, \"y\"]",
	"print x = range(1, 10, 1) | mv-apply x to typeof(long) on (where x > 3)", "T | evaluate pivot(s)", "T | where ipv4_is_in_range(s, '10.0.0.0/8')", "print format_datetime(now(), 'yyyy-MM-dd')", strings.Repeat("(", 5000), "print " + strings.Repeat("-", 5000) + "1",
	"T | make-series n = count(), avg(r) default=1.5 on t step 1h by s", "T | make-series count() on n in range(0, 1000000000, 1)", "T | make-series kind=nonempty sum(n) on r from 0.0 to 1e300 step 1e-300", "T | partition by s (top 1 by n)",
	"T | evaluate bag_unpack(d, 'p_')", "T | evaluate narrow()", "T | evaluate pivot(s, sum(n)) : (s:string)", "T | top-nested 2 of s by count(), top-nested 1 of n by max(r)", "T | top-hitters 3 of s by n", "T | sample-distinct 2 of s",
	"T | parse-kv s as (a:long, b:string) with (pair_delimiter=',', kv_delimiter='=', quote='\"', escape='\\', greedy=true)", "T | parse-kv s as (a:string) with (regex='(a)(b)')", "T | parse-kv s as (a:string)", "T | parse kind=regex flags=Ui s with '(a)' x:long *",
	"T | parse kind=relaxed s with 'a' x:real 'b' y", "let f = (X:(*), k:long=1) { X | take k }; T | invoke f(k=2)", "T | summarize buildschema(d), make_bag(d), percentilew(n, n, 50), covariance(n, r) by s", "T | sort by t asc | extend w = row_window_session(t, 1h, 1m)", "T | render table with (title='x')", "T | count as c",
	"print " + strings.Repeat("1+", 5000) + "1", "print " + strings.Repeat("dynamic([", 500), "T" + strings.Repeat(" | where true", 2000), "let a = dynamic(" + strings.Repeat("[", 2000) + "); print a",
}

func seeds(f *testing.F) {
	for _, text := range tricky {
		f.Add(text)
	}
	files, err := filepath.Glob("../../catalog/*")
	if err != nil || len(files) == 0 {
		f.Fatalf("the catalogue is not there: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
		if _, query, ok := strings.Cut(string(text), "query: |\n"); ok {
			query, _, _ = strings.Cut(query, "\nfootprint:")
			f.Add(query)
		}
	}
}

// inside fails when an error does not say where in the text it is.
func inside(t *testing.T, text string, err error) {
	t.Helper()
	var e *syntax.Error
	switch {
	case err == nil || errors.Is(err, context.DeadlineExceeded):
	case !errors.As(err, &e):
		t.Errorf("the error is no *Error: %T %v", err, err)
	case e.Pos < 0 || e.Pos > len(text) || e.Line < 1 || e.Col < 1:
		t.Errorf("%v is at byte %d, line %d, column %d of %d bytes", err, e.Pos, e.Line, e.Col, len(text))
	case strings.TrimSpace(e.Message) == "":
		t.Error("an error without a sentence")
	}
}

func FuzzParseQuery(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 64<<10 {
			return
		}
		_, err := syntax.Parse(text)
		inside(t, text, err)
	})
}

// few rows of each type, nulls and hostile text among them.
func fuzzTables() value.Tables {
	b := value.NewBuilder("T", []value.Column{{Name: "t", Type: value.Datetime}, {Name: "s", Type: value.String}, {Name: "n", Type: value.Long}, {Name: "r", Type: value.Real}, {Name: "b", Type: value.Bool}, {Name: "d", Type: value.Dynamic}, {Name: "ts", Type: value.Timespan}, {Name: "TimeGenerated", Type: value.Datetime}})
	at := time.Date(2026, 11, 23, 1, 2, 3, 4_500, time.UTC)
	texts := []string{"", "a", "evil.example", "10.1.2.3", "\x00\u202e<!here>", "[1,2,{\"a\":null}]", strings.Repeat("é", 300), "2026-11-23"}
	for i := range 40 {
		d := value.Null(value.Dynamic)
		if i%3 > 0 {
			d = value.DynamicValue([]any{int64(i), texts[i%len(texts)], nil, []any{}})
		}
		n := value.LongValue(int64(i) - 20)
		if i%7 == 0 {
			n = value.Null(value.Long)
		}
		b.Append(
			value.DatetimeValue(at.Add(time.Duration(i)*time.Hour)), value.StringValue(texts[i%len(texts)]), n, value.RealValue(float64(i)/3), value.BoolValue(i%2 == 0), d, value.TimespanTicks(int64(i)*value.TicksPerSecond),
			value.DatetimeValue(at.Add(-time.Duration(i)*time.Minute)),
		)
	}
	return value.Tables{"T": b.Table(), "DeviceNetworkEvents": b.Table()}
}

const (
	fuzzSteps = 300_000
	fuzzRows  = 20_000
	fuzzBytes = 16 << 20
	// fuzzPatience is far beyond what the budgets allow, even on a slow machine:
	// whoever comes near it is not held by them.
	fuzzPatience = 20 * time.Second
)

func FuzzRun(f *testing.F) {
	seeds(f)
	tables := fuzzTables()
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 16<<10 {
			return
		}
		q, err := syntax.Parse(text)
		if err != nil {
			return
		}
		ctx, stop := context.WithTimeout(t.Context(), fuzzPatience)
		defer stop()
		out, err := Run(ctx, q, tables, Options{Now: time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC), MaxSteps: fuzzSteps, MaxRows: fuzzRows, MaxBytes: fuzzBytes})
		inside(t, text, err)
		if ctx.Err() != nil {
			t.Error("the budgets do not end it")
		}
		if err == nil && out.Len() > fuzzRows {
			t.Errorf("%d rows came out, more than a stage may have", out.Len())
		}
	})
}

func TestTheBudgetsEndWhatWouldNotEnd(t *testing.T) {
	tables := fuzzTables()
	for name, c := range map[string]struct {
		query string
		opts  Options
	}{
		"more rows than a stage may have": {"range x from 1 to 1000000000 step 1 | count", Options{MaxRows: 1000}},
		"rows that a join makes":          {"T | extend k = 1 | join kind=inner (T | extend k = 1) on k | count", Options{MaxRows: 1000}},
		"rows that mv-expand makes":       {"T | mv-expand x = range(1, 1000, 1) | count", Options{MaxRows: 1000}},
		"more steps than allowed":         {"range x from 1 to 1000000 step 1 | where x % 7 == 0 | count", Options{MaxSteps: 10_000}},
		"a text that grows":               {"print x = strrep(\"abcdefgh\", 1000) | extend x = strcat(x, x, x, x, x, x, x, x) | extend x = strcat(x, x, x, x, x, x, x, x) | extend x = strcat(x, x, x, x, x, x, x, x) | extend x = strcat(x, x, x, x, x, x, x, x)", Options{MaxBytes: 1 << 20}},
		"groups without end":              {"range x from 1 to 1000000 step 1 | summarize count() by x | count", Options{MaxBytes: 1 << 20}},
		"distinct without end":            {"range x from 1 to 1000000 step 1 | distinct x | count", Options{MaxBytes: 1 << 20}},
		"keys of a join without end":      {"print x=1 | join kind=inner (range x from 1 to 1000000 step 1) on x | count", Options{MaxBytes: 1 << 20}},
		"an array that grows":             {"print x = range(1, 100000000, 1)", Options{MaxBytes: 1 << 20}},
	} {
		t.Run(name, func(t *testing.T) {
			q, err := syntax.Parse(c.query)
			if err != nil {
				t.Fatal(err)
			}
			_, err = Run(t.Context(), q, tables, c.opts)
			var e *syntax.Error
			if !errors.As(err, &e) || e.Kind != syntax.LimitExceeded {
				t.Errorf("it ends with %v", err)
			}
		})
	}
}

// doubling is a chain of functions of which each calls the one before twice.
func doubling(body, first string, levels int) string {
	text := "let f0 = () { " + first + " };"
	for i := range levels {
		text += " let f" + strconv.Itoa(i+1) + " = () { " + strings.ReplaceAll(body, "f", "f"+strconv.Itoa(i)) + " };"
	}
	return text
}

func TestFunctionsThatDoubleAtEachLevelEnd(t *testing.T) {
	for name, query := range map[string]string{
		"scalars": doubling("f() + f()", "1", 60) + " print f60()",
		"tables":  doubling("union f(), f()", "print 1", 60) + " f60() | count",
	} {
		q, err := syntax.Parse(query)
		if err != nil {
			t.Fatal(name, err)
		}
		_, err = Run(t.Context(), q, value.Tables{}, Options{MaxSteps: 1_000_000})
		var e *syntax.Error
		if !errors.As(err, &e) || e.Kind != syntax.LimitExceeded {
			t.Errorf("%s: it ends with %v", name, err)
		}
	}
}

// Read twice at each level, these would take longer than the sun burns.
func TestBracketsWithinBracketsAreReadOnce(t *testing.T) {
	table, call, broken := "T", "T", "T"
	for range 45 {
		table = "T | where n in ((" + table + ") | take 1)"
		call = "T | where n in (toscalar((" + call + ") | take 1))"
		broken = "(" + broken + " | where n in ((T) | take 1"
	}
	for name, c := range map[string]struct {
		text string
		ok   bool
	}{"tables": {table, true}, "calls": {call, true}, "brackets that don't close": {broken, false}} {
		if _, err := syntax.Parse(c.text); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRowsAtTheBudgetPassAndOneMoreDoesNot(t *testing.T) {
	for rows, want := range map[int]bool{99: true, 100: true, 101: false} {
		q, err := syntax.Parse("range x from 1 to " + value.LongValue(int64(rows)).Text() + " step 1")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Run(t.Context(), q, value.Tables{}, Options{MaxRows: 100}); (err == nil) != want {
			t.Errorf("%d rows with a budget of 100: %v", rows, err)
		}
	}
}

func TestARunEndsWithItsContext(t *testing.T) {
	q, err := syntax.Parse("range x from 1 to 40000000 step 1 | where hash(x) % 7 == 0 | summarize count() by x % 1000")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := Run(ctx, q, value.Tables{}, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("it ends with %v", err)
	}
}
