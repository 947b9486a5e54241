package kql

import (
	"cmp"
	"slices"
	"strings"
)

func dynamicFunctions() library {
	l := library{}
	arrayFunctions(l)
	reshapeFunctions(l)
	setFunctions(l)
	bagFunctions(l)
	return l
}

func arrayFunctions(l library) {
	l.pure("array_length", 1, 1, Long, func(a []Value) Value {
		list, ok := argArray(a[0])
		if !ok {
			return Null(Long)
		}
		return LongValue(int64(len(list)))
	})
	l.add([]string{"pack_array"}, 0, anyNumber, returns(Dynamic), func(_ *callEnv, a []Value) (Value, error) {
		list := make([]any, len(a))
		for i, v := range a {
			list[i] = toDynamic(v)
		}
		return DynamicValue(list), nil
	})
	l.add([]string{"array_concat"}, 1, 64, returns(Dynamic), func(env *callEnv, a []Value) (Value, error) {
		out := []any{}
		for _, v := range a {
			list, ok := argArray(v)
			if !ok {
				return Null(Dynamic), nil
			}
			out = append(out, list...)
		}
		return DynamicValue(out), env.charge(16 * len(out))
	})
	l.pure("strcat_array", 2, 2, String, func(a []Value) Value {
		list, _ := argArray(a[0])
		parts := make([]string, len(list))
		for i, item := range list {
			parts[i] = fromDynamic(item).Text()
		}
		return StringValue(strings.Join(parts, argText(a[1])))
	})
	l.pure("array_sum", 1, 1, Real, func(a []Value) Value {
		list, ok := argArray(a[0])
		if !ok {
			return Null(Real)
		}
		sum := 0.0
		for _, item := range list {
			v := convert(fromDynamic(item), Real)
			if !v.valid {
				return Null(Real)
			}
			sum += v.real
		}
		return RealValue(sum)
	})
	l.pure("array_index_of", 2, 5, Long, arrayIndexOf)
	l.pure("array_slice", 3, 3, Dynamic, arraySlice)
	l.pure("array_split", 2, 2, Dynamic, arraySplit)
	for name, asc := range map[string]bool{"array_sort_asc": true, "array_sort_desc": false} {
		l.add([]string{name}, 1, 64, returns(Dynamic), func(_ *callEnv, a []Value) (Value, error) {
			sorted, err := arraySort(asc, a)
			if err != nil || len(sorted) == 0 {
				return Null(Dynamic), err
			}
			if len(sorted) == 1 {
				return sorted[0], nil
			}
			// several arrays make several columns, or one list to take an element of
			all := make([]any, len(sorted))
			for i, v := range sorted {
				all[i] = v.dyn
			}
			return DynamicValue(all), nil
		})
	}
	l.add([]string{"range"}, 2, 3, returns(Dynamic), func(env *callEnv, a []Value) (Value, error) { return rangeArray(env, a) })
	l.add([]string{"repeat"}, 2, 2, returns(Dynamic), func(env *callEnv, a []Value) (Value, error) {
		if a[1].num < 0 || a[1].num > 1<<20 {
			return Null(Dynamic), nil
		}
		list := make([]any, a[1].num)
		for i := range list {
			list[i] = toDynamic(a[0])
		}
		return DynamicValue(list), env.charge(16 * len(list))
	})
	l.add([]string{"array_iff", "array_iif"}, 3, 3, returns(Dynamic), func(_ *callEnv, a []Value) (Value, error) {
		when, ok := argArray(a[0])
		if !ok {
			return Null(Dynamic), nil
		}
		pick := func(v Value, i int) any {
			list, ok := argArray(v)
			if !ok {
				return toDynamic(v)
			}
			if i < len(list) {
				return list[i]
			}
			return nil
		}
		out := make([]any, len(when))
		for i, w := range when {
			c := convert(fromDynamic(w), Bool)
			switch {
			case !c.valid:
			case c.num != 0:
				out[i] = pick(a[1], i)
			default:
				out[i] = pick(a[2], i)
			}
		}
		return DynamicValue(out), nil
	})
}

