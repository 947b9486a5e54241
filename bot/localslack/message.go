package localslack

import (
	"encoding/json"
	"slices"
)

// Message is one message as the workspace keeps it.
type Message struct {
	TS          string              `json:"ts"`
	ThreadTS    string              `json:"thread_ts,omitempty"`
	Channel     string              `json:"channel"`
	User        string              `json:"user"`
	Text        string              `json:"text"`
	Blocks      []json.RawMessage   `json:"blocks,omitempty"`
	Attachments []json.RawMessage   `json:"attachments,omitempty"`
	Files       []File              `json:"files,omitempty"`
	Edited      int                 `json:"edited,omitempty"` // how often
	Ephemeral   string              `json:"ephemeral,omitempty"`
	Metadata    json.RawMessage     `json:"metadata,omitempty"`
	Reactions   map[string][]string `json:"reactions,omitempty"`
	Subtype     string              `json:"subtype,omitempty"`
	BotID       string              `json:"bot_id,omitempty"`
	AppID       string              `json:"app_id,omitempty"` // of another app
	Team        string              `json:"team,omitempty"`
	Parse       string              `json:"-"`
	Unfurls     bool                `json:"-"` // links or media would unfurl
}

// File is one uploaded file.
type File struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Title string `json:"title"`
	Size  int    `json:"size"`
	URL   string `json:"url_private"`
	// Download is the same address: only a token with files:read gets more than
	// the sign-in page there.
	Download string `json:"url_private_download,omitempty"`
	MIME     string `json:"mimetype,omitempty"`
	Mode     string `json:"mode,omitempty"`
	Alt      string `json:"alt_txt,omitempty"`
	Data     []byte `json:"-"`
}

func (m *Message) copy() Message {
	out := *m
	out.Blocks = slices.Clone(m.Blocks)
	out.Files = slices.Clone(m.Files)
	out.Reactions = map[string][]string{}
	for k, v := range m.Reactions {
		out.Reactions[k] = slices.Clone(v)
	}
	return out
}

func (c *Channel) find(ts string) *Message {
	for _, m := range c.messages {
		if m.TS == ts {
			return m
		}
	}
	return nil
}

// add puts a message into its channel. The caller holds mu.
func (w *Workspace) add(c *Channel, m *Message) {
	m.Channel = c.ID
	if m.TS == "" {
		m.TS = w.ts()
	}
	c.messages = append(c.messages, m)
	kind := "message"
	if m.Ephemeral != "" {
		kind = "ephemeral"
	}
	w.feed.send(kind, w.shownMessage(c, m))
	w.signal()
}

// Messages are the messages of the channel itself, threads left out.
func (c *Channel) Messages() []Message {
	return c.select_(func(m *Message) bool { return m.ThreadTS == "" || m.ThreadTS == m.TS })
}

// Thread is a message with its replies.
func (c *Channel) Thread(ts string) []Message {
	return c.select_(func(m *Message) bool { return m.TS == ts || m.ThreadTS == ts })
}

// All is every message of the channel, replies and ephemeral ones too.
func (c *Channel) All() []Message { return c.select_(func(*Message) bool { return true }) }

func (c *Channel) select_(want func(*Message) bool) []Message {
	c.workspace.mu.Lock()
	defer c.workspace.mu.Unlock()
	var out []Message
	for _, m := range c.messages {
		if want(m) {
			out = append(out, m.copy())
		}
	}
	return out
}
