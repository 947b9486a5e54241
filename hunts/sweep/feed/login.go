package feed

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts/sweep"
)

// Server is a source that the operator has an account for.
type Server struct {
	Kind string // sweep.TAXII, sweep.MISP or sweep.OpenCTI
	URL  string // of the API root of TAXII, else of the server
	User string // with it, the key is a password; only TAXII takes one
	Key  Key
}

// Key is a secret that no log and no message shows.
type Key string

// String hides the key.
func (Key) String() string { return "(hidden)" }

// GoString hides the key from %#v.
func (Key) GoString() string { return "(hidden)" }

// MarshalText hides the key from whatever encodes the struct around it.
func (Key) MarshalText() ([]byte, error) { return []byte("(hidden)"), nil }

// LogValue hides the key.
func (Key) LogValue() slog.Value { return slog.StringValue("(hidden)") }

// CheckURL says what is wrong with the address of a server.
func (s Server) CheckURL(private bool) error {
	u, err := url.Parse(s.URL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return errors.New("write an address such as https://misp.example.com")
	case u.User != nil:
		return errors.New("the address can't hold the key: it has a variable of its own")
	case u.Scheme == "http" && !private:
		return errors.New("a key must not travel over plain HTTP: write https://, or allow it with FOOTPRINT_PRIVATE_FEEDS=allow")
	}
	return nil
}

// maxPages bounds how many pages a server is asked for; the pages of the last
// one that is read are 1,000 values long.
const maxPages = 500

// pull reads all pages of a server.
func (f *Fetcher) pull(ctx context.Context, from sweep.Feed, last sweep.Stamp, now time.Time) (sweep.List, sweep.Stamp, error) {
	for _, s := range f.servers {
		if s.Kind != from.Server {
			continue
		}
		if err := s.CheckURL(f.private); err != nil {
			return sweep.List{}, last, err
		}
		p := puller{ctx: ctx, client: f.inside, server: s, left: maxSource, r: newReader(from.String(), now)}
		stamp := sweep.Stamp{Fetched: now.UTC()}
		var err error
		switch s.Kind {
		case sweep.TAXII:
			stamp.Modified, err = p.taxii(from.Collection, last.Modified)
		case sweep.MISP:
			err = p.misp()
		case sweep.OpenCTI:
			err = p.openCTI()
		}
		if err != nil {
			return sweep.List{}, last, err
		}
		list, err := p.r.done()
		return list, stamp, err
	}
	return sweep.List{}, last, fmt.Errorf("this deployment has no account there: an operator sets FOOTPRINT_%s_URL", strings.ToUpper(from.Server))
}

// puller reads the pages of one server.
type puller struct {
	ctx    context.Context
	client *http.Client
	server Server
	left   int // bytes that may still be read
	r      *reader
}

// ask sends one request and reads its answer; body is nil for a GET.
func (p *puller) ask(address string, header http.Header, body any, into any) (http.Header, error) {
	method, content := http.MethodGet, io.Reader(http.NoBody)
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("encoding a request: %w", err)
		}
		method, content = http.MethodPost, bytes.NewReader(data)
		header.Set("Content-Type", "application/json")
	}
	r, err := http.NewRequestWithContext(p.ctx, method, address, content)
	if err != nil {
		return nil, fmt.Errorf("the address of the server can't be used: %w", err)
	}
	r.Header = header
	r.Header.Set("User-Agent", "footprint")
	switch {
	case p.server.User != "":
		r.SetBasicAuth(p.server.User, string(p.server.Key))
	case p.server.Kind == sweep.MISP:
		r.Header.Set("Authorization", string(p.server.Key))
	default:
		r.Header.Set("Authorization", "Bearer "+string(p.server.Key))
	}
	res, err := p.client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("asking the server: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	switch {
	case res.StatusCode == http.StatusUnauthorized || res.StatusCode == http.StatusForbidden:
		return nil, fmt.Errorf("the server refused the key (%s): an operator renews FOOTPRINT_%s_KEY", res.Status, strings.ToUpper(p.server.Kind))
	case res.StatusCode < 200 || res.StatusCode > 299:
		return nil, fmt.Errorf("the server answered %s", res.Status)
	}
	data, err := io.ReadAll(io.LimitReader(res.Body, int64(p.left)+1))
	if err != nil {
		return nil, fmt.Errorf("reading the answer of the server: %w", err)
	}
	if p.left -= len(data); p.left < 0 {
		return nil, fmt.Errorf("it is larger than %d MB", maxSource>>20)
	}
	if err := json.Unmarshal(data, into); err != nil {
		if what := markup(bytes.TrimSpace(data)); what != "" {
			return nil, fmt.Errorf("the server answered with %s", what)
		}
		return nil, fmt.Errorf("the answer of the server is not valid JSON: %w", err)
	}
	return res.Header, nil
}

