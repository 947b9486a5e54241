package bot

import (
	"context"
	"fmt"
	"strings"

	"github.com/footprint-soc/footprint/bot/inbound"
	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
)

// handleInteraction answers buttons, menus, modals and shortcuts. External
// members see our messages in shared channels and can press our buttons, so
// each press is judged as a command is.
func (b *Bot) handleInteraction(ctx context.Context, key string, i inbound.Interaction) error {
	who := i.Asker()
	if err := b.admit(ctx, who, i.Type, ""); err != nil { // a modal belongs to no channel; its own is judged below
		return b.out.Tell(err, func(m message.Message) error { return b.out.Whisper(ctx, who.Channel, who.User, i.ResponseURL, m) })
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

func (b *Bot) opener(ctx context.Context, i inbound.Interaction) opener {
	who := i.Asker()
	return opener{b, i.TriggerID, func(m message.Message) error { return b.out.Whisper(ctx, who.Channel, who.User, i.ResponseURL, m) }}
}

// choose asks which of the indicators beside a mention that were left out are to be
// hunted.
func (b *Bot) choose(ctx context.Context, i inbound.Interaction, a message.Action) error {
	var left []message.LeftOut
	for _, word := range strings.Fields(a.Indicator) {
		typed, refusal := indicator.Type(word)
		if refusal != nil {
			continue
		}
		why, _ := b.cfg.Guard.Check(typed)
		left = append(left, message.LeftOut{Indicator: typed, Why: why})
	}
	who := i.Asker()
	form, ok := message.ChooseModal(message.FormPlace{Channel: who.Channel, Thread: who.ThreadTS, What: " " + a.Since}.Text(), left)
	if !ok {
		return nil
	}
	return b.opener(ctx, i).open(ctx, form)
}

// act does what one button or option says.
func (b *Bot) act(ctx context.Context, key string, i inbound.Interaction, name, value string) error {
	if name == message.ActionPortal {
		return nil // a link; Slack tells us that it was pressed
	}
	a, err := message.ParseAction(value)
	if err != nil {
		b.cfg.Log.InfoContext(ctx, "button of another version", "action", name, "error", err)
		return b.out.Whisper(ctx, i.Asker().Channel, i.Asker().User, i.ResponseURL, message.Refused("This button is from an older version. Type the hunt again after /footprint.", b.view()))
	}
	if name == message.ActionLedger {
		return b.buttons.Press(ctx, key, i, a)
	}
	h, ok, err := b.cfg.Store.Hunt(ctx, a.Hunt)
	if err != nil {
		return err
	}
	if !ok && a.Hunt != "" {
		return b.out.Whisper(ctx, i.Asker().Channel, i.Asker().User, i.ResponseURL, message.Refused("This hunt has expired. Type it again after /footprint.", b.view()))
	}
	ctx = about(ctx, h.ID)
	f := follow{bot: b, key: key, hunt: h, asker: i.Asker(), responseURL: i.ResponseURL}
	if name == message.ActionHit {
		name = map[string]string{message.HitHunt: message.ActionRun, message.HitMark: message.ActionMark}[a.Do]
	}
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
		if _, err := b.policy.Foresee(ctx, i.Asker(), hunts.Action{Name: "mark", Right: hunts.MayMark, HuntID: h.ID}); err != nil {
			return f.refused(ctx, err)
		}
		if a.Hunt == "" {
			return b.opener(ctx, i).markIndicator(ctx, a.Indicator, i.Asker())
		}
		return b.opener(ctx, i).mark(ctx, h)
	case message.ActionWatch:
		return f.watch(ctx, a.Since)
	case message.ActionDevices:
		return f.devices(ctx)
	case message.ActionMore:
		return f.more(ctx, a.Do)
	case message.ActionRemove:
		return f.unsay(ctx, true)
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
