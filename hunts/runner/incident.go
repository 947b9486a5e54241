package runner

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/kql"
	"github.com/footprint-soc/footprint/hunts/request"
)

// incidentBack is how far back an incident is looked for: Sentinel writes a row
// for each change of it.
const incidentBack = 90 * day

// Incident reads an incident by its number. The error is a *Error.
func (r *Runner) Incident(ctx context.Context, number int64, asker hunts.Asker, workspaces []string) (hunts.Incident, error) {
	now := r.cfg.Clock().UTC()
	h := hunts.Hunt{ID: fmt.Sprintf("incident-%d", number), Asker: asker, Workspaces: workspaces, Request: request.Request{Incident: fmt.Sprint(number)}}
	text := kql.Prologue(comment(h), []kql.Let{{Name: "incident_number", Value: kql.LongLiteral(number)}}) + r.cfg.Catalog.incident
	ctx, err := r.gate.authorize(ctx, h, hunts.Action{Name: "incident", Right: hunts.MayIncident, KQLHash: hunts.KQLHash(text), Search: &hunts.Search{Asked: now}})
	if err != nil {
		return hunts.Incident{}, err
	}
	res, err := r.query(ctx, hunts.Query{HuntID: h.ID, Asker: asker.User, Text: text, From: now.Add(-incidentBack), To: now.Add(time.Hour), Workspaces: workspaces})
	if err != nil {
		return hunts.Incident{}, err
	}
	out := hunts.Incident{Number: number}
	found := false
	for _, row := range res.Rows {
		if len(row) < 2 {
			continue
		}
		section, _ := row[0].(string)
		bag, _ := row[1].(string)
		switch section {
		case "incident":
			if err := json.Unmarshal([]byte(bag), &out); err == nil {
				found = true
			}
		case "alert":
			var a struct{ Name, Entities string }
			if json.Unmarshal([]byte(bag), &a) == nil {
				out.Alerts = append(out.Alerts, a.Name)
				entityReader{&out}.entities(a.Entities)
			}
		}
	}
	if !found {
		return out, &hunts.Error{Kind: hunts.KindRefused, Say: fmt.Sprintf("there is no incident %d in this workspace, or none that changed in the last 90 days", number)}
	}
	return out, nil
}

// maxEntities bounds what is read of one alert; a sweep of an address range may
// name thousands.
const maxEntities = 2000

// entityReader takes into an incident what the entities of its alerts name.
type entityReader struct{ *hunts.Incident }

// entities takes in the entities of an alert, JSON in a string
// (learn.microsoft.com/azure/sentinel/entities-reference). An entity holds
// others: a process its file, a file its hashes. One that can't be read leaves
// the rest.
func (i entityReader) entities(text string) {
	var list []any
	if json.Unmarshal([]byte(text), &list) != nil {
		return
	}
	left := maxEntities
	for _, e := range list {
		i.entity(e, 0, &left)
	}
}

func (i entityReader) entity(v any, depth int, left *int) {
	if depth > 8 || *left <= 0 {
		return
	}
	*left--
	switch x := v.(type) {
	case []any:
		for _, item := range x {
			i.entity(item, depth+1, left)
		}
	case map[string]any:
		i.named(x)
		for _, key := range slices.Sorted(maps.Keys(x)) {
			switch x[key].(type) {
			case []any, map[string]any:
				i.entity(x[key], depth+1, left)
			}
		}
	}
}

// named takes what one entity names by itself.
func (i entityReader) named(e map[string]any) {
	text := func(key string) string { s, _ := e[key].(string); return strings.TrimSpace(s) }
	value := ""
	switch strings.ToLower(text("Type")) {
	case "ip":
		value = text("Address")
	case "dns", "dnsresolution":
		value = text("DomainName")
	case "url":
		value = text("Url")
	case "file":
		value = text("Name")
	case "filehash":
		value = text("Value")
	case "host":
		host := text("HostName")
		known := func(h string) bool { return strings.EqualFold(h, host) }
		if host != "" && !slices.ContainsFunc(i.Hosts, known) {
			i.Hosts = append(i.Hosts, host)
		}
	}
	if value == "" {
		return
	}
	if typed, refusal := indicator.Type(value); refusal == nil && !slices.Contains(i.Indicators, typed) {
		i.Indicators = append(i.Indicators, typed)
	}
}
