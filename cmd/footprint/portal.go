package main

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/binary"
	"net/url"
	"unicode/utf16"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/kql"
	"github.com/footprint-soc/footprint/hunts/runner"
)

// maxPortalLink is Slack's limit of a button's url.
const maxPortalLink = 3000

// portalLink makes the link that opens the rows of a hunt in a portal:
// Defender's advanced hunting, or the Logs blade of the Azure portal where the
// resource id of the workspace is configured.
//
// A hunt in Defender XDR goes on there, whatever is configured.
func portalLink(resource string, source hunts.Source) func(hunts.Hunt, string) string {
	return func(h hunts.Hunt, _ string) string {
		resource := resource
		if source != nil && source.Describe(h.Workspaces).Kind == hunts.KindDefender {
			resource = ""
		}
		text := runner.RowQuery(h)
		if text == "" {
			return ""
		}
		link := "https://portal.azure.com/#blade/Microsoft_Azure_Monitoring_Logs/LogsBlade/resourceId/" + url.QueryEscape(resource) +
			"/source/LogsBlade.AnalyticsShareLinkToQuery/q/" + url.QueryEscape(base64.StdEncoding.EncodeToString(packed([]byte(text))))
		if resource == "" {
			// this portal reads UTF-16, and shows anything else as noise
			link = "https://security.microsoft.com/v2/advanced-hunting?query=" + base64.RawURLEncoding.EncodeToString(packed(utf16le(kql.ForSchema(text, kql.AdvancedHunting))))
		}
		if len(link) > maxPortalLink {
			return "" // a link that Slack would refuse is left out; the KQL file is in the thread
		}
		return link
	}
}

func packed(text []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(text) // a buffer refuses nothing
	_ = z.Close()
	return b.Bytes()
}

func utf16le(text string) []byte {
	var out []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		out = binary.LittleEndian.AppendUint16(out, unit)
	}
	return out
}
