package runner

import (
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/kql"
)

// Mentions are the tables and columns that the queries of a hunt name, and those
// of its coverage and of sweeps: what an export must give before they run. A
// hunt that there is not mentions only what the default one does, which also is
// the control.
func (c *Catalog) Mentions(hunt string) []string {
	var names []string
	for _, name := range []string{hunt, hunts.DefaultHunt} {
		if d, ok := c.Get(name); ok {
			v := d.Footprint.Columns.view()
			names = append(names, kql.Names(d.library+d.Query+"\n"+v)...)
			names = append(names, d.Footprint.Table)
		}
	}
	for _, d := range c.Places() {
		names = append(names, kql.Names(d.Query+"\n"+d.Footprint.Columns.view())...)
		names = append(names, d.Footprint.Table)
	}
	for _, text := range []string{c.summary, c.coverage, c.survey} {
		names = append(names, kql.Names(text)...)
	}
	return names
}
