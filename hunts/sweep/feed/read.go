package feed

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts/sweep"
)

// maxSource bounds one source; 50,000 indicators with all their columns take a
// fraction of it.
const maxSource = 64 << 20

// Read reads a watchlist of any format that it knows: lists of people, filters
// and resolvers, CSV, STIX, MISP and other JSON, in gzip or zip. The format
// follows from the content. columns may say which column of a CSV holds what;
// nil finds out. An error means that nothing could be read; a bad line is a
// Problem.
func Read(name string, body io.Reader, columns sweep.Columns, now time.Time) (sweep.List, error) {
	data, err := io.ReadAll(io.LimitReader(body, maxSource+1))
	if err != nil {
		return sweep.List{}, fmt.Errorf("reading %s: %w", name, err)
	}
	if len(data) > maxSource {
		return sweep.List{}, fmt.Errorf("%s is larger than %d MB", name, maxSource>>20)
	}
	files, err := unpacked(name, data)
	if err != nil {
		return sweep.List{}, err
	}
	r := newReader(path.Base(name), now)
	for _, f := range files {
		if err := r.file(f.name, f.data, columns); err != nil {
			return sweep.List{}, err
		}
	}
	return r.done()
}

// file reads what is in one file.
func (r *reader) file(name string, data []byte, columns sweep.Columns) error {
	text, guessed := decoded(data)
	trimmed := bytes.TrimSpace(text)
	if len(trimmed) == 0 {
		return fmt.Errorf("%s is empty", name)
	}
	if guessed {
		r.Notes = append(r.Notes, path.Base(name)+" is not UTF-8 and was read as Latin-1.")
	}
	if what := markup(trimmed); what != "" {
		return fmt.Errorf("%s is %s, not a list of indicators", name, what)
	}
	isJSON := trimmed[0] == '{' || trimmed[0] == '[' && (json.Valid(trimmed) || bytes.HasPrefix(bytes.TrimSpace(trimmed[1:]), []byte("{")))
	switch {
	case isJSON && columns != nil:
		return fmt.Errorf("%s is JSON, which has no columns to name", r.source)
	case isJSON:
		return r.json(trimmed)
	case columns != nil || looksLikeCSV(path.Base(name), trimmed):
		return r.csv(text, columns)
	}
	r.text(text)
	return nil
}

// markup tells what a text is that begins like a page or a document; empty for
// anything else. A feed whose session is over answers with its login page.
func markup(text []byte) string {
	head := strings.ToLower(string(text[:min(len(text), 512)]))
	switch {
	case strings.HasPrefix(head, "<!doctype html"), strings.HasPrefix(head, "<html"), strings.HasPrefix(head, "<head"), strings.HasPrefix(head, "<!--") && strings.Contains(head, "<html"):
		return "a web page (perhaps one to sign in)"
	case strings.HasPrefix(head, "<?xml"), strings.HasPrefix(head, "<rss"), strings.HasPrefix(head, "<feed"), strings.HasPrefix(head, "<ioc"):
		return "XML"
	case strings.HasPrefix(head, "%pdf-"):
		return "a PDF document"
	}
	return ""
}

// done gives the list, with what is to be said of it as a whole.
func (r *reader) done() (sweep.List, error) {
	left := 0
	for _, n := range r.Left() {
		left += n
	}
	if left > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("%s: %s.", r.source, r.Summary()))
	}
	if r.unchecked > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("%s: %d patterns name a port or another detail that is not checked; the indicator is hunted without it.", r.source, r.unchecked))
	}
	if r.observed > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("%s: %d values are observables without an indicator: their source does not say that they are malicious.", r.source, r.observed))
	}
	return r.List, r.tooLong()
}

// Usable says why a list that a feed gave is none: a feed that answers nonsense
// must not empty the watchlist.
func Usable(l sweep.List, live int) error {
	const few, least = 4, 8 // a quarter of what is on the list; short lists come and go
	switch n := len(l.Entries); {
	case l.Delta: // nothing new is a good answer
		return nil
	case n == 0 && len(l.Problems) > 0:
		return fmt.Errorf("none of its values can be hunted, such as %q (%s)", cut(l.Problems[0].Value, 60), l.Problems[0].Reason)
	case n == 0:
		return errors.New("it names no indicator")
	case live >= least && n*few < live:
		return fmt.Errorf("it names %d indicators and named %d before; if that is right, remove the source from the sweep and add it again", n, live)
	}
	return nil
}

func cut(s string, most int) string {
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}
