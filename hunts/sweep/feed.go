package sweep

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts"
)

// Feed is a source that is read again before each sweep. Its text is the
// Source of the entries that come from it.
type Feed struct {
	URL       string  // an HTTPS address
	Columns   Columns // of a CSV there; nil finds out
	Workspace bool    // the workspace itself keeps it
	Tips      hunts.TipSource
}

// The texts of the feeds that a workspace keeps.
const (
	threatIntelligence = "ti"
	sentinelWatchlist  = "sentinel:"
)

// ParseFeed reads the text of a feed: ti for the workspace's threat
// intelligence, sentinel:ALIAS for a watchlist of it, or an HTTPS address, which
// may name the columns of a CSV behind a #, such as #indicator=Host&expires=Until.
func ParseFeed(text string) (Feed, error) {
	text = strings.TrimSpace(text)
	if strings.EqualFold(text, threatIntelligence) {
		return Feed{Workspace: true}, nil
	}
	if len(text) > len(sentinelWatchlist) && strings.EqualFold(text[:len(sentinelWatchlist)], sentinelWatchlist) {
		alias := text[len(sentinelWatchlist):]
		// learn.microsoft.com/azure/sentinel/watchlists: an alias has 3 to 64 characters
		if len(alias) < 3 || len(alias) > 64 {
			return Feed{}, fmt.Errorf("%q is no alias of a watchlist: it has 3 to 64 characters", alias)
		}
		return Feed{Workspace: true, Tips: hunts.TipSource{Watchlist: alias}}, nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || len(text) > 2000 {
		return Feed{}, fmt.Errorf("%q is no source of indicators: write an https:// address, ti for the threat intelligence of the workspace, or sentinel:ALIAS for one of its watchlists", text)
	}
	if u.User != nil {
		return Feed{}, fmt.Errorf("the address of a source can't hold a password; it would be shown to everybody here")
	}
	// what stands behind # never leaves this machine
	columns, err := ParseColumns(strings.ReplaceAll(u.Fragment, "&", ","))
	if err != nil {
		return Feed{}, err
	}
	u.Fragment, u.RawFragment = "", ""
	return Feed{URL: u.String(), Columns: columns}, nil
}

// String is the text that ParseFeed reads.
func (f Feed) String() string {
	switch {
	case f.URL != "" && f.Columns != nil:
		return f.URL + "#" + (&url.URL{Fragment: strings.ReplaceAll(f.Columns.String(), ",", "&")}).EscapedFragment()
	case f.URL != "":
		return f.URL
	case f.Tips.Watchlist != "":
		return sentinelWatchlist + f.Tips.Watchlist
	}
	return threatIntelligence
}

// IsFeed tells whether the source of an entry is read again before each sweep.
func IsFeed(source string) bool {
	f, err := ParseFeed(source)
	return err == nil && f.String() == source
}

// Read reads what the address of a feed gave. Of a MISP feed the address is its
// manifest; get reads the events that this names, the latest of those that are
// not too old to be hunted.
func (f Feed) Read(body io.Reader, get func(address string) (io.ReadCloser, error), now time.Time) (List, error) {
	u, err := url.Parse(f.URL)
	if err != nil {
		return List{}, fmt.Errorf("the address of a source: %w", err)
	}
	if path.Base(u.Path) != manifestName {
		list, err := Read(path.Base(u.Path), body, f.Columns, now)
		list.from(f.String())
		return list, err
	}
	data, err := io.ReadAll(io.LimitReader(body, maxSource))
	if err != nil {
		return List{}, fmt.Errorf("reading a source: %w", err)
	}
	events := manifestEvents(data)
	if len(events) == 0 {
		return List{}, errors.New("it names no events of MISP")
	}
	r := newReader(f.String(), now)
	for n, e := range events {
		if n == maxManifest || e.Changed.Before(now.Add(-manifestBack)) {
			break
		}
		event, err := get(u.ResolveReference(&url.URL{Path: e.UUID + ".json"}).String())
		if err != nil {
			return List{}, fmt.Errorf("event %s: %w", e.UUID, err)
		}
		data, err := io.ReadAll(io.LimitReader(event, maxSource))
		_ = event.Close()
		if err != nil {
			return List{}, fmt.Errorf("event %s: %w", e.UUID, err)
		}
		r.misp(data)
	}
	return r.List, r.tooLong()
}

// from names the source of a list.
func (l *List) from(source string) {
	for n := range l.Entries {
		l.Entries[n].Source = source
	}
	for n := range l.Problems {
		l.Problems[n].Source = source
	}
}
