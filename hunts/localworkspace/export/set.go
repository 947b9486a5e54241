package export

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/footprint-soc/footprint/hunts/kql"
)

// Options are the choices of a caller of Open.
type Options struct {
	// Names are the tables and columns that queries will mention, as kql.Names
	// gives them: nothing else is read until a query asks for it. nil reads all.
	Names []string
	// Zone is that of times which carry none; nil is UTC, and Notes says so.
	Zone *time.Location
	// Dates says which number of a date is the day, for files that don't show it.
	Dates Order
	// Progress is called after each piece of a file, at most once at a time and
	// from any goroutine; nil says nothing.
	Progress func(Progress)
	// Workers is how many goroutines parse; 0 is one a processor.
	Workers int
	// MaxBytes bounds the memory of the cells; 0 is 2 GB.
	MaxBytes int64
}

// The orders of a date like 03/11/2026.
const (
	MonthFirst = monthFirst
	DayFirst   = dayFirst
)

// Progress says how far a load is.
type Progress struct {
	Table string
	Bytes int64 // read of the files as they lie on disk
	Total int64
	Rows  int64 // events so far
}

// String says it in one line, for a terminal.
func (p Progress) String() string {
	percent := int64(100)
	if p.Total > 0 {
		percent = p.Bytes * 100 / p.Total
	}
	return fmt.Sprintf("%s, %d events, %d %%", p.Table, p.Rows, percent)
}

// Set is the events of an export. It may be used by any number of queries at
// once; what they need is read when they first ask for it.
type Set struct {
	opts Options
	zone *time.Location

	mu     sync.Mutex // guards what follows
	files  []*file
	tables map[string]*kql.Table // as they were last built
	unread []Unread              // about files as such
	notes  []string
	used   int64
	total  int64
	done   int64
	rows   int64
	grown  sync.Mutex // guards used and rows while workers run
}

// file is one file of an export and what was read of it.
type file struct {
	in      *input
	table   string // that its name says
	loaded  bool
	want    wanted
	content *content
	bad     []BadLine // why it can't be read
}

// defaultMemory bounds the cells of an export.
const defaultMemory = 2 << 30

// Open reads a folder of exported events, or one file. What can't be read does
// not stop it: see BadLines and Unread. An error means that nothing can be
// hunted: there is no such folder, it holds no export, or ctx ended.
func Open(ctx context.Context, path string, opts Options) (*Set, error) {
	s := &Set{opts: opts, zone: opts.Zone, tables: map[string]*kql.Table{}}
	if s.zone == nil {
		s.zone = time.UTC
	}
	if s.opts.Workers <= 0 {
		s.opts.Workers = max(1, runtime.GOMAXPROCS(0))
	}
	if s.opts.MaxBytes <= 0 {
		s.opts.MaxBytes = defaultMemory
	}
	var left []string
	inputs, err := find(path, func(name, reason string) {
		left = append(left, name+": "+reason)
		s.unread = append(s.unread, Unread{Table: tableFromPath(name), Reason: name + " is left out: " + reason})
	})
	if err != nil {
		return nil, err
	}
	for _, in := range inputs {
		s.files = append(s.files, &file{in: in, table: tableFromPath(in.name)})
		s.total += in.size
	}
	if err := s.Want(ctx, opts.Names); err != nil {
		return nil, err
	}
	if len(s.Tables()) == 0 {
		for _, u := range s.unread {
			left = append(left, u.Reason)
		}
		why := ""
		if left = append(left, s.notes...); len(left) > 0 {
			why = ": " + left[0]
		}
		return nil, fmt.Errorf("no events in %s%s. Give a folder or a file with exported tables, like DeviceNetworkEvents.csv or .ndjson", path, why)
	}
	return s, nil
}

// Want reads what queries that mention these names need and was not read yet;
// nil is everything.
func (s *Set) Want(ctx context.Context, names []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var want wanted
	if names != nil {
		want = wanted{}
		for _, n := range names {
			want[n] = true
		}
	}
	if want != nil && len(s.files) > 1 {
		for _, name := range telling {
			want[name] = true
		}
	}
	for _, f := range s.files {
		if want == nil || f.table == "" || want[f.table] || f.isOf(want) {
			if err := s.load(ctx, f, want); err != nil {
				return err
			}
		}
	}
	return s.dedupe()
}

// isOf tells whether a file gave events to a table of that name.
func (f *file) isOf(want wanted) bool {
	if f.content == nil {
		return false
	}
	for table := range f.content.segments {
		if want[table] {
			return true
		}
	}
	return false
}

