package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/slack-go/slack/socketmode"
	"golang.org/x/sync/errgroup"
)

// Run keeps the connections to Slack open until ctx ends. It returns an error
// only when going on makes no sense: the app token is refused.
func (b *Bot) Run(ctx context.Context) error {
	defer b.asides.Wait()
	group, ctx := errgroup.WithContext(ctx)
	for i := range b.cfg.Connections {
		group.Go(func() error { return b.connection(ctx, i) })
	}
	err := group.Wait()
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// connection is one WebSocket, reconnected for ever. Slack sends each payload
// to one of the open connections, so a reconnect of one leaves no gap.
func (b *Bot) connection(ctx context.Context, number int) error {
	client := socketmode.New(b.api, socketmode.OptionLog(slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)))
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		err := client.RunContext(ctx) // ends with an error in any case
		if ctx.Err() == nil {
			return fmt.Errorf("slack does not accept SLACK_APP_TOKEN (%w): make an app-level token with connections:write, it begins with xapp-", err)
		}
		return err
	})
	group.Go(func() error {
		open := false
		defer func() { b.mark(&open, false) }()
		for {
			// Events is never closed by the library, not even when Run ends.
			select {
			case <-ctx.Done():
				return ctx.Err()
			case event := <-client.Events:
				switch event.Type {
				case socketmode.EventTypeHello:
					b.mark(&open, true)
				case socketmode.EventTypeConnecting, socketmode.EventTypeConnectionError, socketmode.EventTypeIncomingError:
					b.mark(&open, false)
					b.cfg.Log.InfoContext(ctx, "socket", "connection", number, "event", string(event.Type))
				default:
					b.receive(ctx, client, event)
				}
			}
		}
	})
	return group.Wait()
}

func (b *Bot) mark(open *bool, now bool) {
	switch {
	case now && !*open:
		b.connected.Add(1)
	case !now && *open:
		b.connected.Add(-1)
	}
	*open = now
}

// stored is an envelope as it lies in the stream.
type stored struct {
	Type     string          `json:"type"`
	Payload  json.RawMessage `json:"payload"`
	Received time.Time       `json:"received"`
	Retry    int             `json:"retry,omitempty"`
}

// receive stores, then acknowledges. It waits for nothing but the one write.
func (b *Bot) receive(ctx context.Context, client *socketmode.Client, event socketmode.Event) {
	request := event.Request
	if request == nil {
		request = salvage(event)
	}
	if request == nil || request.EnvelopeID == "" {
		return
	}
	if !wanted(request.Type) {
		b.ack(ctx, client, request, nil)
		return
	}
	raw, err := json.Marshal(stored{Type: request.Type, Payload: request.Payload, Received: b.cfg.Clock().UTC(), Retry: request.RetryAttempt})
	if err != nil {
		b.cfg.Log.ErrorContext(ctx, "envelope not stored, its payload is not JSON", "envelope", request.EnvelopeID, "error", err)
		b.ack(ctx, client, request, nil)
		return
	}
	arrived := time.Now()
	if request.Type == "interactive" {
		if whole := b.precheck(ctx, request.Payload); whole != nil {
			b.ack(ctx, client, request, whole)
			return
		}
	}
	within, stop := context.WithTimeout(ctx, b.cfg.AckWithin)
	defer stop()
	isNew, err := b.cfg.Store.Push(within, LaneInteractive, JobEnvelope, "envelope:"+dedupeKey(request), raw)
	defer func() { b.cfg.Acked(time.Since(arrived), err == nil) }()
	switch {
	case err != nil:
		b.cfg.Log.ErrorContext(ctx, "envelope not stored", "envelope", request.EnvelopeID, "type", request.Type, "error", err)
		b.decline(ctx, client, request)
		return
	case !isNew:
		b.cfg.Log.InfoContext(ctx, "envelope seen before", "envelope", request.EnvelopeID, "retry", request.RetryAttempt)
	}
	b.ack(ctx, client, request, nil)
}

// apologyFor bounds how long an apology may take that does not fit into an
// acknowledgement.
const apologyFor = 20 * time.Second

// decline says that an envelope could not be stored. There is no hunt without an
// audit entry, so that nothing is begun from here.
func (b *Bot) decline(ctx context.Context, client *socketmode.Client, r *socketmode.Request) {
	switch {
	case r.Type == "events_api":
		return // not acknowledged: Slack sends it again in a minute
	case r.Type == "slash_commands":
		b.ack(ctx, client, r, map[string]string{"text": sayNotTaken})
		return
	}
	if wrong := refusedView(r.Payload, sayNotTaken); wrong != nil {
		b.ack(ctx, client, r, wrong)
		return
	}
	b.ack(ctx, client, r, nil)
	b.asides.Go(func() { // a press reads no body: it is answered beside the socket
		within, stop := context.WithTimeout(ctx, apologyFor)
		defer stop()
		if err := b.apologise(within, r.Type, r.Payload, sayNotTaken); err != nil {
			b.cfg.Log.ErrorContext(ctx, "a press was not taken, and nobody could be told", "envelope", r.EnvelopeID, "error", err)
		}
	})
}

// dedupeKey recognises a repeated event: Slack repeats events under new
// envelope ids, but with the same event id.
func dedupeKey(r *socketmode.Request) string {
	if r.Type == "events_api" {
		var e struct {
			EventID string `json:"event_id"`
		}
		if json.Unmarshal(r.Payload, &e) == nil && e.EventID != "" {
			return e.EventID
		}
	}
	return r.EnvelopeID
}

func wanted(kind string) bool {
	return kind == "slash_commands" || kind == "interactive" || kind == "events_api"
}

// salvage reads the envelope of a message that slack-go could not parse. One
// unknown piece inside makes it give up on the whole event without an ack, and
// Slack then repeats it three times.
func salvage(event socketmode.Event) *socketmode.Request {
	bad, ok := event.Data.(*socketmode.ErrorBadMessage)
	if !ok {
		return nil
	}
	var r socketmode.Request
	if json.Unmarshal(bad.Message, &r) != nil {
		return nil
	}
	return &r
}

// ack answers the envelope. A body is sent only where the envelope says that
// one is read, and only small ones: Slack drops 20 KB silently.
func (b *Bot) ack(ctx context.Context, client *socketmode.Client, r *socketmode.Request, body any) {
	var err error
	if body != nil && r.AcceptsResponsePayload {
		err = client.AckCtx(ctx, r.EnvelopeID, body)
	} else {
		err = client.AckCtx(ctx, r.EnvelopeID, nil)
	}
	if err != nil && !strings.Contains(err.Error(), context.Canceled.Error()) {
		b.cfg.Log.ErrorContext(ctx, "envelope not acknowledged", "envelope", r.EnvelopeID, "error", err)
	}
}
