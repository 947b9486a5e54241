package builtin

import (
	"testing"

	"github.com/footprint-soc/footprint/hunts/kql/value"
)

func TestArrayFunctions(t *testing.T) {
	runFnCases(t, []fnCase{
		{"length of an array", "array_length", vArgs(vJSON(`[1,[2,3]]`)), "2"},
		{"a bag has no length", "array_length", vArgs(vJSON(`{"a":1}`)), fnNull},
		{"arrays one after the other", "array_concat", vArgs(vJSON(`[1]`), vJSON(`[]`), vJSON(`["a"]`)), `[1,"a"]`},
		{"a slice from the end", "array_slice", vArgs(vJSON(`[1,2,3,4]`), vLong(-2), vLong(-1)), "[3,4]"},
		{"a slice the wrong way round", "array_slice", vArgs(vJSON(`[1,2,3]`), vLong(2), vLong(1)), "[]"},
		{"a slice beyond both ends", "array_slice", vArgs(vJSON(`[1,2]`), vLong(-9), vLong(9)), "[1,2]"},
		{"position in an array", "array_index_of", vArgs(vJSON(`["a","b","a"]`), vStr("a"), vLong(1)), "2"},
		{"a number is no text", "array_index_of", vArgs(vJSON(`["1"]`), vLong(1)), "-1"},
		{"split at places", "array_split", vArgs(vJSON(`[1,2,3,4]`), vJSON(`[1,-1]`)), "[[1],[2,3],[4]]"},
		{"sum of what is no number", "array_sum", vArgs(vJSON(`[1,"x"]`)), fnNull},
		{"sorted, nulls last", "array_sort_asc", vArgs(vJSON(`[3,null,1,2.5]`)), "[1,2.5,3,null]"},
		{"sorted down, nulls first", "array_sort_desc", vArgs(vJSON(`[3,null,1]`), value.BoolValue(false)), "[null,3,1]"},
		{"sorted alongside, unless of another length", "array_sort_asc", vArgs(vJSON(`[2,1]`), vJSON(`["b","a"]`), vJSON(`[0]`)), `[[1,2],["a","b"],null]`},
		{"a range of numbers", "range", vArgs(vLong(5), vLong(1), vLong(-2)), "[5,3,1]"},
		{"a range without a step that leads there", "range", vArgs(vLong(5), vLong(1)), "[]"},
		{"a range to the greatest number ends", "range", vArgs(vLong(1<<63-2), vLong(1<<63-1)), "[9223372036854775806,9223372036854775807]"},
		{"a range of days", "range", vArgs(vTime("2024-01-01"), vTime("2024-01-02"), vSpan("1d")), `["2024-01-01T00:00:00.0000000Z","2024-01-02T00:00:00.0000000Z"]`},
		{"zipped to the longest", "zip", vArgs(vJSON(`[1,2]`), vJSON(`["a"]`)), `[[1,"a"],[2,null]]`},
	})
}

func TestSetFunctions(t *testing.T) {
	many := make([]any, 100)
	for i := range many {
		many[i] = int64(i)
	}
	runFnCases(t, []fnCase{
		{"a union keeps the first of each", "set_union", vArgs(vJSON(`[1,2,2]`), vJSON(`[3,1,"1"]`)), `[1,2,3,"1"]`},
		{"an intersection of three", "set_intersect", vArgs(vJSON(`[1,2,3]`), vJSON(`[2,3]`), vJSON(`[3,4]`)), "[3]"},
		{"a difference of three", "set_difference", vArgs(vJSON(`[1,2,3,1]`), vJSON(`[2]`), vJSON(`[3]`)), "[1]"},
		{"bags are equal in any order", "set_difference", vArgs(vJSON(`[{"a":1,"b":2}]`), vJSON(`[{"b":2,"a":1}]`)), "[]"},
		{"an element of a short set", "set_has_element", vArgs(vJSON(`["a","b"]`), vStr("b")), "true"},
		{"an element of a long set", "set_has_element", vArgs(value.DynamicValue(many), vLong(99)), "true"},
		{"no element of a long set", "set_has_element", vArgs(value.DynamicValue(many), vStr("99")), "false"},
		{"what is no set", "set_has_element", vArgs(vJSON(`{}`), vLong(1)), fnNull},
		{"how alike two sets are", "jaccard_index", vArgs(vJSON(`[1,2,3]`), vJSON(`[2,3,4]`)), "0.5"},
	})
}

