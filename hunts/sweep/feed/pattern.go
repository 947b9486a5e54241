package feed

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// The language of STIX patterns (docs.oasis-open.org/cti/stix/v2.1, 9), as far as
// a list of indicators can say the same: comparisons of which any may hold.

// pattern is what a pattern comes to: values of which each is an indicator,
// sentences about parts that are none, and what it says beside the values.
type pattern struct {
	values    []patternValue
	unsuited  []string
	unchecked []string
}

// patternValue is one value and what its property makes of it.
type patternValue struct {
	kind stated
	text string
}

// parsePattern reads a pattern. An error means that it is no pattern; what is
// one and can't be hunted is in unsuited.
func parsePattern(s string) (pattern, error) {
	tokens, err := patternTokens(s)
	if err != nil {
		return pattern{}, err
	}
	p := &patternParser{tokens: tokens}
	out := p.observations(0)
	switch {
	case p.err != nil:
		return pattern{}, p.err
	case len(p.tokens) > 0:
		return pattern{}, fmt.Errorf("%q stands where it should end", cut(p.tokens[0].text, 40))
	}
	return pattern{out.values, slices.Compact(out.unsuited), slices.Compact(out.unchecked)}, nil
}

type patternToken struct {
	kind byte // 'w' a word, 's' a string, 'p' a sign
	text string
}

func patternTokens(s string) ([]patternToken, error) {
	var out []patternToken
	for len(s) > 0 {
		switch c := s[0]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			s = s[1:]
		case c == '\'':
			value, rest, ok := patternString(s[1:])
			if !ok {
				return nil, errors.New("a string has no end")
			}
			out, s = append(out, patternToken{'s', value}), rest
		case strings.IndexByte("[](),", c) >= 0:
			out, s = append(out, patternToken{'p', s[:1]}), s[1:]
		case strings.IndexByte("=!<>", c) >= 0:
			n := 1
			if len(s) > 1 && strings.IndexByte("=>", s[1]) >= 0 {
				n = 2
			}
			out, s = append(out, patternToken{'p', s[:n]}), s[n:]
		default:
			word, rest := patternWord(s)
			if word == "" {
				return nil, fmt.Errorf("%q has no meaning in it", s[:1])
			}
			out, s = append(out, patternToken{'w', word}), rest
		}
	}
	return out, nil
}

// patternString reads a string behind its first quote; \' and \\ are escapes.
func patternString(s string) (value, rest string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case s[i] == '\'':
			return b.String(), s[i+1:], true
		default:
			b.WriteByte(s[i])
		}
	}
	return "", "", false
}

// patternWord reads an object path, an operator, a number or a literal such as
// t'2026-01-01T00:00:00Z'; quotes and brackets within it belong to it, as in
// file:hashes.'SHA-256' and resolves_to_refs[*].
func patternWord(s string) (word, rest string) {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\'' && i > 0 && (s[i-1] == '.' || i == 1):
			_, after, ok := patternString(s[i+1:])
			if !ok {
				return "", s
			}
			i = len(s) - len(after) - 1
		case c == '[' && i > 0 && indexed(s[i:]) > 0:
			i += indexed(s[i:])
		case strings.IndexByte(" \t\r\n[](),=!<>'", c) >= 0:
			return s[:i], s[i:]
		}
	}
	return s, ""
}

// indexed is where an index such as [*] or [0] ends; 0 when it is none.
func indexed(s string) int {
	end := strings.IndexByte(s, ']')
	if end > 1 && (s[1:end] == "*" || strings.Trim(s[1:end], "0123456789") == "") {
		return end
	}
	return 0
}

type patternParser struct {
	tokens []patternToken
	err    error
}

// maxNesting bounds the brackets of a pattern; nobody nests a tenth of it.
const maxNesting = 50

func (p *patternParser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf(format, args...)
	}
	p.tokens = nil
}

// is takes the next token when it is the sign or the word.
func (p *patternParser) is(text string) bool {
	if len(p.tokens) > 0 && p.tokens[0].kind != 's' && p.tokens[0].text == text {
		p.tokens = p.tokens[1:]
		return true
	}
	return false
}

func (p *patternParser) want(text string) {
	if !p.is(text) {
		p.fail("%q is missing", text)
	}
}

