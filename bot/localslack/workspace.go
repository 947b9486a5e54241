// Package localslack is a Slack workspace within one process: the Web API that
// the bot calls, Socket Mode, the limits Slack enforces, faults on demand, a
// page for the browser, and a language in which tests talk like an analyst.
//
// It is an independent judge: it shares no code and no constant with the
// package that builds messages, and cites its own source for each limit. What
// surprises: it sends each payload to one connection of several, any one, as
// Slack does; and a message that Slack would refuse is refused here with
// Slack's error code.
package localslack

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Suggestion is something to type that the page offers.
type Suggestion struct {
	Label   string `json:"label"`
	Text    string `json:"text"`
	Channel string `json:"channel"` // name without #
}

// Command is what the page completes while it is typed.
type Command struct {
	Usage string `json:"usage"`
	Text  string `json:"text"` // an example, which is put in
	Says  string `json:"says"`
}

// Config is what a Workspace is made of; the zero value works.
type Config struct {
	// Listen is the address of everything; 127.0.0.1:0.
	Listen string
	Clock  func() time.Time
	// PingEvery is the pause between WebSocket pings; 10 s. Clients reconnect
	// after 30 s without one.
	PingEvery time.Duration
	// CloseAfter is how long a connection that was asked to go may stay; 10 s.
	CloseAfter time.Duration
	// AckWithin is how long an envelope waits for its acknowledgement; 3 s
	// (docs.slack.dev/interactivity/implementing-slash-commands).
	AckWithin time.Duration
	// Patience is how long a payload waits while no connection is open; 3 s.
	Patience time.Duration
	// RetryEvents are the pauses before an event that nobody acknowledged is sent
	// again; at once, 1 min, 5 min (docs.slack.dev/apis/events-api).
	RetryEvents []time.Duration
	// Scopes of the bot token; nil is all that the bot may ever ask for.
	Scopes []string
	// Limits answers 429 with Retry-After to whoever calls a method more often than
	// its tier allows.
	Limits bool
	// Refusals stand from the start.
	Refusals []Refusal
	// Echo sends the bot its own messages and edits as events, as Slack does where
	// the app may read history.
	Echo bool
	// Suggestions are what the page offers.
	Suggestions []Suggestion
	// Commands are completed on the page.
	Commands []Command
	// Gallery are messages that the page shows at /gallery.
	Gallery []GalleryItem
}

// GalleryItem is one message of the gallery.
type GalleryItem struct {
	Name   string          `json:"name"`
	Text   string          `json:"text"`
	Blocks json.RawMessage `json:"blocks"`
}

// Names of the workspace. They look like Slack's own ids.
const (
	teamID  = "T0LOCAL01"
	botUser = "U0FOOTBOT"
	botID   = "B0FOOTBOT"
	appID   = "A0FOOTBOT"
	// otherApp is the app of every other bot.
	otherApp = "A0OTHERAPP"
)

// Tokens of the workspace: no secrets, since it listens on this machine only
// and forgets everything.
const (
	botToken = "xoxb-local-footprint" //nolint:gosec // no secret, see above
	appToken = "xapp-local-footprint" //nolint:gosec // as above
)

// Workspace is the whole of it. It is safe for concurrent use.
type Workspace struct {
	cfg      Config
	server   *http.Server
	base     string
	life     context.Context
	stop     context.CancelFunc
	running  sync.WaitGroup
	mu       sync.Mutex
	changed  chan struct{} // closed and replaced whenever anything happens
	channels []*Channel
	users    []*User
	files    map[string]*File
	uploads  map[string]*File
	views    map[string]*view
	homes    map[string]*view // by person
	triggers map[string]trigger
	hooks    map[string]*hook
	tickets  map[string]bool
	links    []*link
	turn     int
	faults   []*Fault
	calls    []Call
	sent     []Envelope
	waiting  map[string]*delivery
	lastTS   int64
	serial   int
	revoked  bool
	disabled bool
	refusals []*Refusal
	buckets  map[string]time.Time // when each is empty again
	feed     feed
}

