package localworkspace

import "bytes"

// csvScanner follows the quotes of RFC 4180 over the lines of one record. A quote
// opens a field only at its start, as spreadsheets and the portal write it; any
// other quote is text. encoding/csv is not used here: it can't tell where a
// record ends without decoding it, and gives up after a stray quote.
type csvScanner struct {
	open    bool // inside a quoted field
	inField bool // past the first byte of a field
	closed  bool // a quoted field closed, and no comma since
	dirty   bool // text follows a closing quote: a stray quote, if the record spans lines
	fields  int  // complete ones; correct once open is false at a line end
}

// scan reads one line with its end.
func (s *csvScanner) scan(line []byte) {
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case s.open:
			q := bytes.IndexByte(line[i:], '"')
			if q < 0 {
				return
			}
			i += q
			if i+1 < len(line) && line[i+1] == '"' {
				i++
			} else {
				s.open, s.inField, s.closed = false, true, true
			}
		case c == ',':
			s.fields++
			s.inField, s.closed = false, false
		case c == '"' && !s.inField:
			s.open = true
		case c == '\n':
			s.fields++
			s.inField, s.closed = false, false
			return
		default:
			s.inField = true
			s.dirty = s.dirty || s.closed && c != '\r'
		}
	}
	if !s.open {
		s.fields++ // the last line of a file may lack its end
	}
}

// csvFields cuts one record into fields, unquoted. The result shares the memory
// of the record, which is overwritten.
func csvFields(record []byte, fields [][]byte) [][]byte {
	record = trimLineEnd(record)
	for {
		if len(record) == 0 || record[0] != '"' {
			end := bytes.IndexByte(record, ',')
			if end < 0 {
				return append(fields, record)
			}
			fields = append(fields, record[:end])
			record = record[end+1:]
			continue
		}
		text, rest := unquoteField(record)
		fields = append(fields, text)
		if len(rest) == 0 {
			return fields
		}
		record = rest[1:]
	}
}

// unquoteField reads a field that starts with a quote; rest starts with the
// comma after it, or is empty. Text after the closing quote belongs to the field.
func unquoteField(record []byte) (text, rest []byte) {
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
		end := bytes.IndexByte(record[i:], ',')
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

// nextRecord cuts the first record off data, which holds whole records.
func nextRecord(data []byte) (record, rest []byte) {
	var s csvScanner
	for at := 0; at < len(data); {
		end := bytes.IndexByte(data[at:], '\n') + 1
		if end == 0 {
			end = len(data) - at
		}
		line := data[at : at+end]
		at += end
		if !s.open && bytes.IndexByte(line, '"') < 0 {
			return data[:at], data[at:]
		}
		if s.scan(line); !s.open {
			return data[:at], data[at:]
		}
	}
	return data, nil
}
