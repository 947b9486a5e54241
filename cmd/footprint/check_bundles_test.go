package main

import (
	"crypto/rand"
	"strings"
	"testing"

	"github.com/footprint-soc/footprint/hunts/evidence"
	"github.com/footprint-soc/footprint/hunts/record/recordtest"
)

// A bundle proves something only beside the public key of who made it, so check tells
// that key, and never the other half, and makes none.
func TestCheckTellsThePublicKeyOfBundlesAndMakesNone(t *testing.T) {
	t.Parallel()
	server := recordtest.Any(t)
	env := []string{"REDIS_URL=" + server.URL()}
	if got := checked(t, env, "bundles"); !strings.Contains(got, "off no key signs") {
		t.Errorf("before the first start it says %s", got)
	}
	key, err := evidence.NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	store := recordtest.Open(t, server.URL(), "footprint")
	if kept, err := store.BundleKey(t.Context(), key.Seed()); err != nil || kept != key.Seed() {
		t.Fatalf("check made a key of its own: %v", err)
	}
	got := checked(t, env, "bundles")
	if !strings.Contains(got, "--key "+key.Public()) || strings.Contains(got, key.Seed()) {
		t.Errorf("with a kept key it says %s", got)
	}
}
