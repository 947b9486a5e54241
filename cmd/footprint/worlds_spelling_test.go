package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
)

// spelling is one way in which an event writes its remote side.
type spelling struct {
	kind string
	sure bool // it has one meaning, which a hunt must read
	// write puts the remote side into an event; an address for address ways, a
	// host for the others.
	write func(s *scope, c cells, addr netip.Addr, host string)
}

func inRemoteIP(kind string, sure bool, f func(a netip.Addr) string) spelling {
	return spelling{kind, sure, func(_ *scope, c cells, a netip.Addr, _ string) { c["RemoteIP"], c["RemoteUrl"] = f(a), "" }}
}

func inRemoteURL(kind string, sure bool, f func(host string) string) spelling {
	return spelling{kind, sure, func(_ *scope, c cells, _ netip.Addr, h string) { c["RemoteUrl"] = f(h) }}
}

func numberInURL(kind string, f func(a netip.Addr) string) spelling {
	return spelling{kind, true, func(_ *scope, c cells, a netip.Addr, _ string) {
		c["RemoteUrl"], c["RemoteIP"] = f(a), "10.9.9.9"
	}}
}

func hex4(a netip.Addr) string {
	b := a.As4()
	return fmt.Sprintf("%02x%02x:%02x%02x", b[0], b[1], b[2], b[3])
}

func whole(a netip.Addr) uint32 {
	b := a.As4()
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}

// fourWays are the ways to write an IPv4 address.
func fourWays() []spelling {
	return []spelling{
		inRemoteIP("address: plain", true, netip.Addr.String),
		inRemoteIP("address: mapped", true, func(a netip.Addr) string { return "::ffff:" + a.String() }),
		inRemoteIP("address: mapped hex", true, func(a netip.Addr) string { return "::FFFF:" + hex4(a) }),
		inRemoteIP("address: nat64", true, func(a netip.Addr) string { return "64:ff9b::" + hex4(a) }),
		inRemoteIP("address: nat64 dotted", true, func(a netip.Addr) string { return "64:ff9b::" + a.String() }),
		inRemoteIP("address: 6to4", true, func(a netip.Addr) string { return "2002:" + hex4(a) + "::1" }),
		inRemoteIP("address: with port", false, func(a netip.Addr) string { return a.String() + ":443" }),
		inRemoteIP("address: bracketed", false, func(a netip.Addr) string { return "[::ffff:" + a.String() + "]" }),
		inRemoteIP("address: leading zeros", false, func(a netip.Addr) string {
			b := a.As4()
			return fmt.Sprintf("%03d.%03d.%03d.%03d", b[0], b[1], b[2], b[3])
		}),
		inRemoteIP("address: spreadsheet text", false, func(a netip.Addr) string { return `="` + a.String() + `"` }),
		inRemoteIP("address: defanged", false, func(a netip.Addr) string { return strings.ReplaceAll(a.String(), ".", "[.]") }),
		inRemoteIP("address: list", false, func(a netip.Addr) string { return `["192.0.2.9","` + a.String() + `"]` }),
		inRemoteIP("address: blanks around", false, func(a netip.Addr) string { return " " + a.String() + " " }),
		numberInURL("address: in a URL", func(a netip.Addr) string { return "http://" + a.String() + "/gate" }),
		numberInURL("address: in a URL with port", func(a netip.Addr) string { return a.String() + ":8443" }),
		numberInURL("address: mapped in a URL", func(a netip.Addr) string { return "http://[::ffff:" + hex4(a) + "]/" }),
		numberInURL("address: hex host", func(a netip.Addr) string { return fmt.Sprintf("http://0x%08X/a", whole(a)) }),
		numberInURL("address: decimal host", func(a netip.Addr) string { return fmt.Sprintf("http://%d/a", whole(a)) }),
		numberInURL("address: octal host", func(a netip.Addr) string {
			b := a.As4()
			return fmt.Sprintf("http://%#o.0x%x.%d/a", b[0], b[1], uint32(b[2])<<8|uint32(b[3]))
		}),
		numberInURL("address: mixed host", func(a netip.Addr) string {
			b := a.As4()
			return fmt.Sprintf("http://%d.0x%X.%d.%#o/a", b[0], b[1], b[2], b[3])
		}),
		{"address: HTTP inspected host", true, func(s *scope, c cells, a netip.Addr, _ string) {
			s.inspect(c, "HttpConnectionInspected", bag("direction", "Out", "host", a.String()))
			c["RemoteIP"] = "10.9.9.9"
		}},
		{"address: inspected inbound", true, func(s *scope, c cells, a netip.Addr, _ string) {
			s.inspect(c, "HttpConnectionInspected", `{"direction":"In","host":"10.1.0.9"}`)
			c["LocalIP"], c["RemoteIP"] = a.String(), "10.1.0.9"
		}},
		{"address: inspected, no direction", true, func(s *scope, c cells, a netip.Addr, _ string) {
			s.inspect(c, "NetworkSignatureInspected", `{"SignatureName":"x","SignatureMatchedContent":"y"}`)
			c["LocalIP"], c["RemoteIP"] = a.String(), "10.1.0.9"
		}},
	}
}

