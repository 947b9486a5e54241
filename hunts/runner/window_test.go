package runner

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/request"
)

func TestSlicesTouchAndCoverTheWindow(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		to := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC).Add(time.Duration(random.Int64N(int64(400 * day))))
		w := hunts.Window{From: to.Add(-time.Duration(1 + random.Int64N(int64(900*day)))), To: to}
		slices := slicesOf(w)
		if len(slices) == 0 || len(slices) > 1+dailySlices+olderSlices {
			t.Fatalf("%d slices for %v", len(slices), w)
		}
		if !slices[0].From.Equal(w.From) || !slices[len(slices)-1].To.Equal(w.To) {
			t.Fatalf("slices %v do not cover %v", slices, w)
		}
		for i, s := range slices {
			if !s.From.Before(s.To) {
				t.Fatalf("slice %v of %v is empty", s, w)
			}
			if i > 0 && !slices[i-1].To.Equal(s.From) {
				t.Fatalf("slices %v and %v of %v do not touch", slices[i-1], s, w)
			}
		}
	}
}

func TestAWiderWindowReusesTheDaysOfANarrowerOne(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 27, 0, 0, time.UTC)
	week := slicesOf(hunts.Window{From: now.Add(-7 * day), To: now})
	month := slicesOf(hunts.Window{From: now.Add(-30 * day), To: now})
	shared := 0
	for _, a := range week {
		for _, b := range month {
			if a.From.Equal(b.From) && a.To.Equal(b.To) {
				shared++
			}
		}
	}
	if shared < dailySlices-1 {
		t.Errorf("only %d of %d slices are shared", shared, len(week))
	}
}

func TestWindowOfARequest(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 27, 0, 0, time.UTC)
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for name, c := range map[string]struct {
		request request.Request
		want    hunts.Window
		text    string
	}{
		"nothing said is a week":        {request.Request{}, hunts.Window{From: now.Add(-7 * day), To: now, Ago: 7 * day}, "last 7 days"},
		"a look-back ends now":          {request.Request{Since: 24 * time.Hour}, hunts.Window{From: now.Add(-day), To: now, Ago: day}, "last day"},
		"everything has no beginning":   {request.Request{All: true}, hunts.Window{To: now, All: true}, "everything the workspace keeps"},
		"both ends as asked":            {request.Request{From: at("2026-11-01T00:00:00Z"), To: at("2026-11-02T00:00:00Z")}, hunts.Window{From: at("2026-11-01T00:00:00Z"), To: at("2026-11-02T00:00:00Z")}, "2026-11-01 00:00 to 2026-11-02 00:00 UTC"},
		"an end in the future is now":   {request.Request{From: at("2026-11-23T00:00:00Z"), To: at("2026-11-24T00:00:00Z")}, hunts.Window{From: at("2026-11-23T00:00:00Z"), To: now}, "2026-11-23 00:00 to 2026-11-23 09:27 UTC"},
		"only an end has the usual way": {request.Request{To: at("2026-11-08T00:00:00Z")}, hunts.Window{From: at("2026-11-01T00:00:00Z"), To: at("2026-11-08T00:00:00Z")}, "2026-11-01 00:00 to 2026-11-08 00:00 UTC"},
	} {
		t.Run(name, func(t *testing.T) {
			got := windowOf(c.request, now, 7*day)
			if got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
			if got.Text() != c.text {
				t.Errorf("text %q, want %q", got.Text(), c.text)
			}
		})
	}
}
