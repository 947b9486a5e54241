package message

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts"
)

// word is the verdict as people read it.
func word(v hunts.Verdict) string {
	switch v {
	case hunts.Reached, hunts.Seen, hunts.Tried, hunts.Clean:
		return string(v)
	case hunts.NoMatch:
		return "NO MATCH"
	case hunts.Found:
		return "FOUND"
	case hunts.NothingFound:
		return "NOTHING FOUND"
	}
	return "COULD NOT TELL"
}

// icon stands beside the word, never instead of it.
func icon(v hunts.Verdict) string {
	switch v {
	case hunts.Reached:
		return "🔴"
	case hunts.Seen:
		return "🟣"
	case hunts.Tried:
		return "🟡"
	case hunts.Clean:
		return "🟢"
	case hunts.NoMatch:
		return "➖"
	case hunts.Found:
		return "🔎"
	case hunts.NothingFound:
		return "⬜"
	}
	return "⚪"
}

func outcomeWord(o hunts.Outcome) string {
	switch o {
	case hunts.OutcomeReached:
		return "reached"
	case hunts.OutcomeBlocked:
		return "blocked"
	case hunts.OutcomeFailed:
		return "failed"
	case hunts.OutcomeLookedUp:
		return "DNS lookup only"
	case hunts.OutcomeOther:
		return "no connection"
	}
	return "unknown"
}

// foundText is a verdict with the devices that it is about: "REACHED by 2 devices".
func foundText(v hunts.Verdict, devices int64) string {
	switch {
	case devices == 0 || v == hunts.CouldNotTell || v == hunts.Clean:
		return word(v)
	case v == hunts.Reached || v == hunts.Tried:
		return word(v) + " by " + count(devices, "device")
	}
	return word(v) + " on " + count(devices, "device")
}

func grouped(n int64) string { return hunts.Grouped(n) }

func count(n int64, noun string) string { return hunts.Count(n, noun) }

// countIs is a count and its verb: "1 event is", "14 events are".
func countIs(n int64, noun string) string {
	if n == 1 {
		return count(n, noun) + " is"
	}
	return count(n, noun) + " are"
}

// length is a duration in its largest sensible unit.
func length(d time.Duration) string {
	switch {
	case d < 0:
		return "0 s"
	case d < time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", d/time.Hour)
	}
	return fmt.Sprintf("%d days", d/(24*time.Hour))
}

// rhythm is an interval with the precision that it deserves: "60 s", "2.5 s",
// "15 min".
func rhythm(d time.Duration) string {
	switch {
	case d < 10*time.Second && d%time.Second != 0:
		return strconv.FormatFloat(d.Round(100*time.Millisecond).Seconds(), 'f', -1, 64) + " s"
	case d < 3*time.Minute:
		return fmt.Sprintf("%d s", d.Round(time.Second)/time.Second)
	case d < 3*time.Hour:
		return fmt.Sprintf("%d min", d.Round(time.Minute)/time.Minute)
	}
	return fmt.Sprintf("%d h", d.Round(time.Hour)/time.Hour)
}

// took writes milliseconds as "2.1 s".
func took(ms int64) string {
	if ms < 1000 {
		return fmt.Sprintf("%d ms", max(ms, 0))
	}
	return fmt.Sprintf("%.1f s", float64(ms)/1000)
}

// listed joins names and counts those beyond the limit: "a, b and 3 more".
func listed(names []string, most int) string {
	switch {
	case len(names) == 0:
		return none
	case len(names) > most:
		return strings.Join(names[:most], ", ") + " and " + grouped(int64(len(names)-most)) + " more"
	case len(names) == 1:
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}
