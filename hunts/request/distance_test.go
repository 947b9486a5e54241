package request

import "testing"

func TestDistanceCountsWhatSlipsInTyping(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want int
	}{{"only", "only", 0}, {"onyl", "only", 1}, {"ony", "only", 1}, {"onlyy", "only", 1}, {"once", "only", 2}, {"", "csv", 3}, {"thanks", "only", 5}} { //nolint:misspell // as people type
		if got := Distance(c.a, c.b); got != c.want || Distance(c.b, c.a) != c.want {
			t.Errorf("%q and %q: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
