package localslack

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// frame is what comes over a socket.
type frame struct {
	Type        string `json:"type"`
	Reason      string `json:"reason"`
	Connections int    `json:"num_connections"`
	Attempt     int    `json:"retry_attempt"`
	Because     string `json:"retry_reason"`
	Payload     struct {
		EventID string `json:"event_id"`
	} `json:"payload"`
	Info struct {
		AppID string `json:"app_id"`
	} `json:"connection_info"`
	Debug struct {
		Time int `json:"approximate_connection_time"`
	} `json:"debug_info"`
}

// dial opens a socket as any client does: a URL first, with the token in the
// header, then the connection.
func dial(t *testing.T, w *Workspace) *websocket.Conn {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.APIURL()+"apps.connections.open", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+w.AppToken())
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var open struct {
		OK  bool
		URL string
	}
	if err := json.NewDecoder(res.Body).Decode(&open); err != nil || !open.OK {
		t.Fatalf("%+v, %v", open, err)
	}
	conn, _, err := websocket.DefaultDialer.DialContext(t.Context(), open.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if again, _, err := websocket.DefaultDialer.DialContext(t.Context(), open.URL, nil); err == nil {
		_ = again.Close()
		t.Error("a URL served two connections")
	}
	return conn
}

func next(t *testing.T, conn *websocket.Conn) frame {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	var f frame
	if err := conn.ReadJSON(&f); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestASocketGreetsAndThereAreTenAtMost(t *testing.T) {
	w, _ := begin(t, Config{})
	for n := 1; n <= 10; n++ {
		if f := next(t, dial(t, w)); f.Type != "hello" || f.Connections != n || f.Info.AppID == "" || f.Debug.Time != 3600 {
			t.Fatalf("connection %d is greeted by %+v", n, f)
		}
	}
	if f := next(t, dial(t, w)); f.Type != "disconnect" || f.Reason != "too_many_websockets" {
		t.Errorf("the eleventh is told %+v", f)
	}
}

func TestAPayloadGoesToOneConnectionAndAgainWhenItIsNotAcknowledged(t *testing.T) {
	w, _ := begin(t, Config{AckWithin: 30 * time.Millisecond, RetryEvents: []time.Duration{time.Millisecond, time.Millisecond, time.Millisecond}})
	frames := make(chan frame, 100)
	for range 2 {
		conn := dial(t, w)
		if f := next(t, conn); f.Type != "hello" {
			t.Fatalf("%+v", f)
		}
		go func() {
			for {
				var f frame
				if conn.ReadJSON(&f) != nil {
					return
				}
				frames <- f
			}
		}()
	}
	w.User("ana").In(w.Channel("soc")).Say("<@" + w.BotUser() + "> help")
	seen := map[string][]string{}
	for range 8 { // a mention and a message, each once and three times again
		select {
		case f := <-frames:
			seen[f.Payload.EventID] = append(seen[f.Payload.EventID], fmt.Sprint(f.Attempt, f.Because))
		case <-time.After(10 * time.Second):
			t.Fatalf("no more payloads after %v", seen)
		}
	}
	for id, tries := range seen {
		if got := strings.Join(tries, " "); got != "0 1timeout 2timeout 3timeout" {
			t.Errorf("%s came as %s", id, got)
		}
	}
	if len(seen) != 2 {
		t.Errorf("payloads %v", seen)
	}
}

func TestADisconnectHasAReasonAndAnEnd(t *testing.T) {
	for _, reason := range []string{"warning", "refresh_requested", "link_disabled"} {
		t.Run(reason, func(t *testing.T) {
			w, api := begin(t, Config{CloseAfter: 10 * time.Millisecond})
			conn := dial(t, w)
			next(t, conn)
			w.Disconnect(reason)
			if f := next(t, conn); f.Type != "disconnect" || f.Reason != reason {
				t.Errorf("told %+v", f)
			}
			if err := conn.ReadJSON(&frame{}); err == nil {
				t.Error("a connection that stays is not closed")
			}
			_, _, err := api.StartSocketModeContext(context.WithoutCancel(t.Context()))
			if refused := err != nil; refused != (reason == "link_disabled") {
				t.Errorf("a new connection after %s: %v", reason, err)
			}
		})
	}
}

func TestPingsComeMoreOftenThanClientsGiveUp(t *testing.T) {
	w, _ := begin(t, Config{PingEvery: time.Millisecond})
	conn := dial(t, w)
	next(t, conn)
	pinged := make(chan struct{}, 100)
	conn.SetPingHandler(func(string) error { pinged <- struct{}{}; return nil })
	go func() { _, _, _ = conn.ReadMessage() }()
	for range 3 {
		select {
		case <-pinged:
		case <-time.After(10 * time.Second):
			t.Fatal("no ping")
		}
	}
	if New(Config{}).cfg.PingEvery >= 30*time.Second { // slack-go reconnects after 30 s without one
		t.Error("by default they come too seldom")
	}
}
