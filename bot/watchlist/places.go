package watchlist

import (
	"fmt"
	"slices"
	"strings"

	"github.com/footprint-soc/footprint/bot/inbound"
)

// placesNamed reads places=endpoint,mail of a sweep; all is every place.
func (w *Schedules) placesNamed(text string) (names []string, wrong string) {
	if strings.EqualFold(text, "all") {
		return nil, ""
	}
	for name := range strings.SplitSeq(strings.ToLower(text), ",") {
		name = strings.TrimSpace(name)
		if !slices.Contains(w.Places, name) {
			return nil, fmt.Sprintf("There is no place %q. There is %s; write places=endpoint, or places=all.", inbound.PlainText(name, ""), strings.Join(w.Places, ", "))
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names, ""
}
