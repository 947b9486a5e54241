package builtin

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/footprint-soc/footprint/hunts/kql/value"
)

func stringFunctions() []Function {
	return []Function{
		pureFn("strlen", 1, 1, value.Long, func(a []value.Value) value.Value {
			return value.LongValue(int64(utf8.RuneCountInString(argText(a[0]))))
		}),
		pureFn("string_size", 1, 1, value.Long, func(a []value.Value) value.Value { return value.LongValue(int64(len(argText(a[0])))) }),
		pureFn("tolower", 1, 1, value.String, func(a []value.Value) value.Value { return value.StringValue(strings.ToLower(argText(a[0]))) }),
		pureFn("toupper", 1, 1, value.String, func(a []value.Value) value.Value { return value.StringValue(strings.ToUpper(argText(a[0]))) }),
		pureFn("reverse", 1, 1, value.String, reverseText),
		pureFn("substring", 2, 3, value.String, substring),
		pureFn("strcmp", 2, 2, value.Long, func(a []value.Value) value.Value {
			return value.LongValue(int64(strings.Compare(argText(a[0]), argText(a[1]))))
		}),
		pureFn("split", 2, 3, value.Dynamic, splitText),
		pureFn("translate", 3, 3, value.String, translate),
		pureFn("has_any_index", 2, 2, value.Long, hasAnyIndex),
		envFn("strcat", 1, -1, value.String, func(env *Env, a []value.Value) (value.Value, error) { return joinText(env, "", a) }),
		envFn("strcat_delim", 3, -1, value.String, func(env *Env, a []value.Value) (value.Value, error) {
			return joinText(env, argText(a[0]), a[1:])
		}),
		envFn("strcat_array", 2, 2, value.String, strcatArray),
		envFn("strrep", 2, 3, value.String, repeatText),
		envFn("replace_string", 3, 3, value.String, func(env *Env, a []value.Value) (value.Value, error) {
			return replacePairs(env, argText(a[0]), []string{argText(a[1])}, []any{argText(a[2])})
		}),
		envFn("replace_strings", 3, 3, value.String, replaceStrings),
	}
}

func reverseText(a []value.Value) value.Value {
	s := argText(a[0])
	out := make([]byte, len(s))
	for at := len(s); s != ""; {
		_, n := utf8.DecodeRuneInString(s)
		at -= n
		copy(out[at:], s[:n])
		s = s[n:]
	}
	return value.StringValue(string(out))
}

// substring counts code points; a negative start counts from the end.
func substring(a []value.Value) value.Value {
	s := argText(a[0])
	start := argLong(a, 1, 0)
	if start < 0 {
		start = max(0, start+int64(utf8.RuneCountInString(s)))
	}
	s = s[runeOffset(s, start):]
	if len(a) > 2 {
		s = s[:runeOffset(s, argLong(a, 2, 0))]
	}
	return value.StringValue(s)
}

// splitText gives all parts, or an array of the one asked for.
func splitText(a []value.Value) value.Value {
	s, delimiter := argText(a[0]), argText(a[1])
	parts := []string{s}
	if delimiter != "" {
		parts = strings.Split(s, delimiter)
	}
	if len(a) > 2 && a[2].Valid {
		i := argLong(a, 2, 0)
		if i < 0 || i >= int64(len(parts)) {
			return value.DynamicValue([]any{})
		}
		parts = parts[i : i+1]
	}
	return value.DynamicValue(anyStrings(parts))
}

