package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// kinds names what is wrong in a world, with the spelling of what it hides.
func (w *world) kinds() []string {
	var out []string
	add := func(kind string) {
		if kind != "" && !slices.Contains(out, kind) {
			out = append(out, kind)
		}
	}
	for _, n := range w.ask.scopes {
		s := w.scopes[n]
		for _, t := range s.troubles {
			add(t.kind)
		}
		for _, f := range s.facts {
			if w.ask.meets(f, nil) != no {
				for _, k := range f.spellings {
					add(k)
				}
			}
		}
	}
	if slices.ContainsFunc(w.scopes, func(s *scope) bool { return s.xdr }) {
		add("Defender XDR")
	}
	if w.ask.narrowed() {
		add("narrowed")
	}
	if w.ask.sweep && len(w.ask.devices) > 0 {
		add("a sweep of one device")
	}
	if !w.scopes[0].live {
		add("export: " + w.scopes[0].files.container)
	}
	if w.ask.hasFile() && !w.ask.hasRemote() {
		add("file alone")
	}
	if len(w.scopes) > 1 {
		add(fmt.Sprintf("%d of %d scopes asked", len(w.ask.scopes), len(w.scopes)))
	}
	if w.profile == "healthy" {
		add("healthy")
	}
	if w.before != nil {
		add("asked before")
	}
	return out
}

// describe tells a person what a world is.
func (w *world) describe() string {
	var b strings.Builder
	fmt.Fprintf(&b, "world %d/%d on the road %s: %s\nnow %s, window %s to %s\n", w.seed, w.number, w.road, strings.Join(w.words(), " "), w.now.Format(time.RFC3339), w.ask.from.Format(time.RFC3339Nano), w.ask.to.Format(time.RFC3339Nano))
	if w.before != nil {
		fmt.Fprintf(&b, "asked before: %s\n", strings.Join(w.wordsOf(*w.before), " "))
	}
	for n, s := range w.scopes {
		fmt.Fprintf(&b, "scope %s (asked: %v): %d devices, every %s since %s, Defender XDR %v\n", s.name, slices.Contains(w.ask.scopes, n), len(s.devices), s.step, s.from.Format(time.RFC3339), s.xdr)
		for _, t := range s.troubles {
			fmt.Fprintf(&b, "  fault: %s (%d)\n", t.kind, t.spoils(w.ask))
		}
		for _, f := range s.facts {
			row := ""
			if g := s.grids[f.table]; g != nil {
				for _, r := range g.rows {
					if at, ok := r[0].(time.Time); ok && at.Equal(f.at) && r[1] == f.device.name {
						row = fmt.Sprint(r)
					}
				}
			}
			fmt.Fprintf(&b, "  fact: match %d, %s, %s on %s at %s, file %q, delivered %v\n    %s\n", w.ask.meets(f, nil), strings.Join(f.spellings, ", "), f.outcome, f.device.name, f.at.Format(time.RFC3339Nano), f.file, f.delivered, row)
		}
	}
	return b.String()
}
