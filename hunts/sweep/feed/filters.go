package feed

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"github.com/footprint-soc/footprint/hunts/sweep"
)

// form reads one line of a list that a filter or a resolver takes; false leaves
// it to be read as a plain one.
type form func(r *reader, n int, line string) bool

// formOf tells by its first lines which of them a list is for; nil for none.
func formOf(data []byte) form {
	const look = 200
	n := 0
	for text := range bytes.Lines(data) {
		if n++; n > look {
			break
		}
		line := strings.TrimSpace(string(text))
		switch {
		case strings.HasPrefix(line, "||"), strings.HasPrefix(line, "@@||"), strings.HasPrefix(strings.ToLower(line), "[adblock"):
			return (*reader).adblock
		case strings.HasPrefix(line, "$TTL"), strings.HasPrefix(line, "$ORIGIN"), rpzSure.MatchString(line):
			return (*reader).rpz
		case dnsmasqLine.MatchString(line), unboundLine.MatchString(line), bindLine.MatchString(line):
			return (*reader).resolver
		case hostsLine.MatchString(line):
			return (*reader).hosts
		}
	}
	return nil
}

// adblock reads the domains of a filter list: ||evil.example^, with options
// behind a $; @@ makes an exception. Rules about parts of pages name no host.
func (r *reader) adblock(n int, line string) bool {
	if strings.HasPrefix(line, "!") || strings.HasPrefix(line, "[") {
		return true
	}
	rule, exception := strings.CutPrefix(line, "@@")
	if strings.Contains(rule, "##") || strings.Contains(rule, "#@#") || strings.Contains(rule, "#?#") || strings.HasPrefix(rule, "/") && strings.HasSuffix(rule, "/") {
		r.leave(n, cut(line, 80), sweep.Unsearched, "a rule about a part of a page or a pattern, which names no host")
		return true
	}
	value := strings.TrimLeft(rule, "|")
	if i := strings.IndexByte(value, '$'); i > 0 {
		value = value[:i]
	}
	value = strings.TrimRight(value, "^|*")
	switch {
	case value == rule && !exception:
		return false // a plain line among them
	case exception:
		r.leave(n, value, sweep.Allowed, "its source allows it")
	case strings.ContainsAny(value, "*^"):
		r.leave(n, cut(line, 80), sweep.Unsearched, "a pattern, which can't be matched")
	default:
		r.add(n, isDNS, value, sweep.Entry{})
	}
	return true
}

var (
	rpzRecord  = regexp.MustCompile(`(?i)^(\S+)\s+(?:\d+[smhdw]?\s+)?(?:IN\s+)?(?:\d+\s+)?(CNAME|A|AAAA|TXT)\s+(\S+)`)
	rpzSure    = regexp.MustCompile(`(?i)^\S+\s+(?:\d+[smhdw]?\s+)?(?:IN\s+)?CNAME\s+\S*\.(?:\s|;|$)`)
	zoneOther  = regexp.MustCompile(`(?i)^(?:@|\S+)?\s*(?:\d+[smhdw]?\s+)?(?:IN\s+)?(?:\d+\s+)?(?:SOA|NS|MX)\s|^[\d\s();smhdwSMHDW]+(?:;.*)?$|^\$`)
	rpzAddress = regexp.MustCompile(`(?i)^(\d{1,2})\.(\d+)\.(\d+)\.(\d+)\.(\d+)\.rpz-(?:client-)?ip$`)
)

// rpz reads a response policy zone (datatracker.ietf.org/doc/draft-vixie-dnsop-dns-rpz):
// what a name or an address is answered with says that it is blocked; the
// target rpz-passthru. allows it.
func (r *reader) rpz(n int, line string) bool {
	if strings.HasPrefix(line, ";") || zoneOther.MatchString(line) {
		return true
	}
	m := rpzRecord.FindStringSubmatch(line)
	if m == nil {
		r.leave(n, cut(line, 80), sweep.Malformed, "no record of a response policy zone")
		return true
	}
	owner, target := strings.TrimSuffix(m[1], "."), strings.ToLower(strings.TrimSuffix(m[3], "."))
	if owner == "@" || strings.EqualFold(owner, "localhost") {
		return true
	}
	_, note, _ := strings.Cut(line, ";")
	e := sweep.Entry{Note: strings.TrimSpace(note)}
	switch a := rpzAddress.FindStringSubmatch(owner); {
	case target == "rpz-passthru":
		r.leave(n, owner, sweep.Allowed, "its source allows it")
	case a != nil:
		r.add(n, isIP, a[5]+"."+a[4]+"."+a[3]+"."+a[2]+"/"+a[1], e)
	case strings.Contains(strings.ToLower(owner), ".rpz-"):
		r.leave(n, owner, sweep.Unsearched, "a trigger on name servers or addresses that can't be hunted")
	default:
		r.name(n, owner, e)
	}
	return true
}

// name takes in a name; its *. twin, which such lists name behind it, adds
// nothing to a name that is hunted with its sub-domains.
func (r *reader) name(n int, value string, e sweep.Entry) {
	if bare, ok := strings.CutPrefix(value, "*."); ok {
		if _, taken := r.seen["domain:"+strings.ToLower(bare)]; taken {
			return
		}
	}
	r.add(n, isDNS, value, e)
}

var (
	dnsmasqLine = regexp.MustCompile(`^(?:address|server|local|ipset|nftset)=/`)
	unboundLine = regexp.MustCompile(`^local-(?:zone|data):\s*"([^"\s]+)`)
	bindLine    = regexp.MustCompile(`^zone\s+"([^"]+)"`)
	hostsLine   = regexp.MustCompile(`^(?:0\.0\.0\.0|127\.0\.0\.1|255\.255\.255\.255|::1?|fe80::1\S*)\s+\S`)
)

// resolver reads lines of the configuration of dnsmasq, Unbound and BIND.
func (r *reader) resolver(n int, line string) bool {
	if strings.HasPrefix(line, "#") || strings.HasPrefix(line, "//") || line == "server:" {
		return true
	}
	if m := unboundLine.FindStringSubmatch(line); m != nil {
		r.name(n, strings.TrimSuffix(m[1], "."), sweep.Entry{})
		return true
	}
	if m := bindLine.FindStringSubmatch(line); m != nil {
		r.name(n, strings.TrimSuffix(m[1], "."), sweep.Entry{})
		return true
	}
	if !dnsmasqLine.MatchString(line) {
		return false
	}
	parts := strings.Split(line, "/")
	for _, name := range parts[1 : len(parts)-1] {
		if name != "" {
			r.name(n, name, sweep.Entry{})
		}
	}
	return true
}

// hosts reads a line of a hosts file, whose address is where the names are sent.
func (r *reader) hosts(n int, line string) bool {
	if !hostsLine.MatchString(line) {
		return false
	}
	line, note, _ := strings.Cut(line, "#")
	names := strings.Fields(line)[1:]
	for _, name := range names {
		if own := strings.ToLower(name); own == "0.0.0.0" || !strings.Contains(own, ".") && slices.ContainsFunc([]string{"local", "broadcasthost", "ip6-"}, func(s string) bool { return strings.HasPrefix(own, s) }) || own == "localhost.localdomain" {
			continue // every such file has them
		}
		r.add(n, isDNS, name, sweep.Entry{Note: strings.TrimSpace(note)})
	}
	return true
}