func reshapeFunctions(l library) {
	l.pure("array_reverse", 1, 1, Dynamic, func(a []Value) Value {
		list, ok := argArray(a[0])
		if !ok {
			return a[0]
		}
		out := slices.Clone(list)
		slices.Reverse(out)
		return DynamicValue(out)
	})
	for name, left := range map[string]bool{"array_rotate_left": true, "array_rotate_right": false} {
		l.pure(name, 2, 2, Dynamic, func(a []Value) Value {
			list, ok := argArray(a[0])
			if !ok || len(list) == 0 {
				return a[0]
			}
			n := a[1].num
			if !left {
				n = -n
			}
			k := floorMod(n, int64(len(list)))
			return DynamicValue(append(slices.Clone(list[k:]), list[:k]...))
		})
	}
	for name, left := range map[string]bool{"array_shift_left": true, "array_shift_right": false} {
		l.pure(name, 2, 3, Dynamic, func(a []Value) Value {
			list, ok := argArray(a[0])
			if !ok {
				return a[0]
			}
			n := a[1].num
			if !left {
				n = -n
			}
			var fill any
			if len(a) > 2 {
				fill = toDynamic(a[2])
			}
			out := make([]any, len(list))
			for i := range out {
				out[i] = fill
				if k := int64(i) + n; k >= 0 && k < int64(len(list)) {
					out[i] = list[k]
				}
			}
			return DynamicValue(out)
		})
	}
	l.pure("zip", 2, 16, Dynamic, func(a []Value) Value {
		longest := 0
		lists := make([][]any, len(a))
		for i, v := range a {
			list, ok := argArray(v)
			if !ok {
				return Null(Dynamic)
			}
			lists[i], longest = list, max(longest, len(list))
		}
		out := make([]any, longest)
		for i := range out {
			row := make([]any, len(lists))
			for k, list := range lists {
				if i < len(list) {
					row[k] = list[i]
				}
			}
			out[i] = row
		}
		return DynamicValue(out)
	})
}

func arrayIndexOf(a []Value) Value {
	list, ok := argArray(a[0])
	if !ok {
		return Null(Long)
	}
	start, length, occurrence := int64(0), int64(-1), int64(1)
	for i, to := range []*int64{&start, &length, &occurrence} {
		if len(a) > i+2 {
			*to = a[i+2].num
		}
	}
	if start < 0 {
		start = max(0, start+int64(len(list)))
	}
	end := int64(len(list))
	if length >= 0 {
		end = min(end, start+length)
	}
	for i := start; i < end; i++ {
		if c, ok := compareValues(fromDynamic(list[i]), plain(a[1])); ok && c == 0 {
			if occurrence--; occurrence <= 0 {
				return LongValue(i)
			}
		}
	}
	return LongValue(-1)
}

// arraySlice takes both ends; below zero they count from the end.
func arraySlice(a []Value) Value {
	list, ok := argArray(a[0])
	if !ok {
		return Null(Dynamic)
	}
	n := int64(len(list))
	from, to := a[1].num, a[2].num
	if from < 0 {
		from += n
	}
	if to < 0 {
		to += n
	}
	from, to = max(0, from), min(n-1, to)
	if from > to {
		return DynamicValue([]any{})
	}
	return DynamicValue(list[from : to+1 : to+1])
}

func arraySplit(a []Value) Value {
	list, ok := argArray(a[0])
	if !ok {
		return Null(Dynamic)
	}
	out := []any{}
	last := int64(0)
	n := int64(len(list))
	for _, at := range flatten(nil, a[1]) {
		k := at.num
		if k < 0 {
			k += n
		}
		k = max(last, min(k, n))
		out = append(out, list[last:k:k])
		last = k
	}
	return DynamicValue(append(out, list[last:]))
}

