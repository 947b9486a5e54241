package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/footprint-soc/footprint/bot/inbound"
)

// Run keeps the connections to Slack open until ctx ends. It returns an error
// only when going on makes no sense: Slack refuses a token.
func (b *Bot) Run(ctx context.Context) error {
	defer b.asides.Wait()
	group, ctx := errgroup.WithContext(ctx)
	sockets := inbound.Sockets{Open: b.api, Lines: b.cfg.Connections, Stagger: b.cfg.Stagger, Handle: b.receive, Changed: func(by int) { b.connected.Add(int32(by)) }, Log: b.cfg.Log}
	group.Go(func() error {
		err := sockets.Run(ctx)
		var fatal *inbound.Fatal
		if errors.As(err, &fatal) {
			return socketError(fatal.Code)
		}
		return err
	})
	group.Go(func() error {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-b.end:
			return err
		}
	})
	err := group.Wait()
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

func socketError(code string) error {
	if code == "link_disabled" {
		return errors.New("slack says that Socket Mode is off for this app (link_disabled): turn it on in the app's settings, and start footprint again")
	}
	return fmt.Errorf("slack does not accept SLACK_APP_TOKEN (%s): make an app-level token with connections:write, it begins with xapp-", code)
}

// stored is an envelope as it lies in the stream.
type stored struct {
	Type     string          `json:"type"`
	Payload  json.RawMessage `json:"payload"`
	Received time.Time       `json:"received"`
	Retry    int             `json:"retry,omitempty"`
}

// receive stores, then acknowledges. It waits for nothing but the one write.
func (b *Bot) receive(ctx context.Context, e inbound.Envelope, ack inbound.Ack) {
	answer := func(body any) {
		if err := ack(body); err != nil && ctx.Err() == nil {
			b.cfg.Log.ErrorContext(ctx, "envelope not acknowledged", "envelope", e.ID, "error", err)
		}
	}
	if !wanted(e.Type) {
		answer(nil)
		return
	}
	raw, err := json.Marshal(stored{Type: e.Type, Payload: e.Payload, Received: b.cfg.Clock().UTC(), Retry: e.Retry})
	if err != nil {
		b.cfg.Log.ErrorContext(ctx, "envelope not stored, its payload is not JSON", "envelope", e.ID, "error", err)
		answer(nil)
		return
	}
	arrived := time.Now()
	if e.Type == "interactive" {
		if whole := b.precheck(ctx, e.Payload); whole != nil {
			answer(whole)
			return
		}
	}
	within, stop := context.WithTimeout(ctx, b.cfg.AckWithin)
	defer stop()
	isNew, err := b.cfg.Store.Push(within, LaneInteractive, JobEnvelope, "envelope:"+dedupeKey(e), raw)
	defer func() { b.cfg.Acked(time.Since(arrived), err == nil) }()
	switch {
	case err != nil:
		b.cfg.Log.ErrorContext(ctx, "envelope not stored", "envelope", e.ID, "type", e.Type, "error", err)
		b.decline(ctx, e, answer)
		return
	case !isNew:
		b.cfg.Log.InfoContext(ctx, "envelope seen before", "envelope", e.ID, "retry", e.Retry)
	}
	answer(nil)
}

// apologyFor bounds how long an apology may take that does not fit into an
// acknowledgement.
const apologyFor = 20 * time.Second

// decline says that an envelope could not be stored. There is no hunt without an
// audit entry, so that nothing is begun from here.
func (b *Bot) decline(ctx context.Context, e inbound.Envelope, answer func(body any)) {
	switch {
	case e.Type == "events_api":
		return // not acknowledged: Slack sends it again in a minute
	case e.Type == "slash_commands":
		answer(map[string]string{"text": sayNotTaken})
		return
	}
	if wrong := refusedView(e.Payload, sayNotTaken); wrong != nil {
		answer(wrong)
		return
	}
	answer(nil)
	b.asides.Go(func() { // a press reads no body: it is answered beside the socket
		within, stop := context.WithTimeout(ctx, apologyFor)
		defer stop()
		if err := b.apologise(within, e.Type, e.Payload, sayNotTaken); err != nil {
			b.cfg.Log.ErrorContext(ctx, "a press was not taken, and nobody could be told", "envelope", e.ID, "error", err)
		}
	})
}

// dedupeKey recognises a repeated event: Slack repeats events under new
// envelope ids, but with the same event id.
func dedupeKey(r inbound.Envelope) string {
	if r.Type == "events_api" {
		var e struct {
			EventID string `json:"event_id"`
		}
		if json.Unmarshal(r.Payload, &e) == nil && e.EventID != "" {
			return e.EventID
		}
	}
	return r.ID
}

func wanted(kind string) bool {
	return kind == "slash_commands" || kind == "interactive" || kind == "events_api"
}
