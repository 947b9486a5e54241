package runner

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/idna"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/kql"
	"github.com/footprint-soc/footprint/hunts/localworkspace"
)

// row is one event of the table, on top of a plain one.
type row map[string]any

// tableOf is an export with these rows.
func tableOf(t *testing.T, table string, rows ...row) *localworkspace.Events {
	t.Helper()
	var b bytes.Buffer
	for _, r := range rows {
		whole := row{"TimeGenerated": "2026-11-03T11:00:00Z", "DeviceName": "ws-1", "ActionType": "ConnectionSuccess", "RemoteIP": "198.51.100.1", "RemoteUrl": "good.example", "LocalIP": "10.0.0.1", "AdditionalFields": "{}",
			"InitiatingProcessFileName": "msedge.exe", "InitiatingProcessMD5": strings.Repeat("1", 32), "InitiatingProcessSHA1": strings.Repeat("1", 40), "InitiatingProcessSHA256": strings.Repeat("1", 64)}
		if !strings.HasPrefix(table, "Device") {
			whole = row{"TimeGenerated": whole["TimeGenerated"]}
		}
		for k, v := range r {
			whole[k] = v
		}
		if err := json.NewEncoder(&b).Encode(whole); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, table+".ndjson"), b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	events, err := localworkspace.Load(context.Background(), dir, localworkspace.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return events
}

// found is what the text of a hunt finds in a table.
func found(t *testing.T, name, request string, events kql.Database) part {
	t.Helper()
	catalog, _, err := LoadCatalog(nil)
	if err != nil {
		t.Fatal(err)
	}
	d, _ := catalog.Get(name)
	from := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	var parts [2]part
	// a sweep's text says the same in fewer bytes
	for n, p := range []params{newParams(asked(t, request), from, from.Add(7*day), day), newParams(asked(t, request), from, from.Add(7*day), day).packed()} {
		q, err := kql.Parse(d.kql(p, "test", nil, catalog.summary))
		if err != nil {
			t.Fatal(err)
		}
		res, err := q.Run(t.Context(), events, kql.Options{Now: from.Add(8 * day)})
		if err != nil {
			t.Fatal(err)
		}
		rows := make([][]any, res.Len())
		for i := range rows {
			rows[i] = []any{res.Value(i, 0).AsString(), res.Value(i, 1).Text()}
		}
		if parts[n], err = readPart(rows); err != nil {
			t.Fatal(err)
		}
	}
	if a, b := parts[0].total, parts[1].total; a.Events != b.Events || a.Reached != b.Reached {
		t.Errorf("%s: the hunt finds %d events, the sweep %d", request, a.Events, b.Events)
	}
	return parts[0]
}

func TestValuesWithOneMeaningAreReadAndTheOthersCounted(t *testing.T) {
	inspected := func(action, fields string, more row) row {
		r := row{"ActionType": action, "AdditionalFields": fields, "RemoteUrl": "", "InitiatingProcessFileName": ""}
		for k, v := range more {
			r[k] = v
		}
		return r
	}
	ip := func(s string) row { return row{"RemoteIP": s, "RemoteUrl": ""} }
	url := func(s string) row { return row{"RemoteUrl": s} }
	const address, domain = "ip=203.0.113.66", "dns=evil.example"
	for name, c := range map[string]struct {
		row     row
		request string
		events  int64
		unread  string // the column that is counted as unread
	}{
		"an address":                          {ip("203.0.113.66"), address, 1, ""},
		"another address":                     {ip("203.0.113.67"), address, 0, ""},
		"with a port":                         {ip("203.0.113.66:443"), address, 1, ""},
		"another with a port":                 {ip("203.0.113.6:6443"), address, 0, ""},
		"mapped in brackets":                  {ip("[::ffff:203.0.113.66]"), address, 1, ""},
		"mapped in brackets with port":        {ip("[::FFFF:CB00:7142]:443"), address, 1, ""},
		"padded with zeros":                   {ip("203.000.113.066"), address, 1, ""},
		"a zero too many":                     {ip("203.00.113.66"), address, 1, ""},
		"decimal or octal":                    {ip("203.0.113.066"), address, 0, "RemoteIP"},
		"with a zone":                         {ip("fe80::1%eth0"), "ip=fe80::1", 1, ""},
		"guarded for a spreadsheet":           {ip(`="203.0.113.66"`), address, 1, ""},
		"defanged":                            {ip("203[.]0[.]113[.]66"), address, 1, ""},
		"defanged IPv6":                       {ip("2001[:]db8::1"), "ip=2001:db8::1", 1, ""},
		"a list":                              {ip("198.51.100.7, 203.0.113.66"), address, 1, ""},
		"a list in JSON":                      {ip(`["198.51.100.7","203.0.113.66"]`), address, 1, ""},
		"a list with ports":                   {ip("198.51.100.7:80;203.0.113.66:443"), address, 1, ""},
		"a list of others":                    {ip("198.51.100.7, 203.0.113.67"), address, 0, ""},
		"a list with something else":          {ip("198.51.100.7, ws-9"), address, 0, "RemoteIP"},
		"behind NAT64":                        {ip("64:ff9b::cb00:7142"), address, 1, ""},
		"behind NAT64, dotted":                {ip("64:ff9b::203.0.113.66"), address, 1, ""},
		"behind 6to4":                         {ip("2002:cb00:7142::1"), address, 1, ""},
		"a network behind NAT64":              {ip("64:ff9b::cb00:7142"), "ip=203.0.113.0/24", 1, ""},
		"a network with a port":               {ip("203.0.113.66:443"), "ip=203.0.113.0/24", 1, ""},
		"another network of 64:ff9b":          {ip("64:ff9b:1::cb00:7142"), address, 0, ""},
		"a whole number":                      {ip("3405803842"), address, 1, ""},
		"no value":                            {ip("-"), address, 0, "address"},
		"a word":                              {ip("redacted"), address, 0, "RemoteIP"},
		"a hardware address":                  {ip("aa:bb:cc:dd:ee:ff"), address, 0, "RemoteIP"},
		"a word where names are hunted":       {ip("redacted"), domain, 0, ""},
		"a host":                              {url("evil.example"), domain, 1, ""},
		"a scheme without slashes":            {url("https:evil.example/x"), domain, 1, ""},
		"a percent sign and no scheme":        {url("evil%2eexample"), domain, 1, ""},
		"a percent sign in the path":          {url("good.example/evil%2eexample"), domain, 0, ""},
		"a percent sign in an address":        {url("http://%3203.0.113%2e66/"), address, 1, ""},
		"two dots at the end":                 {url("evil.example.."), domain, 1, ""},
		"a scheme within a scheme":            {url("view-source:http://evil.example/"), domain, 0, "RemoteUrl"},
		"a word before a colon":               {url("dns:evil.example"), domain, 0, "RemoteUrl"},
		"a user before a colon":               {url("user:pw@good.example:8080"), domain, 0, ""},
		"a mark of direction":                 {url("\u2066evil.example"), domain, 0, "RemoteUrl"},
		"a defanged address in a URL":         {url("http://203[.]0.113.66/"), "ip=203.0.113.0/24", 1, ""},
		"spaces around an address":            {ip(" 203.0.113.66 "), address, 1, ""},
		"an address with a prefix":            {ip("203.0.113.66/32"), address, 0, "RemoteIP"},
		"an inspection without fields":        {inspected("DnsConnectionInspected", "", nil), domain, 0, "AdditionalFields"},
		"an inspection without fields, by ip": {inspected("DnsConnectionInspected", "", nil), address, 0, ""},
		"its name is in the URL":              {inspected("HttpConnectionInspected", "", row{"RemoteUrl": "good.example"}), domain, 0, ""},
		"a sub-domain in a URL":               {url("https://a.Evil.example:8443/x"), domain, 1, ""},
		"another name":                        {url("notevil.example"), domain, 0, ""},
		"a leading space":                     {url(" http://evil.example/a"), domain, 1, ""},
		"relative to the scheme":              {url("//evil.example/x"), domain, 1, ""},
		"a backslash behind the host":         {url(`evil.example\x`), domain, 1, ""},
		"backslashes for slashes":             {url(`http:\\evil.example`), domain, 1, ""},
		"two at signs":                        {url("http://a@b@evil.example/"), domain, 1, ""},
		"an at sign in the path":              {url("http://good.example/@evil.example"), domain, 0, ""},
		"a name of another's path":            {url("http://good.example/evil.example"), domain, 0, ""},
		"a defanged URL":                      {url("hxxps://evil[.]example/x"), domain, 1, ""},
		"a percent sign in the host":          {url("http://%65vil.example/x"), domain, 1, ""},
		"Unicode":                             {url("https://MÜNCHEN.example/"), "dns=xn--mnchen-3ya.example", 1, ""},
		"punycode":                            {url("https://xn--mnchen-3ya.example/"), "dns=münchen.example", 1, ""},
		"below a Unicode name":                {url("www.münchen.example"), "dns=münchen.example", 1, ""},
		"a wide full stop":                    {url("evil。example"), domain, 1, ""},
		"full-width letters":                  {url("ｅｖｉｌ.example"), domain, 0, "RemoteUrl"},
		"a sentence for a URL":                {url("see the proxy log"), domain, 0, "RemoteUrl"},
		"no URL":                              {url("-"), domain, 0, ""},
		"IPv6 in brackets":                    {url("http://[2001:db8::1]:80/"), "ip=2001:db8::1", 1, ""},
		"IPv6 without brackets":               {url("2001:db8::1"), "ip=2001:db8::1", 1, ""},
		"mapped IPv6 in a URL":                {url("http://[::ffff:cb00:7142]/"), address, 1, ""},
		"a host of one number":                {url("http://0xCB007142/a"), address, 1, ""},
		"a host of one decimal number":        {url("3405803842"), address, 1, ""},
		"a host of octal numbers":             {url("http://0313.0.0161.0102/"), address, 1, ""},
		"a host of two numbers":               {url("http://055.14942165/"), "ip=45.227.255.213", 1, ""},
		"a host of two bases":                 {url("http://77.0x6E.107.232:8080/"), "ip=77.110.107.232", 1, ""},
		"a host of numbers in a network":      {url("http://0xCB007142/a"), "ip=203.0.113.0/24", 1, ""},
		"a name that begins with a number":    {url("http://203.0.113.66.good.example/"), address, 0, ""},
		"a name that was looked up":           {inspected("DnsConnectionInspected", `{"direction":"Out","query":"Evil.example."}`, nil), domain, 1, ""},
		"a query beside the host":             {inspected("HttpConnectionInspected", `{"query":"a=1","host":"evil.example"}`, nil), domain, 1, ""},
		"an empty query beside the host":      {inspected("HttpConnectionInspected", `{"query":"","server_name":"good.example","host":"evil.example"}`, nil), domain, 1, ""},
		"fields encoded twice":                {inspected("SslConnectionInspected", `"{\"server_name\":\"evil.example\"}"`, nil), domain, 1, ""},
		"Unicode escaped in fields":           {inspected("DnsConnectionInspected", `{"query":"m\u00fcnchen.example"}`, nil), "dns=münchen.example", 1, ""},
		"a numeric host in fields":            {inspected("HttpConnectionInspected", `{"host":"0xCB007142"}`, nil), address, 1, ""},
		"fields cut behind the host":          {inspected("HttpConnectionInspected", `{"host":"evil.example","user_agent":"Mozi`, nil), domain, 1, "AdditionalFields"},
		"fields cut before the host":          {inspected("HttpConnectionInspected", `{"user_agent":"Mozi`, nil), domain, 0, "AdditionalFields"},
		"the remote side is the local one":    {inspected("ConnectionInspected", `{"direction":"In"}`, row{"LocalIP": "203.0.113.66"}), address, 1, ""},
		"no direction, and the local side":    {inspected("ConnectionInspected", `{}`, row{"LocalIP": "203.0.113.66"}), address, 1, ""},
		"a signature, and the local side":     {inspected("NetworkSignatureInspected", `{"direction":"Out"}`, row{"LocalIP": "203.0.113.66"}), address, 1, ""},
		"it went out from the local side":     {inspected("ConnectionInspected", `{"direction":"Out"}`, row{"LocalIP": "203.0.113.66"}), address, 0, ""},
		"the local side of a connection":      {row{"LocalIP": "203.0.113.66"}, address, 0, ""},
		"a file by its path":                  {row{"InitiatingProcessFileName": `C:\Windows\System32\PowerShell.exe`}, "file=powershell.exe", 1, ""},
		"a file by its Unix path in quotes":   {row{"InitiatingProcessFileName": `"/usr/bin/curl"`}, "file=curl", 1, ""},
		"a program without its ending":        {row{}, "file=msedge", 1, ""},
		"a folder of that name":               {row{"InitiatingProcessFileName": `C:\powershell.exe\x.exe`}, "file=powershell.exe", 0, ""},
		"an old form of IPv4 in IPv6":         {ip("::203.0.113.66"), address, 1, ""},
		"an old form in hexadecimal":          {ip("::cb00:7142"), address, 1, ""},
		"an address translated to IPv6":       {ip("::ffff:0:203.0.113.66"), address, 1, ""},
		"the loopback of IPv6":                {ip("::1"), "ip=0.0.0.1", 0, ""},
		"an old form that was asked for":      {ip("203.0.113.66"), "ip=::203.0.113.66", 1, ""},
		"a sigma in capitals":                 {url("ΣΊΣΥΦΟΣ.example"), "dns=σίσυφος.example", 1, ""},
		"a sigma within its word":             {url("xn--" + punycode("σίσυφοσ") + ".example"), "dns=σίσυφος.example", 1, ""},
		"a sigma that ends its word":          {url("a.σίσυφος.example"), "dns=*.ΣΊΣΥΦΟΣ.example", 1, ""},
		"a sharp s is none of two":            {url("strasse.example"), "dns=straße.example", 0, ""},
		"a dotted capital i":                  {url("İ.example"), domain, 0, "RemoteUrl"},
		"a share on the web":                  {url(`\\evil.example@SSL@8443\DavWWWRoot\x`), domain, 1, ""},
		"a share with a user":                 {url(`\\good.example\evil.example@SSL`), domain, 0, ""},
		"keys in another case":                {inspected("HttpConnectionInspected", `{"Direction":"Out","Host":"evil.example"}`, nil), domain, 1, ""},
		"a query in capitals":                 {inspected("DnsConnectionInspected", `{"QUERY":"evil.example"}`, nil), domain, 1, ""},
		"a key without its underscore":        {inspected("SslConnectionInspected", `{"serverName":"evil.example"}`, nil), domain, 1, ""},
		"a direction in another case":         {inspected("ConnectionInspected", `{"Direction":"out"}`, row{"LocalIP": "203.0.113.66"}), address, 0, ""},
		"two directions":                      {inspected("ConnectionInspected", `{"direction":"Out","Direction":"In"}`, row{"LocalIP": "203.0.113.66"}), address, 1, ""},
		"nested fields":                       {inspected("HttpConnectionInspected", `{"http":{"host":"evil.example"}}`, nil), domain, 1, ""},
		"fields in a list":                    {inspected("HttpConnectionInspected", `[{"host":"evil.example"}]`, nil), domain, 1, "AdditionalFields"},
		"a list of hosts":                     {inspected("HttpConnectionInspected", `{"host":["good.example","evil.example"]}`, nil), domain, 0, "AdditionalFields"},
		"a key that comes twice, first":       {inspected("HttpConnectionInspected", `{"host":"evil.example","host":"good.example"}`, nil), domain, 1, ""},
		"a key that comes twice, last":        {inspected("HttpConnectionInspected", `{"host":"good.example","host":"evil.example"}`, nil), domain, 1, ""},
		"a key in two cases":                  {inspected("HttpConnectionInspected", `{"host":"good.example","Host":"evil.example"}`, nil), domain, 1, ""},
		"an escaped key":                      {inspected("HttpConnectionInspected", `{"\u0068ost":"evil.example"}`, nil), domain, 1, ""},
		"an escaped slash":                    {inspected("HttpConnectionInspected", `{"host":"http:\/\/evil.example\/"}`, nil), domain, 1, ""},
		"a NUL in a name":                     {inspected("DnsConnectionInspected", `{"query":"evil\u0000.example"}`, nil), domain, 0, "AdditionalFields"},
		"a NUL in another name":               {inspected("DnsConnectionInspected", `{"query":"*\u0000\u0000"}`, nil), domain, 0, ""},
		"the name of a printer":               {inspected("DnsConnectionInspected", `{"query":"Brother HL._ipp._tcp.local"}`, nil), domain, 0, ""},
		"fields encoded three times":          {inspected("SslConnectionInspected", `""{\"server_name\":\"evil.example\"}""`, nil), domain, 1, "AdditionalFields"},
		"a number for a host":                 {inspected("HttpConnectionInspected", `{"host":3405803842}`, nil), address, 0, "AdditionalFields"},
		"a URL in fields":                     {inspected("HttpConnectionInspected", `{"direction":"Out","uri":"http://evil.example/x"}`, nil), domain, 1, ""},
		"a path in fields":                    {inspected("HttpConnectionInspected", `{"host":"good.example","uri":"/evil.example/x"}`, nil), domain, 0, ""},
		"fields cut within the host":          {inspected("HttpConnectionInspected", `{"direction":"Out","host":"evil.example`, nil), domain, 0, "AdditionalFields"},
		"a look-up without its name":          {inspected("DnsConnectionInspected", `{"direction":"Out"}`, nil), domain, 0, "AdditionalFields"},
		"an inspection with nothing in it":    {inspected("HttpConnectionInspected", `{}`, nil), domain, 0, "AdditionalFields"},
		"TLS without a name":                  {inspected("SslConnectionInspected", `{"direction":"Out","server_name":""}`, nil), domain, 0, ""},
		"an inspection without its action":    {inspected("", `{"host":"evil.example"}`, nil), domain, 1, ""},
		"a connection without an address":     {ip(""), address, 0, "address"},
		"a connection without one, in a word": {ip("N/A"), address, 0, "address"},
		"a listener without an address":       {row{"RemoteIP": "", "ActionType": "ListeningConnectionCreated"}, address, 0, ""},
		"an address behind what nobody sees":  {ip("203.0.113\u200b.66\x00"), address, 1, ""},
		"a row without its device":            {row{"RemoteIP": "203.0.113.66", "DeviceName": ""}, address + " device=ws-1", 0, "device"},
		"a file with a dot behind it":         {row{"InitiatingProcessFileName": "PowerShell.exe. "}, "file=powershell.exe", 1, ""},
		"a file with a NUL behind it":         {row{"InitiatingProcessFileName": "powershell.exe\x00"}, "file=powershell.exe", 1, ""},
		"a file with what nobody sees":        {row{"InitiatingProcessFileName": "power\u200bshell.exe"}, "file=powershell.exe", 1, ""},
		"a hash between spaces":               {row{"InitiatingProcessSHA256": " " + strings.Repeat("AB", 32) + " "}, "file=" + strings.Repeat("ab", 32), 1, ""},
		"a hash with its kind":                {row{"InitiatingProcessSHA256": "SHA256:" + strings.Repeat("AB", 32)}, "file=" + strings.Repeat("ab", 32), 1, ""},
		"a hash that was cut":                 {row{"InitiatingProcessSHA256": strings.Repeat("ab", 20)}, "file=" + strings.Repeat("ab", 32), 0, "a value of SHA256"},
		"no hash, said so":                    {row{"InitiatingProcessSHA256": "n/a"}, "file=" + strings.Repeat("ab", 32), 0, ""},
		"a row without a process":             {row{"InitiatingProcessFileName": ""}, "file=powershell.exe", 0, "process"},
		"a row without that hash":             {row{"InitiatingProcessSHA256": ""}, "file=" + strings.Repeat("ab", 32), 0, "SHA256"},
		"a row without another hash":          {row{"InitiatingProcessMD5": ""}, "file=" + strings.Repeat("ab", 32), 0, ""},
		"a value that another file's row has": {row{"RemoteIP": "redacted"}, address + " file=powershell.exe", 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := found(t, hunts.DefaultHunt, c.request, tableOf(t, "DeviceNetworkEvents", c.row, row{}))
			plain := int64(0) // the row that is always there
			if name == "a program without its ending" {
				plain = 1
			}
			if p.total.Events != c.events+plain {
				t.Errorf("%d events, want %d", p.total.Events, c.events+plain)
			}
			var unread []string
			for _, u := range p.unread {
				if u.Rows > 0 {
					unread = append(unread, u.What)
				}
			}
			if got := strings.Join(unread, " "); got != c.unread {
				t.Errorf("unread are %q, want %q", got, c.unread)
			}
		})
	}
}

