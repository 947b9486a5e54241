package indicator

import "strings"

// ExtractOptions says what to look for beside addresses, names, URLs and
// hashes.
type ExtractOptions struct {
	Files  bool // file names as well
	Emails bool // the domains of e-mail addresses as well
}

// Finding is an indicator found in text; Start and End are byte offsets.
type Finding struct {
	Indicator Indicator `json:"indicator"`
	Start     int       `json:"start"`
	End       int       `json:"end"`
	Doubtful  bool      `json:"doubtful,omitempty"` // needs a yes by a person
	Why       string    `json:"why,omitempty"`      // why it is doubtful
}

// Extract finds indicators in free text.
func Extract(text string, opts ExtractOptions) []Finding {
	var found []Finding
	at := 0
	for _, field := range strings.FieldsFunc(text, func(c rune) bool { return isSpace(c) || c == ',' || c == '=' || c == '@' }) {
		start := at + strings.Index(text[at:], field)
		at = start + len(field)
		ind, no := typeOnce(field)
		if no == nil {
			found = append(found, Finding{Indicator: ind, Start: start, End: at})
		}
	}
	return found
}
