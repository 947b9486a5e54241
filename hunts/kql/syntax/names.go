package syntax

// Names are the identifiers and the texts of a query: no column that is not
// among them is read by it, unless it takes all columns of a table.
func Names(query string) []string {
	l := &lexer{src: query}
	var names []string
	for l.next() == nil {
		switch t := l.out[len(l.out)-1]; t.kind {
		case tokName, tokString:
			names = append(names, t.text)
		case tokEnd:
			return names
		}
	}
	return names // what does not end well will not run either
}
