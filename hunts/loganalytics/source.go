// Package loganalytics answers KQL from Log Analytics workspaces: a
// hunts.Source on azquery and azidentity, with a fair queue for the five
// queries the service runs at once per identity.
//
// It never interprets a result and never edits a query. What surprises: an
// answer with HTTP 200 can carry an error beside its rows, which becomes
// Result.Partial; and azquery decodes numbers as float64, so the body is read a
// second time to keep what lies above 2^53 exact.
package loganalytics

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/monitor/azquery"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/azure"
)

// Workspace is one configured workspace.
type Workspace struct {
	Name string // what people type
	ID   string // the workspace id, a GUID; not the Entra tenant id
}

// Config is what a Source is made of.
type Config struct {
	// Workspaces in order; the first is the default one.
	Workspaces []Workspace
	// Endpoint is the query API without path, e.g. https://api.loganalytics.io;
	// empty is the public cloud. Sovereign clouds and the local workspace set it.
	Endpoint string
	// Audience is what tokens are asked for; empty follows the endpoint.
	Audience string
	// Credential is nil only for a local workspace: azcore refuses to send a
	// token without TLS, and sends none without a credential.
	Credential azcore.TokenCredential
	// Transport overrides the HTTP client, for tests with their own certificates.
	Transport policy.Transporter
	// Turns is the line that all replicas of one identity share; nil leaves each
	// to itself.
	Turns azure.Turns
	// Slots is how many queries run at once; 5, the service's limit per identity.
	Slots int
	// Retry is how a query is tried again on 429 and on 5xx other than 504.
	Retry azure.Retry
	// ServerWait is how long the service may work on one query; 3 minutes, its
	// own default. At most 10 minutes.
	ServerWait time.Duration
	// Kind is what SourceInfo.Kind says; hunts.KindLogAnalytics unless an export
	// is served.
	Kind string
}

// Source asks workspaces. It is safe for concurrent use.
type Source struct {
	cfg    Config
	client *azquery.LogsClient
	line   *azure.Line
}

// New checks the configuration and builds the client. No call is made.
func New(cfg Config) (*Source, error) {
	if len(cfg.Workspaces) == 0 {
		return nil, errors.New("no workspace is configured: set AZURE_LOGS_WORKSPACE to a workspace id, or to name=id pairs")
	}
	if cfg.Slots <= 0 {
		cfg.Slots = 5
	}
	if cfg.ServerWait <= 0 {
		cfg.ServerWait = 3 * time.Minute
	}
	if cfg.Kind == "" {
		cfg.Kind = hunts.KindLogAnalytics
	}
	service, err := serviceOf(cfg.Endpoint, cfg.Audience)
	if err != nil {
		return nil, err
	}
	client, err := azquery.NewLogsClient(cfg.Credential, &azquery.LogsClientOptions{ClientOptions: azcore.ClientOptions{
		Cloud: cloud.Configuration{Services: map[cloud.ServiceName]cloud.ServiceConfiguration{azquery.ServiceNameLogs: service}},
		// Our own retries: azcore would run a query that timed out after ten
		// minutes three more times, each holding one of the five slots.
		Retry:           policy.RetryOptions{MaxRetries: -1},
		Transport:       azure.Bounded(cfg.Transport),
		PerCallPolicies: []policy.Policy{azure.KeepBody{}},
		Telemetry:       policy.TelemetryOptions{ApplicationID: "footprint"},
	}})
	if err != nil {
		return nil, fmt.Errorf("building the Log Analytics client: %w", err)
	}
	return &Source{cfg: cfg, client: client, line: azure.NewLine(cfg.Slots, cfg.Turns)}, nil
}

