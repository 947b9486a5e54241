package bot_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/footprint-soc/footprint/bot"
	"github.com/footprint-soc/footprint/bot/localslack"
	"github.com/footprint-soc/footprint/bot/policy"
)

func policed(t *testing.T, text string) *stage {
	t.Helper()
	return newStage(t, stageOptions{policy: policyFile(t, text)})
}

func policyFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "policy.yml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestARefusalSaysWhatIsAllowedAndWhere(t *testing.T) {
	t.Parallel()
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
	s.waitFor("used your 2 hunts for this hour")
	for _, m := range s.soc.Messages() {
		if strings.Contains(m.Text, "not allowed") && m.Ephemeral == "" {
			t.Error("a refusal is public")
		}
	}
}

func TestWhatAChannelMustNotSeeIsNotShown(t *testing.T) {
	t.Parallel()
	s := policed(t, "default: {allow: [hunt], redact: [devices, users]}")
	s.slash(c2)
	answer := s.waitFor("*REACHED*")
	thread := s.waitThread(answer, func(m []localslack.Message) bool { return len(m) == 3 })
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

func TestGuestsAndMembersOfOtherCompaniesMayNothing(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	s.slash(c2)
	answer := s.waitFor("*REACHED*")
	s.waitThread(answer, func(m []localslack.Message) bool { return len(m) == 3 })
	queries := len(s.workspace.Queries())
	for name, c := range map[string]struct {
		user *localslack.User
		says string
	}{
		"a guest":                     {s.slack.AddUser("temp", localslack.Guest()), "guests may not hunt"},
		"a member of another company": {s.slack.User("guest"), "members of this workspace only"},
	} {
		seat := c.user.In(s.soc)
		if err := seat.Slash(s.ctx, "/footprint ip=198.51.100.9"); err != nil {
			t.Fatal(err)
		}
		told := func(n int) func() bool {
			return func() bool {
				seen := 0
				for _, m := range s.soc.All() {
					if m.Ephemeral == c.user.ID && strings.Contains(m.Text, c.says) {
						seen++
					}
				}
				return seen == n
			}
		}
		if err := s.slack.Until(s.ctx, told(1)); err != nil {
			t.Fatalf("%s is not refused", name)
		}
		if err := seat.Press(s.ctx, answer, "Last 30 days"); err != nil {
			t.Fatal(err)
		}
		if err := s.slack.Until(s.ctx, told(2)); err != nil {
			t.Fatalf("%s may press", name)
		}
		seat.Reply(answer, "last 30d")
	}
	if n := len(s.workspace.Queries()) - queries; n > 0 {
		t.Errorf("%d queries were asked for them", n)
	}
}

func TestWithoutTheScopeToTellGuestsNobodyIsLetIn(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{slack: localslack.Config{Scopes: []string{"commands", "chat:write", "files:write"}}})
	s.slash(c2)
	s.waitFor("needs the users:read scope")
}

