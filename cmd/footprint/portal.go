package main

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"net/url"

	"github.com/footprint-soc/footprint/hunts"
)

// maxPortalLink is Slack's limit of a button's url.
const maxPortalLink = 3000

// portalLink makes the link that opens a query in the Azure portal's Logs
// blade, which takes the text gzipped in base64. Nil without a resource id.
func portalLink(resource string) func(hunts.Hunt, string) string {
	if resource == "" {
		return nil
	}
	return func(_ hunts.Hunt, kql string) string {
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		if _, err := z.Write([]byte(kql)); err != nil {
			return ""
		}
		if err := z.Close(); err != nil {
			return ""
		}
		link := "https://portal.azure.com/#blade/Microsoft_Azure_Monitoring_Logs/LogsBlade/resourceId/" + url.QueryEscape(resource) +
			"/source/LogsBlade.AnalyticsShareLinkToQuery/q/" + url.QueryEscape(base64.StdEncoding.EncodeToString(packed.Bytes()))
		if len(link) > maxPortalLink {
			return "" // a link that Slack would refuse is left out; the KQL file is in the thread
		}
		return link
	}
}
