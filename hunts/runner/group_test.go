package runner

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/footprint-soc/footprint/hunts"
)

func TestAWindowIsOneQueryUntilTheServiceFindsItTooLarge(t *testing.T) {
	for _, c := range []struct {
		name    string
		slice   func(n int) (hunts.Result, error)
		queries int
		verdict hunts.Verdict
	}{
		{"it fits", func(int) (hunts.Result, error) { return total(0), nil }, 1, hunts.Clean},
		{"it takes too long", oneByOne(func(int) (hunts.Result, error) { return total(0), nil }), 9, hunts.Clean},
		{"it was cut", func(n int) (hunts.Result, error) {
			r := total(0)
			if n == 0 {
				r.Partial = "cut"
			}
			return r, nil
		}, 9, hunts.Clean},
		{"it is not allowed", eachFails(&hunts.Error{Kind: hunts.KindNoRole, Say: "no role"}), 1, hunts.CouldNotTell},
		{"the service is busy", eachFails(&hunts.Error{Kind: hunts.KindThrottled, Say: "busy"}), 1, hunts.CouldNotTell},
		{"each day takes too long as well", eachFails(&hunts.Error{Kind: hunts.KindTimeout, Say: "slow"}), 9, hunts.CouldNotTell},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := healthy(7 * day)
			s.slice = c.slice
			a := runScripted(t, s, nil, "ip=203.0.113.66 since=7d")
			if a.Verdict != c.verdict || s.asked-neighbours(a) != c.queries || len(a.Coverage.Slices) != 8 {
				t.Errorf("%s after %d queries, %s; %d slices", a.Verdict, s.asked, a.Reason, len(a.Coverage.Slices))
			}
		})
	}
}

// neighbours is the one query that follows a CLEAN.
func neighbours(a hunts.Answer) int {
	if a.Verdict == hunts.Clean {
		return 1
	}
	return 0
}

func TestPartsOfAnAnswerMustAddUp(t *testing.T) {
	row := func(section, bag string, part int) []any { return []any{section, bag, json.Number(fmt.Sprint(part))} }
	for name, c := range map[string]struct {
		rows [][]any
		err  string
	}{
		"nothing at all":           {nil, "contradicts"},
		"no whole":                 {[][]any{row("total", `{"events":1}`, 0)}, "contradicts"},
		"an event of no part":      {[][]any{row("whole", `{"events":2}`, -1), row("total", `{"events":1}`, 1)}, "contradicts"},
		"a part that is not there": {[][]any{row("whole", `{"events":0}`, -1), row("total", `{"events":0}`, 3)}, "no part 3 of 3"},
		"a row without its part":   {[][]any{{"whole", `{"events":0}`}}, "2 columns"},
		"empty parts":              {[][]any{row("whole", `{"events":0}`, -1)}, ""},
		"one part with events":     {[][]any{row("whole", `{"events":1}`, -1), row("total", `{"events":1,"failed":1,"devices":1,"rows":1}`, 2), row("device", `{"device":"a","events":1}`, 2)}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			parts, _, err := splitParts(c.rows, 3)
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Fatalf("error %v, want %q", err, c.err)
			}
			for _, rows := range parts {
				if _, err := readPart(rows); err != nil {
					t.Error(err)
				}
			}
		})
	}
}
