package hunts_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts"
)

// answering remembers which scopes it was asked for.
type answering struct {
	kind  string
	asked []string
}

func (a *answering) Query(_ context.Context, q hunts.Query) (hunts.Result, error) {
	a.asked = append(a.asked, q.Workspaces...)
	return hunts.Result{}, nil
}

func (a *answering) Describe(names []string) hunts.SourceInfo {
	return hunts.SourceInfo{Kind: a.kind, Workspace: names[0], Keeps: time.Hour}
}

func TestEachQueryGoesToTheSourceOfItsScope(t *testing.T) {
	logs, xdr := &answering{kind: "logs"}, &answering{kind: "xdr"}
	routes := hunts.Routes{{Name: "prod-eu", Source: logs}, {Name: "xdr", Source: xdr}, {Name: "prod-us", Source: logs}}
	for _, names := range [][]string{nil, {"XDR"}, {"prod-us"}} {
		if _, err := routes.Query(t.Context(), hunts.Query{Workspaces: names}); err != nil {
			t.Errorf("%v: %v", names, err)
		}
	}
	if !slices.Equal(logs.asked, []string{"prod-eu", "prod-us"}) || !slices.Equal(xdr.asked, []string{"XDR"}) {
		t.Errorf("logs were asked for %v, Defender for %v", logs.asked, xdr.asked)
	}
	if _, err := routes.Query(t.Context(), hunts.Query{Workspaces: []string{"prod-ap"}}); hunts.KindOf(err) != hunts.KindNoWorkspace {
		t.Errorf("an unknown scope: %v", err)
	}
	if i := routes.Describe([]string{"xdr", "prod-eu"}); i.Kind != "xdr" || i.Workspace != "xdr, prod-eu" {
		t.Errorf("two scopes: %+v", i)
	}
	if i := routes.Describe(nil); i.Kind != "logs" || i.Workspace != "prod-eu" {
		t.Errorf("the default: %+v", i)
	}
}
