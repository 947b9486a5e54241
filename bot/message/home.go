package message

import (
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/footprint-soc/footprint/hunts"
)

// HomeTab is what one person's Home tab shows. Everything in it is already judged
// and redacted for that person.
type HomeTab struct {
	// Hunts are the person's own, newest first; Approvals those of others that this
	// person may approve.
	Hunts     []HomeHunt
	Approvals []HomeHunt
	// Watchlist is nil where the person may not see it, and so are Sweeps.
	Watchlist *HomeList
	Sweeps    *[]HomeSweep
	// Standing is nil where watches and warranties may not be seen.
	Standing *HomeStanding
	// Places are the channels that the person uses, and what may be done there.
	Places []HomePlace
	Topics []Topic
	// Lacking names what could not be read, in a sentence each.
	Lacking []string
}

// HomeHunt is one hunt as a line.
type HomeHunt struct {
	Hunt  hunts.Hunt
	Link  string // to its message; empty where there is none
	Found bool   // it is answered, with Verdict and Devices
	hunts.Verdict
	Devices int64
	Until   time.Time // of an approval: when it ends
}

// HomeList counts a watchlist by what becomes of its entries.
type HomeList struct {
	Active, Muted int
	// Ends is when the next entries run out, and Ending how many do within a week.
	Ending int
	Ends   time.Time
}

// HomeSweep is one sweep that runs by itself.
type HomeSweep struct {
	Name, Channel string
	Next          time.Time
	Paused        bool
}

// HomeStanding is what is looked after between hunts.
type HomeStanding struct {
	Watches, Warranties int
	WatchesOff          bool
	WarrantiesOff       bool
	Oldest              time.Duration // since the scope that waited longest was looked at
	Failed              []string      // scopes whose last look failed
}

// HomePlace is a channel and what the person may do there.
type HomePlace struct {
	Channel string // empty is the direct message with the bot
	Rights  []hunts.Right
}

// homeTopics bounds the lines of help.
const homeTopics = 6

// Home is a Home tab. It is published as a view, so it has no fallback text that
// anybody is notified of; Text is the same for tests and screen readers.
func Home(t HomeTab, v View) Message {
	var p page
	p.say(line{bold("Approvals that wait for you")})
	p.say(homeLines(t.Approvals, "None.", approvalLine)...)
	p.divide()
	p.say(line{bold("Your hunts")})
	p.say(homeLines(t.Hunts, "None in the last days. Write /footprint and an address, a domain or a file in a channel.", homeHuntLine)...)
	p.divide()
	p.say(slices.Concat([]line{{bold("Watchlist and sweeps")}}, watchlistLines(t), homeSweepLines(t), standingLines(t, v))...)
	p.divide()
	lines := []line{{bold("What you may do")}}
	for _, place := range t.Places {
		lines = append(lines, placeLine(place))
	}
	p.say(lines...)
	p.divide()
	lines = []line{{bold("Help")}}
	for _, topic := range t.Topics[:min(len(t.Topics), homeTopics)] {
		lines = append(lines, line{span{kind: codeSpan, text: shown(topic.Usage, maxSentence)}, ours("  %s", shown(topic.Says, maxSentence))})
	}
	lines = append(lines, line{ours("All of it: "), data("/footprint help"), ours(". Slash commands don't exist in threads: mention me there, or reply to a hunt.")})
	p.say(lines...)
	for _, lack := range t.Lacking {
		p.say(line{ours("⚠️ "), sentence(lack)})
	}
	p.small(line{ours("Read "), at(v.Now), ours("; open this tab again for what is new. Only you see it.")})
	return p.render(v.Form)
}

// HomeRefused is the Home tab of somebody who may not hunt.
func HomeRefused(sentence string, v View) Message { return Refused(sentence, v) }

func (p *page) divide() { p.add(slack.NewDividerBlock(), "") }

func homeLines(all []HomeHunt, none string, render func(HomeHunt) line) []line {
	if len(all) == 0 {
		return []line{{ours("%s", none)}}
	}
	var lines []line
	for _, x := range all {
		lines = append(lines, render(x))
	}
	return lines
}

