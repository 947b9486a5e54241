package hunts

import (
	"context"
	"fmt"
	"strings"
)

// Route is one scope, by the name that people type, and the source that answers
// for it.
type Route struct {
	Name   string
	Source Source
}

// Routes is a Source made of several: each query goes to the one that answers for
// its scope. The first is the default.
type Routes []Route

// Names are those of the scopes, in order.
func (r Routes) Names() []string {
	out := make([]string, len(r))
	for i, x := range r {
		out[i] = x.Name
	}
	return out
}

func (r Routes) find(workspaces []string) (Source, bool) {
	if len(workspaces) == 0 {
		return r[0].Source, true
	}
	for _, x := range r {
		if strings.EqualFold(x.Name, workspaces[0]) {
			return x.Source, true
		}
	}
	return nil, false
}

// Query asks the source of the first scope; a query that names several is for
// that source to read or to refuse.
func (r Routes) Query(ctx context.Context, q Query) (Result, error) {
	if len(q.Workspaces) == 0 {
		q.Workspaces = []string{r[0].Name}
	}
	s, ok := r.find(q.Workspaces)
	if !ok {
		return Result{}, &Error{Kind: KindNoWorkspace, Say: fmt.Sprintf("there is no workspace %q here; configured are %s", q.Workspaces[0], strings.Join(r.Names(), ", "))}
	}
	return s.Query(ctx, q)
}

// Describe names a scope. Of several it says what the first is, with the names of
// all.
func (r Routes) Describe(workspaces []string) SourceInfo {
	if len(workspaces) == 0 {
		workspaces = []string{r[0].Name}
	}
	info := SourceInfo{}
	if s, ok := r.find(workspaces); ok {
		info = s.Describe(workspaces[:1])
	}
	info.Workspace = strings.Join(workspaces, ", ")
	return info
}
