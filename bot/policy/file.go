package policy

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/footprint-soc/footprint/hunts"
)

// file is a policy that is read again when its file changes. One that can't be
// read leaves the last good one in force.
type file struct {
	path string
	read func(path string) ([]byte, error)

	mu   sync.Mutex
	seen os.FileInfo // as of the last reading
	at   time.Time
	text []byte // as it was read last, good or bad: a mistake is told once
	now  *Policy
}

// settled is how old a change must be to be told from another one by its time:
// file systems count in whole seconds at worst.
const settled = 2 * time.Second

// load reads the file when it changed. The error is for the log: the policy in
// force stays.
func (f *file) load() error {
	if f.path == "" {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	info, err := os.Stat(f.path)
	if err != nil {
		return fmt.Errorf("the policy: %w", err)
	}
	if f.seen != nil && os.SameFile(f.seen, info) && f.seen.Size() == info.Size() && f.seen.ModTime().Equal(info.ModTime()) && f.at.Sub(info.ModTime()) > settled {
		return nil
	}
	f.seen, f.at = info, time.Now() // compared with a time of the file system, which no test's clock moves
	text, err := f.read(f.path)
	if err != nil {
		return fmt.Errorf("the policy: %w", err)
	}
	if f.text != nil && bytes.Equal(text, f.text) {
		return nil
	}
	f.text = text
	p, err := Parse(text)
	if err != nil {
		return err
	}
	f.now = &p
	return nil
}

// rule is what holds in a channel; false where nothing does.
func (f *file) rule(channel string) (Rule, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.now == nil {
		return Rule{Limits: Limits{Allow: everything}}, true
	}
	if r, ok := f.now.Channels[channel]; ok {
		return r, true
	}
	if f.now.Default != nil {
		return *f.now.Default, true
	}
	return Rule{}, false
}

// names tells that a channel has a rule of its own.
func (f *file) names(channel string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.now == nil {
		return false
	}
	_, ok := f.now.Channels[channel]
	return ok
}

// groups are the user groups that the policy in force names.
func (f *file) groups() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.now == nil {
		return nil
	}
	return f.now.UserGroups()
}

// approval is the rule in force; nil when there is none.
func (f *file) approval() *Approval {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.now == nil || f.now.Approval == nil {
		return nil
	}
	a := *f.now.Approval
	return &a
}

// allowing names the channels where a right is given, for a refusal that says
// where to go.
func (f *file) allowing(what hunts.Right) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.now == nil {
		return ""
	}
	var where []string
	for id, r := range f.now.Channels {
		if slices.Contains(r.Allow, what) || slices.ContainsFunc(r.For, func(g GroupRule) bool { return slices.Contains(g.Allow, what) }) {
			where = append(where, "<#"+id+">")
		}
	}
	slices.Sort(where)
	if len(where) == 0 {
		return ""
	}
	return "; it is in " + strings.Join(where, ", ")
}
