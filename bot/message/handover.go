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

// HandOver is a block to paste into the incident's ticket or the next shift's notes:
// state, devices, decisions, what is clean and why, and what comes next.
func HandOver(l LedgerView, v View) Message {
	var p page
	head := line{ours("📋 "), bold("Hand-over"), ours(", ready to paste")}
	if l.Title != "" {
		head = line{ours("📋 "), bold("Hand-over of " + shown(incidentName(l.Title), maxSentence)), ours(", ready to paste")}
	}
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
