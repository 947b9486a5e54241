package watchlist

import (
	"strings"

	"github.com/footprint-soc/footprint/bot/inbound"
)

// unlinked undoes the link that Slack makes of an address that was typed.
func unlinked(text string) string {
	return inbound.PlainText(strings.TrimSpace(text), "")
}

// option reads key=value or key="a value" out of a line.
func option(line, key string) string {
	value, _ := takeOption(line, key)
	return value
}

// takeOption reads an option and gives the line without it.
func takeOption(line, key string) (value, rest string) {
	line = " " + strings.NewReplacer("“", `"`, "”", `"`).Replace(line)
	before, after, ok := strings.Cut(line, " "+key+"=")
	if !ok {
		return "", strings.TrimSpace(line)
	}
	if strings.HasPrefix(after, `"`) {
		value, after, _ = strings.Cut(after[1:], `"`)
	} else {
		value, after, _ = strings.Cut(after, " ")
	}
	return value, strings.TrimSpace(before + " " + after)
}
