package message

import (
	"strings"

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
	p.say(runningHead(h, now), asked(h), progressLine(now))
	p.say(runningFoot(h, v))
	if v.ChannelNote != "" {
		p.say(line{sentence(v.ChannelNote)})
	}
	if now == nil && v.Buttons || now != nil && now.Cancellable && (now.Total <= 0 || now.Done < now.Total) {
		p.add(actions(button(ActionCancel, Action{Hunt: h.ID}, "Cancel"), showButton(v)), "")
	}
	return p.render(v.Form)
}

func runningHead(h hunts.Hunt, now *hunts.Progress) line {
	l := line{ours("🔎 "), bold(h.ID), ours(" · hunting "), subject(h)}
	if now != nil && now.Verdict == hunts.Reached {
		l = line{ours("🔴 "), bold("REACHED so far"), ours(" · %s still hunting", h.ID)}
	}
	l = l.dot(ours("%s", h.Window.Text()))
	if len(h.Workspaces) > 0 {
		l = l.dot(span{text: shown(strings.Join(h.Workspaces, ", "), maxShort)})
	}
	return l
}

// subject is what is hunted: indicators, or everything of the devices named.
func subject(h hunts.Hunt) span {
	if n := len(h.Request.Indicators()); n > 0 {
		return ours("%s", count(int64(n), "indicator"))
	}
	as := ""
	if len(h.Request.Accounts) > 0 {
		as = " as " + shown(listed(h.Request.Accounts, 3), maxShort)
	}
	return ours("everything that %s talked to%s", shown(listed(h.Request.Devices, 3), maxShort), as)
}

// asked is the request in words.
func asked(h hunts.Hunt) line {
	var l line
	shownSoFar := 0
	all := h.Request.Indicators()
	for _, i := range all {
		if shownSoFar == maxIndicatorLines {
			l = l.and(ours(" and %s", count(int64(len(all)-shownSoFar), "more indicator")))
			break
		}
		l = l.dot(ours("%s ", kindWord(string(i.Kind))), indicatorSpan(i.Value, string(i.Kind)))
		if i.Kind == "domain" && !i.SubOnly {
			l = l.and(ours(" and sub-domains"))
		}
		shownSoFar++
	}
	for n, d := range h.Request.Devices {
		if n == maxIndicatorLines {
			l = l.and(ours(" and %s", count(int64(len(h.Request.Devices)-n), "more device")))
			break
		}
		l = l.dot(ours("only on "), data(d))
	}
	return l
}

func kindWord(kind string) string {
	switch kind {
	case "ip":
		return "IP"
	case "cidr":
		return "range"
	case "domain":
		return "domain"
	case "suffix":
		return "names ending in"
	case "url":
		return "URL host of"
	case "file":
		return "through file"
	case "md5", "sha1", "sha256":
		return "through " + strings.ToUpper(kind)
	}
	return "indicator"
}

// maxBar is how many signs a progress bar takes, whatever the number of slices.
const maxBar = 14

func progressLine(now *hunts.Progress) line {
	switch {
	case now == nil:
		return line{ours("Queued")}
	case now.SharedWith != "":
		return line{ours("⏳ Waiting for %s, which asks the same: one search answers both", shown(now.SharedWith, maxShort))}
	case now.QueuedAhead > 0:
		return line{ours("⏳ Waiting: %s ahead", count(int64(now.QueuedAhead), "query"))}
	case now.Total <= 0:
		return line{ours("Searching")}
	}
	done := min(max(now.Done, 0), now.Total)
	width := min(now.Total, maxBar)
	full := done * width / now.Total
	l := line{ours("%s%s %d of %s", strings.Repeat("▓", full), strings.Repeat("░", width-full), done, count(int64(now.Total), "slice"))}
	if now.Events > 0 {
		return l.dot(ours("%s so far", count(now.Devices, "device")), ours(" · %s", count(now.Events, "event")))
	}
	return l.dot(ours("nothing so far"))
}

func runningFoot(h hunts.Hunt, v View) line {
	l := line{}
	if v.Known != "" {
		l = l.dot(ours("Known: "), sentence(v.Known))
	} else if v.First {
		l = l.dot(ours("Not hunted here before"))
	}
	l = l.dot(ours("asked by "), who(h.Asker))
	for n, f := range h.Followers {
		if n == 3 {
			l = l.and(ours(" and %s", count(int64(len(h.Followers)-n), "other")))
			break
		}
		l = l.and(ours(", also "), who(f))
	}
	if h.Request.Why != "" {
		l = l.dot(quoted(h.Request.Why))
	}
	return l
}
