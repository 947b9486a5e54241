// Package defender answers KQL from the advanced hunting of Defender XDR: a
// hunts.Source on Microsoft Graph's security/runHuntingQuery, with the login and
// the retries of hunts/azure
// (learn.microsoft.com/graph/api/security-security-runhuntingquery).
//
// Queries are written for a workspace; here each is sent in the schema of
// advanced hunting, by kql.ForSchema, and its time column comes back under the
// workspace's name. What surprises: a place in the line is kept for a minute,
// however short the query was, because the service counts calls a minute; and an
// answer of as many rows as the service gives out at most is a partial one, since
// the service does not say that it cut any.
package defender

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/azure"
	"github.com/footprint-soc/footprint/hunts/kql"
)

// What the service promises and demands
// (learn.microsoft.com/graph/api/resources/security-api-overview, quotas of advanced hunting).
const (
	// Keeps is how far back advanced hunting holds events.
	Keeps = 30 * 24 * time.Hour
	// CallsAMinute is what every tenant may do at least.
	CallsAMinute = 45
	// MaxRows is how many rows one answer has at most.
	MaxRows = 100_000
	// requestFor is how long the service works on one request.
	requestFor = 3 * time.Minute
	// quarter is the cycle after which a tenant has CPU time again.
	quarter = 15 * time.Minute
)

// publicEndpoint is Microsoft Graph.
const publicEndpoint = "https://graph.microsoft.com"

// Memory is what replicas tell each other: that the tenant's quota is used up.
// Both are those of hunts.Record.
type Memory interface {
	SaveBlob(ctx context.Context, key string, data []byte, ttl time.Duration) error
	Blob(ctx context.Context, key string) (data []byte, ok bool, err error)
}

// Config is what a Source is made of.
type Config struct {
	Name string // what people type as workspace=
	// Endpoint is Microsoft Graph without path; empty is the public cloud.
	// https://graph.microsoft.us and the local stand-in set it.
	Endpoint string
	// Audience is what tokens are asked for; empty follows the endpoint.
	Audience string
	// Credential is nil only for the local stand-in.
	Credential azcore.TokenCredential
	// Transport overrides the HTTP client, for tests.
	Transport policy.Transporter
	// Turns is the line that all replicas share; nil leaves each to itself.
	Turns azure.Turns
	// Memory is shared by all replicas; nil leaves each to itself.
	Memory Memory
	// Retry is how a query is tried again on 429 and on 5xx other than 504.
	Retry azure.Retry
	Clock hunts.Clock // nil is the computer's
	// Later calls a function when a place in the line is free again; nil is the
	// real clock.
	Later func(d time.Duration, free func())
	Log   *slog.Logger
}

// Source asks Defender XDR. It is safe for concurrent use.
type Source struct {
	cfg      Config
	endpoint string
	pipeline runtime.Pipeline
	line     *azure.Line
}

