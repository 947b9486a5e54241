package kql

import (
	"errors"
	"math"
)

// commonType is the type in which values of both types can stand: numbers
// widen, anything beside a dynamic becomes dynamic.
func commonType(a, b Type) Type {
	switch {
	case a == b || b == Unknown:
		return a
	case a == Unknown:
		return b
	case a == Dynamic || b == Dynamic:
		return Dynamic
	case a.Numeric() && b.Numeric():
		return max(a, b) // Int < Long < Real < Decimal
	case a == String || b == String:
		return String
	}
	return a
}

// branchType is the type of iff() and case(): a dynamic beside another type
// becomes that type, which is what a filter on the result expects; what has no
// type in common becomes dynamic.
func branchType(a, b Type) Type {
	switch {
	case a == Dynamic && b != Unknown:
		return b
	case b == Dynamic && a != Unknown:
		return a
	case a == b || a == Unknown || b == Unknown || a.Numeric() && b.Numeric():
		return commonType(a, b)
	}
	return Dynamic
}

// coerce gives v the type of the column it goes to; unlike convert it does not
// read a string as JSON.
func coerce(v Value, t Type) Value {
	switch {
	case v.typ == t || t == Unknown:
		return v
	case t == Dynamic:
		return DynamicValue(toDynamic(v))
	}
	return convert(v, t)
}

func typesCommon(args []Type) Type {
	t := Unknown
	for _, a := range args {
		t = commonType(t, a)
	}
	return t
}

func valuesCommon(args []Value) Type {
	t := Unknown
	for _, v := range args {
		t = commonType(t, v.typ)
	}
	return t
}

// commonFn is a pure function whose result is one of its arguments.
func commonFn(name string, minArgs int, eval func([]Value) Value) function {
	f := pureFn(name, minArgs, -1, Unknown, func(a []Value) Value { return coerce(eval(a), valuesCommon(a)) })
	f.result = typesCommon
	return f
}

func logicFunctions() []function {
	list := []function{
		caseFunction(),
		commonFn("coalesce", 2, coalesce),
		commonFn("max_of", 2, func(a []Value) Value { return extreme(a, 1) }),
		commonFn("min_of", 2, func(a []Value) Value { return extreme(a, -1) }),
		pureFn("isnull", 1, 1, Bool, func(a []Value) Value { return BoolValue(!a[0].valid && a[0].typ != String) }),
		pureFn("isnotnull", 1, 1, Bool, func(a []Value) Value { return BoolValue(a[0].valid || a[0].typ == String) }),
		pureFn("not", 1, 1, Bool, not),
		realTest("isnan", math.IsNaN),
		realTest("isinf", func(f float64) bool { return math.IsInf(f, 0) }),
		realTest("isfinite", func(f float64) bool { return !math.IsInf(f, 0) && !math.IsNaN(f) }),
	}
	for _, name := range []string{"iff", "iif"} {
		f := pureFn(name, 3, 3, Unknown, func(a []Value) Value {
			chosen := a[2]
			if convert(a[0], Bool).AsBool() {
				chosen = a[1]
			}
			return coerce(chosen, branchType(a[1].typ, a[2].typ))
		})
		f.result = func(args []Type) Type { return branchType(args[1], args[2]) }
		list = append(list, f)
	}
	for _, name := range []string{"isempty", "isnotempty", "notempty"} {
		empty := name == "isempty"
		list = append(list, pureFn(name, 1, 1, Bool, func(a []Value) Value {
			return BoolValue((argText(a[0]) == "") == empty)
		}))
	}
	return list
}

// caseFunction takes (condition, value)* and a value for else.
func caseFunction() function {
	return function{
		name: "case", minArgs: 3, maxArgs: -1,
		result: func(args []Type) Type {
			t := args[len(args)-1]
			for i := 1; i < len(args); i += 2 {
				t = branchType(t, args[i])
			}
			return t
		},
		eval: func(_ *callEnv, args []Value) (Value, error) {
			if len(args)%2 == 0 {
				return Value{}, errors.New("give a value for each condition and one for none of them")
			}
			last := len(args) - 1
			chosen := args[last]
			t := chosen.typ
			found := false
			for i := 0; i+1 <= last; i += 2 {
				t = branchType(t, args[i+1].typ)
				if !found && convert(args[i], Bool).AsBool() {
					chosen, found = args[i+1], true
				}
			}
			return coerce(chosen, t), nil
		},
	}
}

// coalesce passes over empty strings as over nulls.
func coalesce(args []Value) Value {
	for _, v := range args {
		if v.valid && (v.typ != String || v.str != "") {
			return v
		}
	}
	return args[len(args)-1]
}

// extreme is the greatest (sign 1) or least (sign -1) argument that is not
// null.
func extreme(args []Value, sign int) Value {
	best := args[0]
	for _, v := range args[1:] {
		if !v.valid {
			continue
		}
		if c, ok := compareValues(v, best); !best.valid || ok && c*sign > 0 {
			best = v
		}
	}
	return best
}

func not(a []Value) Value {
	v := convert(a[0], Bool)
	if !v.valid {
		return v
	}
	return BoolValue(v.num == 0)
}

func realTest(name string, test func(float64) bool) function {
	return pureFn(name, 1, 1, Bool, func(a []Value) Value {
		v := convert(a[0], Real)
		if !v.valid {
			return Null(Bool)
		}
		return BoolValue(test(v.real))
	})
}
