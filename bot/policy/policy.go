// Package policy tells who may do what in which channel, lets a second person
// approve what is large, and hides what a channel must not see.
//
// Everything that somebody does passes Gate.Authorize, which writes the audit of
// both outcomes, and everything that is shown passes Gate.Redaction before a
// renderer sees it. What surprises: without a policy file every member may do
// everything but ask the audit, and a file that can't be read leaves the last good
// one in force.
package policy

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/request"
)

var (
	everything = []hunts.Right{hunts.MayHunt, hunts.MaySweep, hunts.MayWatch, hunts.MayMark, hunts.MayExport, hunts.MayIncident}
	allowable  = append(slices.Clone(everything), hunts.MayAudit)
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
	Allow        []hunts.Right `yaml:"allow"`          // of hunt, sweep, watch, mark, export, incident, audit
	MaxLookBack  string        `yaml:"max_look_back"`  // 30d; empty is no limit
	Workspaces   []string      `yaml:"workspaces"`     // configured names; empty is all
	HuntsPerHour int           `yaml:"hunts_per_hour"` // of one user; 0 is no limit
	// Places are the groups of places that may be looked at beside the endpoints,
	// which always may: mail, network, identity; empty is all.
	Places []string `yaml:"places"`

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

// Allowed lists what a rule allows.
func (l Limits) Allowed() string { return names(l.Allow) }

func (l *Limits) check(name string) error {
	for _, a := range l.Allow {
		if !slices.Contains(allowable, a) {
			return fmt.Errorf("the rule of %s allows %q; known are %s", name, a, names(allowable))
		}
	}
	if l.HuntsPerHour < 0 {
		return fmt.Errorf("the rule of %s: hunts_per_hour must be 0 or more", name)
	}
	if l.MaxLookBack != "" {
		d, refusal := request.ParseDuration(l.MaxLookBack)
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
		if a != RedactDevices && a != RedactUsers && a != RedactCommands && a != RedactSecrets && a != RedactRecipients {
			return fmt.Errorf("the rule of %s redacts %q; known are devices, users, recipients, commands, secrets", name, a)
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

func names(rights []hunts.Right) string {
	out := make([]string, len(rights))
	for i, r := range rights {
		out[i] = string(r)
	}
	return strings.Join(out, ", ")
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

// UserGroups are the Slack user groups without whose members the policy can't be
// judged.
func (p Policy) UserGroups() []string {
	var out []string
	in := func(r Rule) {
		out = append(out, r.Groups...)
		for _, x := range r.For {
			out = append(out, x.Group)
		}
	}
	for _, r := range p.Channels {
		in(r)
	}
	if p.Default != nil {
		in(*p.Default)
	}
	if p.Approval != nil {
		out = append(out, p.Approval.Groups...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Parse reads a policy file. The error names the line where the file can
// tell it.
func Parse(text []byte) (Policy, error) {
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
		if err := checkGroups("approval", p.Approval.Groups); err != nil {
			return p, err
		}
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

// Approval says which hunts wait for a second person, and for how long.
type Approval struct {
	LookBack   string   `yaml:"look_back"`  // hunts that look back further, such as 30d; empty is none
	Indicators int      `yaml:"indicators"` // hunts of more indicators; 0 is none
	Expires    string   `yaml:"expires"`    // how long a hunt waits; empty is 1h
	Groups     []string `yaml:"groups"`     // ids of the Slack user groups that may approve; empty is whoever may hunt in the channel

	back, expires time.Duration
}

// approvalFor is how long a hunt waits when the policy does not say.
const approvalFor = time.Hour

func (a *Approval) check() error {
	a.expires = approvalFor
	for _, x := range []struct {
		name, text string
		into       *time.Duration
	}{{"look_back", a.LookBack, &a.back}, {"expires", a.Expires, &a.expires}} {
		if x.text == "" {
			continue
		}
		d, refusal := request.ParseDuration(x.text)
		if refusal != nil {
			return fmt.Errorf("approval: %s: %s", x.name, refusal.Sentence)
		}
		*x.into = d
	}
	if a.Indicators < 0 {
		return errors.New("approval: indicators must be 0 or more")
	}
	if a.back == 0 && a.Indicators == 0 {
		return errors.New("approval: say which hunts need it: look_back, indicators, or both")
	}
	return nil
}

// beyond says why a search needs a second person; empty when it needs none.
func (a *Approval) beyond(s hunts.Search, back time.Duration) string {
	switch {
	case a == nil:
		return ""
	case a.Indicators > 0 && s.Size > a.Indicators && !s.Scheduled: // a sweep's list is long by nature
		return fmt.Sprintf("more than %d indicators", a.Indicators)
	case a.back > 0 && (s.Window.All || back > a.back+slack):
		return "looks back further than " + a.LookBack
	}
	return ""
}

// slack is how much longer than allowed a look-back may be for having been
// measured a moment later.
const slack = time.Minute
