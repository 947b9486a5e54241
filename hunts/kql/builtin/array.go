package builtin

import (
	"cmp"
	"slices"

	"github.com/footprint-soc/footprint/hunts/kql/value"
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
	l.pure("array_length", 1, 1, value.Long, func(a []value.Value) value.Value {
		list, ok := argArray(a[0])
		if !ok {
			return value.Null(value.Long)
		}
		return value.LongValue(int64(len(list)))
	})
	l.add([]string{"pack_array"}, 0, AnyNumber, returns(value.Dynamic), func(_ *Env, a []value.Value) (value.Value, error) {
		list := make([]any, len(a))
		for i, v := range a {
			list[i] = value.ToDynamic(v)
		}
		return value.DynamicValue(list), nil
	})
	l.add([]string{"array_concat"}, 1, 64, returns(value.Dynamic), func(env *Env, a []value.Value) (value.Value, error) {
		out := []any{}
		for _, v := range a {
			list, ok := argArray(v)
			if !ok {
				return value.Null(value.Dynamic), nil
			}
			out = append(out, list...)
		}
		return value.DynamicValue(out), env.charge(16 * len(out))
	})
	l.pure("array_sum", 1, 1, value.Real, func(a []value.Value) value.Value {
		list, ok := argArray(a[0])
		if !ok {
			return value.Null(value.Real)
		}
		sum := 0.0
		for _, item := range list {
			v := value.Convert(value.FromDynamic(item), value.Real)
			if !v.Valid {
				return value.Null(value.Real)
			}
			sum += v.Real
		}
		return value.RealValue(sum)
	})
	l.pure("array_index_of", 2, 5, value.Long, arrayIndexOf)
	l.pure("array_slice", 3, 3, value.Dynamic, arraySlice)
	l.pure("array_split", 2, 2, value.Dynamic, arraySplit)
	for name, asc := range map[string]bool{"array_sort_asc": true, "array_sort_desc": false} {
		l.add([]string{name}, 1, 64, returns(value.Dynamic), func(_ *Env, a []value.Value) (value.Value, error) {
			sorted, err := ArraySort(asc, a)
			if err != nil || len(sorted) == 0 {
				return value.Null(value.Dynamic), err
			}
			if len(sorted) == 1 {
				return sorted[0], nil
			}
			// several arrays make several columns, or one list to take an element of
			all := make([]any, len(sorted))
			for i, v := range sorted {
				all[i] = v.Dyn
			}
			return value.DynamicValue(all), nil
		})
	}
	l.add([]string{"range"}, 2, 3, returns(value.Dynamic), func(env *Env, a []value.Value) (value.Value, error) { return rangeArray(env, a) })
}

