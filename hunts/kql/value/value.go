package value

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Type is a scalar type of the Kusto query language.
type Type uint8

// The scalar types. Unknown is the type of an untyped null.
const (
	Unknown Type = iota
	Bool
	Int
	Long
	Real
	Decimal
	String
	Datetime
	Timespan
	Dynamic
	Guid
)

var typeNames = [...]string{"unknown", "bool", "int", "long", "real", "decimal", "string", "datetime", "timespan", "dynamic", "guid"}

// String gives the name of the type as the language writes it.
func (t Type) String() string { return typeNames[t] }

// Numeric tells whether arithmetic is defined on the type.
func (t Type) Numeric() bool { return t == Int || t == Long || t == Real || t == Decimal }

// Value is one scalar. The zero Value is a null of unknown type.
//
// A string is never null: the language has no null strings, only empty ones
// (Kusto reference, "Null values").
type Value struct {
	Kind  Type
	Valid bool
	Num   int64   // Bool (0, 1), Int, Long, Datetime and Timespan in ticks of 100 ns
	Real  float64 // Real, Decimal
	Str   string  // String, Guid
	Dyn   any     // Dynamic: nil, bool, int64, float64, string, time.Time, time.Duration, []any, *Bag
}

// Ticks are 100 ns: the resolution of datetime and timespan. Datetime counts
// them from 0001-01-01T00:00:00Z.
const (
	TicksPerSecond = 10_000_000
	TicksAtUnix    = 621_355_968_000_000_000
)

// Null is the null of type t; for String it is the empty string.
func Null(t Type) Value {
	if t == String {
		return StringValue("")
	}
	return Value{Kind: t}
}

// BoolValue is a bool.
func BoolValue(b bool) Value {
	v := Value{Kind: Bool, Valid: true}
	if b {
		v.Num = 1
	}
	return v
}

// IntValue is a 32-bit int.
func IntValue(n int32) Value { return Value{Kind: Int, Valid: true, Num: int64(n)} }

// LongValue is a 64-bit long.
func LongValue(n int64) Value { return Value{Kind: Long, Valid: true, Num: n} }

// RealValue is a 64-bit float.
func RealValue(f float64) Value { return Value{Kind: Real, Valid: true, Real: f} }

// StringValue is a string.
func StringValue(s string) Value { return Value{Kind: String, Valid: true, Str: s} }

// GuidValue is a GUID in its canonical lower-case text.
func GuidValue(s string) Value { return Value{Kind: Guid, Valid: true, Str: strings.ToLower(s)} }

// DatetimeValue is an instant, kept to 100 ns.
func DatetimeValue(t time.Time) Value {
	t = t.UTC()
	return DatetimeTicks(t.Unix()*TicksPerSecond + int64(t.Nanosecond())/100 + TicksAtUnix)
}

// DatetimeTicks is the instant that lies so many ticks after 0001-01-01.
func DatetimeTicks(ticks int64) Value { return Value{Kind: Datetime, Valid: true, Num: ticks} }

// TimespanTicks is a duration in ticks of 100 ns.
func TimespanTicks(ticks int64) Value { return Value{Kind: Timespan, Valid: true, Num: ticks} }

// DynamicValue wraps nil, bool, int64, float64, string, []any or *Bag.
// A nil gives the null dynamic.
func DynamicValue(d any) Value { return Value{Kind: Dynamic, Valid: d != nil, Dyn: d} }

// Type is the type of the value.
func (v Value) Type() Type { return v.Kind }

// IsNull tells a null from a value; strings are never null.
func (v Value) IsNull() bool { return !v.Valid }

// AsBool is true for a bool that is true.
func (v Value) AsBool() bool { return v.Valid && v.Kind == Bool && v.Num != 0 }

// AsLong is the integer of a Bool, Int, Long, or the ticks of a Datetime or
// Timespan.
func (v Value) AsLong() int64 { return v.Num }

// AsReal is the number as a float64; NaN for what is not numeric.
func (v Value) AsReal() float64 {
	switch v.Kind {
	case Int, Long, Bool, Datetime, Timespan:
		return float64(v.Num)
	case Real, Decimal:
		return v.Real
	}
	return math.NaN()
}

// AsString is the text of a String or Guid, without conversion.
func (v Value) AsString() string { return v.Str }

// AsDynamic is the tree of a Dynamic: nil, bool, int64, float64, string,
// []any or *Bag.
func (v Value) AsDynamic() any { return v.Dyn }

// AsTime is the instant of a Datetime.
func (v Value) AsTime() time.Time {
	t := v.Num - TicksAtUnix
	return time.Unix(FloorDiv(t, TicksPerSecond), FloorMod(t, TicksPerSecond)*100).UTC()
}

// FloorDiv rounds toward minus infinity.
func FloorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// FloorMod is what FloorDiv leaves, never negative for a positive b.
func FloorMod(a, b int64) int64 { return a - FloorDiv(a, b)*b }

// Bag is a dynamic property bag that keeps the order of its keys.
type Bag struct {
	keys []string
	vals map[string]any
}

// NewBag is an empty bag.
func NewBag() *Bag { return &Bag{vals: map[string]any{}} }

// Set adds or replaces a key.
func (b *Bag) Set(key string, val any) {
	if _, ok := b.vals[key]; !ok {
		b.keys = append(b.keys, key)
	}
	b.vals[key] = val
}

// Get gives the value of a key.
func (b *Bag) Get(key string) (any, bool) { v, ok := b.vals[key]; return v, ok }

// Keys are the keys in the order of their first Set.
func (b *Bag) Keys() []string { return b.keys }

// Len counts the keys.
func (b *Bag) Len() int { return len(b.keys) }

// MarshalJSON writes the bag with its keys in order.
func (b *Bag) MarshalJSON() ([]byte, error) {
	var out strings.Builder
	out.WriteByte('{')
	for i, k := range b.keys {
		if i > 0 {
			out.WriteByte(',')
		}
		kj, err := json.Marshal(k)
		if err != nil {
			return nil, fmt.Errorf("key of a property bag: %w", err)
		}
		vj, err := json.Marshal(b.vals[k])
		if err != nil {
			return nil, fmt.Errorf("property %q of a bag: %w", k, err)
		}
		out.Write(kj)
		out.WriteByte(':')
		out.Write(vj)
	}
	out.WriteByte('}')
	return []byte(out.String()), nil
}

// Text is the value as tostring() prints it: round-trip reals, 7 fractional
// digits on datetimes, compact JSON for dynamics, empty for nulls.
func (v Value) Text() string {
	if !v.Valid {
		return ""
	}
	switch v.Kind {
	case Bool:
		if v.Num != 0 {
			return "true"
		}
		return "false"
	case Int, Long:
		return strconv.FormatInt(v.Num, 10)
	case Real:
		return RealText(v.Real)
	case Decimal:
		return strconv.FormatFloat(v.Real, 'f', -1, 64)
	case String, Guid:
		return v.Str
	case Datetime:
		return v.AsTime().Format("2006-01-02T15:04:05.0000000Z")
	case Timespan:
		return TimespanText(v.Num)
	case Dynamic:
		return DynamicText(v.Dyn)
	}
	return ""
}
