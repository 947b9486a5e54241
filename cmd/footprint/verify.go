package main

import (
	"context"
	"fmt"
	"os"

	"github.com/footprint-soc/footprint/bot/message"
)

// verify checks an evidence bundle against its own manifest.
func verify(_ context.Context, p process, args []string) error {
	f := newFlags("verify")
	rest, err := f.parse(args)
	if err != nil {
		return err
	}
	if len(rest) != 1 {
		return usageError{f.summary()}
	}
	data, err := os.ReadFile(rest[0]) //nolint:gosec // the file that the person names is the one to read
	if err != nil {
		return fmt.Errorf("the bundle can't be read: %w", err)
	}
	n, err := message.VerifyBundle(data)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "%d files, each as it was when the bundle was made\n", n)
	return nil
}
