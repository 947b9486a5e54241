package runner

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/kql"
	"github.com/footprint-soc/footprint/hunts/request"
	"github.com/footprint-soc/footprint/hunts/upstream"
)

// maxFiles bounds a folder of hunts.
const maxFiles = 5000

// add reads the files of a folder and of those below it. Bare queries count only in
// folders of other people: our own .kql files are parts of queries.
func (c *Catalog) add(dir fs.FS, bare bool) []FileProblem {
	var problems []FileProblem
	files, err := huntFiles(dir, bare)
	if err != nil {
		return []FileProblem{{File: ".", Reason: err.Error()}}
	}
	for _, f := range files {
		text, err := fs.ReadFile(dir, f)
		if err != nil {
			problems = append(problems, FileProblem{File: f, Reason: err.Error()})
			continue
		}
		d, problem := ParseDefinition(f, text)
		if problem == nil {
			problem = c.named(&d)
		}
		if problem != nil {
			problems = append(problems, *problem)
			continue
		}
		c.byName[d.Name] = d
	}
	return problems
}

// huntFiles are the files of a folder that may hold a hunt, in the order of their names.
func huntFiles(dir fs.FS, bare bool) ([]string, error) {
	var files []string
	err := fs.WalkDir(dir, ".", func(at string, e fs.DirEntry, err error) error {
		switch base := path.Base(at); {
		case err != nil:
			return err
		case e.IsDir() && at != "." && strings.HasPrefix(base, "."):
			return fs.SkipDir
		case e.IsDir(), strings.HasPrefix(base, "exclusions."):
			return nil
		case len(files) == maxFiles:
			return fmt.Errorf("there are more than %d files: name a folder with fewer", maxFiles)
		}
		switch strings.ToLower(path.Ext(at)) {
		case ".yaml", ".yml":
			files = append(files, at)
		case ".kql":
			if bare {
				files = append(files, at)
			}
		}
		return nil
	})
	slices.Sort(files)
	return files, err
}

// named gives a hunt a name of its own: the second of two published queries that are
// called the same gets a number.
func (c *Catalog) named(d *Definition) *FileProblem {
	if _, taken := c.byName[d.Name]; !taken {
		return nil
	}
	if d.upstream.Ours {
		return &FileProblem{File: d.File, Reason: fmt.Sprintf("there is a hunt named %q already; rename the file", d.Name)}
	}
	for n := 2; ; n++ {
		name := fmt.Sprintf("%s-%d", d.Name, n)
		if _, taken := c.byName[name]; !taken {
			d.notes = append(d.notes, FileProblem{File: d.File, Reason: fmt.Sprintf("there is a hunt named %s already, so this one is %s", d.Name, name)})
			d.Name = name
			return nil
		}
	}
}

// ParseDefinition reads one hunt file: one of ours, with a footprint: block, or a
// published query. The problem names the line where the file can tell it.
func ParseDefinition(file string, text []byte) (Definition, *FileProblem) {
	d := Definition{Name: upstream.Name(file), File: file, text: string(text)}
	for name, into := range map[string]*string{"match.kql": &d.library, "rows.kql": &d.rows} {
		shipped, err := hunts.Shipped.ReadFile("catalog/" + name)
		if err != nil {
			return d, &FileProblem{File: file, Reason: err.Error()}
		}
		*into = string(shipped)
	}
	if problem := d.addExtras(); problem != nil {
		return d, problem
	}
	if d.Name == "" {
		return d, &FileProblem{File: file, Reason: "the file name becomes the hunt's name: use letters, digits and hyphens"}
	}
	f, err := upstream.Parse(file, text)
	d.upstream = f
	for _, n := range f.Notes {
		d.notes = append(d.notes, FileProblem{File: file, Line: n.Line, Reason: n.Text})
	}
	if err != nil {
		problem := &FileProblem{File: file, Reason: err.Error()}
		var at *upstream.At
		if errors.As(err, &at) {
			problem.Line = at.Line
		}
		return d, problem
	}
	d.ID, d.Title, d.Description, d.Query = f.ID, f.Title, f.Description, f.Query
	for _, c := range f.Connectors {
		d.RequiredDataConnectors = append(d.RequiredDataConnectors, Connector{ConnectorID: c.ID, DataTypes: c.Tables})
	}
	if f.Ours {
		if problem := d.block(text); problem != nil {
			return d, problem
		}
	}
	if d.behavior() {
		return d, d.infer()
	}
	return d, d.checkIndicators(text)
}

