package message

import (
	"fmt"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
)

// recallLine is the line of a changed message that says what it said before, and why it
// changed.
func recallLine(r *hunts.Recall, now time.Time) line {
	if r == nil {
		return nil
	}
	if r.From == hunts.CouldNotTell && r.To == hunts.Clean {
		return line{ours("Was COULD NOT TELL until "), clock(r.Found, now), ours(": the data that was missing is here now")}
	}
	l := line{ours("⏰ ")}
	if r.From != r.To {
		l = l.and(ours("Was %s until ", word(r.From)), clock(r.Found, now))
	} else {
		l = l.and(ours("Changed at "), clock(r.Found, now))
	}
	if text := lateSpans(r); text != nil {
		l = l.and(ours(": ")).and(text...)
	}
	return l
}

// lateSpans say what came late and by how much.
func lateSpans(r *hunts.Recall) line {
	switch {
	case r.First.IsZero() && r.From == hunts.CouldNotTell:
		return line{ours("the data that was missing is here now")}
	case r.First.IsZero():
		return nil
	}
	what := "late data"
	if r.Events > 0 {
		what = count(r.Events, "late event")
	}
	l := line{ours("%s from ", what), at(r.First)}
	if r.Last.Sub(r.First) >= time.Minute {
		l = l.and(ours(" to "), at(r.Last))
	}
	return l.and(ours(", up to %s late", spell(r.Found.Sub(r.First))))
}

// spell writes a duration to the minute where that says something.
func spell(d time.Duration) string {
	d = d.Round(time.Minute)
	switch hours := d / time.Hour; {
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", max(d/time.Minute, 1))
	case d < 24*time.Hour && d%time.Hour > 0:
		return fmt.Sprintf("%d h %d min", hours, d%time.Hour/time.Minute)
	case d < 48*time.Hour || d%(24*time.Hour) > 0 && d < 96*time.Hour:
		return fmt.Sprintf("%d h", hours)
	}
	return fmt.Sprintf("%d days", d/(24*time.Hour))
}

// Recalled tells who asked for a hunt, once, that its answer is another one now.
func Recalled(h hunts.Hunt, a hunts.Answer, r hunts.Recall, v View) Message {
	var p page
	head := line{ours("%s ", icon(a.Verdict)), bold(word(a.Verdict))}
	if r.From != a.Verdict {
		head = head.and(ours(", no longer %s: ", word(r.From)))
	} else {
		head = head.and(ours(", and there is more: "))
	}
	head = head.and(ours("the answer to %s changed. ", shown(h.ID, maxShort)), who(h.Asker), ours(", you asked for it."))
	lines := []line{head}
	lines = append(lines, deviceLines(a, maxDeviceLines)...)
	if l := indicatorsLine(a); len(l) > 0 {
		lines = append(lines, l)
	}
	if l := lateSpans(&r); len(l) > 0 {
		lines = append(lines, append(line{ours("Why: ")}, l...))
	}
	if v.ChannelNote != "" {
		lines = append(lines, line{sentence(v.ChannelNote)})
	}
	p.say(lines...)
	return p.render(v.Form)
}

// Ring is the first new device of a watch.
type Ring struct {
	Hunt      string
	Indicator string
	Type      string
	Device    string
	Account   string
	Process   string
	Parent    string
	Outcome   hunts.Outcome
	At        time.Time
	Devices   []string // all new ones, the first first
	Asker     hunts.Asker
	Until     time.Time
}

// Rang tells who watches a hunt of the first new device, and keeps count of the
// others.
func Rang(r Ring, v View) Message {
	var p page
	sign, did := "🟡", "tried"
	switch r.Outcome {
	case hunts.OutcomeReached:
		sign, did = "🔴", "reached"
	case "":
		sign, did = "🟣", "has"
	}
	l := line{ours("👁 %s New device: ", sign), data(r.Device)}
	if r.Account != "" {
		l = l.and(ours(" (%s)", shown(r.Account, maxShort)))
	}
	l = l.and(ours(" %s ", did), indicatorSpan(r.Indicator, r.Type))
	if !r.At.IsZero() {
		l = l.and(ours(" at "), at(r.At))
	}
	if r.Process != "" || r.Outcome != "" {
		l = l.and(ours(" through "), throughSpan(hunts.Row{Process: r.Process, Parent: r.Parent}))
	}
	l = l.and(ours(". "), who(r.Asker), ours(", you watch %s.", shown(r.Hunt, maxShort)))
	lines := []line{l}
	if more := int64(len(r.Devices) - 1); more > 0 {
		m := line{ours("%s since: ", count(more, "more new device"))}
		for n, d := range r.Devices[1:] {
			if n == maxNewDevices {
				m = m.and(ours(" and %d more", more-int64(n)))
				break
			}
			if n > 0 {
				m = m.and(ours(", "))
			}
			m = m.and(data(d))
		}
		lines = append(lines, m)
	}
	p.say(lines...)
	p.small(line{ours("Watched until "), at(r.Until), ours(" · end it with "), data("watch end " + r.Hunt)})
	return p.render(v.Form)
}

