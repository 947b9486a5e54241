package bot

import (
	"regexp"
	"sort"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/request"
)

// reply is one line typed in a hunt's thread, understood.
type reply struct {
	kind    replyKind
	filters []hunts.Filter
	window  string // since=…, or from=… to=…, in the grammar of requests
	around  time.Duration
	device  string
	pivot   string // a device, a process, a user or a hash
	absent  string // a value that this hunt does not have
}

type replyKind string

const (
	replyNarrow replyKind = "narrow"
	replyWiden  replyKind = "widen"
	replyAround replyKind = "around"
	replyCSV    replyKind = "csv"
	replyJSON   replyKind = "json"
	replyKQL    replyKind = "kql"
	replyBundle replyKind = "zip"
	replyAgain  replyKind = "again"
	replyPivot  replyKind = "pivot"
	replyOrigin replyKind = "lineage"
	replyHelp   replyKind = "help"
	replyAbsent replyKind = "absent"
)

// replyForms is the whole grammar; help prints it, and what is not understood
// is answered with the nearest of them.
var replyForms = [][2]string{
	{"only powershell.exe", "filter by process, device, outcome or indicator; several in a row narrow further"}, {"without msedge.exe", "the rest"}, {"only failed", "reached, failed, blocked or looked-up"},
	{"device=WS-FIN-014", "one device; user= and hash= work as well"}, {"last 30d", "a longer or shorter look-back; days already searched come from cached results"}, {"from=2026-11-01 to=2026-11-08", "between two times, UTC"},
	{"±30m WS-FIN-014", "±30 min around a device's first contact (the earliest device if none is given)"}, {"pivot WS-FIN-014", "what else a device talked to around then"}, {"pivot powershell.exe", "what else a process talked to; a hash works as well"},
	{"pivot ana.sousa", "other connections by that user around then"}, {"lineage WS-FIN-014", "what started a device's processes"},
	{"csv", "every event, and one line per indicator"}, {"json", "the whole answer"}, {"kql", "the query"}, {"zip", "evidence bundle"}, {"again", "search everything again"}, {"help", "this list"},
}

var (
	pivotForm  = regexp.MustCompile(`(?i)^pivot ("[^"]+"|\S+)(?: (?:±|\+-|\+/-)\s*(\d+[mhdw]))?$`)
	originForm = regexp.MustCompile(`(?i)^lineage(?: (\S+))?$`)
	aroundForm = regexp.MustCompile(`(?i)^(?:±|\+-|\+/-)\s*(\d+[mhdw])(?: (?:around |of )?(\S+))?$`)
	// wordForm is a word, or several in quotes.
	wordForm = regexp.MustCompile(`(?:[^\s"]|"[^"]*")+|"\S*`)
)

// parseReply understands one line, or says false: nothing is guessed. The
// answer at hand tells what a bare word after "only" can mean.
func parseReply(text string, a hunts.Answer) (reply, bool) {
	text = strings.NewReplacer("“", `"`, "”", `"`, "„", `"`).Replace(indicator.Refang(text))
	text = strings.Join(strings.Fields(text), " ")
	lower := strings.ToLower(text)
	switch lower {
	case "csv", "json", "kql", "zip", "again", "help":
		return reply{kind: replyKind(lower)}, true
	}
	if strings.HasPrefix(lower, "last ") || strings.HasPrefix(lower, "past ") {
		rest, window := windowOf(lower)
		return reply{kind: replyWiden, window: window}, window != "" && strings.TrimSpace(rest) == ""
	}
	if m := aroundForm.FindStringSubmatch(text); m != nil {
		d, refusal := request.ParseDuration(strings.ToLower(m[1]))
		return reply{kind: replyAround, around: d, device: m[2]}, refusal == nil
	}
	if m := pivotForm.FindStringSubmatch(text); m != nil {
		r := reply{kind: replyPivot, pivot: strings.Trim(m[1], `"`)}
		if m[2] == "" {
			return r, true
		}
		d, refusal := request.ParseDuration(strings.ToLower(m[2]))
		r.around = d
		return r, refusal == nil
	}
	if m := originForm.FindStringSubmatch(text); m != nil {
		return reply{kind: replyOrigin, device: m[1]}, true
	}
	if strings.HasPrefix(lower, "from=") || strings.HasPrefix(lower, "since=") || strings.HasPrefix(lower, "to=") {
		return reply{kind: replyWiden, window: text}, true
	}
	filters, absent, ok := parseFilters(text, a)
	if absent != "" {
		return reply{kind: replyAbsent, absent: absent}, ok
	}
	return reply{kind: replyNarrow, filters: filters}, ok
}

