package bot_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/footprint-soc/footprint/bot"
	"github.com/footprint-soc/footprint/bot/localslack"
)

func TestAPolicyThatIsWrongIsRefusedWithItsReason(t *testing.T) {
	for _, c := range []struct{ name, text, says string }{
		{"an unknown verb", "channels: {C0123: {allow: [hunts]}}", `allows "hunts"`},
		{"an unknown key", "channels: {C0123: {alow: [hunt]}}", "alow"},
		{"a name instead of an id", "channels: {soc: {allow: [hunt]}}", "channel id"},
		{"a look-back that is none", "default: {allow: [hunt], max_look_back: 7x}", "max_look_back"},
		{"a redaction that is none", "default: {allow: [hunt], redact: [names]}", `redacts "names"`},
		{"an approval without a size", "default: {allow: [hunt]}\napproval: {expires: 1h}", "which hunts need it"},
		{"an approval with a look-back that is none", "default: {allow: [hunt]}\napproval: {look_back: 7x}", "approval: look_back"},
		{"nothing at all", "{}", "allows nothing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := bot.ParsePolicy([]byte(c.text))
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, want %q", err, c.says)
			}
		})
	}
}

func policed(t *testing.T, text string) *stage {
	t.Helper()
	path := filepath.Join(t.TempDir(), "policy.yml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return newStage(t, stageOptions{bot: func(c *bot.Config) { c.PolicyFile = path }})
}

func TestARefusalSaysWhatIsAllowedAndWhere(t *testing.T) {
	s := policed(t, "default: {allow: [hunt, mark], max_look_back: 7d, hunts_per_hour: 2}\nchannels: {C0ELSEWHERE: {allow: [watch, sweep]}}")
	s.slash("/footprint ip=198.51.100.24 since=90d")
	s.waitFor("may hunt up to 7d; you asked for last 90 days")
	s.slash("/footprint watch list")
	s.waitFor("watch is not allowed in this channel; it is in <#C0ELSEWHERE>")
	s.slash("/footprint ip=198.51.100.24")
	s.waitFor("CLEAN")
	s.slash("/footprint ip=198.51.100.25")
	s.waitFor("198.51.100[.]25")
	s.slash("/footprint ip=198.51.100.26")
	s.waitFor("used the 2 hunts of this hour")
	for _, m := range s.soc.Messages() {
		if strings.Contains(m.Text, "not allowed") && m.Ephemeral == "" {
			t.Error("a refusal is public")
		}
	}
}

func TestWhatAChannelMustNotSeeIsNotShown(t *testing.T) {
	s := policed(t, "default: {allow: [hunt], redact: [devices, users]}")
	s.slash(c2)
	answer := s.waitFor("*REACHED*")
	thread := s.waitThread(answer, func(m []localslack.Message) bool { return len(m) >= 4 })
	for _, m := range thread {
		for _, b := range m.Blocks {
			for _, secret := range []string{"WS-FIN-014", "ana.sousa"} {
				if strings.Contains(string(b), secret) || strings.Contains(m.Text, secret) {
					t.Errorf("%s is shown:\n%s", secret, m.Text)
				}
			}
		}
		for _, f := range m.Files {
			if strings.HasSuffix(f.Name, ".csv") {
				t.Error("a file is exported, which the channel may not have")
			}
		}
	}
	s.waitFor("device-1")
}
