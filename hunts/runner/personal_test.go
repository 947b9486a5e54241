package runner_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/request"
)

func TestASharedAnswerShowsEachAskerTheirOwnIndicator(t *testing.T) {
	f := madeFleet{devices: 4, days: 3, every: time.Hour, now: wednesdayNoon, info: true}
	r := f.runner(t, "")
	run := func(id, text, why string) hunts.Answer {
		req, refusal := request.Parse(text, f.now)
		if refusal != nil {
			t.Fatal(refusal)
		}
		req.Why = why
		h, err := r.Prepare(id, req, hunts.Asker{User: "U" + id, Name: "asker of " + id, Channel: "C" + id})
		if err != nil {
			t.Fatal(err)
		}
		a, err := r.Run(t.Context(), h, nil)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	first := run("F-ONE", "https://www.site2.example/#secret?token=A", "the first reason")
	if first.ByIndicator[0].Type != "url" || first.ByIndicator[0].Events == 0 {
		t.Fatalf("the first asker: %+v", first.ByIndicator)
	}
	for id, request := range map[string]string{"F-TWO": "dns=www.site2.example", "F-THREE": "https://www.site2.example/#other"} {
		a := run(id, request, "another reason")
		if a.Source.CachedAt == nil {
			t.Fatalf("%s was searched again", request)
		}
		text, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{"secret", "token", "F-ONE", "the first reason", "asker of F-ONE", "CF-ONE"} {
			if strings.Contains(string(text), secret) {
				t.Errorf("%s shows %q of another's request", request, secret)
			}
		}
		own := strings.TrimPrefix(request, "dns=")
		if a.ByIndicator[0].Indicator != own || a.ByIndicator[0].Events != first.ByIndicator[0].Events || a.Rows[0].Matched[0] != own || a.ByDevice[0].Matched[0] != own || a.Events[0].Matched[0] != own {
			t.Errorf("%s: lines %+v, row %v", request, a.ByIndicator, a.Rows[0].Matched)
		}
		if note := strings.Contains(strings.Join(a.Notes, " "), "A URL is hunted by its host"); note != strings.HasPrefix(own, "https") {
			t.Errorf("%s: notes %q", request, a.Notes)
		}
	}
	for _, request := range []string{"https://www.site2.example/a", "https://www.site2.example/b"} { // places tell them apart
		if a := run("F-"+request[len(request)-1:], request, "a path"); a.Source.CachedAt != nil {
			t.Errorf("%s was answered for another URL", request)
		}
	}
}
