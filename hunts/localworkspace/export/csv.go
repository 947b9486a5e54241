package export

import (
	"bytes"
	"fmt"
	"io"
)

// maxTornRecords is how many quoted CSV fields may run away (no closing quote, or
// a record that ends up with a wrong number of fields) before a record may no
// longer span lines at all. Looking ahead costs up to maxLine each time, so
// without it a file of stray quotes would take quadratic time.
const maxTornRecords = 20

// quotes follows the quotes of RFC 4180 over the lines of one record. A quote
// opens a field only at its start, as spreadsheets and the portal write it; any
// other quote is text. encoding/csv is not used here: it can't tell where a
// record ends without decoding it, and gives up after a stray quote.
type quotes struct {
	delim byte
	open  bool // inside a quoted field
	dirty bool // text follows a closing quote: a stray quote, if the record spans lines
}

// line reads one line with its end.
func (s *quotes) line(text []byte) {
	i := 0
	for i < len(text) {
		q := bytes.IndexByte(text[i:], '"')
		if q < 0 {
			return
		}
		q += i
		i = q + 1
		switch {
		case !s.open:
			s.open = q == 0 || text[q-1] == s.delim
		case i < len(text) && text[i] == '"':
			i++
		default:
			s.open = false
			if i < len(text) && text[i] != s.delim && text[i] != '\r' && text[i] != '\n' {
				s.dirty = true
			}
		}
	}
}

// csvFields cuts one record into fields, unquoted. The result shares the memory
// of the record, which is overwritten.
func csvFields(record []byte, delim byte, fields [][]byte) [][]byte {
	record = trimLineEnd(record)
	for {
		if len(record) == 0 || record[0] != '"' {
			end := bytes.IndexByte(record, delim)
			if end < 0 {
				return append(fields, record)
			}
			fields = append(fields, record[:end])
			record = record[end+1:]
			continue
		}
		text, rest := unquoteField(record, delim)
		fields = append(fields, text)
		if len(rest) == 0 {
			return fields
		}
		record = rest[1:]
	}
}

// unquoteField reads a field that starts with a quote; rest starts with the
// delimiter after it, or is empty. Text after the closing quote belongs to the
// field.
func unquoteField(record []byte, delim byte) (text, rest []byte) {
	q := bytes.IndexByte(record[1:], '"') + 1
	if q > 0 && (q+1 == len(record) || record[q+1] == delim) {
		return record[1:q], record[q+1:] // the plain case, without a copy
	}
	text = record[:0]
	i := 1
	for i < len(record) {
		q := bytes.IndexByte(record[i:], '"')
		if q < 0 {
			return append(text, record[i:]...), nil
		}
		text = append(text, record[i:i+q]...)
		i += q + 1
		if i < len(record) && record[i] == '"' {
			text = append(text, '"')
			i++
			continue
		}
		end := bytes.IndexByte(record[i:], delim)
		if end < 0 {
			return append(text, record[i:]...), nil
		}
		return append(text, record[i:i+end]...), record[i+end:]
	}
	return text, nil
}

func trimLineEnd(line []byte) []byte {
	line = bytes.TrimSuffix(line, []byte("\n"))
	return bytes.TrimSuffix(line, []byte("\r"))
}

// csvSplitter cuts at the ends of CSV records, which may span lines.
type csvSplitter struct {
	stream
	delim    byte
	fields   int // of a record; 0 as long as the header is not read
	tornSeen int
	told     bool
}

func (s *csvSplitter) next(b *block) error {
	b.ends, b.lines, b.torn, b.damage, b.columns = b.ends[:0], nil, nil, "", nil
	s.fill(b, max(s.size, len(s.rest)+1))
	from := 0
	for {
		end, torn := s.record(b, from)
		switch {
		case end > from:
			b.ends = append(b.ends, end)
			if torn != "" {
				if b.torn == nil {
					b.torn = map[int]string{}
				}
				b.torn[len(b.ends)-1] = torn
			}
			from = end
		case from > 0:
			s.cut(b, from)
			return nil
		case s.broken() && !s.told:
			s.told = true
			s.damaged(b, damageText(s.err))
			return nil
		case s.err != nil && len(b.data) <= maxLine:
			return io.EOF
		case len(b.data) > maxLine:
			s.skipLine()
			s.damaged(b, overlong)
			return nil
		default:
			s.more(b, min(2*max(len(b.data), s.size), maxLine+1))
		}
	}
}

// record finds the end of the record that begins at from; from itself means that
// its end is not read yet, or that there is none. A record whose quote runs away
// ends with its first line, and torn says so.
func (s *csvSplitter) record(b *block, from int) (end int, torn string) {
	first := s.lineEnd(b, from)
	if first == from || bytes.IndexByte(b.data[from:first], '"') < 0 {
		return first, ""
	}
	q := quotes{delim: s.delim}
	q.line(b.data[from:first])
	end = first
	for q.open && s.tornSeen < maxTornRecords && end-from <= maxLine {
		next := s.lineEnd(b, end)
		if next == end {
			if s.err == nil && len(b.data)-from <= maxLine {
				return from, "" // more of the file decides
			}
			break
		}
		q.line(b.data[end:next])
		end = next
	}
	switch {
	case !q.open && (end == first || !q.dirty && (s.fields == 0 || s.count(b.data[from:end]) == s.fields)):
		return end, ""
	case q.open:
		torn = "a quoted field is not closed"
	default:
		torn = fmt.Sprintf("a quoted field runs over the line end, and then has text after its quote or the record %d fields where the header has %d", s.count(b.data[from:end]), s.fields)
	}
	s.tornSeen++
	return first, torn
}

func (s *csvSplitter) count(record []byte) int {
	return len(csvFields(bytes.Clone(record), s.delim, nil))
}

// lineEnd is behind the line that begins at from; from itself when its end is not
// read yet.
func (s *csvSplitter) lineEnd(b *block, from int) int {
	if nl := bytes.IndexByte(b.data[from:], '\n'); nl >= 0 {
		return from + nl + 1
	}
	if s.err != nil && !s.broken() {
		return len(b.data) // the last line of a file may lack its end
	}
	return from
}