// New makes a workspace with #soc, #incidents and #random, of which the bot is
// a member of the first two, and three people: ana and lead, and guest of
// another company.
func New(cfg Config) *Workspace {
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1:0"
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.PingEvery <= 0 {
		cfg.PingEvery = 10 * time.Second
	}
	if cfg.CloseAfter <= 0 {
		cfg.CloseAfter = 10 * time.Second
	}
	if cfg.AckWithin <= 0 {
		cfg.AckWithin = 3 * time.Second
	}
	if cfg.Patience <= 0 {
		cfg.Patience = 3 * time.Second
	}
	if cfg.RetryEvents == nil {
		cfg.RetryEvents = []time.Duration{time.Millisecond, time.Minute, 5 * time.Minute}
	}
	if cfg.Scopes == nil {
		cfg.Scopes = slices.Clone(everyScope)
	}
	w := &Workspace{
		cfg: cfg, changed: make(chan struct{}), files: map[string]*File{}, uploads: map[string]*File{}, views: map[string]*view{}, homes: map[string]*view{}, triggers: map[string]trigger{}, hooks: map[string]*hook{},
		tickets: map[string]bool{}, waiting: map[string]*delivery{}, buckets: map[string]time.Time{},
	}
	w.feed.w = w
	w.AddUser("ana")
	w.AddUser("lead")
	w.AddUser("guest", External("T0OTHER01"))
	w.AddChannel("soc")
	w.AddChannel("incidents")
	w.AddChannel("random", WithoutBot())
	return w
}

// everyScope is what the bot may ever be given.
var everyScope = []string{
	"commands", "chat:write", "files:write", "files:read", "app_mentions:read", "channels:history", "groups:history", "channels:read", "groups:read", "reactions:write", "reactions:read", "users:read", "usergroups:read", "im:history", "im:read", "im:write",
	"metadata.message:read", "team:read",
}

// Start listens and serves until Close or the end of ctx.
func (w *Workspace) Start(ctx context.Context) error {
	for _, r := range w.cfg.Refusals {
		if _, err := w.Refuse(r); err != nil {
			return err
		}
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", w.cfg.Listen)
	if err != nil {
		return fmt.Errorf("listening on %s: %w", w.cfg.Listen, err)
	}
	w.life, w.stop = context.WithCancel(context.WithoutCancel(ctx))
	w.base = "http://" + listener.Addr().String()
	w.server = &http.Server{Handler: w.Handler(), ReadHeaderTimeout: 5 * time.Second}
	w.running.Go(func() { _ = w.server.Serve(listener) }) // ends with ErrServerClosed
	return nil
}

// URL is the address of the page.
func (w *Workspace) URL() string { return w.base }

// APIURL is what SLACK_API_URL is set to.
func (w *Workspace) APIURL() string { return w.base + "/api/" }

// BotToken and AppToken are the tokens of the bot.
func (w *Workspace) BotToken() string { return botToken }

// AppToken opens sockets.
func (w *Workspace) AppToken() string { return appToken }

// TeamID is the id of the workspace.
func (w *Workspace) TeamID() string { return teamID }

// BotUser is the bot's own user id.
func (w *Workspace) BotUser() string { return botUser }

// Close drops every connection and waits until nothing runs.
func (w *Workspace) Close() error {
	if w.server == nil {
		return nil
	}
	w.stop()
	w.DropSockets()
	err := w.server.Close()
	w.running.Wait()
	return err
}

// Handler serves the Web API, the sockets, uploads, files, response URLs and
// the page.
func (w *Workspace) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/{method}", w.serveAPI)
	mux.HandleFunc("GET /api/{method}", w.serveAPI) // chat.getPermalink is called so
	mux.HandleFunc("GET /socket", w.serveSocket)
	mux.HandleFunc("POST /upload/{id}", w.serveUpload)
	mux.HandleFunc("GET /files/{id}/{name}", w.serveFile)
	mux.HandleFunc("POST /response/{token}", w.serveResponse)
	mux.HandleFunc("GET /signin", func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(rw, "<!DOCTYPE html><title>Sign in</title>") // as Slack answers who may not read a file
	})
	w.serveUI(mux)
	return mux
}

// signal wakes everybody who waits for something to happen. The caller holds mu.
func (w *Workspace) signal() {
	close(w.changed)
	w.changed = make(chan struct{})
}

// id makes an id of Slack's looks. The caller holds mu.
func (w *Workspace) id(prefix string) string {
	w.serial++
	return fmt.Sprintf("%s%08X", prefix, w.serial)
}

