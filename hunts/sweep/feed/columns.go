package feed

import (
	"fmt"
	"slices"
	"strings"

	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/sweep"
)

// knownColumns are the names under which a table may carry a field, lower case,
// only letters and digits; the first that a header has wins. What a column of
// indicators or types is called is a hint, what is in it decides.
var knownColumns = map[string][]string{
	"indicator":  {"indicator", "indicatorvalue", "ioc", "iocvalue", "observable", "observablevalue", "value", "artifact", "data"},
	"type":       {"type", "indicatortype", "ioctype", "observabletype", "attributetype", "iockind", "kind", "datatype"},
	"expires":    {"expires", "expiry", "expiration", "expirationtime", "expirationdate", "expirationdatetime", "validuntil", "until"},
	"added":      {"added", "created", "createdat", "firstseen", "firstseenutc", "validfrom", "date", "dateadded", "creationtimedatetimeutc"},
	"confidence": {"confidence", "confidencescore", "confidencelevel", "score"},
	"note":       {"note", "notes", "description", "comment", "title", "threattype", "threat", "malware", "malwareprintable", "category"},
	"tags":       {"tags", "labels", "tag"},
	"owner":      {"owner", "author", "addedby", "reporter"},
	"revoked":    {"revoked", "isrevoked", "deleted", "isdeleted"},
	"action":     {"action"},
	"detect":     {"toids"},
	"start":      {"start", "startip", "ipstart", "rangestart"},
	"end":        {"end", "endip", "ipend", "rangeend"},
	"reason":     {"listingreason"}, // of SSLBL, whose SHA-1 is a certificate's
}

func columnName(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(s))
}

// column is a column of indicators, and what its name says they are.
type column struct {
	at   int
	kind stated
}

// layout says where the fields of a row stand.
type layout struct {
	values []column
	kindAt int // of the column that says what a value is; negative when there is none
	fields map[string]int
}

// sampleRows is how many rows decide what a column holds.
const sampleRows = 200

// layoutOf finds the fields of a table by its header and by what is in it; no
// values means that no column holds indicators.
func layoutOf(header []string, rows []row) layout {
	out := layout{kindAt: -1, fields: map[string]int{}}
	names := make([]string, len(header))
	for i, h := range header {
		names[i] = columnName(h)
	}
	for field, known := range knownColumns {
		for _, name := range known {
			if i := slices.Index(names, name); i >= 0 {
				out.fields[field] = i
				break
			}
		}
	}
	rows = rows[:min(len(rows), sampleRows)]
	out.findKinds(names, rows)
	out.findValues(names, rows)
	return out
}

// findKinds finds the column of types: nearly each of its cells is the name of
// one. Of several, the one that is called so.
func (l *layout) findKinds(names []string, rows []row) {
	for i := range widest(names, rows) {
		filled, known := 0, 0
		for _, r := range rows {
			if i >= len(r.cells) || r.cells[i] == "" {
				continue
			}
			if filled++; isKind(r.cells[i]) {
				known++
			}
		}
		called := i < len(names) && slices.Contains(knownColumns["type"], names[i])
		if known == 0 || 3*known < 2*filled && !called {
			continue
		}
		if l.kindAt < 0 || called {
			l.kindAt = i
		}
		if called {
			return
		}
	}
}

func isKind(cell string) bool {
	for _, part := range strings.Split(cell, "|") {
		if _, known := statedBy(part); known {
			return true
		}
	}
	return false
}

func widest(names []string, rows []row) int {
	n := len(names)
	for _, r := range rows {
		n = max(n, len(r.cells))
	}
	return n
}

