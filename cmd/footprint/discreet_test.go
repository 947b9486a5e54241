package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestSecretsInAWrongVariableAreNeverPrinted(t *testing.T) {
	secrets := map[string]string{
		"a bot token":         "xoxb-111111111111-222222222222-abcdefABCDEF123456789012",
		"an app token":        "xapp-1-A0123456789-1234567890123-abcdef0123456789abcdef0123456789",
		"a refresh token":     "xoxe-1-My0xLTExMTExMTEx",
		"a client secret":     "aB3~8Q~cD4eF5gH6iJ7kL8mN9oP0qR1sT2uV3wX",
		"a storage key":       "q7Zr4mXc9VbN2sLk8JhG5fDa3PoIu6YtRe1Ww0==",
		"a web token":         "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl",
		"a hexadecimal key":   "5f4dcc3b5aa765d61d8327deb882cf99a1b2c3d4",
		"user and password":   "https://ana:hunter2hunter2@proxy.example:8080/",
		"a shared access key": "https://x.example/?sv=1&sig=Ab12Cd34Ef56Gh78Ij90Kl",
	}
	for what, secret := range secrets {
		needle := secret
		if what == "user and password" {
			needle = "hunter2"
		} else if what == "a shared access key" {
			needle = "Ab12Cd34"
		}
		for _, s := range settings() {
			if s.secret {
				continue // hidden whatever it holds
			}
			env := []string{s.name + "=" + secret}
			if _, err := loadConfig(env); err != nil && strings.Contains(err.Error(), needle) {
				t.Errorf("%s in %s is in the error: %v", what, s.name, err)
			}
			var out, errs bytes.Buffer
			c := &checker{env: env}
			c.cfg, _ = loadConfig(env)
			c.configuration()
			if err := c.print(&out, "table"); err != nil {
				t.Fatal(err)
			}
			if text := out.String() + errs.String(); strings.Contains(text, needle) {
				t.Errorf("%s in %s is printed by check", what, s.name)
			}
		}
		if got := discreet("it says " + secret); strings.Contains(got, needle) {
			t.Errorf("%s: %s", what, got)
		}
	}
}

func TestWhatIsNoSecretIsPrintedAsItIs(t *testing.T) {
	for _, text := range []string{
		"prod-eu=6f1c2a34-1111-4222-8333-444455556666", "/subscriptions/6f1c2a34-1111-4222-8333-444455556666/resourceGroups/rg/providers/Microsoft.OperationalInsights/workspaces/w", "https://api.loganalytics.us", "/etc/footprint/policy.yml", "C0123ABCD,C0456EFGH",
		"198.51.100.0/24,2001:db8::/32", "contoso.com,contoso.net", "2160h", "REDIS_URL is not set: everything is kept in memory and lost on exit, and only one replica can run", "signed in to Contoso SOC as footprint", "footprint-soc-eu-0", "AZURE_LOGS_WORKSPACE", "DeviceNetworkEvents has 28 of 28 columns",
		"FOOTPRINT_SWEEP_CONTROL: 203.0.113.80,proxy.corp.example (environment)",
	} {
		if got := discreet(text); got != text {
			t.Errorf("%q becomes %q", text, got)
		}
	}
}
