package feed

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// The language of STIX patterns (docs.oasis-open.org/cti/stix/v2.1, 9), as far as
// a list of indicators can say the same: comparisons of which any may hold.

// pattern is what a pattern comes to: values of which each is an indicator, and
// sentences about parts that are none.
type pattern struct {
	values   []string
	unsuited []string
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
	return pattern{values: out.values, unsuited: slices.Compact(out.unsuited)}, nil
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
			one = p.comparisons(depth + 1).pattern()
			p.want("]")
		default:
			p.fail("an observation begins with [")
		}
		if p.qualified() {
			one = pattern{unsuited: []string{saysTimed}}
		}
		out.values, out.unsuited = append(out.values, one.values...), append(out.unsuited, one.unsuited...)
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

// conditions are comparisons that are joined by one operator.
type conditions struct {
	or   []pattern // of which any may hold
	file bool      // all of them tell one file by its name or hash
	hash []string  // the hashes among them
	and  bool
}

func (c conditions) pattern() pattern {
	if c.and && c.file && len(c.hash) > 0 {
		return pattern{values: c.hash} // whoever has the hash has the name too
	}
	if c.and {
		return pattern{unsuited: []string{saysJoined}}
	}
	var out pattern
	for _, one := range c.or {
		out.values, out.unsuited = append(out.values, one.values...), append(out.unsuited, one.unsuited...)
	}
	return out
}

// comparisons reads what stands in an observation. AND binds stronger than OR.
func (p *patternParser) comparisons(depth int) conditions {
	if depth > maxNesting {
		p.fail("it is nested more than %d deep", maxNesting)
		return conditions{}
	}
	var either conditions
	for {
		all := conditions{file: true}
		for {
			if p.is("(") {
				all.or, all.file = append(all.or, p.comparisons(depth+1).pattern()), false
				p.want(")")
			} else {
				p.comparison(&all)
			}
			if !p.is("AND") {
				break
			}
			all.and = true
		}
		either.or = append(either.or, all.pattern())
		if !p.is("OR") {
			return either
		}
	}
}

// comparison reads one path, operator and value, or several in an IN.
func (p *patternParser) comparison(into *conditions) {
	if len(p.tokens) > 0 && p.tokens[0].text == "EXISTS" {
		p.tokens = p.tokens[1:]
		p.word()
		into.or, into.file = append(into.or, pattern{unsuited: []string{`its pattern asks with EXISTS`}}), false
		return
	}
	path := p.word()
	negated := p.is("NOT")
	op := p.operator()
	var values []string
	literal := true // of strings
	one := func() {
		if len(p.tokens) == 0 || p.tokens[0].kind == 'p' {
			p.fail("%s lacks its value", cut(path, 60))
			return
		}
		literal = literal && p.tokens[0].kind == 's'
		values, p.tokens = append(values, p.tokens[0].text), p.tokens[1:]
	}
	if op == "IN" {
		p.want("(")
		one()
		for p.is(",") {
			one()
		}
		p.want(")")
	} else {
		one()
	}
	object, property, ok := strings.Cut(path, ":")
	if !ok {
		p.fail("%q is no object path", cut(path, 60))
		return
	}
	into.file = into.file && object == "file"
	isHash := object == "file" && strings.HasPrefix(property, "hashes.")
	switch equal := op == "=" || op == "==" || op == "IN" || op == "ISSUBSET"; {
	case negated || !equal:
		if negated {
			op = "NOT"
		}
		into.or, into.file = append(into.or, pattern{unsuited: []string{fmt.Sprintf("its pattern compares with %s, which a watchlist can't", op)}}), false
	case !huntableProperty(object, property) || !literal:
		into.or = append(into.or, pattern{unsuited: []string{fmt.Sprintf("network events show nothing of %s", cut(path, 60))}})
	default:
		into.or = append(into.or, pattern{values: values})
		if isHash && op != "ISSUBSET" {
			into.hash = append(into.hash, values...)
		}
	}
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

// huntableProperty tells whether network events can show a property of an object.
func huntableProperty(object, property string) bool {
	switch object {
	case "ipv4-addr", "ipv6-addr", "domain-name", "url":
		return property == "value"
	case "network-traffic":
		return property == "dst_ref.value" || property == "src_ref.value"
	case "file":
		return property == "name" || strings.HasPrefix(property, "hashes.")
	}
	return false
}
