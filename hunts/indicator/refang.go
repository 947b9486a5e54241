package indicator

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Refang undoes what people do to make an indicator harmless ("hxxp",
// "evil[.]example", "(dot)", "{.}", "[:]", "[at]", "evil\.example") and drops
// Invisible characters. Other text stays as it is. It undoes Defang exactly:
// Refang(Defang(v)) == v for every canonical value v.
func Refang(s string) string {
	if !needsRefang(s) {
		return s
	}
	r := refanger{src: s}
	r.run()
	return string(r.out)
}

func needsRefang(s string) bool {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= utf8.RuneSelf, c == '[', c == '(', c == '{', c == ']', c == '\\', c == ':', c == '^':
			return true
		case c == '/' && strings.HasSuffix(s[:i], "p/") || c == '/' && strings.HasSuffix(s[:i], "ps/"): // http//
			return true
		case (c == 'x' || c == 'X' || c == '*') && i > 0: // hxxp, fxp, h**p
			return true
		}
	}
	return false
}

// refanger rewrites src in one pass. With track set it remembers for each
// byte of out where it came from, and which bytes were defanged.
type refanger struct {
	src   string
	track bool
	out   []byte
	pos   []int32 // pos[i] is the offset in src of out[i]; one more at the end
	marks []int32 // offsets in out of characters that had been defanged
	spelt []int32 // offsets in out of dots that may as well be a word or a full stop
}

func (r *refanger) run() {
	r.out = make([]byte, 0, len(r.src))
	if r.track {
		r.pos = make([]int32, 0, len(r.src)+1)
	}
	for i := 0; i < len(r.src); {
		i += r.step(i)
	}
	if r.track {
		r.pos = append(r.pos, int32(len(r.src)))
	}
}

// put writes text that stands for src[at:].
func (r *refanger) put(text string, at int) {
	r.out = append(r.out, text...)
	if r.track {
		for range len(text) {
			r.pos = append(r.pos, int32(at))
		}
	}
}

// mark writes text that was found defanged.
func (r *refanger) mark(text string, at int) {
	if r.track {
		r.marks = append(r.marks, int32(len(r.out)))
	}
	r.put(text, at)
}

// step handles what starts at src[i] and returns how many bytes it took.
func (r *refanger) step(i int) int {
	switch c := r.src[i]; c {
	case '[', '(', '{':
		if text, n := bracketed(r.src[i:]); n > 0 {
			return r.bracket(i, text, n)
		}
		if n := r.halfBracket(i); n > 0 {
			return n
		}
	case ']':
		// The other half before its dot: evil].example
		if strings.HasPrefix(r.src[i+1:], ".") && r.strayBracket(i+2) {
			r.mark(".", i)
			return 2
		}
	case '.':
		// The other half: evil.]example
		if strings.HasPrefix(r.src[i+1:], "]") && r.afterWord() && lowerAt(r.src, i+2) {
			r.mark(".", i)
			return 2
		}
	case ':':
		// Windows users type http:\\evil.example, and browsers take it.
		if strings.HasPrefix(r.src[i+1:], `\\`) && wordAt(r.src, i+3) && endsInScheme(r.out) {
			r.mark("://", i)
			return 3
		}
	case '\\', '^':
		// A dot escaped for a regular expression or a shell: evil\.example, evil^.example
		if strings.HasPrefix(r.src[i+1:], ".") && r.afterWord() && wordAt(r.src, i+2) {
			r.mark(".", i)
			return 2
		}
	case ' ':
		if r.track {
			if m, ok := r.spelled(i); ok {
				return r.spell(i, m)
			}
		}
	case 'h', 'H', 'f', 'F', 'm', 'M', 't', 'T':
		if n := len(r.out); n == 0 || !isAlnum(r.out[n-1]) {
			if scheme, n := fangedScheme(r.src[i:]); n > 0 {
				r.mark(scheme, i)
				return n
			}
		}
	}
	if r.src[i] >= utf8.RuneSelf {
		return r.wide(i)
	}
	if r.track {
		if n := r.markup(i); n > 0 {
			return n
		}
		r.pos = append(r.pos, int32(i))
	}
	r.out = append(r.out, r.src[i])
	return 1
}

// markup undoes what chat clients and JSON do to text, for Extract.
func (r *refanger) markup(i int) int {
	rest := r.src[i:]
	switch rest[0] {
	case '<':
		return r.link(i)
	case '\\':
		if strings.HasPrefix(rest, `\/`) {
			r.put("/", i)
			return 2
		}
		if n := escapedBreak(rest); n > 0 {
			r.put(" ", i)
			return n
		}
		if text, n := entity(rest); n > 0 {
			r.put(text, i)
			return n
		}
	case '&':
		if text, n := entity(rest); n > 0 {
			r.put(text, i)
			return n
		}
	}
	return 0
}

// link handles "<target|label>". When the client only made a link of what was
// typed, the label is what was typed and the target is dropped; when they
// differ, both are looked at.
func (r *refanger) link(i int) int {
	if n := slackName(r.src[i:]); n > 0 {
		r.put(" ", i)
		return n
	}
	inner := r.src[i+1 : min(len(r.src), i+1+maxURLBytes)]
	bar := strings.IndexAny(inner, "|<> \t\n")
	if bar < 0 || inner[bar] != '|' {
		return 0
	}
	end := strings.IndexAny(inner[bar:], "<>\n")
	if end < 0 || inner[bar+end] != '>' {
		return 0
	}
	target, label := inner[:bar], inner[bar+1:bar+end]
	if mail, ok := strings.CutPrefix(target, "mailto:"); ok {
		target = mail
	}
	bare := strings.TrimPrefix(strings.TrimPrefix(target, "https://"), "http://")
	if !strings.EqualFold(strings.TrimSuffix(bare, "/"), strings.TrimSuffix(label, "/")) && target != label {
		return 0
	}
	r.put(" ", i)
	return 1 + bar + 1
}

