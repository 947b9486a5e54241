package message

import (
	"regexp"
	"strings"

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
func Broken(id, say, hint string, v View) Message {
	var p page
	lines := []line{{ours("%s ", icon(hunts.CouldNotTell)), bold(word(hunts.CouldNotTell)), ours(": "), sentence(say)}}
	if hint != "" {
		lines = append(lines, line{sentence(hint)})
	}
	p.say(lines...)
	if v.ChannelNote != "" {
		p.say(line{sentence(v.ChannelNote)})
	}
	if v.Buttons {
		p.add(actions(button(ActionRunAgain, Action{Hunt: id}, "Hunt again")), "")
	}
	p.small(line{ours("%s", shown(id, maxShort))})
	return p.render(v.Form)
}

// Called tells the asker of a long hunt, by a mention, that it is answered.
func Called(h hunts.Hunt, a hunts.Answer, v View) Message {
	var p page
	l := line{who(h.Asker), ours(": %s is answered, ", shown(h.ID, maxShort)), ours("%s ", icon(a.Verdict)), bold(word(a.Verdict))}
	if a.Verdict == hunts.Reached {
		l = l.and(ours(": "), reachedText(a))
	}
	p.say(l)
	return p.render(v.Form)
}

// example is one line of the help.
type example struct{ type_, does string }

// Help says what can be typed.
func Help(v View) Message {
	var p page
	p.say(
		line{bold("footprint"), ours(" finds which of our endpoints, through which process, talked to an address or a name.")},
		line{ours("An answer is 🔴 REACHED, 🟡 TRIED, 🟢 CLEAN or ❔ COULD NOT TELL; nothing found on poor coverage is never CLEAN.")},
	)
	var lines []line
	for _, e := range helpExamples() {
		lines = append(lines, line{span{kind: codeSpan, text: e.type_}, ours("  %s", e.does)})
	}
	p.say(lines...)
	p.say(line{ours("Defanged forms are understood. In a hunt's thread reply "), span{kind: codeSpan, text: "only …"}, ours(", "),
		span{kind: codeSpan, text: "without …"}, ours(" or "), span{kind: codeSpan, text: "last 30d"}, ours("; slash commands do not exist in threads.")})
	return p.render(v.Form)
}

// ReplyHelp lists what can be replied in the thread of a hunt: each form and what
// it does.
func ReplyHelp(forms [][2]string, v View) Message {
	var p page
	lines := []line{{ours("Here you can reply")}}
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

// HelpExamples are the commands that the help shows, for the test that parses
// each of them. They are defanged as they are shown.
func HelpExamples() []string {
	var out []string
	for _, e := range helpExamples() {
		out = append(out, e.type_)
	}
	return out
}

func helpExamples() []example {
	return []example{
		{"/footprint ip=203.0.113[.]66", "one address, last 7 days"},
		{"/footprint dns=cdn-sync[.]example file=powershell.exe", "a domain and its sub-domains, through one program"},
		{"/footprint ip=198.51.100[.]0/24 since=30d", "a range, further back"},
		{"/footprint dns=*.evil[.]example device=WS-014", "sub-domains only, on one device"},
		{`/footprint 203.0.113[.]66 cdn-sync[.]example why="ISAC tip"`, "indicators without keys, with a reason"},
	}
}
