package exec

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts/kql/syntax"
	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// shared is where the conformance examples lie when they are there.
const shared = "../../../../shared/kql"

type example struct {
	ID      string     `json:"id"`
	Query   string     `json:"query"`
	Columns []string   `json:"columns"`
	Rows    [][]string `json:"rows"`
	Kinds   []string   `json:"kinds"`
}

// misprints are examples whose printed output is wrong, with the reason.
var misprints = map[string]string{
	"exp-function#1":                  "exp(2) is printed with six decimals",
	"join-innerunique#3":              "the page shows a second possible choice of the rows that innerunique keeps",
	"join-innerunique#4":              "the page shows the other possible choice of the rows that innerunique keeps",
	"mv-apply-operator#5":             "a printed array mixes ' and \"",
	"parse-path-function#1":           "backslashes are printed without their JSON escapes",
	"parse-url-function#1":            "the inner object is printed as a text with bare quotes, which is no JSON",
	"parse-url-query-function#1":      "the inner object is printed as a text with bare quotes, which is no JSON",
	"url-encode-component-function#1": "the slash at the end of the input was lost on the page",
	"url-encode-function#1":           "the page prints an input that the query does not have",
	"range-function#4":                "two values that belong to other examples are printed as rows of one",
	"range-operator#2":                "the first three rows are left out",
	"regex-quote-function#1":          "the page lost the backslashes before ( ) and .",
	"replace-regex-function#1":        "the input says 1 and the printed output 1.000000",
	"string#3":                        "the no-break space is printed as a plain one",
	"string#5":                        "the lines of the text are printed as one",
	"strcat-function#2":               "the lines of the text are printed as a numbered list",
	"range-function#2":                "the middle of the array is printed as dots",
}

// misnamed are examples whose columns are printed under a name that the query
// does not give them, with the reason.
var misnamed = map[string]string{
	"join-rightanti#1":  "the column Value2 of the right side is printed as Value1",
	"max-of-function#2": "a column without a name is printed as result",
}

func readExamples(t *testing.T, name string) []example {
	t.Helper()
	f, err := os.Open(filepath.Join(shared, name))
	if err != nil {
		t.Skipf("SKIPPED LOUDLY: %s is not present, so the vendor's examples were not run", name)
	}
	defer func() { _ = f.Close() }()
	var out []example
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e example
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
	}
	return out
}

func TestTheVendorsExamplesAreAnsweredAsPrinted(t *testing.T) {
	for _, file := range []struct {
		name  string
		share float64
	}{{"examples.jsonl", 0.92}, {"string-operators.jsonl", 1}} {
		t.Run(file.name, func(t *testing.T) {
			list := readExamples(t, file.name)
			answered, refused, misprinted := 0, 0, 0
			for _, e := range list {
				got, err := run(e.Query)
				var kind *syntax.Error
				switch {
				case errors.As(err, &kind) && kind.Kind == syntax.Unsupported:
					refused++
					t.Logf("refused %s: %v", e.ID, err)
				case err != nil:
					t.Errorf("%s: %v\n%s", e.ID, err, e.Query)
				default:
					if why := differs(e, got); why != "" {
						if reason, ok := misprints[e.ID]; ok {
							misprinted++
							t.Logf("misprint %s: %s", e.ID, reason)
							continue
						}
						t.Errorf("%s: %s\n%s", e.ID, why, e.Query)
						continue
					}
					answered++
				}
			}
			t.Logf("%d examples: %d answered as printed, %d refused by name, %d misprints", len(list), answered, refused, misprinted)
			if share := float64(answered+misprinted) / float64(len(list)); share < file.share {
				t.Errorf("answered %.1f %%, want at least %.0f %%", 100*share, 100*file.share)
			}
		})
	}
}

func run(text string) (*value.Table, error) {
	q, err := syntax.Parse(text)
	if err != nil {
		return nil, err
	}
	return Run(context.Background(), q, value.Tables{}, Options{Now: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), MaxRows: 2_000_000})
}

