package hunts

import (
	"context"
	"maps"
	"time"
)

// Mark is what a person judged of an indicator.
type Mark struct {
	Verdict string    `json:"verdict"` // Malicious, benign or known
	Ticket  string    `json:"ticket,omitempty"`
	Note    string    `json:"note,omitempty"`
	By      string    `json:"by"`
	Until   time.Time `json:"until"`
}

// Malicious is the mark that never mutes anything.
const Malicious = "malicious"

// Text is the mark as one reads it.
func (m Mark) Text() string { return "marked " + m.Judged() }

// Judged is the same without the verb, for a column that is about marks.
func (m Mark) Judged() string {
	s := m.Verdict
	if m.Ticket != "" {
		s += " (" + m.Ticket + ")"
	}
	return s + " by " + m.By + " until " + m.Until.UTC().Format("Jan 2, 2006")
}

// MarksOf are the marks of some indicators that still hold. A store that does not
// answer is no reason to fail: then there are none.
func MarksOf(ctx context.Context, marks Collection[string, Mark], values []string, now time.Time) map[string]Mark {
	all, err := marks.All(ctx, values...)
	if err != nil {
		return nil
	}
	maps.DeleteFunc(all, func(_ string, m Mark) bool { return !m.Until.After(now) })
	return all
}
