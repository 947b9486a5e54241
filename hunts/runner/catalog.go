package runner

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"sort"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/kql"
)

// Definition is one hunt of the catalogue: the Azure-Sentinel hunting-query
// schema plus the footprint block. The query body is never edited; parameters
// reach it as let statements.
type Definition struct {
	Name                   string      `yaml:"-"` // file name without .yaml
	File                   string      `yaml:"-"`
	ID                     string      `yaml:"id"`
	Title                  string      `yaml:"name"`
	Description            string      `yaml:"description"`
	RequiredDataConnectors []Connector `yaml:"requiredDataConnectors"`
	Tactics                []string    `yaml:"tactics"`
	RelevantTechniques     []string    `yaml:"relevantTechniques"`
	Query                  string      `yaml:"query"`
	Footprint              Block       `yaml:"footprint"`

	library string // match.kql: what the body may call
	text    string // the file

	Version        string   `yaml:"version"`
	Tags           []any    `yaml:"tags"`
	EntityMappings []any    `yaml:"entityMappings"`
	Metadata       any      `yaml:"metadata"`
	Severity       string   `yaml:"severity"`
	Kind           string   `yaml:"kind"`
	Techniques     []string `yaml:"techniques"`
}

// Connector names a Sentinel data connector and the tables it fills.
type Connector struct {
	ConnectorID string   `yaml:"connectorId"`
	DataTypes   []string `yaml:"dataTypes"`
}

// Block is what footprint needs to know beyond the Sentinel schema.
type Block struct {
	Version    int      `yaml:"version"`
	Needs      []string `yaml:"needs"`      // "remote", "file": at least one must be given; empty asks for nothing
	Parameters []string `yaml:"parameters"` // of parameterNames; the others are not written
	Table      string   `yaml:"table"`      // whose freshness the coverage looks at
	Columns    Columns  `yaml:"columns"`
	// Place makes the hunt one of the places where the default hunt looks too.
	Place *PlaceBlock `yaml:"place"`
	// Unread is a query of its own: What (a column, or MD5, SHA1, SHA256, process),
	// Rows, Of and Example of the values that are searched and can't be read.
	Unread string `yaml:"unread"`
}

// Columns says which column of the query's result is what. Time and device are
// required, the rest may be empty.
type Columns struct {
	Time        string `yaml:"time"`
	Device      string `yaml:"device"`
	Account     string `yaml:"account"`
	Process     string `yaml:"process"`
	CommandLine string `yaml:"command_line"`
	Parent      string `yaml:"parent"`
	RemoteIP    string `yaml:"remote_ip"`
	RemotePort  string `yaml:"remote_port"`
	RemoteHost  string `yaml:"remote_host"`
	Action      string `yaml:"action"`
	Outcome     string `yaml:"outcome"`
	Matched     string `yaml:"matched"`
}

// Catalog holds the hunts by name.
type Catalog struct {
	byName   map[string]Definition
	summary  string
	coverage string
	survey   string
	control  string
	incident string
	lineage  string
	events   string
	place    string
	arrivals string

	tips, watchlist string
}

// FileProblem is one hunt file that was left out, and why.
type FileProblem struct {
	File   string
	Line   int // 1-based; 0 when the file as a whole is meant
	Reason string
}

// Error names the file, the line and the reason.
func (p FileProblem) Error() string {
	if p.Line > 0 {
		return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Reason)
	}
	return p.File + ": " + p.Reason
}