const (
	saysJoined = "its pattern joins conditions, which a watchlist can't"
	saysTimed  = "its pattern counts or times what it observes, which a watchlist can't"
)

// observations reads [a] OR [b], with brackets around parts.
func (p *patternParser) observations(depth int) pattern {
	if depth > maxNesting {
		p.fail("it is nested more than %d deep", maxNesting)
		return pattern{}
	}
	var out pattern
	joined := false
	for {
		var one pattern
		switch {
		case p.is("("):
			one = p.observations(depth + 1)
			p.want(")")
		case p.is("["):
			one = p.comparisons(depth + 1).alone()
			p.want("]")
		default:
			p.fail("an observation begins with [")
		}
		if p.qualified() {
			one = pattern{unsuited: []string{saysTimed}}
		}
		out = out.or(one)
		switch {
		case p.is("OR"):
		case p.is("AND"), p.is("FOLLOWEDBY"):
			joined = true
		default:
			if joined {
				return pattern{unsuited: []string{saysJoined}}
			}
			return out
		}
	}
}

// qualified takes what may follow an observation: how often, within what time.
func (p *patternParser) qualified() bool {
	some := false
	for len(p.tokens) > 0 {
		n := map[string]int{"WITHIN": 3, "REPEATS": 3, "START": 4}[p.tokens[0].text]
		if n == 0 || p.tokens[0].kind != 'w' {
			break
		}
		if len(p.tokens) < n {
			p.fail("%s lacks its value", p.tokens[0].text)
			return true
		}
		p.tokens, some = p.tokens[n:], true
	}
	return some
}

// or is what either of two patterns comes to.
func (p pattern) or(q pattern) pattern {
	return pattern{append(p.values, q.values...), append(p.unsuited, q.unsuited...), append(p.unchecked, q.unchecked...)}
}

// term is one of the comparisons that an AND joins, or a bracket of several.
type term struct {
	pattern
	objects []string // that it is about
	hash    bool     // each of its values is the hash of a file
}

// context tells whether a term only narrows others: a port, a size.
func (t term) context() bool { return len(t.values) == 0 && len(t.unsuited) == 0 }

// and is what terms come to that all have to hold: the values of one of them,
// when the others only describe the same object or the connection to it, which
// the watchlist does not check. Whoever has the hash of a file has its name too.
func and(terms []term) term {
	if len(terms) == 1 {
		return terms[0]
	}
	var out term
	files, hashes := 0, 0
	var valued []term
	for _, t := range terms {
		out.objects = append(out.objects, t.objects...)
		out.unchecked = append(out.unchecked, t.unchecked...)
		if len(t.unsuited) > 0 {
			return term{pattern: pattern{unsuited: []string{saysJoined}}, objects: out.objects}
		}
		if t.context() {
			continue
		}
		valued = append(valued, t)
		if t.of("file") {
			files++
		}
		if t.hash {
			hashes++
		}
	}
	if hashes > 0 && files == len(valued) {
		valued = slices.DeleteFunc(valued, func(t term) bool { return !t.hash })
	}
	if len(valued) == 0 {
		return out
	}
	about := valued[0].objects
	for _, t := range terms {
		same := t.of("network-traffic") || !slices.ContainsFunc(t.objects, func(o string) bool { return !slices.Contains(about, o) })
		if !same || len(valued) > 1 && hashes == 0 {
			return term{pattern: pattern{unsuited: []string{saysJoined}}, objects: out.objects}
		}
	}
	for _, t := range valued {
		out.values = append(out.values, t.values...)
	}
	out.hash = hashes > 0
	return out
}

func (t term) of(object string) bool {
	return !slices.ContainsFunc(t.objects, func(o string) bool { return o != object })
}

// comparisons reads what stands in an observation. AND binds stronger than OR.
func (p *patternParser) comparisons(depth int) term {
	if depth > maxNesting {
		p.fail("it is nested more than %d deep", maxNesting)
		return term{}
	}
	var either []term
	for {
		var all []term
		for {
			if p.is("(") {
				all = append(all, p.comparisons(depth+1))
				p.want(")")
			} else {
				all = append(all, p.comparison())
			}
			if !p.is("AND") {
				break
			}
		}
		either = append(either, and(all))
		if !p.is("OR") {
			return or(either)
		}
	}
}

