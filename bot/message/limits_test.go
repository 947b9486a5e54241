package message

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"github.com/footprint-soc/footprint/hunts"
)

func TestTruncateCountsCharactersAndShowsTheCut(t *testing.T) {
	for _, c := range []struct {
		name, in string
		n        int
		want     string
		cut      bool
	}{
		{"below the limit", "abc", 4, "abc", false},
		{"at the limit", "abcd", 4, "abcd", false},
		{"above the limit", "abcde", 4, "abc…", true},
		{"characters, not bytes, at the limit", "жжжж", 4, "жжжж", false},
		{"characters, not bytes, above the limit", "жжжжж", 4, "жжж…", true},
		{"room for the ellipsis only", "ab", 1, "…", true},
		{"no room", "ab", 0, "", true},
		{"nothing in no room", "", 0, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, cut := truncate(c.in, c.n); got != c.want || cut != c.cut {
				t.Errorf("got %q, %v; want %q, %v", got, cut, c.want, c.cut)
			}
		})
	}
}

func TestMarkupIsNeverCutInsideAnEscapeATokenOrACodeSpan(t *testing.T) {
	for _, c := range []struct {
		name, in string
		n        int
		want     string
	}{
		{"at the limit", "a&lt;b", 6, "a&lt;b"},
		{"inside an escape", "abcd&lt;fgh", 8, "abcd…"},
		{"behind an escape", "ab&lt;efghijk", 9, "ab&lt;e…"},
		{"inside a date token", "at <!date^1793697120^{time}|09:12> and more", 30, "at …"},
		{"inside a code span", "say `powershell.exe` once", 12, "say `power`…"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := cutMarkup(c.in, c.n)
			if got != c.want || utf8.RuneCountInString(got) > c.n {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestLinesThatDoNotFitAreCounted(t *testing.T) {
	ten := strings.Split(strings.Repeat("123456789\n", 10), "\n")[:10]
	for _, c := range []struct {
		name string
		n    int
		want string
	}{
		{"all fit exactly", 99, strings.Join(ten, "\n")},
		{"one character too few", 98, strings.Join(ten[:6], "\n") + "\n… 4 more lines"},
		{"room for one", 40, "123456789\n… 9 more lines"},
		{"room for a part of the first", 35, "123…\n… 9 more lines"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := fitLines(ten, c.n)
			if got != c.want || utf8.RuneCountInString(got) > c.n {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestLineFitKeepsWholeSpans(t *testing.T) {
	l := line{ours("abc "), {kind: codeSpan, text: "powershell.exe"}, ours(" tail")}
	for _, c := range []struct {
		n    int
		want string
	}{{23, "abc powershell.exe tail"}, {22, "abc powershell.exe ta…"}, {19, "abc powershell.exe…"}, {18, "abc …"}, {4, "abc…"}} {
		t.Run(fmt.Sprintf("%d characters", c.n), func(t *testing.T) {
			got := l.fit(c.n).String()
			if strings.ReplaceAll(got, " …", "…") != strings.ReplaceAll(c.want, " …", "…") || utf8.RuneCountInString(got) > c.n {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestTablesKeepToTheirLimitsAndCountTheRest(t *testing.T) {
	valid := judge(t)
	for _, form := range []Form{DataTable, Table, PlainText} {
		for _, n := range []int{0, 1, 14, 15, 16, 98, 99, 100, 101, 199, 200, 201, 5000} {
			for _, long := range []bool{false, true} {
				if long && n%100 > 1 {
					continue
				}
				t.Run(fmt.Sprintf("form %d, %d rows, long %v", form, n, long), func(t *testing.T) {
					h, a := manyRows(n, long)
					a.Beacons, a.Notes, a.Events, a.Timeline = nil, nil, nil, nil
					all := Details(h, a, View{Now: now, Form: form})
					if n == 0 {
						if len(all) != 0 {
							t.Errorf("%d messages about nothing", len(all))
						}
						return
					}
					for _, m := range append(all, Answered(h, a, View{Now: now, Form: form})) {
						check(t, valid, m)
					}
					if shown := rowsShown(all[0], form); shown < n && !strings.Contains(caption(all[0], form), fmt.Sprintf("%s in F-7QK2.csv", count(int64(n-shown), "more row"))) {
						t.Errorf("%d of %d rows shown under %q", shown, n, caption(all[0], form))
					}
				})
			}
		}
	}
}

func rowsShown(m Message, form Form) int {
	switch form {
	case DataTable:
		return len(m.Blocks[0].(*slack.DataTableBlock).Rows) - 1
	case Table:
		return len(m.Blocks[1].(*slack.TableBlock).Rows) - 1
	}
	return strings.Count(m.Text, "\n• ")
}

func caption(m Message, form Form) string {
	switch form {
	case DataTable:
		return m.Blocks[0].(*slack.DataTableBlock).Caption
	case Table:
		return m.Blocks[0].(*slack.SectionBlock).Text.Text
	}
	first, _, _ := strings.Cut(m.Text, "\n")
	return first
}

func TestTheTableOfShortRowsIsFullToTheLimit(t *testing.T) {
	row := []cell{word1("a"), number(1)}
	for _, c := range []struct{ rows, want int }{{199, 199}, {200, 200}, {201, 200}} {
		g := grid{head: []string{"A", "B"}, rows: make([][]cell, c.rows)}
		for i := range g.rows {
			g.rows[i] = row
		}
		if fitted := g.fit(maxDataTableRows, maxDataTableChars); len(fitted.rows) != c.want || fitted.more != int64(c.rows-c.want) {
			t.Errorf("%d rows: %d shown, %d more", c.rows, len(fitted.rows), fitted.more)
		}
	}
	for _, c := range []struct{ chars, want int }{{17, 3}, {18, 4}, {19, 4}} {
		g := grid{head: []string{"A", "B"}, rows: [][]cell{{word1("abc"), number(1)}, {word1("abc"), number(1)}, {word1("abc"), number(1)}, {word1("abc"), number(1)}}}
		if fitted := g.fit(10, c.chars); len(fitted.rows) != c.want {
			t.Errorf("%d characters: %d rows", c.chars, len(fitted.rows))
		}
	}
}

func TestTheParentStaysShort(t *testing.T) {
	valid := judge(t)
	for name, make := range map[string]func() (hunts.Hunt, hunts.Answer){
		"one indicator":                  func() (hunts.Hunt, hunts.Answer) { return manyIndicators(1) },
		"four":                           func() (hunts.Hunt, hunts.Answer) { return manyIndicators(4) },
		"five":                           func() (hunts.Hunt, hunts.Answer) { return manyIndicators(5) },
		"two hundred":                    func() (hunts.Hunt, hunts.Answer) { return manyIndicators(200) },
		"hostile text":                   func() (hunts.Hunt, hunts.Answer) { return hostileStory(strings.Repeat(hostile, 40)) },
		"nothing but control characters": func() (hunts.Hunt, hunts.Answer) { return hostileStory(strings.Repeat("\u202e\x00<", 9000)) },
	} {
		t.Run(name, func(t *testing.T) {
			h, a := make()
			v := View{Now: now, Form: PlainText, Known: []Known{{Indicator: strings.Repeat("<&>", 900), By: strings.Repeat("<&>", 900)}, {Mark: strings.Repeat("<&>", 900)}}, ChannelNote: strings.Repeat("<&>", 900)}
			for _, form := range []Form{DataTable, Table} {
				v.Form = form
				check(t, valid, Answered(h, a, v))
			}
			m := Answered(h, a, v)
			check(t, valid, m)
			if n := strings.Count(m.Text, "\n") + 1; n > 14 {
				t.Errorf("%d lines", n)
			}
			lines := strings.Split(m.Text, "\n")
			if !strings.HasPrefix(lines[0], "🔴 *REACHED* by ") || !strings.HasPrefix(lines[len(lines)-1], "F-7QK2 · ") {
				t.Errorf("the verdict does not stand first, or the hunt not last:\n%s", m.Text)
			}
			if len(a.ByIndicator) > maxIndicatorsNamed && !strings.Contains(m.Text, count(int64(len(a.ByIndicator)-maxIndicatorsNamed), "more indicator")) {
				t.Error("the indicators that are left out are not counted")
			}
		})
	}
}

func TestAWindowOfYearsThatWasNotSearchedStaysOneLine(t *testing.T) {
	h, a := unknown("cancelled", func(a *hunts.Answer) {
		a.Coverage.Slices = days(now.AddDate(-3, 0, 0), 1000)
		for i := range a.Coverage.Slices {
			a.Coverage.Slices[i].State, a.Coverage.Slices[i].Reason = hunts.SliceSkipped, "cancelled"
			if i%2 == 0 && i > 500 {
				a.Coverage.Slices[i].State = hunts.SliceDone
			}
		}
	})
	valid := judge(t)
	for _, m := range Details(h, a, View{Now: now}) {
		check(t, valid, m)
		if !strings.Contains(m.Text, "2023-11-03 09:12 to 2025-03-19 09:12 UTC (cancelled)") || !strings.HasSuffix(m.Text, "more parts") {
			t.Error(m.Text)
		}
	}
}

func TestTheTimelineHasAtMostTwentyStepsAndNoGap(t *testing.T) {
	valid := judge(t)
	for _, ago := range []time.Duration{time.Minute, time.Hour, 2 * time.Hour, 19 * time.Hour, 20 * time.Hour, 24 * time.Hour, 72 * time.Hour, 73 * time.Hour, 7 * 24 * time.Hour, 30 * 24 * time.Hour, 90 * 24 * time.Hour, 400 * 24 * time.Hour, 12 * 365 * 24 * time.Hour} {
		t.Run(ago.String(), func(t *testing.T) {
			h, a := story()
			a.Request.From, a.Request.To = now.Add(-ago), now
			bins := wholeTimeline(a)
			if len(bins) < 1 || len(bins) > maxChartPoints {
				t.Fatalf("%d steps", len(bins))
			}
			var sum int64
			for i, b := range bins {
				sum += b.Events
				if i > 0 && !b.Start.After(bins[i-1].Start) {
					t.Error("steps out of order")
				}
			}
			if last := bins[len(bins)-1].Start; len(bins) > 1 && last.Add(bins[1].Start.Sub(bins[0].Start)).Before(now) {
				t.Errorf("the last step begins %s and ends too early", last)
			}
			if sum != 54 {
				t.Errorf("%d events in the steps", sum)
			}
			for _, m := range Details(h, a, View{Now: now}) {
				check(t, valid, m)
			}
		})
	}
	t.Run("everything the workspace keeps", func(t *testing.T) {
		_, a := story()
		a.Request.From = time.Time{}
		if bins := wholeTimeline(a); bins[0].Start.Year() != 2026 {
			t.Error(bins[0].Start)
		}
	})
}
