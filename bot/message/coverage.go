package message

import (
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts"
)

// searchedLine says what a hunt that found nothing has looked at; without it
// nothing found means nothing.
func searchedLine(a hunts.Answer) line {
	if a.Verdict != hunts.Clean || a.Totals.Events > 0 || a.Hunt != "" && a.Hunt != "network-footprint" {
		return nil
	}
	l := line{ours("Searched: network events (all outcomes)")}
	if len(a.Request.Domains) > 0 {
		l = l.and(ours(", DNS, TLS and HTTP host names"))
	}
	if len(a.Request.IPs) > 0 {
		l = l.dot(ours("exact and ::ffff: forms"))
	}
	if len(a.Request.Files) > 0 {
		l = l.dot(ours("only through the files asked for"))
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
	l := line{ours("Near: %s reached ", count(n.Devices, "device")), span{kind: codeSpan, text: shownRemote(n.Remote, maxShort)}, ours(" ("), sentence(n.Kind), ours("): a neighbour, not a hit")}
	if more := len(a.Neighbours) - 1; more > 0 {
		l = l.and(ours("; %s below", count(int64(more), "more neighbour")))
	}
	return l
}

// neighbourLines are all of them, for the thread.
func neighbourLines(a hunts.Answer) []line {
	if len(a.Neighbours) < 2 {
		return nil
	}
	lines := []line{{ours("Neighbours that were reached; none of them is a hit")}}
	for _, n := range a.Neighbours {
		lines = append(lines, line{ours("• "), span{kind: codeSpan, text: shownRemote(n.Remote, maxShort)}, ours(" · "), sentence(n.Kind), ours(" as "), span{kind: codeSpan, text: shownRemote(n.Of, maxShort)},
			ours(" · %s · %s", count(n.Devices, "device"), count(n.Events, "event"))})
	}
	return lines
}

// coverageLine is what the verdict rests on, in one line.
func coverageLine(a hunts.Answer, v View) line {
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
		if d := v.Now.Sub(*c.NewestEvent); d >= 0 && d < 48*time.Hour {
			l = l.dot(ours("newest event %s old", length(d)))
		} else {
			l = l.dot(ours("newest event "), at(*c.NewestEvent))
		}
	}
	if c.ControlFound != nil && a.Verdict != hunts.Reached {
		if *c.ControlFound {
			l = l.dot(ours("control host found, so the search works"))
		} else {
			l = l.dot(ours("control host not found"))
		}
	}
	if c.Proxy != "" {
		l = l.dot(ours("remote addresses are those of the proxy "), span{kind: codeSpan, text: shownRemote(c.Proxy, maxShort)})
	}
	for n, x := range a.Excluded {
		if n == 3 {
			l = l.dot(ours("%s", count(int64(len(a.Excluded)-n), "more exclusion")))
			break
		}
		l = l.dot(ours("%s match exclusion ", count(x.Events, "event")), span{text: shown(x.Profile, maxShort)})
		if x.Hidden {
			l = l.and(ours(" (hidden)"))
		}
	}
	if c.BadLines > 0 {
		l = l.dot(ours("%s of the export unreadable", count(c.BadLines, "line")))
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
	return line{ours("Not complete: "), sentence(strings.Join(rest, "; "))}
}

// footLine ends every message: hunt id and asker, and how fresh it is.
func footLine(h hunts.Hunt, a hunts.Answer, v View) line {
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
	l = l.dot(ours("%s", took(a.Source.TookMS)))
	if a.Source.CachedAt != nil {
		l = l.dot(ours("from memory, searched "), at(*a.Source.CachedAt))
	}
	if a.Source.ExpiresAt != nil {
		l = l.dot(ours("cached until "), at(*a.Source.ExpiresAt))
	}
	if !v.Now.IsZero() {
		l = l.dot(ours("as of "), at(v.Now))
	}
	return l
}
