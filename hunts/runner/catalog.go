package runner

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/kql"
	"github.com/footprint-soc/footprint/hunts/upstream"
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

	library string   // match.kql: what the body may call
	extras  []string // urls.kql, sources.kql: what it may call besides, where it does
	rows    string   // rows.kql: what goes behind a body that looks for behavior
	text    string   // the file

	upstream upstream.File
	tables   []string // that the query reads, the one whose coverage counts first
	clock    upstream.Clock
	calls    kql.References
	// notes are slips of the file, and what was inferred where it surprises.
	notes []FileProblem
	// only is why nobody but a workspace can tell whether the query works.
	only string

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
	Needs      []string `yaml:"needs"`      // "remote", "file": at least one must be given; empty looks for behavior
	Parameters []string `yaml:"parameters"` // of parameterNames; the others are not written
	Table      string   `yaml:"table"`      // whose freshness the coverage looks at
	Columns    Columns  `yaml:"columns"`
	// Place makes the hunt one of the places where the default hunt looks too.
	Place *PlaceBlock `yaml:"place"`
	// Unread is a query of its own: What (a column, or MD5, SHA1, SHA256, process),
	// Rows, Of and Example of the values that are searched and can't be read.
	Unread string `yaml:"unread"`
	// Whole runs the body once over its whole window; nil is inferred from the query.
	Whole *bool `yaml:"whole_window"`
	// Lookback is how far before its window the body reads: 14d.
	Lookback string `yaml:"lookback"`
	// Key are the columns by which a row is known in the next run of a schedule.
	Key []string `yaml:"key"`
	// Says is how an answer speaks of what is found: "ran it", or a noun and a verb.
	Says SaysBlock `yaml:"says"`
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

	PlaceColumns `yaml:",inline"`
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
	Err    error // of the query; nil where its text alone is wrong
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
	own, err := shipped()
	if err != nil {
		return nil, nil, err
	}
	c := *own
	c.byName = maps.Clone(own.byName)
	if extra == nil {
		return &c, nil, nil
	}
	return &c, c.add(extra, true), nil
}

// shipped reads the hunts of this build, which stay the same: once a process, since
// that takes longer than a hunt over a small export.
var shipped = sync.OnceValues(func() (*Catalog, error) {
	c := &Catalog{byName: map[string]Definition{}}
	own, err := fs.Sub(hunts.Shipped, "catalog")
	if err != nil {
		return nil, fmt.Errorf("opening the shipped hunts: %w", err)
	}
	if problems := c.add(own, false); len(problems) > 0 {
		return nil, fmt.Errorf("reading the shipped hunts: %w", problems[0])
	}
	for name, into := range map[string]*string{"summary.kql": &c.summary, "coverage.kql": &c.coverage, "survey.kql": &c.survey, "incident.kql": &c.incident, "lineage.kql": &c.lineage, "events.kql": &c.events, "place.kql": &c.place, "arrivals.kql": &c.arrivals, "tips.kql": &c.tips, "control.kql": &c.control, "sentinel-watchlist.kql": &c.watchlist} {
		text, err := fs.ReadFile(own, name)
		if err != nil {
			return nil, fmt.Errorf("reading the shipped %s: %w", name, err)
		}
		*into = string(text)
	}
	return c, nil
})

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

// namesTold is how many hunts a refusal names.
const namesTold = 12

// nearest are the hunts that somebody may have meant: all where there are few, else
// those with a word of the name.
func (c *Catalog) nearest(name string) string {
	all := c.Names()
	if len(all) <= namesTold {
		return strings.Join(all, ", ")
	}
	words := strings.FieldsFunc(name, func(r rune) bool { return r == '-' || r == '_' })
	score := func(n string) (hits int) {
		for _, w := range words {
			if strings.Contains(n, w) {
				hits++
			}
		}
		return hits
	}
	sort.SliceStable(all, func(i, j int) bool { return score(all[i]) > score(all[j]) })
	return fmt.Sprintf("%s and %d more", strings.Join(all[:namesTold], ", "), len(all)-namesTold)
}

// readers are what else in a body reads a parameter: the lists that are made
// from it, and the functions of match.kql.
var readers = map[string][]string{
	"nets": {"ip_texts", "ip_full", "ranges_v4", "ranges_v6", "is_address(", "in_ranges(", "maybe_address(", "matches("}, "domains": {"host_terms", "maybe_host(", "matches("}, "subdomains": {"host_terms", "maybe_host(", "matches("},
	"suffixes": {"suffix_pattern", "maybe_host(", "matches("}, "files": {"any_file"}, "hashes": {"any_file"},
}

var (
	columnName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,127}$`)
	guid       = regexp.MustCompile(`^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$`)
)

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
	return []string{c.Time, c.Device, c.Account, c.Process, c.CommandLine, c.Parent, c.RemoteIP, c.RemotePort, c.RemoteHost, c.Action, c.Outcome, c.Matched, c.Did, c.Recipient, c.Source, c.Gap, c.Connected}
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
