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
		"workers beyond reason":              {[]string{"FOOTPRINT_WORKERS=9999"}, "not a number from 1 to 256"},
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
	if _, err := parseWorkspaces(" , "); err == nil || !strings.Contains(err.Error(), "AZURE_LOGS_WORKSPACE is not set") {
		t.Errorf("%v", err)
	}
}
