package feed

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts/sweep"
)

var update = flag.Bool("update", false, "write the golden files anew")

var today = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// listed is a list as people would check it: a line for each entry and problem.
func listed(l sweep.List) string {
	var b strings.Builder
	for _, e := range l.Entries {
		fmt.Fprintf(&b, "%s\n", e.Key())
		fmt.Fprintf(&b, "    source %s, confidence %d, tags %q, note %q, added %s, expires %s, renewed %v\n", e.Source, e.Confidence, e.Tags, e.Note, e.Added.Format(time.DateOnly), e.Expires.Format(time.DateOnly), e.Renewed)
	}
	for _, p := range l.Problems {
		fmt.Fprintf(&b, "NOT EVALUATED line %d %q: %s: %s\n", p.Line, p.Value, p.Kind, p.Reason)
	}
	fmt.Fprintf(&b, "expired %d\n", l.Left()[sweep.Expired])
	return b.String()
}

func TestEachFormatGivesItsIndicatorsAndNamesWhatItLeavesOut(t *testing.T) {
	files, err := filepath.Glob("testdata/*.*")
	if err != nil || len(files) == 0 {
		t.Fatal(err, files)
	}
	for _, file := range files {
		if strings.HasSuffix(file, ".golden") {
			continue
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			f, err := os.Open(file)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			l, err := Read(file, f, nil, today)
			if err != nil {
				t.Fatal(err)
			}
			got, golden := listed(l), file+".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestAFileThatHoldsNoListSaysWhy(t *testing.T) {
	for want, text := range map[string]string{
		"is empty":              "  \n",
		"holds no indicator":    `{"error": "not signed in", "login_url": "https://sso.bad-site.top/"}`,
		"a web page":            "<!DOCTYPE html><html><title>Sign in to evil.example</title></html>",
		"is XML":                "<?xml version=\"1.0\"?><ioc/>",
		"unpacking":             "\x1f\x8bx",
		"is not valid JSON":     `{"type": "bundle", `,
		"is JSON that holds":    `{"Event": {"info": "x", "Attribute": []}}`,
		"its columns are: a, b": "a;b\nx;y\n",
	} {
		name := "x"
		if strings.Contains(text, ";b") {
			name = "x.csv"
		}
		if _, err := Read(name, strings.NewReader(text), nil, today); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestTheLongestListIsTakenAndALongerOneRefused(t *testing.T) {
	lines := func(n int) *bytes.Reader {
		var b bytes.Buffer
		for i := range n {
			fmt.Fprintf(&b, "h%d.evil.example\n", i)
		}
		return bytes.NewReader(b.Bytes())
	}
	for n, ok := range map[int]bool{sweep.MaxEntries - 1: true, sweep.MaxEntries: true, sweep.MaxEntries + 1: false} {
		l, err := Read("x", lines(n), nil, today)
		if ok && (err != nil || len(l.Entries) != n) {
			t.Errorf("%d: %d entries, %v", n, len(l.Entries), err)
		}
		if !ok && (err == nil || !strings.Contains(err.Error(), "split it")) {
			t.Errorf("%d: %v", n, err)
		}
	}
}

func TestASourceThatIsTooLargeIsNotReadToItsEnd(t *testing.T) {
	endless := readerFunc(func(p []byte) (int, error) {
		for i := range p {
			p[i] = 'a'
		}
		return len(p), nil
	})
	if _, err := Read("x", endless, nil, today); err == nil || !strings.Contains(err.Error(), "is larger than 64 MB") {
		t.Errorf("%v", err)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// fuzzRead feeds one reader: whatever comes, it ends, and what it takes in is
// an indicator with an end.
func fuzzRead(f *testing.F, name string, seeds ...string) {
	for _, s := range seeds {
		text, err := os.ReadFile(filepath.Join("testdata", s))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := Read(name, bytes.NewReader(data), nil, today)
		if err != nil {
			return
		}
		for _, e := range l.Entries {
			if e.Indicator.Value == "" || !e.Expires.After(today) || e.State != sweep.Active {
				t.Errorf("%+v", e)
			}
		}
	})
}

func FuzzReadText(f *testing.F) { fuzzRead(f, "x.txt", "list.txt") }
func FuzzReadCSV(f *testing.F)  { fuzzRead(f, "x.csv", "feed.csv", "noheader.csv") }
func FuzzReadJSON(f *testing.F) { fuzzRead(f, "x.json", "bundle.json", "event.json", "feed.json") }
