package value

import (
	"encoding/json"
	"math"
	"testing"
	"time"
)

func TestDatetimesAreReadInEverySpelling(t *testing.T) {
	for text, want := range map[string]string{
		"2014-05-25T08:20:03.123456Z":    "2014-05-25T08:20:03.1234560Z",
		"2014-05-25T08:20:03.12345678Z":  "2014-05-25T08:20:03.1234567Z",
		"2014-05-25T08:20":               "2014-05-25T08:20:00.0000000Z",
		"2014-11-08 15:55:55":            "2014-11-08T15:55:55.0000000Z",
		"2014-11-08 15:55:55 GMT":        "2014-11-08T15:55:55.0000000Z",
		"2014-11-08":                     "2014-11-08T00:00:00.0000000Z",
		"2014-11":                        "2014-11-01T00:00:00.0000000Z",
		"2014":                           "2014-01-01T00:00:00.0000000Z",
		"2014-11-08T15:55:55+02:00":      "2014-11-08T13:55:55.0000000Z",
		"2014-11-08T15:55:55-0730":       "2014-11-08T23:25:55.0000000Z",
		"2014-11-08T24:00":               "2014-11-09T00:00:00.0000000Z",
		"Sat, 8 Nov 14 15:05:02 GMT":     "2014-11-08T15:05:02.0000000Z",
		"8 Nov 14 15:05 GMT":             "2014-11-08T15:05:00.0000000Z",
		"Saturday, 08-Nov-14 15:05 GMT":  "2014-11-08T15:05:00.0000000Z",
		"08-Nov-14 15:05:02 GMT":         "2014-11-08T15:05:02.0000000Z",
		"  2020-02-29T00:00:00Z ":        "2020-02-29T00:00:00.0000000Z",
		"9999-12-31T23:59:59.9999999Z":   "9999-12-31T23:59:59.9999999Z",
		"0001-01-01T00:00:00Z":           "0001-01-01T00:00:00.0000000Z",
		"Sat, 8 Nov 2014 15:05:02 +0100": "2014-11-08T14:05:02.0000000Z",
	} {
		ticks, ok := ParseDatetime(text)
		if got := DatetimeTicks(ticks).Text(); !ok || got != want {
			t.Errorf("%q is read as %s (%v), want %s", text, got, ok, want)
		}
	}
}

func TestWhatIsNoDatetimeIsRefused(t *testing.T) {
	for _, text := range []string{
		"", " ", "yesterday", "2014-13-01", "2014-02-30", "2019-02-29", "2014-11-08T25:00", "2014-11-08T12:60", "2014-11-08T12:00:61", "0000-01-01",
		"2014-11-08T", "2014-11-08T12:00:00X", "2014-11-08T12:00:00.", "10000-01-01", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00",
		"2014-11-08T12:00:00+15:00", "Sat, 8 Nov 14 15:05:02 PST", "2014-11-08T24:01",
	} {
		if ticks, ok := ParseDatetime(text); ok {
			t.Errorf("%q is read as %s", text, DatetimeTicks(ticks).Text())
		}
	}
}

