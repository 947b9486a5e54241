package message

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/request"
)

// SweepView is one sweep as it is posted.
type SweepView struct {
	Name   string
	Slot   time.Time
	Since  time.Time
	Listed int // indicators on the watchlist
	Missed int // slots before this one that were not posted, which it covers
	Survey hunts.Survey
	Report SweepReport
	// Warnings are sentences about sources that could not be read and histories
	// that could not be searched.
	Warnings []string
	Again    bool // it could not tell, and is tried again
}

// SweepReport is what changed since the sweep before.
type SweepReport struct {
	New, Still, Old, Quiet []SweepLine
	Gone                   []GonePair
	NotEvaluated           []NotEvaluated
	Left                   map[string]int // how many are not evaluated, by the reason
	Notes                  []string       // about the sources as a whole
}

// GonePair is an indicator that a device met before the last sweep and not since.
type GonePair struct{ Indicator, Type, Device string }

// SweepLine is one indicator that was met.
type SweepLine struct {
	Indicator  indicator.Indicator
	Note       string
	Confidence int
	Ticket     string
	QuietUntil time.Time
	Hits       []hunts.Hit
	Fresh      int // of their devices
}

// maxSweepLines is how many new indicators the post names; the rest is in the
// thread's table.
const maxSweepLines = 20

// Sweep is the post of the day. A quiet day is one line with the same proof.
func Sweep(s SweepView, v View) Message {
	var p page
	survey, r := s.Survey, s.Report
	head := line{ours("🌅 "), bold("Sweep " + shown(s.Name, maxShort)), ours(" "), at(s.Slot), ours(" · since "), at(s.Since)}
	if scopes := scopesText(survey); scopes != "" {
		head = head.dot(ours("%s", scopes))
	}
	head = head.dot(ours("%s", count(int64(s.Listed), "indicator")))
	if survey.Verdict == hunts.CouldNotTell {
		head = head.dot(ours("%s ", icon(hunts.CouldNotTell)), bold(word(hunts.CouldNotTell)), ours(" · "), sentence(survey.Reason))
	} else {
		head = head.dot(ours("%s", completeness(survey.Coverage)))
	}
	untold := survey.Verdict != hunts.CouldNotTell && !survey.Coverage.Complete
	quiet := len(r.New)+len(r.Old)+len(r.Still)+len(r.Quiet)+len(r.Gone)+len(s.Warnings) == 0
	if quiet && survey.Verdict == hunts.Clean && survey.Coverage.Complete {
		return quietSweep(s, head, v)
	}
	lines := []line{head}
	if untold {
		lines = append(lines, line{ours("%s ", icon(hunts.CouldNotTell)), bold(word(hunts.CouldNotTell)), ours(" if there is more: "), sentence(strings.Join(survey.Coverage.Problems, "; "))})
	}
	if s.Again {
		lines = append(lines, line{ours("I'll try again every hour and edit this message when I know.")})
	}
	if s.Missed > 0 {
		lines = append(lines, line{ours("Also covers %s", count(int64(s.Missed), "missed slot"))})
	}
	for _, w := range s.Warnings {
		lines = append(lines, line{ours("⚠️ "), sentence(w)})
	}
	p.say(lines...)
	sweepParts(s, &p)
	if len(r.New) > maxSweepLines {
		newTable(r.New).add(&p, v.Form)
	}
	p.say(proofLine(s, v))
	return p.render(v.Form)
}

// scopesText names the workspaces that were searched, where there are several to
// tell apart.
func scopesText(s hunts.Survey) string {
	var names []string
	for _, scope := range s.ByScope {
		if scope.Scope != "" {
			names = append(names, shown(scope.Scope, maxShort))
		}
	}
	return strings.Join(names, ", ")
}

// newTable takes over from the lines on a day with much news.
func newTable(list []SweepLine) grid {
	g := grid{caption: fmt.Sprintf("%s that are new", count(int64(len(list)), "indicator")), where: "in the file", head: []string{"Indicator", "Note", "Devices", "Reached", "Processes", "First (UTC)"}}
	for _, l := range list {
		reached := int64(0)
		first := time.Time{}
		var processes []string
		for _, h := range l.Hits {
			if h.Outcome == hunts.OutcomeReached {
				reached++
			}
			if first.IsZero() || h.FirstSeen.Before(first) {
				first = h.FirstSeen
			}
			for _, p := range h.Processes {
				if !slices.Contains(processes, p) {
					processes = append(processes, p)
				}
			}
		}
		g.rows = append(g.rows, []cell{
			word1(shownIndicator(l.Indicator.String(), string(l.Indicator.Kind))), word1(shown(l.Note, maxShort)), number(int64(len(l.Hits))), number(reached), word1(shownList(processes)), word1(first.UTC().Format(cellTime)),
		})
	}
	return g
}