func TestAChannelThatAnotherCompanyReadsGetsNoAnswer(t *testing.T) {
	t.Parallel()
	id := localslack.New(localslack.Config{}).AddChannel("partners").ID // the first one is the same everywhere
	const refusal = "This channel is shared with another company"
	for name, c := range map[string]struct {
		channels []string
		policy   string
		want     string
	}{
		"it is refused":               {nil, "", refusal},
		"a default policy is no list": {nil, "default: {allow: [hunt]}", refusal},
		"unless it is listed":         {[]string{id}, "", "CLEAN"},
		"unless it has its own rule":  {nil, "channels: {" + id + ": {allow: [hunt]}}", "CLEAN"},
	} {
		t.Run(name, func(t *testing.T) {
			o := stageOptions{partners: true, channels: c.channels}
			if c.policy != "" {
				o.policy = filepath.Join(t.TempDir(), "policy.yml")
				if err := os.WriteFile(o.policy, []byte(c.policy), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			s := newStage(t, o)
			partners := s.slack.Channel("partners")
			if err := s.slack.User("ana").In(partners).Slash(s.ctx, "/footprint ip=198.51.100.24"); err != nil {
				t.Fatal(err)
			}
			m, err := s.slack.WaitMessage(s.ctx, partners, func(m localslack.Message) bool { return strings.Contains(m.Text, c.want) })
			if err != nil {
				t.Fatalf("no %q: %v", c.want, err)
			}
			if (c.want == refusal) != (m.Ephemeral != "") {
				t.Errorf("told to %q:\n%s", m.Ephemeral, m.Text)
			}
			if n := len(s.workspace.Queries()); c.want == refusal && n > 0 {
				t.Errorf("%d queries for what was refused", n)
			}
		})
	}
}

func TestWithoutTheScopeToTellSharedChannelsNobodyIsAnswered(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{slack: localslack.Config{Scopes: []string{"commands", "chat:write", "files:write", "users:read"}}})
	s.slash(c2)
	s.waitFor("needs the channels:read and groups:read scopes")
}

func TestAUserGroupHasItsOwnLimits(t *testing.T) {
	t.Parallel()
	s := policed(t, "default: {allow: [hunt], max_look_back: 7d, for: [{group: S0LEADS, allow: [hunt, audit], max_look_back: 30d}]}")
	s.slash("/footprint ip=198.51.100.24 since=20d")
	s.waitFor("may hunt up to 7d; you asked for last 20 days")
	lead := s.slack.User("lead").In(s.soc)
	if err := lead.Slash(s.ctx, "/footprint ip=198.51.100.24 since=20d"); err != nil {
		t.Fatal(err)
	}
	s.waitFor("198.51.100[.]24`", "last 20 days")
	if err := lead.Slash(s.ctx, "/footprint ip=198.51.100.24 since=40d"); err != nil {
		t.Fatal(err)
	}
	s.waitFor("may hunt up to 30d; you asked for last 40 days")
}

func TestTheDefaultWorkspaceIsAWorkspaceAsWell(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "policy.yml")
	if err := os.WriteFile(path, []byte("default: {allow: [hunt], workspaces: [other]}"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := newStage(t, stageOptions{policy: path, bot: func(c *bot.Config) { c.Workspaces = []string{"test", "other"} }})
	s.slash("/footprint ip=198.51.100.24")
	s.waitFor("this channel may hunt in other only; write workspace=other")
}

func TestAPolicyIsReadAgainWhenItsFileChanges(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "policy.yml")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("default: {allow: [mark]}")
	s := newStage(t, stageOptions{policy: path})
	s.slash("/footprint ip=198.51.100.24")
	s.waitFor("hunt is not allowed in this channel. Allowed in this channel: mark.")
	write("default: {alow: [hunt]}")
	s.tick()
	s.slash("/footprint ip=198.51.100.25")
	if err := s.slack.Until(s.ctx, func() bool { return strings.Count(allText(s.soc), "hunt is not allowed in this channel") == 2 }); err != nil {
		t.Error("a policy with a mistake opened what was closed")
	}
	write("default: {allow: [hunt]}")
	s.tick()
	s.slash("/footprint ip=198.51.100.26")
	s.waitFor("198.51.100[.]26", "CLEAN")
}

func allText(c *localslack.Channel) string {
	var b strings.Builder
	for _, m := range c.All() {
		b.WriteString(m.Text + "\n")
	}
	return b.String()
}

func TestAMentionIsJudgedByThePolicyAsACommandIs(t *testing.T) {
	t.Parallel()
	s := policed(t, "default: {allow: [mark]}")
	head := s.ana.Say("we saw 203.0.113.66")
	s.ana.Reply(head, "<@"+s.slack.BotUser()+"> 203.0.113.66")
	s.waitFor("incident is not allowed in this channel")
	s.ana.Say("<@" + s.slack.BotUser() + "> ip=203.0.113.66")
	if m := s.waitFor("hunt is not allowed in this channel"); m.Ephemeral == "" {
		t.Error("a refusal is public")
	}
	if n := len(s.workspace.Queries()); n != 0 {
		t.Errorf("%d queries were asked", n)
	}
}

func TestWhereDevicesAreHiddenNothingIsAskedOfOneByItsName(t *testing.T) {
	t.Parallel()
	s := policed(t, "default: {allow: [hunt], redact: [devices]}")
	s.slash(c2)
	answer := s.waitFor("*REACHED*")
	s.waitThread(answer, func(m []localslack.Message) bool { return len(m) == 3 })
	for _, reply := range []string{"pivot WS-FIN-014", "pivot powershell.exe", "lineage WS-FIN-014"} {
		s.ana.Reply(answer, reply)
	}
	if err := s.slack.Until(s.ctx, func() bool {
		text := allText(s.soc)
		return strings.Count(text, "device names are redacted")+strings.Count(text, "Pivot from a device")+strings.Count(text, "No device in this hunt has that name") == 3
	}); err != nil {
		t.Errorf("it says\n%s", allText(s.soc))
	}
}

func TestAPolicyThatNamesAGroupWhichSlackDoesNotHaveStopsTheStart(t *testing.T) {
	t.Parallel()
	var kept bot.Config
	s := newStage(t, stageOptions{bot: func(c *bot.Config) { kept = *c }})
	gate, err := policy.New(policy.Config{File: policyFile(t, "default: {allow: [hunt], groups: [S0GONE]}"), Store: s.stores[0], Clock: s.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	start := func() error {
		another := kept
		another.Policy, another.Replica = gate, "another"
		_, err := bot.New(s.ctx, another)
		return err
	}
	if err := start(); err != nil {
		t.Errorf("a group that is there: %v", err)
	}
	for code, want := range map[string]string{"no_such_subteam": "the user group S0GONE, which this Slack workspace does not have", "missing_scope": ""} {
		allow, err := s.slack.Refuse(localslack.Refusal{Method: "usergroups.users.list", Error: code})
		if err != nil {
			t.Fatal(err)
		}
		err = start()
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", code, err, want)
		}
		allow()
	}
}
