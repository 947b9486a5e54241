package message

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/incident"
)

// HandOver is a block to paste into the next shift's notes: state, done, clean
// with what it rests on, open.
func HandOver(l LedgerView, v View) Message {
	var p page
	head := line{ours("📋 "), bold("Hand-over"), ours(" to paste into the next shift's notes")}
	if l.By.User != "" {
		head = head.dot(who(l.By))
	}
	p.say(head)
	for _, piece := range pieces(handOverText(l, v)) {
		p.add(pasteBlock(piece), "```\n"+codeMrkdwn.Replace(piece)+"\n```")
	}
	return p.render(v.Form)
}

// pasteBlock is text that is copied as it stands.
func pasteBlock(text string) slack.Block {
	return slack.NewRichTextBlock("", &slack.RichTextPreformatted{
		Type: slack.RTEPreformatted, Elements: []slack.RichTextSectionElement{slack.NewRichTextSectionTextElement(text, nil)},
	})
}

// pieces cuts a text between lines into what a block can hold.
func pieces(text string) []string {
	var out []string
	var b strings.Builder
	for _, l := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		l = cutText(l, maxRichText/2)
		if b.Len() > 0 && utf8.RuneCountInString(b.String())+utf8.RuneCountInString(l)+1 > maxRichText-100 {
			out = append(out, b.String())
			b.Reset()
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(l)
	}
	return append(out, b.String())
}

// handOverText is the block itself, plain, times in UTC.
func handOverText(l LedgerView, v View) string {
	var b strings.Builder
	fmt.Fprintf(&b, "HAND-OVER %s\n", utc(l.At))
	if l.Title != "" {
		fmt.Fprintf(&b, "%s\n", shown(l.Title, maxSentence))
	}
	n := map[hunts.Verdict]int64{}
	open := int64(0)
	for _, x := range l.Lines {
		if x.State == incident.Done {
			n[x.Verdict]++
		} else {
			open++
		}
	}
	state := fmt.Sprintf("%d reached, %d tried, %d clean, %d could not tell, %d open", n[hunts.Reached], n[hunts.Tried], n[hunts.Clean], n[hunts.CouldNotTell], open)
	if l.Paused {
		state += "; automatic hunts are paused"
	}
	fmt.Fprintf(&b, "\nSTATE: %s\n", state)
	if l.LookBack != "" {
		fmt.Fprintf(&b, "Look-back: %s\n", shown(l.LookBack, maxShort))
	}
	if len(l.Hosts) > 0 {
		fmt.Fprintf(&b, "Hosts in the incident: %s\n", shown(strings.Join(l.Hosts, ", "), maxSentence))
	}
	group := func(title string, want func(LedgerLine) bool) {
		var rows []string
		for _, x := range l.Lines {
			if want(x) {
				rows = append(rows, "- "+handOverLine(x))
			}
		}
		if len(rows) == 0 {
			return
		}
		fmt.Fprintf(&b, "\n%s:\n", title)
		if more := len(rows) - maxLedgerLines; more > 0 {
			rows = append(rows[:maxLedgerLines], fmt.Sprintf("- and %d more, all in ledger.csv of the evidence bundle", more))
		}
		b.WriteString(strings.Join(rows, "\n") + "\n")
	}
	is := func(verdicts ...hunts.Verdict) func(LedgerLine) bool {
		return func(x LedgerLine) bool {
			for _, verdict := range verdicts {
				if x.State == incident.Done && x.Verdict == verdict {
					return true
				}
			}
			return false
		}
	}
	group("FOUND", is(hunts.Reached, hunts.Tried))
	group("CLEAN", is(hunts.Clean))
	if n[hunts.Clean] > 0 {
		fmt.Fprintf(&b, "%s\n", coverageLine(hunts.Answer{Verdict: hunts.Clean, Coverage: l.Coverage}, v.Now).String())
	}
	group("OPEN, could not tell", is(hunts.CouldNotTell))
	group("OPEN, waiting", func(x LedgerLine) bool { return x.State == incident.Waiting || x.State == incident.Running })
	group("OPEN, not hunted", LedgerLine.waits)
	return b.String()
}

func handOverLine(x LedgerLine) string {
	s := shownIndicator(x.Indicator.String(), string(x.Indicator.Kind))
	if x.State == incident.Done {
		s += ": " + word(x.Verdict)
		if x.Devices > 0 {
			s += " " + count(x.Devices, "device")
		}
		if x.Hunt != "" {
			s += " (" + shown(x.Hunt, maxShort) + ")"
		}
	}
	if x.Mark != "" {
		s += ", marked " + shown(x.Mark, 2*maxShort)
	}
	if x.Why != "" {
		s += " – " + shown(x.Why, 2*maxShort)
	}
	return s
}

// LedgerCSV has one line for each indicator of a thread. Indicators are not
// defanged, as in every file for machines.
func LedgerCSV(l LedgerView) []byte {
	s := newSheet("indicator", "type", "state", "verdict", "devices", "hunt_id", "note", "mark")
	for _, x := range l.Lines {
		verdict := ""
		if x.State == incident.Done {
			verdict = string(x.Verdict)
		}
		s.add(x.Indicator.String(), string(x.Indicator.Kind), string(x.State), verdict, strconv.FormatInt(x.Devices, 10), x.Hunt, x.Why, x.Mark)
	}
	return s.bytes()
}

// BundleCase is one hunt of a bundle.
type BundleCase struct {
	Hunt   hunts.Hunt
	Answer hunts.Answer
	Events hunts.EventList // none: those of the answer
}

// ledgerInfo says who made a thread's bundle, when, and of what.
type ledgerInfo struct {
	Title    string         `json:"title,omitempty"`
	Thread   string         `json:"thread"`
	Exported time.Time      `json:"exported"`
	By       hunts.Asker    `json:"exported_by"`
	Hunts    []string       `json:"hunts"`
	Coverage hunts.Coverage `json:"coverage"`
}

// LedgerFiles are the evidence of every hunt of a thread by file name: a folder for
// each, the ledger and the hand-over.
func LedgerFiles(l LedgerView, cases []BundleCase, by hunts.Asker, now time.Time) (map[string][]byte, error) {
	files := map[string][]byte{"ledger.csv": LedgerCSV(l), "hand-over.txt": []byte(handOverText(l, View{Now: now}))}
	info := ledgerInfo{Title: l.Title, Thread: l.Thread, Exported: now.UTC(), By: by, Coverage: l.Coverage, Hunts: []string{}}
	for _, c := range cases {
		events := c.Events
		if len(events.Events) == 0 {
			events = newestOnly(c.Answer)
		}
		of, err := BundleFiles(c.Hunt, c.Answer, events, by, now)
		if err != nil {
			return nil, err
		}
		for name, data := range of {
			files[fileStem(c.Answer)+"/"+name] = data
		}
		info.Hunts = append(info.Hunts, c.Hunt.ID)
	}
	text, err := json.MarshalIndent(info, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encoding the bundle: %w", err)
	}
	files["thread.json"] = append(text, '\n')
	return files, nil
}
