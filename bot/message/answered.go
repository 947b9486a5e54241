package message

import (
	"slices"

	"github.com/footprint-soc/footprint/hunts"
)

// maxParentLines bounds the parent message: what does not fit is in the thread.
const maxParentLines = 8

// Answered is the parent message of a hunt: the verdict first, the devices
// second, then what was asked and what the verdict rests on. It has about eight
// lines, and on a phone the first device is on the first screen.
func Answered(h hunts.Hunt, a hunts.Answer, v View) Message {
	if a.Table != nil {
		return rowsAnswered(h, a, v)
	}
	var p page
	if v.Newer != nil { // what is newer makes what was known before old news
		v.Change, v.Known = nil, nil
	}
	first := present(verdictLine(h, a), recallLine(v.Recall, v.Now), changeLine(v.Change, v.Now))
	covered := join(coverageLine(a, h.Window.To), problemsLine(a))
	what, where := askedLine(a), join(searchedLine(a), placesLine(a))
	if a.Verdict != hunts.Clean {
		what, where = join(what, where), nil
	}
	rest := present(what, where, covered, nearLine(a))
	if known := knownLine(v.Known); known != nil {
		rest = append(rest, append(line{ours("Known: ")}, known...))
	}
	last := present(newerLine(v.Newer, v.Now))
	if v.ChannelNote != "" {
		last = append(last, line{sentence(v.ChannelNote)})
	}
	room := maxParentLines - len(first) - len(rest) - len(last) - 1 // the foot
	devices := deviceLines(a, max(room-1, 1))
	if found(h) {
		devices = present(throughLine(a))
	}
	urgent, notes := answerNotes(a)
	last = append(last, urgent...)
	if room -= len(devices) + len(urgent); len(notes) > room && len(notes) > 0 {
		n := slices.IndexFunc(rest, func(l line) bool { return &l[0] == &covered[0] })
		rest[n] = rest[n].dot(ours("%s in the thread", count(int64(len(notes)), "note")))
		notes = nil
	}
	p.say(slices.Concat(first, devices, rest, notes, last)...)
	if row := answerButtons(h, a, v); row != nil {
		p.add(row, "")
	}
	p.small(footLine(h, a))
	return p.render(v.Form)
}

// join makes one line of several.
func join(lines ...line) line {
	var out line
	for _, l := range lines {
		if len(l) > 0 {
			out = out.dot(l...)
		}
	}
	return out
}

// present leaves out the lines that have nothing to say.
func present(lines ...line) []line {
	return slices.DeleteFunc(lines, func(l line) bool { return len(l) == 0 })
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

// answerNotes parts what can't wait for the thread, which itself may not come, from
// the rest.
func answerNotes(a hunts.Answer) (urgent, rest []line) {
	for _, note := range a.Notes {
		l := line{ours("Note: "), sentence(note)}
		if hunts.NotKept(note) {
			urgent = append(urgent, l)
		} else {
			rest = append(rest, l)
		}
	}
	return urgent, rest
}

func processSpan(name string) span {
	if name == "" {
		return ours(unknownProcess)
	}
	return data(name)
}