// quietSweep is one line with the same proof, so that a day without news takes
// no more room than it deserves.
func quietSweep(s SweepView, head line, v View) Message {
	var p page
	l := head.dot(ours("%s ", icon(hunts.Clean)), bold("nothing found"))
	if s.Missed > 0 {
		l = l.dot(ours("also covers %s", count(int64(s.Missed), "missed slot")))
	}
	for _, rest := range sweepLines(s) {
		l = l.dot(rest.line...)
	}
	p.say(l.dot(proofLine(s, v)...))
	return p.render(v.Form)
}

// sweepParts are the lines of a sweep's post; each hit that is told has a menu of its
// own beside it.
func sweepParts(s SweepView, p *page) {
	menus, n := map[string]bool{}, 0
	for _, l := range slices.Concat(s.Report.New, s.Report.Old) {
		menus[string(l.Indicator.Kind)+":"+l.Indicator.String()] = true
	}
	for _, l := range sweepLines(s) {
		if l.of == nil || !menus[string(l.of.Kind)+":"+l.of.String()] {
			p.say(l.line)
			continue
		}
		n++
		if menu := hitMenu(n, *l.of); menu != nil {
			p.add(slack.NewSectionBlock(mrkdwnObject(cutMarkup(l.mrkdwn(), maxSectionText)), nil, slack.NewAccessory(menu)), l.mrkdwn())
		} else {
			p.say(l.line)
		}
	}
}

// hitMenu offers what to do with one hit, or is nil where the indicator is too long to
// be carried by it.
func hitMenu(n int, i indicator.Indicator) slack.BlockElement {
	var options []*slack.OptionBlockObject
	for _, o := range []struct{ do, verb, end string }{{HitHunt, "Hunt ", ""}, {HitMark, "Mark ", "…"}} {
		value := Action{Do: o.do, Indicator: requestText(i)}.value(maxOptionValue)
		if value == "" {
			return nil
		}
		options = append(options, slack.NewOptionBlockObject(value, plainObject(cutText(o.verb+shownIndicator(i.String(), string(i.Kind)), maxOptionText-1)+o.end), nil))
	}
	return slack.NewOverflowBlockElement(fmt.Sprintf("%s:%d", ActionHit, n), options...)
}

func requestText(i indicator.Indicator) string {
	var r request.Request
	r.Add(i)
	return request.Format(r)
}

const (
	newTitle = "New"
	oldTitle = "Found in history"
)

// sweepRow is a line of a post, and the indicator that it is about, if any.
type sweepRow struct {
	line
	of *indicator.Indicator
}

func sweepLines(s SweepView) []sweepRow {
	r := s.Report
	var out []sweepRow
	section := func(sign, title string, list []SweepLine, detail bool) {
		if len(list) == 0 {
			return
		}
		out = append(out, sweepRow{line: line{ours("%s ", sign), bold(title + ": " + grouped(int64(len(list))))}})
		if title == newTitle && len(list) > maxSweepLines {
			return // the table has them
		}
		for n, l := range list {
			if n == maxSweepLines || !detail && n == 3 {
				out = append(out, sweepRow{line: line{ours("  … %s in the thread", count(int64(len(list)-n), "more indicator"))}})
				break
			}
			out = append(out, sweepRow{sweepLine(l, title == oldTitle), &l.Indicator})
		}
	}
	section("🆕", newTitle, r.New, true)
	section("📜", oldTitle, r.Old, true)
	section("🔁", "Ongoing", r.Still, false)
	section("🔕", "Muted", r.Quiet, false)
	tail := line{}
	if len(r.Gone) > 0 {
		tail = goneLine(r.Gone)
	}
	if text := leftCounts(r.Left); text != "" {
		tail = tail.dot(ours("skipped %s: list in the thread", text))
	}
	if n := r.Left[expiredKind]; n > 0 {
		tail = tail.dot(ours("%s expired", grouped(int64(n))))
	}
	if len(tail) > 0 {
		out = append(out, sweepRow{line: tail})
	}
	return out
}

// maxHitDevices is how many devices a line of the post names.
const maxHitDevices = 3

