package bot

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/hunts"
)

// visible is an answer as a channel may see it.
func (b *Bot) visible(channel string, a hunts.Answer) hunts.Answer {
	r, _ := b.policy.rule(channel)
	if len(r.Redact) == 0 {
		return a
	}
	return redact(a, r.Redact)
}

// namesHidden tells that a channel must not see which devices there are: what is
// asked of one device by its name is not for it.
func (b *Bot) namesHidden(channel string) bool {
	r, _ := b.policy.rule(channel)
	return slices.Contains(r.Redact, RedactDevices)
}

// visibleHits are hits of a survey as a channel may see them.
func (b *Bot) visibleHits(channel string, hits []hunts.Hit) []hunts.Hit {
	if !b.namesHidden(channel) {
		return hits
	}
	m := newMask([]string{RedactDevices})
	hits = slices.Clone(hits)
	for i := range hits {
		hits[i].Device = m.device(hits[i].Device)
	}
	return hits
}

// visibleReport is a sweep's report as its channel may see it. A device has one
// name throughout.
func (b *Bot) visibleReport(channel string, r message.SweepReport) message.SweepReport {
	if !b.namesHidden(channel) {
		return r
	}
	m := newMask([]string{RedactDevices})
	for _, list := range [][]message.SweepLine{r.New, r.Still, r.Old, r.Quiet} {
		for i := range list {
			list[i].Hits = slices.Clone(list[i].Hits)
			for k := range list[i].Hits {
				list[i].Hits[k].Device = m.device(list[i].Hits[k].Device)
			}
		}
	}
	r.Gone = slices.Clone(r.Gone)
	for i := range r.Gone {
		r.Gone[i].Device = m.device(r.Gone[i].Device)
	}
	return r
}

// secrets find what looks like a secret in a command line, by the word before it
// or by its own shape. What they miss stays visible: whoever must not see any uses
// redact: [commands].
var secrets = []*regexp.Regexp{
	// password=…, /pwd:…, --api-key …, "token": "…", Authorization: Bearer …
	regexp.MustCompile(`(?i)((?:^|[^a-z])(?:[a-z0-9_]*(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|account[_-]?key|private[_-]?key|credential)s?|pass|sig|apikey)["']?\s*(?:[=:]|\s)\s*["']?)([^\s"';&]{3,})`),
	regexp.MustCompile(`(?i)(\b(?:authorization["']?\s*[:=]\s*["']?(?:(?:basic|bearer|negotiate|token)\s+)?|bearer\s+))([^\s"']{3,})`),
	// https://user:secret@host
	regexp.MustCompile(`(://[^\s/:@]*:)([^\s/@]+)@`),
	// curl -u user:secret, net use … /user:name secret, mysql -psecret, sshpass -p secret
	regexp.MustCompile(`(?i)(\s(?:-u|--user)[\s=]+["']?[^\s:"']+:)([^\s"']+)`),
	regexp.MustCompile(`(?i)(/user:\S+\s+)([^\s/]\S*)`),
	regexp.MustCompile(`(?i)((?:mysql(?:dump)?|mysqladmin|psexec(?:64)?|plink|pscp|putty|winscp|sshpass|sqlcmd|schtasks)(?:\.exe)?\b[^|&]*?\s[-/](?:p|pw)[\s:]?\s*["']?)([^\s"'-][^\s"']*)`),
	// keys and tokens by their shape: AWS, GitHub, Slack, JWT, storage keys
	regexp.MustCompile(`()(\b(?:(?:AKIA|ASIA)[A-Z0-9]{16}|gh[pousr]_[A-Za-z0-9]{20,}|xox[a-z]-[A-Za-z0-9-]{10,}|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*)|[A-Za-z0-9+/]{86}==)`),
}

const masked = "•••"

func maskSecrets(s string) string {
	for n, r := range secrets {
		with := "${1}" + masked
		if n == 2 {
			with += "@"
		}
		s = r.ReplaceAllString(s, with)
	}
	return s
}

