package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/footprint-soc/footprint/bot/policy"
	"github.com/footprint-soc/footprint/hunts/evidence"
	"github.com/footprint-soc/footprint/hunts/record"
)

// finding is one line of what check found.
type finding struct {
	Area   string `json:"area"`
	State  string `json:"state"` // ok, warn, fail, off
	Detail string `json:"detail"`
}

// checker collects findings.
type checker struct {
	cfg      config
	clock    func() time.Time
	env      []string
	findings []finding
	scopes   []string      // of the bot token; nil when Slack did not tell
	api      *slack.Client // nil as well
	// works and fails are what a person wants to know in the end.
	works, fails []string
}

func (c *checker) say(area, state, format string, a ...any) {
	c.findings = append(c.findings, finding{area, state, discreet(fmt.Sprintf(format, a...))})
}

// errNotReady ends with exit code 1; the findings are printed already.
var errNotReady = errors.New("serve won't work: see the lines marked fail above")

// check tells what serve would find: configuration, tokens, scopes, socket,
// clock, Redis, workspaces, hunts.
func check(ctx context.Context, p process, args []string) error {
	f := newFlags("check")
	format := f.choice("format", "table", "table", "json")
	if rest, err := f.parse(args); err != nil {
		return err
	} else if len(rest) > 0 {
		return usageError{f.summary()}
	}
	c := &checker{env: p.env, clock: p.clock}
	cfg, err := loadConfig(p.env)
	c.cfg = cfg
	if err != nil {
		c.say("configuration", "fail", "%v", err)
	} else {
		c.configuration()
		within, stop := context.WithTimeout(ctx, time.Minute)
		defer stop()
		c.slack(within)
		c.redis(within)
		c.hunts(within)
		c.workspaces(within)
	}
	c.summary()
	if err := c.print(p.stdout, *format); err != nil {
		return err
	}
	if slices.ContainsFunc(c.findings, func(f finding) bool { return f.State == "fail" }) {
		return errNotReady
	}
	return nil
}

// summary ends with what will work and what will not.
func (c *checker) summary() {
	if len(c.works) > 0 {
		c.say("summary", "ok", "will work: %s", strings.Join(c.works, "; "))
	}
	if len(c.fails) > 0 {
		c.say("summary", "off", "will not work: %s", strings.Join(c.fails, "; "))
	}
	var wrong []string
	for _, f := range c.findings {
		if f.State == "fail" && !slices.Contains(wrong, f.Area) {
			wrong = append(wrong, f.Area)
		}
	}
	if len(wrong) > 0 {
		c.say("summary", "fail", "serve won't work: see %s above", strings.Join(wrong, ", "))
		return
	}
	c.say("summary", "ok", "serve will work")
}

func (c *checker) print(w io.Writer, format string) error {
	if format == "json" {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(map[string]any{"findings": c.findings, "ready": !slices.ContainsFunc(c.findings, func(f finding) bool { return f.State == "fail" })})
	}
	for _, f := range c.findings {
		if _, err := fmt.Fprintf(w, "%-4s  %-13s  %s\n", f.State, f.Area, f.Detail); err != nil {
			return fmt.Errorf("writing the findings: %w", err)
		}
	}
	return nil
}

// configuration prints each value with its origin; of a secret no more than
// its beginning.
func (c *checker) configuration() {
	values := map[string]string{}
	for _, e := range c.env {
		name, value, _ := strings.Cut(e, "=")
		values[name] = value
	}
	for _, s := range settings() {
		origin, set := c.cfg.origin[s.name]
		switch {
		case !set && s.byDefault == "":
			c.say("configuration", "off", "%s is not set", s.name)
		case !set:
			c.say("configuration", "ok", "%s: %s (default)", s.name, s.byDefault)
		case s.secret:
			c.say("configuration", "ok", "%s: %s (%s)", s.name, mask(values[s.name]), origin)
		default:
			c.say("configuration", "ok", "%s: %s (%s)", s.name, values[s.name], origin)
		}
	}
}

// mask shows the kind of a token without its secret.
func mask(s string) string {
	for _, kind := range []string{"xoxb-", "xapp-", "xoxe.", "rediss://", "redis://"} {
		if strings.HasPrefix(s, kind) {
			return kind + "…"
		}
	}
	return "…"
}

