package hunts

import (
	"sort"
	"strings"
)

// Suggestion is a filter worth offering, with what it would leave.
type Suggestion struct {
	Filter  Filter
	Devices int
	Rows    int
	split   float64 // 1 leaves half of the devices, 0 all or none of them
	finer   float64 // the same of rows, for filters that split the devices alike
	leaves  uint64  // the same number leaves the same rows
	drops   uint64
}

// tally is what has one value of one facet.
type tally struct {
	rows    int
	mark    uint64
	devices map[string]int // rows of each
}

// Splits are the filters that leave a part of the answer, those first that split
// it best: that leave closest to half of the devices and, of those that split them
// alike, to half of the rows.
func (a Answer) Splits() []Suggestion {
	all := tally{devices: map[string]int{}}
	tallies := map[Filter]*tally{}
	for _, r := range a.Rows {
		if r.Hidden {
			continue
		}
		device, mark := strings.ToLower(r.Device), mixed(uint64(all.rows))
		all.take(device, mark)
		for _, f := range filtersOf(r) {
			if tallies[f] == nil {
				tallies[f] = &tally{devices: map[string]int{}}
			}
			tallies[f].take(device, mark)
		}
	}
	var out []Suggestion
	for f, t := range tallies {
		if t.rows == all.rows {
			continue
		}
		only := Suggestion{Filter: f, Devices: len(t.devices), Rows: t.rows, leaves: t.mark, drops: all.mark - t.mark}
		without := Suggestion{Filter: Filter{Facet: f.Facet, Value: f.Value, Without: true}, Devices: len(all.devices) - t.wholly(all), Rows: all.rows - t.rows, leaves: only.drops, drops: only.leaves}
		for _, s := range []Suggestion{only, without} {
			s.split, s.finer = balance(s.Devices, len(all.devices)), balance(s.Rows, all.rows)
			out = append(out, s)
		}
	}
	sort.Slice(out, func(i, j int) bool { return better(out[i], out[j]) })
	return out
}

func (t *tally) take(device string, mark uint64) {
	t.rows++
	t.mark += mark
	t.devices[device]++
}

// wholly counts the devices of which every row is in t.
func (t *tally) wholly(all tally) int {
	n := 0
	for d, rows := range t.devices {
		if all.devices[d] == rows {
			n++
		}
	}
	return n
}

// mixed makes numbers whose sums tell sets of rows apart (splitmix64).
func mixed(n uint64) uint64 {
	n += 0x9e3779b97f4a7c15
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return n ^ n>>31
}

// filtersOf are the values of a row, each once.
func filtersOf(r Row) []Filter {
	out := []Filter{
		{Facet: ByProcess, Value: strings.ToLower(r.Process)}, {Facet: ByDevice, Value: strings.ToLower(r.Device)}, {Facet: ByOutcome, Value: string(r.Outcome)},
	}
	for i, m := range r.Matched {
		if f := (Filter{Facet: ByIndicator, Value: m}); i == 0 || f != out[len(out)-1] { // Matched is sorted
			out = append(out, f)
		}
	}
	return out
}

func balance(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return 2 * float64(min(part, whole-part)) / float64(whole)
}

func better(x, y Suggestion) bool {
	switch {
	case x.split != y.split:
		return x.split > y.split
	case x.Devices != y.Devices && x.split > 0:
		return x.Devices < y.Devices // of two halves the smaller is read faster
	case x.finer != y.finer:
		return x.finer > y.finer
	case x.Rows != y.Rows:
		return x.Rows < y.Rows
	case x.Filter.Facet != y.Filter.Facet:
		return facetRank(x.Filter.Facet) < facetRank(y.Filter.Facet)
	case x.Filter.Without != y.Filter.Without:
		return y.Filter.Without
	}
	return x.Filter.Value < y.Filter.Value
}

// facetRank: how something talked says more than who did.
func facetRank(f Facet) int {
	for n, x := range []Facet{ByProcess, ByOutcome, ByIndicator, ByDevice} {
		if x == f {
			return n
		}
	}
	return 9
}

// leastSplit is what a split must be worth to be one of the few.
const leastSplit = 0.1

// tells is how much a button of a facet says: an outcome or a process is news,
// what was asked for and where it was met stands in the message already.
var tells = map[Facet]float64{ByProcess: 1, ByOutcome: 1, ByDevice: 0.5, ByIndicator: 0.4}

// Facets are the few best splits, weighed by what they tell: each another
// property, and none that leaves or drops the same rows as one before it, or next
// to none.
func (a Answer) Facets(most int) []Suggestion {
	all := a.Splits()
	worth := func(s Suggestion) float64 { return s.split * tells[s.Filter.Facet] }
	sort.SliceStable(all, func(i, j int) bool { return worth(all[i]) > worth(all[j]) })
	var out []Suggestion
	for _, s := range all {
		if len(out) == most {
			break
		}
		// "not recorded" is no name for a button, and "without reached" is not what
		// anybody would say
		known := s.Filter.Value == "" || s.Filter.Facet == ByOutcome && s.Filter.Without || s.split < leastSplit && s.finer < leastSplit
		for _, o := range out {
			known = known || o.Filter.Facet == s.Filter.Facet || o.leaves == s.leaves || o.leaves == s.drops
		}
		if !known {
			out = append(out, s)
		}
	}
	return out
}
