package bot

import (
	"bytes"
	"fmt"
	"os"
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
	// MayAudit lets somebody ask who hunted what. Without a policy nobody may.
	MayAudit = "audit"
)

var (
	everything = []string{MayHunt, MaySweep, MayWatch, MayMark, MayExport, MayIncident}
	allowable  = append(slices.Clone(everything), MayAudit)
)

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

// Limits are what somebody may do, and how much of it.
type Limits struct {
	Allow        []string `yaml:"allow"`          // of hunt, sweep, watch, mark, export, incident, audit
	MaxLookBack  string   `yaml:"max_look_back"`  // 30d; empty is no limit
	Workspaces   []string `yaml:"workspaces"`     // configured names; empty is all
	HuntsPerHour int      `yaml:"hunts_per_hour"` // of one user; 0 is no limit

	maxBack time.Duration
}

// Rule is what one channel may do.
type Rule struct {
	Limits `yaml:",inline"`
	Groups []string `yaml:"groups"` // ids of Slack user groups; empty is everybody of the workspace
	// Redact holds for everybody: all of a channel see the same message.
	Redact []string `yaml:"redact"`
	// For has other limits for some user groups; the first that the asker is in holds.
	For []GroupRule `yaml:"for"`
}

// GroupRule is what the members of one Slack user group may do in a channel.
type GroupRule struct {
	Group  string `yaml:"group"`
	Limits `yaml:",inline"`
}

func (l *Limits) check(name string) error {
	for _, a := range l.Allow {
		if !slices.Contains(allowable, a) {
			return fmt.Errorf("the rule of %s allows %q; known are %s", name, a, strings.Join(allowable, ", "))
		}
	}
	if l.HuntsPerHour < 0 {
		return fmt.Errorf("the rule of %s: hunts_per_hour is less than nothing", name)
	}
	if l.MaxLookBack != "" {
		d, refusal := indicator.ParseDuration(l.MaxLookBack)
		if refusal != nil {
			return fmt.Errorf("the rule of %s: max_look_back: %s", name, refusal.Sentence)
		}
		l.maxBack = d
	}
	return nil
}

func (r *Rule) check(name string) error {
	if err := r.Limits.check(name); err != nil {
		return err
	}
	for _, a := range r.Redact {
		if a != RedactDevices && a != RedactUsers && a != RedactCommands && a != RedactSecrets {
			return fmt.Errorf("the rule of %s redacts %q; known are devices, users, commands, secrets", name, a)
		}
	}
	if err := checkGroups(name, r.Groups); err != nil {
		return err
	}
	for i := range r.For {
		g := &r.For[i]
		if err := checkGroups(name, []string{g.Group}); err != nil {
			return err
		}
		if err := g.Limits.check(name + " for " + g.Group); err != nil {
			return err
		}
	}
	return nil
}

func checkGroups(name string, ids []string) error {
	for _, id := range ids {
		if len(id) < 3 || id[0] != 'S' || strings.ToUpper(id) != id {
			return fmt.Errorf("the rule of %s: %q is not the id of a user group such as S0123ABCD", name, id)
		}
	}
	return nil
}

// Workspaces are the names of workspaces that the policy mentions.
func (p Policy) Workspaces() []string {
	var out []string
	add := func(r Rule) {
		out = append(out, r.Workspaces...)
		for _, g := range r.For {
			out = append(out, g.Workspaces...)
		}
	}
	for _, r := range p.Channels {
		add(r)
	}
	if p.Default != nil {
		add(*p.Default)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// NeedsGroups tells whether the policy can't be judged without the members of
// user groups.
func (p Policy) NeedsGroups() bool {
	in := func(r Rule) bool { return len(r.Groups)+len(r.For) > 0 }
	for _, r := range p.Channels {
		if in(r) {
			return true
		}
	}
	return p.Default != nil && in(*p.Default) || p.Approval != nil && len(p.Approval.Groups) > 0
}

// ParsePolicy reads a policy file. The error names the line where the file can
// tell it.
func ParsePolicy(text []byte) (Policy, error) {
	var p Policy
	if err := hunts.PlainYAML(text); err != nil {
		return p, fmt.Errorf("the policy can't be read: %w", err)
	}
	if err := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict()).Decode(&p); err != nil {
		return p, fmt.Errorf("the policy can't be read: %s", yaml.FormatError(err, false, false))
	}
	for id, r := range p.Channels {
		if len(id) < 3 || !strings.ContainsAny(id[:1], "CGD") {
			return p, fmt.Errorf("%q is not a channel id such as C0123ABCD; names differ between workspaces", id)
		}
		if err := r.check(id); err != nil {
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
		return p, p.Default.check("default")
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
	text []byte // as it was read last, good or bad: a mistake is told once
	now  *Policy
}

// load reads the file when it changed. The error is for the log: the policy in
// force stays.
func (f *policyFile) load() error {
	if f.path == "" {
		return nil
	}
	text, err := os.ReadFile(f.path)
	if err != nil {
		return fmt.Errorf("the policy: %w", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.text != nil && bytes.Equal(text, f.text) {
		return nil
	}
	f.text = text
	p, err := ParsePolicy(text)
	if err != nil {
		return err
	}
	f.now = &p
	return nil
}

// rule is what holds in a channel; nil without a policy.
func (f *policyFile) rule(channel string) (Rule, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.now == nil {
		return Rule{Limits: Limits{Allow: everything}}, true
	}
	if r, ok := f.now.Channels[channel]; ok {
		return r, true
	}
	if f.now.Default != nil {
		return *f.now.Default, true
	}
	return Rule{}, false
}

// names tells that a channel has a rule of its own.
func (f *policyFile) names(channel string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.now == nil {
		return false
	}
	_, ok := f.now.Channels[channel]
	return ok
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
		if slices.Contains(r.Allow, what) || slices.ContainsFunc(r.For, func(g GroupRule) bool { return slices.Contains(g.Allow, what) }) {
			where = append(where, "<#"+id+">")
		}
	}
	slices.Sort(where)
	if len(where) == 0 {
		return ""
	}
	return "; it is in " + strings.Join(where, ", ")
}
