package upstream

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts/kql"
)

// Clock is what a query does with time by itself.
type Clock struct {
	// Reads: it calls ago() or now(), so it looks back from the moment it runs.
	Reads string
	Line  int
	// Back is how far it looks back that way, the least of several; 0 where its text
	// does not tell.
	Back time.Duration
	// Before is how far it reads before the beginning of its window.
	Before time.Duration
	// Fixed is the line of a date that is written out, 0 for none.
	Fixed int
	// Odd is the line where it handles the clock in a way that does not tell what it
	// searches: it may end before now, or begin anywhere. 0 for none.
	Odd int
}

const spanText = `(\d+(?:\.\d+)?(?:d|h|m|s|ms|minutes?|min|hours?|hrs?|days?|sec|seconds?)\b|totimespan\([^)]*\)|time\([^)]*\)|timespan\([^)]*\)|\w+)`

// The timespans that look-backs are written in.
var (
	span      = regexp.MustCompile(`\b(\d+(?:\.\d+)?)(d|h|m|s|ms|minute|minutes|min|hour|hours|hr|hrs|day|days|sec|second|seconds)\b`)
	agoCall   = regexp.MustCompile(`\b(?:ago|now)\s*\(\s*-?\s*` + spanText)
	nowMinus  = regexp.MustCompile(`\bnow\s*\(\s*\)\s*-\s*` + spanText)
	fromMinus = regexp.MustCompile(`\b(?:window_from|window_to|settled_from|starttime|endtime|StartTime|EndTime|start|end)\s*-\s*` + spanText)
	letSpan   = regexp.MustCompile(`\blet\s+(\w+)\s*=\s*` + spanText)
	rounded   = regexp.MustCompile(`\b(?:startofday|bin|floor)\s*\(\s*(?:ago|now)\b`)
)

// Placeholders that the portal fills in hunting queries.
const (
	startPlaceholder = "{{StartTimeISO}}"
	endPlaceholder   = "{{EndTimeISO}}"
)

// Filled is a query with the portal's placeholders filled.
func Filled(query string, from, to time.Time) string {
	if !strings.Contains(query, "TimeISO}}") {
		return query
	}
	return strings.NewReplacer(startPlaceholder, from.UTC().Format(time.RFC3339Nano), endPlaceholder, to.UTC().Format(time.RFC3339Nano)).Replace(query)
}

// ClockOf reads how a query handles time.
func ClockOf(query string, calls kql.References) Clock {
	code := Code(query)
	c := Clock{}
	for _, name := range []string{"ago", "now"} {
		if line := calls.Line(name); line > 0 && (c.Line == 0 || line < c.Line) {
			c.Reads, c.Line = name+"()", line
		}
	}
	if c.Line == 0 { // the evaluator does not know the query
		if m := regexp.MustCompile(`\b(ago|now)\s*\(`).FindStringSubmatchIndex(code); m != nil {
			c.Reads, c.Line = code[m[2]:m[3]]+"()", 1+strings.Count(code[:m[0]], "\n")
		}
	}
	named := map[string]time.Duration{}
	for _, m := range letSpan.FindAllStringSubmatch(code, -1) {
		named[m[1]] = value(m[2], named)
	}
	spans, odd := lookBacks(code, named)
	if odd >= 0 {
		c.Odd = lineAt(code, odd)
		for _, form := range []*regexp.Regexp{agoCall, nowMinus} {
			for _, m := range form.FindAllStringSubmatch(code, -1) {
				c.Back = max(c.Back, value(m[1], named))
			}
		}
	}
	switch {
	case odd >= 0 && calendar.MatchString(code):
		c.Back = 0
	case len(spans) > 0:
		most := max(c.Back, slices.Max(spans))
		c.Back = slices.Min(spans)
		c.Before = most - c.Back
	}
	for _, m := range fromMinus.FindAllStringSubmatch(code, -1) {
		c.Before = max(c.Before, value(m[1], named))
	}
	if at := datePlace(code); at >= 0 && !strings.Contains(query, startPlaceholder) {
		c.Fixed = lineAt(code, at)
	}
	return c
}

// value is a timespan as written, or what a let gives for the name of one.
func value(text string, named map[string]time.Duration) time.Duration {
	if m := span.FindStringSubmatch(text); m != nil {
		return scaled(m[1], m[2])
	}
	return named[text]
}

func scaled(number, unit string) time.Duration {
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || n > 36500 {
		return 0
	}
	of := map[byte]time.Duration{'d': 24 * time.Hour, 'h': time.Hour, 's': time.Second, 'm': time.Minute}
	switch {
	case unit == "":
		return 0
	case unit == "ms":
		return time.Duration(n * float64(time.Millisecond))
	}
	return time.Duration(n * float64(of[unit[0]]))
}

var (
	notes = regexp.MustCompile(`(?m)//[^\n]*`)
	texts = regexp.MustCompile(`@"(?:[^"]|"")*"|@'(?:[^']|'')*'|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'`)
)

// Code is a query without its comments and texts, each line where it was. Quotes stay,
// so that a date in a text is still seen to be one.
func Code(query string) string {
	blank := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r == '\n' {
				return r
			}
			return ' '
		}, s)
	}
	var b strings.Builder
	rest := query
	for rest != "" {
		note, text := notes.FindStringIndex(rest), texts.FindStringIndex(rest)
		switch {
		case note != nil && (text == nil || note[0] < text[0]):
			b.WriteString(rest[:note[0]] + blank(rest[note[0]:note[1]]))
			rest = rest[note[1]:]
		case text != nil:
			in := rest[text[0]:text[1]]
			b.WriteString(rest[:text[0]] + in[:1] + blank(in[1:len(in)-1]) + in[len(in)-1:])
			rest = rest[text[1]:]
		default:
			b.WriteString(rest)
			rest = ""
		}
	}
	return b.String()
}
