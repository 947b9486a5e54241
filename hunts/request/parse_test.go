package request

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts/indicator"
)

var testNow = time.Date(2026, 5, 30, 12, 0, 0, 0, time.UTC)

// summary writes a request compactly: kind:value for indicators.
func summary(r Request) string {
	var parts []string
	for _, list := range [...]struct {
		name string
		ind  []indicator.Indicator
	}{{"ips", r.IPs}, {"domains", r.Domains}, {"files", r.Files}} {
		for _, i := range list.ind {
			s := list.name + " " + string(i.Kind) + ":" + i.Value
			if i.Kind == indicator.KindURL {
				s += "@" + i.Host
			}
			parts = append(parts, s)
		}
	}
	for _, d := range r.Devices {
		parts = append(parts, "device "+d)
	}
	if r.Why != "" {
		parts = append(parts, "why "+r.Why)
	}
	return strings.Join(parts, " | ")
}

func TestParseReadsWhatPeopleType(t *testing.T) {
	const sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
	cases := []struct{ name, text, want string }{
		{"the seed's three parameters", "ip=203.0.113.66 dns=cdn-sync.example file=PowerShell.exe", "ips ip:203.0.113.66 | domains domain:cdn-sync.example | files file:powershell.exe"},
		{"bare indicators without keys", "203.0.113[.]66 cdn-sync[.]example powershell.exe " + sha256, "ips ip:203.0.113.66 | domains domain:cdn-sync.example | files file:powershell.exe | files sha256:" + sha256},
		{"bare indicators behind commas", "203.0.113.66, cdn-sync.example,", "ips ip:203.0.113.66 | domains domain:cdn-sync.example"},
		{"aliases and capitals in keys", "URL=evil.example Process=a.exe DOMAIN=b.example", "domains domain:evil.example | domains domain:b.example | files file:a.exe"},
		{"comma lists and repeated keys", "ip=203.0.113.1,203.0.113.2 ip=203.0.113.3,203.0.113.1", "ips ip:203.0.113.1 | ips ip:203.0.113.2 | ips ip:203.0.113.3"},
		{"a comma list with blanks", "ip=203.0.113.1, 203.0.113.2 , 203.0.113.3 file=a.exe, b.exe dns=x.example", "ips ip:203.0.113.1 | ips ip:203.0.113.2 | ips ip:203.0.113.3 | domains domain:x.example | files file:a.exe | files file:b.exe"},
		{"lists with semicolons and bars", "ip=203.0.113.1;203.0.113.2 dns=a.example|b.example", "ips ip:203.0.113.1 | ips ip:203.0.113.2 | domains domain:a.example | domains domain:b.example"},
		{"an address with a slash behind", "ip=203.0.113.1/ 203.0.113.2/", "ips ip:203.0.113.1 | ips ip:203.0.113.2"},
		{"a link relative to its scheme", "dns=//evil.example/x dns=//b.example", "domains url:evil.example/x@evil.example | domains domain:b.example"},
		{"italics and struck-out text", "_evil.example_ ~203.0.113.1~ ip=_203.0.113.2_", "ips ip:203.0.113.1 | ips ip:203.0.113.2 | domains domain:evil.example"},
		{"an underscore that belongs to the name", "dns=_dmarc.evil.example", "domains domain:_dmarc.evil.example"},
		{"an indicator behind an unquoted reason", "why=tip ip=203.0.113.1 evil.example", "ips ip:203.0.113.1 | domains domain:evil.example | why tip"},
		{"a long dash behind", "ip=203.0.113.1— dns=evil.example –", "ips ip:203.0.113.1 | domains domain:evil.example"},
		{"quoted values", `file="my tool.exe" why="it said \"stop\" twice" ip=203.0.113.1`, `ips ip:203.0.113.1 | files file:my tool.exe | why it said "stop" twice`},
		{"a quoted list", `ip="203.0.113.1, 198.51.100.0/24"`, "ips ip:203.0.113.1 | ips cidr:198.51.100.0/24"},
		{"single quotes", `why='ISAC tip' ip=203.0.113.1`, "ips ip:203.0.113.1 | why ISAC tip"},
		{"an unquoted reason keeps its commas", `why=tip,call ip=203.0.113.1`, "ips ip:203.0.113.1 | why tip,call"},
		{"smart quotes", "why=“ISAC tip” ip=203.0.113.1", "ips ip:203.0.113.1 | why ISAC tip"},
		{"curly quotes inside straight ones", `why="the “big” one" ip=203.0.113.1`, "ips ip:203.0.113.1 | why the “big” one"},
		{"a quote opened straight and closed curly", `why="ISAC tip” ip=203.0.113.1`, "ips ip:203.0.113.1 | why ISAC tip"},
		{"a reason on several lines", "why=\"one\ntwo\x00\" ip=203.0.113.1", "ips ip:203.0.113.1 | why one two"},

		{"an IPv4-mapped address", "ip=::ffff:203.0.113.66", "ips ip:203.0.113.66"},
		{"IPv6 in capitals with brackets and port", "ip=[2001:DB8::C]:443", "ips ip:2001:db8::c"},
		{"IPv6 written out", "ip=2001:0db8:0:0:0:0:0:1", "ips ip:2001:db8::1"},
		{"an address behind NAT64", "ip=64:ff9b::cb00:7142", "ips ip:203.0.113.66"},
		{"a network behind NAT64", "ip=64:ff9b::cb00:7100/120", "ips cidr:203.0.113.0/24"},
		{"a 6to4 address", "ip=2002:cb00:7142::1", "ips ip:203.0.113.66"},
		{"a 6to4 site", "ip=2002:cb00:7142::/48", "ips ip:203.0.113.66"},
		{"a 6to4 network", "ip=2002:cb00:7100::/40", "ips cidr:203.0.113.0/24"},
		{"another network of 64:ff9b", "ip=64:ff9b:1::/48", "ips cidr:64:ff9b:1::/48"},
		{"a number with its key", "ip=3405803842", "ips ip:203.0.113.66"},
		{"a hexadecimal number with its key", "ip=0xCB007142", "ips ip:203.0.113.66"},
		{"two numbers with their key", "ip=055.14942165", "ips ip:45.227.255.213"},
		{"four numbers of two bases", "77.0x6E.107.232", "ips ip:77.110.107.232"},
		{"a host of one hexadecimal number", "http://0xCB007142/a", "ips url:http://203.0.113.66/a@203.0.113.66"},
		{"a host of one number with port", "hxxp://3405803842:8080/a", "ips url:http://203.0.113.66:8080/a@203.0.113.66"},
		{"a host of two numbers", "dns=http://055.14942165", "ips url:http://45.227.255.213@45.227.255.213"},
		{"a host of octal numbers", "http://0313.0.0161.0102/", "ips url:http://203.0.113.66/@203.0.113.66"},
		{"a host of numbers without scheme", "dns=0xCB.0.0x7142/a", "ips url:203.0.113.66/a@203.0.113.66"},
		{"a host behind NAT64", "http://[64:ff9b::cb00:7142]/", "ips url:http://203.0.113.66/@203.0.113.66"},
		{"a zone", "ip=fe80::1%eth0", "ips ip:fe80::1"},
		{"an address with port", "ip=203.0.113.66:443", "ips ip:203.0.113.66"},
		{"a network with host bits", "ip=203.0.113.66/24", "ips cidr:203.0.113.0/24"},
		{"a network of one address", "ip=203.0.113.66/32", "ips ip:203.0.113.66"},
		{"an IPv6 network", "ip=2001:db8:1::5/48", "ips cidr:2001:db8:1::/48"},
		{"an IPv4-mapped network", "ip=::ffff:203.0.113.0/120", "ips cidr:203.0.113.0/24"},
		{"a trailing double colon stays", "ip=2001:db8::,", "ips ip:2001:db8::"},

		{"a URL with scheme, port and path", "dns=https://Evil.Example:8443/A/b?c=D", "domains url:https://evil.example:8443/A/b?c=D@evil.example"},
		{"a URL without scheme", "dns=Evil.example/Gate.php", "domains url:evil.example/Gate.php@evil.example"},
		{"a URL whose host is an address", "dns=http://203.0.113.66/a", "ips url:http://203.0.113.66/a@203.0.113.66"},
		{"a URL whose host is IPv6", "dns=http://[2001:db8::1]:80/a", "ips url:http://[2001:db8::1]:80/a@2001:db8::1"},
		{"a URL with credentials in front", "dns=http://good.example@evil.example/a", "domains url:http://good.example@evil.example/a@evil.example"},
		{"a backslash ends the host as in browsers", `dns="http://evil.example\@good.example"`, `domains url:http://evil.example\@good.example@evil.example`},
		{"a bare URL", "hxxps://evil[.]example/x", "domains url:https://evil.example/x@evil.example"},
		{"a bare URL with an equals sign", "http://evil.example/?ip=1&b=2", "domains url:http://evil.example/?ip=1&b=2@evil.example"},
		{"a quoted URL with a comma", `dns="http://evil.example/a,b"`, "domains url:http://evil.example/a,b@evil.example"},
		{"a host with port", "dns=evil.example:8080", "domains domain:evil.example"},
		{"sub-domains only", "dns=*.evil.example", "domains domain:*.evil.example"},
		{"a plain suffix", "dns=*evil.example", "domains suffix:*evil.example"},
		{"a bare suffix", "*evil.example", "domains suffix:*evil.example"},
		{"a host of one label", "dns=fileserver01", "domains domain:fileserver01"},
		{"a company's suffix", "dns=amazonaws.com", "domains domain:amazonaws.com"},
		{"a private suffix", "dns=github.io", "domains domain:github.io"},
		{"an underscore", "dns=_dmarc.evil.example", "domains domain:_dmarc.evil.example"},
		{"a dot at the end", "dns=evil.example.", "domains domain:evil.example"},

		{"a hash by its length", "file=D41D8CD98F00B204E9800998ECF8427E", "files md5:d41d8cd98f00b204e9800998ecf8427e"},
		{"a hash with its name", "file=sha256:" + strings.ToUpper(sha256), "files sha256:" + sha256},
		{"a Windows path", `file="C:\Users\x y\Evil.exe"`, "files file:evil.exe"},
		{"an unquoted Windows path", `file=C:\Windows\System32\cmd.exe`, "files file:cmd.exe"},
		{"a Unix path", `file=/usr/bin/Curl`, "files file:curl"},
		{"an ambiguous name with its key", "file=readme.md dns=evil.zip", "domains domain:evil.zip | files file:readme.md"},
		{"browser copies keep their number", "file=setup[1].exe", "files file:setup[1].exe"},

		{"hxxp and brackets", "dns=hXXp://evil[.]example/a[.]php", "domains url:http://evil.example/a.php@evil.example"},
		{"(dot), {.}, [dot], [ . ]", "dns=a(dot)example,b{.}example,c[dot]example,\"d[ . ]example\"", "domains domain:a.example | domains domain:b.example | domains domain:c.example | domains domain:d.example"},
		{"[:] and [://]", "dns=hxxp[:]//a[.]example/x,hxxps[://]b.example/y", "domains url:http://a.example/x@a.example | domains url:https://b.example/y@b.example"},
		{"a defanged IPv6 address", "ip=2001[:]db8::1", "ips ip:2001:db8::1"},
		{"half a bracket", "dns=evil[.example", "domains domain:evil.example"},
		{"an escaped dot", `dns=evil\.example`, "domains domain:evil.example"},
		{"nested defanging", "dns=evil[[.]]example", "domains domain:evil.example"},
		{"zero-width characters", "dns=ev\u200bil.exa\u2060mple ip=203.0.113\u200b.66", "ips ip:203.0.113.66 | domains domain:evil.example"},
		{"a zero-width character in a key", "\ufeffd\u200bns=evil.example", "domains domain:evil.example"},
		{"Slack's link of a domain", "dns=<http://evil.example|evil.example>", "domains domain:evil.example"},
		{"Slack's link of a URL", "dns=<http://evil.example/a?b=1&amp;c=2>", "domains url:http://evil.example/a?b=1&c=2@evil.example"},
		{"Slack's link of a network", "ip=<http://203.0.113.0/24|203.0.113.0/24>", "ips cidr:203.0.113.0/24"},
		{"Slack's link of a file", "file=<http://readme.md|readme.md>", "files file:readme.md"},
		{"Slack's link of a defanged label", "dns=<http://evil.example|evil[.]example>", "domains domain:evil.example"},
		{"a link whose label lies", "dns=<http://evil.example/|good.example>", "domains url:http://evil.example/@evil.example"},
		{"a mention in front", "<@U012ABCDEF> ip=203.0.113.1", "ips ip:203.0.113.1"},
		{"two links without a blank", "<http://a.example|a.example>, <http://b.example|b.example>", "domains domain:a.example | domains domain:b.example"},
		{"trailing punctuation", "ip=203.0.113.1. dns=evil.example; file=a.exe, ", "ips ip:203.0.113.1 | domains domain:evil.example | files file:a.exe"},
		{"parentheses and brackets around", "(203.0.113.1) [203.0.113.2] <203.0.113.3> `evil.example`", "ips ip:203.0.113.1 | ips ip:203.0.113.2 | ips ip:203.0.113.3 | domains domain:evil.example"},
		{"an international name", "dns=Bücher.example", "domains domain:xn--bcher-kva.example"},
		{"full-width dots and digits", "dns=evil。example ip=２０３．０．１１３．６６", "ips ip:203.0.113.66 | domains domain:evil.example"},
		{"no-break spaces between words", "ip=203.0.113.1\u00a0dns=evil.example", "ips ip:203.0.113.1 | domains domain:evil.example"},
		{"an en dash for a hyphen", "dns=cdn–sync.example", "domains domain:cdn-sync.example"},
		{"a full-width equals sign", "ip＝203.0.113.1", "ips ip:203.0.113.1"},
		{"lines of a pasted list", "203.0.113.1\nevil.example\r\n203.0.113.2", "ips ip:203.0.113.1 | ips ip:203.0.113.2 | domains domain:evil.example"},
		{"a list with hyphens", "- 203.0.113.1\n- evil.example", "ips ip:203.0.113.1 | domains domain:evil.example"},
		{"a list with bullets", "• 203.0.113.1\n•evil.example ◦ 203.0.113.2", "ips ip:203.0.113.1 | ips ip:203.0.113.2 | domains domain:evil.example"},
		{"a list with stars and numbers", "* 203.0.113.1\n2. evil.example 3) 203.0.113.2", "ips ip:203.0.113.1 | ips ip:203.0.113.2 | domains domain:evil.example"},
		{"a hash by any of its keys", "hash=D41D8CD98F00B204E9800998ECF8427E md5=0cc175b9c0f1b6a831c399e269772661 sha256=" + sha256, "files md5:d41d8cd98f00b204e9800998ecf8427e | files md5:0cc175b9c0f1b6a831c399e269772661 | files sha256:" + sha256},
		{"a device by its other key", "host=ws-1 file=dd", "files file:dd | device ws-1"},
		{"a domain behind a file without ending", "file=chrome evil.example", "domains domain:evil.example | files file:chrome"},
		{"a file behind a file", "file=a.exe b.exe", "files file:a.exe | files file:b.exe"},
		{"the verb in front", "hunt ip=203.0.113.1", "ips ip:203.0.113.1"},
		{"a device beside an indicator", "device=WS-FIN-014,ws-fin-014 file=a.exe", "files file:a.exe | device WS-FIN-014"},
		{"a device that Slack linked", "device=<http://ws1.corp.com|ws1.corp.com> file=a.exe", "files file:a.exe | device ws1.corp.com"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r, no := Parse(c.text, testNow)
			if no != nil {
				t.Fatalf("refused %q: %s", c.text, no.Sentence)
			}
			if got := summary(r); got != c.want {
				t.Errorf("Parse(%q)\n got %s\nwant %s", c.text, got, c.want)
			}
			again, no := Parse(Format(r), testNow)
			if no != nil || !reflect.DeepEqual(again, r) {
				t.Errorf("Parse(Format(r)) of %q\n got %+v (%v)\nwant %+v", Format(r), again, no, r)
			}
		})
	}
}

