package builtin

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// maxPattern bounds the text of a regular expression; RE2 matches in linear
// time, but its program grows with the text.
const maxPattern = 16 << 10

// compiled gives the regular expression of a constant argument, built once.
func compiled(env *Env, function, pattern string) (*regexp.Regexp, error) {
	return cached(env, pattern, func() (*regexp.Regexp, error) {
		if len(pattern) > maxPattern {
			return nil, fmt.Errorf("shorten the regular expression of %s(): it has more than %d bytes", function, maxPattern)
		}
		re, err := CompileRegex(pattern)
		if err != nil {
			return nil, fmt.Errorf("correct the regular expression of %s(): %w", function, err)
		}
		return re, nil
	})
}

// codePoint is how the language writes a character by its number and Go does not.
var codePoint = regexp.MustCompile(`^\\(?:u([0-9A-Fa-f]{4})|u\{([0-9A-Fa-f]{1,6})\}|U([0-9A-Fa-f]{8}))`)

// CompileRegex compiles a regular expression of the language.
func CompileRegex(pattern string) (*regexp.Regexp, error) {
	if !strings.Contains(pattern, `\u`) && !strings.Contains(pattern, `\U`) {
		return regexp.Compile(pattern)
	}
	var b strings.Builder
	for rest := pattern; rest != ""; {
		if m := codePoint.FindStringSubmatch(rest); m != nil {
			b.WriteString(`\x{` + m[1] + m[2] + m[3] + `}`)
			rest = rest[len(m[0]):]
			continue
		}
		n := 1
		if rest[0] == '\\' && len(rest) > 1 {
			n = 2 // an escaped backslash escapes nothing
		}
		b.WriteString(rest[:n])
		rest = rest[n:]
	}
	return regexp.Compile(b.String())
}

func regexFunctions() []Function {
	list := []Function{
		envFn("extract", 3, 4, value.String, extract),
		envFn("extract_all", 2, 3, value.Dynamic, extractAll),
		envFn("replace_regex", 3, 3, value.String, func(env *Env, a []value.Value) (value.Value, error) {
			return replaceRegex(env, a[1], a[2], a[0])
		}),
		envFn("replace", 3, 3, value.String, func(env *Env, a []value.Value) (value.Value, error) {
			return replaceRegex(env, a[0], a[1], a[2])
		}),
		pureFn("indexof", 2, 5, value.Long, indexOf),
		envFn("indexof_regex", 2, 5, value.Long, indexOfRegex),
		envFn("countof", 2, 3, value.Long, countOf),
		pureFn("regex_quote", 1, 1, value.String, func(a []value.Value) value.Value { return value.StringValue(quoteRegex(argText(a[0]))) }),
	}
	for name, anchors := range map[string][2]bool{"trim": {true, true}, "trim_start": {true, false}, "trim_end": {false, true}} {
		list = append(list, trimFunction(name, anchors[0], anchors[1]))
	}
	return list
}

func extract(env *Env, a []value.Value) (value.Value, error) {
	re, err := compiled(env, "extract", argText(a[0]))
	if err != nil {
		return value.Value{}, err
	}
	group := argLong(a, 1, 0)
	if group < 0 || group > int64(re.NumSubexp()) {
		return value.Value{}, fmt.Errorf("extract() asks for group %d of a regular expression with %d groups", group, re.NumSubexp())
	}
	s := argText(a[2])
	m := re.FindStringSubmatchIndex(s)
	if m == nil || m[2*group] < 0 {
		return value.StringValue(""), nil
	}
	found := value.StringValue(s[m[2*group]:m[2*group+1]])
	if len(a) > 3 {
		// the name of a type: what does not convert to it is not extracted
		if t, ok := value.TypeByName[argText(a[3])]; ok {
			found = value.StringValue(value.Convert(found, t).Text())
		}
	}
	return found, nil
}

