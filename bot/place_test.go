package bot_test

import (
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/bot/localslack"
	"github.com/footprint-soc/footprint/hunts/localworkspace"
)

func TestAHuntWhoseMessageHasNoPlaceAnyMoreIsAnsweredDirectly(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lose func(s *stage, m localslack.Message)
		says string
	}{
		"the message was deleted":   {func(s *stage, m localslack.Message) { s.ana.Delete(m) }, "Its message in the channel was deleted"},
		"the channel was archived":  {func(s *stage, _ localslack.Message) { s.soc.Archive() }, "The channel was archived"},
		"the bot was put out of it": {func(s *stage, _ localslack.Message) { s.soc.Kick() }, "I'm no longer in the channel"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, stageOptions{})
			s.workspace.Fault(localworkspace.Fault{Delay: time.Second, Times: 100, Match: func(q string) bool { return strings.Contains(q, "let hunt_rows") }})
			s.slash(c2)
			c.lose(s, s.waitFor("203.0.113[.]66", "ISAC tip"))
			direct := s.slack.Direct(s.slack.User("ana"))
			m, err := s.slack.WaitMessage(s.ctx, direct, func(m localslack.Message) bool { return strings.Contains(m.Text, "*REACHED* by 3 devices") })
			if err != nil {
				t.Fatal("nobody was told")
			}
			if !strings.Contains(m.Text, c.says) {
				t.Errorf("it says\n%s", m.Text)
			}
			if all := direct.Messages(); len(all) != 1 {
				t.Errorf("%d direct messages", len(all))
			}
		})
	}
}
