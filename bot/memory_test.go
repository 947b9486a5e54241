package bot_test

import (
	"strings"
	"testing"
)

func TestWhatWasHuntedBeforeIsToldForEachIndicator(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	s.slash("/footprint ip=203.0.113.66 dns=cdn-sync.example")
	s.waitFor("*REACHED*", "203.0.113[.]66`", "`cdn-sync[.]example`")
	s.slash("/footprint dns=cdn-sync.example")
	s.waitFor("*REACHED*", "Known: cdn-sync[.]example hunted", "REACHED by 3 devices (last 7 days, F-")
	s.slash("/footprint https://cdn-sync.example/other since=2d")
	s.waitFor("*REACHED*", "cdn-sync[.]example/other", "Known: cdn-sync[.]example hunted", "(last 7 days, F-")
	s.slash("/footprint dns=cdn-sync.example device=WS-FIN-014")
	if m := s.waitFor("*REACHED* by 1 device"); strings.Contains(m.Text, "Known:") {
		t.Errorf("a narrowed hunt is told of a plain one: %s", m.Text)
	}
}
