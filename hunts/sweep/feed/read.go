package feed

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/sweep"
)

// maxSource bounds one source; 50,000 indicators with all their columns take a
// fraction of it.
const maxSource = 64 << 20

// Read reads a watchlist of any format that it knows: plain text, CSV, a STIX
// 2.1 bundle, or MISP events and feeds. The format follows from the content.
// columns may say which column of a CSV holds what; nil finds out. An error
// means that nothing could be read; a bad line is a Problem.
func Read(name string, r io.Reader, columns sweep.Columns, now time.Time) (sweep.List, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxSource+1))
	if err != nil {
		return sweep.List{}, fmt.Errorf("reading %s: %w", name, err)
	}
	if len(data) > maxSource {
		return sweep.List{}, fmt.Errorf("%s is larger than %d MB", name, maxSource>>20)
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if !utf8.Valid(data) {
		return sweep.List{}, fmt.Errorf("%s is not UTF-8 text; save it as UTF-8", name)
	}
	trimmed := bytes.TrimSpace(data)
	if len(trimmed) == 0 {
		return sweep.List{}, fmt.Errorf("%s is empty", name)
	}
	list := newReader(path.Base(name), now)
	isJSON := trimmed[0] == '{' || trimmed[0] == '[' && json.Valid(trimmed)
	switch {
	case isJSON && columns != nil:
		return sweep.List{}, fmt.Errorf("%s is JSON, which has no columns to name", list.source)
	case isJSON:
		err = list.json(trimmed)
	case columns != nil || looksLikeCSV(list.source, trimmed):
		err = list.csv(data, columns)
	default:
		list.text(data)
	}
	if err != nil {
		return sweep.List{}, err
	}
	return list.List, list.tooLong()
}

// text takes in indicators as people list them: one a line or several, and
// behind them a note.
func (r *reader) text(data []byte) {
	n := 0
	for text := range bytes.Lines(data) {
		if n++; r.full() {
			return
		}
		value, note := cutNote(strings.TrimSpace(string(text)))
		if value == "" || strings.HasPrefix(value, "//") || strings.HasPrefix(value, ";") {
			continue
		}
		r.line(n, value, note)
	}
}

// cutNote cuts a line at the # that begins a note; the one of a URL belongs to it.
func cutNote(text string) (value, note string) {
	for i := range len(text) {
		if text[i] == '#' && (i == 0 || text[i-1] == ' ' || text[i-1] == '\t' || !strings.Contains(text[:i], "/")) {
			return strings.TrimSpace(text[:i]), strings.TrimSpace(text[i+1:])
		}
	}
	return text, ""
}

// line takes in the words of a line that are indicators. Other words behind one
// are its note, unless they look like an indicator that is misspelt.
func (r *reader) line(n int, text, note string) {
	words := strings.FieldsFunc(text, func(c rune) bool { return c == ',' || c == ' ' || c == '\t' || c == ';' || c == '|' })
	if len(words) == 1 {
		r.add(n, words[0], sweep.Entry{Note: note})
		return
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

// describe fills in what a row says beside its indicator; what can't be read of
// it comes back as a sentence.
func describe(e *sweep.Entry, cell func(field string) string) (wrong string) {
	e.Note, e.Owner = cell("note"), cell("owner")
	e.Added, _ = instant(cell("added"))
	until := cell("expires")
	expires, ok := instant(until)
	e.Expires = expires
	if n, err := strconv.ParseFloat(cell("confidence"), 64); err == nil {
		e.Confidence = percent(n)
	}
	e.Tags = strings.FieldsFunc(cell("tags"), func(r rune) bool { return r == ',' || r == ';' || r == '|' })
	if !ok {
		return fmt.Sprintf("its end %q can't be read: write 2026-12-31", cut(until, 40))
	}
	return ""
}

func percent(n float64) int { return int(max(0, min(n, 100))) }

func cut(s string, most int) string {
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}

// dateLayouts are the dates that lists carry. Of those that begin with a day or a
// month only the spellings that can't be mistaken are taken, and the American
// one, which spreadsheets write.
var dateLayouts = []string{
	time.RFC3339Nano, "2006-01-02 15:04:05", "2006-01-02 15:04:05 MST", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05.999999", "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02", "2006/01/02", "20060102",
	"02.01.2006", "02.01.2006 15:04:05", "01/02/2006", "1/2/2006", "01/02/2006 15:04:05", "2 Jan 2006", "02-Jan-2006", "Jan 2, 2006", time.RFC1123, time.RFC1123Z,
}

// instant reads a date; nothing, and words for never, are no date. ok is false
// for what can't be read.
func instant(s string) (at time.Time, ok bool) {
	s = strings.TrimSpace(s)
	switch strings.ToLower(s) {
	case "", "-", "0", "n/a", "na", "none", "null", "never", "unknown", "permanent":
		return time.Time{}, true
	}
	for _, layout := range dateLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && n > 1_000_000_000 {
		if n > 100_000_000_000 { // milliseconds
			return time.UnixMilli(n).UTC(), true
		}
		return time.Unix(n, 0).UTC(), true
	}
	return time.Time{}, false
}
