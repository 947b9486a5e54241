package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"strings"

	"github.com/footprint-soc/footprint/hunts/evidence"
	"github.com/footprint-soc/footprint/hunts/record"
)

// verify checks an evidence bundle, and says what that proves.
func verify(_ context.Context, p process, args []string) error {
	f := newFlags("verify")
	keys := f.String("key", "", "public keys of your footprint, separated by commas")
	rest, err := f.parse(args)
	if err != nil {
		return err
	}
	if len(rest) != 1 {
		return usageError{f.summary()}
	}
	file, err := os.Open(rest[0]) //nolint:gosec // the person names the file
	if err != nil {
		return fmt.Errorf("the bundle can't be read: %w", err)
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("the bundle can't be read: %w", err)
	}
	var trusted []string
	if *keys != "" {
		trusted = strings.Split(*keys, ",")
	}
	proof, err := evidence.Verify(file, info.Size(), trusted)
	if err != nil {
		return err
	}
	fmt.Fprintln(p.stdout, proof.Says())
	if !proof.Trusted {
		return couldNotTell{}
	}
	return nil
}

// bundleKey is the key that signs evidence bundles: the one that is configured, or
// one made at the first start and kept beside the audit.
func bundleKey(ctx context.Context, cfg config, store *record.Store) (evidence.Key, error) {
	if !cfg.bundleKey.IsZero() {
		return cfg.bundleKey, nil
	}
	made, err := evidence.NewKey(rand.Reader)
	if err != nil {
		return made, err
	}
	kept, err := store.BundleKey(ctx, made.Seed())
	if err != nil {
		return evidence.Key{}, fmt.Errorf("the key that signs evidence bundles can't be kept: %w", err)
	}
	return evidence.ParseKey(kept)
}
