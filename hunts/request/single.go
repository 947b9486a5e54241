package request

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/footprint-soc/footprint/hunts/indicator"
)

// single reads the keys that take one value.
func (p *parser) single(key, text string) *Refusal {
	if before, twice := p.given[key]; twice && before != text {
		return indicator.Refuse(key, text, "%s= is given twice, as %s and as %s: write it once", key, indicator.Show(before), indicator.Show(text))
	}
	p.given[key] = text
	var no *Refusal
	switch key {
	case "since":
		if strings.EqualFold(strings.TrimSpace(text), "all") {
			p.req.All = true
		} else {
			p.req.Since, no = ParseDuration(text)
		}
	case "from":
		p.req.From, no = parseTime(key, text)
	case "to":
		p.req.To, no = parseTime(key, text)
	case "why":
		p.req.Why, no = oneLine(text)
	case "hunt":
		p.req.Hunt = strings.ToLower(text)
		if !isName(text) || utf8.RuneCountInString(text) > maxNameRunes {
			no = indicator.Refuse(key, text, "%s isn't the name of a hunt: write %s", indicator.Show(text), example(key))
		}
	case "incident":
		p.req.Incident, no = parseIncident(key, text)
	case "fresh":
		switch strings.ToLower(text) {
		case "yes", "true", "1":
			p.req.Fresh = true
		case "no", "false", "0":
		default:
			no = indicator.Refuse(key, text, "%s is neither yes nor no: write %s", indicator.Show(text), example(key))
		}
	}
	return no
}

// oneLine turns a reason into one line: it goes into logs, query comments and
// messages.
func oneLine(text string) (string, *Refusal) {
	line := strings.Map(func(c rune) rune {
		switch {
		case unicode.IsSpace(c) || unicode.IsControl(c):
			return ' '
		case indicator.Invisible(c):
			return -1
		}
		return c
	}, text)
	line = strings.Join(strings.Fields(line), " ")
	if line == "" {
		return "", indicator.Refuse("why", text, "why= has no value: write %s", example("why"))
	}
	if n := utf8.RuneCountInString(line); n > maxWhyRunes {
		return "", indicator.Refuse("why", "", "the reason has %d characters and may have %d: shorten it", n, maxWhyRunes)
	}
	return line, nil
}
