package runner

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts"
)

// PlaceBlock makes a hunt of the catalogue a place: where some kinds of
// indicators can show, searched by one query behind the answer of the default
// hunt.
type PlaceBlock struct {
	Name    string        `yaml:"name"`    // for people: "DNS lookups"
	Group   string        `yaml:"group"`   // the word for places=: "endpoint", "mail"; a policy restricts by it
	Label   string        `yaml:"label"`   // what its events count in the answer: "mail received"; empty is the name
	Verb    string        `yaml:"verb"`    // what a row says of a device where it has no did: "looked up"
	Verdict hunts.Verdict `yaml:"verdict"` // of what is found there: SEEN or TRIED; what was only blocked is TRIED
	// Required is a place without which there is no CLEAN; any other that a scope
	// does not have is listed as not searched.
	Required bool `yaml:"required"`
	// Tables are those that hold the place, any of which is enough; empty is the
	// table of the hunt. The body names each in a union isfuzzy=true.
	Tables []string `yaml:"tables"`
	// Quiet is how long the place may be without any event and still count as
	// fresh: "24h" where it is empty.
	Quiet string `yaml:"quiet"`
	// Searched are the columns in which indicators are looked for: an export that
	// lacks one spoils CLEAN.
	Searched []string `yaml:"searched"`

	quiet time.Duration
}

// PlaceColumns says which columns of a place hold what only places have.
type PlaceColumns struct {
	Did       string `yaml:"did"`       // what was done, in words: "mail delivered"
	Recipient string `yaml:"recipient"` // of a mail, instead of an account
	Source    string `yaml:"source"`    // the address that did it, where no device is known
	Gap       string `yaml:"gap"`       // true where the device's own sensor said nothing in that minute
	Connected string `yaml:"connected"` // remote sides that the process talked to, a list
}

// usualQuiet is how long most logs of a company may be silent: they have quiet
// nights.
const usualQuiet = day

var groupName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,29}$`)

// check says what is wrong with the block, and fills in what it leaves out.
func (b *PlaceBlock) check() string {
	b.quiet = usualQuiet
	if b.Group == "" {
		b.Group = hunts.PlaceEndpoint
	}
	if b.Quiet != "" {
		d, err := time.ParseDuration(b.Quiet)
		if err != nil || d <= 0 {
			return fmt.Sprintf("footprint.place.quiet %q is no length of time such as 72h", b.Quiet)
		}
		b.quiet = d
	}
	for _, t := range append(slices.Clone(b.Tables), b.Searched...) {
		if !columnName.MatchString(t) {
			return fmt.Sprintf("%q is not a name of a table or column", t)
		}
	}
	switch {
	case b.Name == "" || b.Verb == "" || b.Verdict != hunts.Seen && b.Verdict != hunts.Tried:
		return "footprint.place needs a name, a verb such as \"written\", and a verdict, SEEN or TRIED"
	case !groupName.MatchString(b.Group):
		return fmt.Sprintf("footprint.place.group %q is no word such as mail: use lower-case letters, digits and hyphens", b.Group)
	}
	return ""
}

// placeTables are those that hold the place.
func (d Definition) placeTables() []string {
	if p := d.Footprint.Place; p != nil && len(p.Tables) > 0 {
		return p.Tables
	}
	return []string{d.Footprint.Table}
}

// placeColumns projects what only places have, for place.kql.
func (d Definition) placeColumns() []string {
	if d.Footprint.Place == nil {
		return nil
	}
	c := d.Footprint.Columns.PlaceColumns
	text := func(as, column, empty string) string {
		if column == "" {
			return as + " = " + empty
		}
		return as + " = tostring(" + column + ")"
	}
	gap := "Gap = false"
	if c.Gap != "" {
		gap = "Gap = coalesce(tobool(" + c.Gap + "), false)"
	}
	return []string{text("Did", c.Did, `""`), text("Source", c.Source, `""`), text("Connected", c.Connected, `""`), gap}
}

// Groups are the words for places=, the endpoints first.
func (c *Catalog) Groups() []string {
	out := []string{hunts.PlaceEndpoint}
	for _, d := range c.Places() {
		out = appendOnce(out, d.Footprint.Place.Group)
	}
	slices.SortFunc(out[1:], strings.Compare)
	return out
}

// CheckPlaces refuses a word of places= that no place goes by.
func (c *Catalog) CheckPlaces(asked []string) *hunts.Error {
	known := c.Groups()
	for _, a := range asked {
		if !slices.Contains(known, a) {
			return &hunts.Error{Kind: hunts.KindRefused, Say: fmt.Sprintf("there is no place %q: write places=endpoint, or some of %s", a, strings.Join(known, ","))}
		}
	}
	return nil
}
