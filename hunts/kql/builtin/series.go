package builtin

import (
	"math"

	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// seriesNumber is an element of a series; null and text are none.
func seriesNumber(item any) (float64, bool) {
	switch x := item.(type) {
	case int64:
		return float64(x), true
	case float64:
		return x, true
	}
	return 0, false
}

// seriesMap gives an array of reals, null where f has no answer.
func seriesMap(n int, f func(i int) (float64, bool)) value.Value {
	out := make([]any, n)
	for i := range out {
		if x, ok := f(i); ok {
			out[i] = x
		}
	}
	return value.DynamicValue(out)
}

// seriesFunctions adds arithmetic on arrays, element by element.
func seriesFunctions(l library) {
	for name, f := range map[string]func(float64) float64{
		"abs": math.Abs, "ceiling": math.Ceil, "floor": math.Floor, "exp": math.Exp, "log": math.Log, "sin": math.Sin, "cos": math.Cos, "tan": math.Tan,
		"asin": math.Asin, "acos": math.Acos, "atan": math.Atan, "sign": sign,
	} {
		l.pure("series_"+name, 1, 1, value.Dynamic, func(a []value.Value) value.Value {
			list, ok := argArray(a[0])
			if !ok {
				return value.Null(value.Dynamic)
			}
			return seriesMap(len(list), func(i int) (float64, bool) {
				x, ok := seriesNumber(list[i])
				return f(x), ok
			})
		})
	}
	for name, f := range map[string]func(x, y float64) float64{
		"add": func(x, y float64) float64 { return x + y }, "subtract": func(x, y float64) float64 { return x - y },
		"multiply": func(x, y float64) float64 { return x * y }, "divide": func(x, y float64) float64 { return x / y }, "pow": math.Pow,
	} {
		l.pure("series_"+name, 2, 2, value.Dynamic, func(a []value.Value) value.Value {
			return seriesPairs(a, func(x, y float64) any { return f(x, y) })
		})
	}
	for name, f := range map[string]func(x, y float64) bool{
		"equals": func(x, y float64) bool { return x == y }, "not_equals": func(x, y float64) bool { return x != y }, "less": func(x, y float64) bool { return x < y },
		"less_equals": func(x, y float64) bool { return x <= y }, "greater": func(x, y float64) bool { return x > y }, "greater_equals": func(x, y float64) bool { return x >= y },
	} {
		l.pure("series_"+name, 2, 2, value.Dynamic, func(a []value.Value) value.Value {
			return seriesPairs(a, func(x, y float64) any { return f(x, y) })
		})
	}
	l.pure("series_sum", 1, 1, value.Real, func(a []value.Value) value.Value {
		return seriesFold(a[0], 0, func(sum, x float64) float64 { return sum + x })
	})
	l.pure("series_product", 1, 1, value.Real, func(a []value.Value) value.Value {
		return seriesFold(a[0], 1, func(product, x float64) float64 { return product * x })
	})
	l.pure("series_dot_product", 2, 2, value.Real, func(a []value.Value) value.Value { return dotProduct(a[0], a[1]) })
	l.pure("series_magnitude", 1, 1, value.Real, func(a []value.Value) value.Value {
		v := dotProduct(a[0], a[0])
		v.Real = math.Sqrt(v.Real)
		return v
	})
	l.pure("series_cosine_similarity", 2, 4, value.Real, func(a []value.Value) value.Value {
		both, x, y := dotProduct(a[0], a[1]), dotProduct(a[0], a[0]), dotProduct(a[1], a[1])
		if !both.Valid {
			return both
		}
		return value.RealValue(both.Real / math.Sqrt(x.Real*y.Real))
	})
	l.pure("series_stats_dynamic", 1, 2, value.Dynamic, seriesStats)
}

func sign(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return 0
}

// seriesPairs goes as far as the longer array; an element without a partner,
// or with one that is no number, gives null. A number pairs with every element.
func seriesPairs(a []value.Value, f func(x, y float64) any) value.Value {
	xs, ok := argArray(a[0])
	ys, also := argArray(a[1])
	if !ok && !also {
		return value.Null(value.Dynamic)
	}
	at := func(list []any, isList bool, alone value.Value, i int) (float64, bool) {
		switch {
		case !isList:
			v := value.Convert(alone, value.Real)
			return v.Real, v.Valid
		case i < len(list):
			return seriesNumber(list[i])
		}
		return 0, false
	}
	out := make([]any, max(len(xs), len(ys)))
	for i := range out {
		x, hasX := at(xs, ok, a[0], i)
		y, hasY := at(ys, also, a[1], i)
		if hasX && hasY {
			out[i] = f(x, y)
		}
	}
	return value.DynamicValue(out)
}

func seriesFold(v value.Value, start float64, f func(sum, x float64) float64) value.Value {
	list, ok := argArray(v)
	if !ok {
		return value.Null(value.Real)
	}
	for _, item := range list {
		x, ok := seriesNumber(item)
		if !ok {
			return value.Null(value.Real)
		}
		start = f(start, x)
	}
	return value.RealValue(start)
}

func dotProduct(a, b value.Value) value.Value {
	xs, ok := argArray(a)
	ys, also := argArray(b)
	if !ok || !also || len(xs) != len(ys) {
		return value.Null(value.Real)
	}
	sum := 0.0
	for i := range xs {
		x, hasX := seriesNumber(xs[i])
		y, hasY := seriesNumber(ys[i])
		if !hasX || !hasY {
			return value.Null(value.Real)
		}
		sum += x * y
	}
	return value.RealValue(sum)
}

// seriesStats gives the extremes with their places, the mean, and the
// deviation and variance of a sample.
func seriesStats(a []value.Value) value.Value {
	list, ok := argArray(a[0])
	if !ok {
		return value.Null(value.Dynamic)
	}
	least, most, n, sum := -1, -1, 0.0, 0.0
	num := func(i int) float64 { x, _ := seriesNumber(list[i]); return x }
	for i, item := range list {
		x, ok := seriesNumber(item)
		if !ok {
			continue
		}
		n++
		sum += x
		if least < 0 || x < num(least) {
			least = i
		}
		if most < 0 || x > num(most) {
			most = i
		}
	}
	if n == 0 {
		return value.Null(value.Dynamic)
	}
	squares := 0.0
	for _, item := range list {
		if x, ok := seriesNumber(item); ok {
			squares += (x - sum/n) * (x - sum/n)
		}
	}
	variance := 0.0
	if n > 1 {
		variance = squares / (n - 1)
	}
	out := value.NewBag()
	out.Set("min", num(least))
	out.Set("min_idx", int64(least))
	out.Set("max", num(most))
	out.Set("max_idx", int64(most))
	out.Set("avg", sum/n)
	out.Set("stdev", math.Sqrt(variance))
	out.Set("variance", variance)
	return value.DynamicValue(out)
}

// numbersOf is a series without gaps: an element that is no number counts as 0.
func numbersOf(v value.Value) ([]float64, bool) {
	list, ok := argArray(v)
	if !ok {
		return nil, false
	}
	out := make([]float64, len(list))
	for i, item := range list {
		out[i], _ = seriesNumber(item)
	}
	return out, true
}

func seriesOf(list []float64) value.Value {
	out := make([]any, len(list))
	for i, x := range list {
		out[i] = x
	}
	return value.DynamicValue(out)
}