// load reads a file, or reads it again with more columns.
func (s *Set) load(ctx context.Context, f *file, want wanted) error {
	if f.loaded {
		if f.bad != nil || f.content == nil || f.want.covers(want, f.content) {
			return nil
		}
		want = f.want.with(want)
	}
	before := 0
	if f.content != nil {
		before = f.content.rows
		s.used -= f.content.size
	}
	content, err := s.readNamed(ctx, f, want)
	if ctx.Err() != nil {
		return fmt.Errorf("loading %s: %w", f.in.name, ctx.Err())
	}
	if err == nil && f.loaded && content.rows != before {
		err = errors.New("the file changed while it was read: copy it first")
	}
	first := !f.loaded
	f.loaded, f.want = true, want
	s.done += f.in.size
	clear(s.tables)
	if err != nil {
		s.refuse(f, err)
		return nil
	}
	f.content = content
	if first {
		s.describe(f)
	}
	return nil
}

// readNamed reads a file, once more when only its columns or its own name tell
// which table it is.
func (s *Set) readNamed(ctx context.Context, f *file, want wanted) (*content, error) {
	content, err := s.readFile(ctx, f, want)
	if err != nil || f.table != "" || content.homeless == 0 && !content.empty {
		return content, err
	}
	if f.table = tableByColumns(content.names); f.table != "" {
		s.notes = append(s.notes, fmt.Sprintf("%s names no table: its columns are those of %s.", f.in.name, f.table))
	} else if f.table = lastResort(f.in.name); f.table == "" {
		return content, nil
	}
	s.used -= content.size
	return s.readFile(ctx, f, want)
}

// refuse notes that a file can't be read.
func (s *Set) refuse(f *file, err error) {
	f.content = nil
	var header headerError
	var other errOtherFormat
	switch {
	case errors.As(err, &header):
		f.bad = []BadLine{{File: f.in.name, Line: header.line, Table: f.table, Count: 1, Reason: header.Error() + "; nothing of this file is loaded"}}
	case f.table != "":
		f.bad = []BadLine{{File: f.in.name, Table: f.table, Count: 1, Reason: err.Error()}}
	case errors.Is(err, errNoEvents), errors.As(err, &other) && !looksLikeData(f.in.name):
		s.notes = append(s.notes, fmt.Sprintf("%s is left out: it holds no events.", f.in.name))
	default:
		s.unread = append(s.unread, Unread{Reason: fmt.Sprintf("%s is left out: %v", f.in.name, err)})
	}
}

// describe notes what is odd about a file that was read.
func (s *Set) describe(f *file) {
	c, name := f.content, f.in.name
	say := func(format string, args ...any) { s.notes = append(s.notes, fmt.Sprintf(format, args...)) }
	each := func(rows int64, column, reason string) {
		for _, table := range slices.Sorted(maps.Keys(c.segments)) {
			s.unread = append(s.unread, Unread{Table: table, Column: column, Rows: rows, Reason: reason})
		}
	}
	switch {
	case c.homeless > 0 && c.rows == 0 && !looksLikeData(name):
		say("%s is left out: it holds no events.", name)
	case c.homeless > 0:
		s.unread = append(s.unread, Unread{Rows: c.homeless, Reason: fmt.Sprintf("%s: nothing says which table %s of it belong to: call the file after its table, like DeviceNetworkEvents%s", name, countOf(c.homeless, "record"), endingOf(name))})
	}
	if slices.Contains(rowLimits, c.rows) {
		each(int64(c.rows), "", fmt.Sprintf("%s holds exactly %s rows, which is where portals and APIs cut an answer off: export a shorter time", name, grouped(c.rows)))
	}
	if c.over {
		each(0, "", fmt.Sprintf("%s was read only to its event %s, where the memory of %d MB for an export is used up: give fewer files, or a shorter time", name, grouped(c.rows), s.opts.MaxBytes>>20))
	}
	if c.dates.undecided(s.opts.Dates) {
		reason := fmt.Sprintf("in %s a date like %s has two meanings, and no date of the file says whether the day or the month comes first: say --dates day-first or --dates month-first", name, c.dates.ambiguous)
		if c.dates.onlyDay != "" {
			reason = fmt.Sprintf("%s has dates with the day first (%s) and with the month first (%s): split it, or say --dates", name, c.dates.onlyDay, c.dates.onlyMonth)
		}
		each(0, TimeColumn, reason)
	}
	if c.local && s.opts.Zone == nil {
		say("The times in %s carry no zone and are read as UTC: --zone Europe/Berlin says another one.", name)
	}
	if c.latin {
		say("%s is not UTF-8: it is read as Windows-1252.", name)
	}
	switch {
	case c.empty:
		say("%s is empty.", name)
	case c.rows == 0 && c.homeless == 0 && len(c.bad) == 0, f.table == "" && c.homeless == 0 && len(c.segments) == 0:
		say("%s holds no events.", name)
	}
}

