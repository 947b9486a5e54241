package message

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/incident"
)

// plain is the fallback of a message in its plainest form, with dates as UTC.
func plain(m Message) string {
	return dateTokenOf.ReplaceAllString(m.Text, "$1")
}

func TestVerdictLineSaysWhatCameOfIt(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*hunts.Answer)
		want   string
	}{
		{"reached by some, tried by one more", func(*hunts.Answer) {}, "🔴 *REACHED* by 3 devices, tried by 1 · last 7 days, fully searched"},
		{"reached by all", func(a *hunts.Answer) { a.ByDevice = a.ByDevice[:1] }, "🔴 *REACHED* by 1 device · last 7 days, fully searched"},
		{"the rest was blocked", func(a *hunts.Answer) {
			a.ByDevice[3].Outcome, a.ByDevice[2].Outcome = hunts.OutcomeBlocked, hunts.OutcomeBlocked
		}, "🔴 *REACHED* by 2 devices, tried by 2 · last 7 days, fully searched"},
		{"the rest tried in several ways", func(a *hunts.Answer) {
			a.ByDevice[3].Outcome = hunts.OutcomeBlocked
			a.ByDevice[2].Outcome = hunts.OutcomeFailed
		}, "🔴 *REACHED* by 2 devices, tried by 2 · last 7 days, fully searched"},
		{"one only listened", func(a *hunts.Answer) { a.ByDevice[3].Outcome = hunts.OutcomeOther }, "🔴 *REACHED* by 3 devices, 1 more without a connection · last 7 days, fully searched"},
		{"more devices than listed", func(a *hunts.Answer) { a.Truncated.ByDevice = true }, "🔴 *REACHED* by at least 3 devices, tried by 1 · last 7 days, fully searched"},
		{"device lines hidden", func(a *hunts.Answer) { a.ByDevice = nil }, "🔴 *REACHED* · 3 devices completed a connection · last 7 days, fully searched"},
		{"reached, but not all was searched", func(a *hunts.Answer) { a.Coverage.Complete, a.Coverage.Slices[0].State = false, hunts.SlicePartial }, "🔴 *REACHED* by 3 devices, tried by 1 · last 7 days, 1 of 7 parts not fully searched"},
		{"tried once", func(a *hunts.Answer) {
			a.Verdict, a.Totals.Devices, a.Outcomes = hunts.Tried, 1, hunts.Outcomes{Failed: 1}
		}, "🟡 *TRIED* by 1 device, none connected (1 failed attempt) · last 7 days, fully searched"},
		{"tried in several ways", func(a *hunts.Answer) {
			a.Verdict, a.Outcomes = hunts.Tried, hunts.Outcomes{Failed: 3, Blocked: 1, LookedUp: 2}
		}, "🟡 *TRIED* by 4 devices, none connected (3 failed attempts, 1 blocked attempt, 2 DNS lookups) · last 7 days, fully searched"},
		{"clean of several", func(a *hunts.Answer) { a.Verdict = hunts.Clean }, "🟢 *CLEAN* · no sensor reported any of 2 indicators · last 7 days, fully searched"},
		{"a verdict from a newer version", func(a *hunts.Answer) { a.Verdict, a.Reason = "PROBABLY", "who knows" }, "⚪ *COULD NOT TELL* · who knows · last 7 days, fully searched"},
		{"no verdict at all", func(a *hunts.Answer) { a.Verdict, a.Reason = "", "" }, "⚪ *COULD NOT TELL* · – · last 7 days, fully searched"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, a := story()
			c.change(&a)
			if got, _, _ := strings.Cut(Answered(h, a, View{Now: now}).Text, "\n"); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestCleanIsNeverSaidOfAnythingElse(t *testing.T) {
	for _, v := range []hunts.Verdict{hunts.CouldNotTell, hunts.Tried, hunts.Reached, "", "clean", "CLEAN "} {
		h, a := empty(story())
		a.Verdict, a.ByIndicator[0].Verdict = v, v
		if m := Answered(h, a, View{Now: now}); strings.Contains(m.Text, "CLEAN") || strings.Contains(m.Text, "🟢") {
			t.Errorf("of %q: %s", v, m.Text)
		}
	}
}

func TestTheMockMessagesOfAQuickHunt(t *testing.T) {
	h, a := story()
	v := View{Now: now, Form: PlainText, Buttons: true}
	h.Request.Domains[0].SubOnly = false
	_, silent := empty(story())
	_, cut := empty(story())
	cut.Verdict, cut.Coverage.Slices = hunts.CouldNotTell, []hunts.Slice{{State: hunts.SliceFailed}}
	for _, c := range []struct {
		name string
		got  Message
		want string
	}{
		{"first paint", Started(h, v), "🔎 Hunting `203.0.113[.]66` and `cdn-sync[.]example` (with sub-domains) · last 7 days · prod-eu\n⏳ Queued\n*F-7QK2* · <@U0ANALYST>: \"ISAC tip\""},
		{"waiting", Progress(h, hunts.Progress{QueuedAhead: 2}, v), "🔎 Hunting `203.0.113[.]66` and `cdn-sync[.]example` (with sub-domains) · last 7 days · prod-eu\n⏳ Waiting: 2 queries ahead\n*F-7QK2* · <@U0ANALYST>: \"ISAC tip\""},
		{"in the middle", Progress(h, hunts.Progress{Done: 4, Total: 7, Devices: 3, Events: 1700}, v), "🔎 Hunting `203.0.113[.]66` and `cdn-sync[.]example` (with sub-domains) · last 7 days · prod-eu\n▓▓▓▓░░░ 4 of 7 days searched · 3 devices with 1,700 events so far\n*F-7QK2* · <@U0ANALYST>: \"ISAC tip\""},
		{"reached before the end", Progress(h, hunts.Progress{Done: 9, Total: 7, Verdict: hunts.Reached, Devices: 1, Events: 1}, v), "🔴 *REACHED so far* · still hunting `203.0.113[.]66` and `cdn-sync[.]example` (with sub-domains) · last 7 days · prod-eu\n▓▓▓▓▓▓▓ 7 of 7 days searched · 1 device with 1 event so far\n*F-7QK2* · <@U0ANALYST>: \"ISAC tip\""},
		{"endpoints reached, places to come", Progress(h, hunts.Progress{Verdict: hunts.Reached, Endpoint: &a, Looking: []string{"mail", "url clicks", "firewall", "DNS servers", "web proxy"}}, v), "🔴 *REACHED so far* · still hunting `203.0.113[.]66` and `cdn-sync[.]example` (with sub-domains) · last 7 days · prod-eu\n*ws-fin-014* (b.lee) · powershell.exe ← winword.exe · 30 events since 2026-11-01 22:12 UTC · likely beaconing: every 60 s\n*ws-fin-031* (b.lee) · powershell.exe ← winword.exe · 18 events since 2026-11-01 22:12 UTC\n*ws-hr-002* (b.lee) · process unknown (network inspection) · 3 events since 2026-11-01 22:12 UTC\nTried only: *srv-web-01* (b.lee) · rundll32.exe ← services.exe, failed\n⏳ Endpoints searched · now looking in mail, url clicks, firewall, DNS servers and 1 more\n*F-7QK2* · <@U0ANALYST>: \"ISAC tip\""},
		{"endpoints silent, places to come", Progress(h, hunts.Progress{Endpoint: &silent, Looking: []string{"mail", "firewall"}}, v), "🔎 Hunting `203.0.113[.]66` and `cdn-sync[.]example` (with sub-domains) · last 7 days · prod-eu\n⏳ Endpoints searched, nothing there so far · now looking in mail and firewall\n*F-7QK2* · <@U0ANALYST>: \"ISAC tip\""},
		{"endpoints searched in part", Progress(h, hunts.Progress{Endpoint: &cut, Looking: []string{"mail"}}, v), "🔎 Hunting `203.0.113[.]66` and `cdn-sync[.]example` (with sub-domains) · last 7 days · prod-eu\n⏳ Endpoints searched in part, nothing there so far · now looking in mail\n*F-7QK2* · <@U0ANALYST>: \"ISAC tip\""},
		{"parts that are no days", Progress(h, hunts.Progress{Done: -1, Total: 90}, v), "🔎 Hunting `203.0.113[.]66` and `cdn-sync[.]example` (with sub-domains) · last 7 days · prod-eu\n░░░░░░░░░░░░░░ 0 of 90 parts searched · nothing so far\n*F-7QK2* · <@U0ANALYST>: \"ISAC tip\""},
		{"answered", Answered(h, a, v), "🔴 *REACHED* by 3 devices, tried by 1 · last 7 days, fully searched\n*ws-fin-014* (b.lee) · powershell.exe ← winword.exe · 30 events since 2026-11-01 22:12 UTC · likely beaconing: every 60 s\n*ws-fin-031* (b.lee) · powershell.exe ← winword.exe · 18 events since 2026-11-01 22:12 UTC\n*ws-hr-002* (b.lee) · process unknown (network inspection) · 3 events since 2026-11-01 22:12 UTC\nTried only: *srv-web-01* (b.lee) · rundll32.exe ← services.exe, failed\n`203.0.113[.]66` reached by 2, tried by 1 · `cdn-sync[.]example` reached by 2, marked malicious (INC-4711) · rare: 4 of 1,942 devices reached or tried it\nCoverage: 1,942 of 2,010 sensors · newest event 4 min before the search · 14 events are known-good (internal-dns) · 1 note in the thread\nF-7QK2 · <@U0ANALYST>: \"ISAC tip\" · prod-eu · searched 2026-11-03 09:12 UTC, cached until 2026-11-03 09:27 UTC"},
		{"broken", Broken(h, "something broke on our side", "Try again in a minute", v), "⚪ *COULD NOT TELL* · something broke on our side\nTry again in a minute\nHunted: `203.0.113[.]66` and `cdn-sync[.]example` (with sub-domains)\nF-7QK2"},
		{"refused, with channels", Refused("<#C0SOC> <#C0IT> may hunt up to 7 days; you asked for 90 <!here>", v), "<#C0SOC> <#C0IT> may hunt up to 7 days; you asked for 90 &lt;!here&gt;"},
		{"marked", Marked(h, "malicious (INC-4711)", "seen in the ISAC list", v), "🏷️ F-7QK2: malicious (INC-4711) · \"seen in the ISAC list\""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := plain(c.got); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestNarrowingIsNoAcquittal(t *testing.T) {
	h, a := story()
	none := plain(Narrowed(h, a, a.Narrow(hunts.Filter{Facet: hunts.ByProcess, Value: "cmd.exe"}), View{Now: now}))
	if strings.Contains(none, "CLEAN") || !strings.Contains(none, "does not make anything clean") {
		t.Error(none)
	}
	some := plain(Narrowed(h, a, a.Narrow(hunts.Filter{Facet: hunts.ByProcess, Value: "powershell.exe"}), View{Now: now}))
	if !strings.HasPrefix(some, "🔍 *only powershell.exe*: 48 events on 2 devices, all reached") {
		t.Error(some)
	}
}

func sweepOf(verdict hunts.Verdict) SweepView {
	_, a := story()
	return SweepView{
		Name: "daily", Slot: now, Since: before(24 * time.Hour), Listed: 4812,
		Survey: hunts.Survey{Verdict: verdict, Reason: "the newest event is 26 h old", Coverage: a.Coverage, Queries: 6},
	}
}

func TestManyNewOnesAreATableAndNoWallOfLines(t *testing.T) {
	valid := judge(t)
	for _, n := range []int{maxSweepLines - 1, maxSweepLines, maxSweepLines + 1, 500} {
		s := sweepOf(hunts.Reached)
		for i := range n {
			value := fmt.Sprintf("192.0.2.%d", i%250)
			hit := hunts.Hit{Indicator: value, Type: "ip", Device: fmt.Sprint("ws-", i), Outcome: hunts.OutcomeReached, FirstSeen: before(2 * time.Hour), LastSeen: now, Processes: []string{"mshta.exe"}, Because: "exact address"}
			s.Survey.Hits = append(s.Survey.Hits, hit)
			s.Report.New = append(s.Report.New, SweepLine{Indicator: must("ip", value), Note: "C2", Hits: []hunts.Hit{hit}, Fresh: 1})
			s.Report.Gone = append(s.Report.Gone, GonePair{fmt.Sprintf("198.51.100.%d", i%250), "ip", fmt.Sprint("ws-", i)})
		}
		for _, form := range []Form{DataTable, Table, PlainText} {
			m := Sweep(s, View{Now: now, Form: form})
			check(t, valid, m)
			text := plain(m)
			table := strings.Contains(text, fmt.Sprintf("%d indicators that are new", n))
			if table != (n > maxSweepLines) {
				t.Errorf("%d new, form %v: a table %v\n%s", n, form, table, text)
			}
			if lines := strings.Count(text, "reached by ws-"); n > maxSweepLines && lines > 0 {
				t.Errorf("%d new: %d lines beside the table", n, lines)
			}
			if !strings.Contains(text, fmt.Sprintf("New: %d", n)) || !strings.Contains(text, "Self-test passed") {
				t.Errorf("%d new: count or proof is missing:\n%s", n, text)
			}
			check(t, valid, SweepDetails(s, View{Now: now, Form: form}))
		}
	}
}

func TestTheMorningSweep(t *testing.T) {
	valid := judge(t)
	hit := hunts.Hit{Indicator: "192.0.2.140", Type: "ip", Device: "ws-1", Outcome: hunts.OutcomeReached, FirstSeen: before(2 * time.Hour), LastSeen: now, Processes: []string{"mshta.exe"}, Because: "exact address"}
	other := hit
	other.Device = "ws-2"
	failed := hit
	failed.Indicator, failed.Outcome, failed.Processes = "dl-upd.example", hunts.OutcomeFailed, []string{"msedge.exe"}
	news := sweepOf(hunts.Reached)
	news.Missed = 1
	news.Survey.Hits = []hunts.Hit{hit, other, failed}
	news.Report = SweepReport{
		New:   []SweepLine{{Indicator: must("ip", "192.0.2.140"), Note: "C2", Confidence: 85, Hits: []hunts.Hit{hit, other}}, {Indicator: must("domain", "dl-upd.example"), Note: "phishing", Hits: []hunts.Hit{failed}}},
		Still: []SweepLine{{Indicator: must("ip", "198.51.100.9"), Hits: []hunts.Hit{hit}, Ticket: "INC-4690", QuietUntil: now.AddDate(0, 0, 12)}},
		Gone:  []GonePair{{"203.0.113.9", "ip", "ws-3"}}, NotEvaluated: []NotEvaluated{{Line: 3, Value: "10.0.0.0/4", Kind: "over-wide", Reason: "a sweep takes networks down to /16"}},
		Left: map[string]int{"over-wide": 2, "malformed": 1, "expired": 212},
	}
	unknown := sweepOf(hunts.CouldNotTell)
	unknown.Survey.Coverage.Complete = false
	v := View{Now: now}
	for _, c := range []struct {
		name  string
		sweep SweepView
		want  string
	}{
		{"a quiet day is one line with its proof", sweepOf(hunts.Clean), "🌅 *Sweep daily* 2026-11-03 09:12 UTC · since 2026-11-02 09:12 UTC · 4,812 indicators · fully searched · 🟢 *nothing found* · Self-test passed · 1,942 of 2,010 sensors · newest event 2026-11-03 09:08 UTC · 6 queries"},
		{"a day that could not be told", unknown, "🌅 *Sweep daily* 2026-11-03 09:12 UTC · since 2026-11-02 09:12 UTC · 4,812 indicators · ⚪ *COULD NOT TELL* · the newest event is 26 h old\nSelf-test passed · 1,942 of 2,010 sensors · newest event 2026-11-03 09:08 UTC · 6 queries"},
		{"a day with news", news, "🌅 *Sweep daily* 2026-11-03 09:12 UTC · since 2026-11-02 09:12 UTC · 4,812 indicators · fully searched\nAlso covers 1 missed slot\n🆕 *New: 2*\n  `192.0.2[.]140`  C2, confidence 85 · reached by ws-1 and ws-2 · mshta.exe · first seen 2026-11-03 07:12 UTC\n  `dl-upd[.]example`  phishing · tried by ws-1 · msedge.exe · first seen 2026-11-03 07:12 UTC\n🔁 *Ongoing: 1*\n  `198.51.100[.]9` · reached by ws-1 · mshta.exe · first seen 2026-11-03 07:12 UTC · INC-4690 · muted until Nov 15\n✅ *No longer seen: 1* · `203.0.113[.]9` from 1 device · skipped 3 (2 over-wide, 1 malformed): list in the thread · 212 expired\nSelf-test passed · 1,942 of 2,010 sensors · newest event 2026-11-03 09:08 UTC · 6 queries"},
	} {
		t.Run(c.name, func(t *testing.T) {
			check(t, valid, Sweep(c.sweep, v))
			if got := plain(Sweep(c.sweep, v)); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
	details := SweepDetails(news, v)
	check(t, valid, details)
	for _, want := range []string{"✅ No longer seen: `203.0.113[.]9` on ws-3", "Not evaluated: line 3: `10.0.0[.]0/4` over-wide: a sweep takes", "… 214 more were not evaluated"} {
		if !strings.Contains(plain(details), want) {
			t.Errorf("the thread lacks %q:\n%s", want, plain(details))
		}
	}
}

func TestTheLedgerOfAThread(t *testing.T) {
	valid := judge(t)
	_, a := story()
	l := LedgerView{Thread: "C0SOC/1", LookBack: "last 7 days", Automatic: 26, Cap: 20, Coverage: a.Coverage, At: now}
	for i := range 60 {
		x := LedgerLine{Indicator: must("ip", "198.51.100."+grouped(int64(i))), State: "done", Verdict: hunts.Clean, Hunt: "F-7QN5"}
		if i%2 == 1 {
			x.State, x.Why = incident.Skipped, "private"
		}
		l.Lines = append(l.Lines, x)
	}
	l.Lines[0].Verdict, l.Lines[0].Devices, l.Lines[0].Hosts = hunts.Reached, 3, []string{"WS-1", "WS-2"}
	for _, form := range []Form{DataTable, Table, PlainText} {
		m := Ledger(l, View{Now: now, Form: form})
		check(t, valid, m)
		for _, want := range []string{"🔴 `198.51.100[.]0`  REACHED by 3 devices · WS-1, WS-2 and 1 more → F-7QN5\n🟢 `198.51.100[.]2`  CLEAN · 96.6 % coverage → F-7QN5", "… 5 more lines (5 CLEAN), all lines are in the newest ledger file", "⏭️ Skipped as known-good: `198.51.100[.]1`, `198.51.100[.]3`",
			" private · 22 more indicators", "20 of 20 automatic hunts used", "last 7 days"} {
			if !strings.Contains(m.Text, want) {
				t.Errorf("lacks %q:\n%s", want, m.Text)
			}
		}
		check(t, valid, HandOver(l, View{Now: now, Form: form}))
	}
}

func TestOnlyAPermalinkOfSlackBecomesALink(t *testing.T) {
	for url, link := range map[string]bool{
		"https://acme.slack.com/archives/C0SOC/p1763884800000200":                                       true,
		"https://acme.slack.com/archives/C0SOC/p1763884800000200?thread_ts=1763884700.000100&cid=C0SOC": true,
		"http://127.0.0.1:8080/#/C0SOC/1763884800.000200":                                               true,
		"http://evil.example/archives/C0SOC/p1763884800000200":                                          false,
		"https://acme.slack.com/archives/C0SOC/p1763884800000200|x>":                                    false,
		"https://acme.slack.com/?redir=https://evil.example":                                            false,
		"": false,
	} {
		if got := strings.Contains((line{huntSpan("F-7QK2", url)}).mrkdwn(), "|F-7QK2>"); got != link {
			t.Errorf("%q is a link: %v", url, got)
		}
	}
}

func TestAModalKeepsItsLimits(t *testing.T) {
	h, _ := story()
	h.ID = strings.Repeat("<", 200)
	for _, n := range []int{0, 2999, 3000, 3001, 100_000} {
		for _, m := range []slack.ModalViewRequest{HuntModal("p", strings.Repeat("ж", n), nil), MarkModal("p", h)} {
			if len(m.Title.Text) > 24 || len(m.Submit.Text) > 24 || len(m.Blocks.BlockSet) > 100 {
				t.Errorf("%s: %+v", m.CallbackID, m)
			}
			for _, b := range m.Blocks.BlockSet {
				in, ok := b.(*slack.InputBlock)
				if !ok {
					continue
				}
				field, ok := in.Element.(*slack.PlainTextInputBlockElement)
				if !ok {
					continue
				}
				got := utf8.RuneCountInString(field.InitialValue)
				if got > 3000 || in.BlockID == "indicators" && n > 0 && strings.HasSuffix(field.InitialValue, "…") != (n > 3000) {
					t.Errorf("%s.%s holds %d characters of %d", m.CallbackID, in.BlockID, got, n)
				}
			}
		}
	}
}

func TestTheParentHasAtMostEightLinesWhateverThereIsToSay(t *testing.T) {
	h, a := story()
	a.Coverage.Complete, a.Coverage.Problems = false, []string{"DeviceNetworkEvents has events only since yesterday"}
	a.Places = []hunts.Place{{Place: "DNS lookups", Table: "DeviceEvents", Searched: true, Events: 3}}
	a.Notes = append(a.Notes, "one more note")
	change := hunts.Change{Hunt: "F-7QK1", Since: before(time.Hour), Events: 3, Whole: true}
	m := Answered(h, a, View{Now: now, Known: []Known{{At: now.Add(-23 * time.Hour), By: "ana", Verdict: hunts.Reached, Devices: 2, Window: "last 7 days", Hunt: "F-7QK1"}}, Change: &change, Newer: &hunts.Newer{Hunt: "F-7QK3", Verdict: hunts.Reached, Devices: 4, Change: change}})
	if n := strings.Count(m.Text, "\n") + 1; n > 8 {
		t.Errorf("%d lines:\n%s", n, m.Text)
	}
	for _, want := range []string{"*ws-fin-014*", "and 1 more device", "Tried only: *srv-web-01*", "2 notes in the thread", "Also: DNS lookups 3", "not complete: "} {
		if !strings.Contains(m.Text, want) {
			t.Errorf("lacks %q:\n%s", want, m.Text)
		}
	}
}

func TestRowsThatLookTheSameAreOneRow(t *testing.T) {
	h, a := story()
	twin := a.Rows[0]
	twin.Account, twin.Events, twin.FirstSeen = `OTHER\b.lee`, 7, before(40*time.Hour)
	other := a.Rows[0]
	other.RemoteHost = "cdn.cdn-sync.example"
	a.Rows = append(a.Rows, twin, other)
	text := Details(h, a, View{Now: now})[0].Text
	if strings.Count(text, "ws-fin-014 · b.lee") != 2 || !strings.Contains(text, "reached · 37 · 2026-11-01 17:12:00") || !strings.Contains(text, "in 5 rows") {
		t.Error(text)
	}
}
