package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/runner"
)

// places tells of each place where the default hunt looks too whether the workspace
// has it, and how fresh it is.
func (c *checker) places(ctx context.Context, r *runner.Runner, catalog *runner.Catalog, workspace string) {
	for _, d := range catalog.Places() {
		place, tables := d.Footprint.Place, d.Footprint.Place.Tables
		if len(tables) == 0 {
			tables = []string{d.Footprint.Table}
		}
		var there []string
		failed := ""
		for _, table := range tables {
			state, err := r.Holds(ctx, table, []string{workspace})
			switch {
			case hunts.KindOf(err) == hunts.KindNoTable:
			case err != nil:
				failed = sentenceOf(err)
			case state.Newest.IsZero():
				there = append(there, table+" holds no event")
			default:
				there = append(there, fmt.Sprintf("%s has %d events of the last day, the newest %s old", table, state.Events, c.clock().Sub(state.Newest).Round(time.Second)))
			}
		}
		switch {
		case failed != "":
			c.say("workspace", "warn", "%s: the place %s (places=%s) can't be read, which spoils CLEAN: %s", workspace, place.Name, place.Group, failed)
		case len(there) == 0 && place.Required:
			c.say("workspace", "warn", "%s: the place %s (places=%s) is not there: no hunt for a file can be CLEAN without %s", workspace, place.Name, place.Group, strings.Join(tables, ", "))
		case len(there) == 0:
			c.say("workspace", "off", "%s: the place %s (places=%s) is not there: hunts name it as not searched (%s)", workspace, place.Name, place.Group, strings.Join(tables, ", "))
		default:
			c.say("workspace", "ok", "%s: the place %s (places=%s): %s", workspace, place.Name, place.Group, strings.Join(there, "; "))
		}
	}
}
