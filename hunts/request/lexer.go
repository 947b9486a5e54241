package request

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/footprint-soc/footprint/hunts/indicator"
)

// item is one value of a word; quoted values are not cut at punctuation.
type item struct {
	text   string
	quoted bool
}

// word is key=item,item… or, without key, bare items.
type word struct {
	key   string // as typed
	items []item
}

// slackLink is Slack's own mark-up for links, mentions and channels
// (https://docs.slack.dev/messaging/formatting-message-text#retrieving-messages).
var slackLink = regexp.MustCompile(`<([^<>\s]+)>|<([^<>\s|]+)\|([^<>]*)>`)

// slackEscape are the three characters that Slack escapes. Repeated escaping
// ("&amp;amp;") is undone at once, so that reading twice changes nothing.
var slackEscape = regexp.MustCompile(`&(?:amp;)+(?:lt;|gt;)?|&(?:lt;|gt;)`)

// unmark undoes what chat clients do to text: links, mentions, escapes.
func unmark(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if strings.Contains(text, "<") {
		text = slackLink.ReplaceAllStringFunc(text, unlink)
	}
	if strings.Contains(text, "&") {
		text = slackEscape.ReplaceAllStringFunc(text, func(e string) string {
			switch {
			case strings.HasSuffix(e, "lt;"):
				return "<"
			case strings.HasSuffix(e, "gt;"):
				return ">"
			}
			return "&"
		})
	}
	return text
}

// unlink gives what a person typed for one <…>: the label when the client only
// made a link of it, the target when the two differ, because the target is
// where a click goes.
func unlink(markup string) string {
	target, label, _ := strings.Cut(markup[1:len(markup)-1], "|")
	switch {
	case target == "":
		return label
	case target[0] == '@' || target[0] == '!':
		return " " // a mention or a special such as !here is no part of a request
	case target[0] == '#':
		return "#" + label
	}
	if mail, ok := strings.CutPrefix(target, "mailto:"); ok {
		return mail
	}
	if tel, ok := strings.CutPrefix(target, "tel:"); ok {
		return tel
	}
	bare := strings.TrimPrefix(strings.TrimPrefix(target, "https://"), "http://")
	if label != "" && strings.TrimSuffix(bare, "/") == strings.TrimSuffix(strings.ToLower(indicator.Refang(label)), "/") && bare != target {
		return label
	}
	if label == "" && !strings.ContainsAny(target, ".:") {
		return markup
	}
	return target
}

// lexer cuts a request into words.
type lexer struct {
	src string
	at  int
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

func isSpace(c rune) bool {
	return unicode.IsSpace(c) || c == '\u200b' || c == '\ufeff' || c == '\u2060'
}

func (l *lexer) peek() (rune, int) { return utf8.DecodeRuneInString(l.src[l.at:]) }

func (l *lexer) skipSpace() {
	for l.at < len(l.src) {
		c, n := l.peek()
		if !isSpace(c) {
			return
		}
		l.at += n
	}
}

// next reads one word; ok is false at the end of the text.
func (l *lexer) next() (w word, ok bool, no *Refusal) {
	l.skipSpace()
	if l.at == len(l.src) {
		return word{}, false, nil
	}
	w.key = l.key()
	for {
		it, more, no := l.item(canonicalKey(indicator.Refang(w.key)))
		if no != nil {
			return word{}, false, no
		}
		if it.text != "" || it.quoted {
			w.items = append(w.items, it)
		}
		if !more {
			return w, true, nil
		}
		// "ip=203.0.113.1, 203.0.113.2": the list goes on behind the blank,
		// unless a key starts there.
		l.skipSpace()
		if l.at == len(l.src) || l.keyAhead() {
			return w, true, nil
		}
	}
}

// key reads "key=" and leaves the lexer alone when there is none.
func (l *lexer) key() string {
	rest := l.src[l.at:]
	for i, c := range rest {
		switch {
		case c == '=' || c == '＝':
			l.at += i + utf8.RuneLen(c)
			return rest[:i]
		case i > 32 || !(c < utf8.RuneSelf && isAlnum(byte(c))) && c != '_' && c != '-' && !indicator.IsDash(c) && !indicator.Invisible(c):
			return ""
		}
	}
	return ""
}

func (l *lexer) keyAhead() bool {
	probe := *l
	probe.key()
	return probe.at != l.at
}

// item reads one value; more is true when a comma follows it.
func (l *lexer) item(key string) (it item, more bool, no *Refusal) {
	if l.at == len(l.src) {
		return item{}, false, nil
	}
	if c, n := l.peek(); isDoubleQuote(c) || isSingleQuote(c) {
		text, size, closed := quotedText(l.src[l.at:], c)
		if !closed {
			if isSingleQuote(c) { // an apostrophe, then
				return l.plainItem(key)
			}
			return item{}, false, indicator.Refuse(key, l.src[l.at:], "the quote before %s is not closed: end the value with a quotation mark, as in why=\"ISAC tip\"", indicator.Show(l.src[l.at+n:]))
		}
		l.at += size
		tail, more, _ := l.plainItem(key)
		return item{text: text + strings.TrimRight(tail.text, ".;:!?)]}>"), quoted: true}, more, nil
	}
	return l.plainItem(key)
}

// plainItem reads up to a blank or a comma; a reason keeps its commas.
func (l *lexer) plainItem(key string) (item, bool, *Refusal) {
	start := l.at
	for l.at < len(l.src) {
		c, n := l.peek()
		if c == '，' || c == '、' || c == ',' {
			if key != "why" {
				text := l.src[start:l.at]
				l.at += n
				return item{text: text}, true, nil
			}
		}
		if isSpace(c) && !indicator.Invisible(c) {
			break
		}
		l.at += n
	}
	return item{text: l.src[start:l.at]}, false, nil
}

func isDoubleQuote(c rune) bool { return c == '"' || strings.ContainsRune("“”„‟«»＂", c) }

func isSingleQuote(c rune) bool { return c == '\'' || strings.ContainsRune("‘’‚‛", c) }

func startsQuoted(s string) bool {
	c, _ := utf8.DecodeRuneInString(s)
	return isDoubleQuote(c) || isSingleQuote(c)
}

// quotedText reads a quoted value. A straight quote is closed by a straight
// one, so that curly ones can stand inside; curly quotes are closed by any,
// because clients turn only some of them. A backslash escapes a quote or a
// backslash and is otherwise itself, as in Windows paths.
func quotedText(s string, open rune) (text string, size int, closed bool) {
	closes := func(c rune) bool { return c == open }
	switch {
	case open != '"' && isDoubleQuote(open):
		closes = isDoubleQuote
	case open != '\'' && isSingleQuote(open):
		closes = isSingleQuote
	}
	var b strings.Builder
	i := utf8.RuneLen(open)
	for i < len(s) {
		c, n := utf8.DecodeRuneInString(s[i:])
		if c == '\\' {
			if esc, m := utf8.DecodeRuneInString(s[i+1:]); esc == '\\' || isDoubleQuote(esc) || isSingleQuote(esc) {
				b.WriteRune(esc)
				i += 1 + m
				continue
			}
		}
		if closes(c) {
			return b.String(), i + n, true
		}
		b.WriteRune(c)
		i += n
	}
	if open == '"' && strings.ContainsAny(s[1:], "“”„‟") {
		return quotedCurly(s)
	}
	return "", 0, false
}

// quotedCurly reads a value opened straight and closed curly.
func quotedCurly(s string) (text string, size int, closed bool) {
	i := strings.IndexAny(s, "“”„‟")
	_, n := utf8.DecodeRuneInString(s[i:])
	return s[1:i], i + n, true
}
