package feed

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts/sweep"
)

const secretKey = "k3y-that-nobody-may-see"

// standIn answers as the three servers do, and refuses what they refuse. It has
// three pages, and revokes one indicator of the second when asked again.
func standIn(t *testing.T) (*httptest.Server, *[]string) {
	t.Helper()
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.URL.RequestURI())
		switch {
		case strings.HasPrefix(r.URL.Path, "/root/collections/c-1/objects/"):
			taxiiStandIn(w, r)
		case r.URL.Path == "/attributes/restSearch":
			mispStandIn(w, r)
		case r.URL.Path == "/graphql":
			openCTIStandIn(w, r)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(server.Close)
	return server, &asked
}

func taxiiStandIn(w http.ResponseWriter, r *http.Request) {
	user, key, basic := r.BasicAuth()
	switch {
	case !(basic && user == "soc" && key == secretKey) && r.Header.Get("Authorization") != "Bearer "+secretKey:
		w.WriteHeader(http.StatusUnauthorized)
		return
	case r.Header.Get("Accept") != taxiiType:
		w.WriteHeader(http.StatusNotAcceptable)
		return
	}
	if r.URL.Query().Get("added_after") != "" {
		w.Header().Set("X-TAXII-Date-Added-Last", "2026-11-22T00:00:00.000000Z")
		revoked := strings.Replace(stixText(2, "[domain-name:value = 'bad-site.app']"), `"type":"indicator"`, `"type":"indicator","revoked":true`, 1)
		_, _ = fmt.Fprintf(w, `{"objects":[%s,%s]}`, revoked, stixText(4, "[ipv4-addr:value = '203.0.113.4']"))
		return
	}
	pages := map[string]string{
		"":   `{"more":true,"next":"p2","objects":[` + stixText(1, "[ipv4-addr:value = '203.0.113.1']") + `]}`,
		"p2": `{"more":true,"next":"p3","objects":[` + stixText(2, "[domain-name:value = 'bad-site.app']") + `]}`,
		"p3": `{"more":false,"objects":[` + stixText(3, "[url:value = 'http://bad-site.top/a']") + `]}`,
	}
	w.Header().Set("X-TAXII-Date-Added-Last", "2026-11-20T00:00:00.000000Z")
	_, _ = io.WriteString(w, pages[r.URL.Query().Get("next")])
}

func mispStandIn(w http.ResponseWriter, r *http.Request) {
	var body struct {
		ToIDs int `json:"to_ids"`
		Page  int `json:"page"`
		Limit int `json:"limit"`
	}
	switch {
	case r.Header.Get("Authorization") != secretKey:
		w.WriteHeader(http.StatusForbidden)
		return
	case r.Method != http.MethodPost || r.Header.Get("Accept") != "application/json" || json.NewDecoder(r.Body).Decode(&body) != nil || body.ToIDs != 1:
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	n := body.Limit
	if body.Page == 3 {
		n = 1
	}
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf(`{"type":"domain","value":"h%d-%d.bad-site.top","to_ids":true}`, body.Page, i))
	}
	_, _ = fmt.Fprintf(w, `{"response":{"Attribute":[%s]}}`, strings.Join(list, ","))
}

func openCTIStandIn(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Variables struct {
			After string `json:"after"`
		} `json:"variables"`
	}
	if r.Header.Get("Authorization") != "Bearer "+secretKey || json.NewDecoder(r.Body).Decode(&body) != nil {
		_, _ = io.WriteString(w, `{"errors":[{"message":"You must be logged in to do this."}],"data":{"indicators":null}}`)
		return
	}
	next := map[string]string{"": "1", "1": "2", "2": ""}[body.Variables.After]
	_, _ = fmt.Fprintf(w, `{"data":{"indicators":{"edges":[{"node":{"standard_id":"indicator--%[1]s","name":"C2","pattern":"[ipv4-addr:value = '198.51.100.%[2]d']","pattern_type":"stix","valid_from":"2026-11-01T00:00:00.000Z","valid_until":"2027-11-01T00:00:00.000Z","revoked":%[3]v,"confidence":80}}],"pageInfo":{"endCursor":"%[4]s","hasNextPage":%[5]v}}}}`,
		body.Variables.After, len(body.Variables.After)+len(next), body.Variables.After == "2", next, next != "")
}