// covers tells whether everything wanted of a file is read.
func (w wanted) covers(more wanted, c *content) bool {
	if w == nil {
		return true
	}
	if more == nil {
		return false
	}
	for table := range c.segments {
		for _, column := range knownTables()[table] {
			if more[column.Name] && !w.column(column.Name) && !c.isMissing(table, column.Name) {
				return false
			}
		}
	}
	return true
}

func (w wanted) with(more wanted) wanted {
	if w == nil || more == nil {
		return nil
	}
	both := maps.Clone(w)
	maps.Copy(both, more)
	return both
}

// grow charges memory, and tells when it is used up.
func (s *Set) grow(n int64) (over bool) {
	s.grown.Lock()
	defer s.grown.Unlock()
	s.used += n
	return s.used > s.opts.MaxBytes
}

func (s *Set) progressed(f *file, rows int) {
	s.grown.Lock()
	defer s.grown.Unlock()
	s.rows += int64(rows)
	if s.opts.Progress != nil {
		name := f.table
		if name == "" {
			name = f.in.name
		}
		s.opts.Progress(Progress{Table: name, Bytes: s.done + min(f.in.read.Load(), f.in.size), Total: s.total, Rows: s.rows})
	}
}

// Tables are the names of the tables that there are files of, sorted.
func (s *Set) Tables() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := map[string]bool{}
	for _, f := range s.files {
		if f.content != nil {
			for table := range f.content.segments {
				names[table] = true
			}
		}
		if f.table != "" {
			names[f.table] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// BadLines names what could not be read so far, by file and line. At most 10 000
// of a file are named, then one entry counts the rest.
func (s *Set) BadLines() []BadLine {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []BadLine
	for _, f := range s.files {
		out = append(out, f.bad...)
		if f.content != nil {
			out = append(out, f.content.bad...)
		}
	}
	return out
}

// Notes are what a reader should know and what spoils nothing.
func (s *Set) Notes() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.notes)
}

// Unread is what the tables that were read so far lack.
func (s *Set) Unread() []Unread {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append(slices.Clone(s.unread), s.missingColumns()...)
}

// missingColumns names the documented columns that a file of a table lacks: those
// that its header does not name, or that none of its events has, since nothing
// tells a value that was empty from one that was never exported.
func (s *Set) missingColumns() []Unread {
	type lack struct{ table, column string }
	lacking := map[lack][]string{}
	for _, f := range s.files {
		if f.content == nil {
			continue
		}
		for table, seg := range f.content.segments {
			if seg.rows == 0 {
				continue
			}
			named := f.content.named(table)
			for _, c := range knownTables()[table] {
				if c.Name != TimeColumn && !named[strings.ToLower(c.Name)] {
					lacking[lack{table, c.Name}] = append(lacking[lack{table, c.Name}], f.in.name)
				}
			}
		}
	}
	var out []Unread
	for l, files := range lacking {
		slices.Sort(files)
		verb := " has"
		if len(files) > 1 {
			verb = " have"
		}
		out = append(out, Unread{Table: l.table, Column: l.column, Reason: filesText(files) + verb + " no column " + l.column})
	}
	slices.SortFunc(out, func(a, b Unread) int { return strings.Compare(a.Table+a.Column, b.Table+b.Column) })
	return out
}

// Span is the time of the oldest and of the newest event read so far; zero when
// there is none.
func (s *Set) Span() (oldest, newest time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	low, high := int64(math.MaxInt64), int64(0)
	for _, f := range s.files {
		if f.content == nil {
			continue
		}
		for _, seg := range f.content.segments {
			for i, at := range seg.ticks {
				if seg.dropped == nil || !seg.dropped[i] {
					low, high = min(low, at), max(high, at)
				}
			}
		}
	}
	if high == 0 {
		return time.Time{}, time.Time{}
	}
	return kql.DatetimeTicks(low).AsTime(), kql.DatetimeTicks(high).AsTime()
}

// Rows counts the events of a table.
func (s *Set) Rows(table string) int {
	if t, ok := s.Table(table); ok {
		return t.Len()
	}
	return 0
}
