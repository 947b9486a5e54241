package bot_test

import (
	"strings"
	"testing"

	"github.com/footprint-soc/footprint/bot"
)

func TestTheHelpNamesEveryCommandAndTellsAllAboutATopic(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	s.slash("/footprint help")
	m := s.waitFor("finds which of our endpoints")
	for _, c := range bot.Commands() {
		if !strings.Contains(m.Text, c.Says) {
			t.Errorf("the help lacks %s", c.Usage)
		}
	}
	s.slash("/footprint help sweep")
	s.waitFor("/footprint sweep add NAME", "for example", "cron=", "Needs the right *sweep*", "/footprint sweep pause NAME")
	s.slash("/footprint help thread")
	s.waitFor("In this thread you can reply", "lineage WS-FIN-014")
	s.slash("/footprint sweep dance")
	s.waitFor("/footprint sweep run [NAME]")
	s.ana.Say("<@" + s.slack.BotUser() + "> watch list")
	s.waitFor("The watchlist is empty")
}