// sixWays are the ways to write an IPv6 address.
func sixWays() []spelling {
	return []spelling{
		inRemoteIP("address 6: plain", true, netip.Addr.String),
		inRemoteIP("address 6: full", true, func(a netip.Addr) string { return strings.ToUpper(a.StringExpanded()) }),
		inRemoteIP("address 6: zone", false, func(a netip.Addr) string { return a.String() + "%12" }),
		numberInURL("address 6: in a URL", func(a netip.Addr) string { return "https://[" + a.String() + "]:8443/x" }),
		numberInURL("address 6: without brackets", netip.Addr.String),
	}
}

// hostWays are the ways to write a host name.
func hostWays() []spelling {
	ways := []spelling{
		inRemoteURL("name: plain", true, func(h string) string { return h }),
		inRemoteURL("name: upper case", true, strings.ToUpper),
		inRemoteURL("name: with port", true, func(h string) string { return h + ":8443" }),
		inRemoteURL("name: URL", true, func(h string) string { return "https://" + h + "/a?u=good.example" }),
		inRemoteURL("name: user", true, func(h string) string { return "http://good.example@" + h + "/" }),
		inRemoteURL("name: root dot", true, func(h string) string { return h + "." }),
		inRemoteURL("name: leading blank", true, func(h string) string { return " " + h }),
		inRemoteURL("name: no scheme", true, func(h string) string { return "//" + h + "/x" }),
		inRemoteURL("name: backslash", true, func(h string) string { return h + `\x` }),
		inRemoteURL("name: backslashes for slashes", true, func(h string) string { return `http:\\` + h + `\x` }),
		inRemoteURL("name: two at", true, func(h string) string { return "https://a@b@" + h + "/" }),
		{"name: TLS inspected", true, func(s *scope, c cells, _ netip.Addr, h string) {
			s.inspect(c, "SslConnectionInspected", bag("direction", "Out", "server_name", h))
		}},
		{"name: HTTP inspected", true, func(s *scope, c cells, _ netip.Addr, h string) {
			s.inspect(c, "HttpConnectionInspected", bag("direction", "Out", "host", h+":80"))
		}},
		{"name: query beside host", true, func(s *scope, c cells, _ netip.Addr, h string) {
			s.inspect(c, "HttpConnectionInspected", bag("direction", "Out", "query", "q=1", "host", h))
		}},
		{"name: doubly encoded", false, func(s *scope, c cells, _ netip.Addr, h string) {
			s.inspect(c, "SslConnectionInspected", string(must(json.Marshal(bag("direction", "Out", "server_name", h)))))
		}},
		{"name: cut details", false, func(s *scope, c cells, _ netip.Addr, h string) {
			whole := bag("direction", "Out", "server_name", h, "issuer", "CN=x")
			s.inspect(c, "SslConnectionInspected", whole[:len(whole)-14])
		}},
		{"name: DNS inspected", true, func(s *scope, c cells, _ netip.Addr, h string) {
			s.inspect(c, "DnsConnectionInspected", bag("direction", "Out", "query", h))
			c["RemoteIP"], c["RemotePort"] = "10.0.0.53", 53
		}},
	}
	for i := range ways {
		ways[i].write = keepAddress(ways[i].write)
	}
	return ways
}

// keepAddress gives the events of a name an address that means nothing.
func keepAddress(write func(*scope, cells, netip.Addr, string)) func(*scope, cells, netip.Addr, string) {
	return func(s *scope, c cells, a netip.Addr, h string) {
		c["RemoteIP"] = "192.0.2.200"
		write(s, c, a, h)
	}
}

func bag(pairs ...string) string {
	var b strings.Builder
	for i := 0; i < len(pairs); i += 2 {
		fmt.Fprintf(&b, ",%s:%s", must(json.Marshal(pairs[i])), must(json.Marshal(pairs[i+1])))
	}
	return "{" + b.String()[1:] + "}"
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// idn pairs a name's two forms.
var idn = [][2]string{{"xn--mnchen-3ya", "münchen"}, {"xn--bcher-kva", "bücher"}, {"xn--e1afmkfd", "пример"}}

// unicodeOf writes the labels that have a Unicode form in it. A label that only
// holds one of them has another form, and stays.
func unicodeOf(host string) string {
	labels := strings.Split(host, ".")
	for i := range labels {
		for _, p := range idn {
			if labels[i] == p[0] {
				labels[i] = p[1]
			}
		}
	}
	return strings.Join(labels, ".")
}

// typedAddress writes an address as people type it.
func typedAddress(r *rand.Rand, a netip.Addr) string {
	if a.Is6() {
		return []string{a.String(), strings.ToUpper(a.StringExpanded()), strings.ReplaceAll(a.String(), ":", "[:]")}[r.IntN(3)]
	}
	ways := []string{
		a.String(), a.String(), strings.ReplaceAll(a.String(), ".", "[.]"), "::ffff:" + a.String(), "http://" + a.String() + "/x", fmt.Sprintf("http://0x%08X/a", whole(a)), fmt.Sprintf("hxxp://%d/", whole(a)),
		strings.Replace(a.String(), ".", "(dot)", 1),
	}
	return ways[r.IntN(len(ways))]
}

// typedHost writes a name as people type it.
func typedHost(r *rand.Rand, h string) string {
	ways := []string{h, h, strings.ReplaceAll(h, ".", "[.]"), strings.ToUpper(h), unicodeOf(h), "hxxps://" + h + "/a", h + ".", strings.Replace(h, ".", "\u200b.", 1), "https://" + h + ":8443/"}
	return ways[r.IntN(len(ways))]
}