// addExtras reads what the body calls besides match.kql.
func (d *Definition) addExtras() *FileProblem {
	for _, x := range []struct {
		file  string
		calls []string
	}{{"urls.kql", []string{"url_matches(", "url_names("}}, {"sources.kql", []string{"devices_at(", "silent_at(", "calls_after("}}} {
		if !slices.ContainsFunc(x.calls, func(call string) bool { return strings.Contains(d.text, call) }) {
			continue
		}
		more, err := hunts.Shipped.ReadFile("catalog/" + x.file)
		if err != nil {
			return &FileProblem{File: x.file, Reason: err.Error()}
		}
		d.extras = append(d.extras, string(more))
	}
	return nil
}

// block reads the footprint: block, in which a slip would change what is searched: it
// is an error there.
func (d *Definition) block(text []byte) *FileProblem {
	parsed, err := parser.ParseBytes(text, 0)
	if err == nil {
		var at *yaml.Path
		if at, err = yaml.PathString("$.footprint"); err == nil {
			var node ast.Node
			if node, err = at.FilterFile(parsed); err == nil {
				err = yaml.NodeToValue(node, &d.Footprint, yaml.Strict())
			}
		}
	}
	var syntax yaml.Error
	switch {
	case err == nil:
	case errors.As(err, &syntax) && syntax.GetToken() != nil:
		return &FileProblem{File: d.File, Line: syntax.GetToken().Position.Line, Reason: syntax.GetMessage()}
	default:
		return &FileProblem{File: d.File, Line: lineOf(text, "footprint"), Reason: err.Error()}
	}
	if look := d.Footprint.Lookback; look != "" {
		if _, refusal := request.ParseDuration(look); refusal != nil {
			return &FileProblem{File: d.File, Line: lineOf(text, "lookback"), Reason: fmt.Sprintf("lookback %q is no time: write 14d", look)}
		}
	}
	return nil
}

// behavior tells a hunt for what happened from one for indicators.
func (d Definition) behavior() bool {
	b := d.Footprint
	return len(b.Needs) == 0 && len(b.Parameters) == 0 && b.Place == nil
}

// Behavior tells that the hunt looks for no indicator: its answer is the table of its
// own rows.
func (d Definition) Behavior() bool { return d.behavior() }

// Notes are slips of the file and what was inferred from its query where that
// surprises, each with its line.
func (d Definition) Notes() []FileProblem { return slices.Clone(d.notes) }

// OnlyWorkspace says why nobody but a workspace can tell whether the hunt works: the
// local evaluator does not know what its query uses. Empty where it does.
func (d Definition) OnlyWorkspace() string { return d.only }

func (d *Definition) note(line int, format string, args ...any) {
	d.notes = append(d.notes, FileProblem{File: d.File, Line: line, Reason: fmt.Sprintf(format, args...)})
}

// line turns a line of the query into one of the file.
func (d Definition) line(of int) int {
	if of <= 0 {
		return d.upstream.QueryLine
	}
	return d.upstream.QueryLine + of
}

// infer fills in what a published query does not say.
func (d *Definition) infer() *FileProblem {
	body, left := kql.Body(d.Query)
	if slices.Contains(left, "set") {
		d.note(d.line(0), "set is left out: it can't stand within a query")
	}
	if code := upstream.Code(body); !makesTimestamp.MatchString(code) || !strings.Contains(code, "TimeGenerated") {
		body = kql.ForSchema(body, kql.LogAnalytics)
	}
	d.Query = body
	q, err := kql.Parse(upstream.Filled(body, time.Unix(0, 0), time.Unix(0, 0)))
	var e *kql.Error
	if errors.As(err, &e) && !e.OnlyWorkspaceKnows() {
		if first, ok := firstQuery(body, e); ok {
			d.note(d.line(e.Line), "the file holds another query from here on, which is not read: a file holds one")
			body, d.Query = first, first
			q, err = kql.Parse(first)
		}
	}
	switch {
	case err == nil:
		d.calls = q.References()
	case errors.As(err, &e) && e.OnlyWorkspaceKnows():
		d.only = e.Message
	case errors.As(err, &e):
		return &FileProblem{File: d.File, Line: d.line(e.Line), Reason: "the query does not parse: " + e.Message}
	default:
		return &FileProblem{File: d.File, Reason: err.Error()}
	}
	f := d.upstream
	f.Query = body
	d.tables = f.Tables(d.calls)
	if d.Footprint.Table != "" {
		d.tables = slices.Compact(append([]string{d.Footprint.Table}, d.tables...))
	}
	if len(d.tables) > 0 {
		d.Footprint.Table = d.tables[0]
	}
	d.clock = upstream.ClockOf(body, d.calls)
	d.noteTime()
	for _, name := range append(d.Footprint.Columns.all(), d.Footprint.Key...) {
		if name != "" && !columnName.MatchString(name) {
			return &FileProblem{File: d.File, Line: lineOf([]byte(d.text), name), Reason: fmt.Sprintf("%q is not a column name", name)}
		}
	}
	return nil
}

