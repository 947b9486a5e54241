package feed

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/sweep"
)

// text takes in indicators as people list them, one a line or several with a
// note behind them, and as the lists of filters and resolvers write them.
func (r *reader) text(data []byte) {
	form := formOf(data)
	n := 0
	for text := range bytes.Lines(data) {
		if n++; r.full() {
			return
		}
		line := strings.TrimSpace(string(text))
		if line == "" || form != nil && form(r, n, line) {
			continue
		}
		value, note := cutNote(line)
		if value == "" || strings.HasPrefix(value, "//") || strings.HasPrefix(value, ";") {
			continue
		}
		r.line(n, bullet.ReplaceAllString(value, ""), note)
	}
}

var bullet = regexp.MustCompile(`^(?:[-*•–‣·]|\d{1,3}[.)])\s+`)

// cutNote cuts a line at the # that begins a note; the one of a URL belongs to it.
func cutNote(text string) (value, note string) {
	for i := range len(text) {
		if text[i] == '#' && (i == 0 || text[i-1] == ' ' || text[i-1] == '\t' || !strings.Contains(text[:i], "/")) {
			return strings.TrimSpace(text[:i]), strings.TrimSpace(text[i+1:])
		}
	}
	return text, ""
}

func isSeparator(c rune) bool { return strings.ContainsRune(", \t;|", c) }

// cutComment cuts a line behind its hashes, and behind the semicolon that is
// followed by what is no indicator: hash;comment, network ; reference.
func cutComment(text string) (values, comment string) {
	for from := 0; ; {
		rest := strings.TrimLeftFunc(text[from:], isSeparator)
		end := strings.IndexFunc(rest, isSeparator)
		word := rest
		if end >= 0 {
			word = rest[:end]
		}
		typed, refusal := indicator.Type(word)
		if refusal != nil || !typed.IsHash() {
			if from > 0 {
				return text[:from], strings.TrimLeftFunc(text[from:], isSeparator)
			}
			break
		}
		if from = len(text) - len(rest) + len(word); end < 0 {
			return text, ""
		}
	}
	before, after, ok := strings.Cut(text, ";")
	if !ok || !slices.ContainsFunc(strings.Split(after, ";"), func(s string) bool { _, no := indicator.Type(s); return no != nil }) {
		return text, ""
	}
	if _, no := indicator.Type(before); no != nil {
		return text, ""
	}
	return strings.TrimSpace(before), strings.TrimSpace(after)
}

// line takes in the words of a line that are indicators. Other words behind one
// are its note, unless they look like an indicator that is misspelt.
func (r *reader) line(n int, text, note string) {
	text, comment := cutComment(text)
	if note == "" {
		note = comment
	}
	if name, last, ok := strings.Cut(text, ":"); ok && rangeOf(last) != nil { // name:203.0.113.0-203.0.113.255 of peer lists
		r.add(n, isIP, last, sweep.Entry{Note: name})
		return
	}
	words := wordsOf(text)
	if len(words) == 1 || rangeOf(text) != nil {
		r.add(n, unstated, strings.TrimFunc(text, isSeparator), sweep.Entry{Note: note})
		return
	}
	if len(words) == 2 {
		if network := masked(words[0], words[1]); network != "" {
			r.add(n, isIP, network, sweep.Entry{Note: note})
			return
		}
	}
	type word struct {
		text    string
		is      indicator.Indicator
		refusal *indicator.Refusal
	}
	var typed []word
	var said []string
	some := false
	for _, text := range words {
		w := word{text: text}
		w.is, w.refusal = indicator.Type(text)
		some = some || w.refusal == nil || indicator.IsPublicSuffix(text)
		if w.refusal == nil || strings.ContainsAny(text, ".:/") || indicator.IsPublicSuffix(text) {
			typed = append(typed, w)
		} else {
			said = append(said, text)
		}
	}
	if !some {
		r.leave(n, cut(text, 200), sweep.Malformed, "there is no indicator in this line")
		return
	}
	if note == "" {
		note = strings.Join(said, " ")
	}
	for _, w := range typed {
		if w.refusal != nil {
			r.refused(n, w.text, w.refusal)
		} else {
			r.take(w.text, sweep.Entry{Indicator: w.is, Note: note, Line: n})
		}
	}
}

// wordsOf cuts a line into words. What separates words may be a part of a URL,
// so that it only cuts one off from the next.
func wordsOf(text string) []string {
	var out []string
	for _, word := range strings.Fields(text) {
		parts := strings.FieldsFunc(word, isSeparator)
		if strings.Contains(word, "://") && slices.ContainsFunc(parts, func(p string) bool { _, no := indicator.Type(p); return no != nil }) {
			parts = []string{strings.TrimRightFunc(word, isSeparator)}
		}
		out = append(out, parts...)
	}
	return out
}

// masked reads an address and its mask as a network: 203.0.113.0 255.255.255.0.
func masked(address, mask string) string {
	if !strings.HasPrefix(mask, "255.") {
		return ""
	}
	if _, no := indicator.TypeAs("ip", address); no != nil {
		return ""
	}
	for _, f := range indicator.Extract(address+"/"+mask, indicator.ExtractOptions{}) {
		if f.Indicator.Kind == indicator.KindCIDR {
			return f.Indicator.Value
		}
	}
	return ""
}
