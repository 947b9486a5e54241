package bot

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
)

// What a rule can allow.
const (
	MayHunt     = "hunt"
	MaySweep    = "sweep"
	MayWatch    = "watch"
	MayMark     = "mark"
	MayExport   = "export"
	MayIncident = "incident"
)

var everything = []string{MayHunt, MaySweep, MayWatch, MayMark, MayExport, MayIncident}

// What a rule can redact.
const (
	RedactDevices  = "devices"  // device names become device-1, device-2
	RedactUsers    = "users"    // account names become user-1, user-2
	RedactCommands = "commands" // command lines are left out
	RedactSecrets  = "secrets"  // passwords, keys and tokens in command lines are masked
)

// Policy says who may do what. A channel that is not listed gets Default; when
// there is no Default, it may do nothing.
type Policy struct {
	Channels map[string]Rule `yaml:"channels"`
	Default  *Rule           `yaml:"default"`
	// Approval is asked for hunts beyond a size, in every channel; nil is never.
	Approval *Approval `yaml:"approval"`
}

// Rule is what one channel may do.
type Rule struct {
	Allow        []string `yaml:"allow"`          // of hunt, sweep, watch, mark, export, incident
	Groups       []string `yaml:"groups"`         // ids of Slack user groups; empty is everybody of the workspace
	MaxLookBack  string   `yaml:"max_look_back"`  // 30d; empty is no limit
	Workspaces   []string `yaml:"workspaces"`     // configured names; empty is all
	HuntsPerHour int      `yaml:"hunts_per_hour"` // of one user; 0 is no limit
	Redact       []string `yaml:"redact"`

	maxBack time.Duration
}

// ParsePolicy reads a policy file. The error names the line where the file can
// tell it.
func ParsePolicy(text []byte) (Policy, error) {
	var p Policy
	if err := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict()).Decode(&p); err != nil {
		return p, fmt.Errorf("the policy can't be read: %s", yaml.FormatError(err, false, false))
	}
	check := func(name string, r *Rule) error {
		for _, a := range r.Allow {
			if !slices.Contains(everything, a) {
				return fmt.Errorf("the rule of %s allows %q; known are %s", name, a, strings.Join(everything, ", "))
			}
		}
		for _, a := range r.Redact {
			if a != RedactDevices && a != RedactUsers && a != RedactCommands && a != RedactSecrets {
				return fmt.Errorf("the rule of %s redacts %q; known are devices, users, commands, secrets", name, a)
			}
		}
		if r.MaxLookBack != "" {
			d, refusal := indicator.ParseDuration(r.MaxLookBack)
			if refusal != nil {
				return fmt.Errorf("the rule of %s: max_look_back: %s", name, refusal.Sentence)
			}
			r.maxBack = d
		}
		return nil
	}
	for id, r := range p.Channels {
		if len(id) < 3 || !strings.ContainsAny(id[:1], "CGD") {
			return p, fmt.Errorf("%q is not a channel id such as C0123ABCD; names differ between workspaces", id)
		}
		if err := check(id, &r); err != nil {
			return p, err
		}
		p.Channels[id] = r
	}
	if p.Approval != nil {
		if err := p.Approval.check(); err != nil {
			return p, err
		}
	}
	if p.Default != nil {
		return p, check("default", p.Default)
	}
	if len(p.Channels) == 0 {
		return p, fmt.Errorf("the policy allows nothing anywhere: give it channels, or a default")
	}
	return p, nil
}

// policyFile is a policy that is read again when its file changes. One that
// can't be read leaves the last good one in force.
type policyFile struct {
	mu   sync.Mutex
	path string
	seen time.Time
	now  *Policy
}

