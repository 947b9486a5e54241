package main

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/footprint-soc/footprint/bot"
)

var updateCommands = flag.Bool("update-commands", false, "write the table of commands into docs/COMMANDS.md")

func TestTheDocumentsHaveTheTableOfCommands(t *testing.T) {
	const begin, end = "<!-- commands: from bot.CommandTable, go test ./cmd/footprint -run TableOfCommands -update-commands -->\n", "<!-- end of commands -->"
	text := read(t, "docs/COMMANDS.md")
	i, j := strings.Index(text, begin), strings.Index(text, end)
	if i < 0 || j < i {
		t.Fatal("docs/COMMANDS.md has no place for the table of commands")
	}
	if want := bot.CommandTable(); text[i+len(begin):j] != want {
		if !*updateCommands {
			t.Fatal("docs/COMMANDS.md does not have the bot's table of commands: run with -update-commands")
		}
		if err := os.WriteFile("../../docs/COMMANDS.md", []byte(text[:i+len(begin)]+want+text[j:]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestThePageOfTheDemoCompletesEveryCommand(t *testing.T) {
	have := map[string]bool{}
	for _, c := range completions() {
		if !strings.HasPrefix(c.Text, "/footprint") || c.Says == "" {
			t.Errorf("%+v can't be typed", c)
		}
		have[c.Usage] = true
	}
	for _, c := range bot.Commands() {
		if !have[c.Usage] {
			t.Errorf("%s is not completed", c.Usage)
		}
	}
}
