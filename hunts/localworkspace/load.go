package localworkspace

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/footprint-soc/footprint/hunts/kql"
)

// LoadOptions are the choices of a caller of Load.
type LoadOptions struct {
	// Progress is called after each piece of a file, at most once at a time and
	// from any goroutine; nil says nothing.
	Progress func(Progress)
	// Workers is how many goroutines parse; 0 is one a processor.
	Workers int
}

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

// Load reads a directory of <Table>.ndjson or <Table>.csv, gzipped or not, one
// file a table; other files are left alone. Bad lines don't stop it: see
// Events.BadLines. An error means that nothing can be hunted: the directory is
// missing, not readable or holds no export, a file can't be opened, two files
// name one table, or ctx ended.
func Load(ctx context.Context, dir string, opts LoadOptions) (*Events, error) {
	files, err := findExports(dir)
	if err != nil {
		return nil, err
	}
	l := &loader{opts: opts, tables: map[string]*kql.Table{}}
	if l.opts.Workers <= 0 {
		l.opts.Workers = max(1, runtime.GOMAXPROCS(0))
	}
	for _, f := range files {
		l.total += f.size
	}
	for _, f := range files {
		if err := l.file(ctx, f); err != nil {
			return nil, err
		}
	}
	return newEvents(l.tables, l.bad, ticksTime(l.oldest), ticksTime(l.newest)), nil
}

// loader holds the state of one Load; files are read one after the other, each
// by all workers.
type loader struct {
	opts           LoadOptions
	tables         map[string]*kql.Table
	bad            []BadLine
	oldest, newest int64
	total, done    int64 // bytes on disk
	rows           atomic.Int64
	mu             sync.Mutex // one Progress at a time
}

// file loads one export. When a column turns up that the layout lacks, or does
// not fit its inferred type, the file is read again with a wider layout: rarer
// and simpler than tables that grow columns while several workers fill them.
func (l *loader) file(ctx context.Context, f export) error {
	bad := &badLines{file: f.name, table: f.table}
	defer func() { l.bad = append(l.bad, bad.list()...); l.done += f.size }()
	if f.fault != "" {
		bad.add(0, f.fault)
		return nil
	}
	lay, err := firstLayout(f)
	if err != nil {
		return fmt.Errorf("loading %s: %w", f.path, err)
	}
	rowsBefore := l.rows.Load()
	// Two passes see every value; the third is for a file that changes meanwhile.
	for range 3 {
		bad.named, bad.more = nil, 0
		l.rows.Store(rowsBefore)
		p := &pass{loader: l, file: f, layout: lay, bad: bad}
		if err := p.run(ctx); err != nil {
			return fmt.Errorf("loading %s: %w", f.path, err)
		}
		if len(p.unseen) == 0 || p.last {
			return p.keep()
		}
		lay = lay.widened(p.unseen)
	}
	return fmt.Errorf("loading %s: the file changes while it is read: copy it first", f.path)
}

// firstLayout looks at the first block of an NDJSON file, so that most files with
// undocumented columns need one pass only. What is wrong with the file is left
// for that pass to report.
func firstLayout(f export) (*layout, error) {
	lay := newLayout(f.table)
	if f.csv {
		return lay, nil
	}
	in, err := os.Open(f.path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = in.Close() }()
	text, err := plainText(in)
	if err != nil {
		return lay, nil //nolint:nilerr // the pass reports it
	}
	ctx, cancel := context.WithCancel(context.Background())
	blocks := make(chan block, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = newLineReader(text, func(int, string) {}).blocks(ctx, blocks, nil) // ended by cancel below
		close(blocks)
	}()
	rows := newJSONRows(lay)
	if b, ok := <-blocks; ok {
		rows.parse(b, func(int, string) {})
	}
	cancel()
	<-done
	return lay.widened(rows.seen), nil
}

// pass reads a file once.
type pass struct {
	loader *loader
	file   export
	layout *layout
	header *csvHeader
	bad    *badLines
	last   bool // nothing can be gained by another pass

	mu             sync.Mutex // guards what follows, and bad
	parts          []part
	unseen         map[string]guess
	oldest, newest int64
}

