package kql

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// Literal is a typed value in the spelling of the language. It is the only way
// in which a value from outside reaches a query; its content is unexported so
// that no text can pass for one.
type Literal struct{ text string }

// String is the literal as it stands in a query.
func (l Literal) String() string { return l.text }

// StringLiteral encodes any text. Everything but printable ASCII is escaped,
// so that no quote, newline, comment opener or invisible character stands in
// the query as itself (Kusto reference, "The string data type"). What is not
// UTF-8 becomes U+FFFD.
func StringLiteral(s string) Literal {
	var b strings.Builder
	b.Grow(len(s) + 2)
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r >= 0x20 && r < 0x7f:
			b.WriteRune(r)
		case r > 0xffff:
			// beyond the basic plane: a surrogate pair, as \u takes four digits
			r -= 0x10000
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xd800+(r>>10), 0xdc00+(r&0x3ff))
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	b.WriteByte('"')
	return Literal{b.String()}
}

// StringsLiteral is a dynamic array of texts.
func StringsLiteral(list []string) Literal {
	parts := make([]string, len(list))
	for i, s := range list {
		parts[i] = StringLiteral(s).text
	}
	return Literal{"dynamic([" + strings.Join(parts, ",") + "])"}
}

// LongLiteral is a long.
func LongLiteral(n int64) Literal { return Literal{"long(" + strconv.FormatInt(n, 10) + ")"} }

// LongsLiteral is a dynamic array of longs.
func LongsLiteral(list []int64) Literal {
	parts := make([]string, len(list))
	for i, n := range list {
		parts[i] = strconv.FormatInt(n, 10)
	}
	return Literal{"dynamic([" + strings.Join(parts, ",") + "])"}
}

// BoolLiteral is a bool.
func BoolLiteral(v bool) Literal { return Literal{strconv.FormatBool(v)} }

// RealLiteral is a real.
func RealLiteral(f float64) Literal {
	return Literal{"real(" + strconv.FormatFloat(f, 'g', -1, 64) + ")"}
}

// DatetimeLiteral is an instant with the 100 ns the language keeps.
func DatetimeLiteral(t time.Time) Literal {
	return Literal{"datetime(" + t.UTC().Format("2006-01-02T15:04:05.0000000Z") + ")"}
}

// TimespanLiteral is a duration with the 100 ns the language keeps.
func TimespanLiteral(d time.Duration) Literal {
	return Literal{"time(" + value.TimespanText(int64(d/100)) + ")"}
}

// Let is one value with the name under which a query reads it.
type Let struct {
	Name  string
	Value Literal
}

// maxComment bounds the first line of a query.
const maxComment = 400

// Prologue is the head of a query: one comment line, then one let statement
// for each value.
func Prologue(comment string, lets []Let) string {
	var b strings.Builder
	b.WriteString("// " + oneLine(comment) + "\n")
	for _, l := range lets {
		b.WriteString("let " + l.Name + " = " + l.Value.text + ";\n")
	}
	return b.String()
}

// oneLine keeps a comment from ending early: whatever could end a line, or
// shows as nothing, is dropped.
func oneLine(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r < 0x20 || (r >= 0x7f && r < 0xa0) || r == 0x2028 || r == 0x2029 || r == 0xfeff || (r >= 0x200b && r <= 0x200f) || (r >= 0x202a && r <= 0x202e) || (r >= 0x2066 && r <= 0x2069) || r == utf8.RuneError {
			continue
		}
		if b.Len()+utf8.RuneLen(r) > maxComment {
			break
		}
		b.WriteRune(r)
	}
	return b.String()
}
