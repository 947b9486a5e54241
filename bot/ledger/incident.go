package ledger

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/bot/outbox"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/incident"
	"github.com/footprint-soc/footprint/hunts/indicator"
)

// Incident hunts what the incident of a number names, and keeps it in a ledger with
// the incident's name.
func (k *Keeper) Incident(ctx context.Context, key, number string, who hunts.Asker, workspaces []string) error {
	if allowed := k.Gate.Bounds(ctx, who, false).Workspaces; len(workspaces) == 0 && len(allowed) > 0 {
		workspaces = allowed[:1]
	}
	found, err := k.Runner.Incident(ctx, hunts.IncidentNumber(number), who, workspaces)
	if err != nil {
		return err
	}
	title := incidentTitle(found)
	if who.ThreadTS == "" {
		// the incident's own message opens the thread
		head, err := k.Out.Post(ctx, "incident:"+key, outbox.Place{Channel: who.Channel}, func(v message.View) message.Message { return message.Incident(title, found, v) })
		if outbox.NoMember(err) {
			return &hunts.Error{Kind: hunts.KindRefused, Say: "I'm not in this channel, so there is no thread for the incident. Invite me with `/invite @Footprint` and ask again."}
		}
		if err != nil {
			return err
		}
		who.ThreadTS = head.TS
	}
	_, err = k.change(ctx, who.Channel, who.ThreadTS, func(l *incident.Ledger) error {
		l.Title, l.Hosts, l.Workspaces = title, found.Hosts, workspaces
		t := incident.Naming{Asked: true}
		for _, i := range found.Indicators {
			l.Add(k.Rules, who, indicator.Finding{Indicator: i}, &t)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return k.Queue(ctx, key, who.Channel, who.ThreadTS)
}

func incidentTitle(i hunts.Incident) string {
	name := fmt.Sprintf("Incident %d", i.Number)
	switch {
	case i.ByProvider:
		name = fmt.Sprintf("Defender incident %s (%d in Sentinel)", i.Provider, i.Number)
	case i.Provider != "" && i.Provider != strconv.FormatInt(i.Number, 10):
		name = fmt.Sprintf("Incident %d (%s in Defender)", i.Number, i.Provider)
	}
	parts := []string{name + ": " + i.Title}
	owner := i.Owner
	if owner == "" {
		owner = "no owner"
	}
	for _, p := range []string{i.Severity, i.Status, owner} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, " · ")
}