func homeHuntLine(x HomeHunt) line {
	var l line
	switch {
	case x.Found:
		l = line{ours("%s ", icon(x.Verdict)), bold(foundText(x.Verdict, x.Devices))}
	case x.Hunt.State == hunts.Held:
		l = line{ours("✋ "), bold("Approval pending")}
	case x.Hunt.State == hunts.Refused:
		l = line{ours("✋ "), bold("Not approved")}
	case x.Hunt.State == hunts.Cancelled:
		l = line{ours("⏹️ "), bold("Cancelled")}
	case x.Hunt.State == hunts.Failed:
		l = line{ours("%s ", icon(hunts.CouldNotTell)), bold("Failed")}
	default:
		l = line{ours("🔎 "), bold("Hunting")}
	}
	l = l.dot(asked(x.Hunt)...).dot(windowSpans(x.Hunt.Window)...).dot(at(x.Hunt.Created))
	return homeWhere(l, x)
}

func approvalLine(x HomeHunt) line {
	l := line{ours("✋ ")}.and(who(x.Hunt.Asker), ours(" asks for ")).and(asked(x.Hunt)...).dot(windowSpans(x.Hunt.Window)...)
	if x.Hunt.Request.Why != "" {
		l = l.dot(quoted(x.Hunt.Request.Why))
	}
	return homeWhere(l.dot(ours("ends "), at(x.Until)), x)
}

// homeWhere ends the line of a hunt with its message.
func homeWhere(l line, x HomeHunt) line {
	l = l.dot(huntSpan(x.Hunt.ID, x.Link))
	if channelID.MatchString(x.Hunt.Asker.Channel) && !strings.HasPrefix(x.Hunt.Asker.Channel, "D") {
		l = l.and(ours(" in "), span{kind: channelSpan, text: x.Hunt.Asker.Channel})
	}
	return l
}

func watchlistLines(t HomeTab) []line {
	w := t.Watchlist
	switch {
	case w == nil:
		return []line{{ours("You may not see the watchlist in the channels you use.")}}
	case w.Active+w.Muted == 0:
		return []line{{ours("The watchlist is empty. Write "), data("/footprint watch add"), ours(" and an indicator.")}}
	}
	l := line{ours("%s on the watchlist", count(int64(w.Active+w.Muted), "indicator"))}
	if w.Muted > 0 {
		l = l.dot(ours("%s muted", grouped(int64(w.Muted))))
	}
	switch {
	case w.Ending == 1:
		l = l.dot(ours("1 ends "), at(w.Ends))
	case w.Ending > 1:
		l = l.dot(ours("%s end within a week, the first ", grouped(int64(w.Ending))), at(w.Ends))
	}
	return []line{l}
}

func homeSweepLines(t HomeTab) []line {
	if t.Sweeps == nil {
		return nil
	}
	if len(*t.Sweeps) == 0 {
		return []line{{ours("No sweep is scheduled.")}}
	}
	var lines []line
	for _, s := range *t.Sweeps {
		l := line{ours("Sweep "), bold(shown(s.Name, maxShort))}
		if s.Paused {
			l = l.dot(ours("paused"))
		} else {
			l = l.dot(ours("next "), at(s.Next))
		}
		if channelID.MatchString(s.Channel) {
			l = l.and(ours(" in "), span{kind: channelSpan, text: s.Channel})
		}
		lines = append(lines, l)
	}
	return lines
}

func standingLines(t HomeTab, v View) []line {
	s := t.Standing
	if s == nil {
		return nil
	}
	var l line
	if s.WatchesOff {
		l = l.dot(ours("watches are turned off"))
	} else {
		l = l.dot(ours("%s", count(int64(s.Watches), "active watch")))
	}
	if s.WarrantiesOff {
		l = l.dot(ours("answers are not checked for late data"))
	} else {
		l = l.dot(ours("%s checked for late data", countIs(int64(s.Warranties), "answer")))
	}
	if s.Watches+s.Warranties > 0 && s.Oldest > 0 {
		l = l.dot(ours("the oldest look is from "), clock(v.Now.Add(-s.Oldest), v.Now))
	}
	lines := []line{l}
	if len(s.Failed) > 0 {
		lines = append(lines, line{ours("⚠️ The last look failed in "), sentence(strings.Join(s.Failed, ", "))})
	}
	return lines
}

func placeLine(place HomePlace) line {
	l := line{ours("Here, in direct messages: ")}
	if place.Channel != "" {
		l = line{span{kind: channelSpan, text: place.Channel}, ours(": ")}
	}
	if len(place.Rights) == 0 {
		return l.and(ours("nothing"))
	}
	var names []string
	for _, r := range place.Rights {
		names = append(names, string(r))
	}
	return l.and(ours("%s", strings.Join(names, ", ")))
}
