package runner

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/kql"
)

// timely tells whether a place has events of the whole window: its newest one is
// not old, and no silence in it is an outage.
func (r *Runner) timely(h hunts.Hunt, w hunts.Window, x *placeResult) {
	late := w.To.Sub(x.total.Newest.Time)
	rhythm := x.total.Days.rhythm()
	first, _, known := rhythm.ends()
	quiet := x.def.Footprint.Place.quiet
	switch gaps := rhythm.outages(w, quiet); {
	case late > quiet && (r.live(h) || !h.Window.All):
		x.fail(fmt.Sprintf("the newest event is %s older than the end of the look-back", roughly(late)))
	case !known || len(gaps) == 0 || len(gaps) == 1 && gaps[0].to.Equal(w.To):
		x.place.Searched = true
	case gaps[0].from.Equal(w.From) && gaps[0].to.Equal(startOf(first)):
		x.fail(fmt.Sprintf("it has events only since %s UTC", startText(time.Time{}, gaps[0].to)))
	default:
		x.fail(fmt.Sprintf("no events from %s to %s UTC", dayText(gaps[0].from, w), dayText(gaps[0].to, w)))
	}
}

// beforeWindow tells a place that is silent in a short window from one that ended
// before it, and from one that the scope does not have.
func (r *Runner) beforeWindow(ctx context.Context, h hunts.Hunt, w hunts.Window, x *placeResult) {
	from := w.From.Add(-knownBack)
	text := kql.Prologue(comment(h)+" place "+x.def.Name, []kql.Let{{Name: "known_from", Value: kql.DatetimeLiteral(from)}, {Name: "window_to", Value: kql.DatetimeLiteral(w.To)}}) +
		fmt.Sprintf("union isfuzzy=true %s\n| where TimeGenerated >= known_from and TimeGenerated < window_to\n| summarize Newest = max(TimeGenerated)\n", strings.Join(x.def.placeTables(), ", "))
	res, err := r.gate.Query(ctx, hunts.Query{HuntID: h.ID, Asker: h.Asker.User, Sweep: h.Scheduled, Text: text, From: from, To: w.To.Add(time.Second), Workspaces: h.Workspaces})
	newest := time.Time{}
	if err == nil && len(res.Rows) == 1 && len(res.Rows[0]) == 1 {
		newest = instant(res.Rows[0][0])
	}
	switch late := w.To.Sub(newest); {
	case err != nil:
		x.fail(sayOf(err, x.def))
	case res.Partial != "":
		x.fail(res.Partial)
	case newest.IsZero():
		x.absent("no events in this look-back, nor in the 30 days before it")
	case late > x.def.Footprint.Place.quiet:
		x.fail(fmt.Sprintf("the newest event is %s older than the end of the look-back", roughly(late)))
	default:
		x.place.Searched = true
	}
}