// filterKeys are the keys that narrow an answer to one value.
var filterKeys = regexp.MustCompile(`(?i)^(device|host|user|account|hash|md5|sha1|sha256|file|process|ip|dns|domain)=(.+)$`)

// parseFilters reads "only x", "without y" and "device=z", several in a row. absent is
// the first value that this answer does not have.
func parseFilters(text string, a hunts.Answer) (out []hunts.Filter, absent string, ok bool) {
	words := wordForm.FindAllString(text, -1)
	for i := 0; i < len(words); {
		word, value := strings.ToLower(words[i]), ""
		if m := filterKeys.FindStringSubmatch(words[i]); m != nil {
			word, value = "only", m[2]
			i++
		} else if (word == "only" || word == "without") && i+1 < len(words) {
			value = words[i+1]
			i += 2
		} else {
			return nil, "", false
		}
		if value = strings.Trim(value, `"`); value == "" {
			return nil, "", false
		}
		f, found := filterFor(value, a)
		if !found && absent == "" {
			absent = value
		}
		f.Without = word == "without"
		out = append(out, f)
	}
	return out, absent, len(out) > 0
}

// filterFor finds what a word means in this answer: an outcome, an indicator,
// a device, a user or a process, the last also without its .exe.
func filterFor(word string, a hunts.Answer) (hunts.Filter, bool) {
	same := func(s string) bool { return strings.EqualFold(s, word) }
	if same("not recorded") || same("(not recorded)") {
		return hunts.Filter{Facet: hunts.ByProcess}, true
	}
	for _, o := range []hunts.Outcome{hunts.OutcomeReached, hunts.OutcomeFailed, hunts.OutcomeBlocked, hunts.OutcomeLookedUp} {
		if same(string(o)) || same(strings.ReplaceAll(string(o), "_", "-")) {
			return hunts.Filter{Facet: hunts.ByOutcome, Value: string(o)}, true
		}
	}
	for _, r := range a.Rows {
		for _, m := range r.Matched {
			if same(m) {
				return hunts.Filter{Facet: hunts.ByIndicator, Value: m}, true
			}
		}
		short, _, _ := strings.Cut(r.Device, ".")
		if same(r.Device) || same(short) {
			return hunts.Filter{Facet: hunts.ByDevice, Value: r.Device}, true
		}
		if account := r.Account[strings.LastIndexByte(r.Account, '\\')+1:]; account != "" && (same(account) || same(r.Account)) {
			return hunts.Filter{Facet: hunts.ByUser, Value: account}, true
		}
		if r.Process != "" && (same(r.Process) || same(strings.TrimSuffix(strings.ToLower(r.Process), ".exe"))) {
			return hunts.Filter{Facet: hunts.ByProcess, Value: r.Process}, true
		}
	}
	return hunts.Filter{}, false
}

// formsOf is the grammar with values of this answer in its examples, so that what is
// offered can be typed as it stands.
func formsOf(a hunts.Answer) [][2]string {
	var pairs []string
	take := func(example string, values []string, n int) {
		if len(values) > n {
			pairs = append(pairs, example, values[n])
		}
	}
	has := message.ValuesOf(a)
	take("WS-FIN-014", has.Devices, 0)
	take("powershell.exe", has.Processes, 0)
	take("msedge.exe", has.Processes, 1)
	take("ana.sousa", has.Accounts, 0)
	swap := strings.NewReplacer(pairs...)
	out := make([][2]string, len(replyForms))
	for n, f := range replyForms {
		out[n] = [2]string{swap.Replace(f[0]), f[1]}
	}
	return out
}

// nearestForms are the three forms of the grammar that look most like what was
// typed, with values of this answer.
func nearestForms(text string, a hunts.Answer) []string {
	text = strings.ToLower(strings.TrimSpace(text))
	forms := make([]string, 0, len(replyForms))
	for _, f := range formsOf(a) {
		forms = append(forms, f[0])
	}
	sort.SliceStable(forms, func(i, j int) bool { return distance(text, forms[i]) < distance(text, forms[j]) })
	return forms[:3]
}

// distance counts the letters that differ, weighing the first word most: who
// types "ony failed" means "only".
func distance(a, b string) int {
	firstA, _, _ := strings.Cut(a, " ")
	firstB, _, _ := strings.Cut(strings.ToLower(b), " ")
	return 3*request.Distance(firstA, firstB) + request.Distance(a, strings.ToLower(b))
}
