package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/footprint-soc/footprint/hunts/evidence"
	"github.com/footprint-soc/footprint/hunts/record"
	"github.com/footprint-soc/footprint/hunts/testclock"
)

func TestVerifySaysWhatABundleProvesAndByWhoseKey(t *testing.T) {
	ours, err := evidence.NewKey(strings.NewReader(strings.Repeat("o", 64)))
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, k evidence.Key) string {
		data, err := k.Pack(map[string][]byte{"answer.json": []byte("{}")}, testclock.At())
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	signed, plain := write("signed.zip", ours), write("plain.zip", evidence.Key{})
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"--key", ours.Public(), signed}, exitAnswered, "Proven: 1 file"},
		{[]string{signed}, exitCouldNotTell, "COULD NOT TELL whose bundle this is"},
		{[]string{plain}, exitCouldNotTell, "carries no signature"},
		{[]string{"--key", ours.Public(), plain}, exitFailed, "carries no signature"},
		{[]string{"--key", "nonsense", signed}, exitFailed, "is no public key"},
		{[]string{filepath.Join(t.TempDir(), "absent.zip")}, exitFailed, "can't be read"},
		{nil, exitUsage, "FILE"},
	} {
		code, out, errs := terminal(t, append([]string{"verify"}, c.args...)...)
		if code != c.code || !strings.Contains(out+errs, c.says) {
			t.Errorf("verify %q: exit %d, %q %q; want %d and %q", c.args, code, out, errs, c.code, c.says)
		}
	}
}

func TestEveryReplicaSignsWithTheKeyThatTheFirstOneMade(t *testing.T) {
	store, err := record.Open(t.Context(), record.Config{Clock: testclock.New().Now, Replica: "one", Random: strings.NewReader(strings.Repeat("r", 4096))})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	first, err := bundleKey(t.Context(), config{}, store)
	if err != nil || first.IsZero() {
		t.Fatalf("%v, %v", first, err)
	}
	if second, err := bundleKey(t.Context(), config{}, store); err != nil || second.Public() != first.Public() {
		t.Errorf("the second start signs with %v, the first with %v: %v", second, first, err)
	}
	given, err := evidence.NewKey(strings.NewReader(strings.Repeat("g", 64)))
	if err != nil {
		t.Fatal(err)
	}
	if set, err := bundleKey(t.Context(), config{bundleKey: given}, store); err != nil || set.Public() != given.Public() {
		t.Errorf("a configured key is not used: %v, %v", set, err)
	}
}
