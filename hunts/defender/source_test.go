package defender

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/azure"
	"github.com/footprint-soc/footprint/hunts/testclock"
)

const oneRow = `{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#microsoft.graph.security.huntingQueryResults",
 "schema":[{"name":"Timestamp","type":"DateTime"},{"name":"N","type":"Int64"},{"name":"M","type":"Int64"},{"name":"B","type":"SByte"},{"name":"S","type":"String"},{"name":"D","type":"Object"},{"name":"Empty","type":"String"}],
 "results":[{"S":"x","N@odata.type":"#Int64","N":9007199254740993,"M":"12","Timestamp":"2026-11-01T00:00:00Z","B":1,"D":{"a":[1]}}]}`

// service answers from a script, one entry a call; the last entry stays.
func service(t *testing.T, answers ...http.HandlerFunc) (*httptest.Server, *atomic.Int32) {
	t.Helper()
	var calls atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answers[min(int(calls.Add(1)), len(answers))-1](w, r)
	}))
	t.Cleanup(s.Close)
	return s, &calls
}

func status(code int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	}
}

func source(t *testing.T, url string, change func(*Config)) *Source {
	t.Helper()
	cfg := Config{
		Name: "xdr", Endpoint: url, Clock: testclock.Stopped(testclock.At()).Now, Later: func(_ time.Duration, free func()) { free() },
		Retry: azure.Retry{Sleep: func(context.Context, time.Duration) error { return nil }, Jitter: func() float64 { return 0 }},
	}
	if change != nil {
		change(&cfg)
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheQueryGoesOutInTheSchemaOfAdvancedHuntingAndComesBackInOurs(t *testing.T) {
	var path, kind string
	var body map[string]string
	server, _ := service(t, func(w http.ResponseWriter, r *http.Request) {
		path, kind = r.URL.Path, r.Header.Get("Content-Type")
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		status(200, oneRow)(w, r)
	})
	now := testclock.At()
	from := now.Add(-time.Hour).In(time.FixedZone("", 7200))
	res, err := source(t, server.URL+"/v1.0/", nil).Query(t.Context(), hunts.Query{Text: "T | where TimeGenerated > ago(1d) and AdditionalFields.a == 1", From: from, To: now, Workspaces: []string{"XDR"}})
	if err != nil {
		t.Fatal(err)
	}
	if path != "/v1.0/security/runHuntingQuery" || kind != "application/json; charset=utf-8" {
		t.Errorf("path %q, content type %q", path, kind)
	}
	if body["Query"] != "T | where Timestamp > ago(1d) and parse_json(AdditionalFields).a == 1" || body["Timespan"] != from.UTC().Format(time.RFC3339)+"/"+now.Format(time.RFC3339) {
		t.Errorf("body %v", body)
	}
	row := res.Rows[0]
	want := []any{"2026-11-01T00:00:00Z", json.Number("9007199254740993"), json.Number("12"), true, "x", `{"a":[1]}`, nil}
	if res.Columns[0].Name != "TimeGenerated" || !slices.Equal(row, want) || res.Partial != "" {
		t.Errorf("columns %v, row %#v, partial %q", res.Columns, row, res.Partial)
	}
}

func errorBody(code, message string) string {
	return fmt.Sprintf(`{"error":{"code":%q,"message":%q,"innerError":{"date":"2026-11-02T13:22:02","request-id":"1","client-request-id":"1"}}}`, code, message)
}

func TestEveryErrorHasAKindAndASentence(t *testing.T) {
	for name, c := range map[string]struct {
		code  int
		body  string
		kind  hunts.Kind
		says  string
		calls int32
	}{
		"a missing table":             {400, errorBody("BadRequest", "'where' operator: Failed to resolve table or column expression named 'DeviceNetworkEvents'. Fix semantic errors in your query."), hunts.KindNoTable, "DeviceNetworkEvents", 1},
		"a syntax error":              {400, errorBody("BadRequest", "Query could not be parsed at 'whre' on line [1,5]. Fix syntax errors in your query."), hunts.KindBadQuery, "whre", 1},
		"a result that is too large":  {400, errorBody("BadRequest", "Query execution has exceeded the allowed result size. Optimize your query by limiting the number of results and try again."), hunts.KindTooLarge, "result size", 1},
		"a query that eats too much":  {400, errorBody("BadRequest", "Query execution was preempted. This failure can be due to high CPU and/or memory resource consumption."), hunts.KindTooLarge, "preempted", 1},
		"a timeout inside":            {400, errorBody("BadRequest", "Query execution has timed out."), hunts.KindTimeout, "gave up", 1},
		"not signed in":               {401, errorBody("InvalidAuthenticationToken", "Access token has expired or is not yet valid."), hunts.KindNoLogin, "login", 1},
		"no permission":               {403, errorBody("Forbidden", "Missing application roles. API required roles: ThreatHunting.Read.All, application roles: ."), hunts.KindNoRole, "ThreatHunting.Read.All", 1},
		"an address without the API":  {404, errorBody("ResourceNotFound", "Resource not found for the segment 'security'."), hunts.KindNoWorkspace, "DEFENDER_XDR_ENDPOINT", 1},
		"too many calls":              {429, errorBody("TooManyRequests", "You have exceeded the number of calls per minute. Please try again later."), hunts.KindThrottled, "calls per minute", 3},
		"trouble without words":       {500, errorBody("UnknownError", ""), hunts.KindUnavailable, "HTTP 500", 3},
		"a gateway that speaks HTML":  {502, `<html>Bad Gateway</html>`, hunts.KindUnavailable, "HTTP 502", 3},
		"out of service":              {503, ``, hunts.KindUnavailable, "HTTP 503", 3},
		"a gateway that gave up":      {504, errorBody("UnknownError", ""), hunts.KindTimeout, "gave up", 1},
		"an answer without a schema":  {200, `{"results":[]}`, hunts.KindUnavailable, "schema", 3},
		"an answer that breaks off":   {200, oneRow[:200], hunts.KindUnavailable, "could not be read", 3},
		"an empty answer":             {200, ``, hunts.KindUnavailable, "could not be read", 3},
		"a refusal nobody documented": {418, errorBody("Teapot", "no"), hunts.KindBadQuery, "418", 1},
	} {
		t.Run(name, func(t *testing.T) {
			server, calls := service(t, status(c.code, c.body))
			_, err := source(t, server.URL, nil).Query(t.Context(), hunts.Query{Text: "T"})
			var e *hunts.Error
			if !errors.As(err, &e) || e.Kind != c.kind || !strings.Contains(e.Say+" "+e.Hint, c.says) {
				t.Fatalf("got %v of kind %q, want %q with %q", err, hunts.KindOf(err), c.kind, c.says)
			}
			if calls.Load() != c.calls {
				t.Errorf("%d calls, want %d", calls.Load(), c.calls)
			}
		})
	}
}

func TestRetryAfterIsWaitedOutUnlessItMissesTheDeadline(t *testing.T) {
	server, calls := service(t, status(429, errorBody("TooManyRequests", "calls"), "Retry-After", "7"), status(200, oneRow))
	var waits []time.Duration
	s := source(t, server.URL, func(c *Config) {
		c.Retry.Sleep = func(_ context.Context, d time.Duration) error { waits = append(waits, d); return nil }
	})
	if _, err := s.Query(t.Context(), hunts.Query{Text: "T"}); err != nil || !slices.Equal(waits, []time.Duration{7 * time.Second}) || calls.Load() != 2 {
		t.Errorf("%v after %d calls and waits %v", err, calls.Load(), waits)
	}
	server, calls = service(t, status(429, errorBody("TooManyRequests", "calls"), "Retry-After", "90"))
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
	defer stop()
	if _, err := source(t, server.URL, nil).Query(ctx, hunts.Query{Text: "T"}); hunts.KindOf(err) != hunts.KindThrottled || calls.Load() != 1 {
		t.Errorf("%v after %d calls", err, calls.Load())
	}
}

// memory is what two replicas share.
type memory map[string][]byte

func (m memory) SaveBlob(_ context.Context, key string, data []byte, _ time.Duration) error {
	m[key] = data
	return nil
}

func (m memory) Blob(_ context.Context, key string) ([]byte, bool, error) {
	data, ok := m[key]
	return data, ok, nil
}

func TestAUsedUpQuotaIsToldToTheOtherReplicasUntilThereIsMore(t *testing.T) {
	server, calls := service(t, status(429, errorBody("TooManyRequests", "Your tenant has used all of its CPU resources for this cycle.")), status(200, oneRow))
	clock, shared := testclock.Stopped(testclock.At()), memory{}
	change := func(c *Config) { c.Clock, c.Memory = clock.Now, shared }
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	defer stop()
	_, err := source(t, server.URL, change).Query(ctx, hunts.Query{Text: "T"})
	_, second := source(t, server.URL, change).Query(ctx, hunts.Query{Text: "T"})
	for n, err := range []error{err, second} {
		var e *hunts.Error
		if !errors.As(err, &e) || e.Kind != hunts.KindThrottled || !strings.Contains(e.Say, "CPU quota") || e.After > 15*time.Minute || e.After <= 0 {
			t.Errorf("replica %d: %v", n, err)
		}
	}
	if calls.Load() != 1 {
		t.Errorf("%d calls while the quota was used up", calls.Load())
	}
	clock.Move(16 * time.Minute)
	if _, err := source(t, server.URL, change).Query(ctx, hunts.Query{Text: "T"}); err != nil || calls.Load() != 2 {
		t.Errorf("when there is more: %v after %d calls", err, calls.Load())
	}
}

func TestAnAnswerOfAsManyRowsAsThereMayBeIsAPartialOne(t *testing.T) {
	row := `{"N":1},`
	for _, rows := range []int{MaxRows - 1, MaxRows} {
		server, _ := service(t, status(200, `{"schema":[{"name":"N","type":"Int64"}],"results":[`+strings.TrimSuffix(strings.Repeat(row, rows), ",")+`]}`))
		res, err := source(t, server.URL, nil).Query(t.Context(), hunts.Query{Text: "T"})
		if err != nil || (res.Partial != "") != (rows == MaxRows) {
			t.Errorf("%d rows: partial %q, %v", rows, res.Partial, err)
		}
	}
}

func TestNoMoreCallsAMinuteThanTheServiceAllows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var times []time.Duration
		s := source(t, "http://graph.invalid", func(c *Config) {
			c.Later = nil
			c.Transport = transport(func(*http.Request) (*http.Response, error) {
				times = append(times, time.Since(began))
				return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(oneRow))}, nil
			})
		})
		for range 2*CallsAMinute + 1 {
			if _, err := s.Query(t.Context(), hunts.Query{Text: "T"}); err != nil {
				t.Fatal(err)
			}
		}
		for n := CallsAMinute; n < len(times); n++ {
			if times[n]-times[n-CallsAMinute] < time.Minute {
				t.Fatalf("call %d came %v after the one %d before it", n, times[n]-times[n-CallsAMinute], CallsAMinute)
			}
		}
		time.Sleep(time.Minute) // the last places are given back
	})
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) Do(r *http.Request) (*http.Response, error) { return f(r) }

