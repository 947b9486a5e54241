package record_test

import (
	"context"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/incident"
	"github.com/footprint-soc/footprint/hunts/record"
	"github.com/footprint-soc/footprint/hunts/record/recordtest"
	"github.com/footprint-soc/footprint/hunts/sweep"
	"github.com/footprint-soc/footprint/hunts/testclock"
)

// Each kind of document is read as the release before wrote it: under its key, in its
// shape. A change that breaks one of these needs a new version of the kind, which
// reads what the one before left.
func TestDocumentsOfTheVersionBeforeAreRead(t *testing.T) {
	t.Parallel()
	s := recordtest.Open(t, recordtest.Inside(t).URL(), "a")
	ctx := t.Context()
	d, threads, sweeps := record.Documents(s, testclock.New().Now), record.ThreadDocuments(s), record.SweepDocuments(s)
	at := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	const stamp = `"2026-11-30T09:00:00Z"`
	thread := incident.Thread{Channel: "C1", TS: "1.2"}
	for key, c := range map[string]struct {
		written string
		forever bool
		read    func() (any, bool, error)
		want    any
	}{
		"mark:a6353bfbe92ae34a8544b367": {`{"verdict":"benign","ticket":"INC-1","by":"ana","until":` + stamp + `}`, false, one(ctx, d.Marks, "203.0.113.66"), hunts.Mark{Verdict: "benign", Ticket: "INC-1", By: "ana", Until: at}},
		"met:abc":                       {`{"indicator":"203.0.113.66","hunt":"F-7QK2","verdict":"REACHED","devices":3,"by":"ana","at":` + stamp + `,"window":"last 7 days","question":"q","look_back":"168h0m0s","whole":"REACHED","of":3}`, false, one(ctx, d.Earlier, "abc"), hunts.Earlier{Indicator: "203.0.113.66", Hunt: "F-7QK2", Verdict: hunts.Reached, Devices: 3, By: "ana", At: at, Window: "last 7 days", Question: "q", LookBack: "168h0m0s", Whole: hunts.Reached, Of: 3}},
		"before:F-7QK2":                 {`[{"hunt":"F-7QK1","verdict":"CLEAN"}]`, false, one(ctx, d.Before, "F-7QK2"), []hunts.Earlier{{Hunt: "F-7QK1", Verdict: hunts.Clean}}},
		"newer:F-7QK2":                  {`{"hunt":"F-7QK3","verdict":"REACHED","devices":4,"change":{"Hunt":"F-7QK2","Events":2}}`, false, one(ctx, d.Newer, "F-7QK2"), hunts.Newer{Hunt: "F-7QK3", Verdict: hunts.Reached, Devices: 4, Change: hunts.Change{Hunt: "F-7QK2", Events: 2}}},
		"recalled:F-7QK2":               {`{"hunt":"F-7QK2","from":"CLEAN","to":"REACHED","devices":["WS-1"],"events":2,"found":` + stamp + `}`, false, one(ctx, d.Recalls, "F-7QK2"), hunts.Recall{Hunt: "F-7QK2", From: hunts.Clean, To: hunts.Reached, Devices: []string{"WS-1"}, Events: 2, Found: at}},
		"sharers:F-7QK2":                {`["U1","U2"]`, false, one(ctx, d.Sharers, "F-7QK2"), []string{"U1", "U2"}},
		"cancel:F-7QK2":                 {`"@ana"`, false, one(ctx, d.Cancels, "F-7QK2"), "@ana"},
		"draft:V1":                      {`{"text":"203.0.113.66","since":"since=7d","devices":"","why":"tip","workspace":""}`, false, one(ctx, d.Drafts, "V1"), hunts.Draft{Text: "203.0.113.66", Since: "since=7d", Why: "tip"}},
		"ledger:C1:1.2":                 {`{"channel":"C1","thread":"1.2","paused":true,"lines":[{"indicator":{},"state":"held","why":"private","asker":{"user":"U1"},"seen":["1.2"]}],"covered":{},"rounds":2}`, false, one(ctx, threads.Ledgers, thread), incident.Ledger{Channel: "C1", Thread: "1.2", Paused: true, Rounds: 2, Lines: []incident.Line{{State: incident.Skipped, Why: "private", Asker: hunts.Asker{User: "U1"}, Seen: []string{"1.2"}}}}},
		"ledger-of:C1:1.2":              {`"1.1"`, false, one(ctx, threads.Of, thread), "1.1"},
		"enrich:C1":                     {`{"on":true,"by":"ana","when":` + stamp + `}`, true, one(ctx, threads.OptIns, "C1"), incident.OptIn{On: true, By: "ana", When: at}},
		"snapshot:daily":                {`{"slot":` + stamp + `,"looked":` + stamp + `,"keys":{"ip:203.0.113.66@ws-1":{"last":` + stamp + `}},"from":` + stamp + `,"to":` + stamp + `}`, false, one(ctx, sweeps.Snapshots, "daily"), sweep.Snapshot{Slot: at, Looked: at, From: at, To: at, Keys: map[string]sweep.Seen{"ip:203.0.113.66@ws-1": {Last: at}}}},
		"swept:" + sweep.Job{Name: "daily", Slot: at}.TryKey(): {`{"listed":4,"since":` + stamp + `,"hunted":["ip:203.0.113.66"]}`, false, one(ctx, sweeps.Made, sweep.Job{Name: "daily", Slot: at}.TryKey()), sweep.Made{Listed: 4, Since: at, Hunted: []string{"ip:203.0.113.66"}}},
		"sweep-again:daily": {`{"At":` + stamp + `,"Job":{"name":"daily","slot":` + stamp + `,"try":1},"Base":null}`, false, one(ctx, sweeps.Again, "daily"), sweep.Again{At: at, Job: sweep.Job{Name: "daily", Slot: at, Try: 1}}},
		"feed:abc":          {`{"stamp":{"etag":"e","fetched":` + stamp + `},"problems":null,"notes":["n"]}`, false, one(ctx, sweeps.Readings, "abc"), sweep.Reading{Stamp: sweep.Stamp{ETag: "e", Fetched: at}, Notes: []string{"n"}}},
	} {
		ttl := time.Hour
		if c.forever {
			ttl = 0
		}
		check(t, s.SetJSON(ctx, key, json.RawMessage(c.written), ttl))
		if got, ok, err := c.read(); err != nil || !ok || !same(got, c.want) {
			t.Errorf("%s is read as %+v, %t, %v; want %+v", key, got, ok, err, c.want)
		}
	}
	for list, c := range map[string]struct {
		written string
		read    func() (any, bool, error)
		want    any
	}{
		"watchlist":   {`{"indicator":{},"source":"slack","state":"active","added":` + stamp + `,"expires":` + stamp + `}`, every(ctx, sweeps.Watchlist), map[string]sweep.Entry{"k": {Source: "slack", State: sweep.Active, Added: at, Expires: at}}},
		"sweeps":      {`{"name":"daily","cron":"30 8 * * *","channel":"C1"}`, every(ctx, sweeps.Schedules), map[string]sweep.Schedule{"k": {Name: "daily", Cron: "30 8 * * *", Channel: "C1"}}},
		"held":        {`2026-11-30T09:00:00Z`, every(ctx, d.Waiting), map[string]time.Time{"k": at}},
		"ledger-wake": {`{"c":"C1","t":"1.2","at":` + stamp + `}`, every(ctx, threads.Wakes), map[string]incident.Wake{"k": {Channel: "C1", Thread: "1.2", At: at}}},
	} {
		check(t, s.PutEntries(ctx, list, map[string][]byte{"k": []byte(c.written)}))
		if got, ok, err := c.read(); err != nil || !ok || !same(got, c.want) {
			t.Errorf("the list %s is read as %+v, %t, %v; want %+v", list, got, ok, err, c.want)
		}
	}
}

