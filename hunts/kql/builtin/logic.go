package builtin

import (
	"errors"
	"math"

	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// commonType is the type in which values of both types can stand: numbers
// widen, anything beside a dynamic becomes dynamic.
func commonType(a, b value.Type) value.Type {
	switch {
	case a == b || b == value.Unknown:
		return a
	case a == value.Unknown:
		return b
	case a == value.Dynamic || b == value.Dynamic:
		return value.Dynamic
	case a.Numeric() && b.Numeric():
		return max(a, b) // Int < Long < Real < Decimal
	case a == value.String || b == value.String:
		return value.String
	}
	return a
}

// branchType is the type of iff() and case(): a dynamic beside another type
// becomes that type, which is what a filter on the result expects; what has no
// type in common becomes dynamic.
func branchType(a, b value.Type) value.Type {
	switch {
	case a == value.Dynamic && b != value.Unknown:
		return b
	case b == value.Dynamic && a != value.Unknown:
		return a
	case a == b || a == value.Unknown || b == value.Unknown || a.Numeric() && b.Numeric():
		return commonType(a, b)
	}
	return value.Dynamic
}

// coerce gives v the type of the column it goes to; unlike convert it does not
// read a string as JSON.
func coerce(v value.Value, t value.Type) value.Value {
	switch {
	case v.Kind == t || t == value.Unknown:
		return v
	case t == value.Dynamic:
		return value.DynamicValue(value.ToDynamic(v))
	}
	return value.Convert(v, t)
}

func typesCommon(args []value.Type) value.Type {
	t := value.Unknown
	for _, a := range args {
		t = commonType(t, a)
	}
	return t
}

func valuesCommon(args []value.Value) value.Type {
	t := value.Unknown
	for _, v := range args {
		t = commonType(t, v.Kind)
	}
	return t
}

// commonFn is a pure function whose result is one of its arguments.
func commonFn(name string, minArgs int, eval func([]value.Value) value.Value) Function {
	f := pureFn(name, minArgs, -1, value.Unknown, func(a []value.Value) value.Value { return coerce(eval(a), valuesCommon(a)) })
	f.Result = typesCommon
	return f
}

func logicFunctions() []Function {
	list := []Function{
		caseFunction(),
		commonFn("coalesce", 2, coalesce),
		commonFn("max_of", 2, func(a []value.Value) value.Value { return extreme(a, 1) }),
		commonFn("min_of", 2, func(a []value.Value) value.Value { return extreme(a, -1) }),
		pureFn("isnull", 1, 1, value.Bool, func(a []value.Value) value.Value { return value.BoolValue(!a[0].Valid && a[0].Kind != value.String) }),
		pureFn("isnotnull", 1, 1, value.Bool, func(a []value.Value) value.Value { return value.BoolValue(a[0].Valid || a[0].Kind == value.String) }),
		pureFn("not", 1, 1, value.Bool, not),
		realTest("isnan", math.IsNaN),
		realTest("isinf", func(f float64) bool { return math.IsInf(f, 0) }),
		realTest("isfinite", func(f float64) bool { return !math.IsInf(f, 0) && !math.IsNaN(f) }),
	}
	for _, name := range []string{"iff", "iif"} {
		f := pureFn(name, 3, 3, value.Unknown, func(a []value.Value) value.Value {
			chosen := a[2]
			if value.Convert(a[0], value.Bool).AsBool() {
				chosen = a[1]
			}
			return coerce(chosen, branchType(a[1].Kind, a[2].Kind))
		})
		f.Result = func(args []value.Type) value.Type { return branchType(args[1], args[2]) }
		list = append(list, f)
	}
	for _, name := range []string{"isempty", "isnotempty", "notempty"} {
		empty := name == "isempty"
		list = append(list, pureFn(name, 1, 1, value.Bool, func(a []value.Value) value.Value {
			return value.BoolValue((argText(a[0]) == "") == empty)
		}))
	}
	return list
}

// caseFunction takes (condition, value)* and a value for else.
func caseFunction() Function {
	return Function{
		Name: "case", MinArgs: 3, MaxArgs: -1,
		Result: func(args []value.Type) value.Type {
			t := args[len(args)-1]
			for i := 1; i < len(args); i += 2 {
				t = branchType(t, args[i])
			}
			return t
		},
		Eval: func(_ *Env, args []value.Value) (value.Value, error) {
			if len(args)%2 == 0 {
				return value.Value{}, errors.New("give a value for each condition and one for none of them")
			}
			last := len(args) - 1
			chosen := args[last]
			t := chosen.Kind
			found := false
			for i := 0; i+1 <= last; i += 2 {
				t = branchType(t, args[i+1].Kind)
				if !found && value.Convert(args[i], value.Bool).AsBool() {
					chosen, found = args[i+1], true
				}
			}
			return coerce(chosen, t), nil
		},
	}
}

// coalesce passes over empty strings as over nulls.
func coalesce(args []value.Value) value.Value {
	for _, v := range args {
		if v.Valid && (v.Kind != value.String || v.Str != "") {
			return v
		}
	}
	return args[len(args)-1]
}

// extreme is the greatest (sign 1) or least (sign -1) argument that is not
// null.
func extreme(args []value.Value, sign int) value.Value {
	best := args[0]
	for _, v := range args[1:] {
		if !v.Valid {
			continue
		}
		if c, ok := value.Compare(v, best); !best.Valid || ok && c*sign > 0 {
			best = v
		}
	}
	return best
}

func not(a []value.Value) value.Value {
	v := value.Convert(a[0], value.Bool)
	if !v.Valid {
		return v
	}
	return value.BoolValue(v.Num == 0)
}

func realTest(name string, test func(float64) bool) Function {
	return pureFn(name, 1, 1, value.Bool, func(a []value.Value) value.Value {
		v := value.Convert(a[0], value.Real)
		if !v.Valid {
			return value.Null(value.Bool)
		}
		return value.BoolValue(test(v.Real))
	})
}
