package sweep

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/footprint-soc/footprint/hunts/indicator"
)

// maxSource bounds one source; 50,000 indicators with all their columns take a
// fraction of it.
const maxSource = 64 << 20

// Read reads a watchlist of any format that it knows: plain text, CSV, a STIX
// 2.1 bundle, or MISP events and feeds. The format follows from the content.
// An error means that nothing could be read; a bad line is a Problem.
func Read(name string, r io.Reader, now time.Time) (List, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxSource+1))
	if err != nil {
		return List{}, fmt.Errorf("reading %s: %w", name, err)
	}
	if len(data) > maxSource {
		return List{}, fmt.Errorf("%s is larger than %d MB", name, maxSource>>20)
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if !utf8.Valid(data) {
		return List{}, fmt.Errorf("%s is not UTF-8 text; save it as UTF-8", name)
	}
	var l List
	trimmed := bytes.TrimSpace(data)
	source := path.Base(name)
	switch {
	case len(trimmed) == 0:
		return List{}, fmt.Errorf("%s is empty", name)
	case trimmed[0] == '{' || trimmed[0] == '[' && json.Valid(trimmed):
		l, err = readJSON(source, trimmed, now)
	case looksLikeCSV(source, trimmed):
		l, err = readCSV(source, data, now)
	default:
		l, err = readText(source, data, now)
	}
	if err != nil {
		return List{}, err
	}
	return l, l.tooLong()
}

// readText takes one indicator a line; behind a # stands a note.
func readText(source string, data []byte, now time.Time) (List, error) {
	var l List
	seen := map[string]int{}
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		value, note, _ := strings.Cut(lines.Text(), "#")
		value = strings.TrimSpace(value)
		if value == "" || strings.HasPrefix(value, "//") || strings.HasPrefix(value, ";") {
			continue
		}
		words := strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == ';' })
		if len(words) > 1 && !slices.ContainsFunc(words, func(w string) bool { _, refusal := indicator.Type(w); return refusal == nil }) {
			l.Problems = append(l.Problems, Problem{Source: source, Line: n, Value: value, Reason: "there is no indicator in this line"})
			continue
		}
		for _, word := range words {
			l.add(seen, n, word, Entry{Source: source, Note: strings.TrimSpace(note)}, now)
		}
	}
	if err := lines.Err(); err != nil {
		return List{}, fmt.Errorf("%s: %w", source, err)
	}
	return l, nil
}

// columns are the names under which a CSV may carry a field, lower case, only
// letters and digits.
var columns = map[string][]string{
	"indicator": {"indicator", "value", "ioc", "observable", "indicatorvalue", "networkip", "ip", "ipaddress", "domain", "domainname", "url", "hash", "filehash", "sha256", "sha1", "md5", "host", "hostname", "address"},
	"expires":   {"expires", "expiry", "expiration", "expirationtime", "expirationdatetime", "validuntil", "until"},
	"added":     {"added", "created", "createdat", "firstseen", "validfrom", "date"},
	"conf":      {"confidence", "confidencescore", "score"},
	"note":      {"note", "notes", "description", "comment", "title", "threattype", "category"},
	"tags":      {"tags", "labels"},
	"owner":     {"owner", "author", "addedby"},
}

func columnName(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(s))
}

// mapping finds which column holds which field; the first name of the table
// that a header has wins.
func mapping(header []string) map[string]int {
	out := map[string]int{}
	for field, known := range columns {
		for _, name := range known {
			for i, h := range header {
				if columnName(h) == name {
					if _, have := out[field]; !have {
						out[field] = i
					}
				}
			}
		}
	}
	return out
}

func looksLikeCSV(name string, data []byte) bool {
	if strings.HasSuffix(strings.ToLower(name), ".csv") || strings.HasSuffix(strings.ToLower(name), ".tsv") {
		return true
	}
	first, _, _ := bytes.Cut(data, []byte("\n"))
	header := strings.FieldsFunc(string(first), func(r rune) bool { return r == ',' || r == ';' || r == '\t' })
	_, ok := mapping(header)["indicator"]
	return ok
}

func readCSV(source string, data []byte, now time.Time) (List, error) {
	first, _, _ := bytes.Cut(data, []byte("\n"))
	r := csv.NewReader(bytes.NewReader(data))
	r.FieldsPerRecord, r.LazyQuotes, r.TrimLeadingSpace = -1, true, true
	for _, c := range []rune{';', '\t'} {
		if bytes.ContainsRune(first, c) && !bytes.ContainsRune(first, ',') {
			r.Comma = c
		}
	}
	var l List
	seen := map[string]int{}
	header, err := r.Read()
	if err != nil {
		return List{}, fmt.Errorf("%s: %w", source, err)
	}
	at := mapping(header)
	value, ok := at["indicator"]
	if !ok {
		if _, refusal := indicator.Type(header[0]); refusal != nil {
			return List{}, fmt.Errorf("%s: no column holds the indicators; name one of them indicator", source)
		}
		// no header at all: the first column is the indicator
		l.add(seen, 1, header[0], Entry{Source: source}, now)
	}
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return l, nil
		}
		line, _ := r.FieldPos(0)
		if err != nil {
			l.Problems = append(l.Problems, Problem{Source: source, Line: line, Reason: err.Error()})
			continue
		}
		cell := func(field string) string {
			if i, ok := at[field]; ok && i < len(record) {
				return strings.TrimSpace(record[i])
			}
			return ""
		}
		if value >= len(record) || strings.TrimSpace(record[value]) == "" {
			continue
		}
		e := Entry{Source: source}
		e.describe(cell)
		l.add(seen, line, strings.TrimSpace(record[value]), e, now)
	}
}

// describe fills in what a row says beside its indicator.
func (e *Entry) describe(cell func(field string) string) {
	e.Note, e.Owner, e.Expires, e.Added = cell("note"), cell("owner"), instant(cell("expires")), instant(cell("added"))
	if n, err := strconv.ParseFloat(cell("conf"), 64); err == nil {
		e.Confidence = int(max(0, min(n, 100)))
	}
	e.Tags = strings.FieldsFunc(cell("tags"), func(r rune) bool { return r == ',' || r == ';' || r == '|' })
}

// instant reads the dates that lists carry; what can't be read is none.
func instant(s string) time.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02", "01/02/2006"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && n > 1_000_000_000 {
		return time.Unix(n, 0).UTC()
	}
	return time.Time{}
}
