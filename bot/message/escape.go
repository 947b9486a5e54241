package message

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
)

// none stands where data is empty: Slack refuses an empty cell or text.
const none = "–"

// clean makes text from outside safe to look at: control, direction and
// zero-width characters become visible instead of acting, line ends become
// one sign, every kind of blank becomes a blank. Dropping them would hide the
// trick that an analyst is looking for.
func clean(s string) string {
	if isPlain(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			b.WriteRune('\uFFFD')
		case r == '\t':
			b.WriteByte(' ')
		case r == '\r' && strings.HasPrefix(s[i:], "\r\n"):
			// the line feed that follows stands for both
		case r == '\n', r == '\r', r == '\u2028', r == '\u2029', r == '\u0085':
			b.WriteRune('⏎')
		case r < ' ':
			b.WriteRune('␀' + r)
		case r == 0x7f:
			b.WriteRune('␡')
		case acts(r):
			fmt.Fprintf(&b, "[U+%04X]", r)
		case unicode.Is(unicode.Zs, r):
			b.WriteByte(' ')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func isPlain(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// acts tells whether a rune changes how its neighbours look, or shows nothing:
// C1 controls, all format characters (direction marks, joiners, tags, byte
// order mark), and the letters that render as blanks.
func acts(r rune) bool {
	switch r {
	case 0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x2800, 0x3164, 0xFFA0:
		return true
	}
	return unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Co, r) ||
		(r >= 0xFE00 && r <= 0xFE0F) || (r >= 0xE0100 && r <= 0xE01EF)
}

// broadcast finds the words that notify a channel when a client, or a person
// who copies the message, sends them again.
var broadcast = regexp.MustCompile(`(?i)@(here|channel|everyone|group)\b`)

// fourNumbers finds an address that stands against a letter, as in v203.0.113.66,
// and could be copied from there.
var fourNumbers = regexp.MustCompile(`(\d{1,3}\.\d{1,3}\.\d{1,3})\.(\d{1,3})`)

// shown is text from outside as people see it: clean, defanged, without
// broadcast words, at most n characters. Cutting comes before defanging, for a
// megabyte need not be read, and after it, for defanging makes text longer.
func shown(s string, n int) string {
	s, cut := truncate(s, n)
	s = indicator.DefangText(clean(s))
	s = fourNumbers.ReplaceAllString(s, "$1[.]$2")
	s = broadcast.ReplaceAllString(s, "＠$1")
	if cut && !strings.HasSuffix(s, "…") {
		s += "…"
	}
	if s = cutText(s, n); strings.TrimSpace(s) == "" {
		return none
	}
	return s
}

// shownIndicator is an indicator as people see it.
func shownIndicator(value, kind string) string {
	defanged := indicator.Indicator{Kind: indicator.Kind(kind), Value: value}.Defanged()
	if kind == "" {
		defanged = indicator.Defang(value)
	}
	if strings.Contains(defanged, "://") {
		defanged = indicator.DefangText(defanged) // of a kind that has no scheme, and still brought one
	}
	defanged = broadcast.ReplaceAllString(clean(defanged), "＠$1")
	if defanged = cutText(defanged, maxShort); strings.TrimSpace(defanged) == "" {
		return none
	}
	return defanged
}

// shownRemote is a remote address or host as people see it: more than plain
// text, since even a name without a known top-level domain is one here.
func shownRemote(s string, n int) string {
	if s == "" {
		return none
	}
	return shown(indicator.Defang(cutText(s, n)), n)
}

// escapeMrkdwn takes the meaning from Slack's three control characters:
// https://docs.slack.dev/messaging/formatting-message-text#escaping
var escapeMrkdwn = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// codeMrkdwn also takes the backtick: it would end a code span of ours, or open
// one that swallows what follows.
var codeMrkdwn = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "`", "ˋ")

// userID is what Slack's own ids of users look like. Nothing else becomes a
// mention.
var userID = regexp.MustCompile(`^[UW][A-Z0-9]{2,30}$`)

// channelID is what Slack's ids of channels and direct messages look like.
var channelID = regexp.MustCompile(`^[CGD][A-Z0-9]{2,30}$`)

// appID is what Slack's ids of bots and apps look like.
var appID = regexp.MustCompile(`^[AB][A-Z0-9]{6,30}$`)

// huntID is what our own ids look like; anything else is shown as data.
var huntID = regexp.MustCompile(`^F-[2-9A-Z]{4,8}$`)

// fileStem is the name of a hunt's files, made of nothing but its id.
func fileStem(a hunts.Answer) string {
	if huntID.MatchString(a.HuntID) {
		return a.HuntID
	}
	return "hunt"
}

// safeURL admits only a link that we may make: https, and nothing in it that
// could end or relabel it.
func safeURL(s string) bool {
	return strings.HasPrefix(s, "https://") && utf8.RuneCountInString(s) <= maxURL &&
		!strings.ContainsAny(s, "<>|\"`\\ \t\r\n") && isPlain(s)
}