// LoadCatalog reads the shipped hunts and those of extra (nil for none). A file
// that is not valid is left out and named; the rest load. The error is about
// the shipped hunts only, and means a broken build.
func LoadCatalog(extra fs.FS) (*Catalog, []FileProblem, error) {
	c := &Catalog{byName: map[string]Definition{}}
	own, err := fs.Sub(hunts.Shipped, "catalog")
	if err != nil {
		return nil, nil, fmt.Errorf("opening the shipped hunts: %w", err)
	}
	if problems := c.add(own); len(problems) > 0 {
		return nil, problems, fmt.Errorf("reading the shipped hunts: %w", problems[0])
	}
	for name, into := range map[string]*string{"summary.kql": &c.summary, "coverage.kql": &c.coverage, "survey.kql": &c.survey, "incident.kql": &c.incident, "lineage.kql": &c.lineage, "events.kql": &c.events, "place.kql": &c.place, "arrivals.kql": &c.arrivals, "tips.kql": &c.tips, "control.kql": &c.control, "sentinel-watchlist.kql": &c.watchlist} {
		text, err := fs.ReadFile(own, name)
		if err != nil {
			return nil, nil, fmt.Errorf("reading the shipped %s: %w", name, err)
		}
		*into = string(text)
	}
	if extra == nil {
		return c, nil, nil
	}
	return c, c.add(extra), nil
}

// Get finds a hunt by its name.
func (c *Catalog) Get(name string) (Definition, bool) {
	d, ok := c.byName[strings.ToLower(name)]
	return d, ok
}

// Names are the hunts that people ask for, in alphabetical order: all but the
// places.
func (c *Catalog) Names() []string {
	names := make([]string, 0, len(c.byName))
	for n, d := range c.byName {
		if d.Footprint.Place == nil {
			names = append(names, n)
		}
	}
	sort.Strings(names)
	return names
}

// All are the hunts and the places, in alphabetical order.
func (c *Catalog) All() []Definition {
	return slices.SortedFunc(maps.Values(c.byName), func(a, b Definition) int { return strings.Compare(a.Name, b.Name) })
}

func (c *Catalog) add(dir fs.FS) []FileProblem {
	var problems []FileProblem
	files, err := fs.Glob(dir, "*.y*ml")
	if err != nil {
		return []FileProblem{{File: ".", Reason: err.Error()}}
	}
	sort.Strings(files)
	for _, f := range files {
		if strings.HasPrefix(path.Base(f), "exclusions.") {
			continue
		}
		text, err := fs.ReadFile(dir, f)
		if err != nil {
			problems = append(problems, FileProblem{File: f, Reason: err.Error()})
			continue
		}
		d, problem := ParseDefinition(f, text)
		if problem == nil {
			if _, taken := c.byName[d.Name]; taken {
				problem = &FileProblem{File: f, Reason: fmt.Sprintf("there is a hunt named %q already; rename the file", d.Name)}
			}
		}
		if problem != nil {
			problems = append(problems, *problem)
			continue
		}
		c.byName[d.Name] = d
	}
	return problems
}

// readers are what else in a body reads a parameter: the lists that are made
// from it, and the functions of match.kql.
var readers = map[string][]string{
	"nets": {"ip_texts", "ip_full", "ranges_v4", "ranges_v6", "is_address(", "in_ranges(", "maybe_address(", "matches("}, "domains": {"host_terms", "maybe_host(", "matches("}, "subdomains": {"host_terms", "maybe_host(", "matches("},
	"suffixes": {"suffix_pattern", "maybe_host(", "matches("}, "files": {"any_file"}, "hashes": {"any_file"},
}

var (
	huntName   = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,59}$`)
	columnName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,127}$`)
	guid       = regexp.MustCompile(`^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$`)
)

