package localslack

import (
	"context"
	"fmt"
	"slices"
)

// publishView keeps a person's Home tab and shows it
// (docs.slack.dev/reference/methods/views.publish).
func (w *Workspace) publishView(a args) (answer, *failure) {
	u := w.user(a["user_id"])
	if u == nil || u.Team != teamID {
		return nil, fail("invalid_arguments")
	}
	body, failed := readView(a["view"], "home")
	if failed != nil {
		return nil, failed
	}
	v := w.homes[u.ID]
	switch {
	case v == nil:
		v = &view{id: w.id("V0"), user: u.ID}
		v.root = v.id
	case a["hash"] != "" && a["hash"] != v.hash:
		return nil, fail("hash_conflict")
	}
	v.body, v.hash = body, w.id("hash-")
	w.identify(v.body)
	w.homes[u.ID] = v
	w.feed.send("home", answer{"user": u.ID, "view": v.body})
	w.signal()
	return answer{"view": w.viewWire(v, nil)}, nil
}

// OpenHome opens the app's Home tab, which tells the app. The event has the view
// that was published before, if any (docs.slack.dev/reference/events/app_home_opened).
func (u *User) OpenHome() {
	w := u.workspace
	w.mu.Lock()
	c := w.dm(u)
	event := answer{"type": "app_home_opened", "user": u.ID, "channel": c.ID, "tab": "home", "event_ts": w.ts()}
	if v := w.homes[u.ID]; v != nil {
		event["view"] = w.viewWire(v, nil)
	}
	w.mu.Unlock()
	w.event(c, event)
}

// WaitHome waits for a Home tab that shows what is wanted, as a message of its
// blocks.
func (w *Workspace) WaitHome(ctx context.Context, u *User, want func(Message) bool) (Message, error) {
	var found Message
	err := w.until(ctx, func() bool {
		v := w.homes[u.ID]
		if v == nil {
			return false
		}
		found = Message{Blocks: slices.Clone(viewBlocks(v.body))}
		return want(found)
	})
	if err != nil {
		return found, fmt.Errorf("waiting for the Home tab of %s: %w", u.Name, err)
	}
	return found, nil
}

// uiHome opens the Home tab of whoever sits at the page.
func (w *Workspace) uiHome(_ context.Context, q uiRequest) (answer, error) {
	me := w.sitting(q.As)
	me.OpenHome()
	w.mu.Lock()
	defer w.mu.Unlock()
	if v := w.homes[me.ID]; v != nil {
		return answer{"view": v.body}, nil
	}
	return nil, nil
}
