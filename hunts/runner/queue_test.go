package runner

import (
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/request"
)

func TestAHuntThatWaitsTellsItsPlaceAndWhatItCost(t *testing.T) {
	catalog, _, err := LoadCatalog(nil)
	if err != nil {
		t.Fatal(err)
	}
	s := healthy(7 * day)
	s.ahead = 3
	s.slice = func(int) (hunts.Result, error) {
		r := total(0)
		r.Stats = hunts.QueryStats{CPU: 20 * time.Millisecond, DataScanned: 1000}
		return r, nil
	}
	runner := newRunner(Config{Catalog: catalog, Source: s, Record: emptyRecord{}, Clock: func() time.Time { return cleanNow }, Parallel: 1})
	req, refusal := request.Parse("dns=evil.example", cleanNow)
	if refusal != nil {
		t.Fatal(refusal)
	}
	h, err := runner.Prepare("F-TEST", req, hunts.Asker{User: "U1"})
	if err != nil {
		t.Fatal(err)
	}
	var waited, ran, told int
	a, err := runner.Run(t.Context(), h, func(p hunts.Progress) {
		switch {
		case p.QueuedAhead == 3 && p.Done == 0:
			waited++
		case p.QueuedAhead != 0:
			t.Errorf("it waits although %d slices are done", p.Done)
		case p.Endpoint != nil:
			told++
		default:
			ran++
		}
	})
	if err != nil || waited != 1 || ran != len(a.Coverage.Slices) || told != 1 {
		t.Errorf("told %d times that it waits, %d times that it runs, %d times what the sensors say: %v", waited, ran, told, err)
	}
	// one search, and one question to each of the eight places of a name, which tell no cost here
	if a.Source.Queries != 9 || a.Source.CPUMS != 20 || a.Source.Scanned != 1000 {
		t.Errorf("%d queries cost %d ms and %d bytes", a.Source.Queries, a.Source.CPUMS, a.Source.Scanned)
	}
}