// findValues finds the columns of indicators: the one that is called so, else
// those of one kind each, else the one in which most cells can be nothing else.
// A column in which no cell is an indicator is none, whatever it is called.
func (l *layout) findValues(names []string, rows []row) {
	good := func(c column) (found, filled int) {
		for _, r := range rows {
			if c.at >= len(r.cells) || r.cells[c.at] == "" {
				continue
			}
			filled++
			kind := c.kind
			if kind == unstated && l.kindAt >= 0 && l.kindAt < len(r.cells) {
				kind, _ = statedBy(lastKind(r.cells[l.kindAt]))
			}
			if isValue(kind, c.kind != unstated, r.cells[c.at]) {
				found++
			}
		}
		return found, filled
	}
	var named []column
	for _, name := range knownColumns["indicator"] {
		for i, n := range names {
			if n == name && i != l.kindAt {
				named = append(named, column{i, unstated})
			}
		}
	}
	for _, c := range named {
		if found, _ := good(c); found > 0 {
			l.values = []column{c}
			return
		}
	}
	if kinds := l.kindColumns(names, good); l.kindAt < 0 || len(kinds) > 1 {
		if l.values = kinds; len(kinds) > 1 {
			l.kindAt = -1 // says something of one of them only
		}
	}
	if len(l.values) == 0 {
		l.guess(widest(names, rows), good)
	}
	if len(l.values) == 0 && len(named) > 0 && len(rows) > 0 {
		l.values = named[:1] // so that each row says what is wrong
	}
}

// kindColumns are the columns whose names say what is in them.
func (l *layout) kindColumns(names []string, good func(column) (found, filled int)) []column {
	var out []column
	hosted := slices.Contains(names, "asname") || slices.Contains(names, "asnumber")
	for i, name := range names {
		kind, known := statedBy(name)
		if name == "address" { // of a host, or of a mailbox
			kind, known = unstated, true
		}
		if !known || kind == notHunted || kind == isFile || i == l.kindAt || hosted && name == "hostname" { // what the provider calls the address
			continue
		}
		if found, _ := good(column{i, kind}); found > 0 {
			out = append(out, column{i, kind})
		}
	}
	return out
}

// lastKind is the part of a composite type that counts: filename|sha256.
func lastKind(kind string) string {
	parts := strings.Split(kind, "|")
	for _, p := range slices.Backward(parts) {
		if k, known := statedBy(p); known && k != isFile {
			return p
		}
	}
	return parts[0]
}

// isValue tells whether a cell is an indicator. A file name is too much like a
// word with a dot in it, unless something says that it is one.
func isValue(kind stated, called bool, cell string) bool {
	if kind == notHunted {
		return false
	}
	for _, part := range cellParts(kind, cell)[:1] {
		cell = part
	}
	if rangeOf(cell) != nil {
		return true
	}
	if _, hash, ok := strings.Cut(cell, "|"); ok { // filename|sha256, ip|port
		if _, no := indicator.Type(hash); no == nil {
			return true
		}
		cell, _, _ = strings.Cut(cell, "|")
	}
	typed, refusal := typeAs(kind, cell)
	if called && kind == isDNS && refusal == nil && !strings.Contains(typed.Host, ".") && !strings.Contains(cell, "://") {
		return false // the host name of a device
	}
	return refusal == nil && (typed.Kind != indicator.KindFile || kind == isFile)
}

// guess takes the column in which most cells are indicators.
func (l *layout) guess(width int, good func(column) (found, filled int)) {
	best, most := -1, 0
	for i := range width {
		if i == l.kindAt {
			continue
		}
		if found, filled := good(column{i, unstated}); found > most && 2*found >= filled {
			best, most = i, found
		}
	}
	if best >= 0 {
		l.values = []column{{best, unstated}}
	}
}

// name puts in what a person said of the columns.
func (l *layout) name(columns sweep.Columns, header []string) error {
	for field, name := range columns {
		i := slices.IndexFunc(header, func(h string) bool { return strings.EqualFold(strings.TrimSpace(h), name) })
		if i < 0 {
			return fmt.Errorf("there is no column %q; the columns are: %s", cut(name, 60), cut(strings.Join(header, ", "), 300))
		}
		switch field {
		case "indicator":
			l.values = []column{{i, unstated}}
			if l.kindAt == i {
				l.kindAt = -1
			}
		case "type":
			l.kindAt = i
		default:
			l.fields[field] = i
		}
	}
	return nil
}
