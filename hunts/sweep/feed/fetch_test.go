package feed

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts/sweep"
)

func TestAFeedIsSentOnceUntilItChanges(t *testing.T) {
	version := `"1"`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("If-None-Match") == version {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("ETag", version)
		_, _ = io.WriteString(w, "192.0.2.1\n")
	}))
	defer server.Close()
	f := NewFetcher(true, nil)
	var stamp sweep.Stamp
	for n, want := range []bool{true, false, true} {
		if n == 2 {
			version = `"2"`
		}
		body, next, changed, err := f.Fetch(t.Context(), server.URL, stamp, today.Add(time.Duration(n)*time.Hour))
		if err != nil || changed != want || !next.Fetched.Equal(today.Add(time.Duration(n)*time.Hour)) {
			t.Errorf("try %d: changed %v, %+v, %v", n, changed, next, err)
		}
		if changed {
			text, _ := io.ReadAll(body)
			_ = body.Close()
			if string(text) != "192.0.2.1\n" {
				t.Errorf("try %d: %q", n, text)
			}
		}
		stamp = next
	}
}

func TestAFeedDoesNotReachWhatOnlyWeCanReach(t *testing.T) {
	asked := 0
	handler := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ })
	plain, secure := httptest.NewServer(handler), httptest.NewTLSServer(handler)
	defer plain.Close()
	defer secure.Close()
	f := NewFetcher(false, nil)
	for address, want := range map[string]string{
		plain.URL:  "must be read over https://",
		secure.URL: "is not a public one",
		strings.Replace(secure.URL, "127.0.0.1", "localhost", 1): "is not a public one",
		"https://[::ffff:127.0.0.1]/":                            "is not a public one",
		"https://169.254.169.254/metadata":                       "is not a public one",
	} {
		if _, _, _, err := f.Fetch(t.Context(), address, sweep.Stamp{}, today); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", address, err, want)
		}
	}
	if asked > 0 {
		t.Errorf("a server of our own was asked %d times", asked)
	}
}

func TestPublicAddresses(t *testing.T) {
	for text, want := range map[string]bool{
		"93.184.216.34": true, "2606:4700::1111": true, "10.1.2.3": false, "172.31.0.1": false, "192.168.1.1": false, "127.0.0.1": false, "169.254.169.254": false, "100.64.0.1": false, "0.0.0.0": false, "255.255.255.255": false,
		"224.0.0.1": false, "::1": false, "fe80::1": false, "fd00::1": false, "::ffff:10.0.0.1": false, "64:ff9b::a00:1": false, "2002:a00:1::": false, "198.18.0.1": false,
	} {
		if got := public(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

func TestAFeedThatDoesNotWorkSaysWhy(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/large":
			w.Header().Set("Content-Length", "99999999999")
		default:
			http.Error(w, "no", http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()
	for path, want := range map[string]string{"/loop": "more than 5 redirects", "/large": "is larger than 64 MB", "/x": "503"} {
		if _, _, _, err := NewFetcher(true, nil).Fetch(t.Context(), server.URL+path, sweep.Stamp{}, today); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
}

func TestTheEventsOfAFeedHaveOneBoundInTimeTogether(t *testing.T) {
	const id = "5f3a9c10-0000-4000-8000-0000000000%02d"
	var manifest []string
	for n := range 50 {
		manifest = append(manifest, fmt.Sprintf(`"`+id+`": {"timestamp": "%d"}`, n, today.Unix()-int64(n)))
	}
	asked := make(chan string, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.Path
		if strings.HasSuffix(r.URL.Path, manifestName) {
			_, _ = io.WriteString(w, "{"+strings.Join(manifest, ",")+"}")
			return
		}
		<-r.Context().Done() // an event that never comes
	}))
	defer server.Close()
	f := NewFetcher(true, nil)
	f.within = 50 * time.Millisecond
	list, _, changed, err := f.Read(t.Context(), sweep.Feed{URL: server.URL + "/manifest.json"}, sweep.Stamp{}, today)
	if !errors.Is(err, errSlow) || changed || len(list.Entries) > 0 {
		t.Errorf("%+v, %v, %v", list, changed, err)
	}
	if len(asked) != 2 {
		t.Errorf("%d requests after the bound", len(asked))
	}
}
