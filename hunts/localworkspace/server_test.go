package localworkspace

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/monitor/azquery"
)

const testWorkspace = "11111111-1111-4111-8111-111111111111"

var testNow = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func testEvents(t *testing.T) *Events {
	t.Helper()
	return loadFiles(t, map[string]string{
		"DeviceNetworkEvents.ndjson": `{"TimeGenerated":"2026-11-20T10:00:00Z","DeviceName":"WS-1","RemotePort":443,"ReportId":9007199254740993,"AdditionalFields":{"query":"evil.example"}}
{"TimeGenerated":"2026-11-22T10:00:00Z","DeviceName":"WS-2","RemotePort":80}
bad line
`})
}

// serve starts a server over the test events, and a client of it by azquery.
func serve(t *testing.T, cfg Config) (*Server, *azquery.LogsClient) {
	t.Helper()
	if cfg.Workspaces == nil {
		cfg.Workspaces = map[string]*Events{testWorkspace: testEvents(t)}
	}
	if cfg.Clock == nil {
		cfg.Clock = func() time.Time { return testNow }
	}
	server := NewServer(cfg)
	url, err := server.Start(context.Background(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	client, err := azquery.NewLogsClient(nil, &azquery.LogsClientOptions{ClientOptions: azcore.ClientOptions{
		Cloud: cloud.Configuration{Services: map[cloud.ServiceName]cloud.ServiceConfiguration{azquery.ServiceNameLogs: {Endpoint: url + "/v1", Audience: "https://x"}}},
		Retry: policy.RetryOptions{MaxRetries: -1},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return server, client
}

func ask(client *azquery.LogsClient, query string, timespan string) (azquery.LogsClientQueryWorkspaceResponse, error) {
	body := azquery.Body{Query: &query}
	if timespan != "" {
		body.Timespan = to.Ptr(azquery.TimeInterval(timespan))
	}
	return client.QueryWorkspace(context.Background(), testWorkspace, body, &azquery.LogsClientQueryWorkspaceOptions{
		Options: &azquery.LogsQueryOptions{Statistics: to.Ptr(true), Visualization: to.Ptr(true), Wait: to.Ptr(60)},
	})
}

func TestTheClientLibraryReadsTheAnswer(t *testing.T) {
	server, client := serve(t, Config{})
	res, err := ask(client, "DeviceNetworkEvents | project TimeGenerated, DeviceName, RemotePort, Text = tostring(ReportId), AdditionalFields | sort by DeviceName asc", "")
	if err != nil {
		t.Fatal(err)
	}
	if res.Error != nil || len(res.Tables) != 1 {
		t.Fatalf("error %v, %d tables", res.Error, len(res.Tables))
	}
	table := res.Tables[0]
	if *table.Name != "PrimaryResult" {
		t.Errorf("the table is called %s", *table.Name)
	}
	var types []string
	for _, c := range table.Columns {
		types = append(types, string(*c.Type))
	}
	if got := strings.Join(types, " "); got != "datetime string int string dynamic" {
		t.Errorf("column types %s", got)
	}
	want := []any{"2026-11-20T10:00:00Z", "WS-1", float64(443), "9007199254740993", `{"query":"evil.example"}`}
	for i, w := range want {
		if got := table.Rows[0][i]; got != w {
			t.Errorf("cell %d is %v, want %v", i, got, w)
		}
	}
	if table.Rows[1][4] != nil && table.Rows[1][4] != "" {
		t.Errorf("a null dynamic came as %v", table.Rows[1][4])
	}
	if !json.Valid(res.Statistics) || !strings.Contains(string(res.Statistics), "executionTime") || !strings.Contains(string(res.Visualization), "table") {
		t.Errorf("statistics %s, visualization %s", res.Statistics, res.Visualization)
	}
	if log := server.Queries(); len(log) != 1 || log[0].Rows != 2 || log[0].Status != http.StatusOK || log[0].Workspaces[0] != testWorkspace {
		t.Errorf("the log holds %+v", log)
	}
}

func TestTheTimespanBoundsWhatAQuerySees(t *testing.T) {
	_, client := serve(t, Config{})
	for _, c := range []struct {
		timespan string
		rows     int
	}{
		{"", 2}, {"P7D", 2}, {"P2D", 1}, {"PT1H", 0}, {"2026-11-20T00:00:00Z/2026-11-21T00:00:00Z", 1}, {"2026-11-20T00:00:00Z/P7D", 2}, {"P1D/2026-11-20T12:00:00Z", 1},
		{"2026-11-20T11:00:00+01:00/2026-11-20T12:00:00+01:00", 1}, {"2026-11-20T10:00:00Z/2026-11-22T10:00:00Z", 1},
	} {
		t.Run("timespan "+c.timespan, func(t *testing.T) {
			res, err := ask(client, "DeviceNetworkEvents", c.timespan)
			if err != nil {
				t.Fatal(err)
			}
			if got := len(res.Tables[0].Rows); got != c.rows {
				t.Errorf("%d rows, want %d", got, c.rows)
			}
		})
	}
	for _, bad := range []string{"yesterday", "P", "PT", "P1X", "2026-11-22T00:00:00Z/2026-11-20T00:00:00Z", "P99999Y", "/"} {
		t.Run("refused timespan "+bad, func(t *testing.T) {
			_, err := ask(client, "DeviceNetworkEvents", bad)
			wantStatus(t, err, http.StatusBadRequest, "BadArgumentError")
		})
	}
}

func wantStatus(t *testing.T, err error, status int, code string) *azcore.ResponseError {
	t.Helper()
	var re *azcore.ResponseError
	if !errors.As(err, &re) {
		t.Fatalf("error %v, want status %d", err, status)
	}
	if re.StatusCode != status || re.ErrorCode != code {
		t.Errorf("status %d code %s, want %d %s", re.StatusCode, re.ErrorCode, status, code)
	}
	return re
}

func TestErrorsHaveTheShapeOfTheService(t *testing.T) {
	_, client := serve(t, Config{})
	cases := []struct{ name, query, outer, inner string }{
		{"a syntax error", "DeviceNetworkEvents | where (", "SyntaxError", "SYN0002"},
		{"a missing table", "DeviceFileEvents", "SemanticError", "SEM0100"},
		{"a missing column", "DeviceNetworkEvents | where Timestamp > ago(1d)", "SemanticError", "SEM0100"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := ask(client, c.query, "")
			re := wantStatus(t, err, http.StatusBadRequest, "BadArgumentError")
			body, rerr := io.ReadAll(re.RawResponse.Body)
			var e struct{ Error apiError }
			if rerr != nil || json.Unmarshal(body, &e) != nil || e.Error.Inner == nil || e.Error.Inner.Inner == nil {
				t.Fatalf("body %s", body)
			}
			if e.Error.Inner.Code != c.outer || e.Error.Inner.Inner.Code != c.inner || e.Error.Inner.Inner.Line == nil {
				t.Errorf("body %s, want %s and %s with a line", body, c.outer, c.inner)
			}
		})
	}
	t.Run("an unknown workspace", func(t *testing.T) {
		_, err := client.QueryWorkspace(context.Background(), "22222222-2222-4222-8222-222222222222", azquery.Body{Query: to.Ptr("DeviceNetworkEvents")}, nil)
		wantStatus(t, err, http.StatusNotFound, "PathNotFoundError")
	})
	t.Run("an unknown additional workspace", func(t *testing.T) {
		_, err := client.QueryWorkspace(context.Background(), testWorkspace, azquery.Body{Query: to.Ptr("DeviceNetworkEvents"), AdditionalWorkspaces: []*string{to.Ptr("other")}}, nil)
		wantStatus(t, err, http.StatusNotFound, "PathNotFoundError")
	})
}

func TestScriptedFaultsComeAsTheServiceSendsThem(t *testing.T) {
	cases := []struct {
		name   string
		fault  Fault
		status int
		code   string
	}{
		{"403", Fault{Status: 403, Times: 1}, 403, "InsufficientAccessError"},
		{"401", Fault{Status: 401, Times: 1}, 401, "AuthenticationFailed"},
		{"429", Fault{Status: 429, RetryAfter: 1500 * time.Millisecond, Times: 1}, 429, "ThrottledError"},
		{"504", Fault{Status: 504, Times: 1}, 504, "GatewayTimeout"},
		{"502 with HTML", Fault{Status: 502, Body: "<html>Bad Gateway</html>", Times: 1}, 502, ""},
		{"a code of its own", Fault{Status: 403, Code: "InvalidAuthenticationToken", Times: 1}, 403, "InvalidAuthenticationToken"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			server, client := serve(t, Config{})
			server.Fault(c.fault)
			_, err := ask(client, "DeviceNetworkEvents", "")
			re := wantStatus(t, err, c.status, c.code)
			if c.fault.RetryAfter > 0 && re.RawResponse.Header.Get("Retry-After") != "2" {
				t.Errorf("Retry-After %q, want whole seconds", re.RawResponse.Header.Get("Retry-After"))
			}
			if _, err := ask(client, "DeviceNetworkEvents", ""); err != nil {
				t.Errorf("the fault was for one query, the second one failed: %v", err)
			}
			if log := server.Queries(); len(log) != 2 || log[0].Status != c.status {
				t.Errorf("the log holds %+v", log)
			}
		})
	}
	t.Run("a partial result has rows and an error on 200", func(t *testing.T) {
		server, client := serve(t, Config{})
		server.Fault(Fault{Partial: true})
		res, err := ask(client, "DeviceNetworkEvents", "")
		if err != nil || res.Error == nil || res.Error.Code != "PartialError" || len(res.Tables[0].Rows) != 2 {
			t.Errorf("error %v, result %+v", err, res)
		}
		if !strings.Contains(res.Error.Error(), "-2133196790") {
			t.Errorf("details %s", res.Error.Error())
		}
	})
	t.Run("a dropped connection", func(t *testing.T) {
		server, client := serve(t, Config{})
		server.Fault(Fault{Drop: true, Times: 1})
		if _, err := ask(client, "DeviceNetworkEvents", ""); err == nil {
			t.Error("a dropped connection gave an answer")
		}
	})
	t.Run("a slow body still arrives whole", func(t *testing.T) {
		server, client := serve(t, Config{})
		server.Fault(Fault{Trickle: time.Millisecond, Times: 1})
		if res, err := ask(client, "DeviceNetworkEvents", ""); err != nil || len(res.Tables[0].Rows) != 2 {
			t.Errorf("error %v", err)
		}
	})
	t.Run("only queries that match", func(t *testing.T) {
		server, client := serve(t, Config{})
		server.Fault(Fault{Status: 500, Match: func(q string) bool { return strings.Contains(q, "DeviceInfo") }})
		if _, err := ask(client, "DeviceNetworkEvents", ""); err != nil {
			t.Errorf("another query was hit: %v", err)
		}
		_, err := ask(client, "DeviceInfo", "")
		wantStatus(t, err, 500, "InternalServerError")
	})
}

func TestAnAnswerThatIsTooLargeIsCutAndSaysSo(t *testing.T) {
	for name, cfg := range map[string]Config{"by rows": {MaxRows: 1}, "by bytes": {MaxBytes: 105}} {
		t.Run(name, func(t *testing.T) {
			_, client := serve(t, cfg)
			res, err := ask(client, "DeviceNetworkEvents | project DeviceName", "")
			if err != nil || res.Error == nil || !strings.Contains(res.Error.Error(), errTooLarge) {
				t.Fatalf("error %v %v, want a partial result", err, res.Error)
			}
			if rows := len(res.Tables[0].Rows); rows != 1 {
				t.Errorf("%d rows, want 1", rows)
			}
		})
	}
}

func TestSeveralWorkspacesAreOneTable(t *testing.T) {
	other := loadFiles(t, map[string]string{"DeviceNetworkEvents.ndjson": oneEvent, "DeviceInfo.ndjson": oneEvent})
	server, client := serve(t, Config{Workspaces: map[string]*Events{testWorkspace: testEvents(t), "second": other}})
	for table, want := range map[string]int{"DeviceNetworkEvents": 3, "DeviceInfo": 1, "_BadLines": 1} {
		res, err := client.QueryWorkspace(context.Background(), testWorkspace, azquery.Body{Query: to.Ptr(table), AdditionalWorkspaces: []*string{to.Ptr("second")}}, nil)
		if err != nil || len(res.Tables[0].Rows) != want {
			t.Errorf("%s: error %v, %d rows, want %d", table, err, len(res.Tables[0].Rows), want)
		}
	}
	if log := server.Queries(); len(log[0].Workspaces) != 2 {
		t.Errorf("the log holds %+v", log[0])
	}
}

func post(handler http.Handler, body, contentType string, change func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/v1/workspaces/"+testWorkspace+"/query", strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

func TestRequestsThatAreNoneGetWhatTheServiceSays(t *testing.T) {
	server := NewServer(Config{Workspaces: map[string]*Events{testWorkspace: testEvents(t)}})
	cases := []struct {
		name, body, kind string
		change           func(*http.Request)
		status           int
		want             string
	}{
		{"no content type", `{"query":"DeviceNetworkEvents"}`, "", nil, 200, ""},
		{"no body", "", "application/json", nil, 200, ""},
		{"a body that is no JSON", "{", "application/json", nil, 400, "BadArgumentError"},
		{"an empty query", `{"query":" "}`, "application/json", nil, 400, "the query is empty"},
		{"a body above the limit", `{"query":"` + strings.Repeat("x", maxBody) + `"}`, "application/json", nil, 400, "too large"},
		{"a web page", `{"query":"DeviceNetworkEvents"}`, "application/json", func(r *http.Request) { r.Header.Set("Origin", "http://evil.example") }, 403, "web pages"},
		{"another path", `{}`, "application/json", func(r *http.Request) { r.URL.Path = "/v1/other" }, 404, "PathNotFoundError"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := post(server.Handler(), c.body, c.kind, c.change)
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) || c.want == "" && w.Body.Len() > 0 {
				t.Errorf("status %d body %s, want %d %s", w.Code, w.Body, c.status, c.want)
			}
		})
	}
	t.Run("a workspace without tables is 204", func(t *testing.T) {
		empty := NewServer(Config{Workspaces: map[string]*Events{testWorkspace: newEvents(nil, time.Time{}, time.Time{})}})
		if w := post(empty.Handler(), `{"query":"DeviceNetworkEvents"}`, "application/json", nil); w.Code != 204 || w.Body.Len() > 0 {
			t.Errorf("status %d body %s", w.Code, w.Body)
		}
	})
}

// slowQuery keeps the evaluator busy until its context ends.
const slowQuery = "range a from 1 to 100000000 step 1 | extend b = a * 2 | where b < 0 | count"

func TestAQueryThatTakesTooLongIsAGatewayTimeout(t *testing.T) {
	server := NewServer(Config{Workspaces: map[string]*Events{testWorkspace: testEvents(t)}, MaxSteps: 1 << 60})
	w := post(server.Handler(), `{"query":"`+slowQuery+`"}`, "application/json", func(r *http.Request) { r.Header.Set("Prefer", "wait=1") })
	if w.Code != http.StatusGatewayTimeout || !strings.Contains(w.Body.String(), "GatewayTimeout") {
		t.Errorf("status %d body %.300s", w.Code, w.Body)
	}
}

func TestFiveQueriesRunAndTheOthersWaitTheirTurn(t *testing.T) {
	l := newLanes()
	var leaves []func()
	for range maxRunning {
		leave, err := l.enter(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		leaves = append(leaves, leave)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := l.enter(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("a sixth query that was given up: %v", err)
	}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			leave, err := l.enter(context.Background())
			if err != nil {
				t.Errorf("waiting for a lane: %v", err)
				return
			}
			if len(l.running) > maxRunning {
				t.Errorf("%d run at once", len(l.running))
			}
			leave()
		})
	}
	for _, leave := range leaves {
		leave()
	}
	wg.Wait()
}

func TestAPromisedWorkspaceAnswersWhenItsEventsAreThere(t *testing.T) {
	server := NewServer(Config{})
	keep := server.Promise("w")
	url, err := server.Start(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	ask := func(ctx context.Context) (int, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/v1/workspaces/w/query", strings.NewReader(`{"query":"DeviceInfo | count"}`))
		if err != nil {
			return 0, err
		}
		req.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return 0, err
		}
		return res.StatusCode, res.Body.Close()
	}
	impatient, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	if status, err := ask(impatient); err == nil {
		t.Errorf("answered %d before there was anything", status)
	}
	waiting := make(chan int)
	go func() {
		status, err := ask(t.Context())
		if err != nil {
			t.Error(err)
		}
		waiting <- status
	}()
	keep(Empty())
	if status := <-waiting; status != http.StatusOK {
		t.Errorf("HTTP %d", status)
	}
}