// arraySort sorts the first array and reorders the others with it. Nulls come
// last, or first when the last argument is false.
func arraySort(asc bool, args []Value) ([]Value, error) {
	nullsLast := true
	if n := len(args); n > 1 && args[n-1].typ == Bool {
		nullsLast, args = args[n-1].AsBool(), args[:n-1]
	}
	list, ok := argArray(args[0])
	if !ok {
		return []Value{Null(Dynamic)}, nil
	}
	order := make([]int, len(list))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		x, y := fromDynamic(list[i]), fromDynamic(list[j])
		if !x.valid || !y.valid {
			c := 0
			switch {
			case !x.valid && y.valid:
				c = 1
			case x.valid && !y.valid:
				c = -1
			}
			if !nullsLast {
				c = -c
			}
			return c
		}
		c, ok := compareValues(x, y)
		if !ok {
			c = cmp.Compare(x.typ, y.typ)
		}
		if !asc {
			c = -c
		}
		return c
	})
	out := make([]Value, len(args))
	for k, v := range args {
		other, ok := argArray(v)
		if !ok || len(other) != len(list) {
			out[k] = Null(Dynamic)
			continue
		}
		sorted := make([]any, len(order))
		for i, from := range order {
			sorted[i] = other[from]
		}
		out[k] = DynamicValue(sorted)
	}
	return out, nil
}

// maxRange is the most elements that range() makes.
const maxRange = 1_048_576

func rangeArray(env *callEnv, a []Value) (Value, error) {
	from, to := a[0], a[1]
	step := Value{typ: Long, valid: true, num: 1}
	switch {
	case len(a) > 2:
		step = a[2]
	case from.typ == Datetime || from.typ == Timespan:
		step = TimespanTicks(ticksPerHour)
	}
	if !from.valid || !to.valid || !step.valid {
		return Null(Dynamic), nil
	}
	out := []any{}
	if from.typ == Real || step.typ == Real || to.typ == Real {
		if step.AsReal() == 0 {
			return Null(Dynamic), nil
		}
		for i := 0; len(out) < maxRange; i++ {
			x := from.AsReal() + float64(i)*step.AsReal()
			if step.AsReal() > 0 && x > to.AsReal() || step.AsReal() < 0 && x < to.AsReal() {
				break
			}
			out = append(out, x)
		}
		return DynamicValue(out), env.charge(16 * len(out))
	}
	if step.num == 0 {
		return Null(Dynamic), nil
	}
	for n := from.num; len(out) < maxRange; n += step.num {
		if step.num > 0 && n > to.num || step.num < 0 && n < to.num {
			break
		}
		out = append(out, toDynamic(Value{typ: from.typ, valid: true, num: n}))
	}
	return DynamicValue(out), env.charge(16 * len(out))
}

// identity tells whether two dynamic elements are one to the set functions.
func identity(item any) string {
	if s, ok := item.(string); ok {
		return "s" + s
	}
	return dynamicText(item)
}

