package kql

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// stringOperator compiles has, contains, startswith and their kin. Those
// without _cs ignore case; a leading ! negates.
func (x *execution) stringOperator(e *binaryExpr, a, b *node) (*node, error) {
	for _, n := range []*node{a, b} {
		if n.typ != String && n.typ != Dynamic && n.typ != Unknown {
			return nil, x.error(e.at(), SemanticError, "the operator %s takes strings, not %s", e.op, n.typ)
		}
	}
	op, negate := strings.CutPrefix(e.op, "!")
	if op == "~" { // "!~" stands beside "=~"
		op, negate = "=~", true
	}
	if op == "matches regex" {
		return x.matchesRegex(e, a, b)
	}
	match := matcher(op)
	if match == nil {
		return nil, x.error(e.at(), Unsupported, "unsupported: the operator %s", e.op)
	}
	return x.derive(Bool, []*node{a, b}, false, func(i int) Value {
		return BoolValue(match(a.eval(i).Text(), b.eval(i).Text()) != negate)
	}), nil
}

func (x *execution) matchesRegex(e *binaryExpr, a, b *node) (*node, error) {
	var fixed *regexp.Regexp
	if b.konst {
		re, err := regexp.Compile(b.value.Text())
		if err != nil {
			return nil, x.error(e.y.at(), SemanticError, "the regular expression is not valid: %v", err)
		}
		fixed = re
	}
	return x.derive(Bool, []*node{a, b}, false, func(i int) Value {
		re := fixed
		if re == nil {
			var err error
			if re, err = regexp.Compile(b.eval(i).Text()); err != nil {
				return Null(Bool)
			}
		}
		return BoolValue(re.MatchString(a.eval(i).Text()))
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
		return func(text, part string) bool { return hasTerm(text, part, true, true) }
	case "hasprefix":
		return func(text, part string) bool { return hasTerm(text, part, true, false) }
	case "hassuffix":
		return func(text, part string) bool { return hasTerm(text, part, false, true) }
	}
	return nil
}

// hasTerm finds part with no letter or digit beside it: a term is a maximal
// run of alphanumeric characters (Kusto reference, "What is a term?").
func hasTerm(text, part string, atStart, atEnd bool) bool {
	if part == "" {
		return true
	}
	for from := 0; from <= len(text)-len(part); {
		k := strings.Index(text[from:], part)
		if k < 0 {
			return false
		}
		k += from
		if (!atStart || boundaryBefore(text, k)) && (!atEnd || boundaryAfter(text, k+len(part))) {
			return true
		}
		from = k + 1
	}
	return false
}

func boundaryBefore(text string, at int) bool {
	if at == 0 {
		return true
	}
	first, _ := utf8.DecodeRuneInString(text[at:])
	if !alphanumeric(first) {
		return true
	}
	r, _ := utf8.DecodeLastRuneInString(text[:at])
	return !alphanumeric(r)
}

func boundaryAfter(text string, at int) bool {
	if at >= len(text) {
		return true
	}
	last, _ := utf8.DecodeLastRuneInString(text[:at])
	if !alphanumeric(last) {
		return true
	}
	r, _ := utf8.DecodeRuneInString(text[at:])
	return !alphanumeric(r)
}

func alphanumeric(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r)
}

// compileList compiles in, in~, has_any and has_all. One item that is a
// dynamic array or a table stands for its elements.
func (x *execution) compileList(e *listExpr, rel *relation, s *scope) (*node, error) {
	a, err := x.compile(e.x, rel, s)
	if err != nil {
		return nil, err
	}
	op, negate := strings.CutPrefix(e.op, "!")
	fixed, moving, err := x.listItems(e.items, rel, s)
	if err != nil {
		return nil, err
	}
	if op == "has_any" || op == "has_any~" || op == "has_all" {
		return x.hasList(op, negate, a, fixed, moving)
	}
	return x.inList(e, op == "in~", negate, a, fixed, moving)
}

// listItems separates what is the same for all rows from what is not.
func (x *execution) listItems(items []expr, rel *relation, s *scope) (fixed []Value, moving []*node, err error) {
	for _, item := range items {
		if q, ok := item.(*queryExpr); ok {
			r, err := x.pipeline(q.query, s)
			if err != nil {
				return nil, nil, err
			}
			if fixed, err = x.columnValues(fixed, r, item.at()); err != nil {
				return nil, nil, err
			}
			continue
		}
		if r, err := x.tableItem(item, rel, s); err != nil {
			return nil, nil, err
		} else if r != nil {
			if fixed, err = x.columnValues(fixed, r, item.at()); err != nil {
				return nil, nil, err
			}
			continue
		}
		n, err := x.compile(item, rel, s)
		if err != nil {
			return nil, nil, err
		}
		if n.konst {
			fixed = flatten(fixed, n.value)
		} else {
			moving = append(moving, memo(n))
		}
	}
	return fixed, moving, nil
}

// tableItem is the table that a bare name or call stands for, nil for a scalar.
func (x *execution) tableItem(item expr, rel *relation, s *scope) (*relation, error) {
	switch e := item.(type) {
	case *nameExpr:
		if rel != nil && rel.find(e.name) >= 0 {
			return nil, nil
		}
		r, _, err := x.tableNamed(e.name, e.at(), s)
		return r, err
	case *callExpr:
		if x.tabularCall(e, s) {
			return x.pipeline(&pipeline{pos: e.at(), source: &callSource{e.position, e}}, s)
		}
	}
	return nil, nil
}