// load reads the file when it changed. The error is for the log: the policy in
// force stays.
func (f *policyFile) load() error {
	if f.path == "" {
		return nil
	}
	info, err := os.Stat(f.path)
	if err != nil {
		return fmt.Errorf("the policy: %w", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if info.ModTime().Equal(f.seen) {
		return nil
	}
	text, err := os.ReadFile(f.path)
	if err != nil {
		return fmt.Errorf("the policy: %w", err)
	}
	p, err := ParsePolicy(text)
	if err != nil {
		return err
	}
	f.now, f.seen = &p, info.ModTime()
	return nil
}

// rule is what holds in a channel; nil without a policy.
func (f *policyFile) rule(channel string) (Rule, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.now == nil {
		return Rule{Allow: everything}, true
	}
	if r, ok := f.now.Channels[channel]; ok {
		return r, true
	}
	if f.now.Default != nil {
		return *f.now.Default, true
	}
	return Rule{}, false
}

// allowing names the channels where something is allowed, for a refusal that
// says where to go.
func (f *policyFile) allowing(what string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.now == nil {
		return ""
	}
	var where []string
	for id, r := range f.now.Channels {
		if slices.Contains(r.Allow, what) {
			where = append(where, "<#"+id+">")
		}
	}
	slices.Sort(where)
	if len(where) == 0 {
		return ""
	}
	return "; it is in " + strings.Join(where, ", ")
}

// may refuses with a sentence that says what is allowed, or where; "" lets it
// pass.
func (b *Bot) may(ctx context.Context, who hunts.Asker, what string) string {
	r, listed := b.policy.rule(who.Channel)
	if !listed || !slices.Contains(r.Allow, what) {
		return fmt.Sprintf("%s is not allowed in this channel%s.", what, b.policy.allowing(what))
	}
	if len(r.Groups) > 0 && !b.inGroups(ctx, who.User, r.Groups) {
		return fmt.Sprintf("%s is for the user groups of this channel's policy.", what)
	}
	return ""
}

// mayHunt judges one request: look-back, workspaces, and how many an hour.
func (b *Bot) mayHunt(ctx context.Context, who hunts.Asker, h hunts.Hunt) string {
	if say := b.may(ctx, who, MayHunt); say != "" {
		return say
	}
	r, _ := b.policy.rule(who.Channel)
	if r.maxBack > 0 && (h.Window.All || b.cfg.Clock().Sub(h.Window.From) > r.maxBack+time.Minute) {
		return fmt.Sprintf("this channel may hunt up to %s; you asked for %s.", r.MaxLookBack, h.Window.Text())
	}
	for _, w := range h.Workspaces {
		if len(r.Workspaces) > 0 && !slices.Contains(r.Workspaces, w) {
			return fmt.Sprintf("this channel may hunt in %s only.", strings.Join(r.Workspaces, ", "))
		}
	}
	if r.HuntsPerHour > 0 {
		ok, wait, err := b.cfg.Store.Allow(ctx, "hunts:"+who.User, r.HuntsPerHour, time.Hour)
		if err == nil && !ok {
			return fmt.Sprintf("you have used the %d hunts of this hour; the next is free in %s.", r.HuntsPerHour, spell(wait))
		}
	}
	return ""
}

// groupsFor is how long the members of a group are remembered.
const groupsFor = 5 * time.Minute

func (b *Bot) inGroups(ctx context.Context, user string, groups []string) bool {
	for _, g := range groups {
		var members []string
		ok, err := b.cfg.Store.GetJSON(ctx, "group:"+g, &members)
		if err != nil || !ok {
			if members, err = b.api.GetUserGroupMembersContext(ctx, g); err != nil {
				b.cfg.Log.Warn("members of a user group not known, nobody of it is let in", "group", g, "error", err)
				continue
			}
			if err := b.cfg.Store.SetJSON(ctx, "group:"+g, members, groupsFor); err != nil {
				b.cfg.Log.Info("members of a user group not kept", "error", err)
			}
		}
		if slices.Contains(members, user) {
			return true
		}
	}
	return false
}

// visible is an answer as a channel may see it.
func (b *Bot) visible(channel string, a hunts.Answer) hunts.Answer {
	r, _ := b.policy.rule(channel)
	if len(r.Redact) == 0 {
		return a
	}
	return redact(a, r.Redact)
}

// secretWords find a secret by the word before it. What they miss stays
// visible: whoever must not see any uses redact: [commands].
var secretWords = regexp.MustCompile(`(?i)((?:pass(?:word|wd|phrase)?|pwd|secret|token|api[_-]?key|access[_-]?key|authorization|bearer|sig)["']?\s*[=:\s]\s*["']?)([^\s"']{3,})`)

func redact(a hunts.Answer, what []string) hunts.Answer {
	names := map[string]string{}
	as := func(kind, name string) string {
		if name == "" {
			return ""
		}
		key := kind + "\x00" + strings.ToLower(name)
		if names[key] == "" {
			n := 1
			for k := range names {
				if strings.HasPrefix(k, kind+"\x00") {
					n++
				}
			}
			names[key] = fmt.Sprintf("%s-%d", kind, n)
		}
		return names[key]
	}
	has := func(w string) bool { return slices.Contains(what, w) }
	device := func(s string) string {
		if has(RedactDevices) {
			return as("device", s)
		}
		return s
	}
	user := func(s string) string {
		if has(RedactUsers) {
			return as("user", s)
		}
		return s
	}
	command := func(s string) string {
		switch {
		case has(RedactCommands):
			return ""
		case has(RedactSecrets):
			return secretWords.ReplaceAllString(s, "$1•••")
		}
		return s
	}
	a.ByDevice = slices.Clone(a.ByDevice)
	for i := range a.ByDevice {
		d := &a.ByDevice[i]
		d.Device = device(d.Device)
		d.Accounts = slices.Clone(d.Accounts)
		for k := range d.Accounts {
			d.Accounts[k] = user(d.Accounts[k])
		}
	}
	a.Rows = slices.Clone(a.Rows)
	for i := range a.Rows {
		a.Rows[i].Device, a.Rows[i].Account = device(a.Rows[i].Device), user(a.Rows[i].Account)
	}
	a.Events = slices.Clone(a.Events)
	for i := range a.Events {
		e := &a.Events[i]
		e.Device, e.Account, e.CommandLine = device(e.Device), user(e.Account), command(e.CommandLine)
	}
	a.Beacons = slices.Clone(a.Beacons)
	for i := range a.Beacons {
		a.Beacons[i].Device = device(a.Beacons[i].Device)
	}
	return a
}