func TestAQueryReadsThisSourceAlone(t *testing.T) {
	server, calls := service(t, status(200, oneRow))
	_, err := source(t, server.URL, nil).Query(t.Context(), hunts.Query{Text: "T", Workspaces: []string{"xdr", "prod-eu"}})
	if hunts.KindOf(err) != hunts.KindNoWorkspace || calls.Load() != 0 {
		t.Errorf("%v after %d calls", err, calls.Load())
	}
}

type login struct{ asked []string }

const secretToken = "ey-very-secret-token"

func (l *login) GetToken(_ context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	l.asked = append(l.asked, o.Scopes...)
	return azcore.AccessToken{Token: secretToken, ExpiresOn: testclock.Far}, nil
}

func TestEachCloudHasItsEndpointAndItsAudience(t *testing.T) {
	for _, c := range []struct{ name, endpoint, audience, base, tokens string }{
		{"the public cloud", "", "", "https://graph.microsoft.com", "https://graph.microsoft.com"},
		{"the US government", "https://graph.microsoft.us", "", "https://graph.microsoft.us", "https://graph.microsoft.us"},
		{"a slash and a version behind", "https://dod-graph.microsoft.us/v1.0/", "", "https://dod-graph.microsoft.us", "https://dod-graph.microsoft.us"},
		{"an audience that is given", "https://graph.corp.example", "https://graph.microsoft.com", "https://graph.corp.example", "https://graph.microsoft.com"},
	} {
		if base, tokens, err := serviceOf(c.endpoint, c.audience); err != nil || base != c.base || tokens != c.tokens {
			t.Errorf("%s: %s, %s, %v", c.name, base, tokens, err)
		}
	}
	for _, bad := range []string{"graph.microsoft.us", "ftp://graph.microsoft.us", "https://", "::"} {
		if _, _, err := serviceOf(bad, ""); err == nil || !strings.Contains(err.Error(), "DEFENDER_XDR_ENDPOINT") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestTheTokenGoesToTheServiceAndNeverIntoAnErrorOrALog(t *testing.T) {
	var log strings.Builder
	var header string
	who := &login{}
	for _, code := range []int{200, 400, 401, 403, 429, 500, 504} {
		server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			header = r.Header.Get("Authorization")
			if code == 200 {
				status(200, oneRow)(w, r)
				return
			}
			status(code, errorBody("X", "no"))(w, r)
		}))
		s := source(t, server.URL, func(c *Config) {
			c.Credential, c.Transport, c.Audience = who, server.Client(), "https://graph.microsoft.us"
			c.Log = slog.New(slog.NewTextHandler(&log, nil))
			c.Retry.Log = c.Log
		})
		_, err := s.Query(t.Context(), hunts.Query{Text: "T"})
		server.Close()
		if (err == nil) != (code == 200) || strings.Contains(fmt.Sprintf("%v %+v", err, err), secretToken) {
			t.Errorf("HTTP %d: %v", code, err)
		}
	}
	if header != "Bearer "+secretToken || who.asked[0] != "https://graph.microsoft.us/.default" || strings.Contains(log.String(), secretToken) {
		t.Errorf("Authorization %q, scopes %v, log %s", header, who.asked, log.String())
	}
}
