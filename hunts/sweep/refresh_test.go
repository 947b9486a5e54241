package sweep

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts"
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
	fresh, err := Read("list.txt", strings.NewReader("192.0.2.1 # new note\n192.0.2.3\n192.0.2.4\n192.0.2.6\n"), nil, today)
	if err != nil {
		t.Fatal(err)
	}
	for k := range fresh.Entries {
		fresh.Entries[k].Source = feed.URL
	}
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

func TestWhatTheWorkspaceKeepsBecomesAList(t *testing.T) {
	l, err := FromTips(Feed{Workspace: true}, []hunts.Tip{
		{Value: "192.0.2.1", Key: "ipv4-addr:value", Confidence: 300, Note: "C2", Until: today.Add(time.Hour)},
		{Value: "evil.example", Key: "domain-name:value"},
		{Value: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", Key: "file:hashes.'SHA-256'"},
		{Value: "192.0.2.2", Key: "ipv4-addr:value", Revoked: true},
		{Value: "192.0.2.3", Key: "ipv4-addr:value", Until: today.Add(-time.Hour)},
		{Value: "tomorrow.example", Key: "domain-name:value", Added: today.Add(24 * time.Hour)},
		{Value: "someone@evil.example", Key: "email-addr:value"},
		{Value: "198.0.0.0/8", Key: "ipv4-addr:value"},
	}, today)
	if err != nil {
		t.Fatal(err)
	}
	const want = `ip:192.0.2.1
    source ti, confidence 100, tags [], note "C2", added 2026-11-23, expires 2026-11-23, renewed false
domain:evil.example
    source ti, confidence 0, tags [], note "", added 2026-11-23, expires 2026-12-23, renewed true
sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    source ti, confidence 0, tags [], note "", added 2026-11-23, expires 2026-12-23, renewed true
NOT EVALUATED line 0 "192.0.2.2": withdrawn: revoked by its source
NOT EVALUATED line 0 "192.0.2.3": expired: its time was over on 23 Nov 2026
NOT EVALUATED line 0 "tomorrow.example": not yet valid: valid from 24 Nov 2026 on
NOT EVALUATED line 0 "someone@evil.example": not huntable: network events show nothing of email-addr:value
NOT EVALUATED line 0 "198.0.0.0/8": over-wide: a sweep takes networks down to /16; hunt this one by itself
expired 1
`
	if got := listed(l); got != want {
		t.Errorf("got\n%s", got)
	}
	l, err = FromTips(Feed{Workspace: true, Tips: hunts.TipSource{Watchlist: "iocs"}}, []hunts.Tip{{Value: "192.0.2.1", Fields: map[string]any{"SearchKey": "x", "Note": "from the ISAC", "Confidence": "40", "Valid Until": "2026-12-01", "_DTItemId": "1"}}}, today)
	if err != nil || len(l.Entries) != 1 {
		t.Fatalf("%+v, %v", l, err)
	}
	if e := l.Entries[0]; e.Source != "sentinel:iocs" || e.Note != "from the ISAC" || e.Confidence != 40 || e.Expires.Format(time.DateOnly) != "2026-12-01" {
		t.Errorf("%+v", e)
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
		"sentinel:io":                         "is no alias",
		"sentinel:" + strings.Repeat("a", 65): "is no alias",
		"ftp://feed.example":                  "is no source",
		"list.txt":                            "is no source",
		"https://me:secret@feed.example/":     "can't hold a password",
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
