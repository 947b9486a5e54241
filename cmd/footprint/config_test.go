package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestConfiguration(t *testing.T) {
	for name, c := range map[string]struct {
		env  []string
		want string // part of the sentence; empty is fine
	}{
		"nothing set":                        {nil, ""},
		"other people's variables":           {[]string{"HOME=/root", "FOOTPRINTS=1"}, ""},
		"an unknown variable names the next": {[]string{"FOOTPRINT_STALE=1h"}, "FOOTPRINT_STALE is not a setting of footprint; did you mean FOOTPRINT_STALE_AFTER?"},
		"an unknown variable near nothing":   {[]string{"FOOTPRINT_XYZ=1"}, "FOOTPRINT_XYZ is not a setting of footprint; `footprint check` lists them"},
		"a duration without unit":            {[]string{"FOOTPRINT_WINDOW=7"}, `FOOTPRINT_WINDOW="7" can't be used: it is not a duration such as 15m; an example is FOOTPRINT_WINDOW=168h`},
		"a negative duration":                {[]string{"FOOTPRINT_CACHE=-1m"}, "is not a duration"},
		"a share above one":                  {[]string{"FOOTPRINT_MIN_SENSORS=80"}, "is not a share such as 0.8"},
		"a channel by its name":              {[]string{"FOOTPRINT_CHANNELS=#soc"}, "is not a channel id such as C0123ABCD"},
		"a log format that is none":          {[]string{"FOOTPRINT_LOG=xml"}, "it takes text or json"},
		"a secret is not repeated":           {[]string{"REDIS_URL_FILE=/nowhere/secret"}, "reading REDIS_URL_FILE"},
		"an own domain that is none":         {[]string{"FOOTPRINT_OWN_DOMAINS=contoso.com,203.0.113.1"}, `"203.0.113.1" is not a domain such as contoso.com`},
		"an own domain that is a suffix":     {[]string{"FOOTPRINT_OWN_DOMAINS=com"}, `"com" is not a domain`},
		"an own network that is everything":  {[]string{"FOOTPRINT_OWN_NETWORKS=0.0.0.0/0"}, `"0.0.0.0/0" is not a network such as 198.51.100.0/24`},
		"own names and networks":             {[]string{"FOOTPRINT_OWN_DOMAINS=contoso.com, *.contoso.net", "FOOTPRINT_OWN_NETWORKS=198.51.100.7, 2001:db8::/32"}, ""},
		"a bot by its name":                  {[]string{"FOOTPRINT_BOTS=sentinel"}, `"sentinel" is not the id of a bot or an app such as B0123ABCD`},
		"a cap that is no number":            {[]string{"FOOTPRINT_THREAD_CAP=20x"}, "it is not a number from 1 to 200"},
		"workers beyond reason":              {[]string{"FOOTPRINT_WORKERS=9999"}, "not a number from 1 to 256"},
		"a number with something behind it":  {[]string{"FOOTPRINT_WORKERS=16x"}, "not a number from 1 to 256"},
		"a share with something behind it":   {[]string{"FOOTPRINT_MIN_SENSORS=0.8%"}, "is not a share such as 0.8"},
		"the two tokens swapped":             {[]string{"SLACK_BOT_TOKEN=xapp-1-secret"}, "SLACK_BOT_TOKEN=(hidden) can't be used: it is not a token that begins with xoxb-; an example is SLACK_BOT_TOKEN=xoxb-…"},
		"a token with its quotes":            {[]string{`SLACK_APP_TOKEN="xapp-1-secret"`}, "it is not a token that begins with xapp-"},
		"a slip in another prefix":           {[]string{"SLACK_BOT_TOKN=xoxb-1"}, "SLACK_BOT_TOKN is not a setting of footprint; did you mean SLACK_BOT_TOKEN?"},
		"a slip in a file variable":          {[]string{"REDIS_URL_FIL=/run/secret"}, "did you mean REDIS_URL_FILE?"},
		"an unknown one of the query API":    {[]string{"AZURE_LOGS_TABLE=x"}, "AZURE_LOGS_TABLE is not a setting of footprint"},
		"the variables of other programs":    {[]string{"SLACK_SIGNING_SECRET=1", "AZURE_TENANT_ID=1", "REDIS_HOST=1", "AZURE_CLIENT_SECRET=1"}, ""},
		"a feed server without its key":      {[]string{"FOOTPRINT_MISP_URL=https://misp.example"}, "FOOTPRINT_MISP_KEY_FILE"},
		"a key in the address of a server":   {[]string{"FOOTPRINT_TAXII_URL=https://u:p@taxii.example"}, "has a variable of its own"},
		"a value and a file":                 {[]string{"REDIS_URL=redis://h", "REDIS_URL_FILE=/x"}, "REDIS_URL and REDIS_URL_FILE are both set: keep one of them"},
		"a Redis of an unknown scheme":       {[]string{"REDIS_URL=http://:secret@h"}, `REDIS_URL begins with "http"`},
		"a listen address without port":      {[]string{"FOOTPRINT_LISTEN=localhost"}, "it is not an address with a port; an example is FOOTPRINT_LISTEN=127.0.0.1:9090"},
		"an endpoint without scheme":         {[]string{"AZURE_LOGS_ENDPOINT=api.loganalytics.us"}, "it is not an address that begins with https://"},
		"a way to log in that is none":       {[]string{"FOOTPRINT_AZURE_CREDENTIAL=msi"}, "it takes default, environment, workload-identity, managed-identity, cli or none"},
		"a workspace by its name":            {[]string{"AZURE_LOGS_WORKSPACE=prod-eu"}, `"prod-eu" is not a workspace id`},
		"a local workspace has any id":       {[]string{"AZURE_LOGS_WORKSPACE=w", "AZURE_LOGS_ENDPOINT=http://127.0.0.1:1"}, ""},
		"two workspaces of one name":         {[]string{"AZURE_LOGS_WORKSPACE=a=1,A=2"}, "two workspaces are called A"},
		"a workspace without id":             {[]string{"AZURE_LOGS_WORKSPACE=prod="}, `"prod=" is not an id or name=id`},
		"a portal link for a workspace id":   {[]string{"FOOTPRINT_PORTAL_RESOURCE=6f1c"}, "begins with /subscriptions/"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := loadConfig(c.env)
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestEachMistakeOfTheEnvironmentHasItsLine(t *testing.T) {
	_, err := loadConfig([]string{"FOOTPRINT_CACHE=x", "FOOTPRINT_NOPE=1", "SLACK_APP_TOKEN=xoxb-secret"})
	if err == nil || strings.Count(err.Error(), "\n") != 2 || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v", err)
	}
}

func TestASlackAddressEndsWithASlash(t *testing.T) {
	c, err := loadConfig([]string{"SLACK_API_URL=http://127.0.0.1:1/api"})
	if err != nil || c.slackAPI != "http://127.0.0.1:1/api/" {
		t.Errorf("%q, %v", c.slackAPI, err)
	}
}

func TestASecretCanComeFromAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("xoxb-from-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := loadConfig([]string{"SLACK_BOT_TOKEN_FILE=" + file, "FOOTPRINT_CACHE=30m"})
	if err != nil || c.botToken != "xoxb-from-file" || c.cacheTTL != 30*time.Minute {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestWorkspaceList(t *testing.T) {
	got, err := parseWorkspaces("prod-eu=id1, prod-us=id2")
	if err != nil || len(got) != 2 || got[0].Name != "prod-eu" || got[1].ID != "id2" {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := parseWorkspaces("just-an-id"); err != nil || got[0].Name != "default" {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := parseWorkspaces(" , "); err == nil || !strings.Contains(err.Error(), "names no workspace") {
		t.Errorf("%v", err)
	}
}
