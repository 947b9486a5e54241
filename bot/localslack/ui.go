package localslack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// feed sends what happens to the open pages.
type feed struct {
	w    *Workspace
	mu   sync.Mutex
	subs map[chan []byte]bool
}

// feedBuffer is how far a page may lag before it is cut off and has to load
// anew.
const feedBuffer = 256

func (f *feed) send(kind string, v answer) {
	data, err := json.Marshal(answer{"kind": kind, "data": v})
	if err != nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for c := range f.subs {
		select {
		case c <- data:
		default:
			delete(f.subs, c)
			close(c)
		}
	}
}

func (f *feed) subscribe() (<-chan []byte, func()) {
	c := make(chan []byte, feedBuffer)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.subs == nil {
		f.subs = map[chan []byte]bool{}
	}
	f.subs[c] = true
	return c, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.subs[c] {
			delete(f.subs, c)
			close(c)
		}
	}
}

// shownMessage is a message as the page shows it. The caller holds mu.
func (w *Workspace) shownMessage(c *Channel, m *Message) answer {
	name, bot := "footprint", m.User == botUser
	if u := w.user(m.User); u != nil {
		name = u.Name
	}
	var files []answer
	for _, f := range m.Files {
		files = append(files, answer{"id": f.ID, "name": f.Name, "alt_txt": f.Alt, "size": f.Size, "url": "/files/" + f.ID + "/" + f.Name})
	}
	replies := 0
	for _, x := range c.messages {
		if x.ThreadTS == m.TS && x.TS != m.TS {
			replies++
		}
	}
	return answer{
		"ts": m.TS, "thread_ts": m.ThreadTS, "channel": c.ID, "user": answer{"id": m.User, "name": name, "bot": bot}, "text": m.Text, "blocks": m.Blocks, "files": files, "edited": m.Edited, "ephemeral": m.Ephemeral,
		"reactions": m.Reactions, "reply_count": replies,
	}
}

// serveUI is the face of the page: state, events, and what a person does.
func (w *Workspace) serveUI(mux *http.ServeMux) {
	mux.HandleFunc("GET /ui/state", w.uiState)
	mux.HandleFunc("GET /ui/events", w.uiEvents)
	mux.HandleFunc("GET /ui/gallery", func(rw http.ResponseWriter, _ *http.Request) { reply(rw, http.StatusOK, w.cfg.Gallery) })
	for path, do := range map[string]func(context.Context, uiRequest) (answer, error){
		"command": inChannel(w.uiCommand), "message": inChannel(w.uiMessage), "action": inChannel(w.uiAction), "shortcut": inChannel(w.uiShortcut), "view_submit": w.uiSubmit, "view_close": w.uiClose, "home": w.uiHome,
	} {
		mux.HandleFunc("POST /ui/"+path, func(rw http.ResponseWriter, r *http.Request) { w.uiPost(rw, r, do) })
	}
	mux.Handle("GET /", pageFiles())
}

// sitting is who sits at the page: ana, or the colleague that the page names. Nobody
// of another company sits there, and no bot.
func (w *Workspace) sitting(name string) *User {
	if u := w.User(name); u != nil && u.Team == teamID && u.bot == "" {
		return u
	}
	return w.User("ana")
}

func (w *Workspace) uiState(rw http.ResponseWriter, r *http.Request) {
	me := w.sitting(r.URL.Query().Get("as"))
	w.mu.Lock()
	defer w.mu.Unlock()
	var channels, users []answer
	messages := answer{}
	for _, c := range w.channels {
		channels = append(channels, answer{"id": c.ID, "name": c.Name, "member": slices.Contains(c.members, botUser)})
		list := []answer{}
		for _, m := range c.messages {
			if m.Ephemeral == "" || m.Ephemeral == me.ID {
				list = append(list, w.shownMessage(c, m))
			}
		}
		messages[c.ID] = list
	}
	for _, u := range w.users {
		users = append(users, answer{"id": u.ID, "name": u.Name, "sits": u.Team == teamID && !u.Guest && u.bot == ""})
	}
	users = append(users, answer{"id": botUser, "name": "footprint"})
	suggestions := w.cfg.Suggestions
	if suggestions == nil {
		suggestions = []Suggestion{}
	}
	commands := w.cfg.Commands
	if commands == nil {
		commands = []Command{}
	}
	var home map[string]any
	if v := w.homes[me.ID]; v != nil {
		home = v.body
	}
	reply(rw, http.StatusOK, answer{"home": home, "commands": commands, "channels": channels, "users": users, "me": answer{"id": me.ID, "name": me.Name}, "suggestions": suggestions, "messages": messages, "connected": len(w.links)})
}

