package hunts

import (
	"context"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts/request"
)

// Right is what a rule of the policy can allow.
type Right string

// The rights.
const (
	MayHunt     Right = "hunt"
	MaySweep    Right = "sweep"
	MayWatch    Right = "watch"
	MayMark     Right = "mark"
	MayExport   Right = "export"
	MayIncident Right = "incident"
	// MayAudit lets somebody ask who hunted what. Without a policy nobody may.
	MayAudit Right = "audit"
)

// Action is something that somebody is about to do, as policy and audit see it.
type Action struct {
	Name   string // the audit's word: "hunt", "lineage", "cancel", …
	Right  Right  // what the policy must allow; empty is a fact to note, which nobody judges
	HuntID string
	What   string // in canonical form, or as typed
	Why    string

	// Search is set when the action asks a source: then the following is judged as well.
	Search     *Search
	Workspaces []string // configured names
	KQLHash    string

	// What became of it; the audit says "admitted" of a search that has no Outcome yet.
	Outcome string
	Rows    int64
	TookMS  int64
	ShownTo string // channel or user that saw the answer
}

// Search is how much an action asks of a source.
type Search struct {
	Window Window    // the zero Window reads no telemetry
	Asked  time.Time // look-backs are measured from here: an approval or a queue makes none longer
	Size   int       // indicators
	// Devices and Accounts are asked about by their names.
	Devices, Accounts []string
	// Once names what the quota counts once, however often it is tried; empty costs
	// nothing.
	Once string
	// Scheduled work is done in somebody's name without them.
	Scheduled bool
}

// Search is how much a hunt asks of a source.
func (h Hunt) Search() *Search {
	s := &Search{Window: h.Window, Asked: h.FirstAsked(), Size: len(h.Request.Indicators()), Devices: h.Request.Devices, Accounts: h.Request.Accounts, Once: h.ID, Scheduled: h.Scheduled}
	if h.Scheduled {
		s.Once = "" // it is on nobody's quota
	}
	return s
}

// FirstAsked is when the question was put first.
func (h Hunt) FirstAsked() time.Time {
	if h.Asked.IsZero() {
		return h.Created
	}
	return h.Asked
}

// Action is the hunt as policy and audit see it.
func (h Hunt) Action(workspaces []string) Action {
	return Action{Name: "hunt", Right: MayHunt, HuntID: h.ID, What: request.Format(h.Request), Why: h.Request.Why, Workspaces: workspaces, Search: h.Search()}
}

// ShownTo is that the answer of the hunt was shown to a channel or user, with
// everything that ties it to the query of the workspace. It is noted, not judged.
func (h Hunt) ShownTo(a Answer, to string) Action {
	return Action{
		Name: "shown", HuntID: h.ID, What: request.Format(h.Request), Why: h.Request.Why, Workspaces: []string{a.Source.Workspace}, KQLHash: KQLHash(a.KQL),
		Outcome: string(a.Verdict), Rows: a.Totals.Events, TookMS: a.Source.TookMS, ShownTo: to,
	}
}

// AskedOf are the workspaces that are asked of all that there are; none is the first.
func AskedOf(asked, all []string) []string {
	if len(asked) == 0 && len(all) > 0 {
		return all[:1:1]
	}
	return asked
}

// Authorizer judges every action, and writes the audit of both outcomes.
type Authorizer interface {
	// Authorize must be called before the action is done. A *Error of kind
	// not_allowed refuses it with a sentence for the asker; one of kind unavailable
	// means that the audit can't be written, and then nothing may be done either.
	Authorize(ctx context.Context, who Asker, a Action) error
}

// AuditLog is where entries go.
type AuditLog interface {
	// Audit appends an entry. No entry, no action.
	Audit(ctx context.Context, e AuditEntry) error
}

// Entry is the line of an action in the audit; refusal is the sentence that
// refused it, empty when it may be done. There is no other place that makes one.
func (a Action) Entry(who Asker, at time.Time, refusal string) AuditEntry {
	e := AuditEntry{
		Time: at.UTC(), Action: a.Name, HuntID: a.HuntID, User: who.User, Team: who.Team, Channel: who.Channel,
		What: a.What, Why: a.Why, Workspace: strings.Join(a.Workspaces, ", "), KQLHash: a.KQLHash, Outcome: a.Outcome, Rows: a.Rows, TookMS: a.TookMS, ShownTo: a.ShownTo,
	}
	switch {
	case refusal != "":
		if e.What == "" {
			e.What = a.Name
		}
		e.Action, e.Outcome, e.ShownTo = "refused", refusal, ""
	case a.Search != nil && e.Outcome == "":
		e.Outcome = "admitted"
	}
	return e
}

// Noted writes the entry of a judged action, and gives the refusal back as an
// error. Without an entry nothing may be done.
func Noted(ctx context.Context, log AuditLog, e AuditEntry, refusal error) error {
	if err := log.Audit(ctx, e); err != nil {
		return &Error{Kind: KindUnavailable, Say: "the audit log can't be written, so nothing was searched", Hint: "Try again in a minute.", Err: err}
	}
	return refusal
}

// AllowAll allows everything and audits it: the authorizer of the terminal, where
// whoever can start the process may ask what its identity can read.
func AllowAll(log AuditLog, clock Clock) Authorizer { return allowAll{log, clock} }

type allowAll struct {
	log   AuditLog
	clock Clock
}

func (w allowAll) Authorize(ctx context.Context, who Asker, a Action) error {
	return Noted(ctx, w.log, a.Entry(who, w.clock(), ""), nil)
}
