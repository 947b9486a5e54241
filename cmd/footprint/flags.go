package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
)

// flagSet parses the flags of a subcommand and turns the standard library's
// complaint into one sentence.
type flagSet struct {
	*flag.FlagSet
}

func newFlags(name string) flagSet {
	f := flag.NewFlagSet(name, flag.ContinueOnError)
	f.SetOutput(io.Discard)
	return flagSet{f}
}

// parse reads flags wherever they stand, so that `hunt ip=… --format json`
// works as well as `hunt --format json ip=…`.
func (f flagSet) parse(args []string) (rest []string, err error) {
	for {
		if err := f.FlagSet.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return nil, askedHelp{f.summary()}
			}
			return nil, usageError{err.Error() + "; " + f.summary()}
		}
		if f.NArg() == 0 {
			return rest, nil
		}
		rest = append(rest, f.Arg(0))
		args = f.Args()[1:]
	}
}

func (f flagSet) summary() string {
	for _, c := range subcommands() {
		if c.name == f.Name() {
			return strings.TrimSpace("usage: footprint " + c.name + " " + c.usage)
		}
	}
	return ""
}

// choice is a flag that takes one of a few words.
func (f flagSet) choice(name, byDefault string, words ...string) *string {
	value := byDefault
	f.Func(name, strings.Join(words, "|"), func(s string) error {
		for _, w := range words {
			if s == w {
				value = s
				return nil
			}
		}
		return fmt.Errorf("it takes %s, not %q", strings.Join(words, ", "), s)
	})
	return &value
}
