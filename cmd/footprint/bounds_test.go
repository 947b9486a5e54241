package main

import (
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// endless is a body that never ends.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }
func (endless) Close() error               { return nil }

func TestAnAnswerOfSlackThatDoesNotEndIsCut(t *testing.T) {
	m := newMetrics()
	transport := m.slackTransport(roundTripper(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Body: endless{}}, nil
	}))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://slack.com/api/conversations.replies", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	n, err := io.Copy(io.Discard, res.Body)
	var large *http.MaxBytesError
	if !errors.As(err, &large) || n > maxSlackBody {
		t.Errorf("%d bytes were read, and then %v", n, err)
	}
}

// TestTheContainerHasNoShellNoRootAndNothingToWrite reads what is deployed; what runs
// there is one static binary.
func TestTheContainerHasNoShellNoRootAndNothingToWrite(t *testing.T) {
	docker := read(t, "Dockerfile")
	if last := docker[strings.LastIndex(docker, "FROM "):]; !strings.HasPrefix(last, "FROM scratch\n") || strings.Contains(last, "RUN ") || !regexp.MustCompile(`(?m)^USER [1-9]\d*:[1-9]\d*$`).MatchString(last) {
		t.Errorf("the image is not a bare one, or is root's:\n%s", last)
	}
	for file, wants := range map[string][]string{
		"Dockerfile":                    {"CGO_ENABLED=0"},
		"compose.yml":                   {"read_only: true", "cap_drop: [ALL]", "no-new-privileges:true"},
		"docs/deploy/kubernetes.yaml":   {"readOnlyRootFilesystem: true", "runAsNonRoot: true", "allowPrivilegeEscalation: false", "drop: [ALL]", "azure.workload.identity/use", "replicas: 2", "readinessProbe", "livenessProbe", "limits:", "terminationGracePeriodSeconds"},
		"docs/deploy/footprint.service": {"ProtectSystem=strict", "DynamicUser=yes", "NoNewPrivileges=yes", "TimeoutStopSec"},
		"docs/manifest-enrichment.yml":  {"users:read"},
	} {
		text := read(t, file)
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("%s has no %q", file, want)
			}
		}
	}
}
