package localslack

import (
	"encoding/json"
	"regexp"
	"strings"

	"golang.org/x/net/publicsuffix"
)

var (
	slackMarks = regexp.MustCompile(`<[@#!][^>]*>`)
	codeSpans  = regexp.MustCompile("(?s)```.*?```|`[^`\n]+`")
	// linkable is what may become a link: an address with a scheme, a mail address,
	// or something with dots, of which domain decides.
	linkable = regexp.MustCompile(`(?i)\bhttps?://[^\s<>"]+|[a-z0-9._%+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+|(?:[\p{L}\p{N}_-]+\.)+[\p{L}][\p{L}\p{N}-]*(?::\d{1,5})?(?:[/?#][^\s<>"]*)?`)
	escapes  = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
)

// piece is a stretch of a typed message.
type piece struct {
	text string // as it was typed
	mark string // a mention or the like, which stays as it is
	url  string // what it links to
	code bool
}

// pieces takes a typed message apart as Slack does: code is left alone, and what
// looks like an address becomes a link (docs.slack.dev/messaging/formatting-message-text).
func pieces(text string) []piece {
	var out []piece
	rest := func(s string, split func(string) []piece, at [][]int, mark func(string) piece) {
		last := 0
		for _, m := range at {
			out = append(out, split(s[last:m[0]])...)
			out = append(out, mark(s[m[0]:m[1]]))
			last = m[1]
		}
		out = append(out, split(s[last:])...)
	}
	outside := func(s string) []piece {
		var list []piece
		last := 0
		for _, m := range slackMarks.FindAllStringIndex(s, -1) {
			list = append(append(list, links(s[last:m[0]])...), piece{mark: s[m[0]:m[1]]})
			last = m[1]
		}
		return append(list, links(s[last:])...)
	}
	rest(text, outside, codeSpans.FindAllStringIndex(text, -1), func(s string) piece { return piece{text: s, code: true} })
	return out
}

// links finds what Slack makes a link of.
func links(text string) []piece {
	var out []piece
	last := 0
	for _, m := range linkable.FindAllStringIndex(text, -1) {
		word := strings.TrimRight(text[m[0]:m[1]], `.,;:!?)]}'"*_~`)
		url := linkOf(word)
		if url == "" || m[0] > 0 && strings.ContainsRune(`@\/=[`, rune(text[m[0]-1])) {
			continue
		}
		if m[0] > last {
			out = append(out, piece{text: text[last:m[0]]})
		}
		out = append(out, piece{text: word, url: url})
		last = m[0] + len(word)
	}
	if last < len(text) {
		out = append(out, piece{text: text[last:]})
	}
	return out
}

// linkOf is where a word links to; empty when it is no address for Slack.
func linkOf(word string) string {
	lower := strings.ToLower(word)
	switch {
	case strings.HasPrefix(lower, "http://"), strings.HasPrefix(lower, "https://"):
		return word
	case strings.Contains(word, "@"):
		return "mailto:" + word
	}
	host, _, _ := strings.Cut(lower, "/")
	host, _, _ = strings.Cut(host, "?")
	host, _, _ = strings.Cut(host, "#")
	host, _, _ = strings.Cut(host, ":")
	suffix, icann := publicsuffix.PublicSuffix(host)
	// the names reserved for examples stand for real ones here
	if host != suffix && (icann || suffix == "example") {
		return "http://" + word
	}
	return ""
}

// mangled is what Slack makes of a typed message: control characters escaped,
// addresses and domains wrapped.
func mangled(text string) string {
	var out strings.Builder
	for _, p := range pieces(text) {
		switch typed := escapes.Replace(p.text); {
		case p.mark != "":
			out.WriteString(p.mark)
		case p.url == "":
			out.WriteString(typed)
		case p.url == p.text:
			out.WriteString("<" + typed + ">")
		default:
			out.WriteString("<" + escapes.Replace(p.url) + "|" + typed + ">")
		}
	}
	return out.String()
}

// typedBlock is the block that a client sends beside what was typed.
func typedBlock(id, text string) json.RawMessage {
	var elements []any
	for _, p := range pieces(text) {
		kind, name, _ := strings.Cut(strings.Trim(p.mark, "<>"), "|")
		switch {
		case strings.HasPrefix(kind, "@"):
			elements = append(elements, answer{"type": "user", "user_id": kind[1:]})
		case strings.HasPrefix(kind, "#"):
			elements = append(elements, answer{"type": "channel", "channel_id": kind[1:]})
		case p.mark != "":
			elements = append(elements, answer{"type": "text", "text": name})
		case p.code:
			elements = append(elements, answer{"type": "text", "text": strings.Trim(p.text, "`"), "style": answer{"code": true}})
		case p.url == p.text && p.url != "":
			elements = append(elements, answer{"type": "link", "url": p.url})
		case p.url != "":
			elements = append(elements, answer{"type": "link", "url": p.url, "text": p.text})
		case p.text != "":
			elements = append(elements, answer{"type": "text", "text": p.text})
		}
	}
	data, err := json.Marshal(answer{"type": "rich_text", "block_id": id, "elements": []any{answer{"type": "rich_text_section", "elements": elements}}})
	if err != nil {
		return nil // of strings and maps it is never an error
	}
	return data
}
