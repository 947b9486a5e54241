package hunts

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/request"
)

// Earlier is what is remembered of the last hunt for one indicator.
type Earlier struct {
	Indicator string    `json:"indicator"` // as searched for: of a URL the host
	Hunt      string    `json:"hunt"`
	Verdict   Verdict   `json:"verdict"` // of the indicator's line
	Devices   int64     `json:"devices"`
	By        string    `json:"by"`
	At        time.Time `json:"at"`
	Window    string    `json:"window"`

	// Question tells whether that hunt asked the very same, and LookBack whether as
	// far back: only then what it found can be compared.
	Question string  `json:"question"`
	LookBack string  `json:"look_back"`
	Whole    Verdict `json:"whole"` // of its answer
	Of       int64   `json:"of"`    // devices of its answer
}

// maxEarlier bounds the indicators of one hunt that are remembered, and asked for.
const maxEarlier = 10

// EarlierKeys are what the indicators of a hunt are remembered by, a bounded number
// of them.
func (h Hunt) EarlierKeys() []string {
	all := h.Request.Indicators()
	keys := make([]string, 0, min(len(all), maxEarlier))
	for _, i := range all[:min(len(all), maxEarlier)] {
		keys = append(keys, h.EarlierKey(i))
	}
	return keys
}

// EarlierKey is what one indicator is remembered by when it is hunted as h hunts.
func (h Hunt) EarlierKey(i indicator.Indicator) string {
	return shortSum(h.within() + "\x00" + searchedAs(i))
}

// Remembered is what later hunts are told of this one, by its EarlierKeys.
func (h Hunt) Remembered(a Answer, now time.Time) map[string]Earlier {
	lines := map[string]IndicatorResult{}
	for _, line := range a.ByIndicator {
		lines[line.Indicator] = line
	}
	out := map[string]Earlier{}
	all := h.Request.Indicators()
	for _, i := range all[:min(len(all), maxEarlier)] {
		line, ok := lines[i.String()]
		if !ok {
			continue
		}
		out[h.EarlierKey(i)] = Earlier{
			Indicator: searchedAs(i), Hunt: h.ID, Verdict: line.Verdict, Devices: a.lineDevices(line), By: h.Asker.Name, At: now.UTC(), Window: h.Window.Text(),
			Question: h.Question(), LookBack: h.Window.LookBack(), Whole: a.Verdict, Of: a.VerdictDevices(),
		}
	}
	return out
}

// within is what must be the same for two hunts to know of each other: the hunt, its
// scopes, and what narrows it. Nothing that one workspace holds is told to who asks
// another.
func (h Hunt) within() string {
	scopes := slices.Clone(h.Workspaces)
	slices.Sort(scopes)
	narrow := request.Request{Devices: h.Request.Devices, Accounts: h.Request.Accounts}
	if len(h.Request.IPs)+len(h.Request.Domains) > 0 {
		narrow.Files = h.Request.Files
	}
	return strings.Join([]string{h.Name, strings.Join(scopes, ","), request.Format(narrow)}, "\x00")
}

// Question is the same for everybody who asks for the same indicators in the same
// scopes, whatever the look-back.
func (h Hunt) Question() string {
	same := request.Request{IPs: h.Request.IPs, Domains: h.Request.Domains, Files: h.Request.Files}
	return shortSum(h.within() + "\x00" + request.Format(same))
}

// LookBack is the same for windows that look as far back, whenever they were asked
// for.
func (w Window) LookBack() string {
	switch {
	case w.All:
		return "all"
	case w.Ago > 0:
		return w.Ago.String()
	}
	return w.From.UTC().Format(time.RFC3339)
}

// searchedAs is what an indicator is remembered by: two URLs of one host are one
// search.
func searchedAs(i indicator.Indicator) string {
	if i.Kind == indicator.KindURL {
		return i.Host
	}
	return i.String()
}

func shortSum(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:12])
}

// VerdictDevices counts the devices that the verdict is about.
func (a Answer) VerdictDevices() int64 {
	n := int64(0)
	for _, d := range a.ByDevice {
		if a.Verdict != Reached || d.Outcome == OutcomeReached {
			n++
		}
	}
	return n
}

// lineDevices counts the devices that the verdict of an indicator's line is about.
func (a Answer) lineDevices(line IndicatorResult) int64 {
	if line.Verdict != Reached || a.Truncated.Rows {
		return line.Devices
	}
	reached := map[string]bool{}
	for _, r := range a.Rows {
		if r.Outcome == OutcomeReached && slices.Contains(r.Matched, line.Indicator) {
			reached[strings.ToLower(r.Scope+"\x00"+r.Device)] = true
		}
	}
	return int64(len(reached))
}
