package builtin

import (
	"testing"

	"github.com/footprint-soc/footprint/hunts/kql/value"
)

func TestTimeFunctions(t *testing.T) {
	at := vTime("2024-02-29T13:14:15.1234567Z") // a Thursday
	runFnCases(t, []fnCase{
		{"now is the clock of the query", "now", nil, "2026-03-04T05:06:07.0000000Z"},
		{"now with an offset", "now", vArgs(vSpan("-1h")), "2026-03-04T04:06:07.0000000Z"},
		{"ago", "ago", vArgs(vSpan("1d")), "2026-03-03T05:06:07.0000000Z"},
		{"ago of nothing", "ago", vArgs(value.Null(value.Timespan)), fnNull},
		{"ago beyond the first year", "ago", vArgs(vSpan("1000000d")), fnNull},
		{"a day begins", "startofday", vArgs(at), "2024-02-29T00:00:00.0000000Z"},
		{"a week begins on Sunday", "startofweek", vArgs(at), "2024-02-25T00:00:00.0000000Z"},
		{"a month ends", "endofmonth", vArgs(at), "2024-02-29T23:59:59.9999999Z"},
		{"the month before begins", "startofmonth", vArgs(at, vLong(-1)), "2024-01-01T00:00:00.0000000Z"},
		{"a year ends", "endofyear", vArgs(at, vLong(1)), "2025-12-31T23:59:59.9999999Z"},
		{"the day of the week is a timespan", "dayofweek", vArgs(at), "4.00:00:00"},
		{"the day of the year", "dayofyear", vArgs(at), "60"},
		{"the week of the year is that of ISO", "week_of_year", vArgs(vTime("2021-01-03")), "53"},
		{"a part", "datetime_part", vArgs(vStr("Quarter"), at), "1"},
		{"a part that there is not", "datetime_part", vArgs(vStr("decade"), at), fnNull},
		{"a month on is the end of a shorter one", "datetime_add", vArgs(vStr("month"), vLong(1), vTime("2023-01-31T01:00:00Z")), "2023-02-28T01:00:00.0000000Z"},
		{"a year on from 29 February", "datetime_add", vArgs(vStr("year"), vLong(1), at), "2025-02-28T13:14:15.1234567Z"},
		{"beyond the last year is null", "datetime_add", vArgs(vStr("year"), vLong(9000), at), fnNull},
		{"far beyond is null too", "datetime_add", vArgs(vStr("week"), vLong(1<<62), at), fnNull},
		{"borders between, not hours", "datetime_diff", vArgs(vStr("hour"), vTime("2024-01-01T01:00Z"), vTime("2024-01-01T00:59Z")), "1"},
		{"the other way it is negative", "datetime_diff", vArgs(vStr("day"), vTime("2024-01-01"), vTime("2024-01-03")), "-2"},
		{"a datetime is made", "make_datetime", vArgs(vLong(2024), vLong(2), vLong(29), vLong(1), vLong(2), vReal(3.5)), "2024-02-29T01:02:03.5000000Z"},
		{"a day that there is not", "make_datetime", vArgs(vLong(2023), vLong(2), vLong(29)), fnNull},
		{"a timespan is made", "make_timespan", vArgs(vLong(1), vLong(2), vLong(3), vReal(4.5)), "1.02:03:04.5000000"},
		{"bin of a datetime", "bin", vArgs(at, vSpan("1h")), "2024-02-29T13:00:00.0000000Z"},
		{"bin of a negative number goes down", "bin", vArgs(vLong(-7), vLong(5)), "-10"},
		{"bin of nothing", "bin", vArgs(value.Null(value.Long), vLong(5)), fnNull},
		{"bin by nothing", "bin", vArgs(vLong(7), vLong(0)), fnNull},
		{"bin from a fixed point", "bin_at", vArgs(vLong(7), vLong(5), vLong(1)), "6"},
		{"seconds since 1970", "unixtime_seconds_todatetime", vArgs(vLong(1)), "1970-01-01T00:00:01.0000000Z"},
		{"half a second since 1970", "unixtime_seconds_todatetime", vArgs(vReal(0.5)), "1970-01-01T00:00:00.5000000Z"},
		{"nanoseconds are cut to ticks", "unixtime_nanoseconds_todatetime", vArgs(vLong(1_000_000_199)), "1970-01-01T00:00:01.0000001Z"},
		{"milliseconds taken for seconds give null", "unixtime_seconds_todatetime", vArgs(vLong(1_700_000_000_000)), fnNull},
		{"summer in London", "datetime_utc_to_local", vArgs(vTime("2024-07-01T12:00Z"), vStr("Europe/London")), "2024-07-01T13:00:00.0000000Z"},
		{"winter in Tokyo and back", "datetime_local_to_utc", vArgs(vTime("2024-01-01T12:00Z"), vStr("Asia/Tokyo")), "2024-01-01T03:00:00.0000000Z"},
		{"a format with all parts", "format_datetime", vArgs(at, vStr("yyyy-MM-dd HH:mm:ss.fffffff")), "2024-02-29 13:14:15.1234567"},
		{"a format of twelve hours", "format_datetime", vArgs(at, vStr("d/M/yy h:m tt fff")), "29/2/24 1:14 PM 123"},
		{"a format of nothing", "format_datetime", vArgs(value.Null(value.Datetime), vStr("yyyy")), ""},
		{"a format of a timespan", "format_timespan", vArgs(vSpan("1.02:03:04.5"), vStr("d.hh:mm:ss [ff]")), "1.02:03:04 [50]"},
		{"text is read as a datetime", "todatetime", vArgs(vStr("2024-02-29")), "2024-02-29T00:00:00.0000000Z"},
		{"text that is none is null", "todatetime", vArgs(vStr("tomorrow")), fnNull},
	})
	for _, zone := range []string{"", "Local", "Middle/Earth"} {
		if v, err := Functions()["datetime_utc_to_local"].Eval(fnEnv(), vArgs(at, vStr(zone))); err == nil {
			t.Errorf("the time zone %q gives %s", zone, fnText(v))
		}
	}
}
