package feed

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/sweep"
)

// json takes in documents of JSON, one or one a line: STIX, MISP, and the lists
// of records that feeds and APIs give. No library reads STIX and MISP for us: the
// Go ones for STIX (libstix2, TcM1911/stix2) and MISP (golang-misp) have seen no
// release for years, and none of them parses patterns, where the indicators are.
func (r *reader) json(data []byte) error {
	if len(manifestEvents(data)) > 0 {
		return fmt.Errorf("%s is the manifest of a MISP feed, which only names its events: let a sweep read its address, sweep add daily from=https://…/manifest.json", r.source)
	}
	d := document{r: r}
	decoder := json.NewDecoder(bytes.NewReader(data))
	for lines := false; ; {
		var raw json.RawMessage
		err := decoder.Decode(&raw)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("%s is not valid JSON: %w", r.source, err)
		}
		// one object alone is an answer rather than a record: {"error": …}
		lines = lines || decoder.More()
		d.value(raw, 0, lines)
	}
	r.stix(d.stix)
	if err := d.records(); err != nil && len(r.Entries) == 0 {
		return err
	}
	return r.something()
}

func (r *reader) something() error {
	if len(r.Entries)+len(r.Problems) == 0 {
		return fmt.Errorf("%s is JSON that holds no indicator", r.source)
	}
	return nil
}

// document collects what the values of JSON are.
type document struct {
	r    *reader
	stix []json.RawMessage
	rows []map[string]string // flat records, in their order
}

// maxDepth is how deep lists of records are looked for.
const maxDepth = 8

// value takes in any value: a list, a text, or an object. record tells that an
// object is one of a list, which has to hold an indicator.
func (d *document) value(raw json.RawMessage, depth int, record bool) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || depth > maxDepth {
		return
	}
	switch raw[0] {
	case '[':
		var list []json.RawMessage
		if json.Unmarshal(raw, &list) == nil {
			for _, item := range list {
				d.value(item, depth+1, true)
			}
		}
	case '"':
		var text string
		if json.Unmarshal(raw, &text) == nil && strings.TrimSpace(text) != "" {
			d.r.add(0, unstated, strings.TrimSpace(text), sweep.Entry{})
		}
	case '{':
		d.object(raw, depth, record)
	}
}

// object takes in an object: of STIX, of MISP, a record, or what wraps others.
func (d *document) object(raw json.RawMessage, depth int, record bool) {
	var top struct {
		Type      text              `json:"type"`
		ID        text              `json:"id"`
		Objects   []json.RawMessage `json:"objects"`
		Event     json.RawMessage   `json:"Event"`
		Attribute json.RawMessage   `json:"Attribute"`
	}
	_ = json.Unmarshal(raw, &top)
	switch {
	case top.Objects != nil: // a bundle, or the envelope of TAXII
		d.stix = append(d.stix, top.Objects...)
		return
	case strings.HasPrefix(string(top.ID), string(top.Type)+"--"):
		d.stix = append(d.stix, raw)
		return
	case top.Event != nil || top.Attribute != nil:
		d.r.misp(raw)
		return
	}
	d.fields(raw, depth, record)
}

// fields takes in an object of which nothing but its names says what it is.
func (d *document) fields(raw json.RawMessage, depth int, record bool) {
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(raw, &fields); err != nil {
		d.r.leave(0, cut(string(raw), 60), sweep.Malformed, "a record that can't be read: "+err.Error())
		return
	}
	if d.keyed(fields) {
		return
	}
	flat := map[string]string{}
	nested := false
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		value := bytes.TrimSpace(fields[name])
		switch {
		case len(value) == 0 || string(value) == "null":
		case value[0] == '{' || value[0] == '[' && !ofTexts(value):
			nested = true
		case value[0] == '[':
			var list []text
			_ = json.Unmarshal(value, &list)
			flat[name] = joined(list)
		default:
			var t text
			_ = json.Unmarshal(value, &t)
			flat[name] = strings.TrimSpace(string(t))
		}
	}
	if holdsValue(flat) || !nested && record {
		if !strings.EqualFold(flat["type"], "metadata") && len(flat) > 0 {
			d.rows = append(d.rows, flat)
		}
		return
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		value := bytes.TrimSpace(fields[name])
		switch {
		case len(value) == 0:
		case value[0] == '{' || value[0] == '[' && !ofTexts(value):
			d.value(value, depth+1, false)
		case value[0] == '[':
			d.list(name, value)
		}
	}
}

