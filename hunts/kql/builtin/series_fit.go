package builtin

import (
	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// fit is a line through the points of a series by least squares. The first point
// lies at 1, as the output that the reference prints shows.
type fit struct {
	rsquare, slope, variance, rvariance, interception float64
}

// at is the line at the i-th point, counted from 0.
func (f fit) at(i int) float64 { return f.interception + f.slope*float64(i+1) }

func lineThrough(y []float64) fit {
	n := float64(len(y))
	var sx, sy, sxx, sxy float64
	for i, v := range y {
		x := float64(i + 1)
		sx, sy, sxx, sxy = sx+x, sy+v, sxx+x*x, sxy+x*v
	}
	f := fit{}
	if d := n*sxx - sx*sx; d != 0 {
		f.slope = (n*sxy - sx*sy) / d
	}
	f.interception = (sy - f.slope*sx) / n
	for i, v := range y {
		f.variance += (v - sy/n) * (v - sy/n)
		r := v - f.at(i)
		f.rvariance += r * r
	}
	f.variance, f.rvariance = f.variance/(n-1), f.rvariance/(n-1)
	if f.variance > 0 {
		f.rsquare = 1 - f.rvariance/f.variance
	} else {
		f.rsquare = 1
	}
	return f
}

func fitLine(a []value.Value) ([]value.Value, error) {
	y, ok := numbersOf(a[0])
	if !ok || len(y) < 2 {
		return nil, nil
	}
	f := lineThrough(y)
	line := make([]float64, len(y))
	for i := range line {
		line[i] = f.at(i)
	}
	return []value.Value{value.RealValue(f.rsquare), value.RealValue(f.slope), value.RealValue(f.variance), value.RealValue(f.rvariance), value.RealValue(f.interception), seriesOf(line)}, nil
}

// fitTwoLines looks for the point where two lines fit best, each over at least
// two points; the split belongs to the left one.
func fitTwoLines(a []value.Value) ([]value.Value, error) {
	y, ok := numbersOf(a[0])
	if !ok || len(y) < 4 {
		return nil, nil
	}
	whole := lineThrough(y)
	var left, right fit
	split, least := -1, 0.0
	for k := 2; k <= len(y)-2; k++ {
		l, r := lineThrough(y[:k]), lineThrough(y[k:])
		if rest := l.rvariance*float64(k-1) + r.rvariance*float64(len(y)-k-1); split < 0 || rest < least {
			left, right, split, least = l, r, k-1, rest
		}
	}
	line := make([]float64, len(y))
	for i := range line {
		if i <= split {
			line[i] = left.at(i)
		} else {
			line[i] = right.at(i - split - 1)
		}
	}
	rest, rsquare := least/float64(len(y)-1), 1.0
	if whole.variance > 0 {
		rsquare = 1 - rest/whole.variance
	}
	out := []value.Value{value.RealValue(rsquare), value.LongValue(int64(split)), value.RealValue(whole.variance), value.RealValue(rest), seriesOf(line)}
	for _, f := range []fit{right, left} {
		for _, x := range []float64{f.rsquare, f.slope, f.interception, f.variance, f.rvariance} {
			out = append(out, value.RealValue(x))
		}
	}
	return out, nil
}

func statsTuple(a []value.Value) ([]value.Value, error) {
	bag, ok := seriesStats(a).Dyn.(*value.Bag)
	if !ok {
		return nil, nil
	}
	var out []value.Value
	for _, k := range bag.Keys() {
		v, _ := bag.Get(k)
		out = append(out, value.FromDynamic(v))
	}
	return out, nil
}
