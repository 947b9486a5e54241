package runner

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/footprint-soc/footprint/hunts/kql"
)

// ownClock are the calls by which a query reads a clock instead of the window
// that it is given.
var ownClock = []string{"ago", "now"}

// rowLimits are the operators that leave rows out before they are compared.
var rowLimits = []string{"take", "limit", "sample", "top"}

var (
	// plainBounds are the only conditions on the time that keep to the window.
	plainBounds = regexp.MustCompile(`^\(*\s*(?:` +
		`(?:TimeGenerated|Timestamp)\s*(?:[<>]=?)\s*(?:window_from|window_to|settled_from)|` +
		`(?:window_from|window_to|settled_from)\s*(?:[<>]=?)\s*(?:TimeGenerated|Timestamp)|` +
		`(?:TimeGenerated|Timestamp)\s+between\s*\(\s*window_from\s*\.\.\s*window_to\s*\)` +
		`)\s*\)*\s*$`)
	assigned  = regexp.MustCompile(`\b(\w+)\s*=\s*[^=~\s]`)
	kqlNote   = regexp.MustCompile(`(?m)//.*$`)
	whereOps  = regexp.MustCompile(`(?s)\|\s*where\b(.*?)(?:\||;|$)`)
	bothSides = regexp.MustCompile(`\b(?:and|or)\b`)
)

// BoundsOwnTime finds where a hunt's query bounds the time itself, or leaves rows
// out: it then does not search the whole window that the answer names. Nil when it
// does.
func (d Definition) BoundsOwnTime() *FileProblem {
	if d.behavior() {
		return nil // its window is the one that it bounds
	}
	body := strings.TrimRight(d.Query, "\n")
	at := func(line int, what string) *FileProblem {
		return &FileProblem{File: d.File, Line: lineOf([]byte(d.text), "query") + line, Reason: fmt.Sprintf("the query bounds its own time (%s), so it does not search the look-back that the answer names and never says CLEAN: use window_from and window_to", what)}
	}
	if q, err := kql.Parse(body); err == nil {
		refs := q.References()
		for _, name := range ownClock {
			if line := refs.Line(name); line > 0 {
				return at(line, name+"()")
			}
		}
		for _, name := range rowLimits {
			if line := refs.Line(name); line > 0 {
				return &FileProblem{File: d.File, Line: lineOf([]byte(d.text), "query") + line, Reason: fmt.Sprintf("the query leaves rows out itself (%s), so it may miss what the hunt looks for and never says CLEAN", name)}
			}
		}
	}
	return d.ownTimeFilter(body, at)
}

// ownTimeFilter finds a condition on the time, or on a column made from it, that is
// not one of the window's own bounds: whatever else it is, it searches less.
func (d Definition) ownTimeFilter(body string, at func(int, string) *FileProblem) *FileProblem {
	code := kqlNote.ReplaceAllStringFunc(body, func(c string) string { return strings.Repeat(" ", len(c)) })
	times := timeNames(code)
	for from := 0; ; {
		m := whereOps.FindStringSubmatchIndex(code[from:])
		if m == nil {
			return nil
		}
		clause, begin := code[from+m[2]:from+m[3]], from+m[2]
		offset := 0
		for _, condition := range bothSides.Split(clause, -1) {
			if found := times.FindStringIndex(condition); found != nil && !plainBounds.MatchString(strings.TrimSpace(condition)) && !strings.Contains(condition, "arrived_from") {
				where := begin + offset + strings.Index(clause[offset:], condition) + found[0]
				return at(1+strings.Count(code[:where], "\n"), "its own filter on the time")
			}
			offset += strings.Index(clause[offset:], condition) + len(condition)
		}
		from += m[3]
	}
}

// timeNames matches the time of an event and the columns that are made from it,
// whatever is done to it on the way.
func timeNames(code string) *regexp.Regexp {
	names := []string{"TimeGenerated", "Timestamp"}
	for {
		times, before := regexp.MustCompile(`\b(?:`+strings.Join(names, "|")+`)\b`), len(names)
		for _, m := range assigned.FindAllStringSubmatchIndex(code, -1) {
			name := code[m[2]:m[3]]
			if !slices.Contains(names, name) && times.MatchString(expressionAt(code, m[1]-1)) {
				names = append(names, name)
			}
		}
		if len(names) == before {
			return times
		}
	}
}

// expressionAt is what stands from an offset to the comma, pipe, semicolon or
// bracket that ends the value of an assignment.
func expressionAt(code string, from int) string {
	depth := 0
	for i := from; i < len(code); i++ {
		switch c := code[i]; {
		case c == '(' || c == '[' || c == '{':
			depth++
		case c == ')' || c == ']' || c == '}':
			depth--
		case depth == 0 && (c == ',' || c == '|' || c == ';'):
			return code[from:i]
		}
		if depth < 0 {
			return code[from:i]
		}
	}
	return code[from:]
}
