package builtin

import (
	"slices"
	"time"

	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// Keys of what Go does not compare as the language does.
type (
	treeKey string // arrays and bags, by their JSON with sorted keys
	tickKey int64  // instants, whatever their zone
)

// setKey tells whether two elements of arrays are one to the set functions.
func setKey(item any) any {
	switch x := item.(type) {
	case []any, *value.Bag:
		return treeKey(sortedJSON(x))
	case time.Time:
		return tickKey(value.DatetimeValue(x).Num)
	}
	return item
}

type elementSet map[any]struct{}

func newElementSet(lists ...[]any) elementSet {
	n := 0
	for _, list := range lists {
		n += len(list)
	}
	set := make(elementSet, n)
	for _, list := range lists {
		for _, item := range list {
			set[setKey(item)] = struct{}{}
		}
	}
	return set
}

func (s elementSet) has(item any) bool {
	_, ok := s[setKey(item)]
	return ok
}

// distinct keeps the first of equal elements for which wanted holds.
func distinct(list []any, wanted func(item any) bool) []any {
	out, seen := []any{}, make(elementSet, len(list))
	for _, item := range list {
		key := setKey(item)
		if _, again := seen[key]; !again && wanted(item) {
			seen[key] = struct{}{}
			out = append(out, item)
		}
	}
	return out
}

func setFunctions(l library) {
	sets := func(name string, combine func(lists [][]any) []any) {
		l[name] = envFn(name, 2, AnyNumber, value.Dynamic, func(env *Env, a []value.Value) (value.Value, error) {
			lists := make([][]any, len(a))
			for i, v := range a {
				list, ok := argArray(v)
				if !ok {
					return value.Null(value.Dynamic), nil
				}
				lists[i] = list
			}
			out := combine(lists)
			return value.DynamicValue(out), env.charge(16 * len(out))
		})
	}
	sets("set_union", func(lists [][]any) []any {
		return distinct(slices.Concat(lists...), func(any) bool { return true })
	})
	sets("set_intersect", func(lists [][]any) []any {
		others := make([]elementSet, 0, len(lists))
		for _, o := range lists[1:] {
			others = append(others, newElementSet(o))
		}
		return distinct(lists[0], func(item any) bool {
			return !slices.ContainsFunc(others, func(o elementSet) bool { return !o.has(item) })
		})
	})
	sets("set_difference", func(lists [][]any) []any {
		others := newElementSet(lists[1:]...)
		return distinct(lists[0], func(item any) bool { return !others.has(item) })
	})
	l["set_has_element"] = envFn("set_has_element", 2, 2, value.Bool, setHasElement)
	l.pure("jaccard_index", 2, 2, value.Real, jaccard)
}

// scanLimit is the length up to which looking at each element costs less than
// a set.
const scanLimit = 16

func setHasElement(env *Env, a []value.Value) (value.Value, error) {
	list, ok := argArray(a[0])
	if !ok {
		return value.Null(value.Bool), nil
	}
	item := value.ToDynamic(a[1])
	if len(list) > scanLimit {
		set := cachedFor(env, 's', a[:1], func() elementSet { return newElementSet(list) })
		return value.BoolValue(set.has(item)), nil
	}
	key := setKey(item)
	return value.BoolValue(slices.ContainsFunc(list, func(e any) bool { return setKey(e) == key })), nil
}

func jaccard(a []value.Value) value.Value {
	x, ok := argArray(a[0])
	y, also := argArray(a[1])
	if !ok || !also {
		return value.Null(value.Real)
	}
	p, q, both := newElementSet(x), newElementSet(y), 0
	for key := range p {
		if _, in := q[key]; in {
			both++
		}
	}
	return value.RealValue(float64(both) / float64(len(p)+len(q)-both))
}
