package message

import (
	"cmp"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"github.com/footprint-soc/footprint/hunts"
)

// grid is a table before it takes one of its three forms. Cells are clean and
// defanged already and never empty; numbers keep their value for sorting.
type grid struct {
	caption string
	head    []string
	rows    [][]cell
	more    int64  // rows that the answer has and the grid lacks
	where   string // where those are
}

type cell struct {
	text   string
	number *float64
}

func word1(s string) cell { return cell{text: s} }

func number(n int64) cell {
	f := float64(n)
	return cell{text: grouped(n), number: &f}
}

// fit keeps the first rows that the limits allow.
func (g grid) fit(maxRows, maxChars int) grid {
	used := 0
	for _, h := range g.head {
		used += utf8.RuneCountInString(h)
	}
	for i, row := range g.rows {
		for _, c := range row {
			used += utf8.RuneCountInString(c.text)
		}
		if i >= maxRows || used > maxChars {
			g.more += int64(len(g.rows) - i)
			g.rows = g.rows[:i]
			break
		}
	}
	return g
}

// title is the caption with what is missing.
func (g grid) title() string {
	t := g.caption
	if g.more > 0 {
		t += fmt.Sprintf(" · %s %s", count(g.more, "more row"), g.where)
	}
	return cutText(t, maxCaption)
}

// add puts the grid onto a page in the form asked for.
func (g grid) add(p *page, form Form) {
	if len(g.rows) == 0 {
		return
	}
	switch form {
	case DataTable:
		fitted := g.fit(maxDataTableRows, maxDataTableChars)
		p.add(fitted.dataTable(), g.text())
	case Table:
		fitted := g.fit(maxTableRows, maxTableChars)
		p.add(slack.NewSectionBlock(mrkdwnObject(codeMrkdwn.Replace(fitted.title())), nil, nil), "")
		p.add(fitted.table(), g.text())
	default:
		p.add(nil, g.text())
	}
}

func (g grid) dataTable() slack.Block {
	t := slack.NewDataTableBlock(g.title()).WithPageSize(dataTablePage)
	head := make([]slack.DataTableCell, len(g.head))
	for i, h := range g.head {
		head[i] = slack.NewDataTableRawTextCell(h)
	}
	t.AddRow(head...)
	for _, row := range g.rows {
		cells := make([]slack.DataTableCell, len(row))
		for i, c := range row {
			if c.number != nil {
				cells[i] = slack.NewDataTableRawNumberCell(*c.number).WithText(c.text)
				continue
			}
			cells[i] = slack.NewDataTableRawTextCell(c.text)
		}
		t.AddRow(cells...)
	}
	return t
}

// table uses text cells only: servers that do not know data_table yet refuse
// numbers in it.
func (g grid) table() slack.Block {
	t := slack.NewTableBlock("")
	cells := make([]slack.TableCell, len(g.head))
	for i, h := range g.head {
		cells[i] = slack.NewTableRawTextCell(h)
	}
	t.AddRow(cells...)
	for _, row := range g.rows {
		cells := make([]slack.TableCell, len(row))
		for i, c := range row {
			cells[i] = slack.NewTableRawTextCell(c.text)
		}
		t.AddRow(cells...)
	}
	return t
}

// maxTextRows is how many rows the plain text shows; the fallback text is read
// aloud and in notifications.
const maxTextRows = 15

// text is the grid as lines, escaped.
func (g grid) text() string {
	g = g.fit(maxTextRows, maxFallback/2)
	lines := []string{codeMrkdwn.Replace(g.title())}
	for _, row := range g.rows {
		parts := make([]string, len(row))
		for i, c := range row {
			parts[i] = codeMrkdwn.Replace(c.text)
		}
		lines = append(lines, "• "+strings.Join(parts, " · "))
	}
	return strings.Join(lines, "\n")
}