func sweepLine(l SweepLine, old bool) line {
	out := line{ours("  "), indicatorSpan(l.Indicator.String(), string(l.Indicator.Kind))}
	if l.Indicator.IsHash() {
		out[1] = span{kind: codeSpan, text: shortHash(l.Indicator)}
	}
	if l.Note != "" {
		out = out.and(ours("  "), span{text: shown(l.Note, maxShort)})
	}
	if l.Confidence > 0 {
		out = out.and(ours(", confidence %d", l.Confidence))
	}
	var reached, tried []string
	names := map[string]bool{}
	var processes []string
	first, last := time.Time{}, time.Time{}
	for _, h := range l.Hits {
		if h.Outcome == hunts.OutcomeReached {
			reached = append(reached, ownName(h.Device))
		} else {
			tried = append(tried, ownName(h.Device))
		}
		if first.IsZero() || h.FirstSeen.Before(first) {
			first = h.FirstSeen
		}
		if h.LastSeen.After(last) {
			last = h.LastSeen
		}
		for _, p := range h.Processes {
			if !names[p] {
				names[p] = true
				processes = append(processes, shown(p, maxShort))
			}
		}
	}
	if len(reached) > 0 {
		out = out.dot(ours("reached by %s", listed(reached, maxHitDevices)))
	}
	if len(tried) > 0 {
		out = out.dot(ours("tried by %s", listed(tried, maxHitDevices)))
	}
	if l.Fresh > 0 && l.Fresh < len(l.Hits) {
		out = out.and(ours(" (%d of them new)", l.Fresh))
	}
	if len(processes) > 0 {
		out = out.dot(span{text: listed(processes, 3)})
	}
	if !first.IsZero() {
		out = out.dot(ours("first seen "), at(first))
	}
	if old {
		out = out.dot(ours("last seen "), at(last))
	}
	if l.Ticket != "" {
		out = out.dot(sentence(l.Ticket))
	}
	if !l.QuietUntil.IsZero() {
		out = out.dot(ours("muted until %s", l.QuietUntil.UTC().Format("Jan 2")))
	}
	return out
}

// proofLine is why a sweep may be believed, the control first.
func proofLine(s SweepView, v View) line {
	c := s.Survey.Coverage
	l := line{}
	switch {
	case c.ControlFound == nil:
		l = l.and(ours("no self-test"))
	case *c.ControlFound:
		l = l.and(ours("Self-test passed"))
	default:
		l = l.and(ours("self-test failed: no control host was found"))
	}
	covered := coverageLine(hunts.Answer{Verdict: hunts.Reached, Coverage: c}, s.Survey.Window.To) // which leaves out the self-test
	return l.dot(covered[1:]...).dot(ours("%s", count(int64(s.Survey.Queries), "query")))
}

// Told tells that the thread of a sweep has something to say of hits.
func (s SweepView) Told() bool { return len(allHits(s))+len(s.Report.Gone) > 0 }

// SweepDetails is the table of all hits, and what was not hunted.
func SweepDetails(s SweepView, v View) Message {
	var p page
	hits := allHits(s)
	g := grid{caption: fmt.Sprintf("%s of the sweep", count(int64(len(hits)), "hit")), where: "in the file", head: []string{"Indicator", "Device", "Outcome", "Events", "Processes", "First (UTC)", "Last (UTC)", "Why it matched"}}
	for _, h := range hits {
		g.rows = append(g.rows, []cell{
			word1(shownIndicator(h.Indicator, h.Type)), word1(shown(h.Device, maxShort)), word1(outcomeWord(h.Outcome)), number(h.Events), word1(shownList(h.Processes)),
			word1(h.FirstSeen.UTC().Format(cellTime)), word1(h.LastSeen.UTC().Format(cellTime)), word1(shown(h.Because, maxShort)),
		})
	}
	if len(hits) > 0 {
		g.add(&p, v.Form)
	}
	lines := slices.Concat(goneLines(s.Report.Gone), noteLines(s.Report.Notes), notEvaluatedLines(s.Report.NotEvaluated, s.Report.Left))
	if len(lines) > 0 {
		p.say(lines...)
	}
	return p.render(v.Form)
}

// allHits are those that the post tells of: what was told before and has no later
// event is left out here as well.
func allHits(s SweepView) []hunts.Hit {
	var out []hunts.Hit
	for _, l := range slices.Concat(s.Report.New, s.Report.Old, s.Report.Still, s.Report.Quiet) {
		out = append(out, l.Hits...)
	}
	return out
}

// ImportView is what became of a file that was read onto the watchlist.
type ImportView struct {
	Taken, Fresh int
	NotEvaluated []NotEvaluated
	Left         map[string]int
	Notes        []string // about the files as a whole
}

