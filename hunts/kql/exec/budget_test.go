package exec

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/footprint-soc/footprint/hunts/kql/syntax"
	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// chain is let a0 = first; let a1 = f(a0); … ; print the last.
func chain(first, next, last string, levels int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "let a0 = %s;", first)
	for i := range levels {
		fmt.Fprintf(&b, " let a%d = %s;", i+1, strings.ReplaceAll(next, "A", fmt.Sprintf("a%d", i)))
	}
	return b.String() + fmt.Sprintf(last, fmt.Sprintf("a%d", levels))
}

func columns(next string, levels int, last string) string {
	var b strings.Builder
	b.WriteString("range n from 1 to 3 step 1 | extend c0 = tostring(n)")
	for i := range levels {
		fmt.Fprintf(&b, " | extend c%d = %s", i+1, strings.ReplaceAll(next, "A", fmt.Sprintf("c%d", i)))
	}
	return b.String() + last
}

func TestNoShortQueryTakesTheMemoryOfTheMachine(t *testing.T) {
	for name, query := range map[string]string{
		"texts that double":                    chain(`"abcdefgh"`, "strcat(A, A)", " print strlen(%s)", 60),
		"texts that double by columns":         columns("strcat(A, A)", 40, " | project strlen(c40)"),
		"texts that grow by replacement":       chain(`"aa"`, "replace_string(A, 'a', 'aaaa')", " print strlen(%s)", 40),
		"texts joined from an array":           chain(`"abcdefgh"`, "strcat_array(pack_array(A, A, A), '')", " print strlen(%s)", 40),
		"bags in bags":                         chain("bag_pack('a', 1)", "bag_pack('x', A, 'y', A)", " print tostring(%s)", 60),
		"bags in bags that nobody prints":      chain("bag_pack('a', 1)", "bag_pack('x', A, 'y', A)", " print isnull(%s)", 60),
		"bags in bags by columns":              columns("bag_pack('x', A, 'y', A)", 60, " | project tostring(c60)"),
		"rows packed in rows":                  "print a = 1" + strings.Repeat(" | extend p = pack_all()", 1) + rename(50),
		"arrays that double":                   chain("dynamic([1,2,3])", "array_concat(A, A)", " print array_length(%s)", 60),
		"arrays of arrays":                     chain("dynamic([1,2,3])", "pack_array(A, A, A)", " print tostring(%s)", 60),
		"bags nested without end":              chain("dynamic({})", "bag_pack('x', A)", " print tostring(%s)", 400),
		"functions that ask twice":             lambdas(40),
		"lists of long texts":                  `range n from 1 to 100000 step 1 | extend s = strcat(strrep("abcdefghij", 1000), n) | summarize make_list(s)`,
		"bags of long texts":                   `range n from 1 to 100000 step 1 | summarize make_bag(bag_pack(tostring(n), strrep("abcdefghij", 1000)))`,
		"many different long texts":            `range n from 1 to 1000000 step 1 | extend s = strcat(n, strrep("abcdefghij", 1000)) | summarize dcount(s) by s`,
		"rows of long texts that are all kept": `let t = materialize(range n from 1 to 1000000 step 1 | extend s = strcat(n, strrep("abcdefghij", 500))); t | count`,
	} {
		t.Run(name, func(t *testing.T) {
			q, err := syntax.Parse(query)
			if err != nil {
				t.Fatal(err)
			}
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			_, err = Run(t.Context(), q, value.Tables{}, Options{MaxBytes: 128 << 20})
			runtime.ReadMemStats(&after)
			var e *syntax.Error
			if !errors.As(err, &e) || e.Kind != syntax.LimitExceeded || !strings.Contains(err.Error(), "MB") {
				t.Errorf("it ends with %v, not with a limit that is said", err)
			}
			if grown := int64(after.Sys) - int64(before.Sys); grown > 1<<30 {
				t.Errorf("it took %d MB of the machine", grown>>20)
			}
		})
	}
}

// lambdas are functions of which each asks its argument twice.
func lambdas(levels int) string {
	var b strings.Builder
	b.WriteString("let f0 = (s:string) { strcat(s, s) };")
	for i := range levels {
		fmt.Fprintf(&b, " let f%d = (s:string) { f%d(strcat(s, s)) };", i+1, i)
	}
	return b.String() + fmt.Sprintf(" range n from 1 to 3 step 1 | project strlen(f%d(tostring(n)))", levels)
}

// rename doubles a bag of the whole row again and again.
func rename(levels int) string {
	var b strings.Builder
	for i := range levels {
		fmt.Fprintf(&b, " | extend p%d = pack_all()", i)
	}
	return b.String() + " | project tostring(pack_all())"
}

func TestAHuntOverManyRowsStaysWithinTheBudget(t *testing.T) {
	query := `range n from 1 to 300000 step 1 | extend s = strcat("host-", n % 5000, ".example"), d = bag_pack("a", n % 100, "b", "text") | where s has "example" and tostring(d.a) != "7" | summarize count(), make_set(s, 100), take_any(d) by bin(n, 10000)`
	q, err := syntax.Parse(query)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), q, value.Tables{}, Options{MaxBytes: 64 << 20}); err != nil {
		t.Error(err)
	}
}

func TestHostileTextIsRefusedBeforeItIsDeep(t *testing.T) {
	const n = 200_000
	for name, text := range map[string]string{
		"a sum":          "print 1" + strings.Repeat("+1", n),
		"conjuncts":      "print x=1 | where true" + strings.Repeat(" and true", n),
		"products":       "print 1" + strings.Repeat("*1", n),
		"properties":     "print a" + strings.Repeat(".b", n),
		"elements":       "print a" + strings.Repeat("[0]", n),
		"comparisons":    "print 1" + strings.Repeat("==1", n),
		"brackets":       strings.Repeat("(", n),
		"calls":          "print " + strings.Repeat("not(", n),
		"minus":          "print " + strings.Repeat("-", n) + "1",
		"arrays":         "print dynamic(" + strings.Repeat("[", n),
		"lambdas":        strings.Repeat("let f = () {", n),
		"joins":          strings.Repeat("T | join (", n),
		"applies":        "T" + strings.Repeat(" | mv-apply a on (take 1", n),
		"partitions":     "T | " + strings.Repeat("partition by a (", n),
		"searches":       "search " + strings.Repeat("(", n),
		"unions":         strings.Repeat("union (", n),
		"named brackets": "print " + strings.Repeat("a=(", n),
	} {
		t.Run(name, func(t *testing.T) {
			q, err := syntax.Parse(text)
			if err == nil {
				_, err = Run(t.Context(), q, value.Tables{}, Options{})
			}
			var e *syntax.Error
			if !errors.As(err, &e) || e.Kind != syntax.LimitExceeded && e.Kind != syntax.SyntaxError {
				t.Errorf("it ends with %v", err)
			}
		})
	}
}
