// Package inbound is what Slack sends: the sockets that it comes over, its payloads
// as our own types, and its mark-up as plain text.
//
// It decides nothing and answers nothing but acknowledgements. What surprises: a
// socket that Slack asks to go is read on until Slack closes it, beside the one
// that takes its place, so that no payload finds every door shut.
package inbound

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"
	"golang.org/x/sync/errgroup"
)

// Envelope is one payload as it came over a socket.
type Envelope struct {
	ID      string          `json:"envelope_id"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload"`
	// Accepts tells that a body in the acknowledgement is read.
	Accepts bool `json:"accepts_response_payload"`
	Retry   int  `json:"retry_attempt"`
}

// Opener asks Slack for the address of a socket; *slack.Client is one.
type Opener interface {
	StartSocketModeContext(ctx context.Context) (*slack.SocketModeConnection, string, error)
}

// Sockets keeps several connections to Slack open.
type Sockets struct {
	Open Opener
	// Lines is how many connections there are. Slack sends each payload to any one.
	Lines int
	// Stagger is how much later each of them opens than the one before: Slack
	// closes them after the same time, and a reconnect must not meet another.
	Stagger time.Duration
	// Handle gets each envelope and acknowledges it. It runs beside others.
	Handle func(ctx context.Context, e Envelope, ack Ack)
	// Changed hears how many connections were opened (1) or closed (-1).
	Changed func(by int)
	Log     *slog.Logger
}

// Ack acknowledges an envelope; body may be nil.
type Ack func(body any) error

const (
	// silence is how long a socket may say nothing; Slack pings more often.
	silence = 30 * time.Second
	// handshake bounds opening one, up to its greeting.
	handshake = 15 * time.Second
	// linger is how long a socket is read that Slack asked to go; it closes it
	// after about ten seconds.
	linger = 15 * time.Second
	// firstPause and lastPause are those between two tries of opening one.
	firstPause, lastPause = 100 * time.Millisecond, 30 * time.Second
	// atOnce is how many envelopes of one line are handled at a time.
	atOnce = 32
	// maxAck is the size from which Slack drops an acknowledgement without a word.
	maxAck = 20_480
)

// Fatal ends Run: going on makes no sense.
type Fatal struct{ Code string }

func (f *Fatal) Error() string { return "slack: " + f.Code }

// fatal are the codes of apps.connections.open, and the reasons of a disconnect,
// that no further try changes.
var fatal = map[string]bool{
	"invalid_auth": true, "not_authed": true, "account_inactive": true, "token_revoked": true, "token_expired": true, "not_allowed_token_type": true, "missing_scope": true, "link_disabled": true,
}

// Run keeps the connections open until ctx ends. Any other error is a *Fatal.
func (s *Sockets) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for n := range s.Lines {
		group.Go(func() error { return s.line(ctx, n) })
	}
	return group.Wait()
}

// line is one connection, replaced for ever.
func (s *Sockets) line(ctx context.Context, n int) error {
	if !pause(ctx, time.Duration(n)*s.Stagger) {
		return ctx.Err()
	}
	ctx, stop := context.WithCancel(ctx)
	var reading sync.WaitGroup
	defer reading.Wait()
	defer stop()
	for {
		c, err := s.connect(ctx, n)
		if err != nil {
			return err
		}
		s.Changed(1)
		reading.Go(func() {
			defer s.Changed(-1)
			s.read(ctx, c)
		})
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-c.leaving:
		case <-c.closed:
		}
		if fatal[c.reason.get()] {
			return &Fatal{c.reason.get()}
		}
		s.Log.InfoContext(ctx, "socket is replaced", "line", n, "reason", c.reason.get())
	}
}

// connect opens a socket and waits for its greeting, again and again.
func (s *Sockets) connect(ctx context.Context, n int) (*conn, error) {
	for wait := firstPause; ; wait = min(2*wait, lastPause) {
		c, err := s.dial(ctx)
		var answer slack.SlackErrorResponse
		var limited *slack.RateLimitedError
		switch {
		case err == nil:
			return c, nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case errors.As(err, &answer) && fatal[answer.Err]:
			return nil, &Fatal{answer.Err}
		case errors.As(err, &limited):
			wait = max(wait, limited.RetryAfter)
		}
		s.Log.InfoContext(ctx, "socket not opened, trying again", "line", n, "pause", wait, "error", err)
		if !pause(ctx, wait) {
			return nil, ctx.Err()
		}
	}
}

