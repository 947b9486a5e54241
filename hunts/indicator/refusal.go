package indicator

import (
	"fmt"
	"strings"
	"unicode"
)

// Refusal says why something was not accepted, in one sentence that teaches
// how to write it. A nil *Refusal means accepted.
type Refusal struct {
	Sentence string `json:"sentence"`          // for the person who typed; what they typed is quoted, defanged and harmless in it
	Key      string `json:"key,omitempty"`     // the key concerned, as typed: "ip", "since", "ipp"
	Nearest  string `json:"nearest,omitempty"` // the valid key that was probably meant, when Key is none
	Token    string `json:"token,omitempty"`   // what was typed, raw: never show it without encoding
}

// Error gives the sentence, so that a Refusal can travel as an error. Mind
// that a nil *Refusal in an error variable is not a nil error.
func (r *Refusal) Error() string { return r.Sentence }

func Refuse(key, token, format string, args ...any) *Refusal {
	return &Refusal{Sentence: fmt.Sprintf(format, args...), Key: key, Token: token}
}

// shownRunes bounds how much of a typed token a sentence repeats: enough to
// recognise it, too little to flood a channel.
const shownRunes = 60

// Show quotes a typed token so that it can stand in any message: one line,
// no control or direction characters, no mark-up, nothing clickable.
func Show(token string) string {
	var b strings.Builder
	n := 0
	for _, r := range DefangText(token) {
		if n == shownRunes {
			b.WriteRune('…')
			break
		}
		switch {
		case unicode.IsSpace(r):
			r = ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar:
			r = '·'
		case r == '<':
			r = '‹'
		case r == '>':
			r = '›'
		case r == '`' || r == '"':
			r = '\''
		}
		b.WriteRune(r)
		n++
	}
	return `"` + b.String() + `"`
}