// scopes by the feature that needs them.
var featureScopes = []struct {
	feature  string
	needed   []string
	required bool
}{
	{"hunts by slash command", []string{"commands", "chat:write"}, true},
	{"CSV and KQL files", []string{"files:write"}, true},
	{"telling guests from members, without which nobody is let in", []string{"users:read"}, true},
	{"telling which channels another company reads, without which nobody is answered", []string{"channels:read"}, true},
	{"the same for private channels", []string{"groups:read"}, true},
	{"finding own messages again after a crash", []string{"channels:history", "metadata.message:read"}, false},
	{"mentions, which keep a ledger of the indicators beside them", []string{"app_mentions:read"}, false},
	{"mentions that read a whole thread", []string{"app_mentions:read", "channels:history"}, false},
	{"replies in the thread of a hunt", []string{"channels:history"}, false},
	{"incident threads that enrich themselves (/footprint here enrich on)", []string{"channels:history"}, false},
	{"the same in private channels", []string{"groups:history"}, false},
	{"shared texts in incident threads, and watch import", []string{"files:read"}, false},
	{"reactions to repeated indicators", []string{"reactions:write"}, false},
	{"user groups in the policy", []string{"usergroups:read"}, false},
}

func (c *checker) slack(ctx context.Context) {
	if c.cfg.botToken == "" || c.cfg.appToken == "" {
		for _, token := range []struct{ name, value string }{{"SLACK_BOT_TOKEN", c.cfg.botToken}, {"SLACK_APP_TOKEN", c.cfg.appToken}} {
			if token.value == "" {
				c.say("slack", "fail", "%s is not set: make an app from manifest.yml and copy it from the app's settings", token.name)
			}
		}
		return
	}
	options := []slack.Option{slack.OptionAppLevelToken(c.cfg.appToken), slack.OptionHTTPClient(&http.Client{Timeout: 15 * time.Second})}
	if c.cfg.slackAPI != "" {
		options = append(options, slack.OptionAPIURL(c.cfg.slackAPI))
	}
	api := slack.New(c.cfg.botToken, options...)
	who, err := api.AuthTestContext(ctx)
	if err != nil {
		c.say("slack", "fail", "SLACK_BOT_TOKEN does not work (%v): copy the Bot User OAuth Token, it begins with xoxb-", err)
	} else {
		c.say("slack", "ok", "signed in to %s as %s", who.Team, who.User)
		c.skew(who.Header.Get("Date"))
		have := strings.FieldsFunc(who.Header.Get("X-Oauth-Scopes"), func(r rune) bool { return r == ',' || r == ' ' })
		c.scopes, c.api = have, api
		c.features(have)
	}
	if _, _, err := api.StartSocketModeContext(ctx); err != nil {
		c.say("slack", "fail", "no socket can be opened (%v): SLACK_APP_TOKEN needs connections:write and Socket Mode must be on", err)
	} else {
		c.say("slack", "ok", "a socket can be opened")
	}
}

func (c *checker) features(have []string) {
	for _, f := range featureScopes {
		var missing []string
		for _, s := range f.needed {
			if !slices.Contains(have, s) {
				missing = append(missing, s)
			}
		}
		switch {
		case len(missing) == 0:
			c.works = append(c.works, f.feature)
			c.say("scopes", "ok", "%s", f.feature)
		case f.required:
			c.fails = append(c.fails, f.feature)
			c.say("scopes", "fail", "%s need the scope %s: add it and install the app again", f.feature, strings.Join(missing, ", "))
		default:
			c.fails = append(c.fails, f.feature+" (scope "+strings.Join(missing, ", ")+")")
			c.say("scopes", "off", "%s: the scope %s is not given", f.feature, strings.Join(missing, ", "))
		}
	}
}

// maxSkew is where a wrong clock begins to move windows noticeably.
const maxSkew = 30 * time.Second

func (c *checker) skew(date string) {
	theirs, err := http.ParseTime(date)
	if err != nil {
		return
	}
	if d := c.clock().Sub(theirs).Abs(); d > maxSkew {
		c.say("clock", "warn", "this machine's clock and Slack's differ by %s: windows of hunts will be off by as much", d.Round(time.Second))
		return
	}
	c.say("clock", "ok", "agrees with Slack's")
}