// mask gives names that stand for others, the same for the same name.
type mask struct {
	what  []string
	names map[string]string
	count map[string]int

	known   int               // how many names find was made of
	spelled map[string]string // lower case → what is shown
	find    *regexp.Regexp
}

func newMask(what []string) *mask {
	return &mask{what: what, names: map[string]string{}, count: map[string]int{}}
}

func (m *mask) as(kind, name string) string {
	if name == "" {
		return ""
	}
	key := kind + "\x00" + strings.ToLower(name)
	if m.names[key] == "" {
		m.count[kind]++
		m.names[key] = fmt.Sprintf("%s-%d", kind, m.count[kind])
	}
	return m.names[key]
}

func (m *mask) device(s string) string {
	if slices.Contains(m.what, RedactDevices) {
		return m.as("device", s)
	}
	return s
}

func (m *mask) user(s string) string {
	if slices.Contains(m.what, RedactUsers) {
		return m.as("user", s)
	}
	return s
}

// profilePath is where a command line most often names a person.
var profilePath = regexp.MustCompile(`(?i)((?:\\|/)(?:users|home|documents and settings)(?:\\|/)+)([^\\/"']+)`)

// command hides what a command line must not tell: all of it, its secrets, and the
// names that are hidden elsewhere.
func (m *mask) command(s string) string {
	if slices.Contains(m.what, RedactCommands) {
		return ""
	}
	if slices.Contains(m.what, RedactSecrets) {
		s = maskSecrets(s)
	}
	if slices.Contains(m.what, RedactUsers) {
		s = profilePath.ReplaceAllString(s, "${1}"+masked)
	}
	return m.nameless(s)
}

// shortestName is what is looked for in command lines: shorter names, such as
// "pc", stand in other words as well.
const shortestName = 4

// nameless replaces the names that are hidden, the longest first; of a device its
// host part as well.
func (m *mask) nameless(s string) string {
	if m.known != len(m.names) {
		m.known, m.spelled = len(m.names), map[string]string{}
		for key, shown := range m.names {
			kind, name, _ := strings.Cut(key, "\x00")
			m.spelled[name] = shown
			if host, _, cut := strings.Cut(name, "."); cut && kind == "device" {
				m.spelled[host] = shown
			}
		}
		words := slices.DeleteFunc(slices.Collect(maps.Keys(m.spelled)), func(w string) bool { return len(w) < shortestName })
		slices.SortFunc(words, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
		for i := range words {
			words[i] = regexp.QuoteMeta(words[i])
		}
		m.find = nil
		if len(words) > 0 {
			m.find = regexp.MustCompile("(?i)" + strings.Join(words, "|"))
		}
	}
	if m.find == nil {
		return s
	}
	return m.find.ReplaceAllStringFunc(s, func(w string) string { return m.spelled[strings.ToLower(w)] })
}

func redact(a hunts.Answer, what []string) hunts.Answer {
	m := newMask(what)
	a.ByDevice = slices.Clone(a.ByDevice)
	for i := range a.ByDevice {
		d := &a.ByDevice[i]
		d.Device = m.device(d.Device)
		d.Accounts = slices.Clone(d.Accounts)
		for k := range d.Accounts {
			d.Accounts[k] = m.user(d.Accounts[k])
		}
	}
	a.Rows = slices.Clone(a.Rows)
	for i := range a.Rows {
		a.Rows[i].Device, a.Rows[i].Account = m.device(a.Rows[i].Device), m.user(a.Rows[i].Account)
	}
	a.Beacons = slices.Clone(a.Beacons)
	for i := range a.Beacons {
		a.Beacons[i].Device = m.device(a.Beacons[i].Device)
	}
	a.Events = slices.Clone(a.Events)
	for i := range a.Events {
		e := &a.Events[i]
		e.Device, e.Account = m.device(e.Device), m.user(e.Account)
	}
	for i := range a.Events { // behind all names, so that each is known
		a.Events[i].CommandLine = m.command(a.Events[i].CommandLine)
	}
	return a
}
