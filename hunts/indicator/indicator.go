// Package indicator reads the network and file indicators that people type,
// paste and receive, and the request grammar built on them. A reader gets one
// canonical value per indicator, however it was written: defanged, mangled by
// a chat client, in capitals, in Unicode.
//
// It never guesses in silence. What it cannot read comes back as a Refusal
// whose one sentence says what to type instead, and what it finds in free text
// but would not swear to comes back marked as doubtful. It does no I/O, reads
// no clock and knows nothing of hunts.
//
// Three things surprise. "*.evil.example" means the sub-domains without the
// domain itself, "*evil.example" any name that ends so, and plain
// "evil.example" the domain with its sub-domains. A URL is hunted by its host:
// Value keeps the URL that was given, Host is what is matched, and a URL whose
// host is an address stands among the addresses. A port without scheme or path
// is dropped, because nothing is hunted by port.
package indicator

import (
	"net/netip"
	"strings"
)

// Kind is the type of an indicator.
type Kind string

// The kinds of indicators.
const (
	KindIP     Kind = "ip"
	KindCIDR   Kind = "cidr"
	KindDomain Kind = "domain"
	KindSuffix Kind = "suffix"
	KindURL    Kind = "url"
	KindFile   Kind = "file"
	KindMD5    Kind = "md5"
	KindSHA1   Kind = "sha1"
	KindSHA256 Kind = "sha256"
)

// Indicator is one value to look for, in canonical form. Two indicators are
// the same when they are equal with ==.
type Indicator struct {
	// Kind says which of the other fields count.
	Kind Kind `json:"kind"`
	// Value is refanged, lower case, in punycode; an IPv4-mapped IPv6 address
	// is the IPv4 address, a CIDR is masked, a single-address CIDR is an ip.
	// A URL keeps its path as given. "*.evil.example" and "*evil.example" keep
	// their star.
	Value string `json:"value"`
	// Host is the name to match for a domain, the bare suffix for a suffix, and
	// the name or address for a url; empty for the other kinds.
	Host string `json:"host,omitempty"`
	// SubOnly is set for "*.evil.example": sub-domains of Host, not Host itself.
	SubOnly bool `json:"sub_only,omitempty"`
}

// String gives the canonical value, as it is put into answers and exports.
func (i Indicator) String() string { return i.Value }

// Defanged gives the value as it is shown to people: nothing in it can be
// clicked or is linked by a chat client.
func (i Indicator) Defanged() string {
	switch i.Kind {
	case KindIP, KindCIDR:
		return defangAddress(i.Value)
	case KindDomain, KindSuffix:
		return strings.ReplaceAll(i.Value, ".", "[.]")
	case KindURL:
		return defangURL(i.Value)
	case KindFile:
		return defangFile(i.Value)
	default:
		return i.Value
	}
}

// Addr gives the address of an ip, or of a url whose host is an address.
func (i Indicator) Addr() (netip.Addr, bool) {
	text := i.Host
	if i.Kind == KindIP {
		text = i.Value
	}
	if i.Kind != KindIP && i.Kind != KindURL {
		return netip.Addr{}, false
	}
	a, err := netip.ParseAddr(text)
	return a, err == nil
}

// Prefix gives the network of a cidr.
func (i Indicator) Prefix() (netip.Prefix, bool) {
	if i.Kind != KindCIDR {
		return netip.Prefix{}, false
	}
	p, err := netip.ParsePrefix(i.Value)
	return p, err == nil
}

// IsHash tells whether the indicator is a file hash.
func (i Indicator) IsHash() bool {
	return i.Kind == KindMD5 || i.Kind == KindSHA1 || i.Kind == KindSHA256
}

// Group tells in which list of a Request an indicator stands.
func (i Indicator) Group() string {
	switch i.Kind {
	case KindIP, KindCIDR:
		return "ip"
	case KindDomain, KindSuffix:
		return "dns"
	case KindURL:
		if _, isAddr := i.Addr(); isAddr {
			return "ip"
		}
		return "dns"
	default:
		return "file"
	}
}
