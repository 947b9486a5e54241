package policy

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestAPolicyThatDidNotChangeIsNotReadAgain(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "policy.yml")
	write := func(text string, at time.Time) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	old := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	write("default: {allow: [mark]}", old)
	read := 0
	f := file{path: path, read: func(p string) ([]byte, error) { read++; return os.ReadFile(p) }}
	load := func() {
		t.Helper()
		if err := f.load(); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		load()
	}
	if read != 1 {
		t.Errorf("it was read %d times", read)
	}
	write("default: {allow: [hunt]}", old.Add(time.Second))
	load()
	if r, _ := f.rule("C1"); read != 2 || r.Allowed() != "hunt" {
		t.Errorf("after a change of the same length: read %d times, allows %s", read, r.Allowed())
	}
	write("default: {alow: [hunt]}", old.Add(2*time.Second))
	if f.load() == nil {
		t.Error("a mistake is not told")
	}
	if err := f.load(); err != nil {
		t.Errorf("a mistake is told twice: %v", err)
	}
	if r, _ := f.rule("C1"); r.Allowed() != "hunt" {
		t.Error("a mistake changed what holds")
	}
}
