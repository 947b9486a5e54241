package runner

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts"
)

func TestAPlaceSaysWhatItCouldNotRead(t *testing.T) {
	hash := strings.Repeat("ab", 32)
	lookup := func(fields string) row {
		return row{"ActionType": "DnsQueryResponse", "RemoteUrl": "", "AdditionalFields": fields}
	}
	file := func(more row) row {
		r := row{"ActionType": "FileCreated", "FileName": "a.txt", "SHA1": strings.Repeat("1", 40), "SHA256": strings.Repeat("1", 64), "MD5": strings.Repeat("1", 32)}
		for k, v := range more {
			r[k] = v
		}
		return r
	}
	const lookups, domain = "place-dns-lookups", "dns=evil.example"
	const links, clicks, firewall, servers = "place-mail-links", "place-url-clicks", "place-firewall", "place-dns-servers"
	for name, c := range map[string]struct {
		place   string
		row     row
		request string
		events  int64
		unread  string
	}{
		"a look-up":                      {lookups, lookup(`{"DnsQueryString":"good.example"}`), domain, 0, ""},
		"a key in another case":          {lookups, lookup(`{"dnsquerystring":"evil.example"}`), domain, 1, ""},
		"nested fields":                  {lookups, lookup(`{"dns":{"DnsQueryString":"evil.example"}}`), domain, 1, ""},
		"fields encoded twice":           {lookups, lookup(`"{\"DnsQueryString\":\"evil.example\"}"`), domain, 1, ""},
		"a name that was cut":            {lookups, lookup(`{"DnsQueryString":"evil.exam`), domain, 0, "AdditionalFields"},
		"fields cut before the name":     {lookups, lookup(`{"DnsQuery`), domain, 0, "AdditionalFields"},
		"text without keys":              {lookups, lookup(`evil.example`), domain, 0, "AdditionalFields"},
		"a list of names":                {lookups, lookup(`{"DnsQueryString":["evil.example"]}`), domain, 0, "AdditionalFields"},
		"a NUL in the name":              {lookups, lookup(`{"DnsQueryString":"evil\u0000.example"}`), domain, 0, "AdditionalFields"},
		"a printer's name":               {lookups, lookup(`{"DnsQueryString":"Brother HL._ipp._tcp.local"}`), domain, 0, ""},
		"an empty name":                  {lookups, lookup(`{"DnsQueryString":""}`), domain, 0, "name"},
		"no fields":                      {lookups, lookup(``), domain, 0, "name"},
		"no fields, and a URL":           {lookups, row{"ActionType": "DnsQueryResponse", "RemoteUrl": "evil.example", "AdditionalFields": ""}, domain, 1, ""},
		"another action without fields":  {lookups, row{"ActionType": "PowerShellCommand", "RemoteUrl": "", "AdditionalFields": ""}, domain, 0, ""},
		"no action":                      {lookups, row{"ActionType": "", "RemoteUrl": "", "AdditionalFields": `{"DnsQueryString":"evil.example"}`}, domain, 1, ""},
		"a URL that can't be read":       {lookups, row{"ActionType": "DnsQueryResponse", "RemoteUrl": "see the log", "AdditionalFields": `{"DnsQueryString":"good.example"}`}, domain, 0, "RemoteUrl"},
		"a row without its device":       {lookups, row{"ActionType": "DnsQueryResponse", "RemoteUrl": "", "AdditionalFields": `{"DnsQueryString":"evil.example"}`, "DeviceName": ""}, domain + " device=ws-1", 0, "device"},
		"another file":                   {"place-files-written", file(nil), "file=evil.exe", 0, ""},
		"a file without its name":        {"place-files-written", file(row{"FileName": ""}), "file=evil.exe", 0, "file name"},
		"a file without its hash":        {"place-files-written", file(row{"SHA256": ""}), "file=" + hash, 0, "SHA256"},
		"a file without another hash":    {"place-files-written", file(row{"MD5": ""}), "file=" + hash, 0, ""},
		"a deleted file without a hash":  {"place-files-written", file(row{"ActionType": "FileDeleted", "SHA256": ""}), "file=" + hash, 0, ""},
		"a hash that was cut":            {"place-files-written", file(row{"SHA256": hash[:40]}), "file=" + hash, 0, "a value of SHA256"},
		"a hash with its kind":           {"place-files-executed", file(row{"SHA256": "sha256:" + strings.ToUpper(hash)}), "file=" + hash, 1, ""},
		"a hash between spaces":          {"place-files-loaded", file(row{"SHA256": " " + hash + " "}), "file=" + hash, 1, ""},
		"a name with a dot behind it":    {"place-files-loaded", file(row{"FileName": "EVIL.exe."}), "file=evil.exe", 1, ""},
		"a name with what nobody sees":   {"place-files-executed", file(row{"FileName": "evil\u200b.exe\x00"}), "file=evil.exe", 1, ""},
		"a file on a row without device": {"place-files-executed", file(row{"FileName": "evil.exe", "DeviceName": ""}), "file=evil.exe device=ws-1", 0, "device"},
		"an attachment without a hash":   {"place-mail-attachments", row{"FileName": "a.iso", "SHA256": "", "RecipientEmailAddress": "ana@corp.example"}, "file=" + hash, 0, "SHA256"},
		"an attachment, by MD5":          {"place-mail-attachments", row{"FileName": "a.iso", "SHA256": "", "RecipientEmailAddress": "ana@corp.example"}, "file=" + strings.Repeat("ab", 16), 0, ""},
		"a link behind SafeLinks":        {links, row{"Url": "https://eu.safelinks.protection.outlook.com/?url=https%3A%2F%2Fevil.example%2Fa&data=x"}, domain, 1, ""},
		"a link behind URL Defense":      {links, row{"Url": "https://urldefense.com/v3/__https://evil.example/a__;!!x"}, domain, 1, ""},
		"a link behind the old one":      {links, row{"Url": "https://urldefense.proofpoint.com/v2/url?u=https-3A__evil.example_a&d=x"}, domain, 1, ""},
		"a wrapped link to another host": {links, row{"Url": "https://eu.safelinks.protection.outlook.com/?url=https%3A%2F%2Fgood.example%2Fa&data=x"}, domain, 0, ""},
		"a link that is all encoded":     {links, row{"Url": "https%3A%2F%2Fevil.example%2Fa"}, domain, 0, "Url"},
		"a template of another host":     {links, row{"Url": "https://{{name}}.good.example/"}, domain, 0, ""},
		"a template of this host":        {links, row{"Url": "https://{{name}}.evil.example/"}, domain, 1, "Url"},
		"somebody to write to":           {links, row{"Url": "mailto:ana@good.example"}, domain, 0, ""},
		"no link":                        {links, row{"Url": ""}, domain, 0, "name"},
		"a chain that was cut":           {clicks, row{"Url": "https://good.example/r", "UrlChain": `["https://good.example/r","https://ev`}, domain, 0, "UrlChain"},
		"where a link led":               {clicks, row{"Url": "https://good.example/r", "UrlChain": `["https://good.example/r","https://evil.example/"]`}, domain, 1, ""},
		"a path beside the name":         {firewall, row{"RequestURL": "/a", "DestinationHostName": "evil.example", "DestinationIP": "198.51.100.7"}, domain, 1, ""},
		"the domain of a name":           {firewall, row{"DestinationDnsDomain": "evil.example", "DestinationIP": "198.51.100.7"}, domain, 1, ""},
		"a translated address":           {firewall, row{"DestinationIP": "10.0.0.9", "DestinationTranslatedAddress": "203.0.113.66"}, "ip=203.0.113.66", 1, ""},
		"an address of two meanings":     {firewall, row{"DestinationIP": "203.0.113.066"}, "ip=203.0.113.66", 0, "DestinationIP"},
		"no row that says where to":      {firewall, row{"DestinationIP": "", "Activity": "THREAT"}, "ip=203.0.113.66", 0, "address name"},
		"a name as Windows logs it":      {servers, row{"Name": "(4)evil(7)example(0)"}, domain, 1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			table := map[string]string{links: "EmailUrlInfo", clicks: "UrlClickEvents", firewall: "CommonSecurityLog", servers: "DnsEvents", lookups: "DeviceEvents", "place-files-written": "DeviceFileEvents", "place-files-executed": "DeviceProcessEvents", "place-files-loaded": "DeviceImageLoadEvents", "place-mail-attachments": "EmailAttachmentInfo"}[c.place]
			rows := []row{c.row}
			if c.place == "place-mail-attachments" {
				rows = append(rows, row{"FileName": "b.iso", "SHA256": strings.Repeat("2", 64)})
			}
			x := inPlace(t, c.place, c.request, tableOf(t, table, rows...))
			var unread []string
			for _, u := range x.unread {
				if u.Rows > 0 {
					unread = append(unread, u.What)
				}
			}
			if got := strings.Join(unread, " "); got != c.unread || x.total.Events != c.events {
				t.Errorf("%d events, unread %q; want %d, %q", x.total.Events, got, c.events, c.unread)
			}
			for _, i := range x.asked.Indicators() {
				if x.doubts(i) != (c.unread != "") || (len(x.problems()) > 0) != (c.unread != "") {
					t.Errorf("%s in doubt: %v, %q", i, x.doubts(i), x.problems())
				}
			}
		})
	}
}

