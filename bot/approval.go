package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/bot/outbox"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
)

// Approval says which hunts wait for a second person, and for how long.
type Approval struct {
	LookBack   string   `yaml:"look_back"`  // hunts that look back further, such as 30d; empty is none
	Indicators int      `yaml:"indicators"` // hunts of more indicators; 0 is none
	Expires    string   `yaml:"expires"`    // how long a hunt waits; empty is 1h
	Groups     []string `yaml:"groups"`     // ids of the Slack user groups that may approve; empty is whoever may hunt in the channel

	back, expires time.Duration
}

// approvalFor is how long a hunt waits when the policy does not say.
const approvalFor = time.Hour

func (a *Approval) check() error {
	a.expires = approvalFor
	for _, x := range []struct {
		name, text string
		into       *time.Duration
	}{{"look_back", a.LookBack, &a.back}, {"expires", a.Expires, &a.expires}} {
		if x.text == "" {
			continue
		}
		d, refusal := indicator.ParseDuration(x.text)
		if refusal != nil {
			return fmt.Errorf("approval: %s: %s", x.name, refusal.Sentence)
		}
		*x.into = d
	}
	if a.Indicators < 0 {
		return errors.New("approval: indicators is less than nothing")
	}
	if a.back == 0 && a.Indicators == 0 {
		return errors.New("approval: say which hunts need it: look_back, indicators, or both")
	}
	return nil
}

// approval is the rule in force; false when there is none.
func (f *policyFile) approval() (Approval, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.now == nil || f.now.Approval == nil {
		return Approval{}, false
	}
	return *f.now.Approval, true
}

// beyond says why a hunt needs a second person; "" when it does not.
func (f *policyFile) beyond(h hunts.Hunt, now time.Time) string {
	a, ok := f.approval()
	switch {
	case !ok:
		return ""
	case a.Indicators > 0 && len(h.Request.Indicators()) > a.Indicators:
		return fmt.Sprintf("more than %d indicators", a.Indicators)
	case a.back > 0 && (h.Window.All || now.Sub(h.Window.From) > a.back+time.Minute):
		return "looks back further than " + a.LookBack
	}
	return ""
}

// held is what became of a hunt that waits. The first decision stands.
type held struct {
	Until time.Time `json:"until"`
	State string    `json:"state"`
	By    string    `json:"by,omitempty"`
}

const (
	heldWaiting  = "waiting"
	heldApproved = "approved"
	heldRefused  = "refused"
	heldExpired  = "expired"
)

// heldList names the hunts that wait, so that they can be ended in time.
const heldList = "held"

func heldKey(huntID string) string { return "held:" + huntID }

// settleHeld changes the state of a hunt that waits, unless somebody else did,
// and tells what holds.
func (b *Bot) settleHeld(ctx context.Context, huntID string, want held) (held, error) {
	var now held
	err := b.cfg.Store.ChangeJSON(ctx, heldKey(huntID), b.cfg.Keep, func(stored json.RawMessage) (json.RawMessage, error) {
		now = held{}
		if stored != nil {
			if err := json.Unmarshal(stored, &now); err != nil {
				return nil, fmt.Errorf("the approval of %s: %w", huntID, err)
			}
		}
		switch {
		case now.State == "":
			now = want
		case now.State == heldWaiting && want.State != heldWaiting:
			now.State, now.By = want.State, want.By
		}
		return json.Marshal(now)
	})
	return now, err
}

