package feed

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/sweep"
)

// knownColumns are the names under which a CSV may carry a field, lower case,
// only letters and digits; the first that a header has wins.
var knownColumns = map[string][]string{
	"indicator":  {"indicator", "indicatorvalue", "ioc", "iocvalue", "observable", "observablevalue", "value"},
	"expires":    {"expires", "expiry", "expiration", "expirationtime", "expirationdate", "expirationdatetime", "validuntil", "until"},
	"added":      {"added", "created", "createdat", "firstseen", "firstseenutc", "validfrom", "date"},
	"confidence": {"confidence", "confidencescore", "confidencelevel", "score"},
	"note":       {"note", "notes", "description", "comment", "title", "threattype", "threat", "malware", "malwareprintable", "category"},
	"tags":       {"tags", "labels", "tag"},
	"owner":      {"owner", "author", "addedby", "reporter"},
}

// kindColumns are columns of one kind of indicator. A row may fill several, and
// each of them is taken when no column is for indicators of any kind.
var kindColumns = []string{
	"ip", "ipv4", "ipv6", "ipaddress", "networkip", "srcip", "dstip", "destip", "remoteip", "address", "domain", "domainname", "host", "hostname", "fqdn", "url", "remoteurl", "uri",
	"hash", "filehash", "sha256", "sha256hash", "sha1", "sha1hash", "md5", "md5hash",
}

func columnName(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(s))
}

// layout says where the fields of a row stand.
type layout struct {
	indicators []int
	fields     map[string]int
}

// layoutOf finds the fields in a header; without columns for indicators it has
// none of them.
func layoutOf(header []string) layout {
	out := layout{fields: map[string]int{}}
	find := func(name string) int {
		return slices.IndexFunc(header, func(h string) bool { return columnName(h) == name })
	}
	for field, names := range knownColumns {
		for _, name := range names {
			if i := find(name); i >= 0 {
				out.fields[field] = i
				break
			}
		}
	}
	if i, ok := out.fields["indicator"]; ok {
		out.indicators = []int{i}
		return out
	}
	for i, h := range header {
		if slices.Contains(kindColumns, columnName(h)) {
			out.indicators = append(out.indicators, i)
		}
	}
	return out
}

// name puts in what a person said of the columns.
func (l *layout) name(columns sweep.Columns, header []string) error {
	for field, name := range columns {
		i := slices.IndexFunc(header, func(h string) bool { return strings.EqualFold(strings.TrimSpace(h), name) })
		if i < 0 {
			return fmt.Errorf("there is no column %q; the columns are: %s", cut(name, 60), cut(strings.Join(header, ", "), 300))
		}
		l.fields[field] = i
		if field == "indicator" {
			l.indicators = []int{i}
		}
	}
	return nil
}

// guess takes the column in which most of the first rows hold an indicator that
// can be nothing else, for a header that names none.
func (l *layout) guess(rows []row) {
	const sample = 200
	found, filled := map[int]int{}, map[int]int{}
	for _, r := range rows[:min(len(rows), sample)] {
		for i, cell := range r.cells {
			if cell == "" {
				continue
			}
			filled[i]++
			// a file name is too much like a word with a dot in it
			if typed, refusal := indicator.Type(cell); refusal == nil && typed.Kind != indicator.KindFile {
				found[i]++
			}
		}
	}
	best := -1
	for i, n := range found {
		if 2*n >= filled[i] && (best < 0 || n > found[best] || n == found[best] && i < best) {
			best = i
		}
	}
	if best >= 0 {
		l.indicators = []int{best}
	}
}

// row is a record of a CSV, and the line it begins on.
type row struct {
	line  int
	cells []string
}

func separatorOf(line string) rune {
	best := ','
	for _, c := range []rune{';', '\t', '|'} {
		if strings.Count(line, string(c)) > strings.Count(line, string(best)) {
			best = c
		}
	}
	return best
}

// headOf is the first row, and the last comment before it, where feeds put their
// header.
func headOf(data []byte) (comment, first string) {
	for line := range bytes.Lines(data) {
		switch text := strings.TrimSpace(string(line)); {
		case strings.HasPrefix(text, "#"):
			comment = strings.TrimLeft(text, "# ")
		case text != "":
			return comment, text
		}
	}
	return comment, ""
}

func looksLikeCSV(name string, data []byte) bool {
	if strings.HasSuffix(strings.ToLower(name), ".csv") || strings.HasSuffix(strings.ToLower(name), ".tsv") {
		return true
	}
	comment, first := headOf(data)
	separator := separatorOf(first)
	return len(layoutOf(splitRow(first, separator)).indicators) > 0 || len(commentHeader(comment, first, separator)) > 0
}

