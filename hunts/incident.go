package hunts

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/kql"
)

// Incident is a Sentinel incident with what its alerts name.
type Incident struct {
	Number     int64                 `json:"number"`
	Title      string                `json:"title"`
	Severity   string                `json:"severity"`
	Status     string                `json:"status"`
	Owner      string                `json:"owner"`
	Alerts     []string              `json:"alerts"`
	Indicators []indicator.Indicator `json:"indicators"`
	Hosts      []string              `json:"hosts"`
}

// incidentBack is how far back an incident is looked for: Sentinel writes a row
// for each change of it.
const incidentBack = 90 * day

// Incident reads an incident by its number. The error is a *Error.
func (r *Runner) Incident(ctx context.Context, number int64, asker Asker, workspaces []string) (Incident, error) {
	now := r.cfg.Clock().UTC()
	h := Hunt{ID: fmt.Sprintf("incident-%d", number), Asker: asker, Workspaces: workspaces, Request: indicator.Request{Incident: fmt.Sprint(number)}}
	text := kql.Prologue(comment(h), []kql.Let{{Name: "incident_number", Value: kql.LongLiteral(number)}}) + r.cfg.Catalog.incident
	if err := r.admit(ctx, h, text); err != nil {
		return Incident{}, err
	}
	res, err := r.query(ctx, Query{HuntID: h.ID, Asker: asker.User, Text: text, From: now.Add(-incidentBack), To: now.Add(time.Hour), Workspaces: workspaces})
	if err != nil {
		return Incident{}, err
	}
	out := Incident{Number: number}
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
				out.entities(a.Entities)
			}
		}
	}
	if !found {
		return out, &Error{Kind: KindRefused, Say: fmt.Sprintf("there is no incident %d in this workspace, or none that changed in the last 90 days", number)}
	}
	return out, nil
}

// entity is one entity of an alert
// (learn.microsoft.com/azure/sentinel/entities-reference).
type entity struct {
	Type       string
	Address    string
	DomainName string
	Url        string //nolint:revive // the service's spelling
	Name       string
	Algorithm  string
	Value      string
	HostName   string
	DnsDomain  string
}

func (i *Incident) entities(text string) {
	var list []entity
	if json.Unmarshal([]byte(text), &list) != nil {
		return
	}
	for _, e := range list {
		value := ""
		switch strings.ToLower(e.Type) {
		case "ip":
			value = e.Address
		case "dns", "dnsresolution":
			value = e.DomainName
		case "url":
			value = e.Url
		case "file":
			value = e.Name
		case "filehash":
			value = e.Value
		case "host":
			if e.HostName != "" && !slices.Contains(i.Hosts, e.HostName) {
				i.Hosts = append(i.Hosts, e.HostName)
			}
		}
		if value == "" {
			continue
		}
		if typed, refusal := indicator.Type(value); refusal == nil && !slices.Contains(i.Indicators, typed) {
			i.Indicators = append(i.Indicators, typed)
		}
	}
}