// extractAll gives an array of matches, of arrays where there are several
// groups.
func extractAll(env *Env, a []value.Value) (value.Value, error) {
	re, err := compiled(env, "extract_all", argText(a[0]))
	if err != nil {
		return value.Value{}, err
	}
	groups := make([]int, 0, re.NumSubexp())
	if len(a) == 3 {
		wanted, _ := argArray(a[1])
		if groups, err = wantedGroups(re, wanted); err != nil {
			return value.Value{}, err
		}
	} else {
		for i := 1; i <= re.NumSubexp(); i++ {
			groups = append(groups, i)
		}
		if len(groups) == 0 {
			groups = append(groups, 0)
		}
	}
	s := argText(a[len(a)-1])
	var out []any
	for _, m := range re.FindAllStringSubmatchIndex(s, -1) {
		row := make([]any, len(groups))
		for i, g := range groups {
			row[i] = ""
			if m[2*g] >= 0 {
				row[i] = s[m[2*g]:m[2*g+1]]
			}
		}
		if len(row) == 1 {
			out = append(out, row[0])
		} else {
			out = append(out, row)
		}
	}
	if out == nil {
		return value.Null(value.Dynamic), nil
	}
	return value.DynamicValue(out), env.charge(32 * len(out) * len(groups))
}

// wantedGroups resolves the numbers and names of groups.
func wantedGroups(re *regexp.Regexp, wanted []any) ([]int, error) {
	var groups []int
	for _, w := range wanted {
		g := -1
		switch x := w.(type) {
		case int64:
			g = int(max(-1, min(x, 1<<20)))
		case string:
			if g = re.SubexpIndex(x); g < 0 {
				if n, err := strconv.Atoi(x); err == nil {
					g = n
				}
			}
		}
		if g < 0 || g > re.NumSubexp() {
			return nil, fmt.Errorf("extract_all() asks for group %v, which the regular expression does not have", w)
		}
		groups = append(groups, g)
	}
	if len(groups) == 0 {
		return nil, fmt.Errorf("name at least one capture group for extract_all()")
	}
	return groups, nil
}

// replaceRegex replaces every match; \0 to \9 stand for groups in the rewrite.
func replaceRegex(env *Env, pattern, rewrite, source value.Value) (value.Value, error) {
	re, err := compiled(env, "replace_regex", argText(pattern))
	if err != nil {
		return value.Value{}, err
	}
	s, with := argText(source), argText(rewrite)
	matches := re.FindAllStringSubmatchIndex(s, -1)
	if matches == nil {
		return value.StringValue(s), nil
	}
	b := billedText{env: env}
	end := 0
	for _, m := range matches {
		b.WriteString(s[end:m[0]])
		writeRewrite(&b.Builder, with, s, m)
		if err := b.settle(); err != nil {
			return value.Value{}, err
		}
		end = m[1]
	}
	b.WriteString(s[end:])
	return value.StringValue(b.String()), nil
}

func writeRewrite(b *strings.Builder, rewrite, s string, m []int) {
	for i := 0; i < len(rewrite); i++ {
		c := rewrite[i]
		if c != '\\' || i+1 == len(rewrite) {
			b.WriteByte(c)
			continue
		}
		i++
		switch d := rewrite[i]; {
		case d >= '0' && d <= '9':
			if g := 2 * int(d-'0'); g < len(m) && m[g] >= 0 {
				b.WriteString(s[m[g]:m[g+1]])
			}
		case d == '\\':
			b.WriteByte('\\')
		default:
			b.WriteByte('\\')
			b.WriteByte(d)
		}
	}
}

// trimFunction removes one match at the start, the end or both.
func trimFunction(name string, start, end bool) Function {
	return envFn(name, 2, 2, value.String, func(env *Env, a []value.Value) (value.Value, error) {
		pattern, s := argText(a[0]), argText(a[1])
		if start {
			re, err := compiled(env, name, `\A(?:`+pattern+`)`)
			if err != nil {
				return value.Value{}, err
			}
			if m := re.FindStringIndex(s); m != nil {
				s = s[m[1]:]
			}
		}
		if end {
			re, err := compiled(env, name, `(?:`+pattern+`)\z`)
			if err != nil {
				return value.Value{}, err
			}
			if m := re.FindStringIndex(s); m != nil {
				s = s[:m[0]]
			}
		}
		return value.StringValue(s), nil
	})
}

