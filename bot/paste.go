package bot

import (
	"slices"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/bot/message"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/request"
)

// paste is a text that somebody handed in, sorted: what will be hunted, and
// what waits for a yes.
type paste struct {
	hunt       []indicator.Indicator
	left       []message.LeftOut // held back by the guard, or doubtful
	refanged   int
	duplicates int
	keyed      bool // written in the grammar of requests: nothing is held back
}

// readPaste finds the indicators of a text. What the guard knows as harmless
// and what could be something else is left out, never lost.
func readPaste(text string, g indicator.Guard) paste {
	if strings.Contains(text, "=") {
		if req, refusal := request.Parse(text, time.Time{}); refusal == nil && len(req.Indicators()) > 0 {
			return paste{hunt: req.Indicators(), keyed: true}
		}
	}
	var p paste
	for _, f := range indicator.Extract(text, indicator.ExtractOptions{Files: true}) {
		known := func(l message.LeftOut) bool { return l.Indicator == f.Indicator }
		if slices.Contains(p.hunt, f.Indicator) || slices.ContainsFunc(p.left, known) {
			p.duplicates++
			continue
		}
		if indicator.Refang(text[f.Start:f.End]) != text[f.Start:f.End] {
			p.refanged++
		}
		reason, held := g.Check(f.Indicator)
		switch {
		case held:
			p.left = append(p.left, message.LeftOut{Indicator: f.Indicator, Why: reason})
		case f.Doubtful:
			p.left = append(p.left, message.LeftOut{Indicator: f.Indicator, Why: f.Why, Doubtful: true})
		default:
			p.hunt = append(p.hunt, f.Indicator)
		}
	}
	return p
}

// previewFrom is the number of indicators that one sees at a glance.
const previewFrom = 4

// wantsPreview: somebody should look at it before it is hunted.
func (p paste) wantsPreview() bool {
	return !p.keyed && (len(p.left) > 0 || len(p.hunt) > previewFrom)
}

// with are the indicators to hunt when those that were chosen by name join.
func (p paste) with(chosen []string) []indicator.Indicator {
	out := slices.Clone(p.hunt)
	for _, l := range p.left {
		if slices.Contains(chosen, l.Indicator.String()) {
			out = append(out, l.Indicator)
		}
	}
	return out
}
