package kql

// scalarFunctions gives every scalar function by name. What depends on the
// table at hand (row numbers, pack_all, materialize, …) is not among them.
func scalarFunctions() map[string]function {
	all := map[string]function{}
	for _, group := range [][]function{
		conversionFunctions(),
		logicFunctions(),
	} {
		for _, f := range group {
			all[f.name] = f
		}
	}
	return all
}

// pureFn is a function of its arguments alone that cannot fail.
func pureFn(name string, minArgs, maxArgs int, t Type, eval func([]Value) Value) function {
	return function{
		name: name, minArgs: minArgs, maxArgs: maxArgs, result: returns(t),
		eval: func(_ *callEnv, args []Value) (Value, error) { return eval(args), nil },
	}
}

// envFn is a function that reads the clock, keeps a cache or may fail.
func envFn(name string, minArgs, maxArgs int, t Type, eval func(*callEnv, []Value) (Value, error)) function {
	return function{name: name, minArgs: minArgs, maxArgs: maxArgs, result: returns(t), eval: eval}
}

// argText is an argument as text; most arguments already are.
func argText(v Value) string {
	if v.typ == String {
		return v.str
	}
	return v.Text()
}

// argLong is an integer argument; def stands in for one that is absent.
func argLong(args []Value, i int, def int64) int64 {
	if i >= len(args) {
		return def
	}
	if v := convert(args[i], Long); v.valid {
		return v.num
	}
	return def
}

// argArray is the list of a dynamic array.
func argArray(v Value) ([]any, bool) {
	list, ok := v.dyn.([]any)
	return list, ok
}

// argBag is the bag of a dynamic property bag.
func argBag(v Value) (*Bag, bool) {
	b, ok := v.dyn.(*Bag)
	return b, ok
}

// charge bills bytes of a result to the query.
func (e *callEnv) charge(n int) error {
	if e == nil || e.grow == nil {
		return nil
	}
	return e.grow(n)
}

// cached keeps what is costly to build from constant arguments. The cache
// stops growing at maxCached entries, so that arguments that are not constant
// cost time instead of memory.
func cached[T any](e *callEnv, key string, build func() (T, error)) (T, error) {
	if e != nil && e.cache != nil {
		if got, ok := e.cache[key].(T); ok {
			return got, nil
		}
	}
	made, err := build()
	if err == nil && e != nil && e.cache != nil && len(e.cache) < maxCached {
		e.cache[key] = made
	}
	return made, err
}

const maxCached = 1024