// makesTimestamp: a column of that name which the query makes itself is not the time
// of the other schema where the query reads that as well.
var makesTimestamp = regexp.MustCompile(`\bTimestamp\s*=[^=~]`)

// firstQuery is the query before the place where nothing can go on: a file with the
// same query for two schemas holds the second behind a blank line.
func firstQuery(body string, e *kql.Error) (string, bool) {
	before := body[:min(e.Pos, len(body))]
	if strings.TrimSpace(before[strings.LastIndexByte(before, '\n')+1:]) != "" {
		return "", false // in the middle of a line
	}
	first, _ := kql.Body(before)
	_, err := kql.Parse(first)
	var wrong *kql.Error
	return first, err == nil || errors.As(err, &wrong) && wrong.OnlyWorkspaceKnows()
}

// checkIndicators looks at what a hunt for indicators must say itself.
func (d *Definition) checkIndicators(text []byte) *FileProblem {
	problem := func(key, reason string) *FileProblem {
		return &FileProblem{File: d.File, Line: lineOf(text, key), Reason: reason}
	}
	switch {
	case !guid.MatchString(d.ID):
		return problem("id", "id must be a GUID, as in every Sentinel hunting query")
	case strings.TrimSpace(d.Title) == "":
		return problem("name", "name is missing")
	case d.Footprint.Columns.Time == "" || d.Footprint.Columns.Device == "":
		return problem("columns", "footprint.columns needs at least time and device")
	case d.Footprint.Table == "":
		return problem("footprint", "footprint.table is missing: name the table whose coverage counts, e.g. DeviceNetworkEvents")
	}
	for _, name := range append(d.Footprint.Columns.all(), d.Footprint.Table) {
		if name != "" && !columnName.MatchString(name) {
			return problem(name, fmt.Sprintf("%q is not a column name", name))
		}
	}
	if p := d.checkParameters(problem); p != nil {
		return p
	}
	whole := d.kql(params{}, "", nil, "union total")
	_, err := kql.Parse(whole)
	var e *kql.Error
	switch {
	case err == nil:
	case errors.As(err, &e) && e.OnlyWorkspaceKnows():
		d.only = e.Message
	default:
		return d.syntaxProblem(text, whole, err)
	}
	if q, err := kql.Parse(strings.TrimRight(d.Query, "\n")); err == nil {
		d.calls = q.References()
	}
	d.clock = upstream.ClockOf(d.Query, d.calls)
	if why, whole := d.whole(); whole && d.Footprint.Whole == nil && d.Footprint.Place == nil {
		d.note(d.line(d.calls.Line(why)), "its window is searched in one piece, since it compares rows (%s); whole_window: false has it searched in parts", why)
	}
	return nil
}

func (d Definition) checkParameters(problem func(key, reason string) *FileProblem) *FileProblem {
	for _, p := range d.Footprint.Parameters {
		if !slices.Contains(parameterNames, p) {
			return problem(p, fmt.Sprintf("unknown parameter %q; known are %s", p, strings.Join(parameterNames, ", ")))
		}
		if !slices.ContainsFunc(append(readers[p], p), func(s string) bool { return strings.Contains(d.Query, s) }) {
			return problem(p, fmt.Sprintf("the query never reads the parameter %q", p))
		}
	}
	for _, n := range d.Footprint.Needs {
		if n != "remote" && n != "file" && n != "device" {
			return problem("needs", fmt.Sprintf("needs can hold remote, file and device, not %q", n))
		}
	}
	if p := d.Footprint.Place; p != nil {
		if say := p.check(); say != "" {
			return problem("place", say)
		}
	}
	return nil
}
