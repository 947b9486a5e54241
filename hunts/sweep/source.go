package sweep

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/footprint-soc/footprint/hunts"
)

// Feed is a source that is read again before each sweep. Its text is the
// Source of the entries that come from it.
type Feed struct {
	URL       string  // an HTTPS address
	Columns   Columns // of a CSV there; nil finds out
	Workspace bool    // the workspace itself keeps it
	Tips      hunts.TipSource
	Server    string // one that the operator has an account for: TAXII, MISP or OpenCTI
	// Collection is the id of a collection of TAXII.
	Collection string
}

// The servers that the operator may have an account for, as they are written.
const (
	TAXII   = "taxii"
	MISP    = "misp"
	OpenCTI = "opencti"
)

// The texts of the feeds that a workspace keeps.
const (
	threatIntelligence = "ti"
	sentinelWatchlist  = "sentinel:"
)

// collectionID is what stands in the address of a collection: its id, or an alias.
var collectionID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)

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
			return Feed{}, fmt.Errorf("%q isn't the alias of a watchlist, which has 3 to 64 characters", alias)
		}
		return Feed{Workspace: true, Tips: hunts.TipSource{Watchlist: alias}}, nil
	}
	switch server, collection, _ := strings.Cut(text, ":"); strings.ToLower(server) {
	case TAXII:
		if !collectionID.MatchString(collection) {
			return Feed{}, fmt.Errorf("taxii: needs the id of a collection, as in taxii:91a7b528-80eb-42ed-a74d-c6fbd5a26116")
		}
		return Feed{Server: TAXII, Collection: collection}, nil
	case MISP, OpenCTI:
		if collection == "" {
			return Feed{Server: strings.ToLower(server)}, nil
		}
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || len(text) > 2000 {
		return Feed{}, fmt.Errorf("%q isn't a source of indicators: write an https:// address, ti for the threat intelligence of the workspace, sentinel:ALIAS for one of its watchlists, or taxii:COLLECTION, misp or opencti for a server that the operator set up", text)
	}
	if u.User != nil {
		return Feed{}, fmt.Errorf("a source's URL can't contain a password: everyone here would see it")
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
	case f.Collection != "":
		return f.Server + ":" + f.Collection
	case f.Server != "":
		return f.Server
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

// Columns says which column of a CSV holds which field of an entry, by the names
// that its header gives them. The fields are those of columnFields.
type Columns map[string]string

// ParseColumns reads what a person says of the columns, such as
// "indicator=Bad host,expires=Good until"; nil for nothing.
func ParseColumns(text string) (Columns, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	out := Columns{}
	for _, pair := range strings.Split(text, ",") {
		field, name, ok := strings.Cut(pair, "=")
		field, name = strings.ToLower(strings.TrimSpace(field)), strings.TrimSpace(name)
		if !slices.Contains(columnFields(), field) || !ok || name == "" {
			return nil, fmt.Errorf("%.60q names no column: write indicator=COLUMN, and so for expires, added, confidence, note, tags, owner and type", strings.TrimSpace(pair))
		}
		out[field] = name
	}
	return out, nil
}

// String is the text that ParseColumns reads.
func (c Columns) String() string {
	pairs := make([]string, 0, len(c))
	for field, name := range c {
		pairs = append(pairs, field+"="+name)
	}
	slices.Sort(pairs)
	return strings.Join(pairs, ",")
}

func columnFields() []string {
	return []string{"indicator", "expires", "added", "confidence", "note", "tags", "owner", "type"}
}

// ID is a name of bounded length for the feed.
func (f Feed) ID() string {
	sum := sha256.Sum256([]byte(f.String()))
	return hex.EncodeToString(sum[:12])
}
