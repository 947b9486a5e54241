package localslack

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Call is one call of the Web API.
type Call struct {
	Method string
	Args   map[string]string
	Error  string // Slack's code; empty is ok
	Status int
	Fault  bool // the error was made on demand
	Time   time.Time
}

// Calls is the log of everything the bot called.
func (w *Workspace) Calls() []Call {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.calls)
}

// args are the arguments of a call; what was JSON stays JSON text.
type args map[string]string

func (a args) bool(name string) bool { return a[name] == "true" || a[name] == "1" }

func (a args) int(name string, otherwise int) int {
	n, err := strconv.Atoi(a[name])
	if err != nil {
		return otherwise
	}
	return n
}

// failure is an answer with ok false.
type failure struct {
	code  string
	extra map[string]any
}

func fail(code string) *failure { return &failure{code: code} }

// maxCall bounds a request.
const maxCall = 8 << 20

type answer = map[string]any

// method is one method of the Web API. It runs with mu held.
type method struct {
	scope string
	run   func(w *Workspace, a args) (answer, *failure)
}

func methods() map[string]method {
	return map[string]method{
		"auth.test":                    {"", (*Workspace).authTest},
		"chat.postMessage":             {"chat:write", (*Workspace).postMessage},
		"chat.update":                  {"chat:write", (*Workspace).updateMessage},
		"chat.delete":                  {"chat:write", (*Workspace).deleteMessage},
		"chat.postEphemeral":           {"chat:write", (*Workspace).postEphemeral},
		"chat.getPermalink":            {"", (*Workspace).permalink},
		"conversations.info":           {"channels:read", (*Workspace).channelInfo},
		"conversations.replies":        {"channels:history", (*Workspace).replies},
		"conversations.history":        {"channels:history", (*Workspace).history},
		"conversations.members":        {"channels:read", (*Workspace).members},
		"conversations.open":           {"im:write", (*Workspace).openDM},
		"users.info":                   {"users:read", (*Workspace).userInfo},
		"usergroups.users.list":        {"usergroups:read", (*Workspace).groupUsers},
		"team.info":                    {"team:read", (*Workspace).teamInfo},
		"bots.info":                    {"users:read", (*Workspace).botInfo},
		"reactions.add":                {"reactions:write", (*Workspace).addReaction},
		"reactions.remove":             {"reactions:write", (*Workspace).removeReaction},
		"reactions.get":                {"reactions:read", (*Workspace).getReactions},
		"files.getUploadURLExternal":   {"files:write", (*Workspace).uploadURL},
		"files.completeUploadExternal": {"files:write", (*Workspace).completeUpload},
		"files.info":                   {"files:read", (*Workspace).fileInfo},
		"files.delete":                 {"files:write", (*Workspace).deleteFile},
		"views.open":                   {"", (*Workspace).openView},
		"views.push":                   {"", (*Workspace).pushView},
		"views.update":                 {"", (*Workspace).updateView},
		"views.publish":                {"", (*Workspace).publishView},
	}
}

func (w *Workspace) serveAPI(rw http.ResponseWriter, r *http.Request) {
	name := r.PathValue("method")
	a, token, err := readArgs(r)
	if err != nil {
		reply(rw, http.StatusOK, answer{"ok": false, "error": "invalid_form_data"})
		return
	}
	if name == "blocks.validate" {
		w.serveValidate(rw, a)
		return
	}
	call := Call{Method: name, Args: a, Time: w.cfg.Clock(), Status: http.StatusOK}
	delete(a, "token")
	fault := w.takeFault(name)
	// A call is noted before it is answered: whoever has the answer finds it in the
	// list, and the list is in the order in which the caller made them.
	note := sync.OnceFunc(func() {
		w.mu.Lock()
		w.calls = append(w.calls, call)
		w.signal()
		w.mu.Unlock()
	})
	defer note()
	if fault.Delay > 0 && !pause(r.Context(), fault.Delay) {
		call.Status = 499
		return
	}
	if fault.broken() && !fault.AfterEffect {
		call.Error, call.Status, call.Fault = fault.Error, fault.Status, true
		note()
		fault.answer(rw)
		return
	}
	w.mu.Lock()
	wait := w.overLimit(name, cmp.Or(a["channel"], a["channel_id"]))
	w.mu.Unlock()
	if wait > 0 {
		call.Error, call.Status = "ratelimited", http.StatusTooManyRequests
		Fault{Status: http.StatusTooManyRequests, RetryAfter: wait}.answer(rw)
		return
	}
	out, failed := w.perform(name, a, token, r.Header.Get("Authorization"))
	if failed != nil {
		call.Error = failed.code
		out = answer{"ok": false, "error": failed.code}
		for k, v := range failed.extra {
			out[k] = v
		}
	} else {
		out["ok"] = true
	}
	if fault.broken() {
		call.Status = fault.Status
		note()
		fault.answer(rw)
		return
	}
	rw.Header().Set("Date", w.cfg.Clock().UTC().Format(http.TimeFormat))
	rw.Header().Set("X-Oauth-Scopes", strings.Join(w.cfg.Scopes, ","))
	note()
	reply(rw, http.StatusOK, out)
}