func (x *execution) columnValues(to []Value, r *relation, at int) ([]Value, error) {
	if len(r.vecs) == 0 {
		return nil, x.error(at, SemanticError, "the table within in() has no column")
	}
	for i := range r.rows {
		if err := x.step(1); err != nil {
			return nil, err
		}
		to = append(to, r.vecs[0].at(i))
	}
	return to, x.failed
}

func flatten(to []Value, v Value) []Value {
	if v.typ != Dynamic {
		return append(to, v)
	}
	list, ok := v.dyn.([]any)
	if !ok {
		return append(to, fromDynamic(v.dyn))
	}
	for _, item := range list {
		to = append(to, fromDynamic(item))
	}
	return to
}

func (x *execution) hasList(op string, negate bool, a *node, fixed []Value, moving []*node) (*node, error) {
	all := op == "has_all"
	texts := make([]string, 0, len(fixed))
	for _, v := range fixed {
		texts = append(texts, strings.ToLower(v.Text()))
	}
	terms := newTermSet(texts)
	nodes := append([]*node{a}, moving...)
	if len(moving) == 0 && len(texts) == 0 && !all {
		return constNode(BoolValue(negate)), nil
	}
	return x.derive(Bool, nodes, false, func(i int) Value {
		text := strings.ToLower(a.eval(i).Text())
		found := terms.any(text)
		if all {
			found = terms.all(text)
		}
		for _, m := range moving {
			for _, v := range flatten(nil, m.eval(i)) {
				has := hasTerm(text, strings.ToLower(v.Text()), true, true)
				if all {
					found = found && has
				} else {
					found = found || has
				}
			}
		}
		return BoolValue(found != negate)
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
			if !alphanumeric(r) {
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
		if !hasTerm(text, s, true, true) {
			return false
		}
	}
	return true
}

func (t *termSet) any(text string) bool {
	for _, s := range t.odd {
		if hasTerm(text, s, true, true) {
			return true
		}
	}
	if len(t.byFirst) == 0 {
		return false
	}
	for at := 0; at < len(text); {
		r, n := utf8.DecodeRuneInString(text[at:])
		if !alphanumeric(r) {
			at += n
			continue
		}
		end := at + n
		for end < len(text) {
			r, n := utf8.DecodeRuneInString(text[end:])
			if !alphanumeric(r) {
				break
			}
			end += n
		}
		for _, s := range t.byFirst[text[at:end]] {
			if strings.HasPrefix(text[at:], s) && boundaryAfter(text, at+len(s)) {
				return true
			}
		}
		at = end
	}
	return false
}

// inList: a null is in no list.
func (x *execution) inList(e *listExpr, fold, negate bool, a *node, fixed []Value, moving []*node) (*node, error) {
	for _, v := range fixed {
		if v.valid && !comparableTypes(a.typ, v.typ) {
			return nil, x.error(e.at(), SemanticError, "the operator in can't compare %s with %s", a.typ, v.typ)
		}
	}
	set := newValueSet(fixed, fold)
	if len(fixed) == 0 && len(moving) == 0 {
		return constNode(BoolValue(negate)), nil
	}
	args := x.settle(append([]*node{a}, moving...)...)
	a, moving = args[0], args[1:]
	return x.derive(Bool, args, false, func(i int) Value {
		v := plain(a.eval(i))
		found := set.has(v)
		for _, m := range moving {
			if found {
				break
			}
			found = newValueSet(flatten(nil, m.eval(i)), fold).has(v)
		}
		return BoolValue(found != negate)
	}), nil
}

// valueSet answers whether a value is among many.
type valueSet struct {
	texts map[string]struct{}
	nums  map[int64]struct{}
	rest  []Value
	fold  bool
}

func newValueSet(list []Value, fold bool) *valueSet {
	s := &valueSet{fold: fold}
	for _, v := range list {
		switch {
		case !v.valid:
		case v.typ == String || v.typ == Guid:
			if s.texts == nil {
				s.texts = make(map[string]struct{}, len(list))
			}
			text := v.str
			if fold {
				text = strings.ToLower(text)
			}
			s.texts[text] = struct{}{}
		case v.typ == Long || v.typ == Int || v.typ == Datetime || v.typ == Timespan || v.typ == Bool:
			if s.nums == nil {
				s.nums = make(map[int64]struct{}, len(list))
			}
			s.nums[v.num] = struct{}{}
		default:
			s.rest = append(s.rest, v)
		}
	}
	return s
}

func (s *valueSet) has(v Value) bool {
	if !v.valid {
		return false
	}
	switch v.typ {
	case String, Guid:
		text := v.str
		if s.fold {
			text = strings.ToLower(text)
		}
		if _, ok := s.texts[text]; ok {
			return true
		}
	case Long, Int, Datetime, Timespan, Bool:
		if _, ok := s.nums[v.num]; ok {
			return true
		}
	case Real, Decimal:
		for n := range s.nums {
			if float64(n) == v.real {
				return true
			}
		}
	}
	for _, o := range s.rest {
		if o.typ == Dynamic || v.typ == Dynamic {
			if o.typ == v.typ && dynamicText(o.dyn) == dynamicText(v.dyn) {
				return true
			}
			continue
		}
		if c, ok := compareValues(v, o); ok && c == 0 {
			return true
		}
	}
	return false
}
