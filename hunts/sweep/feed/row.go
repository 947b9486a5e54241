package feed

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/footprint-soc/footprint/hunts/sweep"
)

// row is a record of a table, and the line it begins on; 0 where a format has
// no lines.
type row struct {
	line  int
	cells []string
}

func (x row) at(i int) string {
	if i < 0 || i >= len(x.cells) {
		return ""
	}
	return x.cells[i]
}

// table takes in rows whose columns a header names, or nobody.
func (r *reader) table(header []string, rows []row, columns sweep.Columns) error {
	at := layoutOf(header, rows)
	if err := at.name(columns, header); err != nil {
		return fmt.Errorf("%s: %w", r.source, err)
	}
	_, starts := at.fields["start"]
	_, ends := at.fields["end"]
	if len(at.values) == 0 && !(starts && ends) {
		if len(rows) == 0 {
			return nil
		}
		if at.kindAt >= 0 { // all of types that nothing shows
			at.values = []column{{at.kindAt, notHunted}}
		} else {
			return fmt.Errorf("%s: no column holds indicators; its columns are: %s", r.source, cut(strings.Join(header, ", "), 300))
		}
	}
	if i, ok := at.fields["expires"]; ok {
		r.dates = orderOf(rows, i)
	}
	for _, x := range rows {
		if r.full() {
			break
		}
		r.row(x, at)
	}
	return nil
}

func (r *reader) row(x row, at layout) {
	field := func(name string) string {
		if i, ok := at.fields[name]; ok {
			return x.at(i)
		}
		return ""
	}
	var e sweep.Entry
	wrong := r.describe(&e, field)
	if from, to := field("start"), field("end"); from != "" && to != "" {
		if networks := networksOf(from, to); networks != nil {
			r.each(x.line, from+" - "+to, networks, e, wrong)
			return
		}
	}
	taken := 0
	for _, c := range at.values {
		value := x.at(c.at)
		if value == "" {
			continue
		}
		taken++
		if at.hostOfURL(x, c, value) {
			continue
		}
		if len(x.cells) == 1 {
			value, e.Note = cutNote(value)
		}
		kind, reason := r.verdictOf(c, x.at(at.kindAt), field)
		switch {
		case reason.Kind != "":
			r.leave(x.line, value, reason.Kind, reason.Reason)
		case wrong != "":
			r.leave(x.line, value, sweep.Malformed, wrong)
		case strings.Contains(kind, "|") || kind == "malware-sample":
			r.composite(x.line, kind, value, e)
		default:
			is, known := statedBy(kind)
			if !known {
				is = c.kind
			}
			r.cell(x.line, is, value, e)
		}
	}
	if taken == 0 && slices.ContainsFunc(x.cells, func(c string) bool { return c != "" }) {
		r.leave(x.line, cut(strings.TrimSpace(strings.Join(x.cells, " ")), 80), sweep.Malformed, "there is no indicator in this row")
	}
}

// hostOfURL tells whether a value is the host of a URL in the same row, which is
// hunted by it anyway.
func (l layout) hostOfURL(x row, c column, value string) bool {
	return slices.ContainsFunc(l.values, func(o column) bool {
		_, rest, ok := strings.Cut(x.at(o.at), "://")
		after, is := strings.CutPrefix(rest, value)
		return ok && o.at != c.at && is && (after == "" || strings.ContainsAny(after[:1], ":/?#"))
	})
}

// verdictOf gives the type that a row states, and why the row is not hunted.
func (r *reader) verdictOf(c column, kind string, field func(string) string) (string, sweep.Problem) {
	no := func(k sweep.Kind, reason string) (string, sweep.Problem) {
		return kind, sweep.Problem{Kind: k, Reason: reason}
	}
	if is, known := statedBy(kind); known && is == notHunted || c.kind == notHunted {
		return no(sweep.Unsearched, notHuntable(kind))
	}
	switch strings.ToLower(field("action")) {
	case "allowed", "allow":
		return no(sweep.Allowed, "its source allows it")
	}
	if yes(field("revoked")) {
		return no(sweep.Withdrawn, "revoked by its source")
	}
	if detect := field("detect"); detect != "" && !yes(detect) {
		return no(sweep.Context, "context, not meant for detection (to_ids is off)")
	}
	if field("detect") != "" && kind != "" && !isKind(kind) { // of MISP, where every type means something
		return no(sweep.Unsearched, notHuntable(kind))
	}
	if field("reason") != "" && c.kind == isHash {
		return no(sweep.Unsearched, "the fingerprint of a certificate, which network events don't show")
	}
	return kind, sweep.Problem{}
}

func yes(text string) bool {
	switch strings.ToLower(text) {
	case "1", "true", "yes", "t", "y":
		return true
	}
	return false
}

// each takes in the networks that a range comes to.
func (r *reader) each(line int, value string, networks []string, e sweep.Entry, wrong string) {
	if wrong != "" {
		r.leave(line, value, sweep.Malformed, wrong)
		return
	}
	e.Line = line
	for _, n := range networks {
		r.typed(line, isIP, n, e)
	}
}

// composite takes in a value of several parts, each of a type of its own, such
// as filename|sha256 and domain|ip. Of a file with its hash the hash is taken.
func (r *reader) composite(line int, kind, value string, e sweep.Entry) {
	if kind == "malware-sample" {
		kind = "filename|md5"
	}
	kinds, values := strings.Split(kind, "|"), strings.Split(value, "|")
	if len(values) < len(kinds) {
		r.leave(line, value, sweep.Malformed, fmt.Sprintf("a value of the type %q has %d parts", cut(kind, 40), len(kinds)))
		return
	}
	hashed := slices.ContainsFunc(kinds, func(k string) bool { is, _ := statedBy(k); return is == isHash })
	if len(kinds) == 1 {
		values = []string{value}
	}
	taken := false
	for n, k := range kinds {
		is, known := statedBy(k)
		if !known || is == notHunted || is == isFile && hashed {
			continue
		}
		taken = true
		r.add(line, is, values[n], e)
	}
	if !taken {
		r.leave(line, value, sweep.Unsearched, notHuntable(kind))
	}
}

// describe fills in what a row says beside its indicator; what can't be read of
// it comes back as a sentence.
func (r *reader) describe(e *sweep.Entry, cell func(field string) string) (wrong string) {
	e.Note, e.Owner = cell("note"), cell("owner")
	e.Added, _ = r.dates.instant(cell("added"))
	if n, err := strconv.ParseFloat(cell("confidence"), 64); err == nil {
		e.Confidence = percent(n)
	}
	e.Tags = strings.FieldsFunc(cell("tags"), func(c rune) bool { return c == ',' || c == ';' || c == '|' })
	until := cell("expires")
	var why string
	if e.Expires, why = r.dates.instant(until); why != "" {
		return fmt.Sprintf("its end %q %s", cut(until, 40), why)
	}
	return ""
}

func percent(n float64) int { return int(max(0, min(n, 100))) }