func one[K comparable, T any](ctx context.Context, from hunts.Collection[K, T], key K) func() (any, bool, error) {
	return func() (any, bool, error) {
		v, ok, err := from.Get(ctx, key)
		return v, ok, err
	}
}

func every[T any](ctx context.Context, from hunts.Entries[T]) func() (any, bool, error) {
	return func() (any, bool, error) {
		all, unreadable, err := from.All(ctx)
		return all, len(unreadable) == 0, err
	}
}

// same compares as stored: a time and its zone may be told in two ways.
func same(x, y any) bool {
	a, errA := json.Marshal(x)
	b, errB := json.Marshal(y)
	return errA == nil && errB == nil && string(a) == string(b) && reflect.TypeOf(x) == reflect.TypeOf(y)
}

func TestADocumentThatCannotBeReadIsNotThere(t *testing.T) {
	t.Parallel()
	s := recordtest.Open(t, recordtest.Inside(t).URL(), "a")
	d := record.Documents(s, testclock.New().Now)
	check(t, s.SetJSON(t.Context(), "sharers:F-7QK2", map[string]int{"of another": 1}, time.Hour))
	check(t, d.Sharers.Put(t.Context(), "F-7QK3", []string{"U1"}))
	if all, err := d.Sharers.All(t.Context(), "F-7QK2", "F-7QK3", "F-NONE"); err != nil || len(all) != 1 || len(all["F-7QK3"]) != 1 {
		t.Errorf("read as %v, %v; want the one that can be read", all, err)
	}
	check(t, s.PutEntries(t.Context(), "watchlist", map[string][]byte{"ip:1": []byte("x")}))
	if all, unreadable, err := record.SweepDocuments(s).Watchlist.All(t.Context()); err != nil || len(all) != 0 || len(unreadable) != 1 {
		t.Errorf("the list is read as %v, %v, %v; want one entry that can't be read", all, unreadable, err)
	}
}
