package runner

import (
	"cmp"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/kql"
	"github.com/footprint-soc/footprint/hunts/request"
)

// late lets rows count that happened before the window and arrived after since,
// however wide the window is. A source that does not tell when a row arrived is
// asked for the time of again before the window once more.
func (p params) late(since time.Time, again time.Duration) params {
	switch {
	case since.IsZero():
		return p
	case again > 0:
		p.from = p.from.Add(-again)
		p.settled = p.from
		return p
	}
	p.from, p.arrived = p.from.Add(-hunts.LateBy), since
	return p
}

// parameterNames are the lists that a hunt's query may read. The words
// window_from, window_to, settled_from, arrived_from and timeline_step are
// always there.
var parameterNames = []string{"nets", "domains", "subdomains", "suffixes", "files", "hashes", "devices", "accounts"}

// params are the values of one request in the spelling that the queries
// compare with.
type params struct {
	from, to   time.Time
	settled    time.Time // rows before it count only when they arrived after arrived; from takes all
	arrived    time.Time
	step       time.Duration
	cuts       []time.Time // where one part of the window ends and the next begins
	nets       []string    // full IPv6 text, masked, with prefix: IPv4 in mapped form, so that one spelling covers all
	prefixes   []int64
	ipTexts    []string
	ipFull     []string
	rangesV4   []string
	rangesV6   []string
	domains    []string
	subdomains []string
	depths     []int64
	suffixes   []string
	urls       []string // host, path and query
	files      []string
	hashes     []string
	devices    []string
	accounts   []string
	// names maps what Matched says to the indicators asked for: several, when a
	// name and a URL of it, or an address and a range of one, were asked for.
	names map[string][]indicator.Indicator
}

func newParams(r request.Request, from, to time.Time, step time.Duration) params {
	p := params{from: from, to: to, settled: from, arrived: to, step: step, names: map[string][]indicator.Indicator{}}
	for _, i := range r.IPs {
		p.addNetwork(i)
	}
	for _, i := range r.Domains {
		p.addDomain(i)
	}
	for _, i := range r.Files {
		p.addFile(i)
	}
	for _, d := range r.Devices {
		p.devices = append(p.devices, strings.ToLower(d))
	}
	for _, a := range r.Accounts {
		p.accounts = append(p.accounts, strings.ToLower(a))
	}
	slices.Sort(p.prefixes)
	p.prefixes = slices.Compact(p.prefixes)
	slices.Sort(p.depths)
	p.depths = slices.Compact(p.depths)
	return p
}

// packed are the parameters in the fewest bytes, for the packs of a sweep: a
// single address stands once as it is written most often, and once in full, by
// which every other spelling is known.
func (p params) packed() params {
	p.nets = slices.DeleteFunc(slices.Clone(p.nets), func(n string) bool { return strings.HasSuffix(n, "/128") })
	p.ipTexts = slices.DeleteFunc(slices.Clone(p.ipTexts), func(t string) bool { return strings.HasPrefix(t, "::ffff:") })
	return p
}

func (p *params) addNetwork(i indicator.Indicator) {
	text := i.Value
	if i.Kind == indicator.KindURL {
		text = i.Host
	}
	network, err := netip.ParsePrefix(text)
	if err != nil {
		addr, err := netip.ParseAddr(text)
		if err != nil {
			return // indicator only yields parsed addresses
		}
		network = netip.PrefixFrom(addr, addr.BitLen())
	}
	bits, addr := network.Bits(), network.Masked().Addr()
	mapped := netip.AddrFrom16(addr.As16())
	if addr.Is4() {
		bits += 96
	}
	key := fmt.Sprintf("%s/%d", mapped.StringExpanded(), bits)
	if addr.Is4() {
		key = fmt.Sprintf("%s/%d", expanded4(addr), bits)
	}
	p.nets = append(p.nets, key)
	p.prefixes = append(p.prefixes, int64(bits))
	p.names[key] = append(p.names[key], i)
	hex := ""
	if addr.Is4() {
		b := addr.As4()
		hex = fmt.Sprintf("::ffff:%x:%x", uint16(b[0])<<8|uint16(b[1]), uint16(b[2])<<8|uint16(b[3]))
	}
	single := network.IsSingleIP()
	switch {
	case single && addr.Is4():
		p.ipTexts = append(p.ipTexts, addr.String(), "::ffff:"+addr.String(), hex)
		p.ipFull = append(p.ipFull, expanded4(addr))
	case single:
		p.ipTexts = append(p.ipTexts, addr.String())
		p.ipFull = append(p.ipFull, addr.StringExpanded())
	case addr.Is4():
		p.rangesV4 = append(p.rangesV4, network.Masked().String())
		p.rangesV6 = append(p.rangesV6, fmt.Sprintf("%s/%d", hex, bits))
	default:
		p.rangesV6 = append(p.rangesV6, network.Masked().String())
	}
}

