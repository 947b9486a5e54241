package hunts

import "testing"

func TestANumberComesWithCommasAndItsNoun(t *testing.T) {
	for _, c := range []struct {
		n          int64
		noun, want string
	}{
		{0, "device", "0 devices"}, {1, "device", "1 device"}, {999, "event", "999 events"}, {1942, "device", "1,942 devices"},
		{1234567, "event", "1,234,567 events"}, {-1942, "event", "-1,942 events"}, {2, "query", "2 queries"}, {3, "process", "3 processes"}, {2, "hash", "2 hashes"}, {7, "day", "7 days"},
	} {
		if got := Count(c.n, c.noun); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
