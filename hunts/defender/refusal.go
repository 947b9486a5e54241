package defender

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/azure"
)

// asked is who answers, in the words of its errors.
const asked = azure.Service("Defender XDR")

// permission is the only application permission that this source needs.
const permission = "ThreatHunting.Read.All"

// maxReason bounds what is shown of the service's own text.
const maxReason = 300

// reasonOf is the service's own sentence; empty where it gives none.
func reasonOf(resp *azcore.ResponseError, body []byte) string {
	var wire struct {
		Error struct{ Code, Message string }
	}
	if json.Unmarshal(body, &wire) != nil { // HTML from a gateway: the status says enough
		return ""
	}
	text := strings.TrimSpace(wire.Error.Message)
	if text == "" && wire.Error.Code != "UnknownError" {
		text = wire.Error.Code
	}
	if runes := []rune(text); len(runes) > maxReason {
		text = string(runes[:maxReason]) + "…"
	}
	if text == "" {
		text = fmt.Sprintf("HTTP %d", resp.StatusCode)
	}
	return text
}

// refusal turns what the service refused into the kinds that the rest of the
// program knows. It is the only place that reads codes and texts of the service.
func (s *Source) refusal(resp *azcore.ResponseError, body []byte) error {
	reason := reasonOf(resp, body)
	e := &hunts.Error{Err: resp}
	switch resp.StatusCode {
	case http.StatusBadRequest:
		fromBadRequest(e, reason)
	case http.StatusUnauthorized:
		e.Kind, e.Say, e.Hint = hunts.KindNoLogin, "Defender XDR does not accept our login", "An operator should run footprint check."
	case http.StatusForbidden:
		e.Kind, e.Say = hunts.KindNoRole, "our identity may not hunt in Defender XDR"
		e.Hint = "Give the app the application permission " + permission + " of Microsoft Graph, and have an administrator consent to it."
	case http.StatusNotFound:
		e.Kind, e.Say, e.Hint = hunts.KindNoWorkspace, "there is no advanced hunting at this address", "Check DEFENDER_XDR_ENDPOINT, and that the tenant has Defender XDR."
	case http.StatusTooManyRequests:
		s.throttled(e, resp, reason)
	case http.StatusRequestTimeout, http.StatusGatewayTimeout:
		e.Kind, e.Say, e.Hint = hunts.KindTimeout, "Defender XDR gave up on the query for time", "Ask for a shorter window."
	case http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable:
		e.Kind, e.Say, e.After = hunts.KindUnavailable, fmt.Sprintf("Defender XDR has trouble (HTTP %d)", resp.StatusCode), azure.RetryAfter(resp.RawResponse)
	default:
		e.Kind, e.Say = hunts.KindBadQuery, fmt.Sprintf("Defender XDR refused the query (HTTP %d): %s", resp.StatusCode, reason)
	}
	return e
}

// fromBadRequest tells the refusals of a query apart by their texts: the code is
// BadRequest for all of them.
func fromBadRequest(e *hunts.Error, reason string) {
	lower := strings.ToLower(reason)
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(lower, w) {
				return true
			}
		}
		return false
	}
	switch {
	case has("failed to resolve"):
		e.Kind, e.Say = hunts.KindNoTable, "Defender XDR lacks a table or column that the hunt reads: "+reason
	case has("result size", "allowed limits", "preempted", "memory"):
		e.Kind, e.Say, e.Hint = hunts.KindTooLarge, "the query is larger than Defender XDR allows: "+reason, "Ask for a shorter window."
	case has("timed out", "timeout"):
		e.Kind, e.Say, e.Hint = hunts.KindTimeout, "Defender XDR gave up on the query for time", "Ask for a shorter window."
	default:
		e.Kind, e.Say = hunts.KindBadQuery, "Defender XDR does not accept the query: "+reason
	}
}

// throttled says which quota is used up, and when there is more.
func (s *Source) throttled(e *hunts.Error, resp *azcore.ResponseError, reason string) {
	e.Kind, e.After = hunts.KindThrottled, azure.RetryAfter(resp.RawResponse)
	if !strings.Contains(strings.ToLower(reason), "cpu") {
		e.Say, e.Hint = "Defender XDR is busy: "+reason, "Try again in a minute."
		return
	}
	now := s.cfg.Clock().UTC()
	if e.After <= 0 {
		e.After = now.Truncate(quarter).Add(quarter).Sub(now)
	}
	e.Say = "the tenant's CPU quota for advanced hunting is used up"
	e.Hint = fmt.Sprintf("There is more from %s UTC on; ask for a shorter window then.", now.Add(e.After).Format("15:04"))
}

// usedUpKey is where replicas tell each other how long the quota is used up.
func (s *Source) usedUpKey() string { return "defender-quota:" + strings.ToLower(s.cfg.Name) }

// usedUp is the refusal that the service would give: a call more would only count
// against the quota.
func (s *Source) usedUp(ctx context.Context) error {
	if s.cfg.Memory == nil {
		return nil
	}
	data, ok, err := s.cfg.Memory.Blob(ctx, s.usedUpKey())
	if err != nil || !ok {
		return nil // without memory the service says it
	}
	var known struct {
		Until     time.Time
		Say, Hint string
	}
	left := time.Duration(0)
	if json.Unmarshal(data, &known) == nil {
		left = known.Until.Sub(s.cfg.Clock())
	}
	if left <= 0 {
		return nil
	}
	return &hunts.Error{Kind: hunts.KindThrottled, Say: known.Say, Hint: known.Hint, After: left}
}

// remember tells the others of a quota that is used up for longer than a query
// waits for its next try.
func (s *Source) remember(ctx context.Context, err error) {
	var e *hunts.Error
	if s.cfg.Memory == nil || !errors.As(err, &e) || e.Kind != hunts.KindThrottled || e.After < time.Minute {
		return
	}
	data, err := json.Marshal(map[string]any{"Until": s.cfg.Clock().Add(e.After), "Say": e.Say, "Hint": e.Hint})
	if err == nil {
		err = s.cfg.Memory.SaveBlob(ctx, s.usedUpKey(), data, e.After)
	}
	if err != nil {
		s.cfg.Log.Info("other replicas are not told of the used-up quota", "error", err)
	}
}
