package sweep

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/footprint-soc/footprint/hunts"
)

// Feed is a source that is read again before each sweep. Its text is the
// Source of the entries that come from it.
type Feed struct {
	URL       string // an HTTPS address
	Workspace bool   // the workspace itself keeps it
	Tips      hunts.TipSource
}

// The texts of the feeds that a workspace keeps.
const (
	threatIntelligence = "ti"
	sentinelWatchlist  = "sentinel:"
)

// ParseFeed reads the text of a feed: ti for the workspace's threat
// intelligence, sentinel:ALIAS for a watchlist of it, or an HTTPS address.
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
	u.Fragment = ""
	return Feed{URL: u.String()}, nil
}

// String is the text that ParseFeed reads.
func (f Feed) String() string {
	switch {
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
