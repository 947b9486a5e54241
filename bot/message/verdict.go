package message

import (
	"strings"

	"github.com/footprint-soc/footprint/hunts"
)

// verdictLine is the first line of an answer: the verdict, whom it concerns, and
// how much of the look-back it speaks for.
func verdictLine(h hunts.Hunt, a hunts.Answer) line {
	l := headline(h, a).dot(windowSpans(h.Window)...)
	return l.and(ours(", %s", completeness(a.Coverage)))
}

func headline(h hunts.Hunt, a hunts.Answer) line {
	switch {
	case a.Verdict == hunts.Clean:
		return verdictSpans(a.Verdict).and(ours(" · ")).and(cleanText(a)...)
	case a.Verdict == hunts.CouldNotTell:
		return verdictSpans(a.Verdict).and(ours(" · "), sentence(a.Reason))
	case found(h):
		return line{ours("🔎 "), bold("FOUND"), ours(": everything that "), span{text: shown(listed(h.Request.Devices, 3), maxShort)}, ours(" talked to%s, %s", asAccounts(h), eventsText(a.Totals))}
	case onlyFiles(h) && commonly(a):
		return line{ours("⚪ "), bold("Common"), ours(": "), filesSpan(a), ours(" made connections on %s", shareText(a))}
	case onlyFiles(h) && a.Verdict == hunts.Reached:
		return verdictSpans(a.Verdict).and(ours(" · "), filesSpan(a), ours(" connected out on %s", atLeast(a, reachedBy(a).reached)))
	}
	return verdictSpans(a.Verdict).and(ours("%s", concernText(a)))
}

func verdictSpans(v hunts.Verdict) line { return line{ours("%s ", icon(v)), bold(word(v))} }

// found tells a hunt for whatever a device did, which has no indicator to judge.
func found(h hunts.Hunt) bool {
	return len(h.Request.Indicators()) == 0 && len(h.Request.Devices) > 0
}

func asAccounts(h hunts.Hunt) string {
	if len(h.Request.Accounts) == 0 {
		return ""
	}
	return " as " + shown(listed(h.Request.Accounts, 3), maxShort)
}

// onlyFiles tells a hunt for what a program did from one for an address or a name.
func onlyFiles(h hunts.Hunt) bool {
	return len(h.Request.Files) > 0 && len(h.Request.IPs)+len(h.Request.Domains) == 0
}

func filesSpan(a hunts.Answer) span { return anyOf(a.ByIndicator, "file") }

// reachedBy counts the devices of an answer by their strongest outcome; hidden
// ones count.
func reachedBy(a hunts.Answer) contacts {
	var c contacts
	for _, d := range a.ByDevice {
		switch outcomeRank(d.Outcome) {
		case 0:
			c.reached++
		case 1:
			c.tried++
		}
	}
	return c
}

// concernText is " by 2 devices, tried by 1": each number says what it counts. It
// needs the lines of the devices, and falls back to the reason where they are
// missing.
func concernText(a hunts.Answer) string {
	c := reachedBy(a)
	var text string
	switch {
	case a.Verdict == hunts.Reached && c.reached > 0:
		text = " by " + atLeast(a, c.reached)
		if c.tried > 0 {
			text += ", tried by " + grouped(c.tried)
		}
		if n := int64(len(a.ByDevice)) - c.reached - c.tried; n > 0 {
			text += ", " + grouped(n) + " more without a connection"
		}
	case a.Verdict == hunts.Tried && c.tried > 0:
		text = " by " + atLeast(a, max(c.tried, a.Totals.Devices)) + ", none connected (" + outcomesText(a.Outcomes) + ")"
	default:
		return " · " + shown(a.Reason, maxSentence)
	}
	if n := hiddenDevices(a); n > 0 {
		text += ", " + grouped(n) + " of them known-good and hidden"
	}
	return text
}

func hiddenDevices(a hunts.Answer) int64 {
	var n int64
	for _, d := range a.ByDevice {
		if d.Hidden {
			n++
		}
	}
	return n
}

// cleanText says what was not found, and no more: where a file or a device
// narrows the hunt, the address alone may well have been reached.
func cleanText(a hunts.Answer) line {
	var remotes, files []hunts.IndicatorResult
	for _, r := range a.ByIndicator {
		switch r.Type {
		case "file", "md5", "sha1", "sha256":
			files = append(files, r)
		default:
			remotes = append(remotes, r)
		}
	}
	var l line
	switch {
	case len(a.ByIndicator) == 0:
		return line{ours("it reports, and it talked to nothing")}
	case len(remotes) == 0:
		l = line{ours("no sensor reported an event of "), anyOf(files, "file")}
	default:
		l = line{ours("no sensor reported "), anyOf(remotes, "indicator")}
		if len(files) > 0 {
			l = l.and(ours(" through "), anyOf(files, "file"))
		}
	}
	switch n := len(a.Request.Devices); n {
	case 0:
	case 1:
		l = l.and(ours(" on "), data(a.Request.Devices[0]))
	default:
		l = l.and(ours(" on any of %s", count(int64(n), "device")))
	}
	return l
}

func anyOf(list []hunts.IndicatorResult, noun string) span {
	if len(list) == 1 {
		return indicatorSpan(list[0].Indicator, list[0].Type)
	}
	return ours("any of %s", count(int64(len(list)), noun))
}

func atLeast(a hunts.Answer, devices int64) string {
	text := count(devices, "device")
	if a.Truncated.ByDevice {
		return "at least " + text
	}
	return text
}

// outcomeCounts counts events, never devices: its words are nouns.
func outcomeCounts(o hunts.Outcomes) []string {
	var parts []string
	for _, x := range []struct {
		n    int64
		noun string
	}{{o.Reached, "connection"}, {o.Failed, "failed attempt"}, {o.Blocked, "blocked attempt"}, {o.LookedUp, "DNS lookup"}, {o.Other, "event without a connection"}} {
		switch {
		case x.n == 0:
		case x.noun == "event without a connection" && x.n > 1:
			parts = append(parts, grouped(x.n)+" events without a connection")
		default:
			parts = append(parts, count(x.n, x.noun))
		}
	}
	return parts
}

func outcomesText(o hunts.Outcomes) string {
	parts := outcomeCounts(o)
	if len(parts) == 0 {
		return "no event"
	}
	return strings.Join(parts, ", ")
}

// completeness is how much of the look-back a verdict speaks for.
func completeness(c hunts.Coverage) string {
	if c.Complete {
		return "fully searched"
	}
	var missing int64
	for _, s := range c.Slices {
		if s.State != hunts.SliceDone {
			missing++
		}
	}
	if missing > 0 {
		return grouped(missing) + " of " + count(int64(len(c.Slices)), "part") + " not fully searched"
	}
	return "coverage incomplete"
}

// eventsText counts rows of the table; an aggregate is one row for an hour of
// connections, so this is never a count of connections.
func eventsText(t hunts.Totals) string {
	text := count(t.Events, "event")
	switch {
	case t.Aggregated == 0:
		return text
	case t.Aggregated == t.Events:
		return text + ", all of them hourly aggregates"
	case t.Aggregated == 1:
		return text + ", 1 of them an hourly aggregate"
	}
	return text + ", " + grouped(t.Aggregated) + " of them hourly aggregates"
}
