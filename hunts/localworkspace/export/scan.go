package export

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// wanted are the names that queries mention; nil is every name.
type wanted map[string]bool

func (w wanted) column(name string) bool {
	return w == nil || w[name] || name == TimeColumn || name == IngestionColumn // which queries ask for by a function
}

// telling are the columns by which the same event is known in two files.
var telling = []string{"DeviceId", "DeviceName", "ReportId"}

// scan is one reading of one file by all workers.
type scan struct {
	set      *Set
	in       *input
	table    string // of records that name none; empty when nothing says it
	want     wanted
	zone     *time.Location
	zoneSet  bool // somebody said the zone
	delim    byte // of CSV; 0 for JSON
	header   *header
	document bool // records know their lines
	// headerLines are those of the header and before it.
	headerLines int
	split       splitter
	homeless    atomic.Int64 // records without a table
	size        atomic.Int64
	over        atomic.Bool // the memory set for the export is used up
	mu          sync.Mutex  // one worker takes a block at a time
	ended       bool
}

func (s *scan) grow(n int64) {
	s.size.Add(n)
	if s.set.grow(n) {
		s.over.Store(true)
	}
}

// zoneOf is the zone of times that carry none, by the name of their column.
func (s *scan) zoneOf(name string) *time.Location {
	if _, zone := splitZone(name); zone != "" {
		if offset, zoned, ok := zoneOffset(zone); ok && zoned {
			return time.FixedZone(zone, int(offset.Seconds()))
		}
	}
	return s.zone
}

// take gives a worker the next block.
func (s *scan) take(b *block) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended || s.over.Load() {
		return false
	}
	if err := s.split.next(b); err != nil {
		s.ended = true
	}
	return !s.ended
}

// run reads the file with some workers.
func (s *scan) run(ctx context.Context, workers int, progress func(rows int)) ([]*worker, error) {
	made := make([]*worker, workers)
	var wg sync.WaitGroup
	for i := range made {
		made[i] = newWorker(s)
		wg.Go(func() {
			var b block
			for ctx.Err() == nil && s.take(&b) {
				progress(made[i].block(&b))
			}
		})
	}
	wg.Wait()
	return made, ctx.Err()
}

// errNoEvents means that a file can't hold events.
var errNoEvents = errors.New("no events")

// readFile reads a file, as far as queries want it.
func (s *Set) readFile(ctx context.Context, f *file, want wanted) (*content, error) {
	text, closeAll, err := f.in.open()
	if err != nil {
		return nil, err
	}
	defer closeAll()
	head, short := text.Peek(bufferSize)
	if err := knownFormat(head[:min(len(head), 512)]); err != nil {
		return nil, err
	}
	sc := &scan{set: s, in: f.in, table: f.table, want: want, zone: s.zone, zoneSet: s.opts.Zone != nil}
	size := blockSize
	if f.in.size < 4*blockSize && f.in.member == "" {
		size = max(4096, int(f.in.size/int64(s.opts.Workers))+1)
	}
	switch first := firstByte(head); {
	case first == 0 && short != nil && !errors.Is(short, io.EOF):
		return nil, fmt.Errorf("the file is damaged (%w), so it is not loaded", short)
	case first == 0:
		return &content{segments: map[string]*segment{}, empty: true}, nil
	case first == '{' && !isDocument(head):
		sc.split = &lineSplitter{stream: stream{in: text, size: size}}
	case first == '{' || first == '[':
		sc.document = true
		sc.split = newDocumentSplitter(text, size, func(names []string) *header { return &header{names: names} })
	case slices.Contains([]string{".ndjson", ".jsonl"}, endingOf(f.in.name)):
		sc.split = &lineSplitter{stream: stream{in: text, size: size}}
	default:
		if sc.delim, sc.header, sc.headerLines, err = readHeader(text, f.table != ""); err != nil {
			return nil, err
		}
		sc.split = &csvSplitter{stream: stream{in: text, size: size}, delim: sc.delim, fields: len(sc.header.names)}
	}
	done := func(rows int) { s.progressed(f, rows) }
	workers, err := sc.run(ctx, s.opts.Workers, done)
	if err != nil {
		return nil, err
	}
	return sc.collect(workers), nil
}

func firstByte(head []byte) byte {
	if i := skipSpace(head, 0); i < len(head) {
		return head[i]
	}
	return 0
}

// isDocument tells a JSON document that begins with a brace from NDJSON, whose
// first line is one whole event.
func isDocument(head []byte) bool {
	i := skipSpace(head, 0)
	if holdsEvents(head[i:], slices.Concat(holders, columnLists)) {
		return true
	}
	line := head[i:]
	if end := slices.Index(line, '\n'); end >= 0 {
		line = line[:end]
	} else {
		return false
	}
	if _, err := treeEnd(line, 0); err == nil {
		return false
	}
	// The first line is no whole object: a document that spans lines, or NDJSON
	// with a damaged first line.
	rest := head[i+len(line):]
	next := skipSpace(rest, 0)
	return next < len(rest) && rest[next] == '"'
}

// readHeader finds the header of a CSV file and what separates its fields.
func readHeader(text *bufio.Reader, named bool) (delim byte, h *header, lines int, err error) {
	for {
		head, _ := text.Peek(bufferSize)
		record, length := firstRecord(head)
		if length == 0 {
			return 0, nil, 0, errNoEvents
		}
		lines += bytes.Count(record, []byte{'\n'})
		line := string(trimLineEnd(record))
		_, _ = text.Discard(length)
		sep, isSep := strings.CutPrefix(strings.ToLower(line), "sep=")
		switch {
		case isSep && len(sep) == 1:
			delim = sep[0]
			continue
		case strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#TYPE "):
			continue
		case delim == 0:
			delim = delimiterOf(record)
		}
		h = &header{}
		for _, field := range csvFields(slices.Clone(record), delim, nil) {
			h.names = append(h.names, trimmed(string(field)))
		}
		return delim, h, lines, h.check(max(1, lines), line, named)
	}
}

// firstRecord is the first CSV record of a text.
func firstRecord(text []byte) (record []byte, length int) {
	s := csvSplitter{stream: stream{err: io.EOF}, delim: ','}
	end, _ := s.record(&block{data: text}, 0)
	return text[:end], end
}

// delimiterOf finds what separates the names of a header.
func delimiterOf(record []byte) byte {
	best, most := byte(','), 0
	for _, d := range []byte{',', ';', '\t', '|'} {
		if n := len(csvFields(slices.Clone(record), d, nil)); n > most {
			best, most = d, n
		}
	}
	return best
}

// check refuses a header that can't be that of events. A file whose name says its
// table is meant to be one, and the reason is for a person.
func (h *header) check(at int, line string, named bool) error {
	if len(h.names) > maxColumns {
		return headerError{at, fmt.Sprintf("more than %d columns: this is not an export of events", maxColumns)}
	}
	for _, name := range h.names {
		base, zone := splitZone(name)
		_, isTime := timeRank(fold(base))
		if !isTime {
			continue
		}
		if _, zoned, ok := zoneOffset(zone); zone != "" && !(ok && zoned) && !isLocalZone(zone) {
			return headerError{at, fmt.Sprintf("column %s is in [%s], a zone that is not known here: set the portal's time zone to UTC and export again", quoteShort(base), zone)}
		}
		return nil
	}
	if !named {
		return errNoEvents
	}
	return headerError{at, "the header has neither TimeGenerated nor Timestamp, it starts with " + quoteShort(line)}
}

func isLocalZone(zone string) bool { return strings.EqualFold(zone, "Local Time") }
