package builtin

import (
	"strconv"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// The clock of the queries under test.
var fnClock = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// fnCase is one call and the text of its answer; a null is written <null>.
type fnCase struct {
	name     string
	function string
	args     []value.Value
	want     string
}

const fnNull = "<null>"

func fnEnv() *Env {
	return &Env{Now: fnClock, Cache: map[string]any{}, Grow: func(int) error { return nil }}
}

func vStr(s string) value.Value   { return value.StringValue(s) }
func vLong(n int64) value.Value   { return value.LongValue(n) }
func vReal(f float64) value.Value { return value.RealValue(f) }

// vJSON is a dynamic from its JSON.
func vJSON(text string) value.Value {
	d, ok := value.ParseJSON(text)
	if !ok {
		panic("not JSON: " + text)
	}
	return value.DynamicValue(d)
}

func vTime(text string) value.Value {
	ticks, ok := value.ParseDatetime(text)
	if !ok {
		panic("not a datetime: " + text)
	}
	return value.DatetimeTicks(ticks)
}

func vSpan(text string) value.Value {
	ticks, ok := value.ParseTimespan(text)
	if !ok {
		panic("not a timespan: " + text)
	}
	return value.TimespanTicks(ticks)
}

func vArgs(v ...value.Value) []value.Value { return v }

// fnText tells a null from an empty string.
func fnText(v value.Value) string {
	if v.IsNull() {
		return fnNull
	}
	return v.Text()
}

func runFnCases(t *testing.T, cases []fnCase) {
	t.Helper()
	all := Functions()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f, ok := all[c.function]
			if !ok {
				t.Fatalf("%s() is not registered", c.function)
			}
			if n := len(c.args); n < f.MinArgs || f.MaxArgs >= 0 && n > f.MaxArgs {
				t.Fatalf("%s() takes %d to %d arguments, got %d", c.function, f.MinArgs, f.MaxArgs, n)
			}
			env := fnEnv()
			// twice, as the second call may come from the cache
			for range 2 {
				got, err := f.Eval(env, c.args)
				if err != nil {
					t.Fatalf("%s(): %v", c.function, err)
				}
				if text := fnText(got); text != c.want {
					t.Errorf("%s() = %s, want %s", c.function, text, c.want)
				}
			}
		})
	}
}

func TestFunctionsNameThemselvesAndKeepTheirTypes(t *testing.T) {
	sample := map[value.Type]value.Value{value.String: vStr("1"), value.Long: vLong(1), value.Real: vReal(1.5), value.Dynamic: vJSON(`[1,2]`), value.Datetime: vTime("2020-01-01"), value.Timespan: vSpan("1h"), value.Bool: value.BoolValue(true)}
	for name, f := range Functions() {
		if f.Name != name || f.Eval == nil || f.Result == nil {
			t.Errorf("%s() is registered as %q, or is incomplete", name, f.Name)
			continue
		}
		for typ, v := range sample {
			args, types := make([]value.Value, max(f.MinArgs, 1)), make([]value.Type, max(f.MinArgs, 1))
			if f.MaxArgs == 0 {
				args, types = nil, nil
			}
			for i := range args {
				args[i], types[i] = v, typ
			}
			got, err := f.Eval(fnEnv(), args)
			if err != nil {
				continue // what a query with such constants is told
			}
			want := f.Result(types)
			if got.Type() != want && want != value.Unknown {
				t.Errorf("%s(%v…) answers a %v, and promises a %v", name, typ, got.Type(), want)
			}
		}
	}
}

func TestFunctionsTakeNullsWithoutAPanic(t *testing.T) {
	for name, f := range Functions() {
		for typ := value.Unknown; typ <= value.Guid; typ++ {
			n := f.MinArgs
			if f.MaxArgs < 0 || f.MaxArgs > n {
				n++
			}
			args := make([]value.Value, n)
			for i := range args {
				args[i] = value.Null(typ)
			}
			if _, err := f.Eval(fnEnv(), args); err != nil && len(err.Error()) < 10 {
				t.Errorf("%s() refuses nulls with %q, which helps nobody", name, err)
			}
		}
	}
}

func TestAConstantArrayIsReadOnce(t *testing.T) {
	ranges := make([]any, 5000)
	for i := range ranges {
		ranges[i] = "10." + strconv.Itoa(i/250) + "." + strconv.Itoa(i%250) + ".0/24"
	}
	env, f := fnEnv(), Functions()["ipv4_is_in_any_range"]
	args := vArgs(vStr("10.19.249.7"), value.DynamicValue(ranges))
	if v, err := f.Eval(env, args); err != nil || !v.AsBool() {
		t.Fatalf("the address lies in the last range: %v %v", fnText(v), err)
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = f.Eval(env, args) }); n > 1 {
		t.Errorf("a call with a known array allocates %v times", n)
	}
	if len(env.Cache) != 1 {
		t.Errorf("the cache holds %d entries for one array", len(env.Cache))
	}
}

func FuzzFunctionsTakeAnyText(f *testing.F) {
	f.Add("a", "b", int64(1))
	f.Add("%5", "\xff", int64(-1))
	f.Add(`{"a":[1]}`, "$.a[0]", int64(1)<<62)
	f.Add("2024-01-01", "month", int64(-1)<<63)
	f.Add("10.0.0.0/8", "::1", int64(33))
	all := Functions()
	f.Fuzz(func(t *testing.T, s, other string, n int64) {
		env := fnEnv()
		d, _ := value.ParseJSON(s)
		values := []value.Value{vStr(s), vStr(other), value.LongValue(n), value.ConvertDynamic(vStr(s)), value.DynamicValue([]any{s, n, d}), value.Convert(vStr(s), value.Datetime), value.TimespanTicks(n)}
		for name, f := range all {
			if f.Impure || name == "range" || name == "repeat" {
				continue // these answer with a million elements
			}
			for shift := range values {
				args := make([]value.Value, f.MinArgs)
				if f.MaxArgs < 0 || f.MaxArgs > f.MinArgs {
					args = make([]value.Value, f.MinArgs+1)
				}
				for i := range args {
					args[i] = values[(shift+i)%len(values)]
				}
				v, err := f.Eval(env, args)
				if err == nil {
					_ = v.Text()
				}
			}
		}
	})
}
