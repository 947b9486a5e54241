package message

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/footprint-soc/footprint/hunts"
)

// At 03:00 the question is which machine, whose, through what. These are the
// bounds of the lines that answer it.
const (
	maxDeviceLines = 3 // devices with a line each
	maxTriedNamed  = 2 // devices named behind "Tried only"
)

// sighting is one device of an answer as its line shows it.
type sighting struct {
	hunts.DeviceResult
	name string    // short where no other device has the same short name
	lead hunts.Row // the row that says most: its process, parent and user
	rare int64     // devices that ran the lead's process; fewer is more telling
}

// sightings are the devices of an answer, those that matter most first: reached
// before tried, then by how rare the process is, then the earliest.
func sightings(a hunts.Answer) []sighting {
	leads := leadRows(a)
	devicesOf := map[string]int64{}
	for _, p := range a.ByProcess {
		devicesOf[strings.ToLower(p.Process)] = p.Devices
	}
	names := shortNames(a)
	var out []sighting
	for _, d := range a.ByDevice {
		if d.Hidden {
			continue
		}
		s := sighting{DeviceResult: d, name: names[d.Device], lead: leads[deviceKey(d.Scope, d.Device)], rare: math.MaxInt64}
		if n, ok := devicesOf[strings.ToLower(s.lead.Process)]; ok && s.lead.Process != "" {
			s.rare = n
		}
		out = append(out, s)
	}
	slices.SortStableFunc(out, func(x, y sighting) int {
		return cmp.Or(
			cmp.Compare(outcomeRank(x.Outcome), outcomeRank(y.Outcome)), cmp.Compare(x.rare, y.rare),
			x.FirstSeen.Compare(y.FirstSeen), cmp.Compare(x.Device, y.Device))
	})
	return out
}

// outcomeRank puts a completed connection first; all that is less is one class.
func outcomeRank(o hunts.Outcome) int {
	switch o {
	case hunts.OutcomeReached:
		return 0
	case hunts.OutcomeOther:
		return 2
	}
	return 1
}

func deviceKey(scope, device string) string { return scope + "\x00" + strings.ToLower(device) }

// leadRows is the row of each device that says most: the strongest outcome, a
// process that was recorded, the most events.
func leadRows(a hunts.Answer) map[string]hunts.Row {
	out := map[string]hunts.Row{}
	for _, r := range a.Rows {
		key := deviceKey(r.Scope, r.Device)
		if have, ok := out[key]; !ok || saysMore(r, have) {
			out[key] = r
		}
	}
	return out
}

func saysMore(r, than hunts.Row) bool {
	if x, y := outcomeRank(r.Outcome), outcomeRank(than.Outcome); x != y {
		return x < y
	}
	if named := r.Process != ""; named != (than.Process != "") {
		return named
	}
	return r.Events > than.Events
}

// shortNames cuts the domain off where what is left is still one device of the
// answer.
func shortNames(a hunts.Answer) map[string]string {
	var names []string
	for _, d := range a.ByDevice {
		names = append(names, d.Device)
	}
	for _, r := range a.Rows {
		names = append(names, r.Device)
	}
	for _, e := range a.Events {
		names = append(names, e.Device)
	}
	full := map[string]map[string]bool{}
	for _, name := range names {
		short, _, _ := strings.Cut(strings.ToLower(name), ".")
		if full[short] == nil {
			full[short] = map[string]bool{}
		}
		full[short][strings.ToLower(name)] = true
	}
	out := map[string]string{}
	for _, name := range names {
		short, _, _ := strings.Cut(name, ".")
		if out[name] = name; short != "" && len(full[strings.ToLower(short)]) == 1 {
			out[name] = short
		}
	}
	return out
}

// deviceLines name the devices of an answer: a line for each of the few that
// matter most, at least one and at most as many as there is room for, then one for
// those that only tried, and how many more there are.
func deviceLines(a hunts.Answer, most int) []line {
	all := sightings(a)
	tried := len(all)
	for i, s := range all {
		if outcomeRank(s.Outcome) > 0 {
			tried = i
			break
		}
	}
	first := all[:tried]
	rest := all[tried:]
	if tried == 0 { // nothing but tries: they are what the message is about
		first, rest = all, nil
	}
	var out []line
	for _, s := range first[:min(len(first), maxDeviceLines, most)] {
		out = append(out, deviceLine(s, a))
	}
	var last line
	if more := int64(len(first)-len(out)) + unlisted(a); more > 0 {
		last = last.dot(ours("and %s", count(more, "more device")))
	}
	if len(rest) > 0 {
		last = last.dot(triedOnly(rest)...)
	}
	if last != nil {
		out = append(out, last)
	}
	return out
}

// unlisted counts the devices of the totals that have no line in the answer.
func unlisted(a hunts.Answer) int64 { return max(0, a.Totals.Devices-int64(len(a.ByDevice))) }

