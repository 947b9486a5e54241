package request

import (
	"strings"

	"github.com/footprint-soc/footprint/hunts/indicator"
)

// Refusal says why something was not accepted.
type Refusal = indicator.Refusal

// keys are the keys of the grammar in the order in which Format writes them.
var keys = [...]string{"hunt", "ip", "dns", "file", "device", "user", "since", "from", "to", "exclude", "workspace", "places", "incident", "fresh", "why"}

// canonicalKey resolves a typed key; empty when it is unknown.
func canonicalKey(typed string) string {
	switch k := strings.ToLower(typed); k {
	case "domain", "url":
		return "dns"
	case "process", "hash", "md5", "sha1", "sha256":
		return "file"
	case "host":
		return "device"
	case "account":
		return "user"
	default:
		for _, known := range keys {
			if k == known {
				return k
			}
		}
		return ""
	}
}

// meanings are common names for what a key stands for.
var meanings = [...]struct{ key, words string }{
	{"dns", "domain url"}, {"file", "process hash md5 sha1 sha256"}, {"device", "host"}, {"file", "name filename image exe proc"}, {"ip", "addr address ipv4 ipv6 cidr net subnet src dst"}, {"dns", "fqdn uri link site hostname"},
	{"device", "computer machine endpoint pc sensor"}, {"user", "account login upn who"}, {"since", "last days time window ago lookback"}, {"from", "start begin after"}, {"to", "end until before till"}, {"why", "reason because comment note"},
	{"exclude", "without ignore hide"}, {"workspace", "ws tenant"}, {"places", "place logs"}, {"incident", "inc case ticket"},
}

// longestKey is longer than every key: what follows in a typed word tells nothing.
const longestKey = 24

// nearestKey is the key that was probably meant: by meaning when the word is a
// common name for one, by edit distance otherwise.
func nearestKey(typed string) string {
	k := strings.ToLower(strings.Trim(typed, "-–—_"))
	k = k[:min(len(k), longestKey)]
	best, bestDistance := "", 1<<30
	try := func(word, key string) {
		if d := Distance(k, word); d < bestDistance {
			best, bestDistance = key, d
		}
	}
	for _, c := range keys {
		try(c, c)
	}
	for _, m := range meanings {
		for _, word := range strings.Fields(m.words) {
			try(word, m.key)
		}
	}
	return best
}
