package message

import (
	"github.com/footprint-soc/footprint/hunts"
)

// Lineage shows where the processes of a device came from, newest first.
func Lineage(h hunts.Hunt, device string, l hunts.Lineage, v View) Message {
	var p page
	head := line{bold("Process lineage"), ours(" on "), data(device)}
	head = head.dot(at(l.Window.From), ours(" to "), at(l.Window.To))
	if len(l.Starts) == 0 {
		p.say(head, line{ours("DeviceProcessEvents holds no start of these processes in this time: not recorded, or started earlier.")})
	} else {
		p.say(head)
		lineageGrid(h, l).add(&p, v.Form)
	}
	if l.Partial != "" {
		p.say(line{ours("There may be more: "), sentence(l.Partial)})
	}
	p.small(line{ours("%s", shown(h.ID, maxShort))})
	return p.render(v.Form)
}

// commandCell is a command line, and what it hides.
func commandCell(s hunts.Start) string {
	text := shown(s.CommandLine, maxCommandLine)
	if s.Decoded != "" {
		text += " (decoded: " + shown(s.Decoded, maxCommandLine) + ")"
	}
	return text
}

func lineageGrid(h hunts.Hunt, l hunts.Lineage) grid {
	g := grid{
		caption: "Grandparent → parent → process of " + shown(h.ID, maxShort), where: "in DeviceProcessEvents",
		head: []string{"Last started (UTC)", "Grandparent → parent → process", "User", "Starts", "Command line", "Parent's command line"},
	}
	for _, s := range l.Starts {
		chain := shown(s.Process, maxShort)
		for _, older := range []string{s.Parent, s.Grandparent} {
			if older != "" {
				chain = shown(older, maxShort) + " → " + chain
			}
		}
		g.rows = append(g.rows, []cell{
			word1(s.Last.UTC().Format(cellTime)), word1(cutText(chain, maxCell)), word1(shown(s.Account, maxShort)), number(s.Events),
			word1(commandCell(s)), word1(shown(s.ParentCommandLine, maxCommandLine)),
		})
	}
	return g
}