// taxiiType is the media type of TAXII 2.1
// (docs.oasis-open.org/cti/taxii/v2.1/os/taxii-v2.1-os.html, 1.6.8).
const taxiiType = "application/taxii+json;version=2.1"

// taxii reads the objects of a collection that were added after the last of the
// read before; without one, all of them. It gives the time of the last object.
func (p *puller) taxii(collection, after string) (last string, err error) {
	base, err := url.JoinPath(p.server.URL, "collections", collection, "objects")
	if err != nil {
		return "", fmt.Errorf("the address of the server can't be used: %w", err)
	}
	p.r.Delta = after != ""
	last = after
	var objects []json.RawMessage
	next := ""
	for range maxPages {
		q := url.Values{}
		if after != "" {
			q.Set("added_after", after)
		}
		if next != "" {
			q.Set("next", next)
		}
		var page struct {
			More    bool              `json:"more"`
			Next    text              `json:"next"`
			Objects []json.RawMessage `json:"objects"`
		}
		address := base + "/"
		if len(q) > 0 {
			address += "?" + q.Encode()
		}
		header, err := p.ask(address, http.Header{"Accept": {taxiiType}}, nil, &page)
		if err != nil {
			return "", err
		}
		objects = append(objects, page.Objects...)
		if added := header.Get("X-TAXII-Date-Added-Last"); added != "" {
			last = added
		}
		if !page.More {
			p.r.stix(objects)
			return last, nil
		}
		if page.Next == "" || string(page.Next) == next {
			return "", errors.New("the server says that there is more and not where")
		}
		next = string(page.Next)
	}
	return "", fmt.Errorf("the collection has more than %d pages", maxPages)
}

// mispPage is how many attributes are asked for at a time.
const mispPage = 1000

// misp reads the attributes of the last 30 days that are meant for detection; a
// server leaves out those that were deleted.
func (p *puller) misp() error {
	address, err := url.JoinPath(p.server.URL, "attributes", "restSearch")
	if err != nil {
		return fmt.Errorf("the address of the server can't be used: %w", err)
	}
	for page := 1; page <= maxPages; page++ {
		var answer struct {
			Response *struct {
				Attribute []mispAttribute `json:"Attribute"`
			} `json:"response"`
		}
		body := map[string]any{"returnFormat": "json", "to_ids": 1, "deleted": 0, "last": fmt.Sprintf("%dd", int(manifestBack.Hours()/24)), "limit": mispPage, "page": page}
		if _, err := p.ask(address, http.Header{"Accept": {"application/json"}}, body, &answer); err != nil {
			return err
		}
		if answer.Response == nil {
			return errors.New("the server gave no attributes, nor an empty list of them")
		}
		p.r.attributes(answer.Response.Attribute, "")
		if len(answer.Response.Attribute) < mispPage || p.r.full() {
			return nil
		}
	}
	return fmt.Errorf("the search has more than %d pages", maxPages)
}

const openCTIQuery = `query footprint($after: ID) {
  indicators(first: 500, after: $after) {
    edges { node { standard_id name description pattern pattern_type valid_from valid_until revoked confidence modified } }
    pageInfo { endCursor hasNextPage }
  }
}`

// openCTI reads the indicators of an OpenCTI server.
func (p *puller) openCTI() error {
	address, err := url.JoinPath(p.server.URL, "graphql")
	if err != nil {
		return fmt.Errorf("the address of the server can't be used: %w", err)
	}
	after := any(nil)
	for range maxPages {
		var answer struct {
			Errors []struct {
				Message string `json:"message"`
			} `json:"errors"`
			Data struct {
				Indicators *struct {
					Edges []struct {
						Node struct {
							stixIndicator
							StandardID string `json:"standard_id"`
						} `json:"node"`
					} `json:"edges"`
					PageInfo struct {
						EndCursor   string `json:"endCursor"`
						HasNextPage bool   `json:"hasNextPage"`
					} `json:"pageInfo"`
				} `json:"indicators"`
			} `json:"data"`
		}
		if _, err := p.ask(address, http.Header{"Accept": {"application/json"}}, map[string]any{"query": openCTIQuery, "variables": map[string]any{"after": after}}, &answer); err != nil {
			return err
		}
		if len(answer.Errors) > 0 {
			return fmt.Errorf("the server refused the query: %s", cut(answer.Errors[0].Message, 200))
		}
		found := answer.Data.Indicators
		if found == nil {
			return errors.New("the server gave no indicators, nor an empty list of them")
		}
		for _, e := range found.Edges {
			o := e.Node.stixIndicator
			o.ID = e.Node.StandardID
			p.r.indicator(o)
		}
		if !found.PageInfo.HasNextPage || p.r.full() {
			return nil
		}
		if after == any(found.PageInfo.EndCursor) {
			return errors.New("the server says that there is more and not where")
		}
		after = found.PageInfo.EndCursor
	}
	return fmt.Errorf("the server has more than %d pages", maxPages)
}