func (w *Workspace) perform(name string, a args, token, header string) (answer, *failure) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if code := w.refused(name, cmp.Or(a["channel"], a["channel_id"])); code != "" {
		return nil, fail(code)
	}
	if name == "apps.connections.open" {
		// the app token goes in the header only
		return w.openConnection(header)
	}
	if token == "" {
		return nil, fail("not_authed")
	}
	if w.revoked {
		return nil, fail("token_revoked")
	}
	if token != botToken {
		return nil, fail("invalid_auth")
	}
	m, ok := methods()[name]
	if !ok {
		return nil, fail("unknown_method")
	}
	needed := m.scope
	if right, ok := strings.CutPrefix(needed, "channels:"); ok {
		if c := w.channel(a["channel"]); c != nil {
			needed = c.scope(right)
		}
	}
	if needed != "" && !w.scoped(needed) {
		return nil, &failure{"missing_scope", map[string]any{"needed": needed, "provided": strings.Join(w.cfg.Scopes, ",")}}
	}
	return m.run(w, a)
}

func (w *Workspace) scoped(scope string) bool { return slices.Contains(w.cfg.Scopes, scope) }

// readArgs reads a form or a JSON body; the token comes in either, or in the
// header.
func readArgs(r *http.Request) (args, string, error) {
	a := args{}
	data, err := io.ReadAll(io.LimitReader(r.Body, maxCall))
	if err != nil {
		return nil, "", err
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind == "application/json" && len(bytes.TrimSpace(data)) > 0 {
		var raw map[string]json.RawMessage
		if err := json.Unmarshal(data, &raw); err != nil {
			return nil, "", err
		}
		for k, v := range raw {
			var s string
			if json.Unmarshal(v, &s) == nil {
				a[k] = s
			} else {
				a[k] = string(v)
			}
		}
	} else if kind != "application/json" {
		if r.Method == http.MethodGet {
			data = []byte(r.URL.RawQuery)
		}
		form, err := url.ParseQuery(string(data))
		if err != nil {
			return nil, "", err
		}
		for k := range form {
			a[k] = form.Get(k)
		}
	}
	token := a["token"]
	if token == "" {
		token = strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	}
	return a, token, nil
}

func reply(rw http.ResponseWriter, status int, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusInternalServerError)
		return
	}
	rw.Header().Set("Content-Type", "application/json; charset=utf-8")
	rw.WriteHeader(status)
	_, _ = rw.Write(data) // a client that left is no error of ours
}

func (w *Workspace) authTest(args) (answer, *failure) {
	return answer{"url": w.base + "/", "team": "Local", "user": "footprint", "team_id": teamID, "user_id": botUser, "bot_id": botID, "is_enterprise_install": false}, nil
}

func (w *Workspace) teamInfo(args) (answer, *failure) {
	return answer{"team": answer{"id": teamID, "name": "Local", "domain": "local"}}, nil
}

func (w *Workspace) botInfo(a args) (answer, *failure) {
	return answer{"bot": answer{"id": botID, "name": "footprint", "user_id": botUser, "app_id": appID, "deleted": false}}, nil
}

