package kql

import (
	"math"
	"math/bits"
	"math/rand/v2"
)

func mathFunctions() library {
	l := library{}
	one := func(name string, f func(float64) float64) {
		l.pure(name, 1, 1, Real, func(a []Value) Value {
			v := convert(a[0], Real)
			if !v.valid {
				return Null(Real)
			}
			return RealValue(f(v.real))
		})
	}
	for name, f := range map[string]func(float64) float64{
		"sqrt": math.Sqrt, "exp": math.Exp, "exp2": math.Exp2, "exp10": func(x float64) float64 { return math.Pow(10, x) }, "log": math.Log, "log2": math.Log2, "log10": math.Log10, "sin": math.Sin, "cos": math.Cos,
		"tan": math.Tan, "asin": math.Asin, "acos": math.Acos, "atan": math.Atan, "cot": func(x float64) float64 { return 1 / math.Tan(x) }, "gamma": math.Gamma, "erf": math.Erf, "erfc": math.Erfc,
		"loggamma": func(x float64) float64 { y, _ := math.Lgamma(x); return y }, "degrees": func(x float64) float64 { return x * 180 / math.Pi }, "radians": func(x float64) float64 { return x * math.Pi / 180 },
	} {
		one(name, f)
	}
	l.pure("pi", 0, 0, Real, func([]Value) Value { return RealValue(math.Pi) })
	two := func(name string, f func(x, y float64) float64) {
		l.pure(name, 2, 2, Real, func(a []Value) Value {
			x, y := convert(a[0], Real), convert(a[1], Real)
			if !x.valid || !y.valid {
				return Null(Real)
			}
			return RealValue(f(x.real, y.real))
		})
	}
	two("pow", math.Pow)
	two("atan2", math.Atan2)
	same := func(t []Type) Type {
		if t[0] == Dynamic || t[0] == Unknown {
			return Real
		}
		return t[0]
	}
	widened := func(t []Type) Type {
		if t[0] == Int {
			return Long
		}
		return same(t)
	}
	l.add([]string{"abs"}, 1, 1, widened, func(_ *callEnv, a []Value) (Value, error) {
		v := a[0]
		if v.typ == Dynamic {
			v = convert(v, Real)
		}
		v.real = math.Abs(v.real)
		if v.num < 0 {
			v.num = -v.num
		}
		if v.typ == Int {
			v.typ = Long
		}
		return v, nil
	})
	l.add([]string{"ceiling"}, 1, 1, same, func(_ *callEnv, a []Value) (Value, error) {
		return sameNumber(a[0], math.Ceil), nil
	})
	l.add([]string{"round"}, 1, 2, same, func(_ *callEnv, a []Value) (Value, error) {
		scale := math.Pow(10, float64(max(-308, min(argLong(a, 1, 0), 308))))
		return sameNumber(a[0], func(x float64) float64 {
			if y := math.Round(x*scale) / scale; !math.IsInf(y, 0) && !math.IsNaN(y) {
				return y
			}
			return x
		}), nil
	})
	l.pure("sign", 1, 1, Real, func(a []Value) Value {
		v := convert(a[0], Real)
		switch {
		case !v.valid:
			return Null(Real)
		case v.real > 0:
			return RealValue(1)
		case v.real < 0:
			return RealValue(-1)
		}
		return RealValue(0)
	})
	l["rand"] = function{name: "rand", maxArgs: 1, impure: true, result: returns(Real), eval: func(_ *callEnv, a []Value) (Value, error) {
		if len(a) == 1 && a[0].num > 0 {
			return RealValue(float64(rand.Int64N(a[0].num))), nil //nolint:gosec // the language's rand() is no secret
		}
		return RealValue(rand.Float64()), nil //nolint:gosec // as above
	}}
	for name, f := range map[string]func(x, y int64) int64{
		"binary_and": func(x, y int64) int64 { return x & y }, "binary_or": func(x, y int64) int64 { return x | y }, "binary_xor": func(x, y int64) int64 { return x ^ y },
		"binary_shift_left": func(x, y int64) int64 { return x << (uint64(y) & 63) }, "binary_shift_right": func(x, y int64) int64 { return x >> (uint64(y) & 63) },
	} {
		l.pure(name, 2, 2, Long, func(a []Value) Value {
			x, y := convert(a[0], Long), convert(a[1], Long)
			if !x.valid || !y.valid {
				return Null(Long)
			}
			return LongValue(f(x.num, y.num))
		})
	}
	l.pure("binary_not", 1, 1, Long, func(a []Value) Value {
		x := convert(a[0], Long)
		if !x.valid {
			return Null(Long)
		}
		return LongValue(^x.num)
	})
	l.pure("bitset_count_ones", 1, 1, Long, func(a []Value) Value {
		x := convert(a[0], Long)
		if !x.valid {
			return Null(Long)
		}
		return LongValue(int64(bits.OnesCount64(uint64(x.num))))
	})
	return l
}

// sameNumber applies a rounding to a number and keeps its type; a whole number
// is left to the rounding only where float64 holds it.
func sameNumber(v Value, f func(float64) float64) Value {
	t := v.typ
	if t == Dynamic || t == Unknown {
		t = Real
	}
	x := convert(v, Real)
	if !x.valid || !t.Numeric() {
		return Null(t)
	}
	y := f(x.real)
	if v.typ == Int || v.typ == Long {
		if y == x.real {
			return v
		}
		return convert(RealValue(y), t)
	}
	return Value{typ: t, valid: true, real: y}
}
