package builtin

import (
	"fmt"
	"slices"
	"strings"

	"github.com/footprint-soc/footprint/hunts/kql/value"
)

func bagFunctions(l library) {
	l.add([]string{"bag_pack", "pack", "pack_dictionary"}, 2, AnyNumber, returns(value.Dynamic), func(_ *Env, a []value.Value) (value.Value, error) {
		if len(a)%2 != 0 {
			return value.Value{}, fmt.Errorf("give a value for each key")
		}
		bag := value.NewBag()
		for i := 0; i < len(a); i += 2 {
			bag.Set(argText(a[i]), value.ToDynamic(a[i+1]))
		}
		return value.DynamicValue(bag), nil
	})
	l.pure("bag_keys", 1, 1, value.Dynamic, func(a []value.Value) value.Value {
		bag, ok := a[0].Dyn.(*value.Bag)
		if !ok {
			return value.Null(value.Dynamic)
		}
		list := make([]any, 0, bag.Len())
		for _, k := range bag.Keys() {
			list = append(list, k)
		}
		return value.DynamicValue(list)
	})
	l.pure("bag_has_key", 2, 2, value.Bool, func(a []value.Value) value.Value {
		bag, ok := a[0].Dyn.(*value.Bag)
		if !ok {
			return value.Null(value.Bool)
		}
		_, has := follow(bag, argText(a[1]))
		return value.BoolValue(has)
	})
	l.pure("bag_merge", 2, 64, value.Dynamic, func(a []value.Value) value.Value {
		out := value.NewBag()
		for _, v := range a {
			bag, ok := v.Dyn.(*value.Bag)
			if !ok {
				continue
			}
			for _, k := range bag.Keys() {
				if _, have := out.Get(k); !have { // the leftmost wins
					val, _ := bag.Get(k)
					out.Set(k, val)
				}
			}
		}
		return value.DynamicValue(out)
	})
	l.pure("bag_set_key", 3, 3, value.Dynamic, func(a []value.Value) value.Value {
		bag, ok := a[0].Dyn.(*value.Bag)
		if !ok {
			return value.Null(value.Dynamic)
		}
		return value.DynamicValue(setPath(bag, path(argText(a[1])), value.ToDynamic(a[2])))
	})
	l.pure("bag_remove_keys", 2, 2, value.Dynamic, func(a []value.Value) value.Value {
		bag, ok := a[0].Dyn.(*value.Bag)
		if !ok {
			return value.Null(value.Dynamic)
		}
		for _, k := range value.Flatten(nil, a[1]) {
			bag = removePath(bag, path(argText(k)))
		}
		return value.DynamicValue(bag)
	})
	l.pure("bag_zip", 2, 2, value.Dynamic, func(a []value.Value) value.Value {
		keys, ok := argArray(a[0])
		if !ok {
			return value.Null(value.Dynamic)
		}
		vals, _ := argArray(a[1])
		out := value.NewBag()
		for i, k := range keys {
			name, isText := k.(string)
			if !isText {
				continue
			}
			var v any
			if i < len(vals) {
				v = vals[i]
			}
			out.Set(name, v)
		}
		return value.DynamicValue(out)
	})
	l.pure("dynamic_to_json", 1, 1, value.String, func(a []value.Value) value.Value { return value.StringValue(sortedJSON(value.ToDynamic(a[0]))) })
}

// path reads "key" or a JSON path such as $.a['b'].c.
func path(s string) []string {
	if !strings.HasPrefix(s, "$.") && !strings.HasPrefix(s, "$[") {
		return []string{s}
	}
	var out []string
	s = s[1:]
	for s != "" {
		switch {
		case s[0] == '.':
			end := strings.IndexAny(s[1:], ".[")
			if end < 0 {
				return append(out, s[1:])
			}
			out, s = append(out, s[1:end+1]), s[end+1:]
		case strings.HasPrefix(s, "['"):
			end := strings.Index(s, "']")
			if end < 0 {
				return append(out, s)
			}
			out, s = append(out, s[2:end]), s[end+2:]
		case s[0] == '[':
			end := strings.Index(s, "]")
			if end < 0 {
				return append(out, s)
			}
			out, s = append(out, strings.Trim(s[1:end], `"`)), s[end+1:]
		default:
			return append(out, s)
		}
	}
	return out
}

func follow(bag *value.Bag, key string) (any, bool) {
	var at any = bag
	for _, k := range path(key) {
		b, ok := at.(*value.Bag)
		if !ok {
			return nil, false
		}
		if at, ok = b.Get(k); !ok {
			return nil, false
		}
	}
	return at, true
}

func setPath(bag *value.Bag, keys []string, v any) *value.Bag {
	out := value.NewBag()
	if bag != nil {
		for _, k := range bag.Keys() {
			old, _ := bag.Get(k)
			out.Set(k, old)
		}
	}
	if len(keys) == 1 {
		out.Set(keys[0], v)
		return out
	}
	inner, _ := out.Get(keys[0])
	below, _ := inner.(*value.Bag)
	out.Set(keys[0], setPath(below, keys[1:], v))
	return out
}

func removePath(bag *value.Bag, keys []string) *value.Bag {
	out := value.NewBag()
	for _, k := range bag.Keys() {
		v, _ := bag.Get(k)
		if k == keys[0] {
			below, ok := v.(*value.Bag)
			if len(keys) == 1 {
				continue
			}
			if ok {
				v = removePath(below, keys[1:])
			}
		}
		out.Set(k, v)
	}
	return out
}

// sortedJSON prints with the keys in order, so that equal bags print equally.
func sortedJSON(v any) string {
	switch d := v.(type) {
	case []any:
		parts := make([]string, len(d))
		for i, item := range d {
			parts[i] = sortedJSON(item)
		}
		return "[" + strings.Join(parts, ",") + "]"
	case *value.Bag:
		keys := slices.Sorted(slices.Values(d.Keys()))
		parts := make([]string, len(keys))
		for i, k := range keys {
			item, _ := d.Get(k)
			parts[i] = string(value.AppendJSONString(nil, k)) + ":" + sortedJSON(item)
		}
		return "{" + strings.Join(parts, ",") + "}"
	}
	return string(value.AppendJSON(nil, v))
}
