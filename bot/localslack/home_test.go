package localslack

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
)

func homeView(text string) slack.HomeTabViewRequest {
	return slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: []slack.Block{slack.NewSectionBlock(slack.NewTextBlockObject(slack.MarkdownType, text, false, true), nil, nil)}}}
}

func TestAHomeTabIsKeptForThePersonItWasPublishedFor(t *testing.T) {
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
	defer stop()
	w, api := begin(t, Config{})
	ana := w.User("ana")
	seen := payloads(t, w)
	ana.OpenHome()
	first := (<-seen)["event"].(map[string]any)
	if first["type"] != "app_home_opened" || first["user"] != ana.ID || first["tab"] != "home" || !strings.HasPrefix(first["channel"].(string), "D") || first["view"] != nil {
		t.Errorf("the first event is %v", first)
	}
	v, err := api.PublishViewContext(ctx, slack.PublishViewContextRequest{UserID: ana.ID, View: homeView("hello")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.WaitHome(ctx, ana, func(m Message) bool { return strings.Contains(string(m.Blocks[0]), "hello") }); err != nil {
		t.Error(err)
	}
	ana.OpenHome()
	if second := (<-seen)["event"].(map[string]any); second["view"] == nil {
		t.Error("the second event lacks the view that was published")
	}
	old := v.Hash
	if v, err = api.PublishViewContext(ctx, slack.PublishViewContextRequest{UserID: ana.ID, View: homeView("again"), Hash: &old}); err != nil || v.Hash == old {
		t.Errorf("the newest hash is refused, or stays: %v", err)
	}
	if w.homes[w.User("lead").ID] != nil {
		t.Error("somebody else sees it")
	}
	long, unknown := homeView(strings.Repeat("x", 3001)), slack.PublishViewContextRequest{UserID: "U0NOBODY", View: homeView("x")}
	tooMany := homeView("x")
	for range 100 {
		tooMany.Blocks.BlockSet = append(tooMany.Blocks.BlockSet, slack.NewDividerBlock())
	}
	for name, r := range map[string]slack.PublishViewContextRequest{
		"an old hash": {UserID: ana.ID, View: homeView("x"), Hash: &old}, "a text that is too long": {UserID: ana.ID, View: long}, "101 blocks": {UserID: ana.ID, View: tooMany}, "nobody": unknown,
	} {
		if _, err := api.PublishViewContext(ctx, r); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	if _, err := api.OpenViewContext(ctx, "trigger", slack.ModalViewRequest{Type: slack.VTHomeTab}); err == nil {
		t.Error("a Home tab opens as a modal")
	}
}