// ts makes the timestamp of a new message, unique and rising. The caller holds
// mu.
func (w *Workspace) ts() string {
	now := w.cfg.Clock().UnixMicro()
	w.lastTS = max(now, w.lastTS+1)
	return fmt.Sprintf("%d.%06d", w.lastTS/1_000_000, w.lastTS%1_000_000)
}

// Channel is one channel.
type Channel struct {
	ID, Name  string
	workspace *Workspace
	private   bool
	shared    bool
	archived  bool
	members   []string
	messages  []*Message
}

// kind is the channel_type of events (docs.slack.dev/reference/events/message).
func (c *Channel) kind() string {
	switch {
	case strings.HasPrefix(c.ID, "D"):
		return "im"
	case c.private:
		return "group"
	}
	return "channel"
}

// scope is the one that a right needs in this kind of channel.
func (c *Channel) scope(right string) string {
	return map[string]string{"im": "im", "group": "groups", "channel": "channels"}[c.kind()] + ":" + right
}

// ChannelOption changes a new channel.
type ChannelOption func(*Channel)

// WithoutBot makes a channel of which the bot is no member.
func WithoutBot() ChannelOption {
	return func(c *Channel) {
		c.members = slices.DeleteFunc(c.members, func(id string) bool { return id == botUser })
	}
}

// Private makes a private channel.
func Private() ChannelOption { return func(c *Channel) { c.private = true } }

// Shared makes a Slack Connect channel.
func Shared() ChannelOption { return func(c *Channel) { c.shared = true } }

// AddChannel makes a channel with everybody in it.
func (w *Workspace) AddChannel(name string, opts ...ChannelOption) *Channel {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := &Channel{ID: w.id("C0"), Name: name, workspace: w, members: []string{botUser}}
	for _, u := range w.users {
		c.members = append(c.members, u.ID)
	}
	for _, o := range opts {
		o(c)
	}
	w.channels = append(w.channels, c)
	return c
}

// Channel finds a channel by name.
func (w *Workspace) Channel(name string) *Channel {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.channels {
		if c.Name == strings.TrimPrefix(name, "#") {
			return c
		}
	}
	return nil
}

// Direct is the direct channel between the bot and a person.
func (w *Workspace) Direct(u *User) *Channel {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.dm(u)
}

// Archive closes the channel for new messages.
func (c *Channel) Archive() {
	c.workspace.mu.Lock()
	defer c.workspace.mu.Unlock()
	c.archived = true
}

// Kick removes the bot.
func (c *Channel) Kick() {
	c.workspace.mu.Lock()
	defer c.workspace.mu.Unlock()
	c.members = slices.DeleteFunc(c.members, func(id string) bool { return id == botUser })
}

// Invite adds the bot.
func (c *Channel) Invite() {
	c.workspace.mu.Lock()
	defer c.workspace.mu.Unlock()
	if !slices.Contains(c.members, botUser) {
		c.members = append(c.members, botUser)
	}
}

func (w *Workspace) channel(id string) *Channel {
	for _, c := range w.channels {
		if c.ID == id {
			return c
		}
	}
	return nil
}

func (w *Workspace) user(id string) *User {
	for _, u := range w.users {
		if u.ID == id {
			return u
		}
	}
	return nil
}

// User is one person.
type User struct {
	ID, Name  string
	Team      string
	Guest     bool
	bot       string // id of another app's bot
	workspace *Workspace
}

// UserOption changes a new user.
type UserOption func(*User)

// External makes a person of another company's workspace.
func External(team string) UserOption { return func(u *User) { u.Team = team } }

// Bot makes the bot of another app, such as a playbook's.
func Bot(id string) UserOption { return func(u *User) { u.bot = id } }

// Guest makes a guest of this workspace.
func Guest() UserOption { return func(u *User) { u.Guest = true } }

// AddUser makes a person, who is in every channel.
func (w *Workspace) AddUser(name string, opts ...UserOption) *User {
	w.mu.Lock()
	defer w.mu.Unlock()
	u := &User{ID: w.id("U0"), Name: name, Team: teamID, workspace: w}
	for _, o := range opts {
		o(u)
	}
	w.users = append(w.users, u)
	for _, c := range w.channels {
		c.members = append(c.members, u.ID)
	}
	return u
}

// User finds a person by name.
func (w *Workspace) User(name string) *User {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, u := range w.users {
		if u.Name == name {
			return u
		}
	}
	return nil
}
