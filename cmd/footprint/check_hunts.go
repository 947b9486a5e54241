package main

import (
	"context"
	"io"
	"strings"

	"github.com/footprint-soc/footprint/hunts/localworkspace"
	"github.com/footprint-soc/footprint/hunts/runner"
)

// hunts looks at every hunt: the shipped ones in one line, each of the operator's own
// in a line that says whether it runs.
func (c *checker) hunts(ctx context.Context) {
	documented := localworkspace.Empty()
	p, err := assemble(ctx, c.cfg, assembly{fleet: func() *localworkspace.Events { return documented }, progress: io.Discard, clock: c.clock, terminal: true})
	if err != nil {
		c.say("hunts", "fail", "%v", err)
		return
	}
	defer p.close()
	shipped, _, err := runner.LoadCatalog(nil)
	if err != nil {
		c.say("hunts", "fail", "%v", err)
		return
	}
	c.say("hunts", "ok", "%s", strings.Join(shipped.Names(), ", "))
	for _, problem := range p.problems {
		c.say("hunts", "warn", "left out: %v", problem)
	}
	for _, name := range p.catalog.Names() {
		if _, ours := shipped.Get(name); ours {
			continue
		}
		d, _ := p.catalog.Get(name)
		switch state, why := p.catalog.Judge(name, documented); {
		case state == runner.Fails:
			c.say("hunts", "warn", "%s does not run: %s", name, why)
		case state == runner.OnlyThen:
			c.say("hunts", "off", "%s: %s, only the workspace can tell", name, why)
			if problem := d.BoundsOwnTime(); problem != nil && !d.Behavior() {
				c.say("hunts", "warn", "%v", problem)
			}
		case why != "" && !d.Behavior() && len(d.Notes()) == 0:
			c.say("hunts", "warn", "%s runs, and %s", name, why)
		case why != "":
			c.say("hunts", "ok", "%s runs; note: %s", name, why)
		default:
			c.say("hunts", "ok", "%s runs", name)
		}
	}
	c.files(ctx)
}
