package message

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Limits of Slack that a message is built to. All count characters.
const (
	// maxFallback keeps below the 4,000 from which chat.update answers
	// msg_too_long: https://docs.slack.dev/reference/methods/chat.update
	maxFallback = 3900
	// https://docs.slack.dev/reference/block-kit/blocks
	maxBlocks = 50
	// https://docs.slack.dev/reference/block-kit/blocks/section-block
	maxSectionText = 3000
	// maxRichText has no documented figure; the section's is kept.
	maxRichText = 3000

	// https://docs.slack.dev/reference/block-kit/block-elements/button-element
	maxButtonText  = 75
	maxButtonValue = 2000
	maxURL         = 3000
	// goodButtonText is where clients begin to cut.
	goodButtonText = 30
	// https://docs.slack.dev/reference/block-kit/composition-objects/option-object
	maxOptionText  = 75
	maxOptionValue = 150
	// https://docs.slack.dev/reference/block-kit/block-elements/checkboxes-element
	maxCheckboxes = 10
	// https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element
	maxSelectOptions = 100
	// https://docs.slack.dev/reference/block-kit/blocks/actions-block
	maxActions = 25

	// https://docs.slack.dev/reference/block-kit/blocks/data-table-block: 201
	// rows with the header, and 20,000 characters in the message; 19,000 leaves
	// room for how the vendor counts.
	maxDataTableRows  = 200
	maxDataTableChars = 19000
	dataTablePage     = 10
	// https://docs.slack.dev/reference/block-kit/blocks/table-block: 100 rows,
	// 10,000 characters.
	maxTableRows  = 99
	maxTableChars = 9500
	// no documented limit of a caption; the header block's 150 is kept
	maxCaption = 150

	// https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block
	maxChartTitle    = 50
	maxChartPoints   = 20
	maxCategoryLabel = 20

	// https://docs.slack.dev/reference/views/modal-views
	maxModalTitle      = 24
	maxPrivateMetadata = 3000
)

// Limits of our own: what keeps a message readable.
const (
	maxIndicatorLines = 4   // per-indicator lines in the parent; more become a count
	maxProcessesNamed = 3   // in "Through …"
	maxNotesShown     = 2   // in the foot of a ledger
	maxShort          = 80  // a name from data inside a line
	maxSentence       = 400 // a sentence that came with the answer
	maxCell           = 120 // a cell of a table
	maxCommandLine    = 300 // a command line in a table
)

// truncate cuts s to n characters, the last of them an ellipsis, and tells
// whether it cut.
func truncate(s string, n int) (string, bool) {
	if len(s) <= n || utf8.RuneCountInString(s) <= n {
		return s, false
	}
	if n <= 0 {
		return "", true
	}
	seen := 0
	for i := range s {
		if seen == n-1 {
			return s[:i] + "…", true
		}
		seen++
	}
	return s, false
}

func cutText(s string, n int) string {
	s, _ = truncate(s, n)
	return s
}

// markupEnd finds an escape or a token that a cut left half.
var markupEnd = regexp.MustCompile(`(&[a-z]{0,3}|<[^<>]*)$`)

// cutMarkup cuts text that is mark-up already: never inside an escape or a
// token, and a code span that was cut is closed.
func cutMarkup(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	s = strings.TrimSuffix(cutText(s, n-1), "…")
	s = markupEnd.ReplaceAllString(s, "")
	if strings.Count(s, "`")%2 == 1 {
		return s + "`…"
	}
	return s + "…"
}

// fitLines joins as many lines as fit into n characters and counts the rest. A
// line is never cut inside: half an escape or half a token would be worse than
// none. The first line is kept in any case, cut if it must be.
func fitLines(lines []string, n int) string {
	if whole := strings.Join(lines, "\n"); utf8.RuneCountInString(whole) <= n {
		return whole
	}
	const tail = 30 // "… 1234 more lines"
	var b strings.Builder
	used := 0
	for i, l := range lines {
		size := utf8.RuneCountInString(l) + 1
		if used+size+tail > n+1 {
			if i == 0 && len(lines) == 1 {
				return cutMarkup(l, n)
			} else if i == 0 {
				b.WriteString(cutMarkup(l, n-tail))
				i++
			}
			fmt.Fprintf(&b, "\n… %s", count(int64(len(lines)-i), "more line"))
			break
		}
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(l)
		used += size
	}
	return b.String()
}
