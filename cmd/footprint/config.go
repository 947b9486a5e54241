package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts/sweep"
)

// setting is one environment variable. The README's table and `check` are
// made from this list.
type setting struct {
	name      string
	example   string
	byDefault string
	does      string
	secret    bool
	set       func(c *config, value string) error
}

// config is everything the environment says.
type config struct {
	botToken, appToken, slackAPI string
	workspaces                   string
	endpoint, audience           string
	authority, credential        string
	clientID                     string
	redisURL                     string
	channels                     []string
	window, cacheTTL, staleAfter time.Duration
	minSensors                   float64
	huntsDir, exclusions         string
	policy                       string
	sweeps                       []sweep.Schedule
	history                      time.Duration
	privateFeeds                 bool
	listen                       string
	logFormat                    string
	portalResource               string
	replica                      string
	workers                      int

	origin map[string]string // variable → where its value came from
}

func text(into func(*config) *string) func(*config, string) error {
	return func(c *config, v string) error { *into(c) = v; return nil }
}

func duration(into func(*config) *time.Duration) func(*config, string) error {
	return func(c *config, v string) error {
		d, err := time.ParseDuration(v)
		if err != nil || d <= 0 {
			return fmt.Errorf("it is not a duration such as 15m")
		}
		*into(c) = d
		return nil
	}
}

func settings() []setting {
	return []setting{
		{"SLACK_BOT_TOKEN", "xoxb-…", "", "Bot User OAuth Token of the installed app.", true, text(func(c *config) *string { return &c.botToken })},
		{"SLACK_APP_TOKEN", "xapp-…", "", "App-level token with connections:write.", true, text(func(c *config) *string { return &c.appToken })},
		{"SLACK_API_URL", "https://slack.com/api/", "Slack's own", "Web API to talk to, with a final slash.", false, text(func(c *config) *string { return &c.slackAPI })},
		{"AZURE_LOGS_WORKSPACE", "prod-eu=6f1c…,prod-us=9a3e…", "", "Workspace id, or name=id pairs; the first is the default.", false, text(func(c *config) *string { return &c.workspaces })},
		{"AZURE_LOGS_ENDPOINT", "https://api.loganalytics.us", "public cloud", "Query API of a sovereign cloud or a local workspace.", false, text(func(c *config) *string { return &c.endpoint })},
		{"AZURE_LOGS_AUDIENCE", "https://api.loganalytics.us", "follows the endpoint", "What tokens are asked for.", false, text(func(c *config) *string { return &c.audience })},
		{"AZURE_AUTHORITY_HOST", "https://login.microsoftonline.us/", "public cloud", "Login host of a sovereign cloud.", false, text(func(c *config) *string { return &c.authority })},
		{"AZURE_CLIENT_ID", "…", "", "Read by azidentity; also picks a user-assigned managed identity.", false, text(func(c *config) *string { return &c.clientID })},
		{"FOOTPRINT_AZURE_CREDENTIAL", "workload-identity", "default", "How to log in: default, environment, workload-identity, managed-identity, cli, or none for a local workspace.", false, text(func(c *config) *string { return &c.credential })},
		{"REDIS_URL", "rediss://user:secret@redis:6380/0", "in memory, lost on exit", "Redis server, cluster or Sentinel.", true, text(func(c *config) *string { return &c.redisURL })},
		{"FOOTPRINT_CHANNELS", "C0123,C0456", "every channel the bot is in", "Channel ids that may hunt.", false, func(c *config, v string) error {
			for _, id := range strings.Split(v, ",") {
				id = strings.TrimSpace(id)
				if len(id) < 3 || !strings.ContainsAny(id[:1], "CGD") {
					return fmt.Errorf("%q is not a channel id such as C0123ABCD", id)
				}
				c.channels = append(c.channels, id)
			}
			return nil
		}},
		{"FOOTPRINT_WINDOW", "168h", "168h", "Look-back of a hunt that names none.", false, duration(func(c *config) *time.Duration { return &c.window })},
		{"FOOTPRINT_CACHE", "15m", "15m", "How long an identical question gets the same answer.", false, duration(func(c *config) *time.Duration { return &c.cacheTTL })},
		{"FOOTPRINT_STALE_AFTER", "2h", "2h", "A newest event older than this is no coverage, and nothing is CLEAN.", false, duration(func(c *config) *time.Duration { return &c.staleAfter })},
		{"FOOTPRINT_MIN_SENSORS", "0.8", "0.8", "Share of known sensors that must report for a CLEAN.", false, func(c *config, v string) error {
			if _, err := fmt.Sscanf(v, "%g", &c.minSensors); err != nil || c.minSensors <= 0 || c.minSensors > 1 {
				return fmt.Errorf("it is not a share such as 0.8")
			}
			return nil
		}},
		{"FOOTPRINT_HUNTS_DIR", "/etc/footprint/hunts", "none", "Folder of further hunts in YAML.", false, text(func(c *config) *string { return &c.huntsDir })},
		{"FOOTPRINT_EXCLUSIONS", "/etc/footprint/exclusions.yaml", "none", "File of exclusion profiles.", false, text(func(c *config) *string { return &c.exclusions })},
		{"FOOTPRINT_POLICY", "/etc/footprint/policy.yml", "every member may do everything", "File that says per channel who may do what; read again when it changes.", false, text(func(c *config) *string { return &c.policy })},
		{"FOOTPRINT_SWEEPS", "/etc/footprint/sweeps.yml", "none", "File of scheduled sweeps, beside those that people add in Slack.", false, func(c *config, v string) error {
			data, err := os.ReadFile(v) //nolint:gosec // the operator names the file
			if err != nil {
				return err
			}
			c.sweeps, err = sweep.ParseSchedules(data)
			return err
		}},
		{"FOOTPRINT_SWEEP_HISTORY", "2160h", "2160h", "How far back an indicator is hunted once when it comes to a watchlist.", false, duration(func(c *config) *time.Duration { return &c.history })},
		{"FOOTPRINT_PRIVATE_FEEDS", "allow", "deny", "allow lets sources of sweeps be read from one's own network, over plain HTTP and through the proxy of the environment.", false, func(c *config, v string) error {
			if v != "allow" && v != "deny" {
				return fmt.Errorf("it takes allow or deny")
			}
			c.privateFeeds = v == "allow"
			return nil
		}},
		{"FOOTPRINT_PORTAL_RESOURCE", "/subscriptions/…/workspaces/…", "no link", "Azure resource id of the workspace, for links into the portal.", false, text(func(c *config) *string { return &c.portalResource })},
		{"FOOTPRINT_LISTEN", "127.0.0.1:9090", "off", "Address for /healthz, /readyz and /metrics.", false, text(func(c *config) *string { return &c.listen })},
		{"FOOTPRINT_LOG", "json", "text", "Log format: text or json.", false, func(c *config, v string) error {
			if v != "text" && v != "json" {
				return fmt.Errorf("it takes text or json")
			}
			c.logFormat = v
			return nil
		}},
		{"FOOTPRINT_REPLICA", "footprint-0", "host name and process id", "Name of this process in claims and logs.", false, text(func(c *config) *string { return &c.replica })},
		{"FOOTPRINT_WORKERS", "16", "16", "Jobs worked on at once by this process.", false, func(c *config, v string) error {
			if _, err := fmt.Sscanf(v, "%d", &c.workers); err != nil || c.workers < 1 || c.workers > 256 {
				return fmt.Errorf("it is not a number from 1 to 256")
			}
			return nil
		}},
	}
}

