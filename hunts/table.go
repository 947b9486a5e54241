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
	// Accounts that the rows name; 0 where they are not known or not to be added up.
	Accounts int64 `json:"accounts"`
	// Key are the columns that tell whether two runs found the same row.
	Key []string `json:"key"`
	// Ordered rows stand as the query sorts them; others newest first.
	Ordered bool `json:"ordered"`
	// Cut says that there are more rows than are listed.
	Cut  bool `json:"cut"`
	Says Says `json:"says"`
}

// Says is how an answer speaks of what a hunt finds: "9 devices ran it". Without a verb
// it speaks of rows alone.
type Says struct {
	Noun string `json:"noun"` // device, account, mailbox
	Verb string `json:"verb"` // ran it, signed in, had matching mail
}

// Text is "9 devices ran it"; empty without a verb and for none.
func (s Says) Text(n int64) string {
	if n == 0 || s.Verb == "" {
		return ""
	}
	return Count(n, s.Noun) + " " + s.Verb
}

// OfDevices tells that the noun stands for devices; any other stands for accounts.
func (s Says) OfDevices() bool {
	return slices.Contains([]string{"", "device", "host", "machine", "endpoint", "computer", "server", "workstation"}, strings.ToLower(s.Noun))
}

// Headline is "14 rows: 3 devices ran it", "14 rows on 3 devices: 4 accounts signed in",
// or "14 rows on 3 devices" where no words are known.
func (t Table) Headline() string {
	text, subjects := Count(t.Total, "row"), t.Accounts
	if t.Says.OfDevices() {
		subjects = t.Devices
	}
	said := t.Says.Text(subjects)
	if t.Devices > 0 && (said == "" || !t.Says.OfDevices()) {
		text += " on " + Count(t.Devices, "device")
	}
	if said != "" {
		text += ": " + said
	}
	if t.Devices > 0 && t.Unplaced > 0 {
		text += fmt.Sprintf(", %s without a device", Count(t.Unplaced, "row"))
	}
	return text
}

// Subjects says of some rows of a table what Headline says of all: "2 devices ran it".
func (a Answer) Subjects(rows []int) string {
	if a.Table == nil {
		return ""
	}
	seen := map[string]bool{}
	for _, n := range rows {
		if n >= len(a.Rows) {
			continue
		}
		name := a.Rows[n].Account
		if a.Table.Says.OfDevices() {
			name = a.Rows[n].Device
		}
		if name != "" {
			seen[strings.ToLower(name)] = true
		}
	}
	return a.Table.Says.Text(int64(len(seen)))
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
