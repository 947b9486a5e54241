package sweep

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestAFeedThatIsReadAgainKeepsWhatPeopleSaid(t *testing.T) {
	feed := Feed{URL: "https://feed.example/list.txt"}
	fromFeed := func(e *Entry) { e.Source = feed.URL }
	quiet := func(e *Entry) {
		e.State, e.QuietUntil, e.Ticket, e.Hits, e.Hunted = Quiet, today.Add(99*time.Hour), "INC-1", 3, today
	}
	have := []Entry{
		entry(t, "192.0.2.1", fromFeed, quiet), entry(t, "192.0.2.2", fromFeed), entry(t, "192.0.2.3", func(e *Entry) { e.Note = "typed by hand" }),
		entry(t, "192.0.2.4", fromFeed, func(e *Entry) { e.State = Retired }), entry(t, "192.0.2.5", func(e *Entry) { e.Source = "ti" }), entry(t, "192.0.2.7", fromFeed, func(e *Entry) { e.State = Retired }),
	}
	fresh := List{Entries: []Entry{
		entry(t, "192.0.2.1", fromFeed, func(e *Entry) { e.Note = "new note" }), entry(t, "192.0.2.3", fromFeed), entry(t, "192.0.2.4", fromFeed), entry(t, "192.0.2.6", fromFeed),
	}}
	var got []string
	for _, e := range Refresh(have, feed, fresh, today) {
		got = append(got, fmt.Sprintf("%s %s %q %s %d added %v", e.Indicator.Value, e.State, e.Note, e.Ticket, e.Hits, e.Added.Equal(today)))
	}
	slices.Sort(got)
	want := []string{
		`192.0.2.1 quiet "new note" INC-1 3 added false`, // the feed's note, our state
		`192.0.2.2 retired ""  0 added false`,            // no longer named
		`192.0.2.4 active ""  0 added false`,             // named again
		`192.0.2.6 active ""  0 added true`,              // new
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestAFeedThatDidNotChangeKeepsItsEntriesAlive(t *testing.T) {
	feed := Feed{URL: "https://feed.example/list.txt"}
	end := today.Add(time.Hour)
	have := []Entry{
		entry(t, "192.0.2.1", func(e *Entry) { e.Source, e.Renewed, e.Expires = feed.URL, true, end }),
		entry(t, "192.0.2.2", func(e *Entry) { e.Source, e.Expires = feed.URL, end }),
		entry(t, "192.0.2.3", func(e *Entry) { e.Renewed, e.Expires = true, end }),
	}
	got := Renew(have, feed, today)
	if len(got) != 1 || got[0].Indicator.Value != "192.0.2.1" || !got[0].Expires.Equal(today.Add(DefaultLife)) {
		t.Errorf("%+v", got)
	}
}

func TestWhatPeopleAddKeepsWhatIsKnown(t *testing.T) {
	feed := Feed{URL: "https://feed.example/list.txt"}
	have := []Entry{
		entry(t, "192.0.2.1", func(e *Entry) { e.Source, e.Hits, e.Note, e.Hunted, e.State = feed.String(), 3, "C2", today, Retired }),
		entry(t, "192.0.2.2", func(e *Entry) { e.State, e.QuietUntil, e.Ticket = Quiet, today.Add(time.Hour), "INC-1" }),
	}
	soon := func(e *Entry) { e.Expires = today.Add(time.Hour) }
	changed, fresh := Put(have, []Entry{entry(t, "192.0.2.1", soon), entry(t, "192.0.2.2", soon), entry(t, "192.0.2.3", soon), entry(t, "192.0.2.3", soon)})
	if len(changed) != 3 || fresh != 1 {
		t.Fatalf("%d changed, %d fresh", len(changed), fresh)
	}
	if e := changed[0]; e.Source != "slack" || e.State != Active || e.Hits != 3 || e.Note != "C2" || !e.Hunted.Equal(today) || !e.Expires.Equal(have[0].Expires) {
		t.Errorf("one that a source had retired: %+v", e)
	}
	if e := changed[1]; e.State != Quiet || e.Ticket != "INC-1" {
		t.Errorf("one that is quiet: %+v", e)
	}
	if out := Refresh(changed, feed, List{}, today); len(out) != 0 {
		t.Errorf("its source takes it off again: %+v", out)
	}
}

func TestWhatAPersonTookOffStaysOffWhileItsSourceNamesIt(t *testing.T) {
	feed := Feed{URL: "https://feed.example/list.txt"}
	have := []Entry{entry(t, "192.0.2.1", func(e *Entry) { e.Source, e.State, e.Removed = feed.String(), Retired, true })}
	out := Refresh(have, feed, List{Entries: []Entry{entry(t, "192.0.2.1")}}, today)
	if len(out) != 1 || out[0].State != Retired || !out[0].Removed {
		t.Errorf("%+v", out)
	}
}

func TestTheTextOfAFeed(t *testing.T) {
	for _, text := range []string{"ti", "sentinel:iocs", "https://feed.example/list.txt?a=1", "https://feed.example/list.csv#expires=Good%20until&indicator=Bad%20host"} {
		f, err := ParseFeed(text)
		if err != nil || f.String() != text || !IsFeed(text) {
			t.Errorf("%s: %+v, %v", text, f, err)
		}
	}
	for text, want := range map[string]string{
		"sentinel:io":                         "isn't the alias",
		"sentinel:" + strings.Repeat("a", 65): "isn't the alias",
		"ftp://feed.example":                  "isn't a source",
		"list.txt":                            "isn't a source",
		"https://me:secret@feed.example/":     "can't contain a password",
		"https://feed.example/x#nonsense":     "names no column",
	} {
		if _, err := ParseFeed(text); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	if IsFeed("slack") || IsFeed("F-7QK2") {
		t.Error("an entry of a person is taken for one of a feed")
	}
}
