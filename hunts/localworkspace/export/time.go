package export

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/footprint-soc/footprint/hunts/kql"
)

// Order is which of two numbers of a date is the day. Portals write dates as the
// reader's locale has them and say nowhere which one that was.
type Order uint8

const (
	orderUnknown Order = iota
	monthFirst
	dayFirst
)

// reading is one text read as a time, as either order has it.
type reading struct {
	at     [3]time.Time // by order; the zero time where the text is none in it
	zoned  bool         // the text carries its zone
	zone   bool         // it carries none, and a locale wrote it
	decide Order        // the only order that reads it, when the other one can't
}

// in is the time as an order has it.
func (r reading) in(o Order) (time.Time, bool) {
	at := r.at[o]
	return at, !at.IsZero()
}

// either tells whether some order reads the text.
func (r reading) either() bool { return !r.at[monthFirst].IsZero() || !r.at[dayFirst].IsZero() }

// ambiguous tells whether the order changes the time.
func (r reading) ambiguous() bool {
	return r.either() && r.decide == orderUnknown && !r.at[monthFirst].Equal(r.at[dayFirst])
}

func sure(at time.Time, zoned bool) reading {
	return reading{at: [3]time.Time{at, at, at}, zoned: zoned}
}

// readTime reads a time in any form that portals, APIs and tools write it in.
// zone is meant where the text has none.
func readTime(text string, zone *time.Location) reading {
	text = plainTime(text)
	if text == "" {
		return reading{}
	}
	if at, zoned, ok := parseISO(text, zone); ok {
		return sure(at, zoned)
	}
	if at, ok := epoch(text); ok {
		return sure(at, true)
	}
	return localeTime(text, zone)
}

// plainTime replaces the spaces and digits of other scripts, and drops marks that
// nobody sees: portals put U+202F before PM, and U+200E around dates.
func plainTime(text string) string {
	if isASCII(text) {
		return strings.TrimSpace(text)
	}
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == 0xfeff || unicode.Is(unicode.Cf, r):
			return -1
		case unicode.IsSpace(r):
			return ' '
		case r >= '０' && r <= '９':
			return r - '０' + '0'
		case r >= '٠' && r <= '٩':
			return r - '٠' + '0'
		case r >= '۰' && r <= '۹':
			return r - '۰' + '0'
		}
		return r
	}, text))
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= 0x80 {
			return false
		}
	}
	return true
}

// parseISO reads 2006-01-02[T| ]15:04[:05[.fraction]][ ][Z|±hh[:]mm] or the date
// alone. time.Parse takes several times as long, and this is the hot path of a
// load; it accepts the space and the missing zone besides.
func parseISO(s string, zone *time.Location) (at time.Time, zoned, ok bool) {
	if len(s) < 10 || s[4] != '-' || s[7] != '-' {
		return time.Time{}, false, false
	}
	year, ok1 := digits(s[0:4])
	month, ok2 := digits(s[5:7])
	day, ok3 := digits(s[8:10])
	if !ok1 || !ok2 || !ok3 || !isDate(year, month, day) {
		return time.Time{}, false, false
	}
	if len(s) == 10 {
		return time.Date(year, time.Month(month), day, 0, 0, 0, 0, zone), false, true
	}
	if len(s) < 16 || s[10] != 'T' && s[10] != ' ' && s[10] != 't' || s[13] != ':' {
		return time.Time{}, false, false
	}
	hour, ok1 := digits(s[11:13])
	minute, ok2 := digits(s[14:16])
	second, nanos, rest := 0, 0, s[16:]
	ok3 = true
	if len(rest) >= 3 && rest[0] == ':' {
		second, ok3 = digits(rest[1:3])
		nanos, rest, ok = fraction(rest[3:])
		ok3 = ok3 && ok
	}
	if !ok1 || !ok2 || !ok3 || hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, false, false
	}
	rest = strings.TrimLeft(rest, " ")
	offset, zoned, ok := zoneOffset(rest)
	if !ok {
		return time.Time{}, false, false
	}
	if !zoned {
		return time.Date(year, time.Month(month), day, hour, minute, second, nanos, zone), false, true
	}
	return time.Date(year, time.Month(month), day, hour, minute, second, nanos, time.UTC).Add(-offset), true, true
}

