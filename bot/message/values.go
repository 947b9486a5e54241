package message

import (
	"slices"
	"strings"

	"github.com/footprint-soc/footprint/hunts"
)

// Values are what an answer can be narrowed to, those that matter most first.
type Values struct{ Devices, Processes, Accounts []string }

// maxValues bounds how many of each are offered.
const maxValues = 6

// ValuesOf lists what an answer has.
func ValuesOf(a hunts.Answer) Values {
	var v Values
	add := func(list []string, s string) []string {
		if s == "" || len(list) == maxValues || slices.ContainsFunc(list, func(have string) bool { return strings.EqualFold(have, s) }) {
			return list
		}
		return append(list, s)
	}
	for _, s := range sightings(a) {
		v.Devices = add(v.Devices, s.name)
		v.Processes = add(v.Processes, s.lead.Process)
		v.Accounts = add(v.Accounts, s.lead.Account[strings.LastIndexByte(s.lead.Account, '\\')+1:])
	}
	for _, p := range a.ByProcess {
		v.Processes = add(v.Processes, p.Process)
	}
	return v
}

// Absent tells that a value is not in a hunt, and what is.
func Absent(huntID, value string, a hunts.Answer, v View) Message {
	var p page
	lines := []line{{span{kind: codeSpan, text: shown(value, maxShort)}, ours(" isn't in %s.", shown(huntID, maxShort))}}
	has := ValuesOf(a)
	var l line
	for _, g := range []struct {
		noun   string
		values []string
	}{{"processes", has.Processes}, {"devices", has.Devices}, {"users", has.Accounts}} {
		if len(g.values) > 0 {
			l = l.dot(ours("%s: %s", g.noun, shownList(g.values)))
		}
	}
	if len(l) > 0 {
		lines = append(lines, line{ours("It has ")}.and(l...))
	}
	p.say(lines...)
	return p.render(v.Form)
}