func setFunctions(l library) {
	sets := func(name string, low int, f func(lists [][]any) []any) {
		l.add([]string{name}, low, 64, returns(Dynamic), func(env *callEnv, a []Value) (Value, error) {
			lists := make([][]any, len(a))
			for i, v := range a {
				list, ok := argArray(v)
				if !ok {
					return Null(Dynamic), nil
				}
				lists[i] = list
			}
			out := f(lists)
			return DynamicValue(out), env.charge(16 * len(out))
		})
	}
	keep := func(list []any, wanted func(key string) bool) []any {
		out, seen := []any{}, map[string]bool{}
		for _, item := range list {
			k := identity(item)
			if !seen[k] && wanted(k) {
				seen[k] = true
				out = append(out, item)
			}
		}
		return out
	}
	has := func(list []any) map[string]bool {
		m := make(map[string]bool, len(list))
		for _, item := range list {
			m[identity(item)] = true
		}
		return m
	}
	sets("set_union", 2, func(lists [][]any) []any { return keep(slices.Concat(lists...), func(string) bool { return true }) })
	sets("set_intersect", 2, func(lists [][]any) []any {
		var others []map[string]bool
		for _, o := range lists[1:] {
			others = append(others, has(o))
		}
		return keep(lists[0], func(k string) bool {
			return !slices.ContainsFunc(others, func(o map[string]bool) bool { return !o[k] })
		})
	})
	sets("set_difference", 2, func(lists [][]any) []any {
		out := has(slices.Concat(lists[1:]...))
		return keep(lists[0], func(k string) bool { return !out[k] })
	})
	l.pure("set_has_element", 2, 2, Bool, func(a []Value) Value {
		list, ok := argArray(a[0])
		if !ok {
			return Null(Bool)
		}
		return BoolValue(has(list)[identity(toDynamic(a[1]))])
	})
	l.pure("jaccard_index", 2, 2, Real, func(a []Value) Value {
		x, ok := argArray(a[0])
		y, also := argArray(a[1])
		if !ok || !also {
			return Null(Real)
		}
		p, q, both := has(x), has(y), 0
		for k := range p {
			if q[k] {
				both++
			}
		}
		return RealValue(float64(both) / float64(len(p)+len(q)-both))
	})
}

func bagFunctions(l library) {
	l.add([]string{"bag_pack", "pack", "pack_dictionary"}, 2, anyNumber, returns(Dynamic), func(_ *callEnv, a []Value) (Value, error) {
		if len(a)%2 != 0 {
			return Value{}, errConstant
		}
		bag := NewBag()
		for i := 0; i < len(a); i += 2 {
			bag.Set(argText(a[i]), toDynamic(a[i+1]))
		}
		return DynamicValue(bag), nil
	})
	l.pure("bag_keys", 1, 1, Dynamic, func(a []Value) Value {
		bag, ok := a[0].dyn.(*Bag)
		if !ok {
			return Null(Dynamic)
		}
		list := make([]any, 0, bag.Len())
		for _, k := range bag.Keys() {
			list = append(list, k)
		}
		return DynamicValue(list)
	})
	l.pure("bag_has_key", 2, 2, Bool, func(a []Value) Value {
		bag, ok := a[0].dyn.(*Bag)
		if !ok {
			return Null(Bool)
		}
		_, has := follow(bag, argText(a[1]))
		return BoolValue(has)
	})
	l.pure("bag_merge", 2, 64, Dynamic, func(a []Value) Value {
		out := NewBag()
		for _, v := range a {
			bag, ok := v.dyn.(*Bag)
			if !ok {
				continue
			}
			for _, k := range bag.Keys() {
				if _, have := out.Get(k); !have { // the leftmost wins
					val, _ := bag.Get(k)
					out.Set(k, val)
				}
			}
		}
		return DynamicValue(out)
	})
	l.pure("bag_set_key", 3, 3, Dynamic, func(a []Value) Value {
		bag, ok := a[0].dyn.(*Bag)
		if !ok {
			return Null(Dynamic)
		}
		return DynamicValue(setPath(bag, path(argText(a[1])), toDynamic(a[2])))
	})
	l.pure("bag_remove_keys", 2, 2, Dynamic, func(a []Value) Value {
		bag, ok := a[0].dyn.(*Bag)
		if !ok {
			return Null(Dynamic)
		}
		for _, k := range flatten(nil, a[1]) {
			bag = removePath(bag, path(argText(k)))
		}
		return DynamicValue(bag)
	})
	l.pure("bag_zip", 2, 2, Dynamic, func(a []Value) Value {
		keys, ok := argArray(a[0])
		if !ok {
			return Null(Dynamic)
		}
		vals, _ := argArray(a[1])
		out := NewBag()
		for i, k := range keys {
			name, isText := k.(string)
			if !isText {
				continue
			}
			var v any
			if i < len(vals) {
				v = vals[i]
			}
			out.Set(name, v)
		}
		return DynamicValue(out)
	})
	l.pure("dynamic_to_json", 1, 1, String, func(a []Value) Value { return StringValue(sortedJSON(toDynamic(a[0]))) })
	l.pure("treepath", 1, 1, Dynamic, func(a []Value) Value {
		var out []any
		walk("", toDynamic(a[0]), &out)
		return DynamicValue(out)
	})
}

