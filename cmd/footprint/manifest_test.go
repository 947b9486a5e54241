package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

func readManifest(t *testing.T) map[string]any {
	t.Helper()
	data, err := os.ReadFile("../../manifest.yml")
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
	manifest := readManifest(t)
	// YAML integers arrive as uint64, which the validator does not take for numbers.
	if err := compiled.Validate(plain(manifest)); err != nil {
		t.Error(err)
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
	manifest := readManifest(t)
	scopes := manifest["oauth_config"].(map[string]any)["scopes"].(map[string]any)["bot"].([]any)
	var got []string
	for _, s := range scopes {
		got = append(got, s.(string))
	}
	if want := []string{"chat:write", "commands", "files:write"}; !slices.Equal(got, want) {
		t.Errorf("scopes %v, want %v", got, want)
	}
	if settings := manifest["settings"].(map[string]any); settings["socket_mode_enabled"] != true {
		t.Error("socket mode is off")
	}
}
