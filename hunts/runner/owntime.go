package runner

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/footprint-soc/footprint/hunts/kql"
)

// ownClock are the calls by which a query reads a clock instead of the window
// that it is given.
var ownClock = []string{"ago", "now"}

var (
	timeFilter = regexp.MustCompile(`\b(?:TimeGenerated|Timestamp)\s*(?:[<>]=?|==|!=|\bbetween\b|!between\b|in\b)|(?:[<>]=?|==|!=)\s*(?:TimeGenerated|Timestamp)\b`)
	windowName = regexp.MustCompile(`\b(?:window_from|window_to|settled_from|arrived_from)\b`)
)

// BoundsOwnTime finds where a hunt's query bounds the time itself: it then does
// not search the window that the answer names. Nil when it keeps to the window.
func (d Definition) BoundsOwnTime() *FileProblem {
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
	}
	for n, line := range strings.Split(body, "\n") {
		code, _, _ := strings.Cut(line, "//")
		for _, condition := range conditions.Split(code, -1) {
			if timeFilter.MatchString(condition) && !windowName.MatchString(condition) {
				return at(n+1, "its own filter on the time")
			}
		}
	}
	return nil
}

var conditions = regexp.MustCompile(`\b(?:and|or|where)\b|\|`)
