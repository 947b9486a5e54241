package message

import (
	"time"

	"github.com/slack-go/slack"

	"github.com/footprint-soc/footprint/hunts"
)

// Held is a hunt that waits for a second person. why says what makes it so
// large.
func Held(h hunts.Hunt, why string, until time.Time, v View) Message {
	var p page
	head := line{ours("✋ "), bold("Approval pending"), ours(" · ")}.and(asked(h)...).dot(windowSpans(h.Window)...)
	p.say(head)
	reason := line{ours("Someone else who may hunt here must approve it by "), at(until)}
	if why != "" {
		reason = reason.dot(sentence(why))
	}
	p.say(reason, runningFoot(h, v))
	approve, refuse := button(ActionApprove, Action{Hunt: h.ID}, "Approve"), button(ActionRefuse, Action{Hunt: h.ID}, "Refuse")
	if b, ok := approve.(*slack.ButtonBlockElement); ok {
		b.WithStyle(slack.StylePrimary)
	}
	if b, ok := refuse.(*slack.ButtonBlockElement); ok {
		b.WithStyle(slack.StyleDanger)
	}
	p.add(actions(approve, refuse), "")
	return p.render(v.Form)
}
