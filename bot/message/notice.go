package message

import (
	"regexp"
	"strings"

	"github.com/slack-go/slack"

	"github.com/footprint-soc/footprint/hunts"
)

// Refused tells one person why a request was not taken; the sentence says what
// to type instead. Channel mentions that the bot made itself stay alive.
func Refused(say string, v View) Message {
	var p page
	p.say(withChannels(say))
	if v.ChannelNote != "" {
		p.say(line{sentence(v.ChannelNote)})
	}
	return p.render(v.Form)
}

// channelMention is a mention of a channel as the bot writes it.
var channelMention = regexp.MustCompile(`<#([CG][A-Z0-9]{2,30})>`)

// withChannels is a sentence in which mentions of channels are links and
// everything else is text.
func withChannels(say string) line {
	var l line
	last := 0
	for _, m := range channelMention.FindAllStringSubmatchIndex(say, -1) {
		if m[0] > last {
			l = append(l, between(say[last:m[0]]))
		}
		l = append(l, span{kind: channelSpan, text: say[m[2]:m[3]]})
		last = m[1]
	}
	if last < len(say) {
		l = append(l, between(say[last:]))
	}
	return l
}

// between is the text around mentions; a blank is no missing value there.
func between(s string) span {
	if strings.TrimSpace(s) == "" {
		return ours("%s", clean(s))
	}
	return sentence(s)
}

// Broken says that a hunt has no answer, why, and what to do next. It counts
// as COULD NOT TELL and says so: silence would read as clean.
func Broken(h hunts.Hunt, say, hint string, v View) Message {
	var p page
	lines := []line{{ours("%s ", icon(hunts.CouldNotTell)), bold(word(hunts.CouldNotTell)), ours(" · "), sentence(say)}}
	if hint != "" {
		lines = append(lines, line{sentence(hint)})
	}
	if l := asked(h); len(l) > 0 {
		lines = append(lines, line{ours("Hunted: ")}.and(l...))
	}
	p.say(lines...)
	if v.ChannelNote != "" {
		p.say(line{sentence(v.ChannelNote)})
	}
	if v.Buttons {
		p.add(actions(button(ActionRunAgain, Action{Hunt: h.ID}, "Refresh")), "")
	}
	p.small(line{ours("%s", shown(h.ID, maxShort))})
	return p.render(v.Form)
}

// Called tells the asker of a long hunt, by a mention, that it is answered.
func Called(h hunts.Hunt, a hunts.Answer, v View) Message {
	var p page
	l := line{who(h.Asker), ours(": %s is answered, ", shown(h.ID, maxShort)), ours("%s ", icon(a.Verdict)), bold(word(a.Verdict))}
	if a.Verdict == hunts.Reached {
		l = l.and(ours("%s", concernText(a)))
	}
	p.say(l)
	return p.render(v.Form)
}

// ReplyHelp lists what can be replied in the thread of a hunt: each form and what
// it does.
func ReplyHelp(forms [][2]string, v View) Message {
	var p page
	lines := []line{{ours("In this thread you can reply:")}}
	for _, f := range forms {
		lines = append(lines, line{span{kind: codeSpan, text: f[0]}, ours("  %s", f[1])})
	}
	p.say(lines...)
	return p.render(v.Form)
}

// NotUnderstood answers a reply outside of the grammar in one line, with the forms
// that are nearest to it.
func NotUnderstood(forms []string, v View) Message {
	var p page
	l := line{ours("I don't understand that here. Try ")}
	for n, f := range forms {
		switch {
		case n > 0 && n == len(forms)-1:
			l = l.and(ours(" or "))
		case n > 0:
			l = l.and(ours(", "))
		}
		l = l.and(span{kind: codeSpan, text: f})
	}
	p.say(l.and(ours("; "), span{kind: codeSpan, text: "help"}, ours(" lists all.")))
	return p.render(v.Form)
}

// ConfirmRemoval asks who wants to withdraw a hunt whether they are sure.
func ConfirmRemoval(h hunts.Hunt, v View) Message {
	var p page
	p.say(line{ours("Remove every message and file of %s? The audit log keeps that they were shown.", shown(h.ID, maxShort))})
	remove := button(ActionRemove, Action{Hunt: h.ID}, "Remove them")
	if b, ok := remove.(*slack.ButtonBlockElement); ok {
		b.WithStyle(slack.StyleDanger)
	}
	p.add(actions(remove), "")
	return p.render(v.Form)
}