// hold shows a hunt that waits for a second person.
func (b *Bot) hold(ctx context.Context, h hunts.Hunt) error {
	now := b.cfg.Clock()
	a, ok := b.policy.approval()
	if !ok {
		a.expires = approvalFor // the policy changed a moment ago
	}
	state, err := b.settleHeld(ctx, h.ID, held{Until: now.Add(a.expires).UTC(), State: heldWaiting})
	if err != nil || state.State != heldWaiting {
		return err
	}
	if err := b.cfg.Store.PutEntries(ctx, heldList, map[string][]byte{h.ID: []byte(state.Until.Format(time.RFC3339))}); err != nil {
		return err
	}
	why := b.policy.beyond(h, now)
	if err := b.auditHeld(ctx, h, h.Asker, "held", why); err != nil {
		return err
	}
	post, err := b.out.Post(ctx, parentKey(h.ID), outbox.Place{Channel: h.Asker.Channel, Thread: h.Asker.ThreadTS}, func(v message.View) message.Message {
		return message.Held(h, why, state.Until, v)
	})
	if outbox.WhyElsewhere(err) != "" {
		if _, err := b.settleHeld(ctx, h.ID, held{State: heldRefused}); err != nil {
			return err
		}
		return b.endHeld(ctx, h, h.Asker, "", "there was nowhere to ask for an approval")
	}
	if err != nil {
		return fmt.Errorf("asking for the approval of hunt %s: %w", h.ID, err)
	}
	if h.Asker.ThreadTS != "" {
		return nil
	}
	return b.cfg.Store.SaveThreadHunt(ctx, post.Channel, post.TS, h.ID, b.cfg.Keep)
}

func (b *Bot) auditHeld(ctx context.Context, h hunts.Hunt, by hunts.Asker, action, outcome string) error {
	return b.cfg.Store.Audit(ctx, hunts.AuditEntry{
		Time: b.cfg.Clock().UTC(), Action: action, HuntID: h.ID, User: by.User, Team: by.Team, Channel: h.Asker.Channel,
		What: indicator.Format(h.Request), Why: h.Request.Why, Workspace: strings.Join(h.Workspaces, ","), Outcome: outcome,
	})
}

// decide is a press on Approve or Refuse. Who asked may take the question back,
// never approve it.
func (f follow) decide(ctx context.Context, approve bool) error {
	b, own := f.bot, f.asker.User == f.hunt.Asker.User
	if say := b.mayDecide(ctx, f.asker, f.hunt, approve); say != "" {
		b.auditRefusal(ctx, command{User: f.asker.User, Team: f.asker.Team, Channel: f.asker.Channel, Text: "approve " + f.hunt.ID}, say)
		return f.whisper(ctx, say)
	}
	want := held{State: heldRefused, By: f.asker.User}
	if approve {
		want.State = heldApproved
	}
	now := b.cfg.Clock()
	current, err := b.settleHeld(ctx, f.hunt.ID, held{Until: now, State: heldWaiting})
	if err != nil {
		return err
	}
	if current.State == heldWaiting && !current.Until.After(now) {
		return f.whisper(ctx, f.hunt.ID+" waited too long and is over; ask again.")
	}
	state, err := b.settleHeld(ctx, f.hunt.ID, want)
	if err != nil {
		return err
	}
	if state.State != want.State || state.By != want.By {
		return f.whisper(ctx, f.hunt.ID+" is "+state.State+" already.")
	}
	if !approve {
		say := "was refused by " + f.asker.Name
		if own {
			say = "was taken back by who asked for it"
		}
		return b.endHeld(ctx, f.hunt, f.asker, say, "not approved")
	}
	return f.release(ctx)
}

// mayDecide refuses with a sentence; "" lets the press pass.
func (b *Bot) mayDecide(ctx context.Context, who hunts.Asker, h hunts.Hunt, approve bool) string {
	if who.User == h.Asker.User {
		if approve {
			return "You asked for " + h.ID + " yourself: a second person has to approve it."
		}
		return ""
	}
	who.Channel = h.Asker.Channel
	if say := b.may(ctx, who, MayHunt); say != "" {
		return say
	}
	if a, ok := b.policy.approval(); ok && len(a.Groups) > 0 && !b.inGroups(ctx, who.User, a.Groups) {
		return "Approving is for the user groups that the policy names."
	}
	return ""
}

