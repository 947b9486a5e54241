package sweep

import "testing"

func TestOnlyTheCountIsKeptOfManyProblems(t *testing.T) {
	l := List{Problems: []Problem{{Kind: Expired}, {Kind: Malformed, Value: "a"}, {Kind: Expired}, {Kind: Malformed, Value: "b"}}, More: map[Kind]int{Expired: 5}}
	for most, kept := range map[int]int{5: 4, 4: 4, 3: 3, 2: 2} {
		x := List{Problems: append([]Problem{}, l.Problems...), More: map[Kind]int{Expired: 5}}
		x.Trim(most)
		if len(x.Problems) != kept || x.Left()[Expired] != 7 || x.Left()[Malformed] != 2 {
			t.Errorf("%d: %+v", most, x)
		}
		if kept == 2 && (x.Problems[0].Value != "a" || x.Problems[1].Value != "b") {
			t.Errorf("what is over goes first: %+v", x.Problems)
		}
	}
}