func (w *Workspace) userInfo(a args) (answer, *failure) {
	if a["user"] == botUser {
		return answer{"user": answer{"id": botUser, "team_id": teamID, "name": "footprint", "is_bot": true}}, nil
	}
	u := w.user(a["user"])
	if u == nil {
		return nil, fail("user_not_found")
	}
	return answer{"user": answer{
		"id": u.ID, "team_id": u.Team, "name": u.Name, "real_name": u.Name, "tz": "Europe/Berlin", "tz_offset": 3600, "is_restricted": u.Guest, "is_ultra_restricted": false, "is_stranger": u.Team != teamID, "is_bot": false,
		"profile": answer{"display_name": u.Name, "real_name": u.Name},
	}}, nil
}

func (w *Workspace) groupUsers(a args) (answer, *failure) {
	if a["usergroup"] == "" {
		return nil, fail("missing_argument")
	}
	var ids []string
	for _, u := range w.users {
		if u.Name == "lead" {
			ids = append(ids, u.ID)
		}
	}
	return answer{"users": ids}, nil
}

func (w *Workspace) channelInfo(a args) (answer, *failure) {
	c := w.channel(a["channel"])
	if c == nil || c.private && !slices.Contains(c.members, botUser) {
		return nil, fail("channel_not_found")
	}
	return answer{"channel": answer{
		"id": c.ID, "name": c.Name, "is_channel": !c.private, "is_private": c.private, "is_archived": c.archived, "is_member": slices.Contains(c.members, botUser), "is_ext_shared": c.shared, "is_org_shared": false,
		"is_pending_ext_shared": false, "context_team_id": teamID, "num_members": len(c.members),
	}}, nil
}

func (w *Workspace) members(a args) (answer, *failure) {
	c := w.channel(a["channel"])
	if c == nil {
		return nil, fail("channel_not_found")
	}
	return answer{"members": c.members, "response_metadata": answer{"next_cursor": ""}}, nil
}

func (w *Workspace) openDM(a args) (answer, *failure) {
	u := w.user(a["users"])
	if u == nil {
		return nil, fail("user_not_found")
	}
	return answer{"channel": answer{"id": w.dm(u).ID}}, nil
}

// dm is the direct channel with a person. The caller holds mu.
func (w *Workspace) dm(u *User) *Channel {
	for _, c := range w.channels {
		if c.Name == "dm-"+u.Name {
			return c
		}
	}
	c := &Channel{ID: w.id("D0"), Name: "dm-" + u.Name, workspace: w, members: []string{botUser, u.ID}}
	w.channels = append(w.channels, c)
	return c
}

// reachable finds the channel of a post: one that the bot is in, or a person's
// direct channel.
func (w *Workspace) reachable(id string) (*Channel, *failure) {
	if u := w.user(id); u != nil {
		return w.dm(u), nil
	}
	c := w.channel(id)
	switch {
	case id == "" || c == nil:
		return nil, fail("channel_not_found")
	case !slices.Contains(c.members, botUser) && c.private:
		return nil, fail("channel_not_found")
	case !slices.Contains(c.members, botUser):
		return nil, fail("not_in_channel")
	case c.archived:
		return nil, fail("is_archived")
	}
	return c, nil
}

func (w *Workspace) serveValidate(rw http.ResponseWriter, a args) {
	blocks := a["blocks"]
	problems := validateBlocks(json.RawMessage(blocks), inMessage)
	if view := a["view"]; view != "" && blocks == "" {
		var body map[string]any
		if json.Unmarshal([]byte(view), &body) != nil {
			body = nil
		}
		problems = validateView(body)
	} else if blocks == "" {
		problems = []Problem{{Code: "missing_argument", Message: "exactly one of blocks, view, message"}}
	}
	if len(problems) > 0 {
		reply(rw, http.StatusOK, answer{"ok": false, "error": "invalid_blocks", "errors": problems})
		return
	}
	reply(rw, http.StatusOK, answer{"ok": true})
}

func (f *failure) Error() string { return fmt.Sprintf("slack: %s", f.code) }