// bracket writes what a bracketed mark stands for. "evil [.] example" loses
// the blanks on both sides as well, when they are single and between words.
func (r *refanger) bracket(i int, text string, n int) int {
	between := r.afterWord() && wordAt(r.src, i+n)
	if !between && (text == "@" && !r.spacedAt(i, n) || text == "?" || text == "-" || r.src[i+1] == ',') {
		r.put(r.src[i:i+n], i)
		return n
	}
	blank := strings.HasPrefix(r.src[i+n:], " ") && wordAt(r.src, i+n+1)
	if k := len(r.out); (text == "." || text == "@") && k > 1 && r.out[k-1] == ' ' && isWord(r.out[k-2]) && (blank || text == "." && wordAt(r.src, i+n)) {
		r.out = r.out[:k-1]
		if r.track {
			r.pos = r.pos[:k-1]
		}
		if blank {
			n++
		}
	} else if text == "." && blank && r.afterWord() && isCommonTLD(labelAt(r.src[i+n+1:])) {
		n++
	}
	r.mark(text, i)
	return n
}

// wide handles a character outside ASCII.
func (r *refanger) wide(i int) int {
	c, n := utf8.DecodeRuneInString(r.src[i:])
	next, _ := utf8.DecodeRuneInString(r.src[i+n:])
	prev, _ := utf8.DecodeLastRune(r.out)
	switch {
	case c == utf8.RuneError && n == 1:
		r.put("\uFFFD", i)
	case c == '\u200c' || c == '\u200d':
		// The joiners belong to some Persian and Indic names; next to ASCII
		// they are smuggled in.
		if prev < utf8.RuneSelf || next < utf8.RuneSelf || !unicode.IsLetter(next) || !(unicode.IsLetter(prev) || unicode.IsMark(prev)) {
			return n
		}
		r.put(r.src[i:i+n], i)
	case Invisible(c):
		return n
	case isWideDot(c) && r.afterWord() && wordAt(r.src, i+n) && (prev < utf8.RuneSelf) == (next < utf8.RuneSelf):
		r.mark(".", i)
	case r.track && IsDash(c) && r.afterWord() && wordAt(r.src, i+n):
		r.put("-", i)
	default:
		r.put(r.src[i:i+n], i)
	}
	return n
}

// spacedAt tells whether the "at" in brackets stands between blanks, and a name
// follows: "bob [at] evil [dot] com", but not "meet (at) noon".
func (r *refanger) spacedAt(i, n int) bool {
	k := len(r.out)
	if k < 2 || r.out[k-1] != ' ' || !isWord(r.out[k-2]) || !strings.HasPrefix(r.src[i+n:], " ") || !wordAt(r.src, i+n+1) {
		return false
	}
	next := r.src[i+n+1:]
	end := len(labelAt(next))
	after := strings.TrimPrefix(next[end:], " ")
	return strings.HasPrefix(next[end:], ".") || after != "" && strings.IndexByte("[({", after[0]) >= 0
}

func (r *refanger) afterWord() bool {
	return len(r.out) > 0 && isWord(r.out[len(r.out)-1])
}

// bracketed reads a defanging mark in brackets and returns what it stands for
// and how long it is; zero when there is none.
func bracketed(s string) (text string, n int) {
	closing := byte(']')
	switch s[0] {
	case '(':
		closing = ')'
	case '{':
		closing = '}'
	}
	if len(s) > 3 && s[1] == '.' && s[2] != closing && strings.IndexByte("[]()", s[2]) >= 0 && wordAt(s, 3) {
		return ".", 3 // closed by the wrong bracket: evil[.[example
	}
	// The longest mark is "[ punkt ]".
	end := strings.IndexByte(s[:min(len(s), 12)], closing)
	if end < 0 {
		return "", 0
	}
	switch inner := strings.ToLower(strings.Trim(s[1:end], " ")); inner {
	case ".", "dot", "punkt", "point":
		return ".", end + 1
	case "@", "at":
		return "@", end + 1
	case ":", "://", "//", "/", ":/", ":\\", ":\\\\", "?":
		// In round or curly brackets these are smileys and code.
		if closing == ']' {
			return strings.ReplaceAll(inner, "\\", "/"), end + 1
		}
	case "-", ",": // evil[-]site.example, evil[,]example
		if closing == ']' && end == 2 {
			return strings.ReplaceAll(inner, ",", "."), end + 1
		}
	}
	return "", 0
}

// Invisible are characters that no reader sees and that chat clients, PDF
// readers and attackers put into text.
func Invisible(c rune) bool {
	switch {
	case c == '\u00ad', c == '\u034f', c == '\u061c', c == '\u180e', c == '\ufeff':
		return true
	case c >= '\u200b' && c <= '\u200f', c >= '\u202a' && c <= '\u202e', c >= '\u2060' && c <= '\u206f':
		return true
	}
	return false
}

func isWideDot(c rune) bool { return c == '．' || c == '。' || c == '｡' }

func IsDash(c rune) bool {
	return (c >= '\u2010' && c <= '\u2015') || c == '\u2212' || c == '\ufe58' || c == '\ufe63' || c == '\uff0d'
}

func isWord(c byte) bool {
	return c >= utf8.RuneSelf || isAlnum(c)
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func wordAt(s string, i int) bool { return i < len(s) && isWord(s[i]) }

func lowerAt(s string, i int) bool {
	return i < len(s) && (s[i] >= 'a' && s[i] <= 'z' || s[i] >= '0' && s[i] <= '9')
}
