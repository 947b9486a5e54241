package builtin

import (
	"math"
	"math/rand/v2"

	"github.com/footprint-soc/footprint/hunts/kql/value"
)

func mathFunctions() library {
	l := library{}
	one := func(name string, f func(float64) float64) {
		l.pure(name, 1, 1, value.Real, func(a []value.Value) value.Value {
			v := value.Convert(a[0], value.Real)
			if !v.Valid {
				return value.Null(value.Real)
			}
			return value.RealValue(f(v.Real))
		})
	}
	for name, f := range map[string]func(float64) float64{
		"sqrt": math.Sqrt, "exp": math.Exp, "log": math.Log, "log2": math.Log2, "log10": math.Log10, "sin": math.Sin, "cos": math.Cos,
		"tan": math.Tan, "cot": func(x float64) float64 { return 1 / math.Tan(x) },
	} {
		one(name, f)
	}
	two := func(name string, f func(x, y float64) float64) {
		l.pure(name, 2, 2, value.Real, func(a []value.Value) value.Value {
			x, y := value.Convert(a[0], value.Real), value.Convert(a[1], value.Real)
			if !x.Valid || !y.Valid {
				return value.Null(value.Real)
			}
			return value.RealValue(f(x.Real, y.Real))
		})
	}
	two("pow", math.Pow)
	same := func(t []value.Type) value.Type {
		if t[0] == value.Dynamic || t[0] == value.Unknown {
			return value.Real
		}
		return t[0]
	}
	widened := func(t []value.Type) value.Type {
		if t[0] == value.Int {
			return value.Long
		}
		return same(t)
	}
	l.add([]string{"abs"}, 1, 1, widened, func(_ *Env, a []value.Value) (value.Value, error) {
		v := a[0]
		if v.Kind == value.Dynamic {
			v = value.Convert(v, value.Real)
		}
		v.Real = math.Abs(v.Real)
		if v.Num < 0 {
			v.Num = -v.Num
		}
		if v.Kind == value.Int {
			v.Kind = value.Long
		}
		return v, nil
	})
	l.add([]string{"ceiling"}, 1, 1, same, func(_ *Env, a []value.Value) (value.Value, error) {
		return sameNumber(a[0], math.Ceil), nil
	})
	l.add([]string{"round"}, 1, 2, same, func(_ *Env, a []value.Value) (value.Value, error) {
		scale := math.Pow(10, float64(max(-308, min(argLong(a, 1, 0), 308))))
		return sameNumber(a[0], func(x float64) float64 {
			if y := math.Round(x*scale) / scale; !math.IsInf(y, 0) && !math.IsNaN(y) {
				return y
			}
			return x
		}), nil
	})
	l.pure("sign", 1, 1, value.Real, func(a []value.Value) value.Value {
		v := value.Convert(a[0], value.Real)
		switch {
		case !v.Valid:
			return value.Null(value.Real)
		case v.Real > 0:
			return value.RealValue(1)
		case v.Real < 0:
			return value.RealValue(-1)
		}
		return value.RealValue(0)
	})
	l["rand"] = Function{Name: "rand", MaxArgs: 1, Impure: true, Result: returns(value.Real), Eval: func(_ *Env, a []value.Value) (value.Value, error) {
		if len(a) == 1 && a[0].Num > 0 {
			return value.RealValue(float64(rand.Int64N(a[0].Num))), nil //nolint:gosec // the language's rand() is no secret
		}
		return value.RealValue(rand.Float64()), nil //nolint:gosec // as above
	}}
	for name, f := range map[string]func(x, y int64) int64{
		"binary_and": func(x, y int64) int64 { return x & y }, "binary_or": func(x, y int64) int64 { return x | y }, "binary_xor": func(x, y int64) int64 { return x ^ y },
		"binary_shift_left": func(x, y int64) int64 { return x << (uint64(y) & 63) }, "binary_shift_right": func(x, y int64) int64 { return x >> (uint64(y) & 63) },
	} {
		l.pure(name, 2, 2, value.Long, func(a []value.Value) value.Value {
			x, y := value.Convert(a[0], value.Long), value.Convert(a[1], value.Long)
			if !x.Valid || !y.Valid {
				return value.Null(value.Long)
			}
			return value.LongValue(f(x.Num, y.Num))
		})
	}
	return l
}

// sameNumber applies a rounding to a number and keeps its type; a whole number
// is left to the rounding only where float64 holds it.
func sameNumber(v value.Value, f func(float64) float64) value.Value {
	t := v.Kind
	if t == value.Dynamic || t == value.Unknown {
		t = value.Real
	}
	x := value.Convert(v, value.Real)
	if !x.Valid || !t.Numeric() {
		return value.Null(t)
	}
	y := f(x.Real)
	if v.Kind == value.Int || v.Kind == value.Long {
		if y == x.Real {
			return v
		}
		return value.Convert(value.RealValue(y), t)
	}
	return value.Value{Kind: t, Valid: true, Real: y}
}
