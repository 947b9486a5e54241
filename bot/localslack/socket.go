package localslack

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// maxLinks is how many sockets one app may have open
// (docs.slack.dev/apis/events-api/using-socket-mode).
const maxLinks = 10

// maxAck is the size from which Slack drops an acknowledgement without a word
// (read in slack-go's socketmode).
const maxAck = 20_480

// link is one open WebSocket.
type link struct {
	conn *websocket.Conn
	mu   sync.Mutex // of writing
}

func (l *link) write(v any) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.conn.WriteJSON(v)
}

// Envelope is a payload as it went over a socket.
type Envelope struct {
	ID           string          `json:"envelope_id"`
	Type         string          `json:"type"`
	Payload      json.RawMessage `json:"payload"`
	Accepts      bool            `json:"accepts_response_payload"`
	RetryAttempt int             `json:"retry_attempt,omitempty"`
	RetryReason  string          `json:"retry_reason,omitempty"`
	Acked        time.Duration   `json:"-"` // how long the acknowledgement took; 0 while there is none
}

// delivery waits for the acknowledgement of an envelope.
type delivery struct {
	acked chan json.RawMessage
	sent  time.Time
}

func (w *Workspace) openConnection(header string) (answer, *failure) {
	switch {
	case w.disabled:
		return nil, fail("not_allowed")
	case w.revoked:
		return nil, fail("token_revoked")
	case header == "":
		return nil, fail("not_authed")
	case strings.TrimPrefix(header, "Bearer ") != appToken:
		return nil, fail("invalid_auth")
	}
	ticket := w.id("ticket")
	w.tickets[ticket] = true
	return answer{"url": "ws" + strings.TrimPrefix(w.base, "http") + "/socket?ticket=" + ticket}, nil
}

func (w *Workspace) serveSocket(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	ticket := r.URL.Query().Get("ticket")
	known := w.tickets[ticket]
	delete(w.tickets, ticket) // a URL serves one connection
	w.mu.Unlock()
	if !known {
		http.Error(rw, "unknown ticket", http.StatusForbidden)
		return
	}
	// clients send Slack's own origin, which is not ours
	upgrader := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	conn, err := upgrader.Upgrade(rw, r, nil)
	if err != nil {
		return // the upgrader has answered
	}
	l := &link{conn: conn}
	w.mu.Lock()
	n := len(w.links) + 1
	if n <= maxLinks {
		w.links = append(w.links, l)
	}
	w.mu.Unlock()
	if n > maxLinks {
		_ = l.write(answer{"type": "disconnect", "reason": "too_many_websockets", "debug_info": answer{"host": "local"}})
		_ = conn.Close()
		return
	}
	err = l.write(answer{
		"type": "hello", "num_connections": n, "connection_info": answer{"app_id": appID},
		"debug_info": answer{"host": "local", "started": w.cfg.Clock().UTC().Format("2006-01-02 15:04:05.000"), "build_number": 1, "approximate_connection_time": 3600},
	})
	if err == nil {
		w.mu.Lock()
		w.signal()
		w.mu.Unlock()
		w.running.Go(func() { w.ping(l) })
		w.listen(l)
	}
	w.drop(l)
}

func (w *Workspace) ping(l *link) {
	for pause(w.life, w.cfg.PingEvery) {
		l.mu.Lock()
		err := l.conn.WriteControl(websocket.PingMessage, []byte("ping"), time.Now().Add(time.Second))
		l.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// listen reads acknowledgements until the connection ends.
func (w *Workspace) listen(l *link) {
	for {
		_, data, err := l.conn.ReadMessage()
		if err != nil {
			return
		}
		var ack struct {
			EnvelopeID string          `json:"envelope_id"`
			Payload    json.RawMessage `json:"payload"`
		}
		if len(data) >= maxAck || json.Unmarshal(data, &ack) != nil || ack.EnvelopeID == "" {
			continue
		}
		w.mu.Lock()
		d := w.waiting[ack.EnvelopeID]
		delete(w.waiting, ack.EnvelopeID)
		for i := range w.sent {
			if w.sent[i].ID == ack.EnvelopeID && d != nil {
				w.sent[i].Acked = max(time.Since(d.sent), 1)
			}
		}
		w.signal()
		w.mu.Unlock()
		if d != nil {
			d.acked <- ack.Payload
		}
	}
}

func (w *Workspace) drop(l *link) {
	_ = l.conn.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.links = slices.DeleteFunc(w.links, func(x *link) bool { return x == l })
	w.signal()
}

// Connections counts the open sockets.
func (w *Workspace) Connections() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.links)
}

