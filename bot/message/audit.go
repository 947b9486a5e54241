package message

import (
	"fmt"
	"strings"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
)

// AuditLine is one entry of the audit in words; people and channels as Slack's
// ids, so that the line calls nobody.
func AuditLine(e hunts.AuditEntry) string {
	parts := []string{e.Time.UTC().Format("Jan 2 15:04:05 UTC"), e.Action, "by " + e.User}
	add := func(format, s string) {
		if s != "" {
			parts = append(parts, fmt.Sprintf(format, shown(s, maxShort)))
		}
	}
	add("%s", e.HuntID)
	add("in %s", e.Channel)
	add("%s", indicator.Defang(e.What))
	if e.Outcome != e.Action {
		add("%s", strings.ReplaceAll(e.Outcome, "_", " "))
	}
	if e.Rows > 0 {
		parts = append(parts, count(e.Rows, "event"))
	}
	if e.ShownTo != e.Channel {
		add("shown to %s", e.ShownTo)
	}
	if !strings.Contains(e.What, "why=") {
		add("why %s", e.Why)
	}
	return strings.Join(parts, " · ")
}
