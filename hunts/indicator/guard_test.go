package indicator

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
)

func TestGuardHoldsWhatIsNotWorthAHunt(t *testing.T) {
	g := DefaultGuard()
	g.OwnDomains = []string{"contoso.example"}
	g.OwnNetworks = []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}
	cases := []struct{ name, typed, want string }{
		{"a private address", "ip=10.2.3.4", "private"},
		{"a private IPv6 address", "ip=fd00::1", "private"},
		{"a private network", "ip=192.168.0.0/24", "private"},
		{"Azure's WireServer", "ip=168.63.129.16", "private"},
		{"the public address beside it", "ip=168.63.129.17", ""},
		{"loopback", "ip=127.0.0.1", "loopback"},
		{"loopback in IPv6", "ip=::1", "loopback"},
		{"link-local", "ip=fe80::1", "link-local"},
		{"multicast", "ip=239.1.2.3", "multicast"},
		{"a public resolver", "ip=8.8.8.8", "public resolver"},
		{"a public resolver, mapped", "ip=::ffff:1.1.1.1", "public resolver"},
		{"a URL on a private address", "dns=http://192.168.1.1/x", "private"},
		{"an own address", "ip=198.51.100.7", "own network"},
		{"an own network", "ip=198.51.100.0/25", "own network"},
		{"the own domain", "dns=contoso.example", "own domain"},
		{"an own sub-domain in a URL", "dns=https://www.contoso.example/a", "own domain"},
		{"a well-known domain", "dns=microsoft.com", "well-known good domain"},
		{"a sub-domain of one", "dns=fe2.update.microsoft.com", "well-known good domain"},
		{"a report about it", "dns=https://www.virustotal.com/gui/file/x", "well-known good domain"},
		{"an internal name", "dns=printer.local", "internal name"},
		{"a ubiquitous program", "file=SVCHOST.EXE", "runs on every device"},
		{"the empty file", "file=d41d8cd98f00b204e9800998ecf8427e", "hash of an empty file"},

		{"a platform by its bare name", "dns=github.com", "platform everyone uses"},
		{"a platform with www", "dns=www.dropbox.com", "platform everyone uses"},
		{"a provider of free mail", "dns=proton.me", "free mail"},
		{"the link of a mail gateway", "dns=https://nam02.safelinks.protection.outlook.com/?data=05", "well-known good domain"},

		{"a page on a platform must be hunted", "dns=https://github.com/evil/x/raw/a.exe", ""},
		{"a name below a platform must be hunted", "dns=evil.netlify.app", ""},
		{"a public address must be hunted", "ip=203.0.113.66", ""},
		{"a wider network than the private one must be hunted", "ip=192.0.0.0/8", ""},
		{"a look-alike domain must be hunted", "dns=notmicrosoft.com", ""},
		{"a domain with a good one in front must be hunted", "dns=microsoft.com.evil.example", ""},
		{"storage that anybody can rent must be hunted", "dns=evil.blob.core.windows.net", ""},
		{"a shared document must be hunted", "dns=https://docs.google.com/a", ""},
		{"a raw file must be hunted", "dns=https://raw.githubusercontent.com/a/b", ""},
		{"a program of its own must be hunted", "file=evil.exe", ""},
		{"a hash must be hunted", "file=9f86d081884c7d659a2feaa0c55ad015", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			key, value, _ := strings.Cut(c.typed, "=")
			typed, no := TypeAs(key, value)
			if no != nil {
				t.Fatal(no.Sentence)
			}
			reason, held := g.Check(typed)
			if reason != c.want || held != (c.want != "") {
				t.Errorf("Check(%s) = %q, %v; want %q", c.typed, reason, held, c.want)
			}
		})
	}
}

func TestGuardDataIsCanonical(t *testing.T) {
	g := DefaultGuard()
	for _, d := range slices.Concat(g.GoodDomains, g.OpenDomains, g.Platforms, g.FreeMail) {
		if ind, no := typeDNS(d); no != nil || ind.Value != d {
			t.Errorf("%q is not canonical: %v", d, no)
		}
	}
	for _, f := range g.Files {
		if f != strings.ToLower(f) {
			t.Errorf("%q is not lower case", f)
		}
	}
	for _, h := range g.Hashes {
		if HashKind(h) == "" {
			t.Errorf("%q is no hash", h)
		}
	}
}
