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

func separatorOf(line string) rune {
	best := ','
	for _, c := range []rune{';', '\t', '|'} {
		if strings.Count(line, string(c)) > strings.Count(line, string(best)) {
			best = c
		}
	}
	return best
}

// headOf is the first row, and the comments before it, where feeds put their
// header.
func headOf(data []byte) (comments []string, first string) {
	for line := range bytes.Lines(data) {
		switch text := strings.TrimSpace(string(line)); {
		case strings.HasPrefix(text, "#"):
			comments = append(comments, strings.TrimLeft(text, "# "))
		case text != "":
			return comments, text
		}
	}
	return comments, ""
}

func looksLikeCSV(name string, data []byte) bool {
	if strings.HasSuffix(strings.ToLower(name), ".csv") || strings.HasSuffix(strings.ToLower(name), ".tsv") {
		return true
	}
	comments, first := headOf(data)
	separator := separatorOf(first)
	return namesColumns(splitRow(first, separator)) || len(commentHeader(comments, first, separator)) > 0
}

// namesColumns tells whether a row is the header of a table of indicators.
func namesColumns(header []string) bool {
	names := map[string]bool{}
	for _, h := range header {
		name := columnName(h)
		if kind, known := statedBy(name); known && kind != notHunted || slices.Contains(knownColumns["indicator"], name) {
			return true
		}
		names[name] = true
	}
	return names["start"] && names["end"]
}

// commentHeader is a header that stands in a comment: as many columns as the
// first row, and known ones among them. One word is no header.
func commentHeader(comments []string, first string, separator rune) []string {
	for _, comment := range slices.Backward(comments) {
		if header := splitRow(comment, separator); len(header) > 1 && len(header) == len(splitRow(first, separator)) && namesColumns(header) {
			return header
		}
	}
	return nil
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
	if line, rest, ok := bytes.Cut(data, []byte("\n")); ok && bytes.HasPrefix(bytes.ToLower(line), []byte("sep=")) {
		data = append([]byte("\n"), rest...) // Excel's own first line; the lines keep their numbers
	}
	comments, first := headOf(data)
	separator := separatorOf(first)
	rows := slices.Collect(records(data, separator))
	if len(rows) == 0 {
		return fmt.Errorf("%s holds no rows", r.source)
	}
	header := commentHeader(comments, first, separator)
	if header == nil && isHeader(rows[0].cells) {
		header, rows = rows[0].cells, rows[1:]
	}
	return r.table(header, rows, columns)
}

// isHeader tells whether a first row names columns: none of its cells is an
// indicator. A file name is too much like a word with a dot in it.
func isHeader(cells []string) bool {
	return !slices.ContainsFunc(cells, func(cell string) bool {
		typed, refusal := indicator.Type(cell)
		return refusal == nil && typed.Kind != indicator.KindFile
	})
}
