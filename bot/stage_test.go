package bot_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/bot"
	"github.com/footprint-soc/footprint/bot/localslack"
	"github.com/footprint-soc/footprint/bot/policy"
	"github.com/footprint-soc/footprint/hunts/localworkspace"
	"github.com/footprint-soc/footprint/hunts/loganalytics"
	"github.com/footprint-soc/footprint/hunts/record"
	"github.com/footprint-soc/footprint/hunts/runner"
	"github.com/footprint-soc/footprint/hunts/testclock"
)

// fleet is made once: a small one, with every story of the demo in it.
var fleet = sync.OnceValue(func() *localworkspace.Events {
	return localworkspace.Fleet(localworkspace.FleetOptions{Seed: 7, Now: testclock.At(), Devices: 150, Days: 9})
})

// stage is a whole deployment on loopback: Slack, workspace, store, and as
// many replicas as a test wants.
type stage struct {
	t         *testing.T
	ctx       context.Context
	slack     *localslack.Workspace
	workspace *localworkspace.Server
	url       string // of the workspace
	redis     string
	soc       *localslack.Channel
	ana       localslack.Seat
	stores    []*record.Store
	bots      []*bot.Bot
	tide      *tide
	clock     *testclock.Clock // of the replicas; Slack and the workspace have one that nobody moves
}

type stageOptions struct {
	replicas int
	redis    string // URL; empty is in-process, for one replica
	slack    localslack.Config
	patience time.Duration // of one command to Redis; 2 s
	bot      func(*bot.Config)
	policy   string   // path of its file; empty allows everything
	channels []string // that may hunt; empty is all
	bots     []string // whose messages are read
	log      *slog.Logger
	runner   func(*runner.Config)
	partners bool                   // there is a channel of this name that another company reads
	at       time.Time              // makes a fleet of its own, and stops every clock at this time
	behind   time.Duration          // of the replicas' clock against the fleet
	noon     bool                   // begins at noon of the pinned day: near midnight, the hours that late rows may still reach lie in two days
	second   *localworkspace.Events // of a second workspace, us; nil for none
	tide     *tide                  // a workspace that fills up as time goes on; its clock is stopped
}

func fleetAt(at time.Time) *localworkspace.Events {
	return localworkspace.Fleet(localworkspace.FleetOptions{Seed: 7, Now: at, Devices: 60, Days: 9})
}

// noon is that of the pinned day.
func noon() time.Time { return testclock.At().Truncate(24 * time.Hour).Add(12 * time.Hour) }

func newStage(t *testing.T, o stageOptions) *stage {
	t.Helper()
	// the end of a whole test, which one that passes on a busy machine never sees
	ctx, stop := context.WithTimeout(context.Background(), 10*time.Minute)
	wall, events := testclock.New(), fleet
	s := &stage{t: t, ctx: ctx, clock: testclock.New(), redis: o.redis}
	if o.noon {
		at := noon()
		wall, s.clock = testclock.Starting(at), testclock.Starting(at)
		events = func() *localworkspace.Events { return fleetAt(at) }
	}
	slackClock := wall
	if !o.at.IsZero() {
		wall, s.clock = testclock.Stopped(o.at), testclock.Stopped(o.at)
		slackClock = testclock.Starting(o.at) // its calls are put in their order by time
		events = func() *localworkspace.Events { return fleetAt(o.at) }
	}
	if o.tide != nil {
		wall, s.clock, slackClock = testclock.Stopped(tideStart), testclock.Stopped(tideStart), testclock.Starting(tideStart)
		events = func() *localworkspace.Events { return o.tide.at(tideStart) }
		s.tide = o.tide
	}
	s.clock.Move(-o.behind)
	o.slack.Clock = slackClock.Now
	s.slack = localslack.New(o.slack)
	if o.partners {
		s.slack.AddChannel("partners", localslack.Shared())
	}
	workspaces := map[string]*localworkspace.Events{"w": events()}
	if o.second != nil {
		workspaces["u"] = o.second
	}
	s.workspace = localworkspace.NewServer(localworkspace.Config{Workspaces: workspaces, Clock: wall.Now})
	var err error
	if s.url, err = s.workspace.Start(ctx, "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	if err := s.slack.Start(ctx); err != nil {
		t.Fatal(err)
	}
	s.soc = s.slack.Channel("soc")
	s.ana = s.slack.User("ana").In(s.soc)
	var running sync.WaitGroup
	t.Cleanup(func() {
		stop()
		running.Wait()
		s.payloadsPass()
		for _, st := range s.stores {
			_ = st.Close()
		}
		_ = s.slack.Close()
		s.workspace.Close()
	})
	for n := range max(1, o.replicas) {
		s.replica(&running, n, o)
	}
	if err := s.slack.WaitConnected(ctx, 2*max(1, o.replicas)); err != nil {
		t.Fatal(err)
	}
	return s
}

