package bot

import (
	"fmt"
	"regexp"
	"sort"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
)

// reply is one line typed in a hunt's thread, understood.
type reply struct {
	kind    replyKind
	filters []hunts.Filter
	window  string // since=…, or from=… to=…, in the grammar of requests
	around  time.Duration
	device  string
	pivot   string // a device, a process or a hash
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
)

// replyForms is the whole grammar; help prints it, and what is not understood
// is answered with the nearest of them.
var replyForms = []string{
	"only powershell.exe", "without msedge.exe", "only failed", "device=WS-FIN-014", "last 30d", "from=2026-11-01 to=2026-11-08",
	"±30m WS-FIN-014", "pivot WS-FIN-014", "pivot powershell.exe", "lineage WS-FIN-014", "csv", "json", "kql", "zip", "again", "help",
}

var (
	lastForm   = regexp.MustCompile(`^last (\d+[mhdw])$`)
	pivotForm  = regexp.MustCompile(`(?i)^pivot (\S+)(?: (?:±|\+-|\+/-)\s*(\d+[mhdw]))?$`)
	originForm = regexp.MustCompile(`(?i)^lineage(?: (\S+))?$`)
	aroundForm = regexp.MustCompile(`^(?:±|\+-|\+/-)\s*(\d+[mhdw])(?:\s+(\S+))?$`)
)

// parseReply understands one line, or says false: nothing is guessed. The
// answer at hand tells what a bare word after "only" can mean.
func parseReply(text string, a hunts.Answer) (reply, bool) {
	text = strings.Join(strings.Fields(indicator.Refang(text)), " ")
	lower := strings.ToLower(text)
	switch lower {
	case "csv", "json", "kql", "zip", "again", "help":
		return reply{kind: replyKind(lower)}, true
	}
	if m := lastForm.FindStringSubmatch(lower); m != nil {
		return reply{kind: replyWiden, window: "since=" + m[1]}, true
	}
	if m := aroundForm.FindStringSubmatch(text); m != nil {
		d, refusal := indicator.ParseDuration(strings.ToLower(m[1]))
		return reply{kind: replyAround, around: d, device: m[2]}, refusal == nil
	}
	if m := pivotForm.FindStringSubmatch(text); m != nil {
		r := reply{kind: replyPivot, pivot: m[1]}
		if m[2] == "" {
			return r, true
		}
		d, refusal := indicator.ParseDuration(strings.ToLower(m[2]))
		r.around = d
		return r, refusal == nil
	}
	if m := originForm.FindStringSubmatch(text); m != nil {
		return reply{kind: replyOrigin, device: m[1]}, true
	}
	if strings.HasPrefix(lower, "from=") || strings.HasPrefix(lower, "since=") || strings.HasPrefix(lower, "to=") {
		return reply{kind: replyWiden, window: text}, true
	}
	filters, ok := parseFilters(text, a)
	return reply{kind: replyNarrow, filters: filters}, ok
}

// parseFilters reads "only x", "without y" and "device=z", several in a row.
func parseFilters(text string, a hunts.Answer) ([]hunts.Filter, bool) {
	var out []hunts.Filter
	words := strings.Fields(text)
	for i := 0; i < len(words); {
		word := strings.ToLower(words[i])
		if device, ok := strings.CutPrefix(word, "device="); ok && device != "" {
			out = append(out, hunts.Filter{Facet: hunts.ByDevice, Value: device})
			i++
			continue
		}
		if (word != "only" && word != "without") || i+1 == len(words) {
			return nil, false
		}
		f, ok := filterFor(words[i+1], a)
		if !ok {
			return nil, false
		}
		f.Without = word == "without"
		out = append(out, f)
		i += 2
	}
	return out, len(out) > 0
}

// filterFor finds what a word means in this answer: an outcome, an indicator,
// a device or a process, the last also without its .exe.
func filterFor(word string, a hunts.Answer) (hunts.Filter, bool) {
	same := func(s string) bool { return strings.EqualFold(s, word) }
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
		if r.Process != "" && (same(r.Process) || same(strings.TrimSuffix(strings.ToLower(r.Process), ".exe"))) {
			return hunts.Filter{Facet: hunts.ByProcess, Value: r.Process}, true
		}
	}
	return hunts.Filter{}, false
}

// nearestForms are the three forms of the grammar that look most like what was
// typed.
func nearestForms(text string) []string {
	text = strings.ToLower(strings.TrimSpace(text))
	forms := append([]string{}, replyForms...)
	sort.SliceStable(forms, func(i, j int) bool { return distance(text, forms[i]) < distance(text, forms[j]) })
	return forms[:3]
}

// distance counts the letters that differ, weighing the first word most: who
// types "ony failed" means "only".
func distance(a, b string) int {
	firstA, _, _ := strings.Cut(a, " ")
	firstB, _, _ := strings.Cut(strings.ToLower(b), " ")
	return 3*edits(firstA, firstB) + edits(a, strings.ToLower(b))
}

// edits is the Levenshtein distance; no form is longer than 64 bytes.
func edits(a, b string) int {
	return levenshtein.ComputeDistance(a[:min(len(a), 64)], b[:min(len(b), 64)])
}

// notUnderstood is the one line for anything outside the grammar.
func notUnderstood(text string) string {
	forms := nearestForms(text)
	return fmt.Sprintf("I don't understand that here. Try `%s`, `%s` or `%s`; `help` lists all.", forms[0], forms[1], forms[2])
}
