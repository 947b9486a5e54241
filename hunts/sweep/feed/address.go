// Package feed reads watchlists as people and vendors write them: lists, CSV,
// STIX, MISP, from a file, an address or the workspace itself.
//
// It stores nothing and hunts nothing. What surprises: a value that can't be
// hunted is never dropped, but listed with its reason, and a source that gives
// nothing usable is an error rather than an empty list.
package feed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
	"time"

	"github.com/footprint-soc/footprint/hunts/sweep"
)

// readWithin bounds the reading of one source, all events of a MISP feed and all
// pages of a server together.
const readWithin = 5 * time.Minute

// Read asks a source for what it names now; changed is false when it says that
// it is still what last stood for.
func (f *Fetcher) Read(ctx context.Context, from sweep.Feed, last sweep.Stamp, now time.Time) (list sweep.List, stamp sweep.Stamp, changed bool, err error) {
	within, stop := context.WithTimeoutCause(ctx, f.within, errSlow)
	defer stop()
	var body io.ReadCloser
	if from.Server != "" {
		list, stamp, err = f.pull(within, from, last, now)
		changed = true
	} else if body, stamp, changed, err = f.Fetch(within, from.URL, last, now); err == nil && changed {
		list, err = ReadFrom(from, body, func(address string) (io.ReadCloser, error) {
			part, _, _, err := f.Fetch(within, address, sweep.Stamp{}, now)
			return part, err
		}, now)
		_ = body.Close()
	}
	if err != nil && ctx.Err() == nil && within.Err() != nil {
		err = context.Cause(within)
	}
	return list, stamp, changed && err == nil, err
}

// errSlow is what a source gets that never ends.
var errSlow = fmt.Errorf("reading it took longer than %v", readWithin)

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