// or is what terms come to of which any may hold. One that only narrows others
// is nothing to hunt beside one that can be.
func or(terms []term) term {
	out := term{hash: true}
	narrow := !slices.ContainsFunc(terms, func(t term) bool { return !t.context() })
	for _, t := range terms {
		said := t.pattern
		if !narrow {
			said = t.alone()
		}
		out = term{out.pattern.or(said), append(out.objects, t.objects...), out.hash && t.hash}
	}
	return out
}

// alone is what a term says that nothing else narrows: one that only would
// narrow others is nothing to hunt.
func (t term) alone() pattern {
	if t.context() {
		var out pattern
		for _, said := range t.unchecked {
			path, _, _ := strings.Cut(said, " ")
			out.unsuited = append(out.unsuited, fmt.Sprintf("network events show nothing of %s", cut(path, 60)))
		}
		return out
	}
	return t.pattern
}

// comparison reads one path, operator and value, or several in an IN.
func (p *patternParser) comparison() term {
	if len(p.tokens) > 0 && p.tokens[0].text == "EXISTS" {
		p.tokens = p.tokens[1:]
		p.word()
		return term{pattern: pattern{unsuited: []string{`its pattern asks with EXISTS`}}}
	}
	path := p.word()
	negated := p.is("NOT")
	op := p.operator()
	values, literal := p.operands(op, path)
	object, property, ok := strings.Cut(path, ":")
	if !ok {
		p.fail("%q is no object path", cut(path, 60))
		return term{}
	}
	out := term{objects: []string{object}}
	kind := huntableProperty(object, property)
	if kind == unstated || !literal {
		out.unchecked = []string{cut(path, 60) + " " + op + " " + cut(strings.Join(values, ", "), 60)}
		return out
	}
	if equal := op == "=" || op == "==" || op == "IN" || op == "ISSUBSET"; negated || !equal {
		if negated {
			op = "NOT"
		}
		out.unsuited = []string{fmt.Sprintf("its pattern compares with %s, which a watchlist can't", op)}
		return out
	}
	for _, v := range values {
		out.values = append(out.values, patternValue{kind, v})
	}
	out.hash = kind == isHash && op != "ISSUBSET"
	return out
}

// operands reads what an operator compares with; literal tells whether all of it
// are strings.
func (p *patternParser) operands(op, path string) (values []string, literal bool) {
	literal = true
	one := func() {
		if len(p.tokens) == 0 || p.tokens[0].kind == 'p' {
			p.fail("%s lacks its value", cut(path, 60))
			return
		}
		literal = literal && p.tokens[0].kind == 's'
		values, p.tokens = append(values, p.tokens[0].text), p.tokens[1:]
	}
	if op != "IN" {
		one()
		return values, literal
	}
	p.want("(")
	one()
	for p.is(",") {
		one()
	}
	p.want(")")
	return values, literal
}

func (p *patternParser) word() string {
	if len(p.tokens) == 0 || p.tokens[0].kind != 'w' {
		p.fail("an object path is missing")
		return ""
	}
	word := p.tokens[0].text
	p.tokens = p.tokens[1:]
	return word
}

func (p *patternParser) operator() string {
	known := []string{"=", "==", "!=", "<>", "<", ">", "<=", ">=", "IN", "LIKE", "MATCHES", "ISSUBSET", "ISSUPERSET"}
	if len(p.tokens) == 0 || p.tokens[0].kind == 's' || !slices.Contains(known, p.tokens[0].text) {
		p.fail("an operator is missing")
		return ""
	}
	op := p.tokens[0].text
	p.tokens = p.tokens[1:]
	return op
}

// huntableProperty tells what a property of an object is that network events can
// show; unstated for the others.
func huntableProperty(object, property string) stated {
	switch object {
	case "ipv4-addr", "ipv6-addr":
		if property == "value" {
			return isIP
		}
	case "domain-name", "url":
		if property == "value" {
			return isDNS
		}
	case "network-traffic":
		if property == "dst_ref.value" || property == "src_ref.value" {
			return unsureRef
		}
	case "file":
		if property == "name" {
			return isFile
		}
		switch algorithm, ok := strings.CutPrefix(property, "hashes."); columnName(algorithm) {
		case "md5", "sha1", "sha256":
			if ok {
				return isHash
			}
		}
	}
	return unstated
}
