// Package feed reads watchlists as people and vendors write them: lists, CSV,
// STIX, MISP, from a file, an address or the workspace itself.
//
// It stores nothing and hunts nothing. What surprises: a value that can't be
// hunted is never dropped, but listed with its reason, and a source that gives
// nothing usable is an error rather than an empty list.
package feed

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
	"time"

	"github.com/footprint-soc/footprint/hunts/sweep"
)

// ReadFrom reads what the address of a feed gave. Of a MISP feed the address is its
// manifest; get reads the events that this names, the latest of those that are
// not too old to be hunted.
func ReadFrom(f sweep.Feed, body io.Reader, get func(address string) (io.ReadCloser, error), now time.Time) (sweep.List, error) {
	u, err := url.Parse(f.URL)
	if err != nil {
		return sweep.List{}, fmt.Errorf("the address of a source: %w", err)
	}
	if path.Base(u.Path) != manifestName {
		list, err := Read(path.Base(u.Path), body, f.Columns, now)
		from(&list, f.String())
		return list, err
	}
	data, err := io.ReadAll(io.LimitReader(body, maxSource))
	if err != nil {
		return sweep.List{}, fmt.Errorf("reading a source: %w", err)
	}
	events := manifestEvents(data)
	if len(events) == 0 {
		return sweep.List{}, errors.New("it names no events of MISP")
	}
	r := newReader(f.String(), now)
	for n, e := range events {
		if n == maxManifest || e.Changed.Before(now.Add(-manifestBack)) {
			break
		}
		event, err := get(u.ResolveReference(&url.URL{Path: e.UUID + ".json"}).String())
		if err != nil {
			return sweep.List{}, fmt.Errorf("event %s: %w", e.UUID, err)
		}
		data, err := io.ReadAll(io.LimitReader(event, maxSource))
		_ = event.Close()
		if err != nil {
			return sweep.List{}, fmt.Errorf("event %s: %w", e.UUID, err)
		}
		r.misp(data)
	}
	return r.done()
}

// from names the source of a list.
func from(l *sweep.List, source string) {
	for n := range l.Entries {
		l.Entries[n].Source = source
	}
	for n := range l.Problems {
		l.Problems[n].Source = source
	}
}
