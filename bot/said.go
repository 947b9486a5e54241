package bot

import (
	"encoding/json"
	"regexp"
	"strings"
)

// written is a message that somebody else wrote, as it comes in an event, with a
// shortcut, or when a thread is read. Only what is used is read: an unknown
// block inside must not make the rest unreadable.
type written struct {
	User        string            `json:"user"`
	BotID       string            `json:"bot_id"`
	AppID       string            `json:"app_id"`
	Subtype     string            `json:"subtype"`
	Text        string            `json:"text"`
	TS          string            `json:"ts"`
	ThreadTS    string            `json:"thread_ts"`
	Team        string            `json:"team"`
	UserTeam    string            `json:"user_team"`
	SourceTeam  string            `json:"source_team"`
	Blocks      json.RawMessage   `json:"blocks"`
	Attachments []json.RawMessage `json:"attachments"`
	Files       []file            `json:"files"`
}

// thread is the root of the thread that the message stands in, or begins.
func (m written) thread() string {
	if m.ThreadTS != "" {
		return m.ThreadTS
	}
	return m.TS
}

// foreign tells whether a message came from another company's workspace, by
// any of the fields that say so.
func (m written) foreign(team string) bool {
	for _, from := range []string{m.UserTeam, m.SourceTeam, m.Team} {
		if from != "" && from != team {
			return true
		}
	}
	return false
}

// content is everything that a message holds as text: what was typed, its
// blocks (rich text, sections, fields, tables, code) and its attachments. What
// Slack fetched from a link is not what somebody said, and is left out.
func (m written) content(self string) string {
	var out strings.Builder
	line := func(s string) {
		if s = strings.TrimSpace(s); s != "" {
			out.WriteString(s)
			out.WriteByte('\n')
		}
	}
	line(said(m.Text, self))
	var blocks any
	if json.Unmarshal(m.Blocks, &blocks) == nil {
		readBlock(blocks, 0, line)
	}
	for _, raw := range m.Attachments {
		readAttachment(raw, line)
	}
	return out.String()
}

// maxNesting bounds how deep blocks are read; Slack's own nest about eight deep.
const maxNesting = 32

// readBlock reads any block, element or text object.
func readBlock(v any, depth int, line func(string)) {
	if depth > maxNesting {
		return
	}
	list, ok := v.([]any)
	if ok {
		for _, item := range list {
			readBlock(item, depth+1, line)
		}
		return
	}
	block, ok := v.(map[string]any)
	if !ok {
		return
	}
	switch kind, _ := block["type"].(string); kind {
	case "actions", "input":
		return // labels of buttons and menus
	case "rich_text_section", "rich_text_preformatted", "rich_text_quote":
		line(richLine(block["elements"]))
		return
	case "mrkdwn", "plain_text", "raw_text", "markdown":
		text, _ := block["text"].(string)
		line(said(text, ""))
		return
	}
	for _, key := range []string{"title", "alt_text", "description"} {
		if text, ok := block[key].(string); ok {
			line(said(text, ""))
		}
	}
	for _, key := range []string{"title", "description", "text", "fields", "elements", "rows", "columns", "cells", "blocks"} {
		readBlock(block[key], depth+1, line)
	}
}

// richLine joins the elements of one section of rich text: a name may be spread
// over several, when part of it is bold.
func richLine(elements any) string {
	var out strings.Builder
	list, _ := elements.([]any)
	for _, item := range list {
		e, _ := item.(map[string]any)
		text, _ := e["text"].(string)
		switch kind, _ := e["type"].(string); kind {
		case "text", "raw_text":
			out.WriteString(text)
		case "link":
			url, _ := e["url"].(string)
			out.WriteString(linkText(url, text))
		default:
			out.WriteByte(' ') // people, channels, emoji, dates
		}
	}
	return out.String()
}

// linkText is what a link says: the word that Slack made it of, or its address
// and, where they differ, the label as well.
func linkText(url, label string) string {
	bare := strings.TrimPrefix(strings.TrimPrefix(url, "https://"), "http://")
	switch {
	case label == "", label == url:
		return url
	case strings.EqualFold(strings.TrimSuffix(bare, "/"), strings.TrimSuffix(label, "/")):
		return label
	}
	return url + " " + label
}

// readAttachment reads the older kind of rich message, and what was forwarded.
func readAttachment(raw json.RawMessage, line func(string)) {
	var a struct {
		FromURL string `json:"from_url"`
		Unfurl  string `json:"app_unfurl_url"`
		Message bool   `json:"is_msg_unfurl"`
		Share   bool   `json:"is_share"`

		Pretext   string `json:"pretext"`
		Author    string `json:"author_name"`
		Title     string `json:"title"`
		TitleLink string `json:"title_link"`
		Text      string `json:"text"`
		Fallback  string `json:"fallback"`
		Footer    string `json:"footer"`
		Fields    []struct {
			Title string `json:"title"`
			Value string `json:"value"`
		} `json:"fields"`
		Blocks any `json:"blocks"`
		Quoted []struct {
			Message struct {
				Blocks any `json:"blocks"`
			} `json:"message"`
		} `json:"message_blocks"`
	}
	if json.Unmarshal(raw, &a) != nil || (a.FromURL != "" || a.Unfurl != "") && !a.Message && !a.Share {
		return
	}
	had := false
	tell := func(s string) { had = had || strings.TrimSpace(s) != ""; line(s) }
	for _, s := range []string{a.Pretext, a.Author, a.Title, a.Text, a.Footer} {
		tell(said(s, ""))
	}
	if !a.Message && !a.Share {
		tell(a.TitleLink)
	}
	for _, f := range a.Fields {
		tell(said(f.Title, ""))
		tell(said(f.Value, ""))
	}
	readBlock(a.Blocks, 0, tell)
	for _, m := range a.Quoted {
		readBlock(m.Message.Blocks, 0, tell)
	}
	if !had {
		line(said(a.Fallback, ""))
	}
}

var (
	linked    = regexp.MustCompile(`<((?:https?|mailto):[^|>]+)(?:\|([^>]*))?>`)
	addressed = regexp.MustCompile(`<(?:@[UW][A-Z0-9]+|#C[A-Z0-9]+|!subteam\^[A-Z0-9]+)(?:\|[^>]*)?>`)
)

// said is what a person typed: Slack's mark-up of links undone, mentions taken
// out.
func said(text, self string) string {
	text = strings.ReplaceAll(text, "<@"+self+">", " ")
	text = addressed.ReplaceAllString(text, " ")
	text = linked.ReplaceAllStringFunc(text, func(s string) string {
		m := linked.FindStringSubmatch(s)
		return linkText(strings.TrimPrefix(m[1], "mailto:"), m[2])
	})
	return strings.TrimSpace(strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(text))
}
