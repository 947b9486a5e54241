package message

import (
	"time"

	"github.com/footprint-soc/footprint/hunts"
)

// Answered is the parent message of a hunt: the verdict first, the devices
// second, then what was asked and what the verdict rests on. It has about eight
// lines, and on a phone the first device is on the first screen.
func Answered(h hunts.Hunt, a hunts.Answer, v View) Message {
	var p page
	lines := []line{verdictLine(h, a)}
	take := func(more ...line) {
		for _, l := range more {
			if len(l) > 0 {
				lines = append(lines, l)
			}
		}
	}
	take(newerLine(v.Newer, v.Now), changeLine(v.Change, v.Now))
	if found(h) {
		take(throughLine(a))
	} else {
		take(deviceLines(a)...)
	}
	take(askedLine(a), searchedLine(a), placesLine(a), coverageLine(a, h.Window.To), problemsLine(a), nearLine(a))
	take(answerNotes(a)...)
	if v.Known != "" {
		take(line{ours("Known: "), sentence(v.Known)})
	}
	p.say(lines...)
	if v.ChannelNote != "" {
		p.say(line{sentence(v.ChannelNote)})
	}
	if row := answerButtons(h, a, v); row != nil {
		p.add(row, "")
	}
	p.small(footLine(h, a))
	return p.render(v.Form)
}

// throughLine names the processes of a hunt for whatever a device did.
func throughLine(a hunts.Answer) line {
	if len(a.ByProcess) == 0 {
		return nil
	}
	names := make([]string, 0, len(a.ByProcess))
	for _, p := range a.ByProcess {
		r := hunts.Row{Process: p.Process}
		if len(p.Parents) > 0 {
			r.Parent = p.Parents[0]
		}
		names = append(names, throughSpan(r).text)
	}
	return line{ours("Through "), span{text: listed(names, maxProcessesNamed)}}
}

// askedLine is what came of each indicator, and how rare all of it is.
func askedLine(a hunts.Answer) line {
	l := indicatorsLine(a)
	if text := rarityText(a); text != "" {
		l = l.dot(ours("%s", text))
	}
	return l
}

func answerNotes(a hunts.Answer) []line {
	var out []line
	for n, note := range a.Notes {
		if n == maxNotesShown && len(a.Notes) > n+1 {
			return append(out, line{ours("Note: %s in the thread", count(int64(len(a.Notes)-n), "more note"))})
		}
		out = append(out, line{ours("Note: "), sentence(note)})
	}
	return out
}

// recent is how long ago something was while that says more than the date.
func recent(t, now time.Time) span {
	if d := now.Sub(t); d >= 0 && d < 24*time.Hour {
		return ours("%s", ago(t, now))
	}
	return at(t)
}

func processSpan(name string) span {
	if name == "" {
		return ours(unknownProcess)
	}
	return data(name)
}
