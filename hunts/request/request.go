// Package request is the grammar in which people ask: key=value words, pasted
// indicators, a window, a reason. Parse reads what a person typed and a chat
// client mangled, Format writes it back so that Parse reads the same.
//
// It asks nothing and knows no clock but the one it is given, to refuse windows
// in the future. What it can't read comes back as a Refusal whose one sentence
// says what to type instead. What surprises: a file beside addresses narrows
// them, and "hunt" before anything that is no name is only the verb.
package request

import (
	"slices"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts/indicator"
)

// MaxIndicators is how many indicators one request may hold; more is what a
// sweep is for.
const MaxIndicators = 200

// Request is a parsed request: (IPs or Domains) and Files and Devices, within
// a window. Lists hold no duplicates and are nil when nothing was given.
type Request struct {
	IPs     []indicator.Indicator `json:"ips,omitempty"`     // ip, cidr, and url whose host is an address
	Domains []indicator.Indicator `json:"domains,omitempty"` // domain, suffix, and url whose host is a name
	Files   []indicator.Indicator `json:"files,omitempty"`   // file, md5, sha1, sha256
	Devices []string              `json:"devices,omitempty"` // as typed; compare without regard to case
	// Accounts restrict a device's hunt to what ran as them.
	Accounts []string `json:"accounts,omitempty"`

	Since time.Duration `json:"since,omitempty"` // look-back; zero when not given: the default is the caller's
	All   bool          `json:"all,omitempty"`   // since=all
	From  time.Time     `json:"from,omitzero"`   // inclusive, UTC; zero when not given
	To    time.Time     `json:"to,omitzero"`     // exclusive, UTC; to=<date> is the midnight after that day

	Exclude     []string `json:"exclude,omitempty"`      // exclusion profiles, lower case
	ExcludeNone bool     `json:"exclude_none,omitempty"` // exclude=none
	Workspaces  []string `json:"workspaces,omitempty"`
	Places      []string `json:"places,omitempty"`   // groups of places to look at beside the endpoints, lower case
	Why         string   `json:"why,omitempty"`      // one line
	Hunt        string   `json:"hunt,omitempty"`     // catalogue name, from "hunt NAME …" or hunt=NAME
	Incident    string   `json:"incident,omitempty"` // digits, behind "sentinel:" or "defender:" where the portal is named
	Fresh       bool     `json:"fresh,omitempty"`    // fresh=yes: no answer from the cache
}

// Indicators lists all indicators once, addresses first, then domains, then
// files, each in the order in which they were given.
func (r Request) Indicators() []indicator.Indicator {
	all := make([]indicator.Indicator, 0, len(r.IPs)+len(r.Domains)+len(r.Files))
	seen := make(map[indicator.Indicator]bool, cap(all))
	for _, list := range [...][]indicator.Indicator{r.IPs, r.Domains, r.Files} {
		for _, i := range list {
			if !seen[i] {
				seen[i] = true
				all = append(all, i)
			}
		}
	}
	return all
}

// Add puts an indicator into the list where its kind belongs, unless it is
// there already.
func (r *Request) Add(i indicator.Indicator) {
	list := &r.Files
	switch i.Group() {
	case "ip":
		list = &r.IPs
	case "dns":
		list = &r.Domains
	}
	if !slices.Contains(*list, i) {
		*list = append(*list, i)
	}
}

// Format writes a request in the grammar, so that Parse reads the same request
// back. Values are canonical, not defanged: encode them for where they go.
func Format(r Request) string {
	var parts []string
	list := func(key string, values []string) {
		if len(values) > 0 {
			quoted := make([]string, len(values))
			for i, v := range values {
				quoted[i] = quote(v, key == "dns" && i > 0)
			}
			parts = append(parts, key+"="+strings.Join(quoted, ","))
		}
	}
	one := func(key, value string) {
		if value != "" {
			list(key, []string{value})
		}
	}
	one("hunt", r.Hunt)
	list("ip", valuesOf(r.IPs))
	list("dns", valuesOf(r.Domains))
	list("file", valuesOf(r.Files))
	list("device", r.Devices)
	list("user", r.Accounts)
	if r.All {
		one("since", "all")
	} else if r.Since > 0 {
		one("since", formatDuration(r.Since))
	}
	if !r.From.IsZero() {
		one("from", r.From.UTC().Format(time.RFC3339Nano))
	}
	if !r.To.IsZero() {
		one("to", r.To.UTC().Format(time.RFC3339Nano))
	}
	if r.ExcludeNone {
		one("exclude", "none")
	}
	list("exclude", r.Exclude)
	list("workspace", r.Workspaces)
	list("places", r.Places)
	one("incident", r.Incident)
	if r.Fresh {
		one("fresh", "yes")
	}
	// Parse reads <…> as a link of the chat client; in a reason it is text.
	one("why", strings.ReplaceAll(r.Why, "<", "&lt;"))
	return strings.Join(parts, " ")
}

func valuesOf(list []indicator.Indicator) []string {
	values := make([]string, len(list))
	for i, ind := range list {
		values[i] = ind.Value
	}
	return values
}

// quote puts a value in quotes unless it reads the same without. Behind a
// comma a value without a dot could be the tail of a URL.
func quote(s string, behindComma bool) string {
	bare := s != "" && !(behindComma && !strings.Contains(s, "."))
	for i := 0; i < len(s) && bare; i++ {
		bare = isAlnum(s[i]) || strings.IndexByte("*_.:/-%#?=&+~@;$", s[i]) >= 0
	}
	if bare && (isAlnum(s[len(s)-1]) || s[len(s)-1] == '/' || strings.HasSuffix(s, "::")) {
		return s
	}
	return `"` + escapeQuotes(s) + `"`
}

func escapeQuotes(s string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s)
}

// Join makes one request text of command-line arguments, keeping those
// together that the shell kept together: "why=two words" stays one value. An
// argument that holds several keys is a request by itself and stays as it is;
// a reason may speak of keys, unless it is all there is.
func Join(args []string) string {
	parts := make([]string, len(args))
	for i, arg := range args {
		parts[i] = arg
		key, value, _ := strings.Cut(arg, "=")
		k := canonicalKey(key)
		switch {
		case k == "" || startsQuoted(value) || !strings.ContainsFunc(value, isSpace):
		case hasKey(value) && (k != "why" || len(args) == 1):
		default:
			parts[i] = key + `="` + escapeQuotes(value) + `"`
		}
	}
	return strings.Join(parts, " ")
}

// hasKey tells whether a key of the grammar starts behind a blank.
func hasKey(s string) bool {
	for _, word := range strings.FieldsFunc(s, isSpace)[1:] {
		if key, _, found := strings.Cut(word, "="); found && canonicalKey(key) != "" {
			return true
		}
	}
	return false
}
