package message

import (
	"fmt"
	"strings"

	"github.com/slack-go/slack"

	"github.com/footprint-soc/footprint/hunts"
)

// Callback ids of the modals and of the message shortcut.
const (
	ModalHunt       = "footprint_hunt"
	ModalPreview    = "footprint_preview"
	ModalMark       = "footprint_mark"
	ModalChoose     = "footprint_choose" // which of the skipped ones to hunt anyway
	ShortcutMessage = "footprint_message"
	ShortcutLedger  = "footprint_ledger" // keep what the message names in its thread's ledger
)

// modal is an empty modal with our titles.
func modal(callback, title, submit, private string, blocks ...slack.Block) slack.ModalViewRequest {
	return slack.ModalViewRequest{
		Type: slack.VTModal, CallbackID: callback, PrivateMetadata: cutText(private, maxPrivateMetadata), Title: plainObject(cutText(title, maxModalTitle)), Submit: plainObject(cutText(submit, maxModalTitle)),
		Close: plainObject("Cancel"), Blocks: slack.Blocks{BlockSet: blocks},
	}
}

func textField(block, label, hint, filled string, lines, optional bool) slack.Block {
	e := slack.NewPlainTextInputBlockElement(nil, "value")
	e.Multiline = lines
	if filled != "" {
		e.InitialValue = cutText(filled, maxSectionText)
	}
	in := slack.NewInputBlock(block, plainObject(label), plainObject(hint), e)
	in.Optional = optional
	return in
}

// choiceField begins with its first option; where nothing should be chosen by
// accident, open leaves the choice to the person.
func choiceField(block, label, hint string, options [][2]string, open bool) slack.Block {
	list := make([]*slack.OptionBlockObject, len(options))
	for i, o := range options {
		list[i] = slack.NewOptionBlockObject(o[0], plainObject(o[1]), nil)
	}
	e := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, nil, "value", list...)
	if open {
		e.Placeholder = plainObject("Choose")
	} else {
		e.InitialOption = list[0]
	}
	return slack.NewInputBlock(block, plainObject(label), plainObject(hint), e)
}

// HuntModal asks for a hunt: one indicator, or a whole report.
func HuntModal(private, filled string, workspaces []string) slack.ModalViewRequest {
	fields := []slack.Block{
		textField("indicators", "Indicators", "Addresses, ranges, domains, URLs, hashes; defanged is fine. Paste a whole report: private ranges, public resolvers, and well-known names in it are skipped.", filled, true, false),
		choiceField("since", "Look back", "Days that were searched already come from cached results.", [][2]string{{"since=7d", "7 days"}, {"since=24h", "24 hours"}, {"since=30d", "30 days"}, {"since=90d", "90 days"}, {"since=all", "Everything the workspace keeps"}}, false),
		textField("devices", "Only on these devices", "Names, separated by commas or spaces.", "", false, true),
		textField("why", "Reason", "Recorded in the audit log and in the workspace's own query log.", "", false, true),
	}
	if len(workspaces) > 1 {
		options := make([][2]string, 0, maxSelectOptions)
		for _, w := range workspaces[:min(len(workspaces), maxSelectOptions)] {
			options = append(options, [2]string{cutText(w, maxOptionValue), cutText(shown(w, maxShort), maxOptionText)})
		}
		fields = append(fields, choiceField("workspace", "Workspace", "Where to hunt.", options, false))
	}
	return modal(ModalHunt, "Hunt", "Hunt", private, fields...)
}

// MarkModal asks for a judgement of a hunt's indicators.
func MarkModal(private string, h hunts.Hunt) slack.ModalViewRequest {
	day := slack.NewDatePickerBlockElement("value")
	until := slack.NewInputBlock("until", plainObject("Until"), plainObject("If you leave this empty, the mark ends after 90 days."), day)
	until.Optional = true
	var what line
	list := h.Request.Indicators()
	for n, i := range list {
		if n == maxIndicatorLines {
			what = what.and(ours(" and %s", count(int64(len(list)-n), "more indicator")))
			break
		}
		what = what.dot(indicatorSpan(i.String(), string(i.Kind)))
	}
	if h.ID != "" {
		what = what.dot(bold(shown(h.ID, maxShort)))
	}
	return modal(ModalMark, "Mark", "Mark", private,
		slack.NewSectionBlock(mrkdwnObject(what.mrkdwn()), nil, nil),
		choiceField("verdict", "They are", "Shown on every answer about them until the mark ends.", [][2]string{{"malicious", "Malicious"}, {"benign", "Benign"}, {"known", "Known: handled, or expected here"}}, true),
		textField("ticket", "Ticket", "Such as INC-4711.", "", false, true),
		textField("note", "Note", "What the next person should know.", "", true, true),
		until,
	)
}

// Marked tells the thread what somebody judged.
func Marked(h hunts.Hunt, text, note string, v View) Message {
	var p page
	l := line{ours("🏷️ %s: ", shown(h.ID, maxShort)), sentence(text)}
	if list := h.Request.Indicators(); h.ID == "" && len(list) > 0 {
		l = line{ours("🏷️ "), indicatorSpan(list[0].String(), string(list[0].Kind)), ours(": "), sentence(text)}
	}
	if note != "" {
		l = l.dot(quoted(note))
	}
	p.say(l)
	return p.render(v.Form)
}

// Narrowed is an answer seen through filters, for the thread. It has no
// verdict of its own.
func Narrowed(h hunts.Hunt, a hunts.Answer, n hunts.Narrowed, v View) Message {
	var p page
	head := line{ours("🔍 ")}
	for i, f := range n.Filters {
		if i > 0 {
			head = head.and(ours(", "))
		}
		head = head.and(bold(shown(f.Text(), maxShort)))
	}
	if a.Table != nil {
		return rowsNarrowed(h, a, n, head, v)
	}
	if n.Events == 0 {
		p.say(head.and(ours(": no rows of %s match this filter. That does not make anything clean: the filter hides the rest.", shown(h.ID, maxShort))))
		return p.render(v.Form)
	}
	head = head.and(ours(": %s on %s%s", count(n.Events, "event"), count(int64(len(n.Devices)), "device"), outcomesOf(n.Outcomes)))
	if !n.First.IsZero() {
		head = head.dot(ours("first "), at(n.First)).dot(ours("last "), at(n.Last))
	}
	lines := []line{head}
	if n.Cut {
		lines = append(lines, line{ours("The answer did not hold all of its rows, so there may be more.")})
	}
	p.say(lines...)
	rowGrid(a, n.Rows, fmt.Sprintf("%s, narrowed: %s", fileStem(a), count(int64(len(n.Rows)), "row"))).add(&p, v.Form)
	p.small(line{ours("%s · from cached results", shown(h.ID, maxShort))})
	return p.render(v.Form)
}

// outcomesOf follows a number of events: what came of them.
func outcomesOf(o hunts.Outcomes) string {
	for _, x := range []struct {
		n    int64
		word string
	}{{o.Reached, "reached"}, {o.Failed, "failed"}, {o.Blocked, "blocked"}, {o.LookedUp, "DNS lookups only"}, {o.Other, "without a connection"}} {
		if all := o.Reached + o.Failed + o.Blocked + o.LookedUp + o.Other; x.n == all && all > 1 {
			return ", all " + x.word
		}
	}
	return " · " + outcomesText(o)
}

// Said is one sentence of ours in a thread.
func Said(text string, v View) Message {
	var p page
	var lines []line
	for _, l := range strings.Split(text, "\n") {
		lines = append(lines, withChannels(l))
	}
	p.say(lines...)
	return p.render(v.Form)
}
