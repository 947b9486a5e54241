package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/footprint-soc/footprint/bot/message"
)

// The app as it is shipped, and the one that also reads threads.
const (
	smallApp = "../../manifest.yml"
	largeApp = "../../docs/manifest-enrichment.yml"
)

func readManifest(t *testing.T, path string) map[string]any {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var manifest map[string]any
	if err := yaml.Unmarshal(data, &manifest); err != nil {
		t.Fatal(err)
	}
	return manifest
}

func TestManifestIsValidAgainstSlacksSchema(t *testing.T) {
	const schema = "../../../shared/schema/slack-manifest.2.0.0.schema.json"
	if _, err := os.Stat(schema); err != nil {
		t.Skip("SKIPPED: ../shared is not present, so manifest.yml is not checked against Slack's schema")
	}
	compiler := jsonschema.NewCompiler()
	// Two patterns of the schema look ahead, which RE2 doesn't; neither is about
	// anything that our manifest has.
	compiler.UseRegexpEngine(func(s string) (jsonschema.Regexp, error) {
		return regexp.Compile(strings.ReplaceAll(s, `(?![\.\-])`, ""))
	})
	compiled, err := compiler.Compile(schema)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{smallApp, largeApp} {
		// YAML integers arrive as uint64, which the validator does not take for numbers.
		if err := compiled.Validate(plain(readManifest(t, path))); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func plain(v any) any {
	switch x := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, e := range x {
			out[k] = plain(e)
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = plain(e)
		}
		return out
	case uint64:
		return float64(x)
	}
	return v
}

func TestManifestAsksForTheLeastScopes(t *testing.T) {
	for path, c := range map[string]struct{ scopes, events, shortcuts []string }{
		smallApp: {scopes: []string{"channels:read", "chat:write", "commands", "files:write", "groups:read", "users:read"}, events: []string{"app_home_opened"}, shortcuts: []string{message.ShortcutMessage}},
		largeApp: {
			[]string{"app_mentions:read", "channels:history", "channels:read", "chat:write", "commands", "files:read", "files:write", "groups:history", "groups:read", "metadata.message:read", "reactions:write", "users:read"},
			[]string{"app_home_opened", "app_mention", "message.channels", "message.groups"},
			[]string{message.ShortcutMessage, message.ShortcutLedger},
		},
	} {
		manifest := readManifest(t, path)
		settings := manifest["settings"].(map[string]any)
		if got := texts(manifest["oauth_config"].(map[string]any)["scopes"].(map[string]any)["bot"]); !slices.Equal(got, c.scopes) {
			t.Errorf("%s: scopes %v, want %v", path, got, c.scopes)
		}
		events, _ := settings["event_subscriptions"].(map[string]any)
		if got := texts(events["bot_events"]); !slices.Equal(got, c.events) {
			t.Errorf("%s: events %v, want %v", path, got, c.events)
		}
		if settings["socket_mode_enabled"] != true {
			t.Errorf("%s: socket mode is off", path)
		}
		var callbacks []string
		for _, x := range manifest["features"].(map[string]any)["shortcuts"].([]any) {
			shortcut := x.(map[string]any)
			callback, _ := shortcut["callback_id"].(string)
			callbacks = append(callbacks, callback)
			// https://docs.slack.dev/reference/app-manifest: a shortcut's name has at most 24 characters
			if name, _ := shortcut["name"].(string); shortcut["type"] != "message" || utf8.RuneCountInString(name) > 24 {
				t.Errorf("%s: the shortcut is %v", path, shortcut)
			}
		}
		if !slices.Equal(callbacks, c.shortcuts) {
			t.Errorf("%s: shortcuts %v, want %v", path, callbacks, c.shortcuts)
		}
	}
}

func texts(v any) []string {
	list, _ := v.([]any)
	var out []string
	for _, x := range list {
		out = append(out, x.(string))
	}
	return out
}

// The page for a security team has each scope and event of the manifests with its
// reason, and none that they don't ask for.
func TestEachScopeHasItsReasonInTheDocuments(t *testing.T) {
	text, err := os.ReadFile("../../docs/SCOPES.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_.:]+)` \\| (.+) \\| (.+) \\|$").FindAllStringSubmatch(string(text), -1) {
		documented[row[1]] = true
	}
	asked := map[string]bool{}
	for _, path := range []string{smallApp, largeApp} {
		m := readManifest(t, path)
		lists := []any{m["oauth_config"].(map[string]any)["scopes"].(map[string]any)["bot"]}
		if events, ok := m["settings"].(map[string]any)["event_subscriptions"]; ok {
			lists = append(lists, events.(map[string]any)["bot_events"])
		}
		for _, list := range lists {
			for _, name := range texts(list) {
				asked[name] = true
				if !documented[name] {
					t.Errorf("%s asks for %s, and docs/SCOPES.md does not say why", path, name)
				}
			}
		}
	}
	for name := range documented {
		if !asked[name] {
			t.Errorf("docs/SCOPES.md has %s, which no manifest asks for", name)
		}
	}
}
