package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/footprint-soc/footprint/hunts/localworkspace"
)

// service is what the cloud does to the queries of one scope.
type service struct {
	faults []localworkspace.Fault
	nth    int    // the faults hit the query of this number only; 0 is every one
	blind  bool   // the hunt's queries see no row
	drop   string // sections that get lost on the way
	rows   int    // most rows in one answer
}

// fails tells that what the scope holds may stay unread.
func (s service) fails() bool { return len(s.faults) > 0 || s.blind || s.drop != "" || s.rows > 0 }

func serviceFaults() []fault {
	down := func(kind string, s service) fault {
		return fault{kind: kind, live: true, strike: func(_ *world, to *scope) {
			if !to.service.fails() {
				to.service = s
				to.trouble("", always(spoiled))
			}
		}}
	}
	// what is cut is an answer that found something: an empty one is whole
	cut := func(kind string, s service) fault {
		return fault{kind: kind, live: true, strike: func(_ *world, to *scope) {
			if !to.service.fails() {
				to.service = s
				to.trouble("", always(either))
			}
		}}
	}
	list := []fault{
		down("forbidden", service{faults: []localworkspace.Fault{{Status: 403}}}),
		down("throttled", service{faults: []localworkspace.Fault{{Status: 429}}}),
		down("half an answer", service{faults: []localworkspace.Fault{{Partial: true}}}),
		down("half an answer to the hunt", service{faults: []localworkspace.Fault{{Partial: true, Match: isHunt}}}),
		down("the gateway's page", service{faults: []localworkspace.Fault{{Status: 502, Body: "<html>Bad gateway</html>"}}}),
		down("the search is blind", service{blind: true}),
		cut("truncated", service{rows: 1}),
		down("an answer without its totals", service{drop: "total whole"}),
		cut("an answer that contradicts itself", service{drop: "indicator device row"}),
	}
	for _, status := range []int{504, 429, 403} {
		list = append(list, fault{kind: "searches fail: " + http.StatusText(status), live: true, strike: func(w *world, to *scope) {
			if to.service.fails() {
				return
			}
			to.service = service{faults: []localworkspace.Fault{{Status: status, Match: isHunt}}, nth: 1 + w.random.IntN(2)}
			to.trouble("", func(ask) effect {
				if to.service.nth > 1 {
					return either // there may be no second search, or one of a place where nothing of this kind shows
				}
				return spoiled
			})
		}})
	}
	return list
}

// isHunt tells the queries that look for the indicators, control and all.
func isHunt(text string) bool { return strings.Contains(text, "is_address(") }

// isSearch tells those apart from the control.
func isSearch(text string) bool {
	first, _, _ := strings.Cut(text, "\n")
	return isHunt(text) && !strings.HasSuffix(first, " control")
}

// cloud is the query API of all scopes of a world, without a network.
type cloud struct {
	world   *world
	mu      sync.Mutex
	servers map[string]*localworkspace.Server
}

func (w *world) cloud() *cloud {
	return &cloud{world: w, servers: map[string]*localworkspace.Server{}}
}

// server is the one of a scope, made when it is first asked.
func (c *cloud) server(s *scope) *localworkspace.Server {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.servers[s.id] == nil {
		c.servers[s.id] = localworkspace.NewServer(localworkspace.Config{
			Workspaces: map[string]*localworkspace.Events{s.id: s.events()}, Clock: func() time.Time { return c.world.now }, Faults: s.service.script(), MaxRows: s.service.rows,
		})
	}
	return c.servers[s.id]
}

// script makes the faults count the searches.
func (s service) script() *localworkspace.Script {
	script := &localworkspace.Script{}
	for _, f := range s.faults {
		match, asked := f.Match, 0
		f.Match = func(text string) bool { // called under the script's lock
			switch {
			case match != nil && !match(text):
				return false
			case s.nth == 0:
				return true
			case !isSearch(text):
				return false
			}
			asked++
			return asked == s.nth || f.Status != http.StatusForbidden && asked > s.nth // who asks again finds it as it was
		}
		script.Add(f)
	}
	return script
}

// toDefender asks some scopes as Defender XDR: those of which its API shows all
// that the world holds. No number is drawn, so that the worlds stay what they were.
func (w *world) toDefender() {
	for n, s := range w.scopes {
		s.xdr = s.live && (w.number+uint64(n))%3 == 1 && w.ask.late.IsZero() && !w.ask.from.IsZero() && w.now.Sub(w.ask.from) < 29*aDay &&
			s.service.drop == "" && s.service.rows == 0 && !slices.ContainsFunc(s.service.faults, func(f localworkspace.Fault) bool { return f.Partial })
		for table := range s.grids {
			s.xdr = s.xdr && (strings.HasPrefix(table, "Device") || strings.HasPrefix(table, "Email"))
		}
	}
}

// Do answers one request as the service would.
func (c *cloud) Do(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	body := must(io.ReadAll(r.Body))
	_ = r.Body.Close()
	r.Body = io.NopCloser(bytes.NewReader(body))
	var q struct {
		Query string `json:"query"`
	}
	_ = json.Unmarshal(body, &q)
	answer := httptest.NewRecorder()
	for _, s := range c.world.scopes {
		if !strings.Contains(r.URL.Host+r.URL.Path, s.id) {
			continue
		}
		if s.service.blind && isHunt(q.Query) {
			localworkspace.NewServer(localworkspace.Config{Workspaces: map[string]*localworkspace.Events{s.id: localworkspace.Empty()}}).Handler().ServeHTTP(answer, r)
		} else {
			c.server(s).Handler().ServeHTTP(answer, r)
		}
		if s.service.drop != "" && isSearch(q.Query) {
			lost := without(answer.Body.Bytes(), s.service.drop)
			answer.Body = bytes.NewBuffer(lost)
		}
	}
	res := answer.Result()
	res.Request, res.ContentLength = r, -1
	return res, nil
}

// without loses the rows of some sections on the way.
func without(body []byte, sections string) []byte {
	var a struct {
		Tables []map[string]any `json:"tables"`
	}
	if json.Unmarshal(body, &a) != nil || len(a.Tables) == 0 {
		return body
	}
	rows, _ := a.Tables[0]["rows"].([]any)
	a.Tables[0]["rows"] = slices.DeleteFunc(rows, func(r any) bool {
		cells, _ := r.([]any)
		name, _ := cells[0].(string)
		return slices.Contains(strings.Fields(sections), name)
	})
	return must(json.Marshal(a))
}