// release lets an approved hunt run. Each step may be done again.
func (f follow) release(ctx context.Context) error {
	b, h := f.bot, f.hunt
	if h.State == hunts.Held {
		if err := b.auditHeld(ctx, h, f.asker, "approved", "approved for "+h.Asker.User); err != nil {
			return err
		}
		parent, _, err := b.cfg.Store.LoadPost(ctx, parentKey(h.ID))
		if err != nil {
			return err
		}
		note := "Approved by " + f.asker.Name + "."
		if err := b.out.Edit(ctx, parent, func(v message.View) message.Message {
			v.Buttons, v.ChannelNote = true, note
			return message.Started(h, v)
		}); err != nil {
			return err
		}
		h.State = hunts.Queued
		if err := b.cfg.Store.SaveHunt(ctx, h); err != nil {
			return err
		}
	}
	if h.State != hunts.Queued {
		return nil
	}
	if err := b.cfg.Store.DropEntries(ctx, heldList, h.ID); err != nil {
		return err
	}
	return b.start(ctx, h, "")
}

// endHeld closes a hunt that was not approved. say is why, empty where the
// question could not even be put; outcome is for the audit. Each step may be
// done again.
func (b *Bot) endHeld(ctx context.Context, h hunts.Hunt, by hunts.Asker, say, outcome string) error {
	parent, ok, err := b.cfg.Store.LoadPost(ctx, parentKey(h.ID))
	if err != nil {
		return err
	}
	if !ok && say != "" {
		return outbox.ErrBusy // its message was sent a moment ago and is not remembered yet
	}
	if h.State != hunts.Refused {
		if err := b.auditHeld(ctx, h, by, "refused", outcome); err != nil {
			return err
		}
		h.State, h.Finished = hunts.Refused, b.cfg.Clock().UTC()
		if err := b.cfg.Store.SaveHunt(ctx, h); err != nil {
			return err
		}
	}
	if ok {
		err = b.out.Edit(ctx, parent, func(v message.View) message.Message {
			v.Buttons = by.User == h.Asker.User
			return message.Broken(h.ID, "this hunt "+say+"; nothing was searched", "", v)
		})
	} else {
		err = b.out.Whisper(ctx, h.Asker.Channel, h.Asker.User, "", message.Refused("A hunt of this size needs the approval of a second person, and I am no member here: invite me, or ask in a channel where I am.", b.view()))
	}
	if err != nil {
		return err
	}
	return b.cfg.Store.DropEntries(ctx, heldList, h.ID)
}

// JobExpire ends a hunt that nobody approved.
const JobExpire = "expire"

// expireHeld queues the end of the hunts that nobody approved in time. Every
// replica looks; a job is stored once.
func (b *Bot) expireHeld(ctx context.Context) error {
	waiting, err := b.cfg.Store.Entries(ctx, heldList)
	if err != nil {
		return err
	}
	for id, until := range waiting {
		if t, err := time.Parse(time.RFC3339, string(until)); err == nil && t.After(b.cfg.Clock()) {
			continue
		}
		if _, err := b.cfg.Store.Push(ctx, LaneInteractive, JobExpire, "expire:"+id, []byte(id)); err != nil {
			return err
		}
	}
	return nil
}

// handleExpired may be called again after a crash at any point.
func (b *Bot) handleExpired(ctx context.Context, id string) error {
	h, ok, err := b.cfg.Store.Hunt(ctx, id)
	if err != nil {
		return err
	}
	state := held{}
	if ok {
		if state, err = b.settleHeld(ctx, id, held{State: heldExpired}); err != nil {
			return err
		}
	}
	if state.State != heldExpired {
		return b.cfg.Store.DropEntries(ctx, heldList, id) // whoever decided goes on with it
	}
	return b.endHeld(ctx, h, h.Asker, "was not approved in time", "nobody approved it in time")
}
