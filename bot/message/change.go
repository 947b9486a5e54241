package message

import (
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts"
)

// maxNewDevices bounds the names in the line that says what is new.
const maxNewDevices = 3

// changeLine says what is new: "+2 devices (WS-1, WS-2), +41 events since 09:12".
func changeLine(c *hunts.Change, now time.Time) line {
	if c == nil {
		return nil
	}
	l := line{ours("🆕 ")}
	if c.None() {
		l = line{ours("Nothing new")}
	} else {
		if len(c.Devices) > 0 {
			l = l.and(ours("+%s", count(int64(len(c.Devices)), "device")))
		}
		for n, d := range c.Devices {
			switch {
			case d == "": // not to be named in this channel
				continue
			case n == maxNewDevices:
				l = l.and(ours(" and %s more", grouped(int64(len(c.Devices)-n))))
			case n > maxNewDevices:
				continue
			case n > 0:
				l = l.and(ours(", "), data(d))
			default:
				l = l.and(ours(" "), data(d))
			}
		}
		least := ""
		if c.AtLeast {
			least = "at least "
		}
		if len(c.Devices) > 0 {
			l = l.and(ours(", "))
		}
		l = l.and(ours("+%s%s", least, count(c.Events, "event")))
	}
	if c.Rest {
		l = l.and(ours(" in the parts that %s had not searched", shown(c.Hunt, maxShort)))
	} else {
		l = l.and(ours(" since "), clock(c.Since, now), ours(" (%s)", shown(c.Hunt, maxShort)))
	}
	if !c.Whole {
		l = l.and(ours(", as far as it was searched"))
	}
	return l
}

// newerLine points from a hunt to the one that refreshed it.
func newerLine(n *hunts.Newer, now time.Time) line {
	if n == nil {
		return nil
	}
	if n.Window != "" {
		text := foundText(n.Verdict, n.Devices)
		return line{ours("%s: %s ", strings.ToUpper(n.Window[:1])+shown(n.Window[1:], maxShort), icon(n.Verdict)), bold(word(n.Verdict)), ours("%s, see the thread (%s)", strings.TrimPrefix(text, word(n.Verdict)), shown(n.Hunt, maxShort))}
	}
	l := line{ours("Newer in the thread: %s ", icon(n.Verdict)), bold(word(n.Verdict))}
	if n.Devices > 0 {
		l = l.dot(ours("%s", count(n.Devices, "device")))
	}
	c := n.Change
	switch {
	case c.None() && c.Rest:
		l = l.dot(ours("nothing new in the rest"))
	case c.None():
		l = l.dot(ours("nothing new since "), clock(c.Since, now))
	default:
		more := "+" + count(c.Events, "event")
		if len(c.Devices) > 0 {
			more = "+" + count(int64(len(c.Devices)), "device") + ", " + more
		}
		l = l.dot(ours("%s", more))
	}
	return l.and(ours(" (%s)", shown(n.Hunt, maxShort)))
}

// clock is the time of a day for what is less than a day old, else the date too.
func clock(t, now time.Time) span {
	s := at(t)
	s.today = now.Sub(t) < 20*time.Hour
	return s
}
