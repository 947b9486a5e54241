package message

import (
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts"
)

// searchedLine says what a hunt that found nothing has looked at; without it
// nothing found means nothing.
func searchedLine(a hunts.Answer) line {
	if a.Verdict != hunts.Clean || a.Totals.Events > 0 || a.Hunt != "" && a.Hunt != hunts.DefaultHunt || len(a.Places) > 0 {
		return nil
	}
	l := line{ours("Searched: network connections (all outcomes)")}
	if len(a.Request.Domains) > 0 {
		l = l.and(ours(", DNS, TLS, and HTTP names"))
	}
	if len(a.Request.Files) > 0 {
		l = l.and(ours(", only through the files asked for"))
	}
	return l
}

// nearLine names what was reached beside the indicators of a CLEAN: worth a
// look, and no hit.
func nearLine(a hunts.Answer) line {
	if len(a.Neighbours) == 0 {
		return nil
	}
	n := a.Neighbours[0]
	l := line{ours("Nearby, not a hit: %s reached ", count(n.Devices, "device")), span{kind: codeSpan, text: shownRemote(n.Remote, maxShort)}, ours(" ("), sentence(n.Kind), ours(")")}
	if more := len(a.Neighbours) - 1; more > 0 {
		l = l.and(ours("; %s in the thread", count(int64(more), "more neighbor")))
	}
	return l
}

// neighbourLines are all of them, for the thread.
func neighbourLines(a hunts.Answer) []line {
	if len(a.Neighbours) < 2 {
		return nil
	}
	lines := []line{{ours("Nearby and reached; none of them is a hit")}}
	for _, n := range a.Neighbours {
		lines = append(lines, line{ours("• "), span{kind: codeSpan, text: shownRemote(n.Remote, maxShort)}, ours(" · "), sentence(n.Kind), ours(" as "), span{kind: codeSpan, text: shownRemote(n.Of, maxShort)},
			ours(" · %s · %s", count(n.Devices, "device"), count(n.Events, "event"))})
	}
	return lines
}

// coverageLine is what the verdict rests on, in one line. searched is the end of
// the look-back.
func coverageLine(a hunts.Answer, searched time.Time) line {
	c := a.Coverage
	l := line{ours("Coverage: ")}
	switch {
	case c.SensorsKnown > 0:
		l = l.and(ours("%s of %s", grouped(c.SensorsReporting), count(c.SensorsKnown, "sensor")))
	case c.SensorsReporting > 0:
		l = l.and(ours("%s reporting, how many there are is not known", count(c.SensorsReporting, "sensor")))
	default:
		l = l.and(ours("not known"))
	}
	if c.NewestEvent != nil {
		// the end of the look-back, not the clock: this text is read for hours
		if d := searched.Sub(*c.NewestEvent); d >= 0 && d < 48*time.Hour {
			l = l.dot(ours("newest event %s before the search", length(d)))
		} else {
			l = l.dot(ours("newest event "), at(*c.NewestEvent))
		}
	}
	if c.Seam != "" {
		l = l.dot(ours("%s", shown(c.Seam, maxShort)))
	}
	if c.ControlFound != nil && a.Verdict != hunts.Reached {
		if *c.ControlFound {
			l = l.dot(ours("self-test passed"))
		} else {
			l = l.dot(ours("self-test failed: the control host was not found"))
		}
	}
	if c.Proxy != "" {
		l = l.dot(ours("remote addresses are those of the proxy "), span{kind: codeSpan, text: shownRemote(c.Proxy, maxShort)})
	}
	for n, x := range a.Excluded {
		if n == 3 {
			l = l.dot(ours("%s", count(int64(len(a.Excluded)-n), "more exclusion profile")))
			break
		}
		l = l.dot(ours("%s known-good (", countIs(x.Events, "event")), span{text: shown(x.Profile, maxShort)}, ours(")"))
		if x.Hidden {
			l = l.and(ours(", hidden"))
		}
	}
	if c.BadLines > 0 {
		l = l.dot(ours("%s of the export could not be read", count(c.BadLines, "line")))
	}
	return l
}

// problemsLine says why the coverage is not complete, unless the verdict line
// has said it.
func problemsLine(a hunts.Answer) line {
	if a.Coverage.Complete {
		return nil
	}
	var rest []string
	for _, p := range a.Coverage.Problems {
		if !strings.Contains(a.Reason, p) || a.Verdict != hunts.CouldNotTell {
			rest = append(rest, p)
		}
	}
	if len(rest) == 0 {
		return nil
	}
	return line{ours("not complete: "), sentence(strings.Join(rest, "; "))}
}

// footLine ends every message: the hunt's id, who asked and why, and how fresh
// the answer is.
func footLine(h hunts.Hunt, a hunts.Answer) line {
	id := a.HuntID
	if id == "" {
		id = h.ID
	}
	l := line{ours("%s", shown(id, maxShort))}.dot(who(h.Asker))
	for n, name := range a.Source.Shared {
		if n == 3 {
			l = l.and(ours(" and %s", count(int64(len(a.Source.Shared)-n), "other")))
			break
		}
		l = l.and(ours(", also "), who(hunts.Asker{User: name}))
	}
	if h.Request.Why != "" {
		l = l.and(ours(": "), quoted(h.Request.Why))
	}
	if a.Source.Workspace != "" {
		l = l.dot(span{text: shown(a.Source.Workspace, maxShort)})
	}
	switch {
	case a.Source.CachedAt != nil:
		l = l.dot(ours("cached result from "), at(*a.Source.CachedAt))
	case !h.Window.To.IsZero():
		l = l.dot(ours("searched "), at(h.Window.To))
	}
	if a.Source.ExpiresAt != nil {
		l = l.and(ours(", cached until "), at(*a.Source.ExpiresAt))
	}
	return l
}
