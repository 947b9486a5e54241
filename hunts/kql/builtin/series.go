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

// seriesFunctions adds arithmetic on arrays, element by element.
func seriesFunctions(l library) {
	l.pure("series_dot_product", 2, 2, value.Real, func(a []value.Value) value.Value { return dotProduct(a[0], a[1]) })
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
