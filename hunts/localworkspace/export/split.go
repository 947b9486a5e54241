package export

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// maxLine bounds one record, in bytes. The longest rows a sensor writes are
// script contents of a few hundred kilobytes; what is longer is a damaged file,
// and must not be held in memory.
const maxLine = 8 << 20

// blockSize is how many bytes of whole records a worker parses at a time.
const blockSize = 384 << 10

// block is a run of whole records, in the order of the file.
type block struct {
	seq     int
	data    []byte
	ends    []int          // of each record; nil when each line is one
	lines   []int          // of each record in the file, where it is known at once
	torn    map[int]string // records that can't be read, by their place in ends
	damage  string         // stands for one line that is skipped, with the reason
	columns []*header      // of records that are arrays of cells, one header for each
}

// splitter cuts a text into blocks. Workers call it one at a time.
type splitter interface {
	// next fills a block, whose memory it may use again; io.EOF is the end.
	next(b *block) error
}

// stream reads a text in pieces and remembers what is left of the last one.
type stream struct {
	in   io.Reader
	rest []byte // read and not given out
	err  error
	seq  int
	size int // of a block
}

// fill puts the rest and at least one more piece into a block, as long as there
// is one.
func (s *stream) fill(b *block, want int) {
	b.data = append(b.data[:0], s.rest...)
	s.rest = s.rest[:0]
	s.more(b, want)
}

func (s *stream) more(b *block, want int) {
	for len(b.data) < want && s.err == nil {
		if cap(b.data) < want {
			grown := make([]byte, len(b.data), want)
			copy(grown, b.data)
			b.data = grown
		}
		n, err := s.in.Read(b.data[len(b.data):want])
		b.data, s.err = b.data[:len(b.data)+n], err
	}
}

// cut gives the block its first n bytes and keeps the others.
func (s *stream) cut(b *block, n int) {
	s.rest = append(s.rest, b.data[n:]...)
	b.data = b.data[:n]
	b.seq = s.seq
	s.seq++
}

// damaged makes the block stand for a line that is skipped.
func (s *stream) damaged(b *block, reason string) {
	b.data, b.damage = b.data[:0], reason
	b.seq = s.seq
	s.seq++
}

func (s *stream) broken() bool { return s.err != nil && !errors.Is(s.err, io.EOF) }

func damageText(err error) string {
	return fmt.Sprintf("the file is damaged here (%v): this line and the events after it are missing", err)
}

const overlong = "longer than 8 MB: skipped"

// skipLine reads on to the end of a line that is too long to be held.
func (s *stream) skipLine() {
	piece := make([]byte, bufferSize)
	for s.err == nil {
		n, err := s.in.Read(piece)
		s.err = err
		if end := bytes.IndexByte(piece[:n], '\n'); end >= 0 {
			s.rest = append(s.rest[:0], piece[end+1:n]...)
			return
		}
	}
}

// lineSplitter cuts at line ends.
type lineSplitter struct {
	stream
	told bool // the damage at the end
}

func (s *lineSplitter) next(b *block) error {
	b.ends, b.lines, b.torn, b.damage, b.columns = nil, nil, nil, "", nil
	s.fill(b, max(s.size, len(s.rest)+1))
	for {
		end := bytes.LastIndexByte(b.data, '\n') + 1
		switch {
		case end > 0:
			s.cut(b, end)
			return nil
		case s.broken():
			if s.told {
				return io.EOF
			}
			s.told = true
			s.damaged(b, damageText(s.err))
			return nil
		case s.err != nil && len(b.data) == 0:
			return io.EOF
		case s.err != nil:
			if len(b.data) > maxLine {
				s.damaged(b, overlong)
				return nil
			}
			s.cut(b, len(b.data))
			return nil
		case len(b.data) > maxLine:
			s.skipLine()
			s.damaged(b, overlong)
			return nil
		}
		s.more(b, min(2*len(b.data), maxLine+1))
	}
}
