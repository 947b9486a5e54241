package runner

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
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

// Incident reads an incident by its number. The error is a *Error; of kind
// refused, it says what to write.
func (r *Runner) Incident(ctx context.Context, which hunts.IncidentNumber, asker hunts.Asker, workspaces []string) (hunts.Incident, error) {
	portal, digits, named := strings.Cut(string(which), ":")
	if !named {
		portal, digits = "", portal
	}
	number, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || number <= 0 {
		return hunts.Incident{}, &hunts.Error{Kind: hunts.KindRefused, Say: "an incident has a number, as in incident=4711"}
	}
	now := r.cfg.Clock().UTC()
	h := hunts.Hunt{ID: fmt.Sprintf("incident-%d", number), Asker: asker, Workspaces: r.sentinel(workspaces), Request: request.Request{Incident: string(which)}}
	text := kql.Prologue(comment(h), []kql.Let{{Name: "incident_number", Value: kql.LongLiteral(number)}}) + r.cfg.Catalog.incident
	ctx, err = r.gate.authorize(ctx, h, hunts.Action{Name: "incident", Right: hunts.MayIncident, KQLHash: hunts.KQLHash(text), Search: &hunts.Search{Asked: now}})
	if err != nil {
		return hunts.Incident{}, err
	}
	res, err := r.query(ctx, hunts.Query{HuntID: h.ID, Asker: asker.User, Text: text, From: now.Add(-incidentBack), To: now.Add(time.Hour), Workspaces: h.Workspaces})
	if err != nil {
		return hunts.Incident{}, err
	}
	found, alerts := readIncidents(res.Rows)
	one, err := chosen(found, portal, number)
	if err != nil {
		return hunts.Incident{}, err
	}
	for _, a := range alerts {
		if slices.Contains(one.AlertIDs, a.ID) {
			one.Alerts = append(one.Alerts, a.Name)
			entityReader{&one.Incident}.entities(a.Entities)
		}
	}
	return one.Incident, nil
}

type (
	incidentRow struct {
		hunts.Incident
		AlertIDs []string `json:"alert_ids"`
	}
	alertRow struct {
		ID, Name, Entities string
	}
)

func readIncidents(rows [][]any) (found []incidentRow, alerts []alertRow) {
	for _, row := range rows {
		if len(row) < 2 {
			continue
		}
		section, _ := row[0].(string)
		bag, _ := row[1].(string)
		switch section {
		case "incident":
			var i incidentRow
			if json.Unmarshal([]byte(bag), &i) == nil {
				found = append(found, i)
			}
		case "alert":
			var a alertRow
			if json.Unmarshal([]byte(bag), &a) == nil {
				alerts = append(alerts, a)
			}
		}
	}
	return found, alerts
}

// chosen is the incident that a number means. Where the portals number two
// incidents alike, the asker has to say which.
func chosen(found []incidentRow, portal string, number int64) (incidentRow, error) {
	var sentinel, defender *incidentRow
	for i := range found {
		x := &found[i]
		switch {
		case x.Number == number:
			sentinel = x
		case x.Provider == strconv.FormatInt(number, 10):
			defender = x
		}
	}
	if sentinel != nil && sentinel.Provider == strconv.FormatInt(number, 10) && defender == nil {
		defender = sentinel // the same one in both
	}
	if portal == "sentinel" {
		defender = nil
	} else if portal == "defender" {
		sentinel = nil
	}
	switch {
	case sentinel != nil && defender != nil && sentinel != defender:
		return incidentRow{}, &hunts.Error{Kind: hunts.KindRefused, Say: fmt.Sprintf("%d is two incidents: %q in Sentinel, and %q in Defender, which is %d in Sentinel. Write incident=sentinel:%d or incident=defender:%d", number, sentinel.Title, defender.Title, defender.Number, number, number)}
	case sentinel != nil:
		return *sentinel, nil
	case defender != nil:
		defender.ByProvider = true
		return *defender, nil
	}
	where := "in Sentinel or Defender"
	if portal != "" {
		where = "in " + strings.ToUpper(portal[:1]) + portal[1:]
	}
	return incidentRow{}, &hunts.Error{Kind: hunts.KindRefused, Say: fmt.Sprintf("there is no incident %d %s, or none that changed in the last 90 days", number, where)}
}

// sentinel are the scopes of which Sentinel's own tables are asked: Defender XDR
// has none of them, and the first workspace stands in where nobody chose one.
func (r *Runner) sentinel(workspaces []string) []string {
	if len(workspaces) > 0 || len(r.cfg.Workspaces) == 0 || r.cfg.Source.Describe(r.cfg.Workspaces[:1]).Kind != hunts.KindDefender {
		return workspaces
	}
	for _, name := range r.cfg.Workspaces {
		if r.cfg.Source.Describe([]string{name}).Kind != hunts.KindDefender {
			return []string{name}
		}
	}
	return workspaces
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
