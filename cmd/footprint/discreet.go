package main

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/google/uuid"
)

var (
	// userInfo is who signs in where, inside an address.
	userInfo = regexp.MustCompile(`(://)[^/@\s"']*@`)
	// keyed are parameters of addresses that hold keys.
	keyed = regexp.MustCompile(`(?i)([?&;](?:sig|signature|key|token|code|secret|password|sharedaccesskey|accountkey)=)[^&;\s"']+`)
	// named are tokens that say what they are: Slack's, cloud vendors', JSON web tokens.
	named = regexp.MustCompile(`(?:xox[a-z]|xapp|xoxe\.xox[a-z])-[A-Za-z0-9-]{3,}|xoxe-[A-Za-z0-9-]{3,}|\bey[JI][A-Za-z0-9_-]{8,}\.[A-Za-z0-9_.-]+|\b(?:gh[pousr]|glpat|sk|AKIA|ASIA)[-_A-Z0-9a-z]{16,}`)
	words = regexp.MustCompile(`[A-Za-z0-9~_.+/=-]{16,}`)
)

// hidden stands for what is not shown.
const hidden = "(hidden)"

// discreet is a text without what may be a secret: people paste one into the wrong
// variable, and what check prints goes into tickets.
func discreet(s string) string {
	s = userInfo.ReplaceAllString(s, "$1…@")
	s = keyed.ReplaceAllString(s, "${1}…")
	s = named.ReplaceAllString(s, hidden)
	return words.ReplaceAllStringFunc(s, func(w string) string {
		if looksRandom(w) {
			return hidden
		}
		return w
	})
}

// looksRandom: letters of both cases and digits without a word or a path in them, as
// in a client secret. The ids that people know their workspaces by are none.
func looksRandom(w string) bool {
	if uuid.Validate(w) == nil || strings.HasPrefix(w, "/") || strings.Count(w, "/") > 2 {
		return false
	}
	w = strings.Trim(w, "./=")
	if _, id, ok := strings.Cut(w, "="); ok && uuid.Validate(id) == nil {
		return false
	}
	upper, lower, digits, changes := 0, 0, 0, 0
	last := rune(0)
	for _, r := range w {
		kind := rune('.')
		switch {
		case unicode.IsUpper(r):
			upper, kind = upper+1, 'A'
		case unicode.IsLower(r):
			lower, kind = lower+1, 'a'
		case unicode.IsDigit(r):
			digits, kind = digits+1, '0'
		}
		if kind != last && last != 0 {
			changes++
		}
		last = kind
	}
	longHex := len(w) >= 32 && digits > 4 && strings.Trim(strings.ToLower(w), "0123456789abcdef") == ""
	return longHex || len(w) >= 16 && upper > 1 && lower > 1 && digits > 1 && changes >= 7
}
