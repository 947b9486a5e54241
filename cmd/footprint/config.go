package main

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/footprint-soc/footprint/hunts/evidence"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/loganalytics"
	"github.com/footprint-soc/footprint/hunts/record"
	"github.com/footprint-soc/footprint/hunts/request"
	"github.com/footprint-soc/footprint/hunts/sweep"
	"github.com/footprint-soc/footprint/hunts/sweep/feed"
)

// setting is one environment variable. The table of docs/SETTINGS.md and `check` are
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
	bundleKey                    evidence.Key
	botToken, appToken, slackAPI string
	workspaces                   []loganalytics.Workspace
	endpoint, audience           string
	defender                     defenderSettings
	byDefault                    string // name of the default scope; empty is the first
	authority, credential        string
	clientID                     string
	redisURL                     string
	redisTLS                     record.TLS
	channels                     []string
	window, cacheTTL, staleAfter time.Duration
	reportingWithin              time.Duration
	proxies                      []string
	minSensors                   float64
	controls                     []indicator.Indicator
	huntsDir, exclusions         string
	policy                       string
	sweeps                       []sweep.Schedule
	history                      time.Duration
	warranty, watchEvery         time.Duration
	ownDomains                   []string
	ownNetworks                  []netip.Prefix
	bots                         []string
	threadCap                    int
	threadPause                  time.Duration
	privateFeeds                 bool
	feedServers                  [3]feed.Server // TAXII, MISP, OpenCTI; without a URL, none
	listen                       string
	logFormat                    string
	traces                       bool
	portalResource               string
	replica                      string
	workers                      int

	origin map[string]string // variable → where its value came from
}

func text(into func(*config) *string) func(*config, string) error {
	return func(c *config, v string) error { *into(c) = v; return nil }
}

// token takes a Slack token of one kind: the two are easily swapped, and Slack's
// own answer to that says only invalid_auth.
func token(prefix string, into func(*config) *string) func(*config, string) error {
	return func(c *config, v string) error {
		if !strings.HasPrefix(v, prefix) || strings.ContainsAny(v, " \t\r\n\"'") {
			return fmt.Errorf("it is not a token that begins with %s", prefix)
		}
		*into(c) = v
		return nil
	}
}

// webAddress takes an absolute http or https address.
func webAddress(into func(*config) *string) func(*config, string) error {
	return func(c *config, v string) error {
		u, err := url.Parse(v)
		if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" {
			return errors.New("it is not an address that begins with https://")
		}
		*into(c) = v
		return nil
	}
}