func differs(e example, got *value.Table) string {
	if len(got.Columns()) != len(e.Columns) {
		return fmt.Sprintf("columns %v, want %v", got.Columns(), e.Columns)
	}
	if got.Len() != len(e.Rows) {
		return fmt.Sprintf("%d rows, want %d: %s", got.Len(), len(e.Rows), printed(got))
	}
	for i, c := range got.Columns() {
		// the pages leave out some automatic names
		if !strings.EqualFold(c.Name, e.Columns[i]) && !strings.HasPrefix(c.Name, "print_") && misnamed[e.ID] == "" {
			return fmt.Sprintf("columns %v, want %v", got.Columns(), e.Columns)
		}
	}
	ordered := false
	for _, k := range e.Kinds {
		ordered = ordered || k == "SortOperator" || k == "TopOperator"
	}
	free := strings.Contains(e.Query, "_set") || strings.Contains(e.Query, "set_")
	match := func(want []string, row int) bool {
		for k, w := range want {
			if !sameCell(w, got.Value(row, k), free) {
				return false
			}
		}
		return true
	}
	used := make([]bool, got.Len())
	for i, want := range e.Rows {
		found := false
		for row := range used {
			if ordered {
				row = i
			}
			if !used[row] && match(want, row) {
				used[row], found = true, true
				break
			}
			if ordered {
				break
			}
		}
		if !found {
			return fmt.Sprintf("no row like %q in\n%s", want, printed(got))
		}
	}
	return ""
}

func printed(t *value.Table) string {
	var b strings.Builder
	for i := range min(t.Len(), 12) {
		for k := range t.Columns() {
			fmt.Fprintf(&b, "%q\t", t.Value(i, k).Text())
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func sameCell(want string, v value.Value, free bool) bool {
	have := v.Text()
	want = strings.TrimSpace(want)
	switch want {
	case "(null)", "null":
		if v.IsNull() {
			return true
		}
	case "∞":
		want = "Infinity"
	case "-∞":
		want = "-Infinity"
	}
	if want == have || want == strings.TrimSpace(have) {
		return true
	}
	switch v.Type() {
	case value.Bool:
		return want == strconv.Itoa(int(v.AsLong())) && !v.IsNull() || strings.EqualFold(want, have)
	case value.Int, value.Long, value.Real, value.Decimal:
		w, err := strconv.ParseFloat(strings.ReplaceAll(want, ",", ""), 64)
		if err != nil || v.IsNull() {
			return strings.EqualFold(want, have)
		}
		return w == v.AsReal() || math.Abs(w-v.AsReal()) <= 1e-9*math.Max(math.Abs(w), math.Abs(v.AsReal())) || math.IsNaN(w) && math.IsNaN(v.AsReal())
	case value.Datetime:
		ticks, ok := value.ParseDatetime(want)
		return ok && ticks == v.AsLong()
	case value.Timespan:
		ticks, ok := value.ParseTimespan(want)
		return ok && ticks == v.AsLong()
	case value.Dynamic:
		return sameJSON(want, have, free)
	}
	return false
}

func sameJSON(a, b string, free bool) bool {
	var x, y any
	if json.Unmarshal([]byte(a), &x) != nil && json.Unmarshal([]byte(strings.ReplaceAll(a, "'", `"`)), &x) != nil || json.Unmarshal([]byte(b), &y) != nil {
		return false
	}
	return canonical(x, free) == canonical(y, free)
}

func canonical(v any, free bool) string {
	switch v := v.(type) {
	case []any:
		parts := make([]string, len(v))
		for i, item := range v {
			parts[i] = canonical(item, free)
		}
		if free {
			sort.Strings(parts)
		}
		return "[" + strings.Join(parts, ",") + "]"
	case map[string]any:
		var parts []string
		for k, item := range v {
			parts = append(parts, strconv.Quote(k)+":"+canonical(item, free))
		}
		sort.Strings(parts)
		return "{" + strings.Join(parts, ",") + "}"
	case float64:
		return strconv.FormatFloat(v, 'g', 12, 64)
	}
	out, _ := json.Marshal(v)
	return string(out)
}