func deviceLine(s sighting, a hunts.Answer) line {
	l := line{bold(shown(s.name, maxShort))}
	if user := accountOf(s); user != "" {
		l = l.and(ours(" ("), span{text: user}, ours(")"))
	}
	if text := placed("", s.Scope, a); text != "" {
		l = l.and(span{text: text})
	}
	l = l.dot(throughSpan(s.lead))
	if s.Outcome != hunts.OutcomeReached {
		l = l.and(ours(", %s", triedHow(s)))
	}
	l = l.dot(ours("%s since ", count(s.Events, "event")), at(s.FirstSeen))
	if b, more := beaconOf(a, s); b != nil {
		l = l.dot(ours("likely beaconing: every %s", rhythm(b.Interval)))
		if more > 0 {
			l = l.and(ours(" (and %s)", count(more, "other process")))
		}
	}
	if len(s.Excluded) > 0 {
		l = l.dot(ours("known-good in part ("), span{text: shown(strings.Join(s.Excluded, ", "), maxShort)}, ours(")"))
	}
	return l
}

// maxLeadDevices is how many devices a line of a ledger names.
const maxLeadDevices = 3

// LeadDevices are the names of the devices that matter most: those that the verdict
// is about.
func LeadDevices(a hunts.Answer) []string {
	var out []string
	for _, s := range sightings(a) {
		if len(out) == maxLeadDevices || a.Verdict == hunts.Reached && s.Outcome != hunts.OutcomeReached {
			break
		}
		out = append(out, s.name)
	}
	return out
}

// throughSpan is the process and its parent.
func throughSpan(r hunts.Row) span {
	if r.Process == "" {
		return ours(unknownProcess)
	}
	text := shown(r.Process, maxShort)
	if r.Parent != "" {
		text += " ← " + shown(r.Parent, maxShort)
	}
	return span{text: text}
}

// unknownProcess is what inspection of the network leaves open.
const unknownProcess = "process unknown (network inspection)"

// accountOf is whose device it is, as far as the rows say: without the domain, and
// the system's own accounts in capitals, so that nobody takes them for a person.
func accountOf(s sighting) string {
	name := s.lead.Account
	if name == "" && len(s.Accounts) > 0 {
		name = s.Accounts[0]
	}
	return shortAccount(name)
}

// placed adds the workspace to a device's name where an answer has several.
func placed(name, scope string, a hunts.Answer) string {
	if scope == "" || len(a.ByScope) < 2 {
		return name
	}
	return name + " in " + shown(scope, maxShort)
}

func shortAccount(name string) string {
	if name == "" {
		return ""
	}
	if i := strings.LastIndexByte(name, '\\'); i >= 0 && i+1 < len(name) {
		name = name[i+1:]
	}
	switch strings.ToLower(name) {
	case "system", "local service", "network service":
		name = strings.ToUpper(name)
	}
	return shown(name, maxShort)
}

// triedOnly names the devices whose attempts all ended before a connection.
func triedOnly(rest []sighting) line {
	l := line{ours("Tried only: ")}
	for i, s := range rest {
		if i == maxTriedNamed {
			return l.and(ours(" and %s", count(int64(len(rest)-i), "more device")))
		}
		if i > 0 {
			l = l.and(ours("; "))
		}
		l = l.and(bold(shown(s.name, maxShort)))
		if user := accountOf(s); user != "" {
			l = l.and(ours(" ("), span{text: user}, ours(")"))
		}
		l = l.dot(throughSpan(s.lead), ours(", %s", triedHow(s)))
	}
	return l
}

func triedHow(s sighting) string {
	switch s.Outcome {
	case hunts.OutcomeBlocked:
		return "blocked"
	case hunts.OutcomeFailed:
		return "failed"
	case hunts.OutcomeLookedUp:
		return "DNS lookup only"
	case hunts.OutcomeOther:
		return "no connection"
	}
	return "no connection"
}

// beaconOf is the most regular traffic of a device, and how many more of its
// processes are as regular.
func beaconOf(a hunts.Answer, s sighting) (found *hunts.Beacon, more int64) {
	for i, b := range a.Beacons {
		if !strings.EqualFold(b.Device, s.Device) {
			continue
		}
		if found == nil {
			found = &a.Beacons[i]
			continue
		}
		more++
	}
	return found, more
}

// Devices is the table of an answer's devices, for the thread, in the order of
// the parent message.
func Devices(h hunts.Hunt, a hunts.Answer, v View) Message {
	var p page
	devicesGrid(a).add(&p, v.Form)
	if row := facetMenus(h, a, v); row != nil {
		p.add(row, "")
	}
	p.small(line{ours("%s · from cached results", shown(h.ID, maxShort))})
	return p.render(v.Form)
}

func devicesGrid(a hunts.Answer) grid {
	if a.Table != nil {
		return rowDevicesGrid(a)
	}
	g := grid{
		caption: fileStem(a) + ": " + count(int64(len(a.ByDevice)), "device") + ", those that matter most first", where: "in " + fileStem(a) + ".csv",
		head: []string{"Device", "User", "Process ← parent", "Outcome", "Events", "First (UTC)", "Last (UTC)"},
	}
	for _, s := range sightings(a) {
		g.rows = append(g.rows, []cell{
			word1(placed(shown(s.name, maxShort), s.Scope, a)), word1(cmp.Or(accountOf(s), none)), word1(cutText(throughSpan(s.lead).text, maxCell)), word1(outcomeWord(s.Outcome)), number(s.Events),
			word1(s.FirstSeen.UTC().Format(cellTime)), word1(s.LastSeen.UTC().Format(cellTime)),
		})
	}
	g.more = unlisted(a)
	return g
}