// countOf counts plain text with overlaps and regular expressions without.
func countOf(env *Env, a []value.Value) (value.Value, error) {
	s, search := argText(a[0]), argText(a[1])
	kind := "normal"
	if len(a) > 2 {
		kind = strings.ToLower(argText(a[2]))
	}
	switch kind {
	case "regex":
		re, err := compiled(env, "countof", search)
		if err != nil {
			return value.Value{}, err
		}
		return value.LongValue(int64(len(re.FindAllStringIndex(s, -1)))), nil
	case "normal":
		var n int64
		for search != "" {
			i := strings.Index(s, search)
			if i < 0 {
				break
			}
			n++
			s = s[i+1:]
		}
		return value.LongValue(n), nil
	}
	return value.Value{}, fmt.Errorf("the kind of countof() is %q; write 'normal' or 'regex'", kind)
}

// quoteRegex escapes as RE2 does: all ASCII but letters, digits and _.
func quoteRegex(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c < 0x80 && c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
	return b.String()
}

// search is what indexof() and its kin look through. Positions count code
// points.
type search struct {
	text       string
	start      int64
	length     int64 // what one occurrence has to lie in; -1 for the rest
	occurrence int64
}

// newSearch reads start, length and occurrence, which follow the first two
// arguments; false where the answer is null.
func newSearch(a []value.Value) (search, bool) {
	s := search{text: argText(a[0]), start: argLong(a, 2, 0), length: argLong(a, 3, -1), occurrence: argLong(a, 4, 1)}
	if s.start < 0 {
		s.start = max(0, int64(utf8.RuneCountInString(s.text))+s.start)
	}
	return s, s.length >= -1 && s.occurrence >= 1
}

// find gives the position of the occurrence asked for. The search goes on
// behind the bytes that an occurrence took, at least one code point later,
// within the same length from there.
func (s search) find(first func(text string) (at, took int)) value.Value {
	at := s.start
	text := s.text[runeOffset(s.text, at):]
	for n := s.occurrence; ; n-- {
		part := text
		if s.length >= 0 {
			part = text[:runeOffset(text, s.length)]
		}
		i, took := first(part)
		if i < 0 {
			return value.LongValue(-1)
		}
		at += int64(utf8.RuneCountInString(text[:i]))
		if n == 1 {
			return value.LongValue(at)
		}
		if text = text[i:]; text == "" {
			return value.LongValue(-1)
		}
		next := max(took, runeOffset(text, 1))
		at += int64(utf8.RuneCountInString(text[:next]))
		text = text[next:]
	}
}

// runeOffset is the byte at which the n-th code point starts, or the length.
func runeOffset(s string, n int64) int {
	i := 0
	for ; n > 0 && i < len(s); n-- {
		_, size := utf8.DecodeRuneInString(s[i:])
		i += size
	}
	return i
}

func indexOfRegex(env *Env, a []value.Value) (value.Value, error) {
	re, err := compiled(env, "indexof_regex", argText(a[1]))
	if err != nil {
		return value.Value{}, err
	}
	s, ok := newSearch(a)
	if !ok {
		return value.Null(value.Long), nil
	}
	return s.find(func(text string) (int, int) {
		m := re.FindStringIndex(text)
		if m == nil {
			return -1, 0
		}
		return m[0], m[1] - m[0]
	}), nil
}

func indexOf(a []value.Value) value.Value {
	s, ok := newSearch(a)
	if !ok {
		return value.Null(value.Long)
	}
	lookup := argText(a[1])
	return s.find(func(text string) (int, int) { return strings.Index(text, lookup), 0 })
}
