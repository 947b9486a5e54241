package bot_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/bot"
	"github.com/footprint-soc/footprint/bot/localslack"
	"github.com/footprint-soc/footprint/bot/policy"
	"github.com/footprint-soc/footprint/bot/watchlist"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/localworkspace"
	"github.com/footprint-soc/footprint/hunts/record"
	"github.com/footprint-soc/footprint/hunts/record/recordtest"
	"github.com/footprint-soc/footprint/hunts/sweep"
	"github.com/footprint-soc/footprint/hunts/testclock"
)

// allowing is a policy that allows every member everything.
func allowing(t *testing.T) *policy.Gate {
	t.Helper()
	g, err := policy.New(policy.Config{Store: recordtest.Start(t), Clock: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// putSweep sets up a sweep as somebody of that channel did.
func (s *stage) putSweep(name, channel string) {
	s.t.Helper()
	schedule := sweep.Schedule{Name: name, Cron: sweep.DefaultCron, Zone: "UTC", Channel: channel, Owner: "U0SOMEBODY", Added: s.clock.Now()}
	if err := record.SweepDocuments(s.stores[0]).Schedules.Put(s.ctx, map[string]sweep.Schedule{name: schedule}); err != nil {
		s.t.Fatal(err)
	}
}

// refusals are the audit's entries of what was refused.
func (s *stage) refusals() (out []hunts.AuditEntry) {
	s.t.Helper()
	err := s.stores[0].AuditSince(s.ctx, time.Time{}, func(e hunts.AuditEntry, _ string) error {
		if e.Action == "refused" {
			out = append(out, e)
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return out
}

func TestASweepMeetsThePolicyThatAHuntMeets(t *testing.T) {
	t.Parallel()
	s := policed(t, "default: {allow: [hunt, sweep, watch], max_look_back: 1d, workspaces: [elsewhere]}")
	s.slash("/footprint ip=203.0.113.66 since=90d")
	s.waitFor("may hunt up to 1d; you asked for last 90 days")
	s.slash("/footprint watch add ip=203.0.113.66")
	s.waitFor("1 on the watchlist")
	s.slash("/footprint sweep add daily since=90d")
	s.waitFor("this channel may hunt up to 1d")
	s.slash("/footprint sweep run")
	post := s.waitFor("🌅", "COULD NOT TELL", "this channel may hunt in elsewhere only")
	if strings.Contains(post.Text, "WS-FIN") {
		t.Errorf("it shows devices:\n%s", post.Text)
	}
	if n := len(s.workspace.Queries()); n != 0 {
		t.Errorf("%d queries reached the workspace: %+v", n, s.workspace.Queries())
	}
	if n := len(s.refusals()); n < 3 {
		t.Errorf("%d refusals in the audit", n)
	}
}

func TestASweepOfAnotherChannelIsThatChannelsToRunAndToMove(t *testing.T) {
	t.Parallel()
	own := localslack.New(localslack.Config{}).Channel("incidents").ID
	s := policed(t, "default: {allow: [hunt, sweep]}\nchannels: {"+own+": {allow: [hunt, sweep], groups: [S0NOBODY]}}")
	s.putSweep("theirs", own)
	for _, verb := range []string{"run", "pause", "resume", "remove"} {
		s.slash("/footprint sweep " + verb + " theirs")
		if err := s.slack.Until(s.ctx, func() bool {
			return slices.ContainsFunc(s.refusals(), func(e hunts.AuditEntry) bool { return e.What == verb+" theirs" })
		}); err != nil {
			t.Fatalf("%s is not refused:\n%s", verb, allText(s.soc))
		}
	}
	s.slash("/footprint sweep add theirs channel=<#" + s.soc.ID + "|soc>")
	s.waitFor("In <#" + own + ">: sweep isn't open to everyone")
	s.slash("/footprint sweep list")
	if m := s.waitFor("theirs · "); strings.Contains(m.Text, "paused") || !strings.Contains(m.Text, own) {
		t.Errorf("it was changed:\n%s", m.Text)
	}
	if n := len(s.workspace.Queries()); n != 0 {
		t.Errorf("%d queries", n)
	}
}

func TestASweepThatIsMadeLateIsJudgedByItsSlot(t *testing.T) {
	t.Parallel()
	s := policed(t, "default: {allow: [hunt, sweep, watch], max_look_back: 1d}")
	s.slash("/footprint watch add ip=203.0.113.66")
	s.waitFor("1 on the watchlist")
	s.putSweep("daily", s.soc.ID)
	key, payload, err := watchlist.SweepJob("daily", s.clock.Now().Add(-2*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.stores[0].Push(s.ctx, bot.LaneSweep, bot.JobSweep, key, payload); err != nil {
		t.Fatal(err)
	}
	if m := s.waitFor("🌅", "203.0.113[.]66"); strings.Contains(m.Text, "may hunt up to") {
		t.Errorf("it is refused:\n%s", m.Text)
	}
	if r := s.refusals(); len(r) > 0 {
		t.Errorf("refused: %+v", r)
	}
}

func TestASweepThatThereIsNotIsRefusedByName(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	s.slash("/footprint sweep add nightly")
	s.waitFor("The sweep nightly runs")
	for _, verb := range []string{"run", "pause", "remove"} {
		s.slash("/footprint sweep " + verb + " nope")
	}
	if err := s.slack.Until(s.ctx, func() bool {
		return strings.Count(allText(s.soc), `There is no sweep named "nope". Scheduled: nightly.`) == 3
	}); err != nil {
		t.Fatalf("it says\n%s", allText(s.soc))
	}
	s.slash("/footprint sweep list")
	if m := s.waitFor("nightly · "); strings.Contains(m.Text, "nope") {
		t.Errorf("it made one:\n%s", m.Text)
	}
}

func TestWhoMayNotHuntInAChannelMayNotCancelThere(t *testing.T) {
	t.Parallel()
	s := policed(t, "default: {allow: [], for: [{group: S0LEADS, allow: [hunt]}]}")
	lead := s.slack.User("lead").In(s.soc)
	s.workspace.Fault(localworkspace.Fault{Delay: 20 * time.Second, Times: 1000})
	if err := lead.Slash(s.ctx, c2); err != nil {
		t.Fatal(err)
	}
	m := s.waitFor("F-", "🔎 Hunting")
	ben := s.slack.AddUser("ben").In(s.soc)
	if err := ben.Press(s.ctx, m, "Cancel"); err != nil {
		t.Fatal(err)
	}
	s.waitFor("hunt is not allowed in this channel")
	for _, e := range s.audited("") {
		if strings.HasPrefix(e, "cancel ") {
			t.Error("it was cancelled")
		}
	}
	if err := lead.Press(s.ctx, m, "Cancel"); err != nil {
		t.Fatal(err)
	}
	if err := s.slack.Until(s.ctx, func() bool {
		return strings.Contains(strings.Join(s.audited(""), "\n"), "cancel "+s.slack.User("lead").ID)
	}); err != nil {
		t.Error("who may hunt can't cancel")
	}
}

func TestLineagePivotsAndExportsAreOnTheQuota(t *testing.T) {
	t.Parallel()
	s := policed(t, "default: {allow: [hunt, export], hunts_per_hour: 2}")
	s.slash(c2)
	answer := s.waitFor("*REACHED*")
	s.waitThread(answer, func(m []localslack.Message) bool { return len(m) == 3 })
	s.ana.Reply(answer, "lineage WS-FIN-014") // the second
	s.inThread(answer, "Process lineage")
	for _, reply := range []string{"lineage WS-FIN-031", "pivot WS-FIN-014"} {
		before := strings.Count(allText(s.soc), "used your 2 hunts for this hour")
		s.ana.Reply(answer, reply)
		if err := s.slack.Until(s.ctx, func() bool { return strings.Count(allText(s.soc), "used your 2 hunts for this hour") > before }); err != nil {
			t.Errorf("%s is free:\n%s", reply, allText(s.soc))
		}
	}
	s.ana.Reply(answer, "lineage WS-FIN-014") // the same once more costs nothing
}

func TestWhoMayNotHuntMayLookAtNoPlaceEither(t *testing.T) {
	for text, want := range map[string][]string{
		"default: {allow: [hunt], groups: [S0SOC]}":      {hunts.PlaceEndpoint},
		"default: {allow: [hunt]}":                       nil,
		"default: {allow: [hunt], places: [identity]}":   {"identity"},
		"default: {allow: [hunt], places: [endpoint]}\n": {hunts.PlaceEndpoint},
	} {
		g, err := policy.New(policy.Config{File: policyFile(t, text), Store: recordtest.Start(t), Clock: testclock.New().Now})
		if err != nil {
			t.Fatal(err)
		}
		if got := g.PlacesOf(t.Context(), hunts.Asker{User: "U1", Channel: "C0SOC00001"}); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
