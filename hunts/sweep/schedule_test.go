package sweep

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func at(t *testing.T, text string) time.Time {
	t.Helper()
	when, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return when
}

func TestSlotsFollowTheClockOnTheWall(t *testing.T) {
	for name, c := range map[string]struct {
		cron, zone, after string
		want              []string // in UTC
	}{
		"before and after the clocks go forward": {"30 8 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z", []string{"2026-03-28T07:30:00Z", "2026-03-29T06:30:00Z", "2026-03-30T06:30:00Z"}},
		"before and after the clocks go back":    {"30 8 * * *", "Europe/Berlin", "2026-10-24T00:00:00Z", []string{"2026-10-24T06:30:00Z", "2026-10-25T07:30:00Z", "2026-10-26T07:30:00Z"}},
		"an hour that is not there":              {"30 2 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z", []string{"2026-03-28T01:30:00Z", "2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"}},
		"an hour that is there twice":            {"30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", []string{"2026-10-25T01:30:00Z", "2026-10-26T01:30:00Z"}},
		"working days":                           {"30 8 * * 1-5", "UTC", "2026-11-20T00:00:00Z", []string{"2026-11-20T08:30:00Z", "2026-11-23T08:30:00Z"}},
		"no zone is UTC":                         {"0 6 * * *", "", "2026-11-20T00:00:00Z", []string{"2026-11-20T06:00:00Z"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := Schedule{Name: "x", Cron: c.cron, Zone: c.zone}
			var got []string
			now := at(t, c.after)
			for range c.want {
				now = s.Next(now)
				got = append(got, now.UTC().Format(time.RFC3339))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("slots %v, want %v", got, c.want)
			}
		})
	}
}

func TestAScheduleThatCanNotBeIsRefused(t *testing.T) {
	for _, good := range []Schedule{{Name: "daily", Cron: DefaultCron, Zone: "Europe/Berlin"}, {Name: "früh-2_x", Cron: "0 8 29 2 *", Zone: "America/New_York", Sources: []string{"ti", "sentinel:iocs"}}} {
		if err := good.Check(); err != nil {
			t.Error(err)
		}
	}
	for want, s := range map[string]Schedule{
		"needs a short name":       {Cron: DefaultCron},
		"letters, digits":          {Name: "a/b", Cron: DefaultCron},
		"never runs":               {Name: "x", Cron: "0 8 30 2 *"},
		"isn't a time zone":        {Name: "x", Cron: DefaultCron, Zone: "Mars/Base"},
		"isn't a schedule":         {Name: "x", Cron: "30 8 * *"},
		`"@every 5s" isn't a sche`: {Name: "x", Cron: "@every 5s"},
		"CRON_TZ":                  {Name: "x", Cron: "CRON_TZ=UTC 0 8 * * *"},
		"isn't a source":           {Name: "x", Cron: DefaultCron, Sources: []string{"ftp://example.org"}},
	} {
		if err := s.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", s, err, want)
		}
	}
}

func TestADowntimeIsOneSlotThatCoversTheOthers(t *testing.T) {
	s := Schedule{Name: "daily", Cron: "30 8 * * *", Zone: "Europe/Berlin"}
	last := at(t, "2026-11-02T07:30:00Z")
	for name, c := range map[string]struct {
		now    string
		slot   string
		missed int
	}{
		"a second before the slot": {"2026-11-03T07:29:59Z", "", 0},
		"on the slot":              {"2026-11-03T07:30:00Z", "2026-11-03T07:30:00Z", 0},
		"after it":                 {"2026-11-03T19:00:00Z", "2026-11-03T07:30:00Z", 0},
		"three days later":         {"2026-11-06T08:00:00Z", "2026-11-06T07:30:00Z", 3},
	} {
		slot, missed, ok := s.Due(last, at(t, c.now))
		if ok != (c.slot != "") || ok && (slot.UTC().Format(time.RFC3339) != c.slot || missed != c.missed) {
			t.Errorf("%s: %v, %d missed, %v", name, slot, missed, ok)
		}
	}
	s.Paused = true
	if _, _, ok := s.Due(last, at(t, "2026-11-06T08:00:00Z")); ok {
		t.Error("a paused sweep is due")
	}
}

func TestAWindowLeavesNoGap(t *testing.T) {
	slot := at(t, "2026-11-03T07:30:00Z")
	day := 24 * time.Hour
	for name, c := range map[string]struct {
		schedule      Schedule
		previous      *Snapshot
		from, arrived time.Time
	}{
		"the first one looks back a day":          {Schedule{}, nil, slot.Add(-day), time.Time{}},
		"the first one looks back as told":        {Schedule{Look: 7 * day}, nil, slot.Add(-7 * day), time.Time{}},
		"then from the last one, with an overlap": {Schedule{}, &Snapshot{To: slot.Add(-day), Looked: slot.Add(-day + time.Minute)}, slot.Add(-day - 2*time.Hour), slot.Add(-day - 14*time.Minute)},
		"after a downtime from the last one":      {Schedule{}, &Snapshot{To: slot.Add(-5 * day), Looked: slot.Add(-5 * day)}, slot.Add(-5*day - 2*time.Hour), slot.Add(-5*day - 15*time.Minute)},
		"further back where it was told to":       {Schedule{Look: 3 * day}, &Snapshot{To: slot.Add(-day), Looked: slot.Add(-day)}, slot.Add(-3 * day), slot.Add(-day - 15*time.Minute)},
	} {
		from, to, arrived := c.schedule.Window(c.previous, slot)
		if !from.Equal(c.from) || !to.Equal(slot) || !arrived.Equal(c.arrived) {
			t.Errorf("%s: from %v to %v, arrived %v", name, from, to, arrived)
		}
	}
}

func TestTheOperatorsFileOfSweeps(t *testing.T) {
	got, err := ParseSchedules([]byte("sweeps:\n  - {name: daily, zone: Europe/Berlin, channel: C1, owner: U1, look_back: 3d, sources: [ti, 'https://feed.example/list.txt']}\n"))
	if err != nil || len(got) != 1 || got[0].Cron != DefaultCron || got[0].Look != 72*time.Hour || !got[0].FromYML || len(got[0].Sources) != 2 {
		t.Errorf("%+v, %v", got, err)
	}
	for want, text := range map[string]string{
		"channel is missing":   "sweeps: [{name: daily}]",
		"there are two sweeps": "sweeps: [{name: a, channel: C}, {name: a, channel: C}]",
		"isn't a time zone":    "sweeps: [{name: a, channel: C, zone: Mars/Base}]",
		"look_back":            "sweeps: [{name: a, channel: C, look_back: soon}]",
		"unknown field":        "sweeps: [{name: a, chanel: C}]",
	} {
		if _, err := ParseSchedules([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