// oneOf takes one of a few words.
func oneOf(into func(*config) *string, words ...string) func(*config, string) error {
	return func(c *config, v string) error {
		if !slices.Contains(words, v) {
			return fmt.Errorf("it takes %s or %s", strings.Join(words[:len(words)-1], ", "), words[len(words)-1])
		}
		*into(c) = v
		return nil
	}
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

// lengthOf takes a length of time as people write it in a hunt, and 0 for never.
func lengthOf(into func(*config) *time.Duration) func(*config, string) error {
	return func(c *config, v string) error {
		if v == "0" {
			*into(c) = 0
			return nil
		}
		d, refusal := request.ParseDuration(v)
		if refusal != nil {
			var err error
			if d, err = time.ParseDuration(v); err != nil || d <= 0 {
				return errors.New("it is not a length of time such as 10m, 24h or 7d, and not 0")
			}
		}
		*into(c) = d
		return nil
	}
}

func settings() []setting {
	return []setting{
		{"SLACK_BOT_TOKEN", "xoxb-…", "", "Bot User OAuth Token of the installed app.", true, token("xoxb-", func(c *config) *string { return &c.botToken })},
		{"SLACK_APP_TOKEN", "xapp-…", "", "App-level token with connections:write.", true, token("xapp-", func(c *config) *string { return &c.appToken })},
		{"SLACK_API_URL", "https://slack.com/api/", "Slack's own", "Web API to talk to.", false, func(c *config, v string) error {
			err := webAddress(func(c *config) *string { return &c.slackAPI })(c, v)
			c.slackAPI = strings.TrimSuffix(c.slackAPI, "/") + "/" // slack-go appends method names to it as it is
			return err
		}},
		{"AZURE_LOGS_WORKSPACE", "prod-eu=6f1c…,prod-us=9a3e…", "", "Workspace id, or name=id pairs; the first is the default.", false, func(c *config, v string) (err error) {
			c.workspaces, err = parseWorkspaces(v)
			return err
		}},
		{"AZURE_LOGS_ENDPOINT", "https://api.loganalytics.us", "public cloud", "Query API of a sovereign cloud or a local workspace.", false, webAddress(func(c *config) *string { return &c.endpoint })},
		{"AZURE_LOGS_AUDIENCE", "https://api.loganalytics.us", "follows the endpoint", "Audience of the access tokens.", false, webAddress(func(c *config) *string { return &c.audience })},
		{"DEFENDER_XDR", "xdr", "none", "Name of Defender XDR as a source, beside or instead of workspaces: hunts read its advanced hunting, 30 days back.", false, setDefender},
		{"DEFENDER_XDR_ENDPOINT", "https://graph.microsoft.us", "public cloud", "Microsoft Graph of a sovereign cloud, or a local workspace.", false, webAddress(func(c *config) *string { return &c.defender.endpoint })},
		{"DEFENDER_XDR_AUDIENCE", "https://graph.microsoft.us", "follows the endpoint", "What tokens for it are asked for.", false, webAddress(func(c *config) *string { return &c.defender.audience })},
		{"DEFENDER_XDR_BEYOND", "prod-eu", "none", "Workspace that holds the same tenant: what is older than 30 days is taken from there.", false, text(func(c *config) *string { return &c.defender.beyond })},
		{"FOOTPRINT_DEFAULT_WORKSPACE", "xdr", "the first workspace, or Defender XDR without one", "Source of a hunt that names none.", false, text(func(c *config) *string { return &c.byDefault })},
		{"AZURE_AUTHORITY_HOST", "https://login.microsoftonline.us/", "public cloud", "Login host of a sovereign cloud.", false, webAddress(func(c *config) *string { return &c.authority })},
		{"AZURE_CLIENT_ID", "…", "", "Read by azidentity; also picks a user-assigned managed identity.", false, text(func(c *config) *string { return &c.clientID })},
		{"FOOTPRINT_AZURE_CREDENTIAL", "workload-identity", "default", "How to log in: default, environment, workload-identity, managed-identity, cli, or none for a local workspace.", false, oneOf(func(c *config) *string { return &c.credential }, "default", "environment", "workload-identity", "managed-identity", "cli", "none")},
		{"REDIS_URL", "rediss://user:secret@redis:6380/0", "in memory, lost on exit", "Redis server, cluster or Sentinel.", true, func(c *config, v string) error {
			c.redisURL = v
			return record.CheckURL(v)
		}},
		{"FOOTPRINT_REDIS_CA", "/run/secrets/redis-ca.pem", "what the machine trusts", "File of the CAs that sign a rediss:// server's certificate.", false, text(func(c *config) *string { return &c.redisTLS.CA })},
		{"FOOTPRINT_REDIS_CERT", "/run/secrets/redis.pem", "none", "File of the client certificate, if Redis asks for one.", false, text(func(c *config) *string { return &c.redisTLS.Cert })},
		{"FOOTPRINT_REDIS_KEY", "/run/secrets/redis.key", "none", "File of that certificate's key.", false, text(func(c *config) *string { return &c.redisTLS.Key })},
		{"FOOTPRINT_REDIS_SERVER_NAME", "redis.internal", "the host of REDIS_URL", "Name in the certificate of Redis.", false, text(func(c *config) *string { return &c.redisTLS.ServerName })},
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
		{"FOOTPRINT_STALE_AFTER", "2h", "2h", "If the newest event is older than this, coverage is stale and nothing is CLEAN.", false, duration(func(c *config) *time.Duration { return &c.staleAfter })},
		{"FOOTPRINT_REPORTING_WITHIN", "24h", "24h", "A sensor counts as reporting when it reported anything in this time before the newest event.", false, duration(func(c *config) *time.Duration { return &c.reportingWithin })},
		{"FOOTPRINT_BUNDLE_KEY", "MC4CAQAwBQYDK2Vw…", "made at the first start, kept in Redis", "Ed25519 key that signs evidence bundles: PEM, or the Base64 of its seed.", true, func(c *config, v string) (err error) {
			c.bundleKey, err = evidence.ParseKey(v)
			return err
		}},
		{"FOOTPRINT_PROXIES", "10.0.0.9:9480,proxy.corp.example", "those the data shows", "Forward proxies by name, address or address:port. A proxy hides the addresses behind it, so a hunt for addresses alone is never CLEAN.", false, setProxies},
		{"FOOTPRINT_MIN_SENSORS", "0.8", "0.8", "Share of known sensors that must report for a CLEAN.", false, func(c *config, v string) error {
			share, err := strconv.ParseFloat(v, 64)
			if err != nil || !(share > 0 && share <= 1) {
				return errors.New("it is not a share such as 0.8")
			}
			c.minSensors = share
			return nil
		}},
		{"FOOTPRINT_HUNTS_DIR", "/etc/footprint/hunts", "none", "Folder of additional hunts.", false, text(func(c *config) *string { return &c.huntsDir })},
		{"FOOTPRINT_EXCLUSIONS", "/etc/footprint/exclusions.yaml", "the shipped ones, without values", "File of exclusion profiles.", false, text(func(c *config) *string { return &c.exclusions })},
		{"FOOTPRINT_POLICY", "/etc/footprint/policy.yml", "every member may do everything", "File that says per channel who may do what; read again when it changes.", false, text(func(c *config) *string { return &c.policy })},
		{"FOOTPRINT_SWEEPS", "/etc/footprint/sweeps.yml", "none", "File of scheduled sweeps, beside those that people add in Slack.", false, func(c *config, v string) error {
			data, err := os.ReadFile(v) //nolint:gosec // the operator names the file
			if err != nil {
				return err
			}
			c.sweeps, err = sweep.ParseSchedules(data)
			return err
		}},
		{"FOOTPRINT_SWEEP_CONTROL", "203.0.113.80,proxy.corp.example", "a host of the day before", "Hosts that are contacted every day: a sweep that finds none of them says COULD NOT TELL.", false, func(c *config, v string) error {
			for _, text := range strings.Split(v, ",") {
				typed, refusal := indicator.Type(strings.TrimSpace(text))
				if refusal != nil {
					return errors.New(refusal.Sentence)
				}
				if typed.Kind != indicator.KindIP && typed.Kind != indicator.KindDomain {
					return fmt.Errorf("%q is neither an address nor a host name", text)
				}
				c.controls = append(c.controls, typed)
			}
			return nil
		}},
		{"FOOTPRINT_WARRANTY", "7d", "7d", "How long an answer is looked after: when rows that come late change it, its message changes and its asker is told. 0 turns that off.", false, lengthOf(func(c *config) *time.Duration { return &c.warranty })},
		{"FOOTPRINT_WATCH_EVERY", "10m", "10m", "How often a watch is looked at. 0 turns watches off.", false, lengthOf(func(c *config) *time.Duration { return &c.watchEvery })},
		{"FOOTPRINT_SWEEP_HISTORY", "2160h", "2160h", "How far back a new watchlist entry is hunted, once.", false, duration(func(c *config) *time.Duration { return &c.history })},
		{"FOOTPRINT_PRIVATE_FEEDS", "allow", "deny", "allow lets sources of sweeps be read from one's own network, over plain HTTP and through the proxy of the environment.", false, func(c *config, v string) error {
			if v != "allow" && v != "deny" {
				return fmt.Errorf("it takes allow or deny")
			}
			c.privateFeeds = v == "allow"
			return nil
		}},
		{"FOOTPRINT_TAXII_URL", "https://taxii.example/api1", "none", "API root of a TAXII 2.1 server; a sweep reads its collections with from=taxii:ID.", false, server(0, sweep.TAXII)},
		{"FOOTPRINT_TAXII_USER", "footprint", "none", "Account there, with the key as its password; without it, the key is a bearer token.", false, text(func(c *config) *string { return &c.feedServers[0].User })},
		{"FOOTPRINT_TAXII_KEY", "s3cret", "none", "Password or token to it.", true, serverKey(0)},
		{"FOOTPRINT_MISP_URL", "https://misp.example", "none", "A MISP server, of which a sweep reads the attributes of 30 days with from=misp.", false, server(1, sweep.MISP)},
		{"FOOTPRINT_MISP_KEY", "s3cret", "none", "API key to it.", true, serverKey(1)},
		{"FOOTPRINT_OPENCTI_URL", "https://opencti.example", "none", "An OpenCTI server, of which a sweep reads the indicators with from=opencti.", false, server(2, sweep.OpenCTI)},
		{"FOOTPRINT_OPENCTI_KEY", "s3cret", "none", "API key to it.", true, serverKey(2)},
		{"FOOTPRINT_OWN_DOMAINS", "contoso.com,contoso.net", "none", "The organization's own domains, which are hunted only when named.", false, setOwnDomains},
		{"FOOTPRINT_OWN_NETWORKS", "198.51.100.0/24,2001:db8::/32", "none", "The organization's own public networks, as above.", false, setOwnNetworks},
		{"FOOTPRINT_BOTS", "B0SENTINEL", "none", "Ids of bots or apps (B…, A…, U…) whose messages are enriched like a person's, such as the Sentinel playbook's.", false, setBots},
		{"FOOTPRINT_THREAD_CAP", "20", "20", "How many indicators of one thread are hunted automatically.", false, setThreadCap},
		{"FOOTPRINT_THREAD_PAUSE", "1m", "1m", "Shortest time between two rounds of automatic hunts in one thread.", false, duration(func(c *config) *time.Duration { return &c.threadPause })},
		{"FOOTPRINT_PORTAL_RESOURCE", "/subscriptions/…/workspaces/…", "links to Defender", "Azure resource id of the workspace: links then open its logs in the Azure portal.", false, func(c *config, v string) error {
			if !strings.HasPrefix(strings.ToLower(v), "/subscriptions/") {
				return errors.New("it is not the resource id of a workspace, which begins with /subscriptions/")
			}
			c.portalResource = v
			return nil
		}},
		{"FOOTPRINT_LISTEN", "127.0.0.1:9090", "off", "Address for /healthz, /readyz and /metrics.", false, func(c *config, v string) error {
			if _, port, err := net.SplitHostPort(v); err != nil || port == "" {
				return errors.New("it is not an address with a port")
			}
			c.listen = v
			return nil
		}},
		{"FOOTPRINT_LOG", "json", "text", "Log format: text or json.", false, oneOf(func(c *config) *string { return &c.logFormat }, "text", "json")},
		{"FOOTPRINT_TRACES", "otlp", "off", "otlp sends OpenTelemetry traces by OTLP over HTTP; the standard OTEL_* variables say where to and how much.", false, tracesOf},
		{"FOOTPRINT_REPLICA", "footprint-0", "host name and process id", "Name of this process in claims and logs.", false, text(func(c *config) *string { return &c.replica })},
		{"FOOTPRINT_WORKERS", "16", "16", "Jobs that this process works on at once.", false, func(c *config, v string) error {
			workers, err := strconv.Atoi(v)
			if err != nil || workers < 1 || workers > 256 {
				return errors.New("it is not a number from 1 to 256")
			}
			c.workers = workers
			return nil
		}},
	}
}

func setProxies(c *config, v string) error {
	for _, text := range strings.Split(v, ",") {
		text = strings.TrimSpace(text)
		if text == "" || strings.ContainsAny(text, " \t/\"'") {
			return fmt.Errorf("%q is not a name, an address or address:port", text)
		}
		c.proxies = append(c.proxies, text)
	}
	return nil
}

// loadConfig reads the environment. A variable that is unknown or can't be
// read stops the start: a setting that is silently ignored is worse. The error
// has one line for each.
func loadConfig(env []string) (config, error) {
	c := config{origin: map[string]string{}, workers: 16, logFormat: "text", warranty: 7 * 24 * time.Hour, watchEvery: 10 * time.Minute}
	values := map[string]string{}
	for _, e := range env {
		name, value, _ := strings.Cut(e, "=")
		values[name] = value
	}
	known := settings()
	var wrong []error
	for _, s := range known {
		value, origin, err := s.value(values)
		if err == nil && value != "" {
			err = s.read(&c, value)
		}
		if err != nil {
			wrong = append(wrong, err)
		} else if value != "" {
			c.origin[s.name] = origin
		}
	}
	for _, check := range []func() error{c.workspaceIDs, c.scopes, c.feedKeys} {
		if err := check(); err != nil {
			wrong = append(wrong, err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if values[name] != "" {
			wrong = append(wrong, unknown(name, known))
		}
	}
	if c.replica == "" {
		host, err := os.Hostname()
		if err != nil {
			host = "footprint"
		}
		c.replica = fmt.Sprintf("%s-%d", host, os.Getpid())
	}
	return c, errors.Join(wrong...)
}

// workspaceIDs refuses names in the place of ids, the usual slip: the service
// answers them with a bare 404. A workspace over plain http is a local one and
// may have any id.
func (c config) workspaceIDs() error {
	if strings.HasPrefix(c.endpoint, "http://") {
		return nil
	}
	for _, w := range c.workspaces {
		if uuid.Validate(w.ID) != nil {
			return fmt.Errorf("AZURE_LOGS_WORKSPACE: %q is not a workspace id, which looks like 6f1c2a34-…: copy it from the workspace's overview page", discreet(w.ID))
		}
	}
	return nil
}

// value is what was set, and where.
func (s setting) value(values map[string]string) (value, origin string, err error) {
	file := values[s.name+"_FILE"]
	if file == "" {
		return values[s.name], "environment", nil
	}
	if values[s.name] != "" {
		return "", "", fmt.Errorf("%s and %s_FILE are both set: keep one of them", s.name, s.name)
	}
	data, err := os.ReadFile(file) //nolint:gosec // the operator names the file
	if err != nil {
		return "", "", fmt.Errorf("reading %s_FILE: %w", s.name, err)
	}
	return strings.TrimSpace(string(data)), "file " + file, nil
}

func (s setting) read(c *config, value string) error {
	err := s.set(c, value)
	if err == nil {
		return nil
	}
	shown := fmt.Sprintf("%q", discreet(value))
	why := discreet(err.Error())
	if s.secret {
		shown = hidden
	}
	return fmt.Errorf("%s=%s can't be used: %s; an example is %s=%s", s.name, shown, why, s.name, s.example)
}

// unknown refuses what is meant for us and is none of the settings: everything
// under the two prefixes that are ours alone, and what looks like a slip of the
// hand in another one. SLACK_SIGNING_SECRET or AZURE_TENANT_ID are other
// people's.
func unknown(name string, known []setting) error {
	best, distance := "", 3
	for _, s := range known {
		for _, spelling := range []string{s.name, s.name + "_FILE"} {
			if name == spelling {
				return nil
			}
			if d := request.Distance(name, spelling); d < distance {
				best, distance = spelling, d
			}
		}
	}
	ours := strings.HasPrefix(name, "FOOTPRINT_") || strings.HasPrefix(name, "AZURE_LOGS_") || strings.HasPrefix(name, "DEFENDER_XDR")
	switch {
	case best != "":
		return fmt.Errorf("%s is not a setting of footprint; did you mean %s?", name, best)
	case ours:
		return fmt.Errorf("%s is not a setting of footprint%s", name, nearest(name, known))
	}
	return nil
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
