package message

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"github.com/footprint-soc/footprint/hunts"
)

// spanKind tells how a span is shown.
type spanKind int

const (
	plainSpan spanKind = iota
	boldSpan
	codeSpan
	dateSpan
	userSpan
	channelSpan
	linkSpan // to a message of our own
)

// span is a piece of a line. Its text is safe to look at; each renderer adds
// the escaping of its own syntax.
type span struct {
	kind  spanKind
	text  string
	at    time.Time
	url   string
	today bool // the date of at goes without saying
}

// format is Slack's format of the date.
func (s span) format() string {
	if s.today {
		return "{time}"
	}
	return dateToken
}

// line is one line of a message, as spans.
type line []span

func (l line) and(s ...span) line { return append(l, s...) }

// dot appends spans behind the separator, unless the line is empty.
func (l line) dot(s ...span) line {
	if len(l) > 0 {
		l = append(l, ours(" · "))
	}
	return append(l, s...)
}

// ours is text that we wrote ourselves.
func ours(format string, args ...any) span {
	return span{text: fmt.Sprintf(format, args...)}
}

func bold(s string) span { return span{kind: boldSpan, text: s} }

// data is text from outside, set off as code.
func data(s string) span { return span{kind: codeSpan, text: shown(s, maxShort)} }

// sentence is prose from outside: reasons, notes, what people wrote.
func sentence(s string) span { return span{text: shown(s, maxSentence)} }

func quoted(s string) span { return span{text: `"` + shown(s, 2*maxShort) + `"`} }

func indicatorSpan(value, kind string) span {
	return span{kind: codeSpan, text: shownIndicator(value, kind)}
}

// at is an instant in the reader's own zone.
func at(t time.Time) span { return span{kind: dateSpan, at: t} }

// who mentions a person by our own record of their Slack id; any other name is
// shown as text.
func who(a hunts.Asker) span {
	if appID.MatchString(a.User) { // Slack has no mention of an app's own id
		if a.Name == "" || a.Name == a.User {
			return ours("an app")
		}
		return span{text: shown(a.Name, maxShort) + " (app)"}
	}
	if userID.MatchString(a.User) {
		return span{kind: userSpan, text: a.User}
	}
	name := a.Name
	if name == "" {
		name = a.User
	}
	return span{text: shown(name, maxShort)}
}

// permalink is what chat.getPermalink gives, and nothing else becomes a link of
// ours beside the portal's; the demo's Slack has no TLS.
var permalink = regexp.MustCompile(`^(https://[a-z0-9.-]+|http://127\.0\.0\.1:\d+)/(archives/[CGD][A-Z0-9]+/p\d+(\?thread_ts=[\d.]+(&cid=[CGD][A-Z0-9]+)?)?|#/[CGD][A-Z0-9]+/[\d.]+)$`)

// huntSpan is a hunt's id, as a link where its message has one.
func huntSpan(id, url string) span {
	s := ours("%s", shown(id, maxShort))
	if permalink.MatchString(url) && huntID.MatchString(id) {
		s.kind, s.url = linkSpan, url
	}
	return s
}

const (
	dateToken = "{date_short_pretty} {time}" //nolint:gosec // Slack calls this a token; it is a format
	// utcMinute is how a time is printed where no reader's zone is known.
	utcMinute = "2006-01-02 15:04 UTC"
)

func utc(t time.Time) string { return t.UTC().Format(utcMinute) }

// mrkdwn renders the line in Slack's mark-up, for text objects that are
// verbatim and for fallback texts that are sent with parse=none.
func (l line) mrkdwn() string {
	var b strings.Builder
	for _, s := range l {
		switch s.kind {
		case boldSpan:
			b.WriteString("*" + escapeMrkdwn.Replace(s.text) + "*")
		case codeSpan:
			b.WriteString("`" + codeMrkdwn.Replace(s.text) + "`")
		case dateSpan:
			// https://docs.slack.dev/messaging/formatting-message-text#date-formatting
			fmt.Fprintf(&b, "<!date^%d^%s|%s>", s.at.Unix(), s.format(), utc(s.at))
		case userSpan:
			b.WriteString("<@" + s.text + ">")
		case channelSpan:
			b.WriteString("<#" + s.text + ">")
		case linkSpan:
			b.WriteString("<" + escapeMrkdwn.Replace(s.url) + "|" + s.text + ">")
		default:
			b.WriteString(codeMrkdwn.Replace(s.text))
		}
	}
	return b.String()
}

