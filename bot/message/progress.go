package message

import (
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts"
)

// Started is the first paint of a hunt.
func Started(h hunts.Hunt, v View) Message {
	return running(h, nil, v)
}

// Progress is a hunt that runs or waits.
func Progress(h hunts.Hunt, now hunts.Progress, v View) Message {
	return running(h, &now, v)
}

func running(h hunts.Hunt, now *hunts.Progress, v View) Message {
	var p page
	lines := []line{runningHead(h, now)}
	if now != nil && now.Endpoint != nil {
		lines = append(lines, deviceLines(*now.Endpoint, endpointDevices)...)
	}
	p.say(append(lines, progressLine(h, now), runningFoot(h, v))...)
	if v.ChannelNote != "" {
		p.say(line{sentence(v.ChannelNote)})
	}
	if now == nil && v.Buttons || now != nil && now.Cancellable && (now.Total <= 0 || now.Done < now.Total || now.Endpoint != nil) {
		p.add(actions(button(ActionCancel, Action{Hunt: h.ID}, "Cancel"), showButton(v)), "")
	}
	return p.render(v.Form)
}

func runningHead(h hunts.Hunt, now *hunts.Progress) line {
	l := line{ours("🔎 Hunting ")}
	if so := soFar(now); so != "" {
		l = line{ours("%s ", icon(so)), bold(word(so) + " so far"), ours(" · still hunting ")}
	}
	l = l.and(asked(h)...).dot(windowSpans(h.Window)...)
	if len(h.Workspaces) > 0 {
		l = l.dot(span{text: shown(strings.Join(h.Workspaces, ", "), maxShort)})
	}
	return l
}

// soFar is the verdict that what is still searched can only make worse; empty
// where nothing was found yet, since silence is no verdict before the end.
func soFar(now *hunts.Progress) hunts.Verdict {
	if now == nil {
		return ""
	}
	v := now.Verdict
	if now.Endpoint != nil && v == "" {
		v = now.Endpoint.Verdict
	}
	if v == hunts.Reached || v == hunts.Seen || v == hunts.Tried {
		return v
	}
	return ""
}

// windowSpans is the look-back: "last 7 days", or both ends in the reader's zone.
func windowSpans(w hunts.Window) line {
	if w.All || w.Ago > 0 || w.From.IsZero() {
		return line{ours("%s", w.Text())}
	}
	return line{at(w.From), ours(" to "), at(w.To)}
}

// asked is the request in words: "203.0.113[.]66 and cdn-sync[.]example (with
// sub-domains), only on WS-FIN-014".
func asked(h hunts.Hunt) line {
	var l line
	all := h.Request.Indicators()
	for n, i := range all {
		switch {
		case n == maxIndicatorLines:
			l = l.and(ours(" and %s", count(int64(len(all)-n), "more indicator")))
		case n > maxIndicatorLines:
			continue
		case n > 0 && n == len(all)-1:
			l = l.and(ours(" and "))
		case n > 0:
			l = l.and(ours(", "))
		}
		if n == maxIndicatorLines {
			continue
		}
		l = l.and(ours("%s", kindWord(string(i.Kind))), indicatorSpan(i.Value, string(i.Kind)))
		if i.Kind == "domain" && !i.SubOnly {
			l = l.and(ours(" (with sub-domains)"))
		}
	}
	if len(all) == 0 && len(h.Request.Devices) == 0 {
		return line{ours("the hunt "), data(h.Name)}
	}
	if len(all) == 0 {
		as := ""
		if len(h.Request.Accounts) > 0 {
			as = " as " + shown(listed(h.Request.Accounts, 3), maxShort)
		}
		return line{ours("everything that %s talked to%s", shown(listed(h.Request.Devices, 3), maxShort), as)}
	}
	for n, d := range h.Request.Devices {
		switch n {
		case 0:
			l = l.and(ours(", only on "), data(d))
		case maxIndicatorLines:
			return l.and(ours(" and %s", count(int64(len(h.Request.Devices)-n), "more device")))
		default:
			l = l.and(ours(", "), data(d))
		}
	}
	return l
}

// kindWord stands before an indicator whose kind its text does not show.
func kindWord(kind string) string {
	switch kind {
	case "suffix":
		return "names ending in "
	case "url":
		return "the host of "
	case "file":
		return "file "
	case "md5", "sha1", "sha256":
		return strings.ToUpper(kind) + " "
	}
	return ""
}

// maxBar is how many signs a progress bar takes, whatever the number of slices.
const maxBar = 14

func progressLine(h hunts.Hunt, now *hunts.Progress) line {
	switch {
	case now == nil:
		return line{ours("⏳ Queued")}
	case now.SharedWith != "":
		return line{ours("⏳ Waiting for %s, which asks the same: one search answers both", shown(now.SharedWith, maxShort))}
	case now.QueuedAhead > 0:
		return line{ours("⏳ Waiting: %s ahead", count(int64(now.QueuedAhead), "query"))}
	case now.Endpoint != nil:
		return endpointsLine(*now)
	case now.Total <= 0:
		return line{ours("⏳ Searching")}
	}
	done := min(max(now.Done, 0), now.Total)
	width := min(now.Total, maxBar)
	full := done * width / now.Total
	part := "part"
	if h.Window.To.Sub(h.Window.From) == time.Duration(now.Total)*24*time.Hour {
		part = "day"
	}
	l := line{ours("%s%s %s of %s searched", strings.Repeat("▓", full), strings.Repeat("░", width-full), grouped(int64(done)), count(int64(now.Total), part))}
	if now.Events > 0 {
		return l.dot(ours("%s with %s so far", count(now.Devices, "device"), count(now.Events, "event")))
	}
	return l.dot(ours("nothing so far"))
}

// endpointDevices is how many devices stand under a hunt whose endpoints are
// searched, and placesNamed how many places that it still looks in.
const (
	endpointDevices = 3
	placesNamed     = 4
)

// endpointsLine is what is left to do once the sensors were asked.
func endpointsLine(now hunts.Progress) line {
	l := line{ours("⏳ Endpoints searched")}
	if !hunts.AllDone(now.Endpoint.Coverage.Slices) {
		l = line{ours("⏳ Endpoints searched in part")}
	}
	if now.Endpoint.Totals.Events == 0 {
		l = l.and(ours(", nothing there so far"))
	}
	return l.dot(ours("now looking in %s", shown(listed(now.Looking, placesNamed), maxShort)))
}

// runningFoot is the hunt's id, who asked and why, and what is known of the same.
func runningFoot(h hunts.Hunt, v View) line {
	l := line{bold(shown(h.ID, maxShort))}.dot(who(h.Asker))
	for n, f := range h.Followers {
		if n == 3 {
			l = l.and(ours(" and %s", count(int64(len(h.Followers)-n), "other")))
			break
		}
		l = l.and(ours(", also "), who(f))
	}
	if h.Request.Why != "" {
		l = l.and(ours(": "), quoted(h.Request.Why))
	}
	if known := knownLine(v.Known); known != nil {
		l = l.dot(known...)
	} else if v.First {
		l = l.dot(ours("not hunted here before"))
	}
	return l
}
