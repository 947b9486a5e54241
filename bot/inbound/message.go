package inbound

import (
	"encoding/json"
	"strings"
)

// File is a file that somebody shared.
type File struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Mode     string `json:"mode"`
	MIME     string `json:"mimetype"`
	Size     int    `json:"size"`
	URL      string `json:"url_private_download"`
	External bool   `json:"is_external"`
	Access   string `json:"file_access"`
}

// IsText: a snippet, or a file of text.
func (f File) IsText() bool {
	switch kind, _, _ := strings.Cut(f.MIME, ";"); kind {
	case "application/json", "application/xml", "application/x-ndjson", "application/csv", "application/yaml", "application/x-yaml":
		return true
	default:
		return f.Mode == "snippet" || strings.HasPrefix(kind, "text/")
	}
}

// Event is the inner event of an Events API payload.
type Event struct {
	Message
	Type      string   `json:"type"`
	Channel   string   `json:"channel"`
	DeletedTS string   `json:"deleted_ts"`
	Tab       string   `json:"tab"`              // of the App Home that somebody opened
	Edited    *Message `json:"message"`          // as an edit left it
	Previous  *Message `json:"previous_message"` // as it was
}

// Message is a message that somebody else wrote, as it comes in an event, with a
// shortcut, or when a thread is read. Only what is used is read: an unknown
// block inside must not make the rest unreadable.
type Message struct {
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
	Files       []File            `json:"files"`
}

// Thread returns the timestamp of the root message of the thread: the message itself
// when it starts one.
func (m Message) Thread() string {
	if m.ThreadTS != "" {
		return m.ThreadTS
	}
	return m.TS
}

// Foreign tells whether a message came from another company's workspace, by
// any of the fields that say so.
func (m Message) Foreign(team string) bool {
	for _, from := range []string{m.UserTeam, m.SourceTeam, m.Team} {
		if from != "" && from != team {
			return true
		}
	}
	return false
}

// Content is everything that a message holds as text: what was typed, its
// blocks (rich text, sections, fields, tables, code) and its attachments. What
// Slack fetched from a link is not what somebody said, and is left out.
func (m Message) Content(self string) string {
	var out strings.Builder
	line := func(s string) {
		if s = strings.TrimSpace(s); s != "" {
			out.WriteString(s)
			out.WriteByte('\n')
		}
	}
	line(PlainText(m.Text, self))
	var blocks any
	if json.Unmarshal(m.Blocks, &blocks) == nil {
		readBlock(blocks, 0, line)
	}
	for _, raw := range m.Attachments {
		readAttachment(raw, line)
	}
	return out.String()
}
