package hunts_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/footprint-soc/footprint/hunts"
)

func stairs(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

func TestAFileThatAParserChokesOnIsRefusedBeforeItIsParsed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, says string }{
		{"open lists", strings.Repeat("[", 100_000), "nested more than 100 levels"},
		{"open maps", strings.Repeat("{a: ", 2000), "nested more than 100 levels"},
		{"open lists on many lines", strings.Repeat("[\n", 2000), "nested more than 100 levels"},
		{"dashes", strings.Repeat("- ", 200_000), "nested more than 100 levels"},
		{"question marks", strings.Repeat("? ", 200_000), "nested more than 100 levels"},
		{"a staircase", stairs(300), "nested more than 100 levels"},
		{"a hundred thousand keys", func() string {
			var b strings.Builder
			for n := range 100_000 {
				fmt.Fprintf(&b, "k%d: v\n", n)
			}
			return b.String()
		}(), "colons, more than"},
		{"two megabytes", strings.Repeat("# x\n", 1<<19), "larger than 1 MB"},
		{"an alias", "a: &a [x]\nb: *a\n", "line 2 has an alias"},
		{"a second document", "default: {allow: []}\n---\ndefault: {allow: [hunt]}\n", "line 2 begins a second document"},
		{"something behind the end", "default: {allow: []}\n...\ndefault: {allow: [hunt]}\n", "follows the end"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := hunts.PlainYAML([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("it says %v, want %q", err, c.says)
			}
		})
	}
	for name, text := range map[string]string{
		"a document with a head": "# ours\n---\ndefault: {allow: []}\n",
		"dashes in a text":       "query: |\n  a\n  ---\n  b\n",
		"brackets in a text":     `query: 'where x matches regex "[[({"'` + "\n",
		"deep, and still sane":   stairs(60),
	} {
		if err := hunts.PlainYAML([]byte(text)); err != nil {
			t.Errorf("%s is refused: %v", name, err)
		}
	}
}

func TestTheFilesThatWeShipAreNoDeeperThanTheyMayBe(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("catalog/*.y*ml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, f := range append(files, "../docs/policy.example.yml") {
		text, err := os.ReadFile(f)
		if err == nil {
			err = hunts.PlainYAML(text)
		}
		if err != nil {
			t.Errorf("%s: %v", f, err)
		}
	}
}

func FuzzPlainYAML(f *testing.F) {
	f.Add("default: {allow: [hunt]}")
	f.Add("[[[[")
	f.Add("- - -\n  ? a")
	f.Fuzz(func(_ *testing.T, text string) { _ = hunts.PlainYAML([]byte(text)) })
}
