package main

import (
	"encoding/json"
	"io"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/sweep"
)

// sweptList is one sweep in the terminal, and the list that it went through.
type sweptList struct {
	watchlist string
	hunt      hunts.Hunt
	survey    hunts.Survey
	list      sweep.List
}

// swept is the JSON of one sweep in the terminal; docs/SWEEPS.md describes it.
// What an answer to a hunt has too bears the same name.
type swept struct {
	HuntID       string           `json:"hunt_id"`
	Hunt         string           `json:"hunt"`
	Verdict      hunts.Verdict    `json:"verdict"`
	Reason       string           `json:"reason"`
	Request      sweptRequest     `json:"request"`
	Totals       sweptTotals      `json:"totals"`
	ByIndicator  []sweptIndicator `json:"by_indicator"`  // in the order of the list, clean ones too
	Hits         []hunts.Hit      `json:"hits"`          // newest first
	NotEvaluated []sweep.Problem  `json:"not_evaluated"` // at most 10,000; totals has their number
	Notes        []string         `json:"notes"`         // about the list as a whole
	Coverage     hunts.Coverage   `json:"coverage"`
	Truncated    sweptCut         `json:"truncated"`
	Source       sweptSource      `json:"source"`
}

type sweptRequest struct {
	Watchlist string    `json:"watchlist"`
	Devices   []string  `json:"devices"`
	From      time.Time `json:"from"`
	To        time.Time `json:"to"`
	Why       string    `json:"why"`
	AskedBy   string    `json:"asked_by"`
}

type sweptTotals struct {
	Indicators   int        `json:"indicators"` // hunted
	Reached      int        `json:"reached"`    // indicators, as are the next three
	Tried        int        `json:"tried"`
	Clean        int        `json:"clean"`
	CouldNotTell int        `json:"could_not_tell"`
	NotEvaluated int        `json:"not_evaluated"` // values, those that are expired among them
	Expired      int        `json:"expired"`
	Devices      int        `json:"devices"` // met by any of them, of the hits that are listed
	FirstSeen    *time.Time `json:"first_seen"`
	LastSeen     *time.Time `json:"last_seen"`
}

type sweptIndicator struct {
	hunts.IndicatorResult
	Source     string    `json:"source"`
	Note       string    `json:"note"`
	Confidence int       `json:"confidence"`
	Tags       []string  `json:"tags"`
	Expires    time.Time `json:"expires"`
}

type sweptCut struct {
	Hits bool `json:"hits"`
}

type sweptSource struct {
	Kind       string `json:"kind"`
	Workspace  string `json:"workspace"`
	Queries    int    `json:"queries"`
	QueryBytes int    `json:"query_bytes"` // text of all queries
	TookMS     int64  `json:"took_ms"`
}

func (l sweptList) json() swept {
	s := l.survey
	out := swept{
		HuntID: l.hunt.ID, Hunt: l.hunt.Name, Verdict: s.Verdict, Reason: s.Reason, Coverage: s.Coverage, Truncated: sweptCut{s.Truncated},
		Request:     sweptRequest{l.watchlist, append([]string{}, l.hunt.Request.Devices...), s.Window.From, s.Window.To, l.hunt.Request.Why, l.hunt.Asker.Name},
		Source:      sweptSource{s.Source.Kind, s.Source.Workspace, s.Queries, s.Bytes, s.TookMS},
		ByIndicator: []sweptIndicator{}, Hits: append([]hunts.Hit{}, s.Hits...), NotEvaluated: append([]sweep.Problem{}, l.list.Problems...), Notes: append([]string{}, l.list.Notes...),
	}
	entries := make(map[string]sweep.Entry, len(l.list.Entries))
	for _, e := range l.list.Entries {
		entries[e.Key()] = e
	}
	for _, r := range s.Indicators {
		e := entries[r.Type+":"+r.Indicator]
		out.ByIndicator = append(out.ByIndicator, sweptIndicator{r, e.Source, e.Note, e.Confidence, append([]string{}, e.Tags...), e.Expires})
		out.Totals.count(r)
	}
	devices := map[string]bool{}
	for _, h := range s.Hits {
		devices[strings.ToLower(h.Device)] = true
	}
	out.Totals.Devices = len(devices)
	for kind, n := range l.list.Left() {
		out.Totals.NotEvaluated += n
		if kind == sweep.Expired {
			out.Totals.Expired = n
		}
	}
	return out
}

func (t *sweptTotals) count(r hunts.IndicatorResult) {
	t.Indicators++
	switch r.Verdict {
	case hunts.Reached:
		t.Reached++
	case hunts.Tried:
		t.Tried++
	case hunts.Clean:
		t.Clean++
	default:
		t.CouldNotTell++
	}
	if r.FirstSeen != nil && (t.FirstSeen == nil || r.FirstSeen.Before(*t.FirstSeen)) {
		t.FirstSeen = r.FirstSeen
	}
	if r.LastSeen != nil && (t.LastSeen == nil || r.LastSeen.After(*t.LastSeen)) {
		t.LastSeen = r.LastSeen
	}
}

func writeSweep(w io.Writer, l sweptList, format string) error {
	if format == "json" {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(l.json())
	}
	view := message.SurveyView{Survey: l.survey, Notes: map[string]string{}, Left: map[string]int{}, About: l.list.Notes}
	for _, e := range l.list.Entries {
		if e.Note != "" {
			view.Notes[e.Key()] = e.Note
		}
	}
	for _, p := range l.list.Problems {
		view.NotEvaluated = append(view.NotEvaluated, message.NotEvaluated{Line: p.Line, Value: p.Value, Kind: string(p.Kind), Reason: p.Reason})
	}
	for kind, n := range l.list.Left() {
		view.Left[string(kind)] = n
	}
	return message.TerminalSurvey(w, view)
}
