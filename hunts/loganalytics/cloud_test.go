package loganalytics

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/testclock"
)

func TestEachCloudHasItsEndpointAndItsAudience(t *testing.T) {
	for _, c := range []struct {
		name, endpoint, audience, wantEndpoint, wantAudience string
	}{
		{"the public cloud", "", "", "https://api.loganalytics.io/v1", "https://api.loganalytics.io"},
		{"the public cloud's new host wants tokens for the old", "https://api.loganalytics.azure.com", "", "https://api.loganalytics.azure.com/v1", "https://api.loganalytics.io"},
		{"the US government", "https://api.loganalytics.us", "", "https://api.loganalytics.us/v1", "https://api.loganalytics.us"},
		{"China", "https://api.loganalytics.azure.cn", "", "https://api.loganalytics.azure.cn/v1", "https://api.loganalytics.azure.cn"},
		{"a slash and a version behind", "https://api.loganalytics.us/v1/", "", "https://api.loganalytics.us/v1", "https://api.loganalytics.us"},
		{"a host of one's own", "https://logs.corp.example", "", "https://logs.corp.example/v1", "https://logs.corp.example"},
		{"an audience that is given", "https://logs.corp.example", "https://api.loganalytics.io", "https://logs.corp.example/v1", "https://api.loganalytics.io"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := serviceOf(c.endpoint, c.audience)
			if err != nil || got.Endpoint != c.wantEndpoint || strings.TrimSuffix(got.Audience, "/") != c.wantAudience {
				t.Errorf("%+v, %v; want %s and %s", got, err, c.wantEndpoint, c.wantAudience)
			}
		})
	}
	for _, bad := range []string{"api.loganalytics.us", "ftp://api.loganalytics.us", "https://", "::"} {
		if _, err := serviceOf(bad, ""); err == nil || !strings.Contains(err.Error(), "AZURE_LOGS_ENDPOINT") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// scopes notes what tokens are asked for.
type scopes struct{ asked []string }

func (s *scopes) GetToken(_ context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	s.asked = append(s.asked, o.Scopes...)
	return azcore.AccessToken{Token: secretToken, ExpiresOn: testclock.Far}, nil
}

func TestTheTokenIsForTheAudienceAndGoesToTheEndpoint(t *testing.T) {
	var header string
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header = r.Header.Get("Authorization")
		status(200, oneRow)(w, r)
	}))
	defer server.Close()
	asked := &scopes{}
	s := source(t, server.URL, func(c *Config) {
		c.Credential, c.Transport, c.Audience = asked, server.Client(), "https://api.loganalytics.us"
	})
	if _, err := s.Query(t.Context(), hunts.Query{Text: "T"}); err != nil {
		t.Fatal(err)
	}
	if header != "Bearer "+secretToken || !slices.Equal(asked.asked, []string{"https://api.loganalytics.us/.default"}) {
		t.Errorf("Authorization %q, scopes %v", header, asked.asked)
	}
}

func TestTheCostOfAQueryIsReadInBothSpellings(t *testing.T) {
	for _, cpu := range []string{`"totalCpu":"00:00:02.5"`, `"total cpu":"00:00:02.5"`} {
		took, scanned := statistics([]byte(`{"query":{"executionTime":9,"dataScannedBytes":1024,"resourceUsage":{"cpu":{` + cpu + `}}}}`))
		if took != 2500*time.Millisecond || scanned != 1024 {
			t.Errorf("%s: %v, %d", cpu, took, scanned)
		}
	}
	if took, _ := statistics([]byte(`{"query":{"executionTime":0.25}}`)); took != 250*time.Millisecond {
		t.Errorf("without CPU: %v", took)
	}
}

// A service that needs ten minutes to give up must not be asked four times.
func TestAQueryThatRanOutOfTimeIsAskedOnce(t *testing.T) {
	for _, code := range []int{http.StatusRequestTimeout, http.StatusGatewayTimeout} {
		server, calls := service(t, status(code, ""))
		_, err := source(t, server.URL, nil).Query(t.Context(), hunts.Query{Text: "T"})
		if hunts.KindOf(err) != hunts.KindTimeout || calls.Load() != 1 {
			t.Errorf("HTTP %d: %v after %d calls", code, err, calls.Load())
		}
	}
}
