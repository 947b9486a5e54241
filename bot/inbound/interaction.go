package inbound

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/footprint-soc/footprint/hunts"
)

// Interaction is what a press, a choice, a submitted modal or a shortcut
// carries. Only the fields that are used are read: one unknown block inside the
// message must not make the press unreadable.
type Interaction struct {
	Type        string `json:"type"`
	CallbackID  string `json:"callback_id"`
	TriggerID   string `json:"trigger_id"`
	ResponseURL string `json:"response_url"`
	MessageTS   string `json:"message_ts"`
	Team        *struct {
		ID string `json:"id"`
	} `json:"team"`
	User struct {
		ID       string `json:"id"`
		Name     string `json:"name"`
		Username string `json:"username"`
		TeamID   string `json:"team_id"`
	} `json:"user"`
	Channel struct {
		ID string `json:"id"`
	} `json:"channel"`
	Container struct {
		MessageTS string `json:"message_ts"`
		ThreadTS  string `json:"thread_ts"`
		ChannelID string `json:"channel_id"`
	} `json:"container"`
	Actions []struct {
		ActionID string `json:"action_id"`
		Value    string `json:"value"`
		Option   struct {
			Value string `json:"value"`
		} `json:"selected_option"`
	} `json:"actions"`
	View    View            `json:"view"`
	Message json.RawMessage `json:"message"`
}

// View is a submitted modal.
type View struct {
	ID       string `json:"id"`
	Callback string `json:"callback_id"`
	Private  string `json:"private_metadata"`
	State    struct {
		Values map[string]map[string]struct {
			Value  string `json:"value"`
			Date   string `json:"selected_date"`
			Option struct {
				Value string `json:"value"`
			} `json:"selected_option"`
			Options []struct {
				Value string `json:"value"`
			} `json:"selected_options"`
		} `json:"values"`
	} `json:"state"`
}

// Field returns the value of one field of a modal: text, option or date.
func (v View) Field(block string) string {
	for _, x := range v.State.Values[block] {
		for _, s := range []string{x.Value, x.Option.Value, x.Date} {
			if s != "" {
				return strings.TrimSpace(s)
			}
		}
	}
	return ""
}

// Chosen are the values ticked in some fields of a modal.
func (v View) Chosen(blocks ...string) []string {
	var out []string
	for _, block := range blocks {
		for _, x := range v.State.Values[block] {
			for _, o := range x.Options {
				out = append(out, o.Value)
			}
		}
	}
	return out
}

// Ticked are the fields whose names begin so, which boxes stand in.
func (v View) Ticked(prefix string) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(v.State.Values)), func(block string) bool { return !strings.HasPrefix(block, prefix) })
}

// Asker is who acts, and where. A press in a thread belongs to the thread.
func (i Interaction) Asker() hunts.Asker {
	name := i.User.Name
	if name == "" {
		name = i.User.Username
	}
	channel := i.Channel.ID
	if channel == "" {
		channel = i.Container.ChannelID
	}
	return hunts.Asker{Team: i.User.TeamID, User: i.User.ID, Name: name, Channel: channel, ThreadTS: i.Thread()}
}

// Thread is where an answer to the interaction goes: the thread of the message
// it came from.
func (i Interaction) Thread() string {
	if i.Container.ThreadTS != "" {
		return i.Container.ThreadTS
	}
	return i.Container.MessageTS
}
