package message

import (
	"strings"
)

// ActionChoose opens the form in which somebody ticks what to hunt anyway.
const ActionChoose = "hunt.choose"

// leftNamed is how many indicators of each reason a message names.
const leftNamed = 8

// Left names what of a message is not hunted, and why; since is the look-back that
// was asked for, for those that are chosen after all.
func Left(left []LeftOut, since string, v View) Message {
	var p page
	head := line{bold(count(int64(len(left)), "indicator")), ours(" not hunted")}
	p.say(line{ours("⏭️ ")}.and(head...))
	var reasons []string
	byReason := map[string][]LeftOut{}
	for _, l := range left {
		why := l.Why
		if l.Doubtful {
			why = "not sure: " + why
		}
		if byReason[why] == nil {
			reasons = append(reasons, why)
		}
		byReason[why] = append(byReason[why], l)
	}
	for _, why := range reasons {
		list := byReason[why]
		var names line
		for n, l := range list {
			if n == leftNamed {
				names = names.and(ours(", %s", count(int64(len(list)-n), "more indicator")))
				break
			}
			if n > 0 {
				names = names.and(ours(", "))
			}
			names = names.and(indicatorSpan(l.Indicator.String(), string(l.Indicator.Kind)))
		}
		p.say(names.and(ours(" · %s", shown(why, 2*maxShort))))
	}
	var words []string
	value := ""
	for _, l := range left {
		words = append(words, l.Indicator.String())
		now := Action{Indicator: strings.Join(words, " "), Since: since}.value(maxButtonValue)
		if now == "" {
			p.small(line{ours("The form holds the first %d of them; type /footprint with the others to hunt them.", len(words)-1)})
			break
		}
		value = now
	}
	if value != "" {
		a, err := ParseAction(value)
		if err == nil {
			p.add(actions(button(ActionChoose, a, "Choose…")), "")
		}
	}
	return p.render(v.Form)
}