// list takes in the texts of a list whose name says nothing of them, {"hosts": […]},
// where most of them are addresses, names or hashes; names of files and URLs stand in
// lists of every kind. A few among others are no list of indicators, and are counted.
func (d *document) list(name string, raw []byte) {
	var texts []text
	_ = json.Unmarshal(raw, &texts)
	if strings.Contains(describing, " "+columnName(name)+" ") {
		return
	}
	sure := 0
	for _, t := range texts {
		if i, no := indicator.Type(strings.TrimSpace(string(t))); no == nil && i.Kind != indicator.KindFile && i.Kind != indicator.KindSuffix && !strings.Contains(string(t), "://") {
			sure++
		}
	}
	switch {
	case sure == 0:
	case 2*sure < len(texts):
		d.r.leave(0, cut(name, 60), sweep.Malformed, fmt.Sprintf("a list of which %d of %d look like indicators, under a name that does not say what it holds", sure, len(texts)))
	default:
		for _, t := range texts {
			if t := strings.TrimSpace(string(t)); t != "" {
				d.r.add(0, unstated, t, sweep.Entry{})
			}
		}
	}
}

// describing are lists that tell of a report, and hold what nobody wants hunted.
const describing = " references reference refs links link sources source tags labels aliases related externalreferences allowlist whitelist exclusions excluded falsepositives benign contacts authors nameservers ns registrars victims targets families family malware malwares malwarefamilies campaigns actors threats categories types techniques detections signatures rules files filenames products "

// keyed takes in an object whose names are the indicators, {"203.0.113.66": {…}},
// and tells whether it is one: at least half of its names are, and one of them can
// be nothing else. Names of fields such as rule.name look like domains.
func (d *document) keyed(fields map[string]json.RawMessage) bool {
	var names []string
	sure := false
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		i, no := indicator.Type(name)
		if no != nil || i.Kind == indicator.KindFile || i.Kind == indicator.KindSuffix {
			continue
		}
		names = append(names, name)
		value := bytes.TrimSpace(fields[name])
		sure = sure || i.Kind != indicator.KindDomain || len(value) > 0 && (value[0] == '{' || value[0] == '[')
	}
	if !sure || 2*len(names) < len(fields) {
		return false
	}
	for _, name := range names {
		about := map[string]json.RawMessage{}
		row := map[string]string{"indicator": name}
		if value := fields[name]; json.Unmarshal(value, &about) != nil {
			var t text
			_ = json.Unmarshal(value, &t)
			row["comment"] = strings.TrimSpace(string(t))
		}
		for field, value := range about {
			_, known := statedBy(field)
			var t text
			if known || slices.Contains(knownColumns["indicator"], columnName(field)) || json.Unmarshal(value, &t) != nil || strings.Contains(string(t), "://") {
				continue
			}
			row[field] = strings.TrimSpace(string(t))
		}
		d.rows = append(d.rows, row)
	}
	return true
}

// ofTexts tells whether a list holds texts or numbers.
func ofTexts(list []byte) bool {
	inner := bytes.TrimSpace(list[1:])
	return len(inner) > 0 && inner[0] != '{' && inner[0] != '['
}

func joined(list []text) string {
	out := make([]string, 0, len(list))
	for _, t := range list {
		out = append(out, string(t))
	}
	return strings.Join(out, "\n")
}

// holdsValue tells whether a record has an indicator of its own, so that what
// is nested in it only describes it.
func holdsValue(flat map[string]string) bool {
	header := slices.Sorted(maps.Keys(flat))
	cells := make([]string, 0, len(header))
	for _, name := range header {
		cells = append(cells, flat[name])
	}
	rows := []row{{cells: cells}}
	at := layoutOf(header, rows)
	for _, c := range at.values {
		if slices.Contains(knownColumns["indicator"], columnName(header[c.at])) {
			return true
		}
		if _, known := statedBy(header[c.at]); known {
			return true
		}
	}
	return false
}

// records reads the flat records as one table, whose header are all their names.
func (d *document) records() error {
	names := map[string]bool{}
	for _, flat := range d.rows {
		for name := range flat {
			names[name] = true
		}
	}
	header := slices.Sorted(maps.Keys(names))
	rows := make([]row, 0, len(d.rows))
	for _, flat := range d.rows {
		cells := make([]string, 0, len(header))
		for _, name := range header {
			cells = append(cells, flat[name])
		}
		rows = append(rows, row{cells: cells})
	}
	return d.r.table(header, rows, nil)
}
