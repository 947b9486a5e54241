package upstream

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// What a query does that keeps an empty result from meaning that there is nothing. All
// of it is read from the text, since a query that only a workspace knows has no other.

const (
	timeColumn = `(?:TimeGenerated|Timestamp)`
	clockCall  = `(?:ago\s*\(\s*` + spanText + `\s*\)|now\s*\(\s*\)\s*-\s*` + spanText + `|now\s*\(\s*-\s*` + spanText + `\s*\))`
	rounding   = `(?:(?:startofday|bin|floor)\s*\(\s*)?`
)

var (
	clockWord = regexp.MustCompile(`\b(?:ago|now)\s*\(`)
	// Forms that say how far back a query looks, and that it looks until now.
	lowerBound = regexp.MustCompile(timeColumn + `\s*>=?\s*` + rounding + clockCall)
	boundLower = regexp.MustCompile(clockCall + `\s*<=?\s*` + timeColumn)
	untilNow   = regexp.MustCompile(timeColumn + `\s+between\s*\(\s*` + rounding + clockCall + `[^.|]{0,12}\.\.\s*now\s*\(\s*\)`)
	upperNow   = regexp.MustCompile(timeColumn + `\s*<=?\s*now\s*\(\s*\)`)
	letClock   = regexp.MustCompile(`\blet\s+(\w+)\s*=\s*` + rounding + clockCall + `[^;|]{0,6};`)
	letNow     = regexp.MustCompile(`\blet\s+(\w+)\s*=\s*now\s*\(\s*\)\s*;`)
)

// calendar are calls that reach back by months or weeks, further than any span beside them tells.
var calendar = regexp.MustCompile(`\b(?:datetime_add|startof(?:month|year|week)|endof\w+|monthofyear|getmonth|make_datetime)\s*\(`)

// lookBacks are the look-backs that a query states as lower bounds of its events'
// time, and the first place where it handles the clock in any other way, -1 for none.
func lookBacks(code string, named map[string]time.Duration) (spans []time.Duration, odd int) {
	var plain [][2]int
	add := func(m []int, groups int) bool {
		for g := range groups {
			if at := m[2*(g+1)]; at >= 0 {
				if back := value(code[at:m[2*(g+1)+1]], named); back > 0 {
					if rounded.MatchString(code[m[0]:m[1]]) {
						back += 24 * time.Hour // startofday(ago(7d)) lies up to a day before
					}
					spans, plain = append(spans, back), append(plain, [2]int{m[0], m[1]})
					return true
				}
			}
		}
		return false
	}
	for _, form := range []*regexp.Regexp{lowerBound, boundLower, untilNow} {
		for _, m := range form.FindAllStringSubmatchIndex(code, -1) {
			add(m, 3)
		}
	}
	for _, m := range upperNow.FindAllStringIndex(code, -1) {
		plain = append(plain, [2]int{m[0], m[1]})
	}
	for _, m := range letNow.FindAllStringSubmatchIndex(code, -1) {
		if name := code[m[2]:m[3]]; usedOnly(code, name, timeColumn+`\s*<=?\s*`+name+`\b|\.\.\s*`+name+`\s*\)`) {
			plain = append(plain, [2]int{m[0], m[1]})
		}
	}
	for _, m := range letClock.FindAllStringSubmatchIndex(code, -1) {
		name := code[m[2]:m[3]]
		if usedOnly(code, name, timeColumn+`\s*>=?\s*`+name+`\b|\b`+name+`\s*<=?\s*`+timeColumn+`|between\s*\(\s*`+name+`\s*\.\.\s*now\s*\(\s*\)`) {
			add(append(slices.Clone(m[:2]), m[4:]...), 3)
			for _, now := range regexp.MustCompile(`between\s*\(\s*`+name+`\s*\.\.\s*now\s*\(\s*\)`).FindAllStringIndex(code, -1) {
				plain = append(plain, [2]int{now[0], now[1]})
			}
		}
	}
	for _, m := range clockWord.FindAllStringIndex(code, -1) {
		if !slices.ContainsFunc(plain, func(p [2]int) bool { return p[0] <= m[0] && m[0] < p[1] }) {
			return spans, m[0]
		}
	}
	return spans, -1
}

// usedOnly tells that a name stands nowhere but where it is given and in some forms.
func usedOnly(code, name, forms string) bool {
	all := len(regexp.MustCompile(`\b`+name+`\b`).FindAllString(code, -1))
	known := len(regexp.MustCompile(forms).FindAllString(code, -1))
	return all == known+1
}

var (
	dateText  = regexp.MustCompile(`(?i)\b(?:make_)?datetime\s*\(\s*\d|\btodatetime\s*\(\s*["'@]`)
	dateAgain = regexp.MustCompile(`(?i)\b` + timeColumn + `\b\s*[<>=]=?\s*["'@]`)
	dataTable = regexp.MustCompile(`(?is)\bdatatable\s*\([^)]*\)\s*\[.*?\]`)
)

// datePlace is where a query writes out a date, -1 where it does not. Rows of a
// datatable are data.
func datePlace(code string) int {
	data := dataTable.FindAllStringIndex(code, -1)
	first := -1
	for _, form := range []*regexp.Regexp{dateText, dateAgain} {
		for _, m := range form.FindAllStringIndex(code, -1) {
			if !slices.ContainsFunc(data, func(d []int) bool { return d[0] <= m[0] && m[0] < d[1] }) && (first < 0 || m[0] < first) {
				first = m[0]
			}
		}
	}
	return first
}

var (
	limiting = regexp.MustCompile(`\|\s*(take|limit|sample-distinct|sample|top-hitters|top-nested|top)\b`)
	judging  = regexp.MustCompile(`\|\s*(?:where|filter|join|lookup|summarize|union|distinct|mv-expand|mvexpand|mv-apply|search|count|make-series|evaluate|invoke|parse-where|partition|scan)\b`)
)

// Limit is the operator by which a query drops rows before it has looked at them all,
// with its line: one within brackets or a let, or one with a filter behind it. A limit
// as the last step drops what was found.
func Limit(query string) (name string, line int) {
	code := strings.TrimRight(Code(query), "; \t\r\n")
	for _, m := range limiting.FindAllStringSubmatchIndex(code, -1) {
		before, rest := code[:m[0]], code[m[1]:]
		depth := strings.Count(before, "(") + strings.Count(before, "{") + strings.Count(before, "[") - strings.Count(before, ")") - strings.Count(before, "}") - strings.Count(before, "]")
		if depth > 0 || strings.Contains(rest, ";") || judging.MatchString(rest) {
			return code[m[2]:m[3]], lineAt(code, m[0])
		}
	}
	return "", 0
}

var elsewhere = regexp.MustCompile(`\b(workspace|cluster|database|app|adx|arg|resource|externaldata|external_table)\s*\(`)

// Elsewhere is the call by which a query reads beyond the scope that it is asked in.
func Elsewhere(query string) (name string, line int) {
	code := Code(query)
	m := elsewhere.FindStringSubmatchIndex(code)
	if m == nil {
		return "", 0
	}
	return code[m[2]:m[3]], lineAt(code, m[0])
}

func lineAt(code string, at int) int { return 1 + strings.Count(code[:at], "\n") }
