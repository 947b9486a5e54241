package runner

import (
	"regexp"
	"slices"
	"strings"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/kql"
	"github.com/footprint-soc/footprint/hunts/request"
)

// rowQueryMost is how many indicators a short query carries.
const rowQueryMost = 20

// PersonText is the query of a hunt as a person goes on with it in a portal: it ends in
// rows to read and sort, and names the indicators as they were typed. The text that is
// sent counts them on the server instead.
func (d Definition) PersonText(h hunts.Hunt, w hunts.Window) string {
	h.Window = w
	asked := h.Request
	asked.Why = ""
	say := comment(h) + " asked=" + request.Format(asked)
	if text := RowQuery(h); text != "" {
		return kql.Prologue(say, nil) + text
	}
	p := newParams(h.Request, w.From, w.To, day)
	lets, library, body := d.bodyWith(p, plainHost.ReplaceAllLiteralString(d.library, hostForPeople))
	if d.behavior() {
		return kql.Prologue(say, lets) + library + body + "\n"
	}
	return kql.Prologue(say, lets) + library + "let hunt_rows = () {\n" + body + "\n};\n" + d.Footprint.Columns.view() + sortedHits
}

// hostForPeople reads the host of a URL as URLs are commonly written: what the hunt itself
// reads beyond that takes four times the room of the rest of the query.
const hostForPeople = `let host_of = (url:string) { tolower(extract(@"^(?:[A-Za-z][A-Za-z0-9+.\-]*:)?(?://)?(?:[^/?#]*@)?(\[[^\]]*\]|[^/:?#]*)", 1, url)) };
`

var plainHost = regexp.MustCompile(`(?s)let host_of = .*?\n};\n`)

// sortedHits is how a query for a person ends.
const sortedHits = "hits\n| sort by Time desc\n"

// RowQuery is a short query of the rows that the default hunt counts: the link to a
// portal has room for little. Empty for another hunt, and for more than 20 indicators.
func RowQuery(h hunts.Hunt) string {
	r := h.Request
	if h.Name != hunts.DefaultHunt || len(r.Indicators()) == 0 || len(r.Indicators()) > rowQueryMost {
		return ""
	}
	p := newParams(r, h.Window.From, h.Window.To, day)
	var b strings.Builder
	b.WriteString("let hits = DeviceNetworkEvents\n")
	if !h.Window.All {
		b.WriteString("| where TimeGenerated >= " + kql.DatetimeLiteral(p.from).String() + " and TimeGenerated < " + kql.DatetimeLiteral(p.to).String() + "\n")
	}
	if len(p.devices) > 0 {
		list := "(" + kql.StringsLiteral(p.devices).String() + ")"
		b.WriteString("| where DeviceName in~ " + list + ` or tostring(split(DeviceName, ".")[0]) in~ ` + list + "\n")
	}
	if file := p.fileConditions(); len(file) > 0 {
		b.WriteString("| where " + strings.Join(file, " or ") + "\n")
	}
	if remote := p.remoteConditions(r); len(remote) > 0 {
		b.WriteString("| where " + strings.Join(remote, "\n    or ") + "\n")
	}
	b.WriteString("| project Time = TimeGenerated, Device = DeviceName, ActionType, RemoteIP, RemotePort, RemoteUrl, Process = InitiatingProcessFileName, CommandLine = InitiatingProcessCommandLine, Account = InitiatingProcessAccountName, AdditionalFields;\n" + sortedHits)
	return b.String()
}

func (p params) fileConditions() []string {
	var out []string
	if len(p.files) > 0 {
		out = append(out, "InitiatingProcessFileName in~ ("+kql.StringsLiteral(p.files).String()+")")
	}
	if len(p.hashes) > 0 {
		list := " in~ (" + kql.StringsLiteral(p.hashes).String() + ")"
		out = append(out, "InitiatingProcessSHA1"+list, "InitiatingProcessSHA256"+list, "InitiatingProcessMD5"+list)
	}
	return out
}

func (p params) remoteConditions(r request.Request) []string {
	var out, hosts []string
	if len(p.ipTexts) > 0 {
		texts := slices.DeleteFunc(slices.Clone(p.ipTexts), func(t string) bool { return strings.HasPrefix(t, "::ffff:") && !strings.Contains(t, ".") })
		list := " in (" + kql.StringsLiteral(texts).String() + ")"
		out = append(out, "RemoteIP"+list, `(ActionType endswith "Inspected" and LocalIP`+list+` and tostring(AdditionalFields) !has "Out")`)
		for _, t := range texts {
			hosts = append(hosts, regexp.QuoteMeta(t))
		}
	}
	if len(p.rangesV4) > 0 {
		out = append(out, "coalesce(ipv4_is_in_any_range(RemoteIP, "+kql.StringsLiteral(p.rangesV4).String()+"), false)")
	}
	if len(p.rangesV6) > 0 {
		out = append(out, "coalesce(ipv6_is_in_any_range(RemoteIP, "+kql.StringsLiteral(p.rangesV6).String()+"), false)")
	}
	for _, i := range r.Domains {
		name := regexp.QuoteMeta(strings.ToLower(i.Host))
		switch {
		case i.Kind == indicator.KindSuffix:
			name = `[^/:?#"]*` + name
		case i.SubOnly:
			name = `[^/:?#"]*\.` + name
		default:
			name = `(?:[^/:?#"]*\.)?` + name
		}
		hosts = append(hosts, name)
	}
	if len(hosts) > 0 {
		any := "(?:" + strings.Join(hosts, "|") + `)\.?`
		out = append(out, "RemoteUrl matches regex "+kql.StringLiteral(`(?i)^(?:[a-z][a-z0-9+.\-]*://)?(?:[^/?#@]*@)?\[?`+any+`\]?(?:[/:?#]|$)`).String(),
			"tostring(AdditionalFields) matches regex "+kql.StringLiteral(`(?i)"(?:query|server_name|host)"\s*:\s*"`+any+`[":/]`).String())
	}
	return out
}