// WatchOver is the last word of a watch.
type WatchOver struct {
	Hunt    string
	Length  time.Duration
	Devices []string // new ones
	EndedBy string
	// Unlooked says why nobody can be sure; empty when the watch was looked at up to
	// its end.
	Unlooked string
}

// WatchEnded says what came of a watch.
func WatchEnded(o WatchOver, v View) Message {
	var p page
	l := line{ours("👁 The watch on %s is over after %s: ", shown(o.Hunt, maxShort), spell(o.Length))}
	if o.EndedBy != "" {
		l = line{ours("👁 The watch on %s was ended by ", shown(o.Hunt, maxShort)), who(hunts.Asker{User: o.EndedBy}), ours(": ")}
	}
	switch {
	case len(o.Devices) > 0:
		l = l.and(ours("%s:", count(int64(len(o.Devices)), "new device")))
		for n, d := range o.Devices {
			if n == maxNewDevices {
				l = l.and(ours(" and %d more", len(o.Devices)-n))
				break
			}
			if n > 0 {
				l = l.and(ours(","))
			}
			l = l.and(ours(" "), data(d))
		}
		l = l.and(ours("."))
	case o.Unlooked != "":
		l = l.and(ours("no new device in what could be searched."))
	default:
		l = l.and(ours("no new device."))
	}
	lines := []line{l}
	if o.Unlooked != "" {
		lines = append(lines, line{ours("⚪ Not searched up to the end: "), sentence(o.Unlooked)})
	}
	p.say(lines...)
	return p.render(v.Form)
}

// WatchLine is one watch of the list.
type WatchLine struct {
	Hunt       string
	Indicators []indicator.Indicator
	Until      time.Time
	By         string
	Devices    int // new ones so far
	Looked     time.Time
	Failed     string
}

// maxWatchIndicators bounds the indicators that one line of the list names.
const maxWatchIndicators = 3

// Watches lists what is watched now. every is how often it is looked at, 0 for never.
func Watches(list []WatchLine, every time.Duration) string {
	if len(list) == 0 {
		return "Nothing is watched in this channel. Press Watch 72 h under a hunt to be told of its first new device."
	}
	lines := []line{{ours("%s, looked at every %s:", count(int64(len(list)), "watch"), spell(every))}}
	if every <= 0 {
		lines = []line{{ours("%s, and nothing looks: watches are turned off here (FOOTPRINT_WATCH_EVERY=0).", count(int64(len(list)), "watch"))}}
	}
	for _, w := range list {
		l := line{ours("%s ", shown(w.Hunt, maxShort))}
		for n, i := range w.Indicators {
			if n == maxWatchIndicators {
				l = l.and(ours(" and %d more", len(w.Indicators)-n))
				break
			}
			if n > 0 {
				l = l.and(ours(", "))
			}
			l = l.and(ours("%s", i.Defanged()))
		}
		l = l.dot(ours("until %s", utc(w.Until))).dot(sentence("by " + w.By))
		if w.Devices > 0 {
			l = l.dot(ours("%s", count(int64(w.Devices), "new device")))
		}
		switch {
		case w.Failed != "":
			l = l.dot(ours("⚪ the last look failed: %s", strings.TrimSuffix(shown(w.Failed, maxSentence), ".")))
		case w.Looked.IsZero():
			l = l.dot(ours("not looked at yet"))
		default:
			l = l.dot(ours("last looked at %s", utc(w.Looked)))
		}
		lines = append(lines, l)
	}
	var text []string
	for _, l := range lines {
		text = append(text, l.String())
	}
	return strings.Join(text, "\n")
}

// Rings tells whether Watch on a hunt rings; a longer list goes to the sweep only,
// since nobody wants a ping for each of twenty.
func Rings(h hunts.Hunt) bool {
	n := len(h.Request.Indicators())
	return n > 0 && n < fewIndicators
}