func TestParseReadsWindowAndOptions(t *testing.T) {
	day := func(s string) time.Time {
		at, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return at.UTC()
	}
	ip := []indicator.Indicator{{Kind: indicator.KindIP, Value: "203.0.113.1"}}
	cases := []struct {
		name, text string
		want       Request
	}{
		{"a look-back", "ip=203.0.113.1 since=24h", Request{IPs: ip, Since: 24 * time.Hour}},
		{"a look-back with a full stop behind", "ip=203.0.113.1 since=4w.", Request{IPs: ip, Since: 28 * 24 * time.Hour}},
		{"everything", "ip=203.0.113.1 since=ALL", Request{IPs: ip, All: true}},
		{"two dates, the second to its end", "ip=203.0.113.1 from=2026-05-01 to=2026-05-02", Request{IPs: ip, From: day("2026-05-01T00:00:00Z"), To: day("2026-05-03T00:00:00Z")}},
		{"times with zones become UTC", "ip=203.0.113.1 from=2026-05-01T02:00:00+02:00 to=2026-05-01T01:00:00.5Z", Request{IPs: ip, From: day("2026-05-01T00:00:00Z"), To: day("2026-05-01T01:00:00.5Z")}},
		{"only a start", "ip=203.0.113.1 from=2019-12-05", Request{IPs: ip, From: day("2019-12-05T00:00:00Z")}},
		{"until today", "ip=203.0.113.1 from=2026-05-29 to=2026-05-30", Request{IPs: ip, From: day("2026-05-29T00:00:00Z"), To: day("2026-05-31T00:00:00Z")}},
		{"en dashes in a date", "ip=203.0.113.1 from=2026–05–01", Request{IPs: ip, From: day("2026-05-01T00:00:00Z")}},
		{"profiles", "ip=203.0.113.1 exclude=Internal-DNS,updater", Request{IPs: ip, Exclude: []string{"internal-dns", "updater"}}},
		{"no profile", "ip=203.0.113.1 exclude=none", Request{IPs: ip, ExcludeNone: true}},
		{"workspaces", "ip=203.0.113.1 workspace=prod-eu,prod-us", Request{IPs: ip, Workspaces: []string{"prod-eu", "prod-us"}}},
		{"a named hunt in front", "hunt download-origin ip=203.0.113.1", Request{IPs: ip, Hunt: "download-origin"}},
		{"a named hunt by key", "hunt=download-origin ip=203.0.113.1", Request{IPs: ip, Hunt: "download-origin"}},
		{"an incident alone", "incident=#4711", Request{Incident: "4711"}},
		{"past the cache", "ip=203.0.113.1 fresh=yes", Request{IPs: ip, Fresh: true}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r, no := Parse(c.text, testNow)
			if no != nil {
				t.Fatal(no.Sentence)
			}
			if !reflect.DeepEqual(r, c.want) {
				t.Errorf("got  %+v\nwant %+v", r, c.want)
			}
			again, no := Parse(Format(r), testNow)
			if no != nil || !reflect.DeepEqual(again, r) {
				t.Errorf("Parse(Format(r)) of %q: %+v, %v", Format(r), again, no)
			}
		})
	}
}