type part struct {
	seq   int
	table *kql.Table
}

// blockParser turns a block into rows.
type blockParser interface {
	parse(b block, bad func(line int, reason string))
	reader() *rowReader
	unseen() map[string]guess
}

func (p *pass) run(ctx context.Context) error {
	in, err := os.Open(p.file.path)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	counted := &countingReader{in: in}
	text, err := plainText(counted)
	if err != nil {
		p.report(0, err.Error())
		p.last = true
		return nil
	}
	lines := newLineReader(text, p.report)
	if p.file.csv {
		if ok := p.readHeader(lines); !ok {
			p.last = true
			return nil
		}
		lines.fields = len(p.header.columns)
	}
	return p.parallel(ctx, lines, counted)
}

// readHeader takes the header off a CSV file. Without one that names a time,
// nothing of the file can be used.
func (p *pass) readHeader(lines *lineReader) bool {
	for {
		data, line, err := lines.record()
		if len(bytes.TrimSpace(data)) > 0 {
			header, herr := readHeader(data, p.layout)
			if herr != nil {
				p.report(line, herr.Error()+"; nothing of this file is loaded")
				return false
			}
			p.header = header
			return true
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				p.report(line, fmt.Sprintf("the file can't be read: %v", err))
			}
			return false
		}
	}
}

func (p *pass) parallel(ctx context.Context, lines *lineReader, counted *countingReader) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	workers := p.loader.opts.Workers
	blocks := make(chan block, workers)
	free := make(chan []byte, 2*workers)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() { p.work(blocks, free, counted) })
	}
	err := lines.blocks(ctx, blocks, free)
	close(blocks)
	wg.Wait()
	return err
}

func (p *pass) work(blocks <-chan block, free chan<- []byte, counted *countingReader) {
	var parser blockParser
	if p.file.csv {
		parser = newCSVRows(p.layout, p.header)
	} else {
		parser = newJSONRows(p.layout)
	}
	for b := range blocks {
		parser.parse(b, p.report)
		r := parser.reader()
		p.add(part{seq: b.seq, table: r.builder.Table()}, r)
		select {
		case free <- b.data[:0]:
		default:
		}
		p.progress(counted.n.Load(), int64(r.rows))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for name, g := range parser.unseen() {
		if p.unseen == nil {
			p.unseen = map[string]guess{}
		}
		p.unseen[name] |= g
	}
}

func (p *pass) add(done part, r *rowReader) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.rows == 0 {
		return
	}
	p.parts = append(p.parts, done)
	if p.oldest == 0 || r.oldest < p.oldest {
		p.oldest = r.oldest
	}
	p.newest = max(p.newest, r.newest)
}

func (p *pass) report(line int, reason string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bad.add(line, reason)
}

func (p *pass) progress(bytesRead, rows int64) {
	l := p.loader
	sum := l.rows.Add(rows)
	if l.opts.Progress == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.opts.Progress(Progress{Table: p.file.table, Bytes: l.done + bytesRead, Total: l.total, Rows: sum})
}

// keep puts the blocks together in the order of the file, however the workers
// finished.
func (p *pass) keep() error {
	slices.SortFunc(p.parts, func(a, b part) int { return cmp.Compare(a.seq, b.seq) })
	tables := make([]*kql.Table, 0, len(p.parts)+1)
	for _, done := range p.parts {
		tables = append(tables, done.table)
	}
	if len(tables) == 0 {
		tables = append(tables, kql.NewBuilder(p.layout.table, p.layout.columns).Table())
	}
	l := p.loader
	l.tables[p.layout.table] = kql.Concat(p.layout.table, tables)
	if p.oldest != 0 && (l.oldest == 0 || p.oldest < l.oldest) {
		l.oldest = p.oldest
	}
	l.newest = max(l.newest, p.newest)
	return nil
}

func ticksTime(ticks int64) time.Time {
	if ticks == 0 {
		return time.Time{}
	}
	return kql.DatetimeTicks(ticks).AsTime()
}