func TestTimespansAreReadAndPrinted(t *testing.T) {
	for text, want := range map[string]string{
		"1.02:03:04.5": "1.02:03:04.5000000", "2d": "2.00:00:00", "1.5h": "01:30:00", "30m": "00:30:00", "10s": "00:00:10", "100ms": "00:00:00.1000000",
		"10microsecond": "00:00:00.0000100", "1tick": "00:00:00.0000001", "15 seconds": "00:00:15", "2": "2.00:00:00", "0.00:01": "00:01:00", "0.12:34:56.7": "12:34:56.7000000",
		"03:04": "03:04:00", "-1h": "-01:00:00", "-1.00:00:00": "-1.00:00:00", "14:00:00:00": "14.00:00:00", "25min": "00:25:00", "300nanoseconds": "00:00:00.0000003", "0.1s": "00:00:00.1000000",
	} {
		ticks, ok := ParseTimespan(text)
		if got := TimespanText(ticks); !ok || got != want {
			t.Errorf("%q is read as %s (%v), want %s", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "-", "h", "1x", "1:60", "24:00", "1.24:00:00", "1:2:3:4:5", "1.2.3:04", "99999999999d", "1:00:00h", "--1h", "1..5h"} {
		if ticks, ok := ParseTimespan(text); ok {
			t.Errorf("%q is read as %s", text, TimespanText(ticks))
		}
	}
}

func TestExtremeTimespansArePrinted(t *testing.T) {
	for ticks, want := range map[int64]string{
		math.MaxInt64: "10675199.02:48:05.4775807", math.MinInt64: "-10675199.02:48:05.4775808", 0: "00:00:00", -1: "-00:00:00.0000001",
	} {
		if got := TimespanText(ticks); got != want {
			t.Errorf("%d ticks are printed %s, want %s", ticks, got, want)
		}
	}
}

func TestRealsKeepAFraction(t *testing.T) {
	for f, want := range map[float64]string{
		1: "1.0", 0: "0.0", -2.5: "-2.5", 1e6: "1000000.0", 123456789.125: "123456789.125", 1e21: "1e+21", 1e-7: "1e-07", 0.1: "0.1", math.Inf(1): "Infinity", math.Inf(-1): "-Infinity",
	} {
		if got := RealText(f); got != want {
			t.Errorf("%g is printed %s, want %s", f, got, want)
		}
	}
	if got := RealText(math.NaN()); got != "NaN" {
		t.Errorf("not a number is printed %s", got)
	}
}

func TestDynamicsArePrintedAsCompactJSON(t *testing.T) {
	bag := NewBag()
	bag.Set("when", time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC))
	bag.Set("took", 90*time.Second)
	bag.Set("odd", math.Inf(1))
	bag.Set("a\"b\n", []any{int64(1), 5.0, nil, true, "é<\x01\\"})
	want := `{"when":"2020-01-02T03:04:05.0000000Z","took":"00:01:30","odd":"Infinity","a\"b\n":[1,5.0,null,true,"é<\u0001\\"]}`
	if got := DynamicText(bag); got != want {
		t.Errorf("printed %s, want %s", got, want)
	}
	if got := DynamicText("plain"); got != "plain" {
		t.Errorf("a string alone is printed %s", got)
	}
}

func TestJSONKeepsItsOrderAndItsNumbers(t *testing.T) {
	for text, want := range map[string]string{
		` {"b":1,"a":[1.0,2,{"c":null}],"b":3} `: `{"b":3,"a":[1.0,2,{"c":null}]}`,
		`9223372036854775807`:                    `9223372036854775807`,
		`9223372036854775808`:                    `9223372036854776000.0`,
		`"\u00e9\n"`:                             "é\n",
		`[]`:                                     `[]`,
		`-0.5e1`:                                 `-5.0`,
	} {
		d, ok := ParseJSON(text)
		if got := DynamicText(d); !ok || got != want {
			t.Errorf("%s is read as %s (%v), want %s", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "{", `{"a"}`, "[1,]", "nul", `{'a':1}`, "1 2"} {
		if d, ok := ParseJSON(text); ok {
			t.Errorf("%s is read as %s", text, DynamicText(d))
		}
	}
}

func FuzzParseDatetime(f *testing.F) {
	for _, s := range []string{"2014-05-25T08:20:03.123456Z", "2014", "Sat, 8 Nov 14 15:05:02 GMT", "2014-11-08T15:55:55+02:00", "1/2/2020 3:04 PM"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ticks, ok := ParseDatetime(s)
		if !ok {
			return
		}
		if ticks < 0 || ticks > MaxTicks {
			t.Fatalf("%q gives %d ticks, which is no datetime", s, ticks)
		}
		if again, ok := ParseDatetime(DatetimeTicks(ticks).Text()); !ok || again != ticks {
			t.Fatalf("%q is printed %s and read back as %d", s, DatetimeTicks(ticks).Text(), again)
		}
	})
}

func FuzzParseTimespan(f *testing.F) {
	for _, s := range []string{"1.02:03:04.5", "2d", "1.5h", "15 seconds", "-1:00", "14:00:00:00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ticks, ok := ParseTimespan(s)
		if !ok {
			return
		}
		if again, ok := ParseTimespan(TimespanText(ticks)); !ok || again != ticks {
			t.Fatalf("%q is printed %s and read back as %d, %v", s, TimespanText(ticks), again, ok)
		}
	})
}

func FuzzParseDynamic(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5,"x",null,true]}`, `"\ud83d\ude00"`, `[[[]]]`, `1e400`, `{"":{}}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, ok := ParseJSON(s)
		if !ok {
			return
		}
		text := string(AppendJSON(nil, d))
		if !json.Valid([]byte(text)) {
			t.Fatalf("%q is printed as %s, which is no JSON", s, text)
		}
		again, ok := ParseJSON(text)
		if !ok || string(AppendJSON(nil, again)) != text {
			t.Fatalf("%q is printed as %s, and that as %s", s, text, AppendJSON(nil, again))
		}
	})
}