// expanded4 is an IPv4 address in the eight groups that KQL's parse_ipv6 gives
// it; netip prints mapped addresses half dotted.
func expanded4(a netip.Addr) string {
	b := a.As4()
	return fmt.Sprintf("0000:0000:0000:0000:0000:ffff:%02x%02x:%02x%02x", b[0], b[1], b[2], b[3])
}

func (p *params) addDomain(i indicator.Indicator) {
	host := strings.ToLower(i.Host)
	for _, name := range append([]string{host}, indicator.Spellings(host)...) {
		switch depth := int64(strings.Count(name, ".") + 1); {
		case i.Kind == indicator.KindSuffix:
			p.addName(&p.suffixes, name, "*"+name, i)
		case i.SubOnly:
			p.addName(&p.subdomains, name, "*."+name, i)
			p.depths = append(p.depths, depth)
		default:
			p.addName(&p.domains, name, name, i)
			p.depths = append(p.depths, depth)
		}
	}
}

// addName puts a name into a list, and says which indicator is meant where it is
// found.
func (p *params) addName(list *[]string, name, found string, i indicator.Indicator) {
	*list = append(*list, name)
	p.names[found] = append(p.names[found], i)
}

// addFile also looks for the name of a program that people write without its
// ending, which is as it is on Linux and macOS.
func (p *params) addFile(i indicator.Indicator) {
	value := strings.ToLower(i.Value)
	list := &p.hashes
	spellings := []string{value}
	if i.Kind == indicator.KindFile {
		list = &p.files
		if !strings.Contains(value, ".") {
			spellings = append(spellings, value+".exe")
		}
	}
	for _, s := range spellings {
		if len(p.names[s]) == 0 {
			*list = append(*list, s)
		}
		if !slices.Contains(p.names[s], i) {
			p.names[s] = append(p.names[s], i)
		}
	}
}

// suffixPattern is only a filter that may pass too much: any of the suffixes
// anywhere in the text.
func (p params) suffixPattern() string {
	quoted := make([]string, len(p.suffixes))
	for i, s := range p.suffixes {
		quoted[i] = regexp.QuoteMeta(s)
	}
	return "(?i)(?:" + strings.Join(quoted, "|") + ")"
}

func (p params) lets() []kql.Let {
	return []kql.Let{
		{Name: "window_from", Value: kql.DatetimeLiteral(p.from)},
		{Name: "window_to", Value: kql.DatetimeLiteral(p.to)},
		{Name: "settled_from", Value: kql.DatetimeLiteral(p.settled)},
		{Name: "arrived_from", Value: kql.DatetimeLiteral(p.arrived)},
		{Name: "timeline_step", Value: kql.TimespanLiteral(p.step)},
		{Name: "nets", Value: kql.StringsLiteral(p.nets)},
		{Name: "prefixes", Value: kql.LongsLiteral(p.prefixes)},
		{Name: "ip_texts", Value: kql.StringsLiteral(p.ipTexts)},
		{Name: "ip_full", Value: kql.StringsLiteral(p.ipFull)},
		{Name: "ranges_v4", Value: kql.StringsLiteral(p.rangesV4)},
		{Name: "ranges_v6", Value: kql.StringsLiteral(p.rangesV6)},
		{Name: "domains", Value: kql.StringsLiteral(p.domains)},
		{Name: "subdomains", Value: kql.StringsLiteral(p.subdomains)},
		{Name: "depths", Value: kql.LongsLiteral(p.depths)},
		{Name: "suffixes", Value: kql.StringsLiteral(p.suffixes)},
		{Name: "suffix_pattern", Value: kql.StringLiteral(p.suffixPattern())},
		{Name: "urls", Value: kql.StringsLiteral(p.urls)},
		{Name: "files", Value: kql.StringsLiteral(p.files)},
		{Name: "hashes", Value: kql.StringsLiteral(p.hashes)},
		{Name: "devices", Value: kql.StringsLiteral(p.devices)},
		{Name: "accounts", Value: kql.StringsLiteral(p.accounts)},
	}
}

