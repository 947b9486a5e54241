package runner

import (
	"slices"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/request"
)

// hostOnly marks what a log without paths says of a URL: url_names of match.kql
// writes it.
const hostOnly = "host:"

// params are the values of a request for this hunt: one that compares whole URLs
// gets those that have a path by themselves, every other one gets their hosts.
func (d Definition) params(r request.Request, from, to time.Time, step time.Duration) params {
	if !d.comparesURLs() {
		return newParams(r, from, to, step)
	}
	hosts := func(list []indicator.Indicator) []indicator.Indicator {
		return slices.DeleteFunc(slices.Clone(list), func(i indicator.Indicator) bool { return pageOf(i) != "" })
	}
	rest := r
	rest.IPs, rest.Domains = hosts(r.IPs), hosts(r.Domains)
	p := newParams(rest, from, to, step)
	for _, i := range slices.Concat(r.IPs, r.Domains) {
		p.addURL(i)
	}
	return p
}

// comparesURLs tells whether the body reads whole URLs, and not just their hosts.
func (d Definition) comparesURLs() bool {
	return strings.Contains(d.Query, "url_matches(") || strings.Contains(d.Query, "url_names(")
}

func (p *params) addURL(i indicator.Indicator) {
	page := pageOf(i)
	if page == "" {
		return
	}
	host := strings.ToLower(i.Host)
	if len(p.names[page]) == 0 {
		p.urls = append(p.urls, page)
	}
	p.names[page] = append(p.names[page], i)
	p.names[hostOnly+host] = append(p.names[hostOnly+host], i)
}

// pageOf is a URL as host, path and query, spelled as path_of of match.kql spells
// it; empty for one that names no more than its host, and for whatever is no URL.
func pageOf(i indicator.Indicator) string {
	if i.Kind != indicator.KindURL {
		return ""
	}
	_, rest, found := strings.Cut(i.Value, "://")
	if !found {
		rest = i.Value
	}
	rest, _, _ = strings.Cut(rest, "#")
	at := strings.IndexAny(rest, `/\?`)
	if at < 0 {
		return ""
	}
	path, query, asked := strings.Cut(rest[at:], "?")
	path = strings.ReplaceAll(path, `\`, "/")
	if path != "/" {
		path = strings.TrimRight(path, "/")
	}
	if path == "" {
		path = "/"
	}
	if asked && query != "" {
		return strings.ToLower(i.Host) + path + "?" + query
	}
	if path == "/" {
		return ""
	}
	return strings.ToLower(i.Host) + path
}

// pagesOf are all URLs of a request that name more than their host.
func pagesOf(r request.Request) []string {
	var out []string
	for _, i := range r.Indicators() {
		if page := pageOf(i); page != "" {
			out = append(out, page)
		}
	}
	slices.Sort(out)
	return out
}
