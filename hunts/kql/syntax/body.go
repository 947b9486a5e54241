package syntax

import "strings"

// Body is a query as a function of another query can hold it: what may stand only at
// the top of a text is blanked, so that every line keeps its number. left names what
// that was: render, set. A text that does not end well is given back as it is.
func Body(text string) (body string, left []string) {
	text = strings.TrimPrefix(text, "\ufeff")
	toks, err := lex(text)
	if err != nil {
		return text, nil
	}
	out := []byte(text)
	blank := func(from, to int) {
		for i := from; i < to; i++ {
			if out[i] != '\n' && out[i] != '\r' {
				out[i] = ' '
			}
		}
	}
	depth, begins := 0, true
	for i := 0; i < len(toks); i++ {
		t := toks[i]
		switch {
		case t.kind == tokEnd:
		case begins && depth == 0 && t.kind == tokName && t.text == "set":
			end := i
			for end < len(toks)-1 && !isPunct(toks[end], ";") {
				end++
			}
			blank(t.pos, toks[end].end)
			left = append(left, "set")
			i = end
			continue
		case isPunct(t, "(") || isPunct(t, "[") || isPunct(t, "{"):
			depth++
		case isPunct(t, ")") || isPunct(t, "]") || isPunct(t, "}"):
			depth--
		case depth == 0 && isPunct(t, "|") && i+1 < len(toks) && toks[i+1].kind == tokName && toks[i+1].text == "render":
			end := i
			for end < len(toks)-1 && !isPunct(toks[end], ";") && toks[end].kind != tokEnd {
				end++
			}
			blank(t.pos, toks[end].pos)
			left = append(left, "render")
			i = end - 1
		}
		begins = isPunct(t, ";")
	}
	for i := len(toks) - 2; i >= 0 && isPunct(toks[i], ";"); i-- {
		blank(toks[i].pos, toks[i].end)
	}
	return strings.TrimRight(string(out), " \t\r\n") + "\n", left
}

func isPunct(t token, text string) bool { return t.kind == tokPunct && t.text == text }
