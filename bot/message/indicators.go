package message

import (
	"slices"
	"strings"

	"github.com/footprint-soc/footprint/hunts"
)

// maxIndicatorsNamed is how many indicators the parent message names; the thread
// and the files have all.
const maxIndicatorsNamed = 3

// contacts counts devices of one indicator by what came of it. A device that
// reached it is not counted as one that tried.
type contacts struct{ reached, tried int64 }

// contactsBy counts from the rows, the only place that says which device met
// which indicator how; nil where the rows were cut.
func contactsBy(a hunts.Answer) map[string]contacts {
	if a.Truncated.Rows || a.Truncated.ByDevice {
		return nil
	}
	best := map[string]map[string]bool{} // indicator, device: reached?
	for _, r := range a.Rows {
		for _, name := range r.Matched {
			if best[name] == nil {
				best[name] = map[string]bool{}
			}
			device := deviceKey(r.Scope, r.Device)
			best[name][device] = best[name][device] || r.Outcome == hunts.OutcomeReached
		}
	}
	out := map[string]contacts{}
	for name, devices := range best {
		var c contacts
		for _, reached := range devices {
			if reached {
				c.reached++
			} else {
				c.tried++
			}
		}
		out[name] = c
	}
	return out
}

// contactText is "reached by 2, tried by 1"; never a number without what it counts.
func (c contacts) text() string {
	var parts []string
	if c.reached > 0 {
		parts = append(parts, "reached by "+grouped(c.reached))
	}
	if c.tried > 0 {
		parts = append(parts, "tried by "+grouped(c.tried))
	}
	return strings.Join(parts, ", ")
}

// indicatorsLine says what came of each indicator, the strongest verdict first.
// The verdict names a single indicator that is clean already.
func indicatorsLine(a hunts.Answer) line {
	all := slices.Clone(a.ByIndicator)
	if len(all) == 1 && a.Verdict == hunts.Clean && all[0].Events == 0 && all[0].Mark == "" {
		return nil
	}
	if len(all) > maxIndicatorsNamed {
		slices.SortStableFunc(all, func(x, y hunts.IndicatorResult) int { return x.Verdict.Rank() - y.Verdict.Rank() })
	}
	by := contactsBy(a)
	var l line
	for _, r := range all[:min(len(all), maxIndicatorsNamed)] {
		l = l.dot(indicatorSpan(r.Indicator, r.Type), ours(" %s", resultText(r, by)))
		if r.Mark != "" {
			l = l.and(ours(", marked "), sentence(r.Mark))
		}
	}
	if more := all[min(len(all), maxIndicatorsNamed):]; len(more) > 0 {
		l = l.dot(ours("%s: %s", count(int64(len(more)), "more indicator"), verdictCounts(more)))
	}
	return l
}

func resultText(r hunts.IndicatorResult, by map[string]contacts) string {
	if r.Events == 0 {
		return word(r.Verdict)
	}
	if text := by[r.Indicator].text(); text != "" {
		return text
	}
	text := "on " + count(r.Devices, "device")
	if by == nil {
		text = "on at least " + count(r.Devices, "device")
	}
	return text
}

func verdictCounts(all []hunts.IndicatorResult) string {
	n := map[hunts.Verdict]int64{}
	for _, r := range all {
		n[r.Verdict]++
	}
	var parts []string
	for _, v := range []hunts.Verdict{hunts.Reached, hunts.Seen, hunts.CouldNotTell, hunts.Tried, hunts.Clean, hunts.NoMatch} {
		if n[v] > 0 {
			parts = append(parts, grouped(n[v])+" "+word(v))
		}
	}
	return strings.Join(parts, ", ")
}

// Where a share of the fleet is rare: one device in a hundred; and common: one in
// five, and more than a handful of them.
const (
	rareShare     = 100
	commonShare   = 5
	commonAtLeast = 10
)

// rarityText tells a rare contact from a common one.
func rarityText(a hunts.Answer) string {
	devices, fleet := a.Totals.Devices, a.Coverage.SensorsReporting
	switch {
	case devices == 0 || fleet == 0 || devices > fleet:
		return ""
	case devices*rareShare <= fleet:
		return "rare: " + grouped(devices) + " of " + count(fleet, "device") + mixedText(a)
	case commonly(a):
		return "common: " + shareText(a) + mixedText(a)
	}
	return shareText(a) + mixedText(a)
}

// mixedText says of a number of devices that it counts those that only tried too.
func mixedText(a hunts.Answer) string {
	if c := reachedBy(a); c.reached > 0 && c.tried > 0 {
		return " reached or tried it"
	}
	return ""
}

func commonly(a hunts.Answer) bool {
	devices, fleet := a.Totals.Devices, a.Coverage.SensorsReporting
	return devices >= commonAtLeast && devices <= fleet && devices*commonShare >= fleet
}

// shareText is "993 of 1,942 devices (51 %)".
func shareText(a hunts.Answer) string {
	devices, fleet := a.Totals.Devices, a.Coverage.SensorsReporting
	return grouped(devices) + " of " + count(fleet, "device") + " (" + grouped((devices*100+fleet/2)/fleet) + " %)"
}