func anyStrings(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

// translate maps each rune of the first text to that of the second in the
// third; the last rune of a short second text stands for all that follow, and
// an empty one deletes.
func translate(a []value.Value) value.Value {
	from, to := []rune(argText(a[0])), []rune(argText(a[1]))
	return value.StringValue(strings.Map(func(r rune) rune {
		for i, f := range from {
			if f != r {
				continue
			}
			if len(to) == 0 {
				return -1
			}
			return to[min(i, len(to)-1)]
		}
		return r
	}, argText(a[2])))
}

func joinText(env *Env, delimiter string, a []value.Value) (value.Value, error) {
	b := billedText{env: env}
	for i, v := range a {
		if i > 0 {
			b.WriteString(delimiter)
		}
		b.WriteString(argText(v))
		if err := b.settle(); err != nil {
			return value.Value{}, err
		}
	}
	return value.StringValue(b.String()), nil
}

func strcatArray(env *Env, a []value.Value) (value.Value, error) {
	list, ok := argArray(a[0])
	if !ok {
		return value.StringValue(""), nil
	}
	delimiter := argText(a[1])
	b := billedText{env: env}
	for i, e := range list {
		if i > 0 {
			b.WriteString(delimiter)
		}
		b.WriteString(value.DynamicText(e))
		if err := b.settle(); err != nil {
			return value.Value{}, err
		}
	}
	return value.StringValue(b.String()), nil
}

// maxRepeat is the limit of strrep() (Kusto reference, "strrep()").
const maxRepeat = 1024

func repeatText(env *Env, a []value.Value) (value.Value, error) {
	s, n, delimiter := argText(a[0]), argLong(a, 1, 0), ""
	if n > maxRepeat {
		return value.Value{}, fmt.Errorf("strrep() repeats at most %d times, not %d", maxRepeat, n)
	}
	if len(a) > 2 {
		delimiter = argText(a[2])
	}
	b := billedText{env: env}
	for i := range n {
		if i > 0 {
			b.WriteString(delimiter)
		}
		b.WriteString(s)
		if err := b.settle(); err != nil {
			return value.Value{}, err
		}
	}
	return value.StringValue(b.String()), nil
}

func replaceStrings(env *Env, a []value.Value) (value.Value, error) {
	lookups, ok := argArray(a[1])
	rewrites, also := argArray(a[2])
	if !ok || !also || len(lookups) != len(rewrites) {
		return value.Value{}, fmt.Errorf("replace_strings() takes two arrays of equal length")
	}
	from := make([]string, len(lookups))
	for i, l := range lookups {
		from[i], _ = l.(string)
	}
	return replacePairs(env, argText(a[0]), from, rewrites)
}

// replacePairs replaces pair after pair; what one pair has replaced, no later
// one touches. A rewrite that is not a string leaves its matches as they are.
func replacePairs(env *Env, s string, from []string, to []any) (value.Value, error) {
	type piece struct {
		text string
		done bool
	}
	pieces := []piece{{text: s}}
	size := len(s)
	for i, lookup := range from {
		if lookup == "" || !strings.Contains(s, lookup) {
			continue
		}
		rewrite, ok := to[i].(string)
		if !ok {
			rewrite = lookup
		}
		var next []piece
		for _, p := range pieces {
			for !p.done {
				at := strings.Index(p.text, lookup)
				if at < 0 {
					break
				}
				next = append(next, piece{text: p.text[:at]}, piece{rewrite, true})
				p.text = p.text[at+len(lookup):]
				size += len(rewrite) - len(lookup)
			}
			next = append(next, p)
		}
		if err := env.charge(32 * (len(next) - len(pieces))); err != nil {
			return value.Value{}, err
		}
		pieces = next
	}
	if len(pieces) == 1 {
		return value.StringValue(s), nil
	}
	if err := env.charge(size); err != nil {
		return value.Value{}, err
	}
	var b strings.Builder
	b.Grow(size)
	for _, p := range pieces {
		b.WriteString(p.text)
	}
	return value.StringValue(b.String()), nil
}

// hasAnyIndex is the position of the first value of the list that the text
// has as a term.
func hasAnyIndex(a []value.Value) value.Value {
	list, ok := argArray(a[1])
	if !ok {
		return value.Null(value.Long)
	}
	s := strings.ToLower(argText(a[0]))
	for i, e := range list {
		if term := strings.ToLower(value.DynamicText(e)); term != "" && value.HasTerm(s, term, true, true) {
			return value.LongValue(int64(i))
		}
	}
	return value.LongValue(-1)
}
