package main

import (
	"context"
	"fmt"
	"runtime/debug"
)

// version prints what this binary was built from.
func version(_ context.Context, p process, args []string) error {
	f := newFlags("version")
	if rest, err := f.parse(args); err != nil {
		return err
	} else if len(rest) > 0 {
		return usageError{f.summary()}
	}
	fmt.Fprintln(p.stdout, "footprint "+buildVersion())
	return nil
}

// release is the version of CHANGELOG.md's newest entry.
const release = "0.1.0"

// buildVersion names the release, the commit and the Go version.
func buildVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return release
	}
	revision := ""
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			revision = " (" + s.Value[:12] + ")"
		}
	}
	return release + revision + " " + info.GoVersion
}
