package feed

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/sweep"
)

func TestAPersonMayNameTheColumns(t *testing.T) {
	const table = "First;Second;Until\n203.0.113.66;198.51.100.7;2026-12-01\n"
	columns, err := sweep.ParseColumns("indicator=Second, expires=until")
	if err != nil {
		t.Fatal(err)
	}
	l, err := Read("x", strings.NewReader(table), columns, today)
	if err != nil || len(l.Entries) != 1 || l.Entries[0].Indicator.Value != "198.51.100.7" || l.Entries[0].Expires.Format(time.DateOnly) != "2026-12-01" {
		t.Errorf("%+v, %v", l, err)
	}
	if l, err = Read("x.csv", strings.NewReader(table), nil, today); err != nil || l.Entries[0].Indicator.Value != "203.0.113.66" {
		t.Errorf("without: %+v, %v", l, err)
	}
	for text, want := range map[string]string{"indicator=Third": "the columns are: First, Second, Until", "first": "names no column", "colour=x": "names no column"} {
		columns, err := sweep.ParseColumns(text)
		if err == nil {
			_, err = Read("x.csv", strings.NewReader(table), columns, today)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	if _, err := Read("x.json", strings.NewReader("[]"), sweep.Columns{"indicator": "x"}, today); err == nil || !strings.Contains(err.Error(), "no columns to name") {
		t.Errorf("JSON: %v", err)
	}
}

func TestWhatIsHeldBackIsNamedWithItsLine(t *testing.T) {
	l, err := Read("list.txt", strings.NewReader("evil.example\n8.8.8.8\n"), nil, today)
	if err != nil {
		t.Fatal(err)
	}
	l.Hold(indicator.DefaultGuard())
	if len(l.Entries) != 1 || len(l.Problems) != 1 || l.Problems[0].Line != 2 || l.Problems[0].Kind != sweep.Guarded || l.Left()[sweep.Guarded] != 1 {
		t.Errorf("%+v", l)
	}
}

func TestAFeedOfMISPIsReadByItsManifest(t *testing.T) {
	const id = "5f3a9c10-0000-4000-8000-00000000000%d"
	at := func(d time.Duration) int64 { return today.Add(d).Unix() }
	manifest := fmt.Sprintf(`{"`+id+`": {"timestamp": "%d", "info": "one"}, "`+id+`": {"timestamp": %d}, "`+id+`": {"timestamp": "%d"}}`, 1, at(-time.Hour), 2, at(-2*time.Hour), 3, at(-manifestBack-time.Hour))
	var asked []string
	get := func(address string) (io.ReadCloser, error) {
		asked = append(asked, address)
		return io.NopCloser(strings.NewReader(fmt.Sprintf(`{"Event": {"info": "one", "Attribute": [{"type": "ip-dst", "value": "198.51.100.%d", "to_ids": true}]}}`, len(asked)))), nil
	}
	feed, err := sweep.ParseFeed("https://feed.example/osint/manifest.json?key=1")
	if err != nil {
		t.Fatal(err)
	}
	l, err := ReadFrom(feed, strings.NewReader(manifest), get, today)
	if err != nil || len(l.Entries) != 2 || l.Entries[0].Source != feed.String() || l.Entries[0].Note != "one" {
		t.Errorf("%+v, %v", l, err)
	}
	if want := []string{"https://feed.example/osint/" + fmt.Sprintf(id, 1) + ".json", "https://feed.example/osint/" + fmt.Sprintf(id, 2) + ".json"}; fmt.Sprint(asked) != fmt.Sprint(want) {
		t.Errorf("asked for %v, want %v: the latest first, none that is too old", asked, want)
	}
	for name, text := range map[string]string{"no JSON": "x", "no manifest": `{"../../etc/passwd": {"timestamp": 1}}`, "empty": "{}"} {
		if l, err := ReadFrom(feed, strings.NewReader(text), get, today); err == nil {
			t.Errorf("%s: %+v", name, l)
		}
	}
	broken := errors.New("the server answered 404")
	if _, err := ReadFrom(feed, strings.NewReader(manifest), func(string) (io.ReadCloser, error) { return nil, broken }, today); !errors.Is(err, broken) {
		t.Errorf("an event that is not there: %v", err)
	}
}

func TestAListKeepsTheNameOfItsFeed(t *testing.T) {
	feed, err := sweep.ParseFeed("https://feed.example/list.txt")
	if err != nil {
		t.Fatal(err)
	}
	l, err := ReadFrom(feed, strings.NewReader("evil.example\ncom\n"), nil, today)
	if err != nil || l.Entries[0].Source != feed.String() || l.Problems[0].Source != feed.String() {
		t.Errorf("%+v, %v", l, err)
	}
}
