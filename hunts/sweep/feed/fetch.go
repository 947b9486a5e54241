package feed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"

	"github.com/footprint-soc/footprint/hunts/sweep"
)

// Fetcher reads feeds over HTTPS. What it reads was written by a person in a
// chat, so that it must not reach what only this machine can reach.
type Fetcher struct {
	client  *http.Client
	private bool
	within  time.Duration // for one source
	servers []Server
	inside  *http.Client // to servers, which may stand in one's own network
}

const (
	fetchWithin  = time.Minute
	maxRedirects = 5
)

// errPrivate is what a feed inside of one's own network gets.
var errPrivate = errors.New("the address is not a public one; an operator may allow it with FOOTPRINT_PRIVATE_FEEDS=allow")

// NewFetcher makes a Fetcher that may ask servers, too. private allows addresses of one's own network,
// plain HTTP, and the proxy of the environment, behind which nobody can see
// where a name leads. transport may be nil.
func NewFetcher(private bool, transport *http.Transport, servers ...Server) *Fetcher {
	if transport == nil {
		transport = http.DefaultTransport.(*http.Transport).Clone()
	}
	// A key goes nowhere but where the operator says: a redirect is an error.
	inside := &http.Client{Transport: transport.Clone(), Timeout: fetchWithin, CheckRedirect: func(*http.Request, []*http.Request) error {
		return errors.New("the server sends its answer from elsewhere, where the key must not go")
	}}
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	if !private {
		// checked on the address that is dialled: a name may lead elsewhere each time
		dialer.Control = func(_, address string, _ syscall.RawConn) error {
			to, err := netip.ParseAddrPort(address)
			if err != nil || !public(to.Addr()) {
				return errPrivate
			}
			return nil
		}
		transport.Proxy = nil
	}
	transport.DialContext = dialer.DialContext
	return &Fetcher{private: private, within: readWithin, servers: servers, inside: inside, client: &http.Client{Transport: transport, Timeout: fetchWithin, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if len(via) >= maxRedirects {
			return fmt.Errorf("more than %d redirects", maxRedirects)
		}
		if r.URL.Scheme != "https" && !private {
			return errors.New("a redirect leads away from HTTPS")
		}
		return nil
	}}}
}

// sharedRanges look public to net/netip and are not: those that providers share
// (RFC 6598), that are reserved (RFC 1112), and IPv4 behind a translator (RFC
// 6052), 6to4 (RFC 3056) or Teredo (RFC 4380).
var sharedRanges = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("2001::/32"),
}

func public(a netip.Addr) bool {
	a = a.Unmap()
	if !a.IsGlobalUnicast() || a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() {
		return false
	}
	for _, r := range sharedRanges {
		if r.Contains(a) {
			return false
		}
	}
	return true
}

// Fetch reads a feed; changed is false when the server says that it is still
// what last stood for. At most 64 MB are read.
func (f *Fetcher) Fetch(ctx context.Context, address string, last sweep.Stamp, now time.Time) (body io.ReadCloser, stamp sweep.Stamp, changed bool, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, last, false, fmt.Errorf("the address of a source can't be used: %w", err)
	}
	if r.URL.Scheme != "https" && !f.private {
		return nil, last, false, errors.New("a source must be read over https://")
	}
	r.Header.Set("User-Agent", "footprint")
	if last.ETag != "" {
		r.Header.Set("If-None-Match", last.ETag)
	}
	if last.Modified != "" {
		r.Header.Set("If-Modified-Since", last.Modified)
	}
	res, err := f.client.Do(r)
	if err != nil {
		if errors.Is(err, errPrivate) {
			return nil, last, false, errPrivate
		}
		return nil, last, false, fmt.Errorf("reading a source: %w", err)
	}
	stamp = sweep.Stamp{ETag: res.Header.Get("ETag"), Modified: res.Header.Get("Last-Modified"), Fetched: now.UTC()}
	switch {
	case res.StatusCode == http.StatusNotModified:
		_ = res.Body.Close()
		last.Fetched = stamp.Fetched
		return nil, last, false, nil
	case res.StatusCode != http.StatusOK:
		_ = res.Body.Close()
		return nil, last, false, fmt.Errorf("the server answered %s", res.Status)
	case res.ContentLength > maxSource:
		_ = res.Body.Close()
		return nil, last, false, fmt.Errorf("it is larger than %d MB", maxSource>>20)
	}
	return res.Body, stamp, true, nil
}
