package message

// Topic is one thing that people can write, for the help.
type Topic struct {
	Usage    string   // as it is typed, with its parts in capitals
	Says     string   // one sentence of what it does
	Examples []string // defanged, as they can be typed
	May      string   // the right that it needs; empty is everybody's
}

// Help lists what people can write, a line each.
func Help(topics []Topic, v View) Message {
	var p page
	p.say(
		line{bold("footprint"), ours(" finds which of our endpoints, through which process, talked to an address or a name.")},
		line{ours("An answer is 🔴 REACHED, 🟣 SEEN, 🟡 TRIED, 🟢 CLEAN or ⚪ COULD NOT TELL; nothing found on poor coverage is never CLEAN.")},
	)
	var lines []line
	for _, t := range topics {
		lines = append(lines, line{span{kind: codeSpan, text: shown(t.Usage, maxSentence)}, ours("  %s", shown(t.Says, maxSentence))})
	}
	p.say(lines...)
	p.say(line{ours("Defanged forms are understood. Slash commands do not exist in threads: mention me there, or reply to a hunt.")})
	return p.render(v.Form)
}

// HelpTopic tells everything of a few topics that belong together.
func HelpTopic(topics []Topic, v View) Message {
	var p page
	for _, t := range topics {
		head := line{span{kind: codeSpan, text: shown(t.Usage, maxSentence)}, ours("  %s", shown(t.Says, maxSentence))}
		if t.May != "" {
			head = head.and(ours(" Needs the right "), bold(shown(t.May, maxShort)), ours(" in the channel."))
		}
		lines := []line{head}
		for _, e := range t.Examples {
			lines = append(lines, line{ours("   for example "), span{kind: codeSpan, text: shown(e, maxSentence)}})
		}
		p.say(lines...)
	}
	return p.render(v.Form)
}