// New checks the configuration and builds the client. No call is made.
func New(cfg Config) (*Source, error) {
	if strings.TrimSpace(cfg.Name) == "" {
		return nil, errors.New("DEFENDER_XDR is not set: give Defender XDR the name that people type, such as xdr")
	}
	base, audience, err := serviceOf(cfg.Endpoint, cfg.Audience)
	if err != nil {
		return nil, err
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Later == nil {
		cfg.Later = func(d time.Duration, free func()) { time.AfterFunc(d, free) }
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	var login []policy.Policy
	if cfg.Credential != nil {
		login = append(login, runtime.NewBearerTokenPolicy(cfg.Credential, []string{strings.TrimSuffix(audience, "/") + "/.default"}, nil))
	}
	pipeline := runtime.NewPipeline("footprint", "v1", runtime.PipelineOptions{PerCall: []policy.Policy{azure.KeepBody{}}, PerRetry: login}, &policy.ClientOptions{
		// our own retries: azcore would run a query that timed out three more times
		Retry:     policy.RetryOptions{MaxRetries: -1},
		Transport: azure.Bounded(cfg.Transport),
		Telemetry: policy.TelemetryOptions{ApplicationID: "footprint"},
	})
	return &Source{cfg: cfg, endpoint: base + "/v1.0/security/runHuntingQuery", pipeline: pipeline, line: azure.NewLine(CallsAMinute, cfg.Turns)}, nil
}

// serviceOf gives the address and the audience of a cloud: each national cloud
// has its own Graph, which is its audience too
// (learn.microsoft.com/graph/deployments).
func serviceOf(endpoint, audience string) (base, forTokens string, err error) {
	if endpoint == "" {
		endpoint = publicEndpoint
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return "", "", fmt.Errorf("DEFENDER_XDR_ENDPOINT %q is not an address such as https://graph.microsoft.us", endpoint)
	}
	base = strings.TrimSuffix(strings.TrimRight(endpoint, "/"), "/v1.0")
	if audience == "" {
		audience = base
	}
	return base, audience, nil
}

// Describe names the source for the answer.
func (s *Source) Describe([]string) hunts.SourceInfo {
	return hunts.SourceInfo{Kind: hunts.KindDefender, Workspace: s.cfg.Name, Keeps: Keeps, NoArrival: true}
}

// Query asks once there is a call left in this minute, and again while the
// service says that it is busy and the deadline of ctx allows.
func (s *Source) Query(ctx context.Context, q hunts.Query) (hunts.Result, error) {
	for _, name := range q.Workspaces {
		if !strings.EqualFold(name, s.cfg.Name) {
			return hunts.Result{}, &hunts.Error{Kind: hunts.KindNoWorkspace, Say: fmt.Sprintf("%s can't be asked together with %s: a query reads one of them", name, s.cfg.Name)}
		}
	}
	began, first := time.Now(), -1
	res, err := s.cfg.Retry.Do(ctx, q.HuntID, func() (hunts.Result, error) {
		if err := s.usedUp(ctx); err != nil {
			return hunts.Result{}, err
		}
		// every try is a call that the service counts
		release, ahead, err := s.line.Enter(ctx, q)
		if err != nil {
			return hunts.Result{}, err
		}
		if first < 0 {
			first = ahead
		}
		defer s.leave(release, time.Now())
		return s.once(ctx, q)
	})
	res.Stats.Took, res.Stats.QueuedAhead = time.Since(began), max(0, first)
	return res, err
}

// leave gives a place back a minute after its call began.
func (s *Source) leave(release func(), began time.Time) {
	if left := time.Minute - time.Since(began); left > 0 {
		s.cfg.Later(left, release)
		return
	}
	release()
}

func (s *Source) once(ctx context.Context, q hunts.Query) (hunts.Result, error) {
	ctx, stop := context.WithTimeout(ctx, requestFor+10*time.Second)
	defer stop()
	ctx, kept := azure.Keep(ctx)
	err := s.send(ctx, q)
	var out hunts.Result
	if err == nil {
		out, err = resultOf(kept.Data)
	}
	if err = asked.Unread(ctx, kept, err); err == nil {
		return out, nil
	}
	err = asked.Translate(err, func(resp *azcore.ResponseError) error { return s.refusal(resp, kept.Data) })
	s.remember(ctx, err)
	return hunts.Result{}, err
}

// send asks; the pipeline reads the body, which the context keeps, and closes it.
func (s *Source) send(ctx context.Context, q hunts.Query) error {
	req, err := runtime.NewRequest(ctx, http.MethodPost, s.endpoint)
	if err != nil {
		return fmt.Errorf("making the request: %w", err)
	}
	body := map[string]string{"Query": kql.ForSchema(q.Text, kql.AdvancedHunting)}
	if !q.From.IsZero() {
		body["Timespan"] = q.From.UTC().Format(time.RFC3339) + "/" + q.To.UTC().Format(time.RFC3339)
	}
	if err := runtime.MarshalAsJSON(req, body); err != nil {
		return fmt.Errorf("writing the request: %w", err)
	}
	// names in other scripts are read as they are only with the charset
	req.Raw().Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Raw().Header.Set("Accept", "application/json")
	resp, err := s.pipeline.Do(req) //nolint:bodyclose // the pipeline has read and closed it
	if err != nil {
		return err
	}
	if !runtime.HasStatusCode(resp, http.StatusOK) {
		return runtime.NewResponseError(resp)
	}
	return nil
}