// loadConfig reads the environment. A variable that is unknown or can't be
// read stops the start: a setting that is silently ignored is worse.
func loadConfig(env []string) (config, error) {
	c := config{origin: map[string]string{}, workers: 16, logFormat: "text"}
	values := map[string]string{}
	for _, e := range env {
		name, value, _ := strings.Cut(e, "=")
		values[name] = value
	}
	known := settings()
	for _, s := range known {
		value, origin := values[s.name], "environment"
		if file := values[s.name+"_FILE"]; file != "" && value == "" {
			data, err := os.ReadFile(file) //nolint:gosec // the operator names the file
			if err != nil {
				return c, fmt.Errorf("reading %s_FILE: %w", s.name, err)
			}
			value, origin = strings.TrimSpace(string(data)), "file "+file
		}
		if value == "" {
			continue
		}
		if err := s.set(&c, value); err != nil {
			shown := fmt.Sprintf("%q", value)
			if s.secret {
				shown = "(hidden)"
			}
			return c, fmt.Errorf("%s=%s can't be used: %w; an example is %s=%s", s.name, shown, err, s.name, s.example)
		}
		c.origin[s.name] = origin
	}
	for name := range values {
		if !strings.HasPrefix(name, "FOOTPRINT_") {
			continue
		}
		base := strings.TrimSuffix(name, "_FILE")
		if !slices.ContainsFunc(known, func(s setting) bool { return s.name == name || s.name == base }) {
			return c, fmt.Errorf("%s is not a setting of footprint%s", name, nearest(name, known))
		}
	}
	if c.replica == "" {
		host, err := os.Hostname()
		if err != nil {
			host = "footprint"
		}
		c.replica = fmt.Sprintf("%s-%d", host, os.Getpid())
	}
	return c, nil
}

// nearest suggests the known setting that shares the longest beginning.
func nearest(name string, known []setting) string {
	best, shared := "", len("FOOTPRINT_")
	for _, s := range known {
		n := 0
		for n < len(name) && n < len(s.name) && name[n] == s.name[n] {
			n++
		}
		if n > shared {
			best, shared = s.name, n
		}
	}
	if best == "" {
		return "; `footprint check` lists them"
	}
	return fmt.Sprintf("; did you mean %s?", best)
}
