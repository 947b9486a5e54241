package inbound

import (
	"encoding/json"
	"regexp"
	"strings"
)

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
		line(PlainText(text, ""))
		return
	}
	for _, key := range []string{"title", "alt_text", "description"} {
		if text, ok := block[key].(string); ok {
			line(PlainText(text, ""))
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
		tell(PlainText(s, ""))
	}
	if !a.Message && !a.Share {
		tell(a.TitleLink)
	}
	for _, f := range a.Fields {
		tell(PlainText(f.Title, ""))
		tell(PlainText(f.Value, ""))
	}
	readBlock(a.Blocks, 0, tell)
	for _, m := range a.Quoted {
		readBlock(m.Message.Blocks, 0, tell)
	}
	if !had {
		line(PlainText(a.Fallback, ""))
	}
}

var (
	linked    = regexp.MustCompile(`<((?:https?|mailto):[^|>]+)(?:\|([^>]*))?>`)
	addressed = regexp.MustCompile(`<(?:@[UW][A-Z0-9]+|#C[A-Z0-9]+|!subteam\^[A-Z0-9]+)(?:\|[^>]*)?>`)
)

// PlainText is what a person typed: Slack's mark-up of links undone, mentions taken
// out.
func PlainText(text, self string) string {
	text = strings.ReplaceAll(text, "<@"+self+">", " ")
	text = addressed.ReplaceAllString(text, " ")
	text = linked.ReplaceAllStringFunc(text, func(s string) string {
		m := linked.FindStringSubmatch(s)
		return linkText(strings.TrimPrefix(m[1], "mailto:"), m[2])
	})
	return strings.TrimSpace(strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(text))
}