// kql is the whole text of one query: who asks, the values, the hunt's body as
// it stands in its file, its columns under the names of the summary, and the
// summary.
func (d Definition) kql(p params, comment string, exclusions []Profile, summary string) string {
	if d.behavior() {
		return d.rowsText(p, comment, rowsListed)
	}
	var b strings.Builder
	b.WriteString(kql.Prologue(comment, p.lets()))
	b.WriteString(p.partOf())
	b.WriteString(d.library + strings.Join(d.extras, ""))
	b.WriteString(excludedBy(exclusions))
	b.WriteString("let hunt_rows = () {\n")
	b.WriteString(strings.TrimRight(d.Query, "\n"))
	b.WriteString("\n};\n")
	b.WriteString(d.unreadRows())
	b.WriteString(d.Footprint.Columns.view(d.placeColumns()...))
	b.WriteString(summary)
	return b.String()
}

// unreadRows is the function that counts what the hunt could not read.
func (d Definition) unreadRows() string {
	body := "datatable(What:string, Rows:long, Of:long, Example:string)[]"
	if d.Footprint.Unread != "" {
		body = strings.TrimRight(d.Footprint.Unread, "\n")
	}
	return "let unread_rows = () {\n" + body + "\n};\n"
}

// partOf tells the sections of several parts of a window apart by time.
func (p params) partOf() string {
	var b strings.Builder
	fmt.Fprintf(&b, "let parts = %d;\nlet part_of = (at:datetime) { ", len(p.cuts)+1)
	if len(p.cuts) == 0 {
		b.WriteString("long(0)")
	} else {
		b.WriteString("case(")
		for n, cut := range p.cuts {
			fmt.Fprintf(&b, "at < %s, long(%d), ", kql.DatetimeLiteral(cut), n)
		}
		fmt.Fprintf(&b, "long(%d))", len(p.cuts))
	}
	b.WriteString(" };\n")
	return b.String()
}

// view projects the hunt's columns to the names that summary.kql reads.
func (c Columns) view(more ...string) string {
	return "let hits = hunt_rows()\n    | project " + strings.Join(append([]string{c.projection()}, more...), ",\n        ") + ";\n"
}

// projection names the hunt's columns as summary.kql reads them. Their names come
// from hunt files and are checked to be plain identifiers.
func (c Columns) projection() string {
	text := func(as, column string) string {
		if column == "" {
			return as + ` = ""`
		}
		return as + " = tostring(" + column + ")"
	}
	parts := []string{
		"Time = " + c.Time,
		text("Device", c.Device), text("Account", cmp.Or(c.Account, c.Recipient)), text("Process", c.Process), text("CommandLine", c.CommandLine), text("Parent", c.Parent),
		text("RemoteIP", c.RemoteIP), text("RemoteHost", c.RemoteHost), text("Action", c.Action),
	}
	port := "RemotePort = long(null)"
	if c.RemotePort != "" {
		port = "RemotePort = tolong(" + c.RemotePort + ")"
	}
	outcome := `Outcome = "reached"`
	if c.Outcome != "" {
		outcome = "Outcome = tostring(" + c.Outcome + ")"
	}
	matched := "Matched = dynamic([])"
	if c.Matched != "" {
		matched = "Matched = parse_json(tostring(" + c.Matched + "))"
	}
	// two scopes that name one id mean one device
	const id = `tostring(column_ifexists("DeviceId", ""))`
	if c.Device == "DeviceName" { // a row that names its device by the id alone has one all the same
		parts[1] = "Device = coalesce(tostring(DeviceName), " + id + ")"
	}
	parts = append(parts, port, outcome, matched, "DeviceId = "+id)
	return strings.Join(parts, ",\n        ")
}

// comment is the first line of a query, so that the workspace's own query log
// shows the human behind it.
func comment(h hunts.Hunt) string {
	return fmt.Sprintf("footprint hunt=%s by=%s chan=%s why=%q", h.ID, h.Asker.User, h.Asker.Channel, h.Request.Why)
}
