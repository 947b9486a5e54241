package kql

import (
	"cmp"
	"slices"
)

func dynamicFunctions() library {
	l := library{}
	arrayFunctions(l)
	reshapeFunctions(l)
	setFunctions(l)
	bagFunctions(l)
	seriesFunctions(l)
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
		n := argLong(a, 1, -1)
		if n < 0 || n > maxRange {
			return Null(Dynamic), nil
		}
		list := make([]any, n)
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
			return Null(Dynamic)
		}
		out := slices.Clone(list)
		slices.Reverse(out)
		return DynamicValue(out)
	})
	for name, left := range map[string]bool{"array_rotate_left": true, "array_rotate_right": false} {
		l.pure(name, 2, 2, Dynamic, func(a []Value) Value {
			list, ok := argArray(a[0])
			if !ok {
				return Null(Dynamic)
			}
			if len(list) == 0 {
				return a[0]
			}
			n := argLong(a, 1, 0)
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
				return Null(Dynamic)
			}
			n := argLong(a, 1, 0)
			if !left {
				n = -n
			}
			var fill any
			if len(a) > 2 {
				fill = toDynamic(a[2])
			} else if len(list) > 0 {
				if _, texts := list[0].(string); texts {
					fill = ""
				}
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
	start, length, occurrence := argLong(a, 2, 0), argLong(a, 3, -1), argLong(a, 4, 1)
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
	from, to := argLong(a, 1, 0), argLong(a, 2, -1)
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
		k := convert(at, Long).num
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
	from, to := dynamicScalar(a[0]), dynamicScalar(a[1])
	step := LongValue(1)
	switch {
	case len(a) > 2:
		step = dynamicScalar(a[2])
	case from.typ == Datetime || from.typ == Timespan:
		step = TimespanTicks(ticksPerHour)
	}
	if !from.valid || !to.valid || !step.valid {
		return Null(Dynamic), nil
	}
	out := []any{}
	if max(from.typ, to.typ, step.typ) <= Decimal && (from.typ >= Real || to.typ >= Real || step.typ >= Real) {
		f, t, by := from.AsReal(), to.AsReal(), step.AsReal()
		if by == 0 {
			return Null(Dynamic), nil
		}
		for i := 0; len(out) < maxRange; i++ {
			x := f + float64(i)*by
			if by > 0 && !(x <= t) || by < 0 && !(x >= t) {
				break
			}
			out = append(out, x)
		}
		return DynamicValue(out), env.charge(16 * len(out))
	}
	if step.num == 0 {
		return Null(Dynamic), nil
	}
	for n := from.num; len(out) < maxRange; {
		if step.num > 0 && n > to.num || step.num < 0 && n < to.num {
			break
		}
		out = append(out, toDynamic(Value{typ: from.typ, valid: true, num: n}))
		next := n + step.num
		if (next > n) != (step.num > 0) {
			break // beyond the last number there is
		}
		n = next
	}
	return DynamicValue(out), env.charge(16 * len(out))
}
