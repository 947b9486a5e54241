package kql

import (
	"encoding/csv"
	"net/url"
	"strconv"
	"strings"
)

func parseFunctions() library {
	l := library{}
	l.pure("parse_url", 1, 1, Dynamic, func(a []Value) Value { return DynamicValue(parseURL(argText(a[0]))) })
	l.pure("parse_urlquery", 1, 1, Dynamic, func(a []Value) Value {
		out := NewBag()
		out.Set("Query Parameters", queryBag(strings.TrimPrefix(argText(a[0]), "?")))
		return DynamicValue(out)
	})
	l.pure("parse_path", 1, 1, Dynamic, func(a []Value) Value { return DynamicValue(parsePath(argText(a[0]))) })
	l.pure("parse_csv", 1, 1, Dynamic, func(a []Value) Value {
		r := csv.NewReader(strings.NewReader(argText(a[0])))
		r.FieldsPerRecord, r.LazyQuotes = -1, true
		record, err := r.Read()
		if err != nil {
			return Null(Dynamic)
		}
		list := make([]any, len(record))
		for i, f := range record {
			list[i] = f
		}
		return DynamicValue(list)
	})
	l.pure("parse_version", 1, 1, Decimal, func(a []Value) Value {
		parts := strings.Split(argText(a[0]), ".")
		if len(parts) > 4 {
			return Null(Decimal)
		}
		sum := 0.0
		for i := range 4 {
			n := 0.0
			if i < len(parts) {
				v, err := strconv.ParseUint(parts[i], 10, 31)
				if err != nil || len(parts[i]) > 8 {
					return Null(Decimal)
				}
				n = float64(v)
			}
			sum = sum*1e8 + n
		}
		return Value{typ: Decimal, valid: true, real: sum}
	})
	l.add([]string{"extract_json", "extractjson"}, 2, 3, returns(String), func(_ *callEnv, a []Value) (Value, error) {
		d, ok := parseDynamic(argText(a[1]))
		if !ok {
			return Null(String), nil
		}
		for _, k := range path(argText(a[0])) {
			switch at := d.(type) {
			case *Bag:
				d, _ = at.Get(k)
			case []any:
				i, err := strconv.Atoi(k)
				if err != nil || i < 0 || i >= len(at) {
					return Null(String), nil
				}
				d = at[i]
			default:
				return Null(String), nil
			}
		}
		return StringValue(fromDynamic(d).Text()), nil
	})
	return l
}

func queryBag(raw string) *Bag {
	bag := NewBag()
	for _, pair := range strings.Split(raw, "&") {
		if pair == "" {
			continue
		}
		key, value, _ := strings.Cut(pair, "=")
		if k, err := url.QueryUnescape(key); err == nil {
			key = k
		}
		if v, err := url.QueryUnescape(value); err == nil {
			value = v
		}
		bag.Set(key, value)
	}
	return bag
}

// parseURL cuts an absolute URL; without a scheme all parts are empty.
func parseURL(s string) *Bag {
	out := NewBag()
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		scheme, rest = "", ""
	}
	rest, fragment, _ := strings.Cut(rest, "#")
	rest, query, _ := strings.Cut(rest, "?")
	authority, file, slash := strings.Cut(rest, "/")
	if slash {
		file = "/" + file
	}
	user, password := "", ""
	if at := strings.LastIndex(authority, "@"); at >= 0 {
		user, password, _ = strings.Cut(authority[:at], ":")
		authority = authority[at+1:]
	}
	host, port := authority, ""
	if k := strings.LastIndex(authority, ":"); k > strings.LastIndex(authority, "]") {
		host, port = authority[:k], authority[k+1:]
	}
	for _, p := range []struct{ key, value string }{{"Scheme", scheme}, {"Host", host}, {"Port", port}, {"Path", file}, {"Username", user}, {"Password", password}} {
		out.Set(p.key, p.value)
	}
	out.Set("Query Parameters", queryBag(query))
	out.Set("Fragment", fragment)
	return out
}

func parsePath(s string) *Bag {
	scheme, rest := "", s
	if before, after, ok := strings.Cut(s, "://"); ok {
		scheme, rest = before, after
	}
	root := ""
	switch {
	case len(rest) > 1 && rest[1] == ':':
		root = rest[:2]
	}
	cut := strings.LastIndexAny(rest, `/\`)
	directory, name := "", rest
	if cut >= 0 {
		directory, name = rest[:cut], rest[cut+1:]
	}
	stream := ""
	if k := strings.Index(name, ":"); k >= 0 && cut >= 0 {
		name, stream = name[:k], name[k+1:]
	}
	extension := ""
	if k := strings.LastIndex(name, "."); k >= 0 {
		extension = name[k+1:]
	}
	below := ""
	if k := strings.LastIndexAny(directory, `/\`); k >= 0 {
		below = directory[k+1:]
	} else {
		below = directory
	}
	out := NewBag()
	for _, p := range []struct{ key, value string }{
		{"Scheme", scheme}, {"RootPath", root}, {"DirectoryPath", directory}, {"DirectoryName", below}, {"Filename", name}, {"Extension", extension}, {"AlternateDataStreamName", stream},
	} {
		out.Set(p.key, p.value)
	}
	return out
}
