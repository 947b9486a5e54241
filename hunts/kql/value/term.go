package value

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// HasTerm finds part with no letter or digit beside it: a term is a maximal
// run of alphanumeric characters (Kusto reference, "What is a term?").
func HasTerm(text, part string, atStart, atEnd bool) bool {
	if part == "" {
		return true
	}
	for from := 0; from <= len(text)-len(part); {
		k := strings.Index(text[from:], part)
		if k < 0 {
			return false
		}
		k += from
		if (!atStart || boundaryBefore(text, k)) && (!atEnd || BoundaryAfter(text, k+len(part))) {
			return true
		}
		from = k + 1
	}
	return false
}

func boundaryBefore(text string, at int) bool {
	if at == 0 {
		return true
	}
	first, _ := utf8.DecodeRuneInString(text[at:])
	if !Alphanumeric(first) {
		return true
	}
	r, _ := utf8.DecodeLastRuneInString(text[:at])
	return !Alphanumeric(r)
}

// BoundaryAfter tells whether a term may end at a byte of a text.
func BoundaryAfter(text string, at int) bool {
	if at >= len(text) {
		return true
	}
	last, _ := utf8.DecodeLastRuneInString(text[:at])
	if !Alphanumeric(last) {
		return true
	}
	r, _ := utf8.DecodeRuneInString(text[at:])
	return !Alphanumeric(r)
}

// Alphanumeric tells what terms are made of.
func Alphanumeric(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r)
}
