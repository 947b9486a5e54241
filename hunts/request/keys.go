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

// nearestKey is the key that was probably meant: by meaning when the word is a
// common name for one, by edit distance otherwise.
func nearestKey(typed string) string {
	k := strings.ToLower(strings.Trim(typed, "-–—_"))
	best, bestDistance := "", 1<<30
	try := func(word, key string) {
		if d := editDistance(k, word); d < bestDistance {
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

// editDistance counts insertions, deletions, substitutions and swaps of
// neighbours. Only the first 24 bytes of a are compared: no key is longer.
func editDistance(a, b string) int {
	if len(a) > 24 {
		a = a[:24]
	}
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, rows[i-2][j-2]+1)
			}
			rows[i][j] = d
		}
	}
	return rows[len(a)][len(b)]
}