func TestParseRefusesWithOneSentence(t *testing.T) {
	cases := []struct{ name, text, key, want string }{
		{"an unknown key", "ipp=203.0.113.1", "ipp", "did you mean ip="},
		{"a device that may be a name", "host=evil.example", "device", "write dns=evil[.]example"},
		{"a network with a mask", "ip=203.0.113.7/255.255.255.0", "ip", "write ip=203.0.113.0/24"},
		{"a bare network with a mask", "203.0.113.7/255.255.255.128", "", "write ip=203.0.113.0/25"},
		{"a mask with a gap", "ip=203.0.113.7/255.0.255.0", "ip", "isn't a network mask"},
		{"stars around a name", "dns=*evil*", "dns", "one star at the start only"},
		{"no hash behind the key of one", "sha256=abc", "sha256", "isn't a hash: write file=abc"},
		{"a hash behind the key of another", "md5=" + strings.Repeat("ab", 32), "md5", "is a SHA256: write sha256="},
		{"a name behind the key of any hash", "hash=powershell.exe", "hash", "write file=powershell"},
		{"a cut-off hash", "file=9f86d081", "file", "8 hexadecimal digits"},
		{"seven digits of a hash", "file=9f86d08", "file", "7 hexadecimal digits"},
		{"a cut-off hash behind its key", "hash=9f86d081884c7d65", "file", "16 hexadecimal digits"},
		{"a bare cut-off hash", "9f86d081", "", "8 hexadecimal digits"},
		{"a shortened hash", "file=9f86d0…0a08", "file", "shortened"},
		{"a shortened hash with three dots", "file=9f86d0...0a08", "file", "shortened"},
		{"a file name with a space", "file=my file.exe ip=203.0.113.66", "file", `write file="my file.exe"`},
		{"a file name of three words at the end", "ip=203.0.113.66 file=my other file.exe", "file", `write file="my other file.exe"`},
		{"a path with a space", `file=C:\Program Files\evil.exe since=7d`, "file", `Program Files\evil.exe`},
		{"a word behind a file name", "file=chrome helper since=7d", "file", `write file="chrome helper"`},
		{"a whole number alone", "3405803842", "", "write ip=203.0.113[.]66"},
		{"a whole number as a name", "dns=0xCB007142", "dns", "write ip=203.0.113[.]66"},
		{"a host of too many numbers", "dns=http://1.2.3.4.5/", "dns", "ends in a number"},
		{"a number too large for a host", "dns=http://4294967296/", "dns", "ends in a number"},
		{"a port alone", "203.0.113.66 443", "", "can't tell"},
		{"all of IPv4 behind NAT64", "ip=64:ff9b::/96", "ip", "too wide"},
		{"a swapped key", "dsn=evil.example", "dsn", "did you mean dns="},
		{"a key with dashes", "--ip=203.0.113.1", "--ip", "did you mean ip="},
		{"a number over 255", "ip=203.0.113.666", "ip", "0 to 255"},
		{"a bare address with a number over 255", "203.0.113.666", "", "0 to 255"},
		{"an address with a number over 255 as a name", "dns=203.0.113.666", "dns", "0 to 255"},
		{"three numbers", "ip=203.0.113", "ip", "needs four"},
		{"five numbers", "ip=203.0.113.6.6", "ip", "needs four"},
		{"an octal number", "ip=203.0.113.066", "ip", "starts with 0"},
		{"a letter for a digit", "ip=2O3.0.113.66", "ip", "is not an IP address"},
		{"a star in an address", "ip=203.0.113.*", "ip", "203.0.113.0/24"},
		{"a range of addresses", "ip=203.0.113.1-203.0.113.9", "ip", "is a range"},
		{"a broken IPv6 address", "ip=2001:db8::g", "ip", "IPv6"},
		{"a prefix that is too long", "ip=203.0.113.0/33", "ip", "not a network"},
		{"all of IPv4", "ip=0.0.0.0/0", "ip", "too wide"},
		{"half of IPv6", "ip=2000::/3", "ip", "too wide"},
		{"a name as address", "ip=evil.example", "ip", "write dns=evil[.]example"},
		{"an address as name", "dns=203.0.113.66", "dns", "write ip=203.0.113[.]66"},
		{"a network as name", "dns=203.0.113.0/24", "dns", "write ip="},
		{"an e-mail address", "dns=bob@evil.example", "dns", "write dns=evil[.]example"},
		{"a linked e-mail address", "dns=<mailto:bob@evil.example|bob@evil.example>", "dns", "e-mail"},
		{"a public suffix known by what is below it", "dns=ck", "dns", "public suffix"},
		{"an address as file", "file=203.0.113.66", "file", "write ip="},
		{"a switch of a command line", "cmd.exe /c", "", "can't tell"},
		{"an empty value", "ip=", "ip", "has no value"},
		{"an empty value before another key", "ip= dns=evil.example", "ip", "has no value"},
		{"an empty quoted value", `dns="" ip=203.0.113.1`, "dns", "has no value"},
		{"a value of invisible characters", "dns=\"\u200b\" ip=203.0.113.1", "dns", "has no value"},
		{"a public suffix", "dns=com", "dns", "public suffix"},
		{"a public suffix of two labels", "dns=co.uk", "dns", "public suffix"},
		{"a public suffix with a star", "dns=*.com", "dns", "public suffix"},
		{"a public suffix as a suffix", "dns=*co.uk", "dns", "public suffix"},
		{"a URL on a public suffix", "dns=http://com/x", "dns", "public suffix"},
		{"a suffix of three letters", "dns=*nfo", "dns", "almost every"},
		{"the tail of a registry", "dns=*o.uk", "dns", "almost every"},
		{"a star in the middle", "dns=ev*il.example", "dns", "not a domain"},
		{"two dots", "dns=evil..example", "dns", "two dots"},
		{"a blank in a name", `dns="evil example"`, "dns", "not a domain"},
		{"a bad scheme", "dns=1x://evil.example", "dns", "no scheme"},
		{"a bad port", "dns=http://evil.example:99999/", "dns", "no valid port"},
		{"a hash of the wrong length", "file=d41d8cd98f00b204e9800998ecf8427", "file", "31 hexadecimal digits"},
		{"a wildcard in a file", "file=*.exe", "file", "wildcard"},
		{"a URL as file", "file=http://evil.example/a.exe", "file", "write dns="},
		{"a name written to mislead", "file=invoice\u202efdp.exe", "file", "U+202E"},
		{"a folder as file", `file="C:\Windows\"`, "file", "not closed"},
		{"an ambiguous bare name", "readme.md", "", "write dns=readme[.]md or file=readme[.]md"},
		{"a bare word", "evil", "", "can't tell"},
		{"a forgotten equals sign", "ip 203.0.113.1", "ip", "equals sign"},
		{"a colon for the equals sign", "dns:evil.example", "dns", "write dns=evil[.]example"},
		{"a blank before the equals sign", "ip =203.0.113.1", "ip", "equals sign"},
		{"an open quote", `why="ISAC tip ip=203.0.113.1`, "why", "not closed"},
		{"a reason without quotes", "why=ISAC tip ip=203.0.113.1", "why", "put the whole reason in quotes"},
		{"nothing", "", "", "nothing to hunt"},
		{"only a user", "user=ana.sousa", "user", "write device=ws-fin-014 user=ana.sousa"},
		{"a user beside an indicator", "ip=203.0.113.66 user=corp\\ana", "user", "reply user=ana in its thread"},
		{"a user that is none", "device=ws1 user=a/b", "user", "no user name"},
		{"only a window", "since=7d", "", "nothing to hunt"},
		{"a device with a star", "device=ws-* ip=203.0.113.1", "device", "isn't a device name"},
		{"a tail behind a URL", "dns=http://evil.example/a,b", "dns", "whole URL in quotes"},
		{"201 indicators", manyAddresses(MaxIndicators + 1), "", "run a sweep"},
		{"since without unit", "ip=203.0.113.1 since=7", "since", "no unit"},
		{"since in months", "ip=203.0.113.1 since=3M", "since", "months"},
		{"since in words", "ip=203.0.113.1 since=yesterday", "since", "isn't a length of time"},
		{"since negative", "ip=203.0.113.1 since=-7d", "since", "negative"},
		{"since of nothing", "ip=203.0.113.1 since=0d", "since", "must be more than zero"},
		{"since as a fraction", "ip=203.0.113.1 since=1.5d", "since", "whole number"},
		{"since beyond any record", "ip=203.0.113.1 since=99999999999999999999w", "since", "longer than"},
		{"since with two units", "ip=203.0.113.1 since=1d12h", "since", "one number"},
		{"since empty", "ip=203.0.113.1 since=", "since", "no value"},
		{"since twice", "ip=203.0.113.1 since=7d since=8d", "since", "twice"},
		{"since with from", "ip=203.0.113.1 since=7d from=2026-05-01", "since", "can't be combined with"},
		{"a window in the future", "ip=203.0.113.1 from=2026-06-01", "from", "future"},
		{"an end in the future", "ip=203.0.113.1 from=2026-05-01 to=2026-06-01", "to", "future"},
		{"a reversed window", "ip=203.0.113.1 from=2026-05-10 to=2026-05-01", "to", "reversed"},
		{"a time without zone", "ip=203.0.113.1 from=2026-05-10T10:00:00", "from", "from=2026-05-10T10:00:00Z"},
		{"a date in another order", "ip=203.0.113.1 from=10.05.2026", "from", "isn't a time"},
		{"a day that is none", "ip=203.0.113.1 from=2026-02-30", "from", "isn't a time"},
		{"none with a profile", "ip=203.0.113.1 exclude=none,updater", "exclude", "contradict each other"},
		{"an incident that is no number", "incident=abc", "incident", "isn't an incident number"},
		{"fresh with another word", "ip=203.0.113.1 fresh=maybe", "fresh", "neither yes nor no"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r, no := Parse(c.text, testNow)
			if no == nil {
				t.Fatalf("accepted %q as %s", c.text, summary(r))
			}
			if no.Key != c.key || !strings.Contains(no.Sentence, c.want) {
				t.Errorf("Parse(%q)\n got key %q: %s\nwant key %q: …%s…", c.text, no.Key, no.Sentence, c.key, c.want)
			}
			if strings.ContainsAny(no.Sentence, "\n<>`") || len(no.Sentence) > 400 {
				t.Errorf("the sentence is not safe to show: %q", no.Sentence)
			}
		})
	}
}

