package policy

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/request"
)

// Pending is what became of a hunt that waits for a second person. The first
// decision stands.
type Pending struct {
	Until time.Time `json:"until"`
	State State     `json:"state"`
	By    string    `json:"by,omitempty"`
}

// State is where an approval stands.
type State string

// The states of an approval.
const (
	Waiting  State = "waiting"
	Approved State = "approved"
	Refused  State = "refused"
	Expired  State = "expired"
)

func pendingKey(huntID string) string { return "held:" + huntID }

// Pending is the approval of a hunt; its State is empty when none was asked for.
func (g *Gate) Pending(ctx context.Context, huntID string) (Pending, error) {
	var p Pending
	_, err := g.cfg.Store.GetJSON(ctx, pendingKey(huntID), &p)
	return p, err
}

// Expires is when a hunt that begins to wait now is over.
func (g *Gate) Expires() time.Time {
	a := g.file.approval()
	if a == nil {
		return g.cfg.Clock().Add(approvalFor).UTC() // the policy changed a moment ago
	}
	return g.cfg.Clock().Add(a.expires).UTC()
}

// Settle changes the state of a hunt that waits, unless somebody else did, and
// tells what holds.
func (g *Gate) Settle(ctx context.Context, huntID string, want Pending) (Pending, error) {
	var now Pending
	err := g.cfg.Store.ChangeJSON(ctx, pendingKey(huntID), g.cfg.Keep, func(stored json.RawMessage) (json.RawMessage, error) {
		now = Pending{}
		if stored != nil {
			if err := json.Unmarshal(stored, &now); err != nil {
				return nil, fmt.Errorf("the approval of %s: %w", huntID, err)
			}
		}
		switch {
		case now.State == "":
			now = want
		case now.State == Waiting && want.State != Waiting:
			now.State, now.By = want.State, want.By
		}
		return json.Marshal(now)
	})
	return now, err
}

// Renew lets a hunt stand on the approval of an earlier one: the same person asks the
// same again in the same channel. Anybody else, and any other question, asks anew.
func (g *Gate) Renew(ctx context.Context, before, again hunts.Hunt) error {
	if before.Asker.User != again.Asker.User || before.Asker.Channel != again.Asker.Channel || !sameQuestion(before.Request, again.Request) {
		return nil
	}
	p, err := g.Pending(ctx, before.ID)
	if err != nil || p.State != Approved {
		return err
	}
	if p, err = g.Settle(ctx, again.ID, Pending{State: Approved, By: p.By}); err != nil {
		return err
	}
	return g.Note(ctx, again.Asker, hunts.Action{Name: "approved", HuntID: again.ID, Outcome: "as " + before.ID + ", which " + p.By + " approved"})
}

// sameQuestion tells whether two requests ask the same, whatever comes from the cache
// and whyever they are asked.
func sameQuestion(a, b request.Request) bool {
	a.Fresh, b.Fresh, a.Why, b.Why = false, false, "", ""
	return reflect.DeepEqual(a, b)
}

// MayDecide refuses, with a sentence and an audit entry, whoever may not approve or
// refuse a hunt. Who asked may take the question back, never approve it.
func (g *Gate) MayDecide(ctx context.Context, who hunts.Asker, h hunts.Hunt, approve bool) error {
	decision := hunts.Action{Name: "refuse", Right: hunts.MayHunt, HuntID: h.ID, What: "refuse " + h.ID}
	if approve {
		decision.Name, decision.What = "approve", "approve "+h.ID
	}
	if who.User == h.Asker.User {
		if approve {
			return g.Refuse(ctx, who, decision, "You asked for "+h.ID+" yourself. A second person has to approve it.")
		}
		return nil
	}
	who.Channel = h.Asker.Channel
	if _, err := g.Foresee(ctx, who, decision); err != nil {
		return err
	}
	if a := g.file.approval(); a != nil && len(a.Groups) > 0 && !g.inGroups(ctx, who.User, a.Groups) {
		return g.Refuse(ctx, who, decision, "Only members of the user groups named in the policy can approve.")
	}
	return nil
}

// MayApprove tells the same of an approval without a trace: for what is offered, not
// for what is done.
func (g *Gate) MayApprove(ctx context.Context, who hunts.Asker, h hunts.Hunt) bool {
	who.Channel = h.Asker.Channel
	if who.User == h.Asker.User || !g.May(ctx, who, hunts.MayHunt) {
		return false
	}
	a := g.file.approval()
	return a == nil || len(a.Groups) == 0 || g.inGroups(ctx, who.User, a.Groups)
}