func TestServersThatAskForALoginAreReadToTheirLastPage(t *testing.T) {
	server, asked := standIn(t)
	for _, c := range []struct {
		source string
		server Server
		first  string
		n, not int
		pages  int
	}{
		{"taxii:c-1", Server{sweep.TAXII, server.URL + "/root/", "soc", secretKey}, "ip:203.0.113.1", 3, 0, 3},
		{"taxii:c-1", Server{sweep.TAXII, server.URL + "/root/", "", secretKey}, "ip:203.0.113.1", 3, 0, 3},
		{"misp", Server{sweep.MISP, server.URL, "", secretKey}, "domain:h1-0.bad-site.top", 2*mispPage + 1, 0, 3},
		{"opencti", Server{sweep.OpenCTI, server.URL + "/", "", secretKey}, "ip:198.51.100.1", 2, 1, 3},
	} {
		*asked = nil
		from, err := sweep.ParseFeed(c.source)
		if err != nil || from.String() != c.source || !sweep.IsFeed(c.source) {
			t.Fatal(from, err)
		}
		list, stamp, changed, err := NewFetcher(true, nil, c.server).Read(t.Context(), from, sweep.Stamp{}, today)
		if err != nil || !changed || len(list.Entries) != c.n || len(list.Problems) != c.not || list.Entries[0].Key() != c.first || list.Entries[0].Source != c.source || len(*asked) != c.pages || !stamp.Fetched.Equal(today) {
			t.Errorf("%s: %d entries, %+v, %v asked, %v", c.source, len(list.Entries), list.Problems, *asked, err)
		}
	}
}

func TestTAXIIIsAskedForWhatIsNewAndWhatItRevokesIsRetired(t *testing.T) {
	server, asked := standIn(t)
	from := sweep.Feed{Server: sweep.TAXII, Collection: "c-1"}
	f := NewFetcher(true, nil, Server{sweep.TAXII, server.URL + "/root", "", secretKey})
	first, stamp, _, err := f.Read(t.Context(), from, sweep.Stamp{}, today)
	if err != nil {
		t.Fatal(err)
	}
	have := sweep.Refresh(nil, from, first, today)
	later := today.Add(24 * time.Hour)
	second, stamp, changed, err := f.Read(t.Context(), from, stamp, later)
	if err != nil || !changed || Usable(second, len(have)) != nil || stamp.Modified != "2026-11-22T00:00:00.000000Z" {
		t.Fatalf("%+v, %+v, %v", second, stamp, err)
	}
	if last := (*asked)[len(*asked)-1]; !strings.Contains(last, "added_after=2026-11-20T00%3A00%3A00.000000Z") {
		t.Errorf("asked %s", last)
	}
	var got []string
	for _, e := range sweep.Refresh(have, from, second, later) {
		got = append(got, fmt.Sprintf("%s %s %v", e.Indicator, e.State, e.Expires.Equal(later.Add(sweep.DefaultLife))))
	}
	slices.Sort(got)
	want := []string{"203.0.113.1 active true", "203.0.113.4 active true", "bad-site.app retired false", "http://bad-site.top/a active true"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestNoKeyIsInAnErrorOrALog(t *testing.T) {
	server, _ := standIn(t)
	elsewhere := httptest.NewServer(http.RedirectHandler(server.URL, http.StatusFound))
	defer elsewhere.Close()
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>Sign in</html>") }))
	defer page.Close()
	for _, c := range []struct {
		server Server
		want   string
	}{
		{Server{sweep.MISP, server.URL, "", "wrong-" + secretKey}, "refused the key (403 Forbidden): an operator renews FOOTPRINT_MISP_KEY"},
		{Server{sweep.OpenCTI, server.URL, "", "wrong-" + secretKey}, "You must be logged in"},
		{Server{sweep.TAXII, server.URL + "/root", "soc", "wrong-" + secretKey}, "refused the key (401 Unauthorized)"},
		{Server{sweep.TAXII, server.URL + "/other", "soc", secretKey}, "404"},
		{Server{sweep.MISP, elsewhere.URL, "", secretKey}, "where the key must not go"},
		{Server{sweep.MISP, page.URL, "", secretKey}, "a web page"},
		{Server{sweep.MISP, "http://127.0.0.1:1", "", secretKey}, "asking the server"},
		{Server{sweep.MISP, "ftp://misp", "", secretKey}, "write an address"},
	} {
		from := sweep.Feed{Server: c.server.Kind}
		if c.server.Kind == sweep.TAXII {
			from.Collection = "c-1"
		}
		_, _, _, err := NewFetcher(true, nil, c.server).Read(t.Context(), from, sweep.Stamp{}, today)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.server, err, c.want)
			continue
		}
		var log strings.Builder
		slog.New(slog.NewJSONHandler(&log, nil)).Error("source not read", "error", err, "server", c.server, "key", c.server.Key)
		if said := log.String() + fmt.Sprintf("%v %+v %#v %s", c.server, c.server, c.server, c.server.Key) + err.Error(); strings.Contains(said, secretKey) {
			t.Errorf("the key is in %s", said)
		}
	}
	if _, _, _, err := NewFetcher(true, nil).Read(t.Context(), sweep.Feed{Server: sweep.MISP}, sweep.Stamp{}, today); err == nil || !strings.Contains(err.Error(), "FOOTPRINT_MISP_URL") {
		t.Errorf("no account: %v", err)
	}
	if err := (Server{sweep.MISP, "http://misp.example", "", secretKey}).CheckURL(false); err == nil || !strings.Contains(err.Error(), "plain HTTP") {
		t.Error(errors.Unwrap(err), err)
	}
}