// replica is one process as cmd/footprint wires it.
func (s *stage) replica(running *sync.WaitGroup, n int, o stageOptions) {
	t := s.t
	name := fmt.Sprintf("replica-%d", n)
	store, err := record.Open(s.ctx, record.Config{URL: s.redis, Prefix: strings.ReplaceAll(t.Name(), "/", "-"), Clock: s.clock.Now, Replica: name, Random: rand.Reader, Timeout: o.patience})
	if err != nil {
		t.Fatal(err)
	}
	s.stores = append(s.stores, store)
	workspaces := []loganalytics.Workspace{{Name: "test", ID: "w"}}
	if o.second != nil {
		workspaces = append(workspaces, loganalytics.Workspace{Name: "us", ID: "u"})
	}
	source, err := loganalytics.New(loganalytics.Config{Endpoint: s.url, Workspaces: workspaces})
	if err != nil {
		t.Fatal(err)
	}
	catalog, _, err := runner.LoadCatalog(nil)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	if os.Getenv("FOOTPRINT_TEST_LOG") != "" {
		log = slog.New(slog.NewTextHandler(os.Stderr, nil)).With("replica", name)
	}
	if o.log != nil {
		log = o.log
	}
	rc := runner.Config{Catalog: catalog, Source: source, Record: store, Clock: s.clock.Now, Log: log}
	if o.runner != nil {
		o.runner(&rc)
	}
	gate, err := policy.New(policy.Config{File: o.policy, Channels: o.channels, Bots: o.bots, Store: store, Clock: s.clock.Now, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	rc.Authorizer = gate
	runs, err := runner.New(rc)
	if err != nil {
		t.Fatal(err)
	}
	bc := bot.Config{
		BotToken: s.slack.BotToken(), AppToken: s.slack.AppToken(), APIURL: s.slack.APIURL(), Runner: runs, Policy: gate, Bots: o.bots, Store: store, Clock: s.clock.Now, Log: log, Replica: name,
		Documents: record.Documents(store, s.clock.Now), Threads: record.ThreadDocuments(store), Sweeping: record.SweepDocuments(store),
		PostBurst: 1000, Stagger: 1, ThreadPause: 1, // no cool-down, unless a test wants one
		AckWithin: 30 * time.Second, // a machine with other work is slow, and that is not what most tests are about
	}
	if o.patience > 0 {
		bc.AckWithin = 0
	}
	if o.bot != nil {
		o.bot(&bc)
	}
	b, err := bot.New(s.ctx, bc)
	if err != nil {
		t.Fatal(err)
	}
	s.bots = append(s.bots, b)
	running.Go(func() {
		if err := b.Run(s.ctx); err != nil && s.ctx.Err() == nil {
			t.Errorf("the bot ended: %v", err)
		}
	})
	running.Go(func() {
		_ = store.Consume(s.ctx, record.ConsumeConfig{Workers: 24, Lanes: []string{bot.LaneInteractive, bot.LaneWatch, bot.LaneSweep}, Log: log, Heartbeat: 300 * time.Millisecond, Stale: time.Second}, b.Handle)
	})
}

// slash types a command and fails the test when Slack shows an error.
func (s *stage) slash(text string) {
	s.t.Helper()
	if err := s.ana.Slash(s.ctx, text); err != nil {
		s.t.Fatalf("%s: Slack shows %v", text, err)
	}
}

// waitAtMost is how long a message is waited for that may never come.
const waitAtMost = 2 * time.Minute

// waitFor gives the first message whose text holds all parts.
func (s *stage) waitFor(parts ...string) localslack.Message {
	s.t.Helper()
	soon, stop := context.WithTimeout(s.ctx, waitAtMost)
	defer stop()
	m, err := s.slack.WaitMessage(soon, s.soc, func(m localslack.Message) bool { return holds(m.Text, parts) })
	if err != nil {
		for _, m := range s.soc.All() {
			s.t.Logf("%s thread=%s eph=%s\n%s", m.TS, m.ThreadTS, m.Ephemeral, m.Text)
		}
		s.t.Fatalf("no message with %q: %v", parts, err)
	}
	return m
}

func holds(text string, parts []string) bool {
	for _, p := range parts {
		if !strings.Contains(text, p) {
			return false
		}
	}
	return true
}

// waitThread waits until a thread has n replies with files counted.
func (s *stage) waitThread(parent localslack.Message, done func([]localslack.Message) bool) []localslack.Message {
	s.t.Helper()
	soon, stop := context.WithTimeout(s.ctx, waitAtMost)
	defer stop()
	var thread []localslack.Message
	err := s.slack.Until(soon, func() bool {
		thread = s.soc.Thread(parent.TS)
		return done(thread)
	})
	if err != nil {
		for _, m := range thread {
			var files []string
			for _, f := range m.Files {
				files = append(files, f.Name)
			}
			s.t.Logf("%s %v\n%s", m.TS, files, m.Text)
		}
		s.t.Fatalf("the thread is not complete: %v", err)
	}
	return thread
}

// alive is an indicator of the fleet as no message may show it.
var alive = regexp.MustCompile(`(?:203\.0\.113\.66|198\.51\.100\.24)(?:[^0-9]|$)|cdn-sync\.example|https?://[a-z0-9.-]*\.example`)

// payloadsPass checks, at the end of each test, that nothing which the bot sent in
// it was refused by the judge, and that nothing in it is alive.
func (s *stage) payloadsPass() {
	for _, c := range s.slack.Calls() {
		switch c.Error {
		case "invalid_blocks", "invalid_blocks_format", "msg_too_long", "msg_blocks_too_long", "invalid_arguments", "no_text":
			if !c.Fault {
				s.t.Errorf("%s was refused: %s\n%s%s", c.Method, c.Error, c.Args["blocks"], c.Args["view"])
			}
		}
		if strings.HasPrefix(c.Method, "chat.") {
			if found := alive.FindString(c.Args["text"]); found != "" {
				s.t.Errorf("%s shows %s alive:\n%s", c.Method, found, c.Args["text"])
			}
		}
	}
}

// wellMannered checks everything that was ever sent: nothing refused, nothing
// that would unfurl or link.
func (s *stage) wellMannered() {
	s.t.Helper()
	for _, c := range s.slack.Calls() {
		if c.Error == "invalid_blocks" || c.Error == "msg_too_long" || c.Error == "invalid_arguments" {
			s.t.Errorf("%s was refused: %s\n%s", c.Method, c.Error, c.Args["blocks"])
		}
		if c.Method == "chat.postMessage" || c.Method == "chat.update" {
			if c.Args["parse"] != "none" {
				s.t.Errorf("%s without parse=none", c.Method)
			}
		}
		if c.Method == "chat.postMessage" && (c.Args["unfurl_links"] != "false" || c.Args["unfurl_media"] != "false") {
			s.t.Errorf("a message may unfurl: %v", c.Args)
		}
	}
	for _, e := range s.slack.Envelopes() {
		if e.Acked == 0 {
			s.t.Errorf("envelope %s (%s) was never acknowledged", e.ID, e.Type)
		}
	}
}

// table is the message of a hunt's thread that has its rows, with the buttons
// that narrow them.
func (s *stage) table(parent localslack.Message) localslack.Message {
	s.t.Helper()
	thread := s.waitThread(parent, func(m []localslack.Message) bool { return len(m) > 1 })
	for _, m := range thread {
		if strings.Contains(kinds(m), "data_table") {
			return m
		}
	}
	s.t.Fatalf("no table in the thread of\n%s", parent.Text)
	return localslack.Message{}
}