// String is the line for a terminal or a file: no mark-up, times in UTC.
func (l line) String() string {
	var b strings.Builder
	for _, s := range l {
		if s.kind == dateSpan {
			b.WriteString(utc(s.at))
			continue
		}
		b.WriteString(s.text)
	}
	return b.String()
}

// richText renders lines as rich_text blocks, whose text elements Slack never
// reads as mark-up; as many blocks as their length asks for.
func richText(lines []line) []slack.Block {
	var blocks []slack.Block
	var elements []slack.RichTextSectionElement
	used := 0
	flush := func() {
		if len(elements) > 0 {
			blocks = append(blocks, slack.NewRichTextBlock("", slack.NewRichTextSection(elements...)))
		}
		elements, used = nil, 0
	}
	for _, l := range lines {
		l = l.fit(maxRichText - 1)
		size := utf8.RuneCountInString(l.String()) + 1
		if used+size > maxRichText {
			flush()
		}
		used += size
		if len(elements) > 0 {
			elements = append(elements, slack.NewRichTextSectionTextElement("\n", nil))
		}
		for _, s := range l {
			if s.kind == dateSpan || s.text != "" {
				elements = append(elements, s.element())
			}
		}
	}
	flush()
	return blocks
}

func (s span) element() slack.RichTextSectionElement {
	switch s.kind {
	case boldSpan:
		return slack.NewRichTextSectionTextElement(s.text, &slack.RichTextSectionTextStyle{Bold: true})
	case codeSpan:
		return slack.NewRichTextSectionTextElement(s.text, &slack.RichTextSectionTextStyle{Code: true})
	case dateSpan:
		fallback := utc(s.at)
		return slack.NewRichTextSectionDateElement(s.at.Unix(), s.format(), nil, &fallback)
	case userSpan:
		return slack.NewRichTextSectionUserElement(s.text, nil)
	case channelSpan:
		return slack.NewRichTextSectionChannelElement(s.text, nil)
	case linkSpan:
		return slack.NewRichTextSectionLinkElement(s.url, s.text, nil)
	}
	return slack.NewRichTextSectionTextElement(s.text, nil)
}

// fit keeps the spans that n characters can hold, and says that it cut.
func (l line) fit(n int) line {
	if utf8.RuneCountInString(l.String()) <= n {
		return l
	}
	room := n - 1 // for the ellipsis
	for i, s := range l {
		size := utf8.RuneCountInString(line{s}.String())
		if size <= room {
			room -= size
			continue
		}
		cut := append(line{}, l[:i]...)
		if s.kind != plainSpan {
			return append(cut, ours("…"))
		}
		return append(cut, span{text: cutText(s.text+" ", room+1)}) // the blank stands for the spans behind
	}
	return l
}

// sections renders lines as section blocks, as many as their length asks for.
func sections(lines []line) []slack.Block {
	var blocks []slack.Block
	var text string
	flush := func() {
		if text != "" {
			blocks = append(blocks, slack.NewSectionBlock(mrkdwnObject(text), nil, nil))
		}
		text = ""
	}
	for _, l := range lines {
		next := cutMarkup(l.mrkdwn(), maxSectionText)
		if text != "" && utf8.RuneCountInString(text)+1+utf8.RuneCountInString(next) > maxSectionText {
			flush()
		}
		if text != "" {
			text += "\n"
		}
		text += next
	}
	flush()
	return blocks
}

// mrkdwnObject is verbatim, so that Slack links nothing by itself.
func mrkdwnObject(s string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.MarkdownType, s, false, true)
}

func plainObject(s string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, s, false, false)
}