// commentHeader is a header that stands in a comment: as many columns as the
// first row, and known ones among them. One word is no header.
func commentHeader(comment, first string, separator rune) []string {
	header := splitRow(comment, separator)
	if len(header) < 2 || len(header) != len(splitRow(first, separator)) || len(layoutOf(header).indicators) == 0 {
		return nil
	}
	return header
}

// maxRowLines bounds a row whose quoted text goes over several lines: beyond it a
// quote was forgotten, and must not swallow the rest of the list.
const maxRowLines = 50

// records are the rows of a CSV with the lines they begin on, without comments.
func records(data []byte, separator rune) iter.Seq[row] {
	return func(yield func(row) bool) {
		lines := bytes.Split(data, []byte("\n"))
		for n := 0; n < len(lines); n++ {
			text, from := string(bytes.TrimRight(lines[n], "\r")), n+1
			if strings.HasPrefix(text, "#") {
				continue
			}
			if strings.Count(text, `"`)%2 == 1 {
				if end, whole := quotedEnd(lines, n); end > n {
					n, text = end, whole
				}
			}
			if strings.TrimSpace(text) != "" && !yield(row{from, splitRow(text, separator)}) {
				return
			}
		}
	}
}

// quotedEnd is the line on which the text that is quoted from line n on ends; n
// when it does not.
func quotedEnd(lines [][]byte, n int) (end int, whole string) {
	quotes := 0
	for end = n; end < len(lines) && end < n+maxRowLines; end++ {
		quotes += bytes.Count(lines[end], []byte(`"`))
		if quotes%2 == 0 {
			return end, string(bytes.Join(lines[n:end+1], []byte("\n")))
		}
	}
	return n, ""
}

func splitRow(text string, separator rune) []string {
	var cells []string
	if strings.Contains(text, `"`) {
		r := csv.NewReader(strings.NewReader(text))
		r.Comma, r.LazyQuotes, r.TrimLeadingSpace, r.FieldsPerRecord = separator, true, true, -1
		if record, err := r.Read(); err == nil {
			cells = record
		}
	}
	if cells == nil {
		cells = strings.Split(text, string(separator))
	}
	for i := range cells {
		cells[i] = strings.TrimSpace(cells[i])
	}
	return cells
}

// csv takes in a table whose header is its first row, or a comment before it, or
// nowhere.
func (r *reader) csv(data []byte, columns sweep.Columns) error {
	comment, first := headOf(data)
	separator := separatorOf(first)
	rows := slices.Collect(records(data, separator))
	if len(rows) == 0 {
		return fmt.Errorf("%s holds no rows", r.source)
	}
	header := commentHeader(comment, first, separator)
	if header == nil && isHeader(rows[0].cells) {
		header, rows = rows[0].cells, rows[1:]
	}
	at := layoutOf(header)
	if err := at.name(columns, header); err != nil {
		return fmt.Errorf("%s: %w", r.source, err)
	}
	if len(at.indicators) == 0 {
		at.guess(rows)
	}
	if len(at.indicators) == 0 {
		return fmt.Errorf("%s: no column holds indicators; its columns are: %s", r.source, cut(strings.Join(header, ", "), 300))
	}
	for _, x := range rows {
		if r.full() {
			break
		}
		r.row(x, at)
	}
	return nil
}

// isHeader tells whether a first row names columns: none of its cells is an
// indicator. A file name is too much like a word with a dot in it.
func isHeader(cells []string) bool {
	return !slices.ContainsFunc(cells, func(cell string) bool {
		typed, refusal := indicator.Type(cell)
		return refusal == nil && typed.Kind != indicator.KindFile
	})
}

func (r *reader) row(x row, at layout) {
	cell := func(field string) string {
		if i, ok := at.fields[field]; ok && i < len(x.cells) {
			return x.cells[i]
		}
		return ""
	}
	var e sweep.Entry
	wrong, taken := describe(&e, cell), 0
	for _, i := range at.indicators {
		if i >= len(x.cells) || x.cells[i] == "" {
			continue
		}
		taken++
		value := x.cells[i]
		if len(x.cells) == 1 {
			value, e.Note = cutNote(value)
		}
		if wrong != "" {
			r.leave(x.line, value, sweep.Malformed, wrong)
			continue
		}
		r.add(x.line, value, e)
	}
	if taken == 0 && slices.ContainsFunc(x.cells, func(c string) bool { return c != "" }) {
		r.leave(x.line, cut(strings.Join(x.cells, " "), 80), sweep.Malformed, "there is no indicator in this row")
	}
}