func serviceOf(endpoint, audience string) (cloud.ServiceConfiguration, error) {
	public := cloud.AzurePublic.Services[azquery.ServiceNameLogs]
	if endpoint == "" {
		return public, nil
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return cloud.ServiceConfiguration{}, fmt.Errorf("AZURE_LOGS_ENDPOINT %q is not an address such as https://api.loganalytics.us", endpoint)
	}
	base := strings.TrimSuffix(strings.TrimRight(endpoint, "/"), "/v1")
	if audience == "" {
		audience = base
		for _, known := range []cloud.Configuration{cloud.AzurePublic, cloud.AzureGovernment, cloud.AzureChina} {
			if s := known.Services[azquery.ServiceNameLogs]; s.Endpoint == base+"/v1" {
				audience = s.Audience
			}
		}
		if u.Host == "api.loganalytics.azure.com" {
			audience = public.Audience // the new host still wants tokens for the old name
		}
	}
	return cloud.ServiceConfiguration{Endpoint: base + "/v1", Audience: audience}, nil
}

// Describe names the workspaces of a hunt for its answer.
func (s *Source) Describe(workspaces []string) hunts.SourceInfo {
	if len(workspaces) == 0 {
		workspaces = []string{s.cfg.Workspaces[0].Name}
	}
	return hunts.SourceInfo{Kind: s.cfg.Kind, Workspace: strings.Join(workspaces, ", ")}
}

// Query asks once a slot is free, and again while the service says that it is
// busy and the deadline of ctx allows.
func (s *Source) Query(ctx context.Context, q hunts.Query) (hunts.Result, error) {
	ids, err := s.resolve(q.Workspaces)
	if err != nil {
		return hunts.Result{}, err
	}
	release, ahead, err := s.line.Enter(ctx, q)
	if err != nil {
		return hunts.Result{}, err
	}
	defer release()
	began := time.Now()
	res, err := s.cfg.Retry.Do(ctx, q.HuntID, func() (hunts.Result, error) { return s.once(ctx, ids, q) })
	res.Stats.Took, res.Stats.QueuedAhead = time.Since(began), ahead
	return res, err
}

func (s *Source) resolve(names []string) ([]string, error) {
	if len(names) == 0 {
		return []string{s.cfg.Workspaces[0].ID}, nil
	}
	ids := make([]string, 0, len(names))
	for _, n := range names {
		id := ""
		known := make([]string, 0, len(s.cfg.Workspaces))
		for _, w := range s.cfg.Workspaces {
			known = append(known, w.Name)
			if strings.EqualFold(w.Name, n) || strings.EqualFold(w.ID, n) {
				id = w.ID
			}
		}
		if id == "" {
			return nil, &hunts.Error{Kind: hunts.KindNoWorkspace, Say: fmt.Sprintf("there is no workspace %q here; configured are %s", n, strings.Join(known, ", "))}
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func (s *Source) once(ctx context.Context, ids []string, q hunts.Query) (hunts.Result, error) {
	body := azquery.Body{Query: to.Ptr(q.Text)}
	for _, id := range ids[1:] {
		body.AdditionalWorkspaces = append(body.AdditionalWorkspaces, to.Ptr(id))
	}
	if !q.From.IsZero() {
		// UTC, because azquery prints the offset; whole seconds, because it drops
		// the rest: the query text carries the exact ends.
		body.Timespan = to.Ptr(azquery.NewTimeInterval(q.From.UTC(), q.To.UTC()))
	}
	seconds := int(s.cfg.ServerWait / time.Second)
	keeping, kept := azure.Keep(ctx)
	res, err := s.client.QueryWorkspace(keeping, ids[0], body, &azquery.LogsClientQueryWorkspaceOptions{
		Options: &azquery.LogsQueryOptions{Statistics: to.Ptr(true), Wait: to.Ptr(seconds)},
	})
	var out hunts.Result
	if err == nil {
		out, err = resultOf(res, kept.Data)
	}
	if err = asked.Unread(ctx, kept, err); err != nil {
		return hunts.Result{}, asked.Translate(err, fromStatus)
	}
	return out, nil
}