func reshapeFunctions(l library) {
	l.pure("array_reverse", 1, 1, value.Dynamic, func(a []value.Value) value.Value {
		list, ok := argArray(a[0])
		if !ok {
			return value.Null(value.Dynamic)
		}
		out := slices.Clone(list)
		slices.Reverse(out)
		return value.DynamicValue(out)
	})
	l.pure("zip", 2, 16, value.Dynamic, func(a []value.Value) value.Value {
		longest := 0
		lists := make([][]any, len(a))
		for i, v := range a {
			list, ok := argArray(v)
			if !ok {
				return value.Null(value.Dynamic)
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
		return value.DynamicValue(out)
	})
}

func arrayIndexOf(a []value.Value) value.Value {
	list, ok := argArray(a[0])
	if !ok {
		return value.Null(value.Long)
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
		if c, ok := value.Compare(value.FromDynamic(list[i]), value.Plain(a[1])); ok && c == 0 {
			if occurrence--; occurrence <= 0 {
				return value.LongValue(i)
			}
		}
	}
	return value.LongValue(-1)
}

// arraySlice takes both ends; below zero they count from the end.
func arraySlice(a []value.Value) value.Value {
	list, ok := argArray(a[0])
	if !ok {
		return value.Null(value.Dynamic)
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
		return value.DynamicValue([]any{})
	}
	return value.DynamicValue(list[from : to+1 : to+1])
}

func arraySplit(a []value.Value) value.Value {
	list, ok := argArray(a[0])
	if !ok {
		return value.Null(value.Dynamic)
	}
	out := []any{}
	last := int64(0)
	n := int64(len(list))
	for _, at := range value.Flatten(nil, a[1]) {
		k := value.Convert(at, value.Long).Num
		if k < 0 {
			k += n
		}
		k = max(last, min(k, n))
		out = append(out, list[last:k:k])
		last = k
	}
	return value.DynamicValue(append(out, list[last:]))
}

// ArraySort sorts the first array and reorders the others with it. Nulls come
// last, or first when the last argument is false.
func ArraySort(asc bool, args []value.Value) ([]value.Value, error) {
	nullsLast := true
	if n := len(args); n > 1 && args[n-1].Kind == value.Bool {
		nullsLast, args = args[n-1].AsBool(), args[:n-1]
	}
	list, ok := argArray(args[0])
	if !ok {
		return []value.Value{value.Null(value.Dynamic)}, nil
	}
	order := make([]int, len(list))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		x, y := value.FromDynamic(list[i]), value.FromDynamic(list[j])
		if !x.Valid || !y.Valid {
			c := 0
			switch {
			case !x.Valid && y.Valid:
				c = 1
			case x.Valid && !y.Valid:
				c = -1
			}
			if !nullsLast {
				c = -c
			}
			return c
		}
		c, ok := value.Compare(x, y)
		if !ok {
			c = cmp.Compare(x.Kind, y.Kind)
		}
		if !asc {
			c = -c
		}
		return c
	})
	out := make([]value.Value, len(args))
	for k, v := range args {
		other, ok := argArray(v)
		if !ok || len(other) != len(list) {
			out[k] = value.Null(value.Dynamic)
			continue
		}
		sorted := make([]any, len(order))
		for i, from := range order {
			sorted[i] = other[from]
		}
		out[k] = value.DynamicValue(sorted)
	}
	return out, nil
}

// maxRange is the most elements that range() makes.
const maxRange = 1_048_576

func rangeArray(env *Env, a []value.Value) (value.Value, error) {
	from, to := value.Scalar(a[0]), value.Scalar(a[1])
	step := value.LongValue(1)
	switch {
	case len(a) > 2:
		step = value.Scalar(a[2])
	case from.Kind == value.Datetime || from.Kind == value.Timespan:
		step = value.TimespanTicks(value.TicksPerHour)
	}
	if !from.Valid || !to.Valid || !step.Valid {
		return value.Null(value.Dynamic), nil
	}
	out := []any{}
	if max(from.Kind, to.Kind, step.Kind) <= value.Decimal && (from.Kind >= value.Real || to.Kind >= value.Real || step.Kind >= value.Real) {
		f, t, by := from.AsReal(), to.AsReal(), step.AsReal()
		if by == 0 {
			return value.Null(value.Dynamic), nil
		}
		for i := 0; len(out) < maxRange; i++ {
			x := f + float64(i)*by
			if by > 0 && !(x <= t) || by < 0 && !(x >= t) {
				break
			}
			out = append(out, x)
		}
		return value.DynamicValue(out), env.charge(16 * len(out))
	}
	if step.Num == 0 {
		return value.Null(value.Dynamic), nil
	}
	for n := from.Num; len(out) < maxRange; {
		if step.Num > 0 && n > to.Num || step.Num < 0 && n < to.Num {
			break
		}
		out = append(out, value.ToDynamic(value.Value{Kind: from.Kind, Valid: true, Num: n}))
		next := n + step.Num
		if (next > n) != (step.Num > 0) {
			break // beyond the last number there is
		}
		n = next
	}
	return value.DynamicValue(out), env.charge(16 * len(out))
}