func isDate(year, month, day int) bool {
	return year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

func digits(s string) (int, bool) {
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, s != ""
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

// zoneOffset reads Z, UTC, GMT, an offset, or both. Other names of zones are not
// read: EST is three zones.
func zoneOffset(s string) (offset time.Duration, zoned, ok bool) {
	if at := strings.IndexByte(s, '('); at >= 0 {
		s = strings.TrimSpace(s[:at]) // a browser writes GMT+0100 (Central European Standard Time)
	}
	if s == "" {
		return 0, false, true
	}
	for _, name := range []string{"UTC", "GMT", "Z"} {
		if len(s) >= len(name) && strings.EqualFold(s[:len(name)], name) {
			if s = strings.TrimSpace(s[len(name):]); s == "" {
				return 0, true, true
			}
			break
		}
	}
	if s == "" || s[0] != '+' && s[0] != '-' {
		return 0, false, false
	}
	hm := strings.Replace(s[1:], ":", "", 1)
	switch len(hm) {
	case 1:
		hm = "0" + hm + "00"
	case 2:
		hm += "00"
	}
	n, ok := digits(hm)
	if !ok || len(hm) != 4 || n/100 > 14 || n%100 > 59 {
		return 0, false, false
	}
	offset = time.Duration(n/100)*time.Hour + time.Duration(n%100)*time.Minute
	if s[0] == '-' {
		offset = -offset
	}
	return offset, true, true
}

// Years between which a bare number is taken for a time.
const (
	earliest = 946_684_800   // 2000
	latest   = 4_102_444_800 // 2100
)

// epoch reads seconds, milliseconds, microseconds or nanoseconds since 1970,
// .NET's ticks, and /Date(…)/.
func epoch(text string) (time.Time, bool) {
	if inner, ok := strings.CutPrefix(text, "/Date("); ok {
		text, _, _ = strings.Cut(inner, ")")
	}
	whole, part, _ := strings.Cut(text, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || n < earliest {
		return time.Time{}, false
	}
	nanos := 0
	if part != "" {
		var ok bool
		if nanos, _, ok = fraction("." + part); !ok || n > latest {
			return time.Time{}, false
		}
	}
	switch {
	case n < latest:
		return time.Unix(n, int64(nanos)).UTC(), true
	case n/1000 > earliest && n/1000 < latest:
		return time.UnixMilli(n).UTC(), true
	case n/1_000_000 > earliest && n/1_000_000 < latest:
		return time.UnixMicro(n).UTC(), true
	case n/1_000_000_000 > earliest && n/1_000_000_000 < latest:
		return time.Unix(0, n).UTC(), true
	}
	if at := kql.DatetimeTicks(n).AsTime(); at.Year() >= 2000 && at.Year() < 2100 {
		return at, true
	}
	return time.Time{}, false
}

// clock finds the time of day: 18:41:25.123, 6.41.25, 3:40 pm.
var clock = regexp.MustCompile(`(?i)(?:^|[^\d.:/-])(\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:[.,:](\d{1,9}))?)?(?:\s|$|[^\d.:/-])`)

// halfDay are the words for the halves of a day. Those of the first group are
// written behind the time or before it.
var halfDay = regexp.MustCompile(`(?i)(^|[\s\d,])(am|pm|a\.?\s?m\.?|p\.?\s?m\.?|fm|em|上午|下午|午前|午後|오전|오후|π\.?μ\.?|μ\.?μ\.?|sa|ch|ص|م)(?:[\s\d,]|$)`)

var (
	yearFirstDate = regexp.MustCompile(`^(\d{4})\s*[-/.年]\s*(?:(\d{1,2})\s*[-/.月]|(\p{L}+)\.?)\s*(\d{1,2})(?:[.日]|\b)`)
	numberDate    = regexp.MustCompile(`^(\d{1,2})\s*([-/.])\s*(\d{1,2})\s*[-/.]\s*(\d{4}|\d{2})\b\.?`)
	dayWordDate   = regexp.MustCompile(`^(\d{1,2})(?:\.|º|er|th|st|nd|rd)?[\s-]+(?:de\s+)?(\p{L}{2,})\.?,?[\s-]+(?:de\s+)?(\d{4})\b`)
	wordDayDate   = regexp.MustCompile(`^(\p{L}{3,})\.?\s+(\d{1,2})(?:th|st|nd|rd)?,?\s+(\d{4})\b`)
	weekday       = regexp.MustCompile(`^\p{L}{2,}\.?,?\s+`)
)

// localeTime reads a date as people write it, with or without a time of day.
func localeTime(text string, zone *time.Location) reading {
	if len(text) > 100 {
		return reading{}
	}
	date, rest := text, ""
	var dates [3][3]int // year, month, day by order
	var known bool
	for range 2 { // the second time without the day of the week
		if dates, rest, known = readDate(date); known {
			break
		}
		cut := weekday.FindString(date)
		date = strings.TrimPrefix(date, cut)
	}
	timeFirst := false
	if !known { // 18:41:25 7/11/2026
		at := strings.LastIndexAny(text, " ")
		if at < 0 || !strings.Contains(text[:at], ":") {
			return reading{}
		}
		if dates, rest, known = readDate(text[at+1:]); !known || strings.TrimSpace(rest) != "" {
			return reading{}
		}
		rest, timeFirst = text[:at], true
	}
	ofDay, zoned, offset, ok := timeOfDay(rest)
	if !ok || timeFirst && zoned {
		return reading{}
	}
	out := reading{zoned: zoned, zone: !zoned}
	for _, o := range []Order{monthFirst, dayFirst} {
		d := dates[o]
		if !isDate(d[0], d[1], d[2]) {
			continue
		}
		in := zone
		if zoned {
			in = time.UTC
		}
		midnight := time.Date(d[0], time.Month(d[1]), d[2], 0, 0, 0, 0, in)
		hour, minute, second, nanos := int(ofDay.Hours()), int(ofDay.Minutes())%60, int(ofDay.Seconds())%60, int(ofDay%time.Second)
		out.at[o] = time.Date(midnight.Year(), midnight.Month(), midnight.Day(), hour, minute, second, nanos, in).Add(-offset)
	}
	switch one, other := out.at[monthFirst].IsZero(), out.at[dayFirst].IsZero(); {
	case one && !other:
		out.decide = dayFirst
	case other && !one:
		out.decide = monthFirst
	}
	return out
}

// readDate reads the date that a text begins with, as either order has it.
func readDate(text string) (dates [3][3]int, rest string, ok bool) {
	same := func(year, month, day int, all string) ([3][3]int, string, bool) {
		d := [3]int{year, month, day}
		return [3][3]int{d, d, d}, text[len(all):], month > 0
	}
	number := func(s string) int { n, _ := strconv.Atoi(s); return n }
	if m := yearFirstDate.FindStringSubmatch(text); m != nil {
		month := number(m[2])
		if m[3] != "" {
			month = monthNamed(m[3])
		}
		return same(number(m[1]), month, number(m[4]), m[0])
	}
	if m := dayWordDate.FindStringSubmatch(text); m != nil {
		return same(number(m[3]), monthNamed(m[2]), number(m[1]), m[0])
	}
	if m := wordDayDate.FindStringSubmatch(text); m != nil {
		return same(number(m[3]), monthNamed(m[1]), number(m[2]), m[0])
	}
	m := numberDate.FindStringSubmatch(text)
	if m == nil {
		return dates, "", false
	}
	year := number(m[4])
	if len(m[4]) == 2 {
		year += 2000
	}
	a, b := number(m[1]), number(m[3])
	if m[2] == "." { // no locale writes the month first with dots
		return same(year, b, a, m[0])
	}
	dates[monthFirst], dates[dayFirst] = [3]int{year, a, b}, [3]int{year, b, a}
	return dates, text[len(m[0]):], true
}

// timeOfDay reads what stands behind a date.
func timeOfDay(rest string) (ofDay time.Duration, zoned bool, offset time.Duration, ok bool) {
	rest = strings.TrimLeft(rest, ", ")
	for _, word := range []string{"T", "um ", "at ", "à ", "a las ", "às ", "o godz. ", "kl. ", "klo "} {
		rest = strings.TrimPrefix(rest, word)
	}
	if rest == "" {
		return 0, false, 0, true
	}
	half := ""
	if m := halfDay.FindStringSubmatchIndex(rest); m != nil {
		half = strings.ToLower(rest[m[4]:m[5]])
		rest = rest[:m[4]] + " " + rest[m[5]:]
	}
	m := clock.FindStringSubmatchIndex(rest)
	if m == nil || strings.TrimSpace(rest[:m[2]]) != "" {
		return 0, false, 0, false
	}
	part := func(i int) string {
		if m[2*i] < 0 {
			return ""
		}
		return rest[m[2*i]:m[2*i+1]]
	}
	hour, _ := digits(part(1))
	minute, _ := digits(part(2))
	second, _ := digits(part(3))
	nanos := 0
	end := m[5]
	if m[6] >= 0 {
		end = m[7]
	}
	if m[8] >= 0 {
		nanos, _, _ = fraction("." + part(4))
		end = m[9]
	}
	if hour, ok = inHalf(hour, half); !ok || hour > 23 || minute > 59 || second > 59 {
		return 0, false, 0, false
	}
	offset, zoned, ok = zoneOffset(strings.TrimSpace(rest[end:]))
	ofDay = time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second + time.Duration(nanos)
	return ofDay, zoned, offset, ok
}

func inHalf(hour int, half string) (int, bool) {
	if half == "" {
		return hour, true
	}
	if hour < 1 || hour > 12 {
		return hour, hour < 24 // 15:40 PM is written by some, and has one meaning
	}
	hour %= 12
	if strings.HasPrefix(half, "p") || slices.Contains([]string{"em", "下午", "午後", "오후", "μμ", "μ.μ.", "ch", "م"}, half) {
		hour += 12
	}
	return hour, true
}

// monthNames are the beginnings of months in the languages that portals are
// shown in, without accents; a number tells which month.
var monthNames = []struct {
	month int
	names string
}{
	{1, "jan gen ene янв led sty tammi oca sij ian"}, {2, "feb fev fév fevr feb helmi lut úno uno şub sub vel фев"},
	{3, "mar mär maa mrt mars maalis bře bre oža ozu мар"}, {4, "apr abr avr kwi dub huhti nis tra apr апр"},
	{5, "may mai mag maj mei maio kvě kve touko svi май мая"}, {6, "jun giu juin cze čer červen kesä kesa haz lip июн"},
	{7, "jul lug juil lip čvc cvc heinä heina tem srp июл"}, {8, "aug ago aoû aou août sie srp elo ağu agu kol авг"},
	{9, "sep set wrz zář zar syys eyl ruj сен"}, {10, "oct okt ott out paź paz říj rij loka eki lis окт"},
	{11, "nov lis marras kas stu noy ноя"}, {12, "dec dez dic dés déc gru pro joulu ara des дек"},
}

// monthNamed finds a month by its name in any language; 0 when there is none, or
// when two languages mean different months by it.
func monthNamed(word string) int {
	word = strings.ToLower(strings.TrimSuffix(word, "."))
	found, longest := 0, 0
	for _, m := range monthNames {
		for name := range strings.FieldsSeq(m.names) {
			if !strings.HasPrefix(word, name) || len(name) < longest {
				continue
			}
			if len(name) == longest && found != m.month {
				found = 0
				continue
			}
			found, longest = m.month, len(name)
		}
	}
	return found
}
