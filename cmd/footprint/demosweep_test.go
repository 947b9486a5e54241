package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// demoTexts are the texts of all messages that the demo's page shows.
func demoTexts(ctx context.Context, t *testing.T, url string) []string {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/ui/state", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var state struct {
		Messages map[string][]struct{ Text string }
	}
	if err := json.NewDecoder(res.Body).Decode(&state); err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, list := range state.Messages {
		for _, m := range list {
			out = append(out, m.Text)
		}
	}
	return out
}

func TestTheDemoShowsTwoDaysOfASweep(t *testing.T) {
	noRace(t)
	t.Parallel()
	url := strings.TrimSuffix(startDemo(t), "/")
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/ui/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	events, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer events.Body.Close()
	changes := bufio.NewScanner(events.Body)
	wait := func(parts ...string) {
		t.Helper()
		for {
			texts := demoTexts(ctx, t, url)
			for _, text := range texts {
				missing := false
				for _, part := range parts {
					missing = missing || !strings.Contains(text, part)
				}
				if !missing {
					return
				}
			}
			if !changes.Scan() {
				t.Fatalf("no message with %q in\n%s", parts, strings.Join(texts, "\n---\n"))
			}
		}
	}
	// the story begins on a Sunday, so that how much of it is told depends on the day
	wait("🌅 *Sweep daily*", "New: ", "203.0.113[.]120", "Muted: 1", "skipped 4", "Self-test passed")
	state := `{"channel":"` + demoChannel(ctx, t, url) + `","text":"/footprint sweep run"}`
	run, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/ui/command", strings.NewReader(state))
	if err != nil {
		t.Fatal(err)
	}
	run.Header.Set("Content-Type", "application/json")
	run.Header.Set("X-Footprint-Page", "1")
	res, err := http.DefaultClient.Do(run)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, _ := io.ReadAll(res.Body); !strings.Contains(string(body), `"ok":true`) {
		t.Fatalf("the command: %s", body)
	}
	wait("🌅 *Sweep daily*", "New: ", "192.0.2[.]140", "Ongoing: 1", "INC-4690", "No longer seen: 1", "Self-test passed")
}

// demoChannel is the channel of the first sweep.
func demoChannel(ctx context.Context, t *testing.T, url string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/ui/state", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var state struct{ Channels []struct{ ID, Name string } }
	if err := json.NewDecoder(res.Body).Decode(&state); err != nil {
		t.Fatal(err)
	}
	for _, c := range state.Channels {
		if c.Name == "soc" {
			return c.ID
		}
	}
	t.Fatal("no channel soc")
	return ""
}