func TestBagFunctions(t *testing.T) {
	runFnCases(t, []fnCase{
		{"a bag keeps the order of its keys", "bag_pack", vArgs(vStr("b"), vLong(1), vStr("a"), value.Null(value.Long)), `{"b":1,"a":null}`},
		{"keys of the top level", "bag_keys", vArgs(vJSON(`{"a":{"b":1},"c":2}`)), `["a","c"]`},
		{"a key by its path", "bag_has_key", vArgs(vJSON(`{"a":{"b c":1}}`), vStr("$.a['b c']")), "true"},
		{"a key whose value is null is there", "bag_has_key", vArgs(vJSON(`{"a":null}`), vStr("a")), "true"},
		{"the leftmost value wins", "bag_merge", vArgs(vJSON(`{"a":1}`), vJSON(`{"a":2,"b":3}`)), `{"a":1,"b":3}`},
		{"a key is set below", "bag_set_key", vArgs(vJSON(`{"a":{"b":1}}`), vStr("$.a.c"), vLong(2)), `{"a":{"b":1,"c":2}}`},
		{"a dollar alone is a key", "bag_set_key", vArgs(vJSON(`{}`), vStr("$"), vLong(1)), `{"$":1}`},
		{"keys are removed, also below", "bag_remove_keys", vArgs(vJSON(`{"a":{"b":1,"c":2},"d":3}`), vJSON(`["$.a.b","d","x"]`)), `{"a":{"c":2}}`},
		{"a bag of two arrays", "bag_zip", vArgs(vJSON(`["a",1,"b"]`), vJSON(`[1,2]`)), `{"a":1,"b":null}`},
		{"equal bags print equally", "dynamic_to_json", vArgs(vJSON(`{"b":[null,"x"],"a":{"d":1,"c":2}}`)), `{"a":{"c":2,"d":1},"b":[null,"x"]}`},
		{"what is no bag has no keys", "bag_keys", vArgs(vJSON(`[1]`)), fnNull},
	})
}

func TestABagThatIsChangedStaysAsItWas(t *testing.T) {
	bag := vJSON(`{"a":{"b":1}}`)
	all := Functions()
	for name, args := range map[string][]value.Value{
		"bag_set_key":     vArgs(bag, vStr("$.a.b"), vLong(2)),
		"bag_remove_keys": vArgs(bag, vJSON(`["$.a.b"]`)),
		"bag_merge":       vArgs(bag, vJSON(`{"c":1}`)),
	} {
		if _, err := all[name].Eval(fnEnv(), args); err != nil {
			t.Fatal(err)
		}
		if got := bag.Text(); got != `{"a":{"b":1}}` {
			t.Errorf("%s() changed its argument to %s, which other rows share", name, got)
		}
	}
}

func TestSortingAlongGivesEveryArray(t *testing.T) {
	got, err := ArraySort(false, vArgs(vJSON(`[1,3,2]`), vJSON(`["a","c","b"]`)))
	if err != nil || len(got) != 2 || got[0].Text() != "[3,2,1]" || got[1].Text() != `["c","b","a"]` {
		t.Errorf("sorted to %v, %v", got, err)
	}
}

func FuzzJSONPath(f *testing.F) {
	for _, s := range []string{"$", "$.a", "$['a'].b[0]", "$[", "$['", "$..", "a.b", "$x"} {
		f.Add(s, `{"a":{"b":[1]}}`)
	}
	all := Functions()
	f.Fuzz(func(t *testing.T, key, text string) {
		d, ok := value.ParseJSON(text)
		if !ok {
			return
		}
		before := string(value.AppendJSON(nil, d))
		set, err := all["bag_set_key"].Eval(fnEnv(), vArgs(value.DynamicValue(d), vStr(key), vLong(1)))
		if err != nil {
			t.Fatal(err)
		}
		if !set.IsNull() {
			if has, err := all["bag_has_key"].Eval(fnEnv(), vArgs(set, vStr(key))); err != nil || !has.AsBool() {
				t.Fatalf("%q is set in %s and not found in %s", key, before, set.Text())
			}
		}
		if _, err := all["bag_remove_keys"].Eval(fnEnv(), vArgs(value.DynamicValue(d), vStr(key))); err != nil {
			t.Fatal(err)
		}
		if after := string(value.AppendJSON(nil, d)); after != before {
			t.Fatalf("%s became %s", before, after)
		}
	})
}

func TestSeriesFunctions(t *testing.T) {
	runFnCases(t, []fnCase{})
}