// ParseDefinition reads one hunt file. The problem names the line where the
// file can tell it.
func ParseDefinition(file string, text []byte) (Definition, *FileProblem) {
	var d Definition
	base := path.Base(file)
	d.Name = strings.ToLower(strings.TrimSuffix(base, path.Ext(base)))
	d.File = file
	library, err := hunts.Shipped.ReadFile("catalog/match.kql")
	if err != nil {
		return d, &FileProblem{File: file, Reason: err.Error()}
	}
	d.library, d.text = string(library), string(text)
	problem := func(key, reason string) *FileProblem {
		return &FileProblem{File: file, Line: lineOf(text, key), Reason: reason}
	}
	if err := hunts.PlainYAML(text); err != nil {
		return d, &FileProblem{File: file, Reason: err.Error()}
	}
	if err := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict()).Decode(&d); err != nil {
		line := 0
		var syntax yaml.Error
		if errors.As(err, &syntax) && syntax.GetToken() != nil {
			line = syntax.GetToken().Position.Line
			return d, &FileProblem{File: file, Line: line, Reason: syntax.GetMessage()}
		}
		return d, &FileProblem{File: file, Line: line, Reason: err.Error()}
	}
	switch {
	case !huntName.MatchString(d.Name):
		return d, problem("", "the file name becomes the hunt's name: use lower-case letters, digits and hyphens")
	case !guid.MatchString(d.ID):
		return d, problem("id", "id must be a GUID, as in every Sentinel hunting query")
	case strings.TrimSpace(d.Title) == "":
		return d, problem("name", "name is missing")
	case strings.TrimSpace(d.Query) == "":
		return d, problem("query", "query is missing")
	case d.Footprint.Columns.Time == "" || d.Footprint.Columns.Device == "":
		return d, problem("columns", "footprint.columns needs at least time and device")
	case d.Footprint.Table == "":
		return d, problem("footprint", "footprint.table is missing: name the table whose coverage counts, e.g. DeviceNetworkEvents")
	}
	for _, name := range append(d.Footprint.Columns.all(), d.Footprint.Table) {
		if name != "" && !columnName.MatchString(name) {
			return d, problem(name, fmt.Sprintf("%q is not a column name", name))
		}
	}
	for _, p := range d.Footprint.Parameters {
		if !slices.Contains(parameterNames, p) {
			return d, problem(p, fmt.Sprintf("unknown parameter %q; known are %s", p, strings.Join(parameterNames, ", ")))
		}
		if !slices.ContainsFunc(append(readers[p], p), func(s string) bool { return strings.Contains(d.Query, s) }) {
			return d, problem(p, fmt.Sprintf("the query never reads the parameter %q", p))
		}
	}
	for _, n := range d.Footprint.Needs {
		if n != "remote" && n != "file" && n != "device" {
			return d, problem("needs", fmt.Sprintf("needs can hold remote, file and device, not %q", n))
		}
	}
	if p := d.Footprint.Place; p != nil && (p.Name == "" || p.Verb == "" || p.Verdict != hunts.Seen && p.Verdict != hunts.Tried) {
		return d, problem("place", "footprint.place needs a name, a verb such as \"written\", and a verdict, SEEN or TRIED")
	}
	whole := d.kql(params{}, "", nil, "union total")
	if _, err := kql.Parse(whole); err != nil {
		return d, d.syntaxProblem(text, whole, err)
	}
	return d, nil
}

// syntaxProblem turns a place in the composed text into a line of the file.
func (d Definition) syntaxProblem(text []byte, whole string, err error) *FileProblem {
	p := &FileProblem{File: d.File, Line: lineOf(text, "query"), Reason: fmt.Sprintf("the query does not parse: %v", err)}
	var e *kql.Error
	if !errors.As(err, &e) {
		return p
	}
	p.Reason = "the query does not parse: " + e.Message
	body := strings.TrimRight(d.Query, "\n")
	start := strings.Index(whole, body)
	if at := e.Pos - start; at >= 0 && at <= len(body) {
		p.Line += 1 + strings.Count(body[:at], "\n") // the body begins below its key
	} else {
		if at, found := kql.Unclosed(body); found {
			p.Line += 1 + strings.Count(body[:at], "\n")
		}
		p.Reason += "; look for a bracket or a quote that is not closed"
	}
	return p
}

func (c Columns) all() []string {
	return []string{c.Time, c.Device, c.Account, c.Process, c.CommandLine, c.Parent, c.RemoteIP, c.RemotePort, c.RemoteHost, c.Action, c.Outcome, c.Matched}
}

// lineOf is the line of a key, or of the first mention of a value.
func lineOf(text []byte, key string) int {
	if key == "" {
		return 0
	}
	lines := strings.Split(string(text), "\n")
	for i, line := range lines {
		if strings.HasPrefix(strings.TrimSpace(line), key+":") {
			return i + 1
		}
	}
	for i, line := range lines {
		if strings.Contains(line, key) {
			return i + 1
		}
	}
	return 0
}
