package kql

import (
	"testing"
	"time"
)

// The clock of the queries under test.
var fnClock = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// fnCase is one call and the text of its answer; a null is written <null>.
type fnCase struct {
	name     string
	function string
	args     []Value
	want     string
}

const fnNull = "<null>"

func fnEnv() *callEnv {
	return &callEnv{now: fnClock, cache: map[string]any{}, grow: func(int) error { return nil }}
}

func vStr(s string) Value   { return StringValue(s) }
func vLong(n int64) Value   { return LongValue(n) }
func vReal(f float64) Value { return RealValue(f) }

// vJSON is a dynamic from its JSON.
func vJSON(text string) Value {
	d, ok := parseDynamic(text)
	if !ok {
		panic("not JSON: " + text)
	}
	return DynamicValue(d)
}

func vTime(text string) Value {
	ticks, ok := parseDatetime(text)
	if !ok {
		panic("not a datetime: " + text)
	}
	return DatetimeTicks(ticks)
}

func vSpan(text string) Value {
	ticks, ok := parseTimespan(text)
	if !ok {
		panic("not a timespan: " + text)
	}
	return TimespanTicks(ticks)
}

func vArgs(v ...Value) []Value { return v }

// fnText tells a null from an empty string.
func fnText(v Value) string {
	if v.IsNull() {
		return fnNull
	}
	return v.Text()
}

func runFnCases(t *testing.T, cases []fnCase) {
	t.Helper()
	all := scalarFunctions()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f, ok := all[c.function]
			if !ok {
				t.Fatalf("%s() is not registered", c.function)
			}
			if n := len(c.args); n < f.minArgs || f.maxArgs >= 0 && n > f.maxArgs {
				t.Fatalf("%s() takes %d to %d arguments, got %d", c.function, f.minArgs, f.maxArgs, n)
			}
			env := fnEnv()
			// twice, as the second call may come from the cache
			for range 2 {
				got, err := f.eval(env, c.args)
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
	sample := map[Type]Value{String: vStr("1"), Long: vLong(1), Real: vReal(1.5), Dynamic: vJSON(`[1,2]`), Datetime: vTime("2020-01-01"), Timespan: vSpan("1h"), Bool: BoolValue(true)}
	for name, f := range scalarFunctions() {
		if f.name != name || f.eval == nil || f.result == nil {
			t.Errorf("%s() is registered as %q, or is incomplete", name, f.name)
			continue
		}
		for typ, v := range sample {
			args, types := make([]Value, max(f.minArgs, 1)), make([]Type, max(f.minArgs, 1))
			if f.maxArgs == 0 {
				args, types = nil, nil
			}
			for i := range args {
				args[i], types[i] = v, typ
			}
			got, err := f.eval(fnEnv(), args)
			if err != nil {
				continue // what a query with such constants is told
			}
			want := f.result(types)
			if got.Type() != want && want != Unknown {
				t.Errorf("%s(%v…) answers a %v, and promises a %v", name, typ, got.Type(), want)
			}
		}
	}
}

func TestFunctionsTakeNullsWithoutAPanic(t *testing.T) {
	for name, f := range scalarFunctions() {
		for typ := Unknown; typ <= Guid; typ++ {
			n := f.minArgs
			if f.maxArgs < 0 || f.maxArgs > n {
				n++
			}
			args := make([]Value, n)
			for i := range args {
				args[i] = Null(typ)
			}
			if _, err := f.eval(fnEnv(), args); err != nil && len(err.Error()) < 10 {
				t.Errorf("%s() refuses nulls with %q, which helps nobody", name, err)
			}
		}
	}
}

func TestAConstantArrayIsReadOnce(t *testing.T) {
	ranges := make([]any, 5000)
	for i := range ranges {
		ranges[i] = "10." + itoa(i/250) + "." + itoa(i%250) + ".0/24"
	}
	env, f := fnEnv(), scalarFunctions()["ipv4_is_in_any_range"]
	args := vArgs(vStr("10.19.249.7"), DynamicValue(ranges))
	if v, err := f.eval(env, args); err != nil || !v.AsBool() {
		t.Fatalf("the address lies in the last range: %v %v", fnText(v), err)
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = f.eval(env, args) }); n > 1 {
		t.Errorf("a call with a known array allocates %v times", n)
	}
	if len(env.cache) != 1 {
		t.Errorf("the cache holds %d entries for one array", len(env.cache))
	}
}

func FuzzFunctionsTakeAnyText(f *testing.F) {
	f.Add("a", "b", int64(1))
	f.Add("%5", "\xff", int64(-1))
	f.Add(`{"a":[1]}`, "$.a[0]", int64(1)<<62)
	f.Add("2024-01-01", "month", int64(-1)<<63)
	f.Add("10.0.0.0/8", "::1", int64(33))
	all := scalarFunctions()
	f.Fuzz(func(t *testing.T, s, other string, n int64) {
		env := fnEnv()
		d, _ := parseDynamic(s)
		values := []Value{vStr(s), vStr(other), LongValue(n), convertDynamic(vStr(s)), DynamicValue([]any{s, n, d}), convert(vStr(s), Datetime), TimespanTicks(n)}
		for name, f := range all {
			if f.impure || name == "range" || name == "repeat" {
				continue // these answer with a million elements
			}
			for shift := range values {
				args := make([]Value, f.minArgs)
				if f.maxArgs < 0 || f.maxArgs > f.minArgs {
					args = make([]Value, f.minArgs+1)
				}
				for i := range args {
					args[i] = values[(shift+i)%len(values)]
				}
				v, err := f.eval(env, args)
				if err == nil {
					_ = v.Text()
				}
			}
		}
	})
}
