package indicator

import "strings"

// rowOf remembers what was found out about the line that begins at start.
type rowOf struct {
	start int
	sep   byte
	isRow bool
}

// maxRow is how much of a line is looked at to tell whether it is a row.
const maxRow = 2048

// cellEnds tells whether the comma or semicolon s[i] ends the cell of a table
// in which the URL that began at start stands, rather than being a part of the
// URL: a hash follows, the URL is a cell of its own, or its line and the one
// beside it have as many separators.
func (x *extractor) cellEnds(i, start int) bool {
	end := i + 1
	for end < len(x.s) && end-i <= 65 && isWord(x.s[end]) {
		end++
	}
	if HashKind(x.s[i+1:end]) != "" {
		return true
	}
	switch byteAt(x.s, start-1) {
	case x.s[i]:
		return true
	case 0, '\n':
		return x.inRow(start, x.s[i])
	}
	return false
}

// inRow tells whether the line that begins at start has as many separators as
// the one after or before it.
func (x *extractor) inRow(start int, sep byte) bool {
	if x.row.start == start && x.row.sep == sep {
		return x.row.isRow
	}
	line, rest := cutLine(x.s[start:])
	next, _ := cutLine(rest)
	previous := x.s[max(0, start-maxRow):max(0, start-1)]
	previous = previous[strings.LastIndexByte(previous, '\n')+1:]
	count := strings.Count(line, string(sep))
	x.row = rowOf{start, sep, count == strings.Count(next, string(sep)) || count == strings.Count(previous, string(sep))}
	return x.row.isRow
}

func cutLine(s string) (line, rest string) {
	s = s[:min(len(s), 2*maxRow)]
	line, rest, _ = strings.Cut(s, "\n")
	return line[:min(len(line), maxRow)], rest
}