func (w *Workspace) uiEvents(rw http.ResponseWriter, r *http.Request) {
	rw.Header().Set("Content-Type", "text/event-stream")
	rw.Header().Set("Cache-Control", "no-store")
	events, leave := w.feed.subscribe()
	defer leave()
	flush := http.NewResponseController(rw)
	_, _ = fmt.Fprint(rw, "retry: 500\n\n")
	_ = flush.Flush()
	for {
		select {
		case <-r.Context().Done():
			return
		case <-w.life.Done():
			return
		case data, ok := <-events:
			if !ok {
				return
			}
			if _, err := fmt.Fprintf(rw, "data: %s\n\n", data); err != nil {
				return
			}
			_ = flush.Flush()
		}
	}
}

// uiRequest is what the page sends.
type uiRequest struct {
	Channel    string         `json:"channel"`
	ThreadTS   string         `json:"thread_ts"`
	MessageTS  string         `json:"message_ts"`
	Text       string         `json:"text"`
	Action     map[string]any `json:"action"`
	ViewID     string         `json:"view_id"`
	Values     map[string]any `json:"values"`
	CallbackID string         `json:"callback_id"`
	As         string         `json:"as"` // who sits at the page
	channel    *Channel
}

// inChannel refuses what needs a channel and names none.
func inChannel(do func(context.Context, uiRequest) (answer, error)) func(context.Context, uiRequest) (answer, error) {
	return func(ctx context.Context, q uiRequest) (answer, error) {
		if q.channel == nil {
			return nil, errors.New("channel_not_found")
		}
		return do(ctx, q)
	}
}

// uiPost admits only our own page: a header that other sites can't set, and
// the same origin.
func (w *Workspace) uiPost(rw http.ResponseWriter, r *http.Request, do func(context.Context, uiRequest) (answer, error)) {
	origin := r.Header.Get("Origin")
	if r.Header.Get("X-Footprint-Page") != "1" || origin != "" && strings.TrimPrefix(strings.TrimPrefix(origin, "http://"), "https://") != r.Host {
		http.Error(rw, "not from the page", http.StatusForbidden)
		return
	}
	var q uiRequest
	if err := json.NewDecoder(http.MaxBytesReader(rw, r.Body, maxCall)).Decode(&q); err != nil {
		reply(rw, http.StatusBadRequest, answer{"error": "not understood"})
		return
	}
	w.mu.Lock()
	q.channel = w.channel(q.Channel)
	w.mu.Unlock()
	if q.Channel != "" && q.channel == nil {
		reply(rw, http.StatusNotFound, answer{"error": "no such channel"})
		return
	}
	out, err := do(context.WithoutCancel(r.Context()), q)
	if err != nil {
		reply(rw, http.StatusOK, answer{"ok": false, "error": err.Error()})
		return
	}
	if out == nil {
		out = answer{}
	}
	out["ok"] = true
	reply(rw, http.StatusOK, out)
}

func (w *Workspace) uiCommand(ctx context.Context, q uiRequest) (answer, error) {
	return nil, w.slash(ctx, w.sitting(q.As), q.channel, q.Text)
}

func (w *Workspace) uiMessage(_ context.Context, q uiRequest) (answer, error) {
	m := w.say(w.sitting(q.As), q.channel, q.ThreadTS, strings.ReplaceAll(q.Text, "@footprint", "<@"+botUser+">"))
	return answer{"ts": m.TS}, nil
}

func (w *Workspace) uiAction(ctx context.Context, q uiRequest) (answer, error) {
	return nil, w.act(ctx, w.sitting(q.As), q.channel, q.MessageTS, q.Action)
}

func (w *Workspace) uiSubmit(ctx context.Context, q uiRequest) (answer, error) {
	errs, err := w.submitView(ctx, w.sitting(q.As), q.ViewID, q.Values)
	return answer{"errors": errs}, err
}

func (w *Workspace) uiClose(ctx context.Context, q uiRequest) (answer, error) {
	return nil, w.dismiss(ctx, w.sitting(q.As), q.ViewID)
}

func (w *Workspace) uiShortcut(ctx context.Context, q uiRequest) (answer, error) {
	return nil, w.shortcut(ctx, w.sitting(q.As), q.channel, q.MessageTS, q.CallbackID)
}
