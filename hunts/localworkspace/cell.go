package localworkspace

import (
	"bytes"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/footprint-soc/footprint/hunts/kql"
)

// textCell reads a cell that came as text: of a CSV file, or a JSON string. A
// cell that does not fit its column gives the null of the column and false.
func textCell(text string, t kql.Type) (kql.Value, bool) {
	if t == kql.String {
		return kql.StringValue(text), true
	}
	trimmed := strings.TrimSpace(text)
	if trimmed == "" {
		return kql.Null(t), true
	}
	switch t {
	case kql.Bool:
		switch strings.ToLower(trimmed) {
		case "true", "1":
			return kql.BoolValue(true), true
		case "false", "0":
			return kql.BoolValue(false), true
		}
	case kql.Int, kql.Long:
		return wholeCell(trimmed, t)
	case kql.Real, kql.Decimal:
		if f, err := strconv.ParseFloat(trimmed, 64); err == nil {
			return kql.RealValue(f), true
		}
	case kql.Datetime:
		if at, ok := parseTime(trimmed); ok {
			return kql.DatetimeValue(at), true
		}
	case kql.Guid:
		return kql.GuidValue(trimmed), true
	case kql.Dynamic:
		return dynamicCell(trimmed), true
	}
	return kql.Null(t), false
}

func wholeCell(text string, t kql.Type) (kql.Value, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		f, ferr := strconv.ParseFloat(text, 64)
		if ferr != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
			return kql.Null(t), false
		}
		n = int64(f)
	}
	if t == kql.Long {
		return kql.LongValue(n), true
	}
	if n < math.MinInt32 || n > math.MaxInt32 {
		return kql.Null(t), false
	}
	return kql.IntValue(int32(n)), true
}

// dynamicCell opens a JSON object or array that an export wrote as a string;
// any other text stays the string it is.
func dynamicCell(text string) kql.Value {
	if text[0] == '{' || text[0] == '[' {
		if tree, err := jsonTree([]byte(text)); err == nil {
			return kql.DynamicValue(tree)
		}
	}
	return kql.DynamicValue(text)
}

// maxDepth bounds nesting of a dynamic value; deeper ones stay text. No sensor
// nests more than a few levels.
const maxDepth = 64

var errTooDeep = errors.New("nested too deep")

// jsonTree reads one JSON value into what a dynamic holds.
func jsonTree(data []byte) (any, error) {
	dec := jsontext.NewDecoder(bytes.NewBuffer(data), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	tree, err := readTree(dec, 0)
	if err != nil {
		return nil, err
	}
	if dec.PeekKind() != 0 {
		return nil, errors.New("text after the JSON value")
	}
	return tree, nil
}

func readTree(dec *jsontext.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, errTooDeep
	}
	tok, err := dec.ReadToken()
	if err != nil {
		return nil, err
	}
	switch tok.Kind() {
	case '{':
		bag := kql.NewBag()
		for dec.PeekKind() != '}' {
			name, err := dec.ReadToken()
			if err != nil {
				return nil, err
			}
			key := name.String()
			val, err := readTree(dec, depth+1)
			if err != nil {
				return nil, err
			}
			bag.Set(key, val)
		}
		_, err = dec.ReadToken()
		return bag, err
	case '[':
		list := []any{}
		for dec.PeekKind() != ']' {
			val, err := readTree(dec, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, val)
		}
		_, err = dec.ReadToken()
		return list, err
	case '0':
		return number(tok.String()), nil
	case '"':
		return tok.String(), nil
	case 't', 'f':
		return tok.Bool(), nil
	}
	return nil, nil // JSON null
}

func number(text string) any {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n
	}
	f, _ := strconv.ParseFloat(text, 64) // an overflow reads as infinity, as the language has it
	return f
}

// timeLayouts are tried in turn when a time is not ISO 8601. The first ones are
// the portal's CSV export (en-US display settings, zone in the column's header).
var timeLayouts = [...]string{
	"1/2/2006, 3:04:05.999999999 PM",
	"1/2/2006 3:04:05.999999999 PM",
	"1/2/2006, 15:04:05.999999999",
	"1/2/2006 15:04:05.999999999",
	"Jan 2, 2006 3:04:05.999999999 PM", // Defender's advanced hunting
	"Jan 2, 2006, 3:04:05.999999999 PM",
	"2006-01-02T15:04",
	"2006-01-02 15:04",
	"2006-01-02T15:04Z07:00",
	time.RFC1123,
}

// parseTime reads an instant; without a zone it is UTC, as a workspace keeps it.
func parseTime(text string) (time.Time, bool) {
	if at, ok := parseISO(text); ok {
		return at, true
	}
	for _, layout := range timeLayouts {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), true
		}
	}
	return time.Time{}, false
}

// parseISO reads 2006-01-02[T| ]15:04:05[.fraction][ ][Z|±hh[:]mm] or the date
// alone. time.Parse takes several times as long, and this is the hot path of a
// load; it accepts the space and the missing zone besides.
func parseISO(s string) (time.Time, bool) {
	if len(s) < 10 || s[4] != '-' || s[7] != '-' {
		return time.Time{}, false
	}
	year, ok1 := digits(s[0:4])
	month, ok2 := digits(s[5:7])
	day, ok3 := digits(s[8:10])
	if !ok1 || !ok2 || !ok3 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) || year < 1 {
		return time.Time{}, false
	}
	if len(s) == 10 {
		return time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC), true
	}
	if len(s) < 19 || s[10] != 'T' && s[10] != ' ' && s[10] != 't' || s[13] != ':' || s[16] != ':' {
		return time.Time{}, false
	}
	hour, ok1 := digits(s[11:13])
	minute, ok2 := digits(s[14:16])
	second, ok3 := digits(s[17:19])
	if !ok1 || !ok2 || !ok3 || hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, false
	}
	nanos, rest, ok := fraction(s[19:])
	if !ok {
		return time.Time{}, false
	}
	offset, ok := zoneOffset(strings.TrimLeft(rest, " "))
	if !ok {
		return time.Time{}, false
	}
	at := time.Date(year, time.Month(month), day, hour, minute, second, nanos, time.UTC)
	return at.Add(-offset), true
}

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

func digits(s string) (int, bool) {
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, true
}

// fraction reads .d to .ddddddddd; what lies below 100 ns is cut later, when the
// instant becomes ticks.
func fraction(s string) (nanos int, rest string, ok bool) {
	if s == "" || s[0] != '.' && s[0] != ',' {
		return 0, s, true
	}
	scale := 100_000_000
	i := 1
	for ; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
		nanos += int(s[i]-'0') * scale
		scale /= 10
	}
	return nanos, s[i:], i > 1 && i <= 10
}

func zoneOffset(s string) (time.Duration, bool) {
	switch s {
	case "", "Z", "z", "UTC":
		return 0, true
	}
	if len(s) < 3 || s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	hm := strings.Replace(s[1:], ":", "", 1)
	if len(hm) == 2 {
		hm += "00"
	}
	n, ok := digits(hm)
	if !ok || len(hm) != 4 || n/100 > 14 || n%100 > 59 {
		return 0, false
	}
	offset := time.Duration(n/100)*time.Hour + time.Duration(n%100)*time.Minute
	if s[0] == '-' {
		offset = -offset
	}
	return offset, true
}
