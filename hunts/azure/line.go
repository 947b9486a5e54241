package azure

import (
	"context"

	"github.com/footprint-soc/footprint/hunts"
)

// Turns waits until a query may be asked, in the line that all replicas share.
// ahead is how many were before it. An error while ctx goes on means that the
// store of the line does not answer.
type Turns func(ctx context.Context, q hunts.Query) (release func(), ahead int, err error)

// Line is where the queries of one source wait for their turn. Without a store
// that answers, each process keeps to the same bound by itself.
type Line struct {
	lanes  *lanes
	shared Turns
}

// NewLine makes a line of which slots move at once. shared may be nil.
func NewLine(slots int, shared Turns) *Line { return &Line{newLanes(slots), shared} }

// Enter waits for a turn; release ends it. The error is a *hunts.Error of kind
// cancelled: ctx ended first.
func (l *Line) Enter(ctx context.Context, q hunts.Query) (release func(), ahead int, err error) {
	leave, before := func() {}, 0
	if l.shared != nil {
		shared, n, err := l.shared(ctx, q)
		switch {
		case err == nil:
			leave, before = shared, n
		case ctx.Err() != nil:
			return nil, n, &hunts.Error{Kind: hunts.KindCancelled, Say: "the query was stopped while waiting for a slot", Err: err}
		}
	}
	own, ahead, err := l.lanes.enter(ctx, q.Asker, q.Sweep)
	if err != nil {
		leave()
		return nil, max(ahead, before), Cancelled(err)
	}
	return func() { own(); leave() }, max(ahead, before), nil
}