func (s *Sockets) dial(ctx context.Context) (*conn, error) {
	within, stop := context.WithTimeout(ctx, handshake)
	defer stop()
	_, url, err := s.Open.StartSocketModeContext(within)
	if err != nil {
		return nil, fmt.Errorf("asking for a socket: %w", err)
	}
	ws, res, err := websocket.DefaultDialer.DialContext(within, url, nil)
	if res != nil && res.Body != nil {
		_ = res.Body.Close()
	}
	if err != nil {
		return nil, errors.New("opening a socket failed") // the error holds the address, and that a ticket
	}
	c := &conn{ws: ws, leaving: make(chan struct{}), closed: make(chan struct{})}
	_ = ws.SetReadDeadline(time.Now().Add(handshake)) // of a connection that is open
	ws.SetPingHandler(func(data string) error {
		c.alive()
		return ws.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(time.Second))
	})
	quit := context.AfterFunc(within, func() { _ = ws.Close() })
	var greeting frame
	err = ws.ReadJSON(&greeting)
	if quit() && err == nil && greeting.Type == "hello" {
		return c, nil
	}
	_ = ws.Close()
	if err != nil {
		return nil, fmt.Errorf("waiting for the greeting of a socket: %w", err)
	}
	return nil, fmt.Errorf("the socket greets with %s %s", greeting.Type, greeting.Reason)
}

// frame is what comes over a socket.
type frame struct {
	Envelope
	Reason string `json:"reason"`
}

// conn is one open socket.
type conn struct {
	ws      *websocket.Conn
	writing sync.Mutex
	leaving chan struct{} // closed when Slack asks it to go
	closed  chan struct{}
	reason  reason
}

// reason is why a socket ends, as Slack says; the first one holds.
type reason struct {
	mu   sync.Mutex
	text string
}

func (r *reason) set(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.text == "" {
		r.text = text
	}
}

func (r *reason) get() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text
}

func (c *conn) alive() { _ = c.ws.SetReadDeadline(time.Now().Add(silence)) }

// read hands on what comes until the socket is closed.
func (s *Sockets) read(ctx context.Context, c *conn) {
	defer close(c.closed)
	defer func() { _ = c.ws.Close() }()
	defer context.AfterFunc(ctx, func() { _ = c.ws.Close() })()
	var busy errgroup.Group
	busy.SetLimit(atOnce)
	defer func() { _ = busy.Wait() }()
	asked := false
	for {
		c.alive()
		_, data, err := c.ws.ReadMessage()
		if err != nil {
			c.reason.set("closed")
			return
		}
		var f frame
		_ = json.Unmarshal(data, &f) // what has neither type nor id is passed over
		switch {
		case f.Type == "disconnect":
			c.reason.set(f.Reason)
			if !asked {
				asked = true
				close(c.leaving)
				defer time.AfterFunc(linger, func() { _ = c.ws.Close() }).Stop()
			}
		case f.ID != "":
			busy.Go(func() error {
				s.Handle(ctx, f.Envelope, func(body any) error { return c.ack(f.Envelope, body) })
				return nil
			})
		}
	}
}

// ack answers an envelope. A body is sent only where the envelope says that one is
// read, and only a small one.
func (c *conn) ack(e Envelope, body any) error {
	answer := map[string]any{"envelope_id": e.ID}
	if body != nil && e.Accepts {
		answer["payload"] = body
	}
	data, err := json.Marshal(answer)
	if err != nil {
		return fmt.Errorf("encoding an acknowledgement: %w", err)
	}
	if len(data) >= maxAck {
		return fmt.Errorf("an acknowledgement of %d bytes would be dropped by Slack", len(data))
	}
	c.writing.Lock()
	defer c.writing.Unlock()
	_ = c.ws.SetWriteDeadline(time.Now().Add(5 * time.Second))
	return c.ws.WriteMessage(websocket.TextMessage, data)
}

func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
