package kql

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// isTermRune tells what terms are made of; anything else separates them
// (Kusto reference, "String operators", "What is a term?").
func isTermRune(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r)
}

// containsTerm looks for needle in s where neither side of the match continues
// a term. Both are lower-case already, or the search is case-sensitive.
func containsTerm(s, needle string) bool {
	if needle == "" {
		return true
	}
	first, _ := utf8.DecodeRuneInString(needle)
	last, _ := utf8.DecodeLastRuneInString(needle)
	for at := 0; ; {
		i := strings.Index(s[at:], needle)
		if i < 0 {
			return false
		}
		at += i
		end := at + len(needle)
		before, _ := utf8.DecodeLastRuneInString(s[:at])
		after, _ := utf8.DecodeRuneInString(s[end:])
		if (at == 0 || !isTermRune(first) || !isTermRune(before)) && (end == len(s) || !isTermRune(last) || !isTermRune(after)) {
			return true
		}
		_, n := utf8.DecodeRuneInString(s[at:])
		at += n
	}
}

// hasAnyIndex is the position of the first value of the list that the text
// has as a term.
func hasAnyIndex(a []Value) Value {
	list, ok := argArray(a[1])
	if !ok {
		return Null(Long)
	}
	s := strings.ToLower(argText(a[0]))
	for i, e := range list {
		if needle := strings.ToLower(dynamicText(e)); needle != "" && containsTerm(s, needle) {
			return LongValue(int64(i))
		}
	}
	return LongValue(-1)
}
