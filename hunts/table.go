package hunts

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The verdicts of a hunt for behavior, which looks for no indicator: its rows are
// what a person judges. NothingFound stands on the same coverage as Clean.
const (
	Found        Verdict = "FOUND"
	NothingFound Verdict = "NOTHING_FOUND"
)

// Table is what a hunt for behavior found: the rows of its own query under its own
// columns. Row n of the table is row n of Answer.Rows, by which follow-ups narrow it.
type Table struct {
	Columns []Column `json:"columns"`
	Rows    [][]any  `json:"rows"`  // nil, bool, string, a number, or JSON text of a list or bag
	Total   int64    `json:"total"` // that the query gave, listed or not
	// Devices that the rows name; Unplaced rows name none.
	Devices  int64 `json:"devices"`
	Unplaced int64 `json:"unplaced"`
	// Key are the columns that tell whether two runs found the same row.
	Key []string `json:"key"`
	// Ordered rows stand as the query sorts them; others newest first.
	Ordered bool `json:"ordered"`
	// Cut says that there are more rows than are listed.
	Cut  bool `json:"cut"`
	Says Says `json:"says"`
}

// Says is how an answer speaks of what a hunt finds: "9 devices ran it".
type Says struct {
	Noun string `json:"noun"` // device, account, mailbox
	Verb string `json:"verb"` // ran it, signed in, received it
}

// Text is "9 devices ran it".
func (s Says) Text(n int64) string { return strings.TrimSpace(Count(n, s.Noun) + " " + s.Verb) }

// Headline is "14 rows on 3 devices", or "at least 3" where rows were cut before they
// were counted.
func (t Table) Headline() string {
	text := Count(t.Total, "row")
	switch {
	case t.Devices == 0:
	case t.Unplaced > 0:
		text += fmt.Sprintf(" on %s, %d of them without a device", Count(t.Devices, "device"), t.Unplaced)
	default:
		text += " on " + Count(t.Devices, "device")
	}
	return text
}

// Index is the place of a column, or -1.
func (t Table) Index(name string) int {
	return slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == name })
}

// Text is a cell as people read it; what is not there is empty.
func (t Table) Text(row, column int) string {
	if row >= len(t.Rows) || column < 0 || column >= len(t.Rows[row]) {
		return ""
	}
	return CellText(t.Rows[row][column])
}

// CellText is a value of a table as text.
func CellText(v any) string {
	switch x := v.(type) {
	case nil:
		return ""
	case string:
		return x
	case float64:
		return strconv.FormatFloat(x, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}

// KeyOf is what one row is known by from one run to the next.
func (t Table) KeyOf(row int) string {
	parts := make([]string, 0, len(t.Key))
	for _, name := range t.Key {
		parts = append(parts, strings.ToLower(t.Text(row, t.Index(name))))
	}
	return strings.Join(parts, KeySeparator)
}

// KeySeparator stands between the parts of a row's key; no value holds it.
const KeySeparator = "\x1f"

// Only is the table with the rows that keep says, in their order.
func (t Table) Only(keep []int) Table {
	out := t
	out.Rows = make([][]any, 0, len(keep))
	for _, n := range keep {
		if n < len(t.Rows) {
			out.Rows = append(out.Rows, t.Rows[n])
		}
	}
	out.Total = int64(len(out.Rows))
	return out
}

// Filled are the columns with a value in any row; a query that projects nothing gives
// dozens that are empty.
func (t Table) Filled() []int {
	var out []int
	for c := range t.Columns {
		if slices.ContainsFunc(t.Rows, func(row []any) bool { return c < len(row) && CellText(row[c]) != "" }) {
			out = append(out, c)
		}
	}
	return out
}

// Instant reads a cell as a time; zero for anything else.
func Instant(v any) time.Time {
	s, _ := v.(string)
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