func TestAPlaceThatWasSilentInTheWindowIsNotSearchedInFull(t *testing.T) {
	hours := func(silent func(at time.Time) bool) string {
		bits := map[int64]int64{}
		var order []int64
		for at := cleanNow.Add(-7 * day).Truncate(time.Hour); at.Before(cleanNow); at = at.Add(time.Hour) {
			d := at.Unix() / 86400
			if _, known := bits[d]; !known {
				order = append(order, d)
			}
			if bits[d] |= 0; !silent(at) {
				bits[d] |= 1 << at.Hour()
			}
		}
		var list [][2]int64
		for _, d := range order {
			list = append(list, [2]int64{d, bits[d]})
		}
		text, _ := json.Marshal(list)
		return string(text)
	}
	never := func(time.Time) bool { return false }
	ago := func(from, to time.Duration) func(time.Time) bool {
		return func(at time.Time) bool { return at.After(cleanNow.Add(-from)) && at.Before(cleanNow.Add(-to)) }
	}
	for name, c := range map[string]struct {
		rows   int64
		newest time.Duration // before the end of the window
		hours  string
		before string // the newest event before the window, by the second query
		want   hunts.Verdict
		say    string
	}{
		"events all the time":          {900, time.Minute, hours(never), "", hunts.Clean, ""},
		"nights without events":        {900, time.Minute, hours(func(at time.Time) bool { return at.Hour() < 6 }), "", hunts.Clean, ""},
		"two days without events":      {900, time.Minute, hours(ago(100*time.Hour, 52*time.Hour)), "", hunts.CouldNotTell, "no events from"},
		"events of the last day only":  {900, time.Minute, hours(ago(1000*time.Hour, 24*time.Hour)), "", hunts.CouldNotTell, "they have events only since"},
		"silent, and it goes on":       {0, 0, "[]", cleanNow.Add(-8 * time.Hour).Format(time.RFC3339), hunts.Clean, ""},
		"silent, and dead for days":    {0, 0, "[]", cleanNow.Add(-9 * day).Format(time.RFC3339), hunts.CouldNotTell, "the newest event is 9 days older than the end of the look-back"},
		"a table that is always empty": {0, 0, "[]", "", hunts.CouldNotTell, "no events in this look-back, nor in the 30 days before it"},
	} {
		t.Run(name, func(t *testing.T) {
			s := healthy(7 * day)
			if c.rows == 0 { // a service that does not tell which tables there are
				s.coverage = covered(func(r hunts.Result) hunts.Result { return set(r, "Tables", "") })
			}
			s.place = func() (hunts.Result, error) {
				newest := cleanNow.Add(-c.newest).Format(time.RFC3339)
				if c.rows == 0 {
					newest = ""
				}
				return hunts.Result{Rows: [][]any{{"total", fmt.Sprintf(`{"events":0,"devices":0,"rows":%d,"newest":%q,"days":%s}`, c.rows, newest, c.hours)}}}, nil
			}
			s.before = func() (hunts.Result, error) { return hunts.Result{Rows: [][]any{{c.before}}}, nil }
			a := runScripted(t, s, nil, "file=sync.dll")
			if a.Verdict != c.want || !strings.Contains(a.Reason, c.say) {
				t.Errorf("%s: %q; want %s: %q", a.Verdict, a.Reason, c.want, c.say)
			}
		})
	}
}