// punycode is the part of a label behind "xn--".
func punycode(label string) string {
	ascii, _ := idna.ToASCII(label)
	return strings.TrimPrefix(ascii, "xn--")
}

func TestARowWithoutAProcessOrAHashIsUndecidedWhateverItsAction(t *testing.T) {
	for name, c := range map[string]struct {
		row     row
		request string
		want    int64
	}{
		"a process that is not known":  {row{"InitiatingProcessFileName": "<unknown process>"}, "ip=203.0.113.66 file=powershell.exe", 1},
		"no process":                   {row{"InitiatingProcessFileName": ""}, "ip=203.0.113.66 file=powershell.exe", 1},
		"another process":              {row{}, "ip=203.0.113.66 file=powershell.exe", 0},
		"no hash of that kind":         {row{"InitiatingProcessSHA1": ""}, "ip=203.0.113.66 file=" + strings.Repeat("ab", 20), 1},
		"no hash of another kind":      {row{"InitiatingProcessSHA1": ""}, "ip=203.0.113.66 file=" + strings.Repeat("ab", 16), 0},
		"no process, another address":  {row{"InitiatingProcessFileName": "", "RemoteIP": "203.0.113.67"}, "ip=203.0.113.66 file=powershell.exe", 0},
		"no process, another domain":   {row{"InitiatingProcessFileName": ""}, "dns=evil.example file=powershell.exe", 0},
		"no process, the name as well": {row{"InitiatingProcessFileName": "", "RemoteUrl": "evil.example"}, "dns=evil.example file=powershell.exe", 1},
	} {
		base := row{"ActionType": "ConnectionFailed", "RemoteIP": "203.0.113.66"}
		for k, v := range c.row {
			base[k] = v
		}
		if p := found(t, hunts.DefaultHunt, c.request, tableOf(t, "DeviceNetworkEvents", base, row{})); p.unattributed.Events != c.want || p.total.Events != 0 {
			t.Errorf("%s: %d undecided and %d events, want %d and none", name, p.unattributed.Events, p.total.Events, c.want)
		}
	}
}

func TestWhatCouldNotBeReadIsSaidInOneSentence(t *testing.T) {
	got := unreadProblems([]unreadRow{
		{What: "RemoteIP", Rows: 7, Of: 90, Example: "not\x00 203.0.113.66"}, {What: "RemoteIP", Rows: 5, Of: 60, Example: "x"}, {What: "AdditionalFields", Rows: 1, Of: 90, Example: strings.Repeat("a", 90)},
		{What: "SHA256", Rows: 2429, Of: 2578}, {What: "process", Rows: 2, Of: 500}, {What: "MD5", Rows: 0, Of: 500},
	})
	want := []string{
		"12 events have a value of RemoteIP that can't be read, for example not· 203.0.113[.]66",
		"1 event has a value of AdditionalFields that can't be read, for example " + strings.Repeat("a", 60) + "…",
		"2,429 of 2,578 events have no SHA256, so they can't be matched to that hash",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