func manyAddresses(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "198.51.%d.%d ", 100+i/250, 1+i%250)
	}
	return b.String()
}

func TestTwoHundredIndicatorsAreAcceptedAndRepeatedOnesCountOnce(t *testing.T) {
	r, no := Parse(manyAddresses(MaxIndicators)+manyAddresses(MaxIndicators), testNow)
	if no != nil {
		t.Fatal(no.Sentence)
	}
	if got := len(r.Indicators()); got != MaxIndicators {
		t.Errorf("got %d indicators, want %d", got, MaxIndicators)
	}
}

func TestParseTakesMegabytesInItsStride(t *testing.T) {
	for _, piece := range []string{")", "(", "'a ", "‘", "<", "<a|b>", "&amp;", "a.", "[.]", "[", "a,", "=", "\\", "\u200b", "1.", "::", "ip=1.1.1.1,", "x=\"", "why=a", "*", "file=a\\", "device=) "} {
		start := time.Now()
		Parse(strings.Repeat(piece, maxTextBytes/4/len(piece)), testNow)
		// A quarter of one, for the race detector; quadratic work takes minutes even so.
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("a megabyte of %q took %v", piece, took)
		}
	}
}

func TestJoinKeepsWhatTheShellKeptTogether(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"values with blanks", []string{"ip=203.0.113.1", `why=he said "no"`, `file=C:\Program Files\x y.exe`}, `ips ip:203.0.113.1 | files file:x y.exe | why he said "no"`},
		{"a whole request in one argument", []string{`ip=203.0.113.1,203.0.113.2 dns=evil.example why="two words"`}, "ips ip:203.0.113.1 | ips ip:203.0.113.2 | domains domain:evil.example | why two words"},
		{"a whole request that begins with its reason", []string{"why=tip ip=203.0.113.1"}, "ips ip:203.0.113.1 | why tip"},
		{"a reason that speaks of keys", []string{"why=saw ip=203.0.113.9 in a mail", "ip=203.0.113.1"}, "ips ip:203.0.113.1 | why saw ip=203.0.113.9 in a mail"},
		{"an equals sign that is no key", []string{"why=a b=c", "ip=203.0.113.1"}, "ips ip:203.0.113.1 | why a b=c"},
		{"a list with blanks", []string{"ip=203.0.113.1, 203.0.113.2"}, "ips ip:203.0.113.1 | ips ip:203.0.113.2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, no := Parse(Join(c.args), testNow)
			if no != nil {
				t.Fatal(no.Sentence)
			}
			if got := summary(r); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"ip=203.0.113.66 dns=cdn-sync.example file=powershell.exe",
		`why="a \"b\" <http://x.example|x> &amp;lt; c" ip=::ffff:1.2.3.4/120 since=7d`,
		"dns=*.evil.example,*evil.example,http://[2001:db8::1]:80/a?b,c",
		"hunt x <@U1> 1.2.3.4 exclude=none device=a,b from=2026-05-01 to=2026-05-02",
		`dns="http://e.example/a[.]b)." file="a b[1].exe" ip=10.0.0.0/8`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, no := Parse(text, testNow)
		if no != nil {
			if no.Sentence == "" || strings.ContainsAny(no.Sentence, "\n\x00<>") {
				t.Fatalf("Parse(%q): bad sentence %q", text, no.Sentence)
			}
			return
		}
		again, no := Parse(Format(r), testNow)
		if no != nil {
			t.Fatalf("Parse(%q) gives %q, which is refused: %s", text, Format(r), no.Sentence)
		}
		if !reflect.DeepEqual(again, r) {
			t.Fatalf("Parse(%q) gives %q\n got %+v\nwant %+v", text, Format(r), again, r)
		}
		for _, i := range r.Indicators() {
			if back := indicator.Refang(i.Defanged()); back != i.Value {
				t.Fatalf("Refang(%q) is %q, not %q", i.Defanged(), back, i.Value)
			}
			if back := indicator.Refang(indicator.Defang(i.Value)); back != i.Value {
				t.Fatalf("Refang(Defang) of %q is %q", i.Value, back)
			}
		}
	})
}