// Envelopes are the payloads sent so far, with how long each acknowledgement
// took.
func (w *Workspace) Envelopes() []Envelope {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.sent)
}

// DropSockets cuts every connection without a word.
func (w *Workspace) DropSockets() {
	w.mu.Lock()
	links := slices.Clone(w.links)
	w.mu.Unlock()
	for _, l := range links {
		_ = l.conn.Close()
	}
}

// Disconnect asks every connection to go, as Slack does a few times a day, and
// closes those that stay; the reason is warning, refresh_requested or
// link_disabled.
func (w *Workspace) Disconnect(reason string) {
	w.mu.Lock()
	links := slices.Clone(w.links)
	w.disabled = w.disabled || reason == "link_disabled"
	w.mu.Unlock()
	for _, l := range links {
		_ = l.write(answer{"type": "disconnect", "reason": reason, "debug_info": answer{"host": "local"}})
		w.running.Go(func() {
			if pause(w.life, w.cfg.CloseAfter) {
				_ = l.conn.Close()
			}
		})
	}
}

// RevokeTokens makes every token useless.
func (w *Workspace) RevokeTokens() {
	w.mu.Lock()
	w.revoked = true
	w.mu.Unlock()
}

// RestoreTokens makes them work again.
func (w *Workspace) RestoreTokens() {
	w.mu.Lock()
	w.revoked = false
	w.mu.Unlock()
}

// errNoConnection and errNoAck are what the user sees of a failed delivery.
var (
	errNoConnection = fmt.Errorf("dispatch_failed")
	errNoAck        = fmt.Errorf("operation_timeout")
)

// deliver sends an envelope to one connection and waits for its
// acknowledgement.
func (w *Workspace) deliver(ctx context.Context, e Envelope) (json.RawMessage, error) {
	l, err := w.anyLink(ctx)
	if err != nil {
		return nil, err
	}
	d := &delivery{acked: make(chan json.RawMessage, 1), sent: time.Now()}
	w.mu.Lock()
	w.waiting[e.ID] = d
	w.sent = append(w.sent, e)
	w.mu.Unlock()
	if err := l.write(e); err != nil {
		w.drop(l)
		return nil, errNoAck
	}
	timer := time.NewTimer(w.cfg.AckWithin)
	defer timer.Stop()
	select {
	case p := <-d.acked:
		return p, nil
	case <-timer.C:
	case <-ctx.Done():
	}
	return nil, errNoAck // an acknowledgement that comes later is noted, and changes nothing
}

// anyLink picks one of the open connections in turn; no order is promised.
func (w *Workspace) anyLink(ctx context.Context) (*link, error) {
	within, stop := context.WithTimeout(ctx, w.cfg.Patience)
	defer stop()
	for {
		w.mu.Lock()
		if n := len(w.links); n > 0 {
			w.turn++
			l := w.links[w.turn%n]
			w.mu.Unlock()
			return l, nil
		}
		changed := w.changed
		w.mu.Unlock()
		select {
		case <-within.Done():
			return nil, errNoConnection
		case <-changed:
		}
	}
}

// Redeliver sends an envelope once more, as Slack does when it is unsure.
func (w *Workspace) Redeliver(id string) error {
	w.mu.Lock()
	k := slices.IndexFunc(w.sent, func(e Envelope) bool { return e.ID == id })
	if k < 0 {
		w.mu.Unlock()
		return fmt.Errorf("no envelope %s was sent", id)
	}
	e := w.sent[k]
	w.mu.Unlock()
	e.RetryAttempt, e.RetryReason, e.Acked = e.RetryAttempt+1, "timeout", 0
	_, err := w.deliver(w.life, e)
	return err
}

func (w *Workspace) envelope(kind string, payload any, accepts bool) (Envelope, error) {
	data, err := json.Marshal(payload)
	if err != nil {
		return Envelope{}, fmt.Errorf("encoding a payload: %w", err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return Envelope{ID: w.id("env-"), Type: kind, Payload: data, Accepts: accepts}, nil
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