// path reads "key" or a JSON path such as $.a['b'].c.
func path(s string) []string {
	if !strings.HasPrefix(s, "$") {
		return []string{s}
	}
	var out []string
	s = s[1:]
	for s != "" {
		switch {
		case s[0] == '.':
			end := strings.IndexAny(s[1:], ".[")
			if end < 0 {
				return append(out, s[1:])
			}
			out, s = append(out, s[1:end+1]), s[end+1:]
		case strings.HasPrefix(s, "['"):
			end := strings.Index(s, "']")
			if end < 0 {
				return out
			}
			out, s = append(out, s[2:end]), s[end+2:]
		case s[0] == '[':
			end := strings.Index(s, "]")
			if end < 0 {
				return out
			}
			out, s = append(out, strings.Trim(s[1:end], `"`)), s[end+1:]
		default:
			return out
		}
	}
	return out
}

func follow(bag *Bag, key string) (any, bool) {
	var at any = bag
	for _, k := range path(key) {
		b, ok := at.(*Bag)
		if !ok {
			return nil, false
		}
		if at, ok = b.Get(k); !ok {
			return nil, false
		}
	}
	return at, true
}

func setPath(bag *Bag, keys []string, v any) *Bag {
	out := NewBag()
	if bag != nil {
		for _, k := range bag.Keys() {
			old, _ := bag.Get(k)
			out.Set(k, old)
		}
	}
	if len(keys) == 1 {
		out.Set(keys[0], v)
		return out
	}
	inner, _ := out.Get(keys[0])
	below, _ := inner.(*Bag)
	out.Set(keys[0], setPath(below, keys[1:], v))
	return out
}

func removePath(bag *Bag, keys []string) *Bag {
	out := NewBag()
	for _, k := range bag.Keys() {
		v, _ := bag.Get(k)
		if k == keys[0] {
			below, ok := v.(*Bag)
			if len(keys) == 1 {
				continue
			}
			if ok {
				v = removePath(below, keys[1:])
			}
		}
		out.Set(k, v)
	}
	return out
}

// sortedJSON prints with the keys in order, so that equal bags print equally.
func sortedJSON(v any) string {
	switch d := v.(type) {
	case []any:
		parts := make([]string, len(d))
		for i, item := range d {
			parts[i] = sortedJSON(item)
		}
		return "[" + strings.Join(parts, ",") + "]"
	case *Bag:
		keys := slices.Sorted(slices.Values(d.Keys()))
		parts := make([]string, len(keys))
		for i, k := range keys {
			item, _ := d.Get(k)
			parts[i] = string(appendJSONString(nil, k)) + ":" + sortedJSON(item)
		}
		return "{" + strings.Join(parts, ",") + "}"
	case string:
		return string(appendJSONString(nil, d))
	}
	return dynamicText(v)
}

func walk(at string, v any, out *[]any) {
	switch d := v.(type) {
	case *Bag:
		for _, k := range d.Keys() {
			item, _ := d.Get(k)
			here := at + "['" + k + "']"
			*out = append(*out, here)
			walk(here, item, out)
		}
	case []any:
		for i, item := range d {
			here := at + "[" + itoa(i) + "]"
			if i == 0 {
				here = at + "[0]"
			}
			*out = append(*out, here)
			walk(here, item, out)
		}
	}
}
