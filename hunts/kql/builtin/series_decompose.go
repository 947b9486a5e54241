package builtin

import (
	"fmt"
	"math"
	"slices"

	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// components are the parts of a series (Kusto reference, "series_decompose()").
type components struct {
	series, baseline, seasonal, trend, residual []float64
}

// decomposition is how a series is taken apart.
type decomposition struct {
	season    int64 // bins of a period; 0 for none, -1 to find it
	trend     string
	test      int64   // points at the end that nothing is learned from
	threshold float64 // of the score of a period that is found
}

// of takes a series apart: the trend first, then the median of what remains at
// each phase of the period.
func (d decomposition) of(y []float64) (components, error) {
	known := y[:max(0, len(y)-int(max(0, d.test)))]
	c := components{series: y, baseline: make([]float64, len(y)), seasonal: make([]float64, len(y)), trend: make([]float64, len(y)), residual: make([]float64, len(y))}
	if len(known) == 0 {
		return c, nil
	}
	switch d.trend {
	case "avg":
		mean := 0.0
		for _, x := range known {
			mean += x / float64(len(known))
		}
		for i := range c.trend {
			c.trend[i] = mean
		}
	case "linefit":
		if len(known) > 1 {
			f := lineThrough(known)
			for i := range c.trend {
				c.trend[i] = f.at(i)
			}
		}
	case "none":
	default:
		return c, fmt.Errorf("the trend is %q; write 'avg', 'linefit' or 'none'", d.trend)
	}
	flat := make([]float64, len(known))
	for i, x := range known {
		flat[i] = x - c.trend[i]
	}
	period := int(d.season)
	if d.season < 0 {
		period = periodOf(flat, d.threshold)
	}
	if period > 1 {
		for phase := range min(period, len(y)) {
			var same []float64
			for i := phase; i < len(flat); i += period {
				same = append(same, flat[i])
			}
			middle := median(same)
			for i := phase; i < len(y); i += period {
				c.seasonal[i] = middle
			}
		}
	}
	for i := range y {
		c.baseline[i] = c.trend[i] + c.seasonal[i]
		c.residual[i] = y[i] - c.baseline[i]
	}
	return c, nil
}

// periodOf is the lag at which a series is most like itself, 0 where no lag
// reaches the threshold.
func periodOf(y []float64, threshold float64) int {
	whole := 0.0
	for _, x := range y {
		whole += x * x
	}
	if whole == 0 {
		return 0
	}
	like := func(lag int) float64 {
		sum, a, b := 0.0, 0.0, 0.0
		for i := lag; i < len(y); i++ {
			sum, a, b = sum+y[i]*y[i-lag], a+y[i]*y[i], b+y[i-lag]*y[i-lag]
		}
		if a == 0 || b == 0 {
			return 0
		}
		return sum / math.Sqrt(a*b)
	}
	best, score := 0, threshold
	for lag := 4; lag <= min(len(y)/3, maxPeriod); lag++ {
		if s := like(lag); s > score && s >= like(lag-1) && s >= like(lag+1) {
			best, score = lag, s
		}
	}
	return best
}

// maxPeriod bounds the search for a period, whose cost grows with its square.
const maxPeriod = 1000

func median(list []float64) float64 {
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	if n := len(list); n%2 == 0 {
		return (list[n/2-1] + list[n/2]) / 2
	}
	return list[len(list)/2]
}

// quantile interpolates between the two nearest of sorted values.
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	k := int(math.Floor(at))
	if k+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[k] + (at-float64(k))*(sorted[k+1]-sorted[k])
}

func argReal(a []value.Value, i int, def float64) float64 {
	if i < len(a) {
		if v := value.Convert(a[i], value.Real); v.Valid {
			return v.Real
		}
	}
	return def
}

func argTextOr(a []value.Value, i int, def string) string {
	if i < len(a) && a[i].Valid {
		return argText(a[i])
	}
	return def
}

func decompose(a []value.Value) ([]value.Value, error) {
	return parts(a, decomposition{argLong(a, 1, -1), argTextOr(a, 2, "avg"), argLong(a, 3, 0), argReal(a, 4, 0.6)})
}

// forecast learns from all but the last points; its trend is a line.
func forecast(a []value.Value) ([]value.Value, error) {
	return parts(a, decomposition{argLong(a, 2, -1), argTextOr(a, 3, "linefit"), argLong(a, 1, 0), argReal(a, 4, 0.6)})
}

func parts(a []value.Value, d decomposition) ([]value.Value, error) {
	y, ok := numbersOf(a[0])
	if !ok {
		return nil, nil
	}
	c, err := d.of(y)
	if err != nil {
		return nil, err
	}
	return []value.Value{seriesOf(c.baseline), seriesOf(c.seasonal), seriesOf(c.trend), seriesOf(c.residual)}, nil
}

// anomalies scores what is left of a series by Tukey's fences, between the
// 10th and 90th percentile, or the 25th and 75th with 'tukey'.
func anomalies(a []value.Value) ([]value.Value, error) {
	y, ok := numbersOf(a[0])
	if !ok {
		return nil, nil
	}
	c, err := decomposition{argLong(a, 2, -1), argTextOr(a, 3, "avg"), argLong(a, 4, 0), argReal(a, 6, 0.6)}.of(y)
	if err != nil {
		return nil, err
	}
	low, high := 0.10, 0.90
	switch method := argTextOr(a, 5, "ctukey"); method {
	case "ctukey":
	case "tukey":
		low, high = 0.25, 0.75
	default:
		return nil, fmt.Errorf("the method is %q; write 'ctukey' or 'tukey'", method)
	}
	flags, scores := make([]any, len(y)), make([]float64, len(y))
	if len(y) > 0 {
		sorted := slices.Sorted(slices.Values(c.residual))
		from, to := quantile(sorted, low), quantile(sorted, high)
		for i, r := range c.residual {
			if to > from {
				scores[i] = min(0, (r-from)/(to-from)) + max(0, (r-to)/(to-from))
			} else if r != from {
				scores[i] = math.Copysign(math.MaxInt32, r-from)
			}
		}
	}
	threshold := argReal(a, 1, 1.5)
	for i, s := range scores {
		flags[i] = int64(0)
		if math.Abs(s) > threshold {
			flags[i] = int64(math.Copysign(1, s))
		}
	}
	return []value.Value{value.DynamicValue(flags), seriesOf(scores), seriesOf(c.baseline)}, nil
}
