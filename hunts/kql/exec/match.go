package exec

import (
	"regexp"

	"strings"
	"unicode/utf8"

	"github.com/footprint-soc/footprint/hunts/kql/builtin"
	"github.com/footprint-soc/footprint/hunts/kql/syntax"
	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// stringOperator compiles has, contains, startswith and their kin. Those
// without _cs ignore case; a leading ! negates.
func (x *execution) stringOperator(e *syntax.Binary, a, b *node) (*node, error) {
	for _, n := range []*node{a, b} {
		if n.typ != value.String && n.typ != value.Dynamic && n.typ != value.Unknown {
			return nil, x.error(e.At(), syntax.SemanticError, "the operator %s takes strings, not %s", e.Op, n.typ)
		}
	}
	op, negate := strings.CutPrefix(e.Op, "!")
	if op == "~" { // "!~" stands beside "=~"
		op, negate = "=~", true
	}
	if op == "matches regex" {
		return x.matchesRegex(e, a, b)
	}
	match := matcher(op)
	if match == nil {
		return nil, x.error(e.At(), syntax.Unsupported, "unsupported: the operator %s", e.Op)
	}
	return x.derive(value.Bool, []*node{a, b}, false, func(i int) value.Value {
		return value.BoolValue(match(a.eval(i).Text(), b.eval(i).Text()) != negate)
	}), nil
}

func (x *execution) matchesRegex(e *syntax.Binary, a, b *node) (*node, error) {
	var fixed *regexp.Regexp
	if b.konst {
		re, err := builtin.CompileRegex(b.value.Text())
		if err != nil {
			return nil, x.error(e.Y.At(), syntax.SemanticError, "the regular expression is not valid: %v", err)
		}
		fixed = re
	}
	return x.derive(value.Bool, []*node{a, b}, false, func(i int) value.Value {
		re := fixed
		if re == nil {
			var err error
			if re, err = builtin.CompileRegex(b.eval(i).Text()); err != nil {
				return value.Null(value.Bool)
			}
		}
		return value.BoolValue(re.MatchString(a.eval(i).Text()))
	}), nil
}

func matcher(op string) func(text, part string) bool {
	if exact, ok := strings.CutSuffix(op, "_cs"); ok {
		return caseMatcher(exact)
	}
	if op == "=~" {
		return strings.EqualFold
	}
	match := caseMatcher(op)
	if match == nil {
		return nil
	}
	return func(text, part string) bool { return match(strings.ToLower(text), strings.ToLower(part)) }
}

func caseMatcher(op string) func(text, part string) bool {
	switch op {
	case "contains":
		return strings.Contains
	case "startswith":
		return strings.HasPrefix
	case "endswith":
		return strings.HasSuffix
	case "has":
		return func(text, part string) bool { return value.HasTerm(text, part, true, true) }
	case "hasprefix":
		return func(text, part string) bool { return value.HasTerm(text, part, true, false) }
	case "hassuffix":
		return func(text, part string) bool { return value.HasTerm(text, part, false, true) }
	}
	return nil
}

// compileList compiles in, in~, has_any and has_all. One item that is a
// dynamic array or a table stands for its elements.
func (x *execution) compileList(e *syntax.List, rel *relation, s *scope) (*node, error) {
	a, err := x.compile(e.X, rel, s)
	if err != nil {
		return nil, err
	}
	op, negate := strings.CutPrefix(e.Op, "!")
	fixed, moving, err := x.listItems(e.Items, rel, s)
	if err != nil {
		return nil, err
	}
	if op == "has_any" || op == "has_any~" || op == "has_all" {
		return x.hasList(op, negate, a, fixed, moving)
	}
	return x.inList(e, op == "in~", negate, a, fixed, moving)
}

// listItems separates what is the same for all rows from what is not.
func (x *execution) listItems(items []syntax.Expr, rel *relation, s *scope) (fixed []value.Value, moving []*node, err error) {
	for _, item := range items {
		if q, ok := item.(*syntax.Subquery); ok {
			r, err := x.pipeline(q.Query, s)
			if err != nil {
				return nil, nil, err
			}
			if fixed, err = x.columnValues(fixed, r, item.At()); err != nil {
				return nil, nil, err
			}
			continue
		}
		if r, err := x.tableItem(item, rel, s); err != nil {
			return nil, nil, err
		} else if r != nil {
			if fixed, err = x.columnValues(fixed, r, item.At()); err != nil {
				return nil, nil, err
			}
			continue
		}
		n, err := x.compile(item, rel, s)
		if err != nil {
			return nil, nil, err
		}
		if n.konst {
			fixed = value.Flatten(fixed, n.value)
		} else {
			moving = append(moving, memo(n))
		}
	}
	return fixed, moving, nil
}

func (x *execution) columnValues(to []value.Value, r *relation, at int) ([]value.Value, error) {
	if len(r.vecs) == 0 {
		return nil, x.error(at, syntax.SemanticError, "the table within in() has no column")
	}
	for i := range r.rows {
		if err := x.step(1); err != nil {
			return nil, err
		}
		to = append(to, r.vecs[0].At(i))
	}
	return to, x.failed
}

func (x *execution) hasList(op string, negate bool, a *node, fixed []value.Value, moving []*node) (*node, error) {
	all := op == "has_all"
	texts := make([]string, 0, len(fixed))
	for _, v := range fixed {
		texts = append(texts, strings.ToLower(v.Text()))
	}
	terms := newTermSet(texts)
	nodes := append([]*node{a}, moving...)
	if len(moving) == 0 && len(texts) == 0 && !all {
		return constNode(value.BoolValue(negate)), nil
	}
	return x.derive(value.Bool, nodes, false, func(i int) value.Value {
		text := strings.ToLower(a.eval(i).Text())
		found := terms.any(text)
		if all {
			found = terms.all(text)
		}
		for _, m := range moving {
			for _, v := range value.Flatten(nil, m.eval(i)) {
				has := value.HasTerm(text, strings.ToLower(v.Text()), true, true)
				if all {
					found = found && has
				} else {
					found = found || has
				}
			}
		}
		return value.BoolValue(found != negate)
	}), nil
}

// termSet finds which of many texts occur as terms: by the first term of each,
// so that thousands cost no more than a few.
type termSet struct {
	byFirst map[string][]string
	odd     []string // those that do not begin with a letter or digit
	whole   []string
}

func newTermSet(texts []string) *termSet {
	t := &termSet{byFirst: map[string][]string{}, whole: texts}
	for _, s := range texts {
		end := 0
		for end < len(s) {
			r, n := utf8.DecodeRuneInString(s[end:])
			if !value.Alphanumeric(r) {
				break
			}
			end += n
		}
		if end == 0 {
			t.odd = append(t.odd, s)
			continue
		}
		t.byFirst[s[:end]] = append(t.byFirst[s[:end]], s)
	}
	return t
}

func (t *termSet) all(text string) bool {
	for _, s := range t.whole {
		if !value.HasTerm(text, s, true, true) {
			return false
		}
	}
	return true
}

func (t *termSet) any(text string) bool {
	for _, s := range t.odd {
		if value.HasTerm(text, s, true, true) {
			return true
		}
	}
	if len(t.byFirst) == 0 {
		return false
	}
	for at := 0; at < len(text); {
		r, n := utf8.DecodeRuneInString(text[at:])
		if !value.Alphanumeric(r) {
			at += n
			continue
		}
		end := at + n
		for end < len(text) {
			r, n := utf8.DecodeRuneInString(text[end:])
			if !value.Alphanumeric(r) {
				break
			}
			end += n
		}
		for _, s := range t.byFirst[text[at:end]] {
			if strings.HasPrefix(text[at:], s) && value.BoundaryAfter(text, at+len(s)) {
				return true
			}
		}
		at = end
	}
	return false
}

// inList: a null is in no list.
func (x *execution) inList(e *syntax.List, fold, negate bool, a *node, fixed []value.Value, moving []*node) (*node, error) {
	if fold && a.typ != value.String && a.typ != value.Dynamic && a.typ != value.Unknown {
		return nil, x.error(e.At(), syntax.SemanticError, "the operator %s takes strings, not %s", e.Op, a.typ)
	}
	for i, v := range fixed {
		switch {
		case a.typ == value.String && readable(v.Kind):
			fixed[i] = value.StringValue(v.Text())
		case v.Kind == value.String && readable(a.typ):
			fixed[i] = value.Convert(v, a.typ)
		case v.Valid && !comparableTypes(a.typ, v.Kind):
			return nil, x.error(e.At(), syntax.SemanticError, "the operator in can't compare %s with %s", a.typ, v.Kind)
		}
	}
	set := newValueSet(fixed, fold)
	if len(fixed) == 0 && len(moving) == 0 {
		return constNode(value.BoolValue(negate)), nil
	}
	args := x.settle(append([]*node{a}, moving...)...)
	a, moving = args[0], args[1:]
	return x.derive(value.Bool, args, false, func(i int) value.Value {
		v := value.Plain(a.eval(i))
		found := set.has(v)
		for _, m := range moving {
			if found {
				break
			}
			found = newValueSet(value.Flatten(nil, m.eval(i)), fold).has(v)
		}
		return value.BoolValue(found != negate)
	}), nil
}

// valueSet answers whether a value is among many.
type valueSet struct {
	texts map[string]struct{}
	nums  map[int64]struct{}
	rest  []value.Value
	fold  bool
}

func newValueSet(list []value.Value, fold bool) *valueSet {
	s := &valueSet{fold: fold}
	for _, v := range list {
		switch {
		case !v.Valid:
		case v.Kind == value.String || v.Kind == value.Guid:
			if s.texts == nil {
				s.texts = make(map[string]struct{}, len(list))
			}
			text := v.Str
			if fold {
				text = strings.ToLower(text)
			}
			s.texts[text] = struct{}{}
		case v.Kind == value.Long || v.Kind == value.Int || v.Kind == value.Datetime || v.Kind == value.Timespan || v.Kind == value.Bool:
			if s.nums == nil {
				s.nums = make(map[int64]struct{}, len(list))
			}
			s.nums[v.Num] = struct{}{}
		default:
			s.rest = append(s.rest, v)
		}
	}
	return s
}

func (s *valueSet) has(v value.Value) bool {
	if !v.Valid {
		return false
	}
	switch v.Kind {
	case value.String, value.Guid:
		text := v.Str
		if s.fold {
			text = strings.ToLower(text)
		}
		if _, ok := s.texts[text]; ok {
			return true
		}
	case value.Long, value.Int, value.Datetime, value.Timespan, value.Bool:
		if _, ok := s.nums[v.Num]; ok {
			return true
		}
	case value.Real, value.Decimal:
		for n := range s.nums {
			if float64(n) == v.Real {
				return true
			}
		}
	}
	for _, o := range s.rest {
		if o.Kind == value.Dynamic || v.Kind == value.Dynamic {
			if o.Kind == v.Kind && value.DynamicText(o.Dyn) == value.DynamicText(v.Dyn) {
				return true
			}
			continue
		}
		if c, ok := value.Compare(v, o); ok && c == 0 {
			return true
		}
	}
	return false
}
