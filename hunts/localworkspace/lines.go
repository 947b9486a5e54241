package localworkspace

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
)

// maxLine bounds one record, in bytes. The longest rows a sensor writes are
// script contents of a few hundred kilobytes; what is longer is a damaged file,
// and must not be held in memory.
const maxLine = 8 << 20

// blockSize is how many bytes of whole records a worker parses at a time.
const blockSize = 2 << 20

// maxTornRecords is how many quoted CSV fields may run away (no closing quote, or
// a record that ends up with a wrong number of fields) before a record may no
// longer span lines at all. Looking ahead costs up to maxLine each time, so
// without it a file of stray quotes would take quadratic time.
const maxTornRecords = 20

// block is a run of whole records, in the order of the file.
type block struct {
	seq       int
	firstLine int // 1 is the first line of the file
	data      []byte
}

// lineReader cuts a stream into records and never holds more than maxLine of one.
type lineReader struct {
	in      *bufio.Reader
	pushed  []byte // given back, to be read before in
	scratch []byte
	line    int // number of the line last read
	torn    int
	fields  int // of a CSV record; 0 for lines that are records each
	bad     func(line int, reason string)
}

func newLineReader(in io.Reader, bad func(int, string)) *lineReader {
	return &lineReader{in: bufio.NewReaderSize(in, 1<<20), bad: bad}
}

// next gives the next physical line with its end, valid until the following
// call. An overlong one is reported and skipped. At the end the error is io.EOF,
// possibly with a last line.
func (r *lineReader) next() ([]byte, error) {
	if len(r.pushed) > 0 {
		r.line++
		end := bytes.IndexByte(r.pushed, '\n') + 1
		if end == 0 {
			end = len(r.pushed)
		}
		line := r.pushed[:end]
		r.pushed = r.pushed[end:]
		return line, nil
	}
	for {
		line, err := r.in.ReadSlice('\n')
		if err == nil || len(line) > 0 {
			r.line++
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
		r.scratch = append(r.scratch[:0], line...)
		for errors.Is(err, bufio.ErrBufferFull) && len(r.scratch) <= maxLine {
			line, err = r.in.ReadSlice('\n')
			r.scratch = append(r.scratch, line...)
		}
		if len(r.scratch) <= maxLine {
			return r.scratch, err
		}
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = r.in.ReadSlice('\n')
		}
		r.bad(r.line, fmt.Sprintf("longer than %d MB: skipped", maxLine>>20))
		if err != nil {
			return nil, err
		}
	}
}

// record gives the next record: a line, or as many lines as a quoted field of a
// CSV record spans. The number of its first line comes with it.
func (r *lineReader) record() (data []byte, line int, err error) {
	for {
		data, err = r.next()
		line = r.line
		if r.fields == 0 || len(data) == 0 || bytes.IndexByte(data, '"') < 0 {
			return data, line, err
		}
		var s csvScanner
		if s.scan(data); !s.open {
			return data, line, err
		}
		whole, ok, terr := r.span(data, &s, err)
		if ok {
			return whole, line, terr
		}
		if err != nil {
			return nil, line, err
		}
	}
}

// span reads on until the quoted field closes. When it does not, or the record
// then has a wrong number of fields, its first line alone is bad and the others
// are read again as records of their own.
func (r *lineReader) span(first []byte, s *csvScanner, err error) ([]byte, bool, error) {
	line := r.line
	whole := bytes.Clone(first)
	for s.open && err == nil && r.torn < maxTornRecords && len(whole) <= maxLine {
		var more []byte
		more, err = r.next()
		s.scan(more)
		whole = append(whole, more...)
	}
	if !s.open && !s.dirty && s.fields == r.fields {
		return whole, true, err
	}
	r.torn++
	reason := "a quoted field is not closed"
	if !s.open {
		reason = fmt.Sprintf("a quoted field runs over the line end, and then has text after its quote or the record %d fields where the header has %d", s.fields, r.fields)
	}
	r.bad(line, reason)
	if ahead := whole[len(first):]; len(ahead) > 0 {
		r.line = line
		r.pushed = append(ahead, r.pushed...)
	}
	return nil, false, nil
}

// blocks sends the records of the stream in blocks, and closes nothing. A read
// error (a truncated gzip stream) is a bad line: what was read stays.
func (r *lineReader) blocks(ctx context.Context, out chan<- block, free <-chan []byte) error {
	seq := 0
	var b block
	flush := func() error {
		if len(b.data) == 0 {
			return nil
		}
		b.seq = seq
		seq++
		select {
		case out <- b:
			b = block{}
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	next := 0 // line number that would continue the block
	for {
		data, line, err := r.record()
		broken := err != nil && !errors.Is(err, io.EOF)
		if len(data) > 0 && !broken {
			if line != next || len(b.data)+len(data) > blockSize {
				if ferr := flush(); ferr != nil {
					return ferr
				}
			}
			if b.data == nil {
				b.firstLine = line
				select {
				case b.data = <-free:
				default:
					b.data = make([]byte, 0, blockSize)
				}
			}
			b.data = append(b.data, data...)
			next = r.line + 1
		}
		if err == nil {
			continue
		}
		if broken {
			r.bad(r.line, fmt.Sprintf("the file is damaged here (%v): this line and the events after it are missing", err))
		}
		return flush()
	}
}
