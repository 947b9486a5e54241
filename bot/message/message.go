// Package message turns a hunt and its answer into what people read: Slack
// blocks with their fallback text, the files of a thread, the modals, and the
// table of the terminal.
//
// Everything in it is a pure function. It never does I/O, never reads a clock
// (View.Now is the time) and never decides a verdict: words, counts and
// truncation flags come from the answer, and a list that was cut says so.
//
// What surprises: text that came from outside reaches a message only as a
// span made by escape.go, which makes control and direction characters
// visible, defangs, and takes the meaning from mentions; the three forms
// differ in blocks only, so the fallback text is the same and whole in each.
package message

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"github.com/footprint-soc/footprint/hunts"
)

// Message is one message. Text is the fallback for notifications, screen
// readers and old clients: the whole verdict, at most 3,900 characters, already
// escaped, to be sent with parse=none. Blocks is empty, not nil, in PlainText,
// so that an edit removes the blocks that were there.
type Message struct {
	Text   string
	Blocks []slack.Block
}

// Form is how much of Block Kit a message uses. A form that Slack refuses is
// followed by the next plainer one.
type Form int

// The forms, richest first.
const (
	DataTable Form = iota // rich text, sortable data_table, native chart
	Table                 // sections, table block, sparkline
	PlainText             // no block at all: everything in Text
)

// View is what a rendering depends on besides the hunt and its answer.
type View struct {
	// Now anchors "9 min ago"; the message says what it is relative to.
	Now time.Time
	// HuntURL opens the query in the portal; empty or not https leaves it out.
	HuntURL string
	// Form picks the blocks.
	Form Form
	// Buttons adds the row of buttons.
	Buttons bool
	// Known is what is on record of the same indicators.
	Known []Known
	// Earlier is the hunt that Known begins with, for a button that shows it again.
	Earlier string
	// First: the indicators were not hunted here before.
	First bool
	// Change is what is new since the hunt that this one refreshes, or repeats.
	Change *hunts.Change
	// Newer is the hunt that refreshed this one.
	Newer *hunts.Newer
	// Recall is how late data changed this answer.
	Recall *hunts.Recall
	// ChannelNote is a sentence about where the message stands, shown above the
	// last line.
	ChannelNote string
}

// page collects the parts of one message in reading order.
type page struct {
	parts []part
}

// part is one piece of a message: lines of text, the small print, or a block
// whose text form is in lines already.
type part struct {
	lines []line
	small bool        // context block
	block slack.Block // shown in the block forms only
	text  string      // pre-rendered fallback of block, already escaped
}

func (p *page) say(lines ...line) { p.parts = append(p.parts, part{lines: lines}) }

func (p *page) small(l line) { p.parts = append(p.parts, part{lines: []line{l}, small: true}) }

func (p *page) add(b slack.Block, text string) {
	if b != nil || text != "" {
		p.parts = append(p.parts, part{block: b, text: text})
	}
}

// render builds the message in one form.
func (p *page) render(form Form) Message {
	m := Message{Text: p.fallback(), Blocks: []slack.Block{}}
	if form == PlainText {
		return m
	}
	for _, x := range p.parts {
		switch {
		case x.block != nil:
			m.Blocks = append(m.Blocks, x.block)
		case len(x.lines) == 0:
			// has a text form only
		case x.small:
			m.Blocks = append(m.Blocks, slack.NewContextBlock("", mrkdwnObject(cutMarkup(x.lines[0].mrkdwn(), maxSectionText))))
		case form == DataTable:
			m.Blocks = append(m.Blocks, richText(x.lines)...)
		default:
			m.Blocks = append(m.Blocks, sections(x.lines)...)
		}
	}
	if over := len(m.Blocks) - maxBlocks; over > 0 {
		m.Blocks = append(m.Blocks[:maxBlocks-1], slack.NewContextBlock("", mrkdwnObject(fmt.Sprintf("… %s left out", count(int64(over+1), "more block")))))
	}
	return m
}

// fallback is the text of all parts, cut between lines where that is possible.
// The last line stays whatever is cut: it says whose hunt this is.
func (p *page) fallback() string {
	var lines []string
	last := ""
	for i, x := range p.parts {
		if x.small && i == len(p.parts)-1 && len(lines) > 0 {
			last = "\n" + cutMarkup(x.lines[0].mrkdwn(), maxFallback/4)
			break
		}
		for _, l := range x.lines {
			lines = append(lines, l.mrkdwn())
		}
		if x.text != "" {
			lines = append(lines, strings.Split(x.text, "\n")...)
		}
	}
	return fitLines(lines, maxFallback-utf8.RuneCountInString(last)) + last
}

// maxBeginning is what is left of a message that Slack takes in no form.
const maxBeginning = 1000

// Beginning is the first lines of a message, without blocks, for where the whole
// of it goes into a file.
func Beginning(m Message) Message {
	return Message{Text: fitLines(strings.Split(m.Text, "\n"), maxBeginning) + "\nThe whole message is in the file below.", Blocks: []slack.Block{}}
}
