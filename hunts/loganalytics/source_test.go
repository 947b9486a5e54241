package loganalytics

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/azure"
	"github.com/footprint-soc/footprint/hunts/testclock"
)

const oneRow = `{"tables":[{"name":"PrimaryResult","columns":[{"name":"A","type":"long"},{"name":"B","type":"string"}],"rows":[[9007199254740993,"x"]]}]}`

// service is a query API that answers from a script, one entry a call; the
// last entry stays.
func service(t *testing.T, answers ...http.HandlerFunc) (*httptest.Server, *atomic.Int32) {
	t.Helper()
	var calls atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := int(calls.Add(1))
		answers[min(n, len(answers))-1](w, r)
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
		Endpoint: url, Workspaces: []Workspace{{Name: "prod-eu", ID: "id-eu"}, {Name: "prod-us", ID: "id-us"}},
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

func TestNumbersAbove2To53StayExact(t *testing.T) {
	server, _ := service(t, status(200, oneRow))
	res, err := source(t, server.URL, nil).Query(t.Context(), hunts.Query{Text: "T"})
	if err != nil {
		t.Fatal(err)
	}
	if got := res.Rows[0][0]; got != json.Number("9007199254740993") {
		t.Errorf("got %v (%T)", got, got)
	}
}

func TestTheRequestIsWhatTheServiceExpects(t *testing.T) {
	var path, prefer string
	var body struct {
		Query, Timespan string
		Workspaces      []string
	}
	server, _ := service(t, func(w http.ResponseWriter, r *http.Request) {
		path, prefer = r.URL.Path, r.Header.Get("Prefer")
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		status(200, oneRow)(w, r)
	})
	from := time.Date(2026, 11, 1, 2, 0, 0, 0, time.FixedZone("", 7200))
	_, err := source(t, server.URL+"/v1/", nil).Query(t.Context(), hunts.Query{Text: "T | take 1", From: from, To: from.Add(time.Hour), Workspaces: []string{"PROD-US", "prod-eu"}})
	if err != nil {
		t.Fatal(err)
	}
	if path != "/v1/workspaces/id-us/query" || body.Query != "T | take 1" || body.Timespan != "2026-11-01T00:00:00Z/2026-11-01T01:00:00Z" {
		t.Errorf("path %q, body %+v", path, body)
	}
	if len(body.Workspaces) != 1 || body.Workspaces[0] != "id-eu" {
		t.Errorf("additional workspaces %v", body.Workspaces)
	}
	if prefer != "include-statistics=true,wait=180" {
		t.Errorf("Prefer %q", prefer)
	}
}

func TestEveryDocumentedErrorHasAKindAndASentence(t *testing.T) {
	semantic := `{"error":{"code":"BadArgumentError","message":"The request had some invalid properties","innererror":{"code":"SemanticError","message":"A semantic error occurred.","innererror":{"code":"SEM0100","message":"'where' operator: Failed to resolve table or column expression named 'DeviceNetworkEvents'"}}}}`
	for name, c := range map[string]struct {
		code  int
		body  string
		kind  hunts.Kind
		calls int32
	}{
		"a missing table":               {400, semantic, hunts.KindNoTable, 1},
		"a table in the Basic plan":     {400, `{"error":{"message":"The request had some invalid properties","code":"BadArgumentError","innererror":{"code":"UnsupportedApiQueryValidationError","message":"Query of Basic Logs table is not supported with the API 'https://api.loganalytics.io/v1/workspaces/{workspaceId}/query'.\nYou can use 'https://api.loganalytics.io/v1/workspaces/{workspaceId}/search' instead."}}}`, hunts.KindOtherPlan, 1},
		"a table in the Auxiliary plan": {400, `{"error":{"message":"The request had some invalid properties","code":"BadArgumentError","innererror":{"code":"UnsupportedApiQueryValidationError","message":"Query of Auxiliary Logs table is not supported with the API"}}}`, hunts.KindOtherPlan, 1},
		"a syntax error":                {400, `{"error":{"code":"BadArgumentError","innererror":{"code":"SyntaxError","innererror":{"code":"SYN0002","line":1,"pos":2}}}}`, hunts.KindBadQuery, 1},
		"a result that is too large":    {400, `{"error":{"code":"BadArgumentError","innererror":{"code":"-2133196797"}}}`, hunts.KindTooLarge, 1},
		"not signed in":                 {401, `{"error":{"code":"AuthenticationFailed"}}`, hunts.KindNoLogin, 1},
		"no role":                       {403, `{"error":{"code":"InsufficientAccessError"}}`, hunts.KindNoRole, 1},
		"no such workspace":             {404, `{"error":{"code":"PathNotFoundError"}}`, hunts.KindNoWorkspace, 1},
		"throttled":                     {429, `{"error":{"code":"ThrottledError"}}`, hunts.KindThrottled, 3},
		"trouble":                       {500, ``, hunts.KindUnavailable, 3},
		"a gateway that speaks HTML":    {502, `<html>Bad Gateway</html>`, hunts.KindUnavailable, 3},
		"out of service":                {503, ``, hunts.KindUnavailable, 3},
		"a query that ran out of time":  {504, `{"error":{"code":"GatewayTimeout"}}`, hunts.KindTimeout, 1},
		"no content":                    {204, ``, hunts.KindNoTable, 1},
		"an empty answer":               {200, ``, hunts.KindNoTable, 1},
		"an unknown refusal":            {418, `{"error":{"code":"Teapot"}}`, hunts.KindBadQuery, 1},
	} {
		t.Run(name, func(t *testing.T) {
			server, calls := service(t, status(c.code, c.body))
			_, err := source(t, server.URL, nil).Query(t.Context(), hunts.Query{Text: "T"})
			var e *hunts.Error
			if !errors.As(err, &e) || e.Kind != c.kind || e.Say == "" {
				t.Fatalf("got %v of kind %q, want %q", err, hunts.KindOf(err), c.kind)
			}
			if calls.Load() != c.calls {
				t.Errorf("%d calls, want %d", calls.Load(), c.calls)
			}
		})
	}
}

func TestAnAnswerThatCannotBeReadIsNoMatterOfTheLoginAndIsAskedForAgain(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"a body that is cut off": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", fmt.Sprint(len(oneRow)))
			_, _ = io.WriteString(w, oneRow[:40])
			panic(http.ErrAbortHandler)
		},
		"gzip that is none": status(200, "not gzip", "Content-Encoding", "gzip"),
		"half of its JSON":  status(200, oneRow[:40]),
		"an answer without end": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			blanks := strings.Repeat(" ", 1<<20)
			for range azure.MaxBody>>20 + 1 {
				if _, err := io.WriteString(w, blanks); err != nil {
					return
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			server, calls := service(t, answer, status(200, oneRow))
			res, err := source(t, server.URL, nil).Query(t.Context(), hunts.Query{Text: "T"})
			if err != nil || len(res.Rows) != 1 || calls.Load() != 2 {
				t.Errorf("after %d calls: %v, %v", calls.Load(), res.Rows, err)
			}
			server, _ = service(t, answer)
			_, err = source(t, server.URL, nil).Query(t.Context(), hunts.Query{Text: "T"})
			var e *hunts.Error
			if !errors.As(err, &e) || e.Kind != hunts.KindUnavailable || strings.Contains(e.Say, "login") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestRetryAfterIsWaitedOut(t *testing.T) {
	server, calls := service(t, status(429, ``, "Retry-After", "7"), status(503, ``, "Retry-After", "2"), status(200, oneRow))
	var waits []time.Duration
	s := source(t, server.URL, func(c *Config) {
		c.Retry.Sleep = func(_ context.Context, d time.Duration) error { waits = append(waits, d); return nil }
	})
	if _, err := s.Query(t.Context(), hunts.Query{Text: "T"}); err != nil {
		t.Fatal(err)
	}
	if calls.Load() != 3 || len(waits) != 2 || waits[0] != 7*time.Second || waits[1] != 2*time.Second {
		t.Errorf("%d calls, waits %v", calls.Load(), waits)
	}
}

func TestARetryThatWouldMissTheDeadlineIsNotMade(t *testing.T) {
	server, calls := service(t, status(429, ``, "Retry-After", "90"))
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
	defer stop()
	_, err := source(t, server.URL, nil).Query(ctx, hunts.Query{Text: "T"})
	if hunts.KindOf(err) != hunts.KindThrottled || calls.Load() != 1 {
		t.Errorf("%v after %d calls", err, calls.Load())
	}
}

func TestAnErrorBesideTheRowsIsAPartialResult(t *testing.T) {
	body := strings.TrimSuffix(oneRow, "}") + `,"error":{"code":"PartialError","message":"There were some errors.","details":[{"code":"EngineError","message":"outer","innererror":{"code":"-2133196790","message":"Query result set has exceeded the limit","severityName":"Warning"}}]}}`
	server, _ := service(t, status(200, body))
	res, err := source(t, server.URL, nil).Query(t.Context(), hunts.Query{Text: "T"})
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Rows) != 1 || !strings.Contains(res.Partial, "exceeded the limit") {
		t.Errorf("rows %v, partial %q", res.Rows, res.Partial)
	}
}

func TestAnUnknownWorkspaceNamesTheKnownOnes(t *testing.T) {
	server, calls := service(t, status(200, oneRow))
	_, err := source(t, server.URL, nil).Query(t.Context(), hunts.Query{Text: "T", Workspaces: []string{"prod-ap"}})
	if hunts.KindOf(err) != hunts.KindNoWorkspace || !strings.Contains(err.Error(), "prod-eu, prod-us") || calls.Load() != 0 {
		t.Errorf("%v after %d calls", err, calls.Load())
	}
}

// secretCredential gives a token that must never be seen in an error or a log.
type secretCredential struct{}

const secretToken = "ey-very-secret-token"

func (secretCredential) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: secretToken, ExpiresOn: testclock.Far}, nil
}

func TestATokenNeverReachesAnErrorOrALog(t *testing.T) {
	var log strings.Builder
	for _, code := range []int{400, 401, 403, 429, 500, 504} {
		server := httptest.NewTLSServer(status(code, `{"error":{"code":"X","message":"no"}}`))
		s := source(t, server.URL, func(c *Config) {
			c.Credential, c.Transport = secretCredential{}, server.Client()
			c.Retry.Log = slog.New(slog.NewTextHandler(&log, nil))
		})
		_, err := s.Query(t.Context(), hunts.Query{Text: "T"})
		server.Close()
		if err == nil || strings.Contains(fmt.Sprintf("%v %+v", err, err), secretToken) {
			t.Errorf("HTTP %d: %v", code, err)
		}
	}
	if strings.Contains(log.String(), secretToken) {
		t.Error("the token is in the log")
	}
}
