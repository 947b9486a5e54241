package message

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/footprint-soc/footprint/hunts"
)

// byteOrderMark makes spreadsheets read a CSV as UTF-8.
const byteOrderMark = "\ufeff"

// guarded keeps a spreadsheet from taking a value for a formula
// (owasp.org/www-community/attacks/CSV_Injection): data from an endpoint is not
// ours. Control characters are made visible on the way.
func guarded(s string) string {
	c := clean(s)
	// some programs drop the blanks before they look for a sign
	if first, _ := utf8.DecodeRuneInString(strings.TrimLeft(c, " ")); strings.ContainsRune("=+-@＝＋－＠", first) && first != utf8.RuneError || s != "" && strings.ContainsRune("\t\r\n", rune(s[0])) {
		return "'" + c
	}
	return c
}

func stamp(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

type sheet struct {
	b bytes.Buffer
	w *csv.Writer
}

func newSheet(head ...string) *sheet {
	s := &sheet{}
	s.b.WriteString(byteOrderMark)
	s.w = csv.NewWriter(&s.b)
	s.w.UseCRLF = true
	_ = s.w.Write(head) // a bytes.Buffer never fails
	return s
}

func (s *sheet) add(cells ...string) {
	for i := range cells {
		cells[i] = guarded(cells[i])
	}
	_ = s.w.Write(cells) // as above
}

func (s *sheet) bytes() []byte {
	s.w.Flush()
	return s.b.Bytes()
}

// CSV has one line for each row of the finest summary, and behind them one for
// each of the newest events. Indicators are not defanged: the file is for
// machines, and opens nothing by itself.
func CSV(a hunts.Answer) []byte {
	if a.Table != nil {
		return TableCSV(*a.Table)
	}
	s := newSheet("kind", "time_first", "time_last", "events", "device", "account", "process", "parent", "command_line", "remote_ip", "remote_port", "remote_host", "action", "outcome", "matched", "because", "exclusion")
	for _, r := range a.Rows {
		s.add("row", stamp(&r.FirstSeen), stamp(&r.LastSeen), strconv.FormatInt(r.Events, 10), r.Device, r.Account, r.Process, r.Parent, "", r.RemoteIP, "", r.RemoteHost, "", string(r.Outcome),
			strings.Join(r.Matched, " "), strings.Join(r.Because, "; "), r.Excluded)
	}
	for _, e := range a.Events {
		port := ""
		if e.RemotePort != 0 {
			port = strconv.FormatInt(e.RemotePort, 10)
		}
		s.add("event", stamp(&e.Time), stamp(&e.Time), "1", e.Device, e.Account, e.Process, e.Parent, e.CommandLine, e.RemoteIP, port, e.RemoteHost, e.Action, string(e.Outcome), strings.Join(e.Matched, " "), "", "")
	}
	return s.bytes()
}

// EventsCSV has one line for each event, newest first.
func EventsCSV(events []hunts.Event) []byte {
	s := newSheet("time", "device", "account", "process", "parent", "command_line", "remote_ip", "remote_port", "remote_host", "action", "outcome", "matched", "exclusion")
	for _, e := range events {
		port := ""
		if e.RemotePort != 0 {
			port = strconv.FormatInt(e.RemotePort, 10)
		}
		s.add(stamp(&e.Time), e.Device, e.Account, e.Process, e.Parent, e.CommandLine, e.RemoteIP, port, e.RemoteHost, e.Action, string(e.Outcome), strings.Join(e.Matched, " "), e.Excluded)
	}
	return s.bytes()
}

// SheetCSV is a table of any columns, guarded like the rest.
func SheetCSV(head []string, rows [][]string) []byte {
	s := newSheet(head...)
	for _, r := range rows {
		s.add(r...)
	}
	return s.bytes()
}

// IndicatorsCSV has one line for each indicator, clean ones too.
func IndicatorsCSV(a hunts.Answer) []byte {
	s := newSheet("indicator", "type", "verdict", "devices", "events", "first_seen", "last_seen", "mark")
	for _, r := range a.ByIndicator {
		s.add(r.Indicator, r.Type, string(r.Verdict), strconv.FormatInt(r.Devices, 10), strconv.FormatInt(r.Events, 10), stamp(r.FirstSeen), stamp(r.LastSeen), r.Mark)
	}
	return s.bytes()
}

// JSON is the answer as the contract has it.
func JSON(a hunts.Answer) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(a); err != nil {
		return nil, fmt.Errorf("encoding the answer: %w", err)
	}
	return b.Bytes(), nil
}

// KQLFile is the query as a person goes on with it; answers of earlier versions have
// only the one that was sent.
func KQLFile(a hunts.Answer) []byte {
	return []byte(strings.TrimRight(cmp.Or(a.RowKQL, a.KQL), "\n") + "\n")
}