// Imported tells what a file held, and names what of it is not hunted.
func Imported(i ImportView, v View) Message {
	var p page
	l := line{ours("👁 %s on the watchlist, %s of them new", count(int64(i.Taken), "indicator"), grouped(int64(i.Fresh)))}
	if text := leftCounts(i.Left); text != "" {
		l = l.dot(ours("not added: %s", text))
	}
	if n := i.Left[expiredKind]; n > 0 {
		l = l.dot(ours("%s expired", grouped(int64(n))))
	}
	p.say(slices.Concat([]line{l}, noteLines(i.Notes), notEvaluatedLines(i.NotEvaluated, i.Left))...)
	return p.render(v.Form)
}

// goneLine counts indicators, as the other lines do, and names the first.
func goneLine(list []GonePair) line {
	devices := map[GonePair]int{}
	var order []GonePair
	for _, g := range list {
		g.Device = ""
		if devices[g] == 0 {
			order = append(order, g)
		}
		devices[g]++
	}
	l := line{ours("✅ "), bold(fmt.Sprintf("No longer seen: %d", len(order)))}
	for n, g := range order {
		if n == 3 {
			break
		}
		l = l.dot(indicatorSpan(g.Indicator, g.Type), ours(" from %s", count(int64(devices[g]), "device")))
	}
	return l
}

// goneLines name what a device met before the last sweep and not since.
func goneLines(list []GonePair) []line {
	var lines []line
	for n, g := range list {
		if n == maxSweepLines {
			lines = append(lines, line{ours("… %s in the file", count(int64(len(list)-n), "more pair"))})
			break
		}
		lines = append(lines, line{ours("✅ No longer seen: "), indicatorSpan(g.Indicator, g.Type), ours(" on "), span{text: shown(g.Device, maxShort)}})
	}
	return lines
}

// noteLines say what is to be known of sources as a whole.
func noteLines(notes []string) []line {
	var lines []line
	for _, note := range notes[:min(len(notes), maxSweepLines)] {
		lines = append(lines, line{sentence(note)})
	}
	return lines
}

// notEvaluatedLines name what is not hunted; left counts also what is not listed.
func notEvaluatedLines(list []NotEvaluated, left map[string]int) []line {
	all := 0
	for _, n := range left {
		all += n
	}
	var lines []line
	for n, x := range list {
		if n == maxSweepLines {
			break
		}
		where := ""
		if x.Line > 0 {
			where = fmt.Sprintf("line %d: ", x.Line)
		}
		lines = append(lines, line{ours("Not evaluated: %s", where), span{kind: codeSpan, text: shownRemote(x.Value, maxShort)}, ours(" %s: ", shown(x.Kind, maxShort)), sentence(x.Reason)})
	}
	if more := max(all, len(list)) - len(lines); more > 0 && len(lines) > 0 {
		lines = append(lines, line{ours("… %s", grouped(int64(more))+" more were not evaluated")})
	}
	return lines
}

// SweepRow is an indicator of a sweep with what the watchlist says of it.
type SweepRow struct {
	Result              hunts.IndicatorResult
	Source, Owner, Note string
	Confidence          int
	Tags                []string
	Expires             time.Time
}

// SweepCSV has one line for each indicator, clean ones too, and one for each
// value that was not evaluated.
func SweepCSV(s SweepView, rows []SweepRow) []byte {
	change := map[string]string{}
	for word, list := range map[string][]SweepLine{"new": s.Report.New, "first look back": s.Report.Old, "still": s.Report.Still, "quiet": s.Report.Quiet} {
		for _, l := range list {
			change[string(l.Indicator.Kind)+":"+l.Indicator.String()] = word
		}
	}
	for _, g := range s.Report.Gone {
		if key := g.Type + ":" + g.Indicator; change[key] == "" {
			change[key] = "gone"
		}
	}
	sheet := newSheet("indicator", "type", "verdict", "change", "devices", "events", "first_seen", "last_seen", "source", "owner", "note", "confidence", "tags", "expires", "reason")
	for _, r := range rows {
		i := r.Result
		expires := ""
		if !r.Expires.IsZero() {
			expires = stamp(&r.Expires)
		}
		sheet.add(i.Indicator, i.Type, string(i.Verdict), change[i.Type+":"+i.Indicator], strconv.FormatInt(i.Devices, 10), strconv.FormatInt(i.Events, 10), stamp(i.FirstSeen), stamp(i.LastSeen),
			r.Source, r.Owner, r.Note, strconv.Itoa(r.Confidence), strings.Join(r.Tags, ";"), expires, "")
	}
	for _, n := range s.Report.NotEvaluated {
		sheet.add(n.Value, "", "NOT_EVALUATED", "", "", "", "", "", n.Source, "", "", "", "", "", n.Kind+": "+n.Reason)
	}
	return sheet.bytes()
}
