package builtin

import (
	"encoding/binary"
	"reflect"
	"slices"
	"strings"

	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// pureFn is a function of its arguments alone that cannot fail.
func pureFn(name string, minArgs, maxArgs int, t value.Type, eval func([]value.Value) value.Value) Function {
	return Function{
		Name: name, MinArgs: minArgs, MaxArgs: maxArgs, Result: returns(t),
		Eval: func(_ *Env, args []value.Value) (value.Value, error) { return eval(args), nil },
	}
}

// envFn is a function that reads the clock, keeps a cache or may fail.
func envFn(name string, minArgs, maxArgs int, t value.Type, eval func(*Env, []value.Value) (value.Value, error)) Function {
	return Function{Name: name, MinArgs: minArgs, MaxArgs: maxArgs, Result: returns(t), Eval: eval}
}

// argText is an argument as text; most arguments already are.
func argText(v value.Value) string {
	if v.Kind == value.String {
		return v.Str
	}
	return v.Text()
}

// argLong is an integer argument; def stands in for one that is absent.
func argLong(args []value.Value, i int, def int64) int64 {
	if i >= len(args) {
		return def
	}
	if v := value.Convert(args[i], value.Long); v.Valid {
		return v.Num
	}
	return def
}

// argArray is the list of a dynamic array.
func argArray(v value.Value) ([]any, bool) {
	list, ok := v.Dyn.([]any)
	return list, ok
}

// smallResult is what a function may build without asking: the table that
// keeps it pays for it.
const smallResult = 64 << 10

// charge bills the bytes of a result that can be far larger than what it was
// made from.
func (e *Env) charge(n int) error {
	if e == nil || e.Grow == nil || n < smallResult {
		return nil
	}
	return e.Grow(n)
}

// billedText is text that is billed while it grows.
type billedText struct {
	strings.Builder
	env  *Env
	paid int
}

func (b *billedText) settle() error {
	n := b.Len() - b.paid
	if n < smallResult {
		return nil
	}
	b.paid = b.Len()
	if b.paid > value.MaxSize {
		return value.ErrTooLarge
	}
	return b.env.charge(n)
}

// cached keeps what is costly to build from constant arguments. The cache
// stops growing at maxCached entries, so that arguments that are not constant
// cost time instead of memory.
func cached[T any](e *Env, key string, build func() (T, error)) (T, error) {
	if e != nil && e.Cache != nil {
		if got, ok := e.Cache[key].(T); ok {
			return got, nil
		}
	}
	made, err := build()
	if err == nil && e != nil && e.Cache != nil && len(e.Cache) < maxCached {
		e.Cache[key] = made
	}
	return made, err
}

const maxCached = 1024

// keptFor is a cache entry with the arguments it was made from. It keeps them
// alive, so that the address of an array in a key stays its own.
type keptFor[T any] struct {
	made T
	args []value.Value
}

// cachedFor keeps what is built from constant arguments; kind tells apart what
// is built from the same ones. An array counts by its address: reading
// thousands of elements for each row would cost more than the cache saves.
func cachedFor[T any](e *Env, kind byte, args []value.Value, build func() T) T {
	var buf [96]byte
	key := append(buf[:0], 0, kind)
	for _, v := range args {
		if list, ok := v.Dyn.([]any); ok {
			key = append(key, 1)
			key = binary.NativeEndian.AppendUint64(key, uint64(reflect.ValueOf(v.Dyn).Pointer()))
			key = binary.NativeEndian.AppendUint64(key, uint64(len(list)))
			continue
		}
		text := argText(v)
		key = append(key, byte(v.Kind)+2)
		key = binary.NativeEndian.AppendUint64(key, uint64(len(text)))
		key = append(key, text...)
	}
	if e != nil {
		if kept, ok := e.Cache[string(key)].(keptFor[T]); ok {
			return kept.made
		}
	}
	made := build()
	if e != nil && e.Cache != nil && len(e.Cache) < maxCached {
		e.Cache[string(key)] = keptFor[T]{made, slices.Clone(args)}
	}
	return made
}

// AnyNumber marks a function without an upper bound of arguments.
const AnyNumber = -1

// library is a set of functions under construction.
type library map[string]Function

func (l library) add(names []string, low, high int, result func([]value.Type) value.Type, eval func(*Env, []value.Value) (value.Value, error)) {
	for _, n := range names {
		l[n] = Function{Name: n, MinArgs: low, MaxArgs: high, Result: result, Eval: eval}
	}
}

// pure adds a function whose argument errors are nulls, as most of the
// language's are.
func (l library) pure(name string, low, high int, t value.Type, f func(a []value.Value) value.Value) {
	l[name] = pureFn(name, low, high, t, f)
}
