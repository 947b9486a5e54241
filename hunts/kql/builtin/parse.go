package builtin

import (
	"encoding/csv"
	"strconv"
	"strings"

	"github.com/footprint-soc/footprint/hunts/kql/value"
)

func parseFunctions() library {
	l := library{}
	l.pure("parse_url", 1, 1, value.Dynamic, func(a []value.Value) value.Value { return value.DynamicValue(parseURL(argText(a[0]))) })
	l.pure("parse_urlquery", 1, 1, value.Dynamic, func(a []value.Value) value.Value {
		out := value.NewBag()
		out.Set("Query Parameters", queryBag(strings.TrimPrefix(argText(a[0]), "?")))
		return value.DynamicValue(out)
	})
	l.pure("parse_xml", 1, 1, value.Dynamic, parseXML)
	l.pure("parse_path", 1, 1, value.Dynamic, func(a []value.Value) value.Value { return value.DynamicValue(parsePath(argText(a[0]))) })
	l.pure("parse_csv", 1, 1, value.Dynamic, func(a []value.Value) value.Value {
		r := csv.NewReader(strings.NewReader(argText(a[0])))
		r.FieldsPerRecord, r.LazyQuotes = -1, true
		record, err := r.Read()
		if err != nil {
			return value.Null(value.Dynamic)
		}
		list := make([]any, len(record))
		for i, f := range record {
			list[i] = f
		}
		return value.DynamicValue(list)
	})
	l.add([]string{"parse_user_agent"}, 2, 2, returns(value.Dynamic), parseUserAgent)
	l.pure("parse_version", 1, 1, value.Decimal, parseVersion)
	l.add([]string{"extract_json", "extractjson"}, 2, 3, returns(value.String), func(_ *Env, a []value.Value) (value.Value, error) {
		d, ok := value.ParseJSON(argText(a[1]))
		if !ok {
			return value.Null(value.String), nil
		}
		for _, k := range path(argText(a[0])) {
			switch at := d.(type) {
			case *value.Bag:
				d, _ = at.Get(k)
			case []any:
				i, err := strconv.Atoi(k)
				if err != nil || i < 0 || i >= len(at) {
					return value.Null(value.String), nil
				}
				d = at[i]
			default:
				return value.Null(value.String), nil
			}
		}
		return value.StringValue(value.FromDynamic(d).Text()), nil
	})
	return l
}

// queryBag leaves percent signs to url_decode(), as the service does.
func queryBag(raw string) *value.Bag {
	bag := value.NewBag()
	for _, pair := range strings.Split(raw, "&") {
		if pair == "" {
			continue
		}
		key, val, _ := strings.Cut(pair, "=")
		bag.Set(key, val)
	}
	return bag
}

// parseURL cuts an absolute URL; without a scheme all parts are empty.
func parseURL(s string) *value.Bag {
	out := value.NewBag()
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

// parsePath cuts a Windows path, a Unix path or a URL of a file.
func parsePath(s string) *value.Bag {
	scheme, rest := "", s
	if before, after, ok := strings.Cut(s, "://"); ok {
		scheme, rest = before, after
	}
	root := ""
	if len(rest) > 1 && rest[1] == ':' {
		root = rest[:2]
	}
	directory, name := "", rest
	if cut := strings.LastIndexAny(rest, `/\`); cut >= 0 {
		directory, name = rest[:cut], rest[cut+1:]
	} else if root != "" {
		directory, name = root, rest[2:]
	}
	name, stream, _ := strings.Cut(name, ":")
	extension := ""
	if dot := strings.LastIndexByte(name, '.'); dot >= 0 {
		extension = name[dot+1:]
	}
	out := value.NewBag()
	out.Set("Scheme", scheme)
	out.Set("RootPath", root)
	out.Set("DirectoryPath", directory)
	out.Set("DirectoryName", directory[strings.LastIndexAny(directory, `/\`)+1:])
	out.Set("Filename", name)
	out.Set("Extension", extension)
	out.Set("AlternateDataStreamName", stream)
	return out
}

// versionParts and versionDigits are the size of what parse_version() reads.
const versionParts, versionDigits = 4, 8

// parseVersion gives up to four numbers as one of 32 digits. A float64 keeps
// 15 of them, so the digits stay beside it for comparisons.
func parseVersion(a []value.Value) value.Value {
	parts := strings.Split(argText(a[0]), ".")
	if len(parts) > versionParts {
		return value.Null(value.Decimal)
	}
	var digits strings.Builder
	for i := range versionParts {
		part := ""
		if i < len(parts) {
			part = parts[i]
			if part == "" || len(part) > versionDigits || strings.Trim(part, "0123456789") != "" {
				return value.Null(value.Decimal)
			}
		}
		digits.WriteString(strings.Repeat("0", versionDigits-len(part)))
		digits.WriteString(part)
	}
	f, err := strconv.ParseFloat(digits.String(), 64)
	if err != nil {
		return value.Null(value.Decimal)
	}
	return value.Value{Kind: value.Decimal, Valid: true, Real: f, Str: digits.String()}
}