// rowGrid is the finest summary, one line for each device, process and remote
// side.
func rowGrid(a hunts.Answer, rows []hunts.Row, caption string) grid {
	g := grid{caption: caption, where: "in " + fileStem(a) + ".csv", head: []string{"Device", "User", "Process ← parent", "Outcome", "Events", "First (UTC)", "Last (UTC)", "Remote", "Why it matched"}}
	names := shortNames(a)
	for _, r := range alike(rows, a) {
		if len(g.rows) == maxDataTableRows { // no form shows more
			g.more++
			continue
		}
		process := "unknown (network inspection)"
		if r.Process != "" {
			process = shown(r.Process, maxShort)
			if r.Parent != "" {
				process += " ← " + shown(r.Parent, maxShort)
			}
		}
		outcome := outcomeWord(r.Outcome)
		if r.Excluded != "" {
			outcome += " · " + shown(r.Excluded, maxShort)
		}
		g.rows = append(g.rows, []cell{
			word1(placed(shown(cmp.Or(names[r.Device], r.Device), maxShort), r.Scope, a)), word1(cmp.Or(shortAccount(r.Account), none)), word1(cutText(process, maxCell)), word1(outcome), number(r.Events),
			word1(r.FirstSeen.UTC().Format(cellTime)), word1(r.LastSeen.UTC().Format(cellTime)), word1(remoteOf(r)), word1(because(r)),
		})
	}
	return g
}

// alike makes one row of those that a reader could not tell apart, since they
// differ in what the table does not show: the domain of an account, the profile of
// another scope. Hidden ones are left out.
func alike(rows []hunts.Row, a hunts.Answer) []hunts.Row {
	var out []hunts.Row
	at := map[string]int{}
	for _, r := range rows {
		if r.Hidden {
			continue
		}
		key := strings.Join([]string{deviceKey(placed("", r.Scope, a), r.Device), shortAccount(r.Account), strings.ToLower(r.Process), strings.ToLower(r.Parent), r.RemoteIP, r.RemoteHost, string(r.Outcome), r.Excluded, strings.Join(r.Because, ";"), strings.Join(r.Matched, ";")}, "\x00")
		k, ok := at[key]
		if !ok {
			at[key] = len(out)
			out = append(out, r)
			continue
		}
		out[k].Events += r.Events
		if r.FirstSeen.Before(out[k].FirstSeen) {
			out[k].FirstSeen = r.FirstSeen
		}
		if r.LastSeen.After(out[k].LastSeen) {
			out[k].LastSeen = r.LastSeen
		}
	}
	return out
}

// cellTime is a time in a table whose head says UTC.
const cellTime = "2006-01-02 15:04:05"

func remoteOf(r hunts.Row) string {
	switch {
	case r.RemoteHost != "" && r.RemoteIP != "":
		return cutText(shownRemote(r.RemoteHost, maxShort)+" ("+shownRemote(r.RemoteIP, maxShort)+")", maxCell)
	case r.RemoteHost != "":
		return shownRemote(r.RemoteHost, maxShort)
	}
	return shownRemote(r.RemoteIP, maxShort)
}

func because(r hunts.Row) string {
	reasons := r.Because
	if len(reasons) == 0 {
		reasons = r.Matched
	}
	out := make([]string, 0, len(reasons))
	for _, b := range reasons {
		out = append(out, shown(b, maxShort))
	}
	return cutText(listed(out, 3), maxCell)
}

// indicatorGrid is one line for each indicator, clean ones too.
func indicatorGrid(a hunts.Answer) grid {
	g := grid{caption: "Indicators of " + fileStem(a), where: "in " + fileStem(a) + "-indicators.csv", head: []string{"Indicator", "Type", "Verdict", "Devices", "Events", "First (UTC)", "Last (UTC)", "Mark"}}
	for _, r := range a.ByIndicator {
		first, last := none, none
		if r.FirstSeen != nil {
			first = r.FirstSeen.UTC().Format(cellTime)
		}
		if r.LastSeen != nil {
			last = r.LastSeen.UTC().Format(cellTime)
		}
		g.rows = append(g.rows, []cell{
			word1(shownIndicator(r.Indicator, r.Type)), word1(shown(r.Type, maxShort)), word1(icon(r.Verdict) + " " + word(r.Verdict)), number(r.Devices), number(r.Events), word1(first), word1(last),
			word1(shown(r.Mark, maxShort)),
		})
	}
	return g
}
