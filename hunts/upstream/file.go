package upstream

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/footprint-soc/footprint/hunts"
)

// File is one published query.
type File struct {
	ID, Title, Description string
	Connectors             []Connector
	Query                  string
	QueryLine              int               // of the file on which the query begins
	Entities               map[string]string // what entityMappings says: "Host.FullName" → its column
	Period                 time.Duration     // of an analytics rule: what one run of it covers
	Ours                   bool              // it has a footprint: block
	Notes                  []Note
}

// Connector names a data connector and the tables it fills.
type Connector struct {
	ID     string
	Tables []string
}

// Note is a slip that keeps nothing from being read.
type Note struct {
	Line int // 1-based; 0 when the file as a whole is meant
	Text string
}

// known are the keys of the two schemas; what else stands in a file is not read.
var known = strings.Fields(`id name description description-detailed severity status requiredDataConnectors queryFrequency queryPeriod
	triggerOperator triggerThreshold tactics relevantTechniques techniques subTechniques tags query entityMappings sentinelEntitiesMappings customDetails
	alertDetailsOverride eventGroupingSettings incidentConfiguration suppressionDuration suppressionEnabled version kind metadata footprint
	previous_version previousVersion displayName enabled createdBy author source schedule`)

var (
	guid  = regexp.MustCompile(`^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$`)
	fence = regexp.MustCompile("(?s)^\\s*```[a-zA-Z]*[ \t]*\r?\n(.*?)\r?\n?\\s*```\\s*$")
)

// Parse reads a file. The error says why no query can be had from it; an *At names
// its line.
func Parse(name string, text []byte) (File, error) {
	plain := strings.TrimPrefix(string(text), "\ufeff")
	if strings.EqualFold(path.Ext(name), ".kql") {
		return parseKQL(name, plain)
	}
	if err := hunts.PlainYAML([]byte(plain)); err != nil {
		return File{}, err
	}
	var doc map[string]any
	err := yaml.Unmarshal([]byte(plain), &doc)
	if err != nil && strings.Contains(err.Error(), "duplicate") {
		if yaml.UnmarshalWithOptions([]byte(plain), &doc, yaml.AllowDuplicateMapKey()) == nil {
			f, ferr := fromYAML(name, plain, doc)
			f.note(lineOfYAML(err), "a key stands there twice: the last one counts")
			return f, ferr
		}
	}
	if err != nil {
		doc, notes, ok := byKey(plain)
		if !ok {
			return File{}, yamlError(err)
		}
		f, ferr := fromYAML(name, plain, doc)
		f.Notes = append(f.Notes, notes...)
		return f, ferr
	}
	return fromYAML(name, plain, doc)
}

// byKey reads each key of the top level by itself: one that is no YAML keeps the others
// from nothing, as long as the query is among these. A file with a footprint: block is
// somebody's own work, which is mended rather than read in part.
func byKey(text string) (doc map[string]any, notes []Note, ok bool) {
	doc = map[string]any{}
	starts := topLevel.FindAllStringSubmatchIndex(text, -1)
	for i, at := range starts {
		end := len(text)
		if i+1 < len(starts) {
			end = starts[i+1][0]
		}
		key, line := text[at[2]:at[3]], 1+strings.Count(text[:at[0]], "\n")
		var part map[string]any
		err := yaml.Unmarshal([]byte(text[at[0]:end]), &part)
		switch _, there := doc[key]; {
		case key == "footprint":
			return nil, nil, false
		case err != nil:
			notes = append(notes, Note{line, fmt.Sprintf("%s is no YAML and is left out: %v", key, yamlError(err))})
		case there:
			notes = append(notes, Note{line, key + " stands there twice: the first one counts"})
		default:
			doc[key] = part[key]
		}
	}
	_, ok = doc["query"].(string)
	return doc, notes, ok
}

var topLevel = regexp.MustCompile(`(?m)^([A-Za-z][A-Za-z0-9_-]*):`)

// At is an error with the line of the file.
type At struct {
	Line   int
	Reason string
}

// Error is the reason; whoever shows it knows the file.
func (e *At) Error() string { return e.Reason }

func yamlError(err error) error {
	var syntax yaml.Error
	if errors.As(err, &syntax) && syntax.GetToken() != nil {
		return &At{Line: syntax.GetToken().Position.Line, Reason: syntax.GetMessage()}
	}
	return err
}

func lineOfYAML(err error) int {
	var at *At
	if errors.As(yamlError(err), &at) {
		return at.Line
	}
	return 0
}

