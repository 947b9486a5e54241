package request

import (
	"strings"

	"github.com/footprint-soc/footprint/hunts/indicator"
)

// portals are where an incident has its number.
var portals = map[string]string{"sentinel": "sentinel", "defender": "defender", "xdr": "defender"}

// parseIncident reads 4711, #4711, and defender:4711 where two portals number two
// incidents alike.
func parseIncident(key, text string) (string, *Refusal) {
	number, portal := strings.TrimSpace(text), ""
	if name, rest, ok := strings.Cut(number, ":"); ok {
		portal, number = portals[strings.ToLower(strings.TrimSpace(name))], strings.TrimSpace(rest)
		if portal == "" {
			return "", indicator.Refuse(key, text, "%s is no portal of incidents: write incident=4711, incident=sentinel:4711 or incident=defender:4711", indicator.Show(name))
		}
		portal += ":"
	}
	number = strings.TrimPrefix(number, "#")
	if !isDigits(number) || len(number) > 18 {
		return "", indicator.Refuse(key, text, "%s isn't an incident number: write %s", indicator.Show(text), example(key))
	}
	return portal + number, nil
}