func (c *checker) redis(ctx context.Context) {
	if !c.cfg.bundleKey.IsZero() {
		c.bundles(c.cfg.bundleKey.Public())
	}
	if c.cfg.redisURL == "" {
		c.fails = append(c.fails, "two replicas, and keeping anything over a restart")
		c.say("redis", "warn", "REDIS_URL is not set: everything is kept in memory and lost on exit, and only one replica can run")
		return
	}
	store, err := record.Open(ctx, record.Config{URL: c.cfg.redisURL, TLS: c.cfg.redisTLS, Clock: c.clock, Replica: "check", Random: rand.Reader})
	if err != nil {
		c.say("redis", "fail", "%v", err)
		return
	}
	defer func() { _ = store.Close() }()
	if c.cfg.bundleKey.IsZero() {
		c.keptKey(ctx, store)
	}
	info, err := store.Info(ctx)
	if err != nil {
		c.say("redis", "warn", "it answers, but INFO is refused: %v", err)
		return
	}
	c.say("redis", "ok", "Redis %s, %s, persistence %s, eviction %s", info.Version, info.Mode, info.Persistence, info.Eviction)
	if info.Persistence == "none" {
		c.say("redis", "warn", "it keeps nothing on disk, so a restart loses accepted hunts: turn appendonly on")
	}
	if strings.HasPrefix(info.Eviction, "allkeys") {
		c.say("redis", "warn", "maxmemory-policy %s may throw work and audit away: use noeviction or volatile-ttl", info.Eviction)
	}
}

// keptKey tells the public half of the key that the first start made. It makes none.
func (c *checker) keptKey(ctx context.Context, store *record.Store) {
	seed, err := store.BundleKey(ctx, "")
	if err != nil {
		c.say("bundles", "warn", "the key that signs evidence bundles can't be read: %v", err)
		return
	}
	if seed == "" {
		c.say("bundles", "off", "no key signs evidence bundles yet: the first start makes one and keeps it beside the audit")
		return
	}
	key, err := evidence.ParseKey(seed)
	if err != nil {
		c.say("bundles", "fail", "the kept key that signs evidence bundles is damaged: set a key of your own, and keep the old public one for old bundles")
		return
	}
	c.bundles(key.Public())
}

// bundles tells a public key, which say would take for a secret and hide.
func (c *checker) bundles(public string) {
	c.findings = append(c.findings, finding{"bundles", "ok", "evidence bundles are signed; prove one with: footprint verify --key " + public + " BUNDLE.zip"})
}

// files looks at the policy and the exclusions.
func (c *checker) files(ctx context.Context) {
	if c.cfg.policy != "" {
		c.policy(ctx)
	} else {
		c.say("policy", "off", "there is none: every member may do everything but ask the audit")
	}
	if c.cfg.exclusions == "" {
		return
	}
	profiles, err := loadExclusions(c.cfg, assembly{})
	if err != nil {
		c.say("exclusions", "fail", "%v", err)
		return
	}
	c.say("exclusions", "ok", "%d profiles from %s", len(profiles), c.cfg.exclusions)
}

func (c *checker) policy(ctx context.Context) {
	text, err := os.ReadFile(c.cfg.policy)
	var p policy.Policy
	if err == nil {
		p, err = policy.Parse(text)
	}
	if err != nil {
		c.say("policy", "fail", "%v", err)
		return
	}
	c.say("policy", "ok", "%s is valid", c.cfg.policy)
	for _, name := range p.Workspaces() {
		if indexOf(c.cfg.scopeNames(), name) < 0 {
			c.say("policy", "warn", "it names the workspace %q, which neither AZURE_LOGS_WORKSPACE nor DEFENDER_XDR does", name)
		}
	}
	groups := p.UserGroups()
	if len(groups) > 0 && c.scopes != nil && !slices.Contains(c.scopes, "usergroups:read") {
		c.say("policy", "fail", "it names user groups, and the app lacks the scope usergroups:read: nobody of them is let in")
		return
	}
	for _, id := range groups {
		if c.api == nil {
			return
		}
		var answer slack.SlackErrorResponse
		if _, err := c.api.GetUserGroupMembersContext(ctx, id); errors.As(err, &answer) && answer.Err == "no_such_subteam" {
			c.say("policy", "fail", "%v", policy.UnknownGroup(id))
		}
	}
}
