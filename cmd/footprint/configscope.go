package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts"
)

// defenderSettings are those of Defender XDR as a source; without a name it is
// none.
type defenderSettings struct{ name, endpoint, audience, beyond string }

func setDefender(c *config, v string) error {
	if strings.ContainsAny(v, ",= \t\"'") {
		return errors.New("it is not a name that people can type after workspace=")
	}
	c.defender.name = v
	return nil
}

// scopeNames are all scopes, the default one first.
func (c config) scopeNames() []string {
	var out []string
	for _, w := range c.workspaces {
		out = append(out, w.Name)
	}
	if c.defender.name != "" {
		out = append(out, c.defender.name)
	}
	if at := indexOf(out, c.byDefault); at > 0 {
		first := out[at]
		out = slices.Insert(slices.Delete(out, at, at+1), 0, first)
	}
	return out
}

func indexOf(names []string, name string) int {
	return slices.IndexFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}

// scopes refuses settings that name a scope that there is not, or one twice.
func (c config) scopes() error {
	var workspaces []string
	for _, w := range c.workspaces {
		workspaces = append(workspaces, w.Name)
	}
	d := c.defender
	switch {
	case d.name == "" && d.endpoint+d.audience+d.beyond != "":
		return errors.New("DEFENDER_XDR is not set, and the settings of DEFENDER_XDR_… need it: give it the name that people type, such as DEFENDER_XDR=xdr")
	case d.name != "" && indexOf(workspaces, d.name) >= 0:
		return fmt.Errorf("DEFENDER_XDR: a workspace is called %s already", d.name)
	case d.beyond != "" && indexOf(workspaces, d.beyond) < 0:
		return fmt.Errorf("DEFENDER_XDR_BEYOND: there is no workspace %q in AZURE_LOGS_WORKSPACE", d.beyond)
	case c.byDefault != "" && indexOf(c.scopeNames(), c.byDefault) < 0:
		return fmt.Errorf("FOOTPRINT_DEFAULT_WORKSPACE names no configured workspace: write one of %s", strings.Join(c.scopeNames(), ", "))
	}
	return nil
}

// beyond is where what Defender XDR no longer keeps is held.
func (c config) beyond() map[string]string {
	if c.defender.beyond == "" {
		return nil
	}
	for _, w := range c.workspaces {
		if strings.EqualFold(w.Name, c.defender.beyond) {
			return map[string]string{strings.ToLower(c.defender.name): w.Name}
		}
	}
	return nil
}

// newFor is how far back an indicator is hunted once when it comes to a
// watchlist: no further than the default source keeps.
func (c config) newFor(source hunts.Source, names []string) time.Duration {
	keeps := source.Describe(names[:1]).Keeps
	if back := cmp.Or(c.history, 90*24*time.Hour); keeps <= 0 || back <= keeps || c.beyond()[strings.ToLower(names[0])] != "" {
		return back
	}
	return keeps
}
