package inbound_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"github.com/footprint-soc/footprint/bot/inbound"
	"github.com/footprint-soc/footprint/bot/localslack"
)

// doors counts connections.
type doors struct{ now, ever atomic.Int64 }

func (d *doors) changed(by int) {
	d.now.Add(int64(by))
	d.ever.Add(int64(max(by, 0)))
}

// listening is a local Slack with a client that acknowledges everything.
func listening(t *testing.T, cfg localslack.Config) (w *localslack.Workspace, open *doors, ended <-chan error) {
	t.Helper()
	w = localslack.New(cfg)
	ctx, stop := context.WithCancel(t.Context())
	if err := w.Start(ctx); err != nil {
		t.Fatal(err)
	}
	open = &doors{}
	s := inbound.Sockets{
		Open: slack.New(w.BotToken(), slack.OptionAppLevelToken(w.AppToken()), slack.OptionAPIURL(w.APIURL())), Lines: 2, Stagger: time.Millisecond, Log: slog.New(slog.DiscardHandler),
		Handle:  func(_ context.Context, _ inbound.Envelope, ack inbound.Ack) { _ = ack(nil) },
		Changed: open.changed,
	}
	end := make(chan error, 1)
	var running sync.WaitGroup
	running.Go(func() { end <- s.Run(ctx) })
	t.Cleanup(func() {
		stop()
		running.Wait()
		_ = w.Close()
		if n := open.now.Load(); n != 0 {
			t.Errorf("%d connections are never closed", n)
		}
	})
	if err := w.Until(t.Context(), func() bool { return open.now.Load() == 2 }); err != nil {
		t.Fatal(err)
	}
	return w, open, end
}

func TestNoCommandFindsEverySocketShutWhileTheyAreReplaced(t *testing.T) {
	w, open, _ := listening(t, localslack.Config{Patience: 1, CloseAfter: 400 * time.Millisecond})
	w.Fault(localslack.Fault{Method: "apps.connections.open", Delay: 150 * time.Millisecond, Times: 1000})
	ana := w.User("ana").In(w.Channel("soc"))
	var typing sync.WaitGroup
	failed := make(chan error, 400)
	for round := range 4 { // Slack asks both to go at once, and closes them soon after
		w.Disconnect("refresh_requested")
		for n := range 100 {
			typing.Go(func() {
				if err := ana.Slash(t.Context(), fmt.Sprintf("/footprint %d %d", round, n)); err != nil {
					failed <- err
				}
			})
		}
		if err := w.Until(t.Context(), func() bool { return open.ever.Load() == int64(2*(round+2)) && w.Connections() == 2 }); err != nil {
			t.Fatal(err)
		}
	}
	typing.Wait()
	if n := len(failed); n > 0 {
		t.Errorf("%d of 400 commands failed, the first with %v", n, <-failed)
	}
}

func TestASocketThatIsCutIsOpenedAgain(t *testing.T) {
	w, open, _ := listening(t, localslack.Config{})
	w.Fault(localslack.Fault{Method: "apps.connections.open", Status: 500})
	w.DropSockets()
	if err := w.Until(t.Context(), func() bool { return w.Connections() == 2 && open.now.Load() == 2 }); err != nil {
		t.Fatal(err)
	}
}

func TestWhatNoTryChangesEndsIt(t *testing.T) {
	for want, break_ := range map[string]func(*localslack.Workspace){
		"token_revoked": func(w *localslack.Workspace) { w.RevokeTokens(); w.DropSockets() },
		"link_disabled": func(w *localslack.Workspace) { w.Disconnect("link_disabled") },
	} {
		w, _, ended := listening(t, localslack.Config{})
		break_(w)
		var fatal *inbound.Fatal
		if err := <-ended; !errors.As(err, &fatal) || fatal.Code != want {
			t.Errorf("it ends with %v, want %s", err, want)
		}
	}
}