func fromYAML(name, text string, doc map[string]any) (File, error) {
	f := File{ID: textOf(doc["id"]), Title: strings.TrimSpace(textOf(doc["name"])), Description: textOf(doc["description"]), Entities: map[string]string{}}
	_, f.Ours = doc["footprint"]
	f.QueryLine = LineOf(text, "query")
	for _, key := range slices.Sorted(maps.Keys(doc)) {
		if !slices.Contains(known, key) {
			f.note(LineOf(text, key), fmt.Sprintf("unknown field %q is not read", key))
		}
	}
	if !guid.MatchString(f.ID) && !f.Ours {
		f.note(LineOf(text, "id"), "id is no GUID, so that nobody can tell it from another query of this name")
	}
	if f.Title == "" && !f.Ours {
		f.Title = stem(name)
		f.note(LineOf(text, "name"), "name is missing: the file's name stands for it")
	}
	query, ok := doc["query"].(string)
	if !ok || strings.TrimSpace(query) == "" {
		return f, &At{Line: max(f.QueryLine, 1), Reason: "query is missing"}
	}
	f.Query = query
	if m := fence.FindStringSubmatch(query); m != nil {
		f.Query = m[1]
		f.note(f.QueryLine, "the query stands in a fence of Markdown, which is left out")
	}
	f.connectors(doc["requiredDataConnectors"])
	f.entities(doc["entityMappings"])
	if period := textOf(doc["queryPeriod"]); period != "" {
		if f.Period = duration(period); f.Period == 0 {
			f.note(LineOf(text, "queryPeriod"), fmt.Sprintf("queryPeriod %q is no time: write 14d or 6h", period))
		}
	}
	return f, nil
}

func (f *File) note(line int, text string) { f.Notes = append(f.Notes, Note{line, text}) }

func textOf(v any) string {
	switch x := v.(type) {
	case nil:
		return ""
	case string:
		return x
	}
	return fmt.Sprint(v)
}

func (f *File) connectors(v any) {
	list, _ := v.([]any)
	for _, item := range list {
		m, ok := item.(map[string]any)
		if !ok {
			continue
		}
		c := Connector{ID: textOf(m["connectorId"])}
		switch tables := m["dataTypes"].(type) {
		case []any:
			for _, t := range tables {
				c.Tables = append(c.Tables, textOf(t))
			}
		case string:
			c.Tables = append(c.Tables, tables)
		}
		f.Connectors = append(f.Connectors, c)
	}
}

func (f *File) entities(v any) {
	list, _ := v.([]any)
	for _, item := range list {
		m, _ := item.(map[string]any)
		fields, _ := m["fieldMappings"].([]any)
		for _, x := range fields {
			field, _ := x.(map[string]any)
			column := textOf(field["columnName"])
			key := textOf(m["entityType"]) + "." + textOf(field["identifier"])
			if _, there := f.Entities[key]; !there && identifier.MatchString(column) {
				f.Entities[key] = column
			}
		}
	}
}

var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,127}$`)

// parseKQL takes the comments at the head of a bare query for its description.
func parseKQL(name, text string) (File, error) {
	f := File{Title: stem(name), Query: text, QueryLine: 0, Entities: map[string]string{}}
	if m := fence.FindStringSubmatch(text); m != nil {
		f.Query = m[1]
	}
	var said []string
	for line := range strings.Lines(text) {
		comment, is := strings.CutPrefix(strings.TrimSpace(line), "//")
		if !is && strings.TrimSpace(line) != "" {
			break
		}
		if comment = strings.TrimSpace(comment); is && comment != "" {
			said = append(said, comment)
		}
	}
	f.Description = strings.Join(said, " ")
	if strings.TrimSpace(text) == "" {
		return f, errors.New("the file is empty")
	}
	return f, nil
}

func stem(name string) string {
	base := path.Base(name)
	return strings.TrimSpace(strings.TrimSuffix(base, path.Ext(base)))
}

// Name is the hunt's name that a file name makes: "RunDLL Suspicious Network
// Connection.yaml" is rundll-suspicious-network-connection.
func Name(file string) string {
	var b strings.Builder
	gap := false
	for _, c := range strings.ToLower(stem(file)) {
		switch {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			if gap && b.Len() > 0 {
				b.WriteByte('-')
			}
			gap = false
			b.WriteRune(c)
		default:
			gap = true
		}
	}
	name := b.String()
	if len(name) > maxName {
		name = name[:maxName]
		if cut := strings.LastIndexByte(name, '-'); cut > maxName/2 {
			name = name[:cut]
		}
	}
	return strings.Trim(name, "-")
}

// maxName bounds the name of a hunt.
const maxName = 60

// LineOf is the line of a key of the file's top level, 0 for none.
func LineOf(text, key string) int {
	for n, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, key+":") || strings.HasPrefix(line, `"`+key+`":`) {
			return n + 1
		}
	}
	return 0
}

var isoPart = regexp.MustCompile(`(\d+)([DHM])`)

// duration reads 14d, 6h, 30m, and P14D or PT6H as templates write them.
func duration(text string) time.Duration {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "P") {
		date, clock, _ := strings.Cut(text[1:], "T")
		sum := time.Duration(0)
		for _, m := range isoPart.FindAllStringSubmatch(date, -1) {
			sum += scaled(m[1], map[string]string{"D": "d"}[m[2]])
		}
		for _, m := range isoPart.FindAllStringSubmatch(clock, -1) {
			sum += scaled(m[1], map[string]string{"H": "h", "M": "m"}[m[2]])
		}
		return sum
	}
	if m := span.FindStringSubmatch(text); m != nil && m[0] == text {
		return scaled(m[1], m[2])
	}
	return 0
}
