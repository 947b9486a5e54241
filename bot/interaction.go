package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
)

// interaction is what a press, a choice, a submitted modal or a shortcut
// carries. Only the fields that are used are read: one unknown block inside the
// message must not make the press unreadable.
type interaction struct {
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
	View    view            `json:"view"`
	Message json.RawMessage `json:"message"`
}

// view is a submitted modal.
type view struct {
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

// field is what stands in one field of a modal, whatever its kind.
func (v view) field(block string) string {
	for _, x := range v.State.Values[block] {
		for _, s := range []string{x.Value, x.Option.Value, x.Date} {
			if s != "" {
				return strings.TrimSpace(s)
			}
		}
	}
	return ""
}

// chosen are the values ticked in some fields of a modal.
func (v view) chosen(blocks ...string) []string {
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

// ticked are the fields that boxes stand in.
func (v view) ticked() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(v.State.Values)), func(block string) bool { return !strings.HasPrefix(block, message.FieldHeld) })
}

// asker is who acts, and where. A press in a thread belongs to the thread.
func (i interaction) asker() hunts.Asker {
	name := i.User.Name
	if name == "" {
		name = i.User.Username
	}
	channel := i.Channel.ID
	if channel == "" {
		channel = i.Container.ChannelID
	}
	return hunts.Asker{Team: i.User.TeamID, User: i.User.ID, Name: name, Channel: channel, ThreadTS: i.thread()}
}

// thread is where an answer to the interaction goes: the thread of the message
// it came from.
func (i interaction) thread() string {
	if i.Container.ThreadTS != "" {
		return i.Container.ThreadTS
	}
	return i.Container.MessageTS
}

// handleInteraction answers buttons, menus, modals and shortcuts. External
// members see our messages in shared channels and can press our buttons, so
// each press is judged as a command is.
func (b *Bot) handleInteraction(ctx context.Context, key string, i interaction) error {
	who := i.asker()
	if err := b.admit(ctx, who, i.Type, ""); err != nil { // a modal belongs to no channel; its own is judged below
		return b.tell(err, func(m message.Message) error { return b.out.Whisper(ctx, who.Channel, who.User, i.ResponseURL, m) })
	}
	switch i.Type {
	case "block_actions":
		for n, a := range i.Actions {
			value := a.Value
			if a.Option.Value != "" {
				value = a.Option.Value
			}
			if err := b.act(ctx, fmt.Sprintf("%s:%d", key, n), i, message.ActionName(a.ActionID), value); err != nil {
				return err
			}
		}
	case "view_submission":
		return b.submitted(ctx, key, i)
	case "message_action":
		return b.messageAction(ctx, key, i)
	}
	return nil
}

func (b *Bot) opener(ctx context.Context, i interaction) opener {
	who := i.asker()
	return opener{b, i.TriggerID, func(m message.Message) error { return b.out.Whisper(ctx, who.Channel, who.User, i.ResponseURL, m) }}
}

// choose asks which of the indicators beside a mention that were left out are to be
// hunted.
func (b *Bot) choose(ctx context.Context, i interaction, a message.Action) error {
	var left []message.LeftOut
	for _, word := range strings.Fields(a.Indicator) {
		typed, refusal := indicator.Type(word)
		if refusal != nil {
			continue
		}
		why, _ := b.cfg.Guard.Check(typed)
		left = append(left, message.LeftOut{Indicator: typed, Why: why})
	}
	who := i.asker()
	form, ok := message.ChooseModal(modalPlace{Channel: who.Channel, Thread: who.ThreadTS, What: " " + a.Since}.text(), left)
	if !ok {
		return nil
	}
	return b.opener(ctx, i).open(ctx, form)
}

// act does what one button or option says.
func (b *Bot) act(ctx context.Context, key string, i interaction, name, value string) error {
	if name == message.ActionPortal {
		return nil // a link; Slack tells us that it was pressed
	}
	a, err := message.ParseAction(value)
	if err != nil {
		b.cfg.Log.InfoContext(ctx, "button of another version", "action", name, "error", err)
		return b.out.Whisper(ctx, i.asker().Channel, i.asker().User, i.ResponseURL, message.Refused("This button is from an older version; type the hunt again with /footprint.", b.view()))
	}
	if name == message.ActionLedger {
		return b.ledgerDo(ctx, key, i, a)
	}
	h, ok, err := b.cfg.Store.Hunt(ctx, a.Hunt)
	if err != nil {
		return err
	}
	if !ok && a.Hunt != "" {
		return b.out.Whisper(ctx, i.asker().Channel, i.asker().User, i.ResponseURL, message.Refused("This hunt is no longer remembered; type it again with /footprint.", b.view()))
	}
	ctx = about(ctx, h.ID)
	f := follow{bot: b, key: key, hunt: h, asker: i.asker(), responseURL: i.ResponseURL}
	switch name {
	case message.ActionFacet:
		if a.Filter != nil {
			return f.narrow(ctx, []hunts.Filter{*a.Filter})
		}
	case message.ActionWiden:
		return f.widen(ctx, "since="+a.Since)
	case message.ActionRefresh:
		return f.refresh(ctx)
	case message.ActionRetry:
		return f.retry(ctx)
	case message.ActionRunAgain:
		return f.again(ctx)
	case message.ActionCancel:
		return f.cancel(ctx)
	case message.ActionApprove, message.ActionRefuse:
		return f.decide(ctx, name == message.ActionApprove)
	case message.ActionMark:
		if _, err := b.policy.Foresee(ctx, i.asker(), hunts.Action{Name: "mark", Right: hunts.MayMark, HuntID: h.ID}); err != nil {
			return f.refused(ctx, err)
		}
		if a.Hunt == "" {
			return b.opener(ctx, i).markIndicator(ctx, a.Indicator, i.asker())
		}
		return b.opener(ctx, i).mark(ctx, h)
	case message.ActionWatch:
		return f.watch(ctx, a.Since)
	case message.ActionDevices:
		return f.devices(ctx)
	case message.ActionMore:
		return f.more(ctx, a.Do)
	case message.ActionShow:
		return f.show(ctx)
	case message.ActionPivot, message.ActionLineage:
		return f.pressed(ctx, name, a)
	case message.ActionChoose:
		return b.choose(ctx, i, a)
	case message.ActionRun:
		return f.run(ctx, a.Indicator)
	}
	return nil
}
