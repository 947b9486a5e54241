//go:build fault

package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/bot/localslack"
)

// storeLosses are the ways in which a Redis loses what it was given. What was in it is
// gone, and with it hunts that were not answered yet: they are counted and printed. What
// matters is that nobody is told anything wrong, that nothing comes twice, and that
// whatever is asked afterwards is answered without anybody's help.
var storeLosses = []struct {
	name string
	lose func(ctx context.Context, d *deployment) error
}{
	{"FLUSHALL", func(ctx context.Context, d *deployment) error {
		c := d.redis.Client()
		defer func() { _ = c.Close() }()
		return c.FlushAll(ctx).Err()
	}},
	{"restarted without its data", func(_ context.Context, d *deployment) error {
		d.redis.Forget(d.tb)
		d.redis.Start(d.tb)
		return nil
	}},
	{"restarted with the end of its file cut off", func(_ context.Context, d *deployment) error {
		d.redis.Tear(d.tb, 4000)
		d.redis.Start(d.tb)
		return nil
	}},
	{"evicts what was used longest ago", func(ctx context.Context, d *deployment) error {
		c := d.redis.Client()
		defer func() { _ = c.Close() }()
		used, err := c.Info(ctx, "memory").Result()
		if err != nil {
			return err
		}
		_, rest, _ := strings.Cut(used, "used_memory:")
		var bytes int64
		if _, err := fmt.Sscanf(rest, "%d", &bytes); err != nil {
			return err
		}
		if err := c.ConfigSet(ctx, "maxmemory-policy", "allkeys-lru").Err(); err != nil {
			return err
		}
		if err := c.ConfigSet(ctx, "maxmemory", fmt.Sprint(bytes-20_000)).Err(); err != nil {
			return err
		}
		return c.ConfigSet(ctx, "maxmemory", "0").Err()
	}},
}

const storeHunts = 16

func TestAStoreThatLosesWhatItHeldStopsNobody(t *testing.T) {
	for _, loss := range storeLosses {
		t.Run(loss.name, func(t *testing.T) {
			ctx, stop := context.WithTimeout(t.Context(), 3*time.Minute)
			defer stop()
			d := newDeployment(t, localslack.Config{}, 40, 9)
			for n := range 2 {
				d.start(n)
			}
			d.waitConnected(2)
			accepted := map[string]faultHunt{}
			ask := func(n int) {
				channel := d.slack.AddChannel(fmt.Sprintf("war-%d", n))
				indicator := fmt.Sprintf("198.18.7.%d", n+1)
				if n%2 == 0 {
					indicator = "203.0.113.66," + indicator
				}
				if err := d.slack.User("ana").In(channel).Slash(ctx, "/footprint ip="+indicator); err != nil {
					t.Logf("hunt %d is not taken: %v", n, err)
					return
				}
				accepted[fmt.Sprintf("198.18.7[.]%d`", n+1)] = faultHunt{channel: channel, hit: n%2 == 0}
			}
			for n := range storeHunts / 2 {
				ask(n)
			}
			before := maps.Clone(accepted)
			if err := loss.lose(ctx, d); err != nil {
				t.Fatal(err)
			}
			for n := storeHunts / 2; n < storeHunts; n++ {
				ask(n)
			}
			d.goesOn(ctx, accepted, before)
		})
	}
}

// goesOn waits for what was asked after the loss, and counts the rest as it stands.
func (d *deployment) goesOn(ctx context.Context, accepted, before map[string]faultHunt) {
	d.tb.Helper()
	within, stop := context.WithTimeout(ctx, 60*time.Second)
	defer stop()
	tally := func() (answered, declinedInWords, stuck, silent, twice, wrong, late int) {
		for mark, h := range accepted {
			if _, old := before[mark]; !old && h.look(mark).answered == 0 && declined(h.channel) == 0 {
				late++
			}
			switch x := h.look(mark); {
			case x.parents > 1:
				twice++
			case x.parents == 1 && x.answered == 0 && declined(h.channel) == 0:
				stuck++
			case x.answered > 0:
				answered++
				wrong += x.wrong
			case declined(h.channel) > 0:
				declinedInWords++
			default:
				silent++
			}
		}
		return answered, declinedInWords, stuck, silent, twice, wrong, late
	}
	_ = d.slack.Until(within, func() bool {
		answered, words, _, _, _, _, _ := tally()
		return answered+words == len(accepted)
	})
	answered, words, stuck, silent, twice, wrong, late := tally()
	d.tb.Logf("%d accepted, %d of them before the loss: %d answered, %d declined in words, %d without an end, %d without a message, %d twice, %d wrong", len(accepted), len(before), answered, words, stuck, silent, twice, wrong)
	if twice+wrong+late > 0 {
		d.tb.Errorf("a store that lost what it held left %d hunts wrong, %d twice, and %d that were asked afterwards without an end", wrong, twice, late)
	}
}

// Two replicas may read different policies for a while, as in a rollout: each hunt is
// judged by one of them, and what one refuses is never searched by the other.
func TestReplicasWithDifferentPoliciesNeverSearchWhatTheirOwnRefuses(t *testing.T) {
	ctx, stop := context.WithTimeout(t.Context(), 3*time.Minute)
	defer stop()
	d := newDeployment(t, localslack.Config{}, 40, 9)
	write := func(name, text string) string {
		path := filepath.Join(d.dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	strict, open := write("strict.yml", "default: {allow: [hunt], max_look_back: 1d}"), write("open.yml", "default: {allow: [hunt]}")
	for n, path := range []string{strict, open} {
		d.env = []string{"FOOTPRINT_POLICY=" + path}
		d.start(n)
	}
	d.waitConnected(2)
	answered, refused := 0, 0
	for n := range storeHunts {
		channel := d.slack.AddChannel(fmt.Sprintf("war-%d", n))
		if err := d.slack.User("ana").In(channel).Slash(ctx, fmt.Sprintf("/footprint ip=198.18.7.%d since=7d", n+1)); err != nil {
			t.Fatal(err)
		}
		err := d.slack.Until(ctx, func() bool {
			for _, m := range channel.All() {
				if verdictIn(m.Text) || strings.Contains(m.Text, "may hunt up to 1d") {
					return true
				}
			}
			return false
		})
		if err != nil {
			t.Fatalf("hunt %d has no end: %s", n, allTexts(channel))
		}
		text := allTexts(channel)
		switch {
		case strings.Contains(text, "may hunt up to 1d") && (strings.Contains(text, "CLEAN") || strings.Contains(text, "REACHED")):
			t.Errorf("hunt %d was refused and searched: %s", n, text)
		case strings.Contains(text, "may hunt up to 1d"):
			refused++
		default:
			answered++
		}
	}
	t.Logf("%d hunts: %d answered, %d refused in words", storeHunts, answered, refused)
	d.nothingPending(ctx)
}
