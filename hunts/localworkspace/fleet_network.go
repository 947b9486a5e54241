package localworkspace

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/footprint-soc/footprint/hunts/kql"
)

// flow is one kind of everyday traffic.
type flow struct {
	weight  int // part of the events of a device that has the flow
	program string
	has     func(*device) bool
	targets []target
	action  func(*rand.Rand) string
	regular bool // calls at its device's minute of the hour, as updaters do
}

// target is a remote side.
type target struct {
	ip    string
	port  int32
	host  string
	proto string
	url   string // what RemoteUrl holds; empty when the sensor did not see the name
}

func web(ip, host, url string) target { return target{ip, 443, host, "Tcp", url} }

func everyone(*device) bool { return true }

func people(d *device) bool { return !d.server }

func mostly(rng *rand.Rand) string {
	switch n := rng.IntN(1000); {
	case n < 900:
		return "ConnectionSuccess"
	case n < 930:
		return "ConnectionFailed"
	case n < 945:
		return "ConnectionAttempt"
	case n < 955:
		return "ConnectionRequest"
	case n < 965:
		return "ConnectionFound"
	case n < 995:
		return "ConnectionSuccessAggregatedReport"
	}
	return "ConnectionFailedAggregatedReport"
}

func aggregated(rng *rand.Rand) string {
	if rng.IntN(10) < 4 {
		return "ConnectionSuccessAggregatedReport"
	}
	return mostly(rng)
}

func inspectedWeb(rng *rand.Rand) string {
	if rng.IntN(3) == 0 {
		return "HttpConnectionInspected"
	}
	return "SslConnectionInspected"
}

func inspectedName(*rand.Rand) string { return "DnsConnectionInspected" }

func always(action string) func(*rand.Rand) string { return func(*rand.Rand) string { return action } }

// The two internal resolvers and other servers that everybody uses.
const (
	resolverA     = "10.0.0.12"
	resolverB     = "10.0.0.13"
	domainServer  = "10.0.0.10"
	fileServer    = "10.0.0.14"
	logServer     = "10.0.1.15"
	licenceServer = "10.0.1.16"
	manageServer  = "10.0.1.17"
)

// noisyHost is what the updater of the false positive calls, from nearly every
// device, every hour: beacon-like and harmless.
const (
	noisyHost    = "update.vendor-cdn.example"
	noisyProcess = "updater.exe"
)

// similarHost ends like the C2 host and is another domain: what a plain
// endswith would hit.
const similarHost = "notcdn-sync.example"

var webTargets = []target{
	web("192.0.2.21", "intranet-help.example", "intranet-help.example"),
	web("192.0.2.22", "news.daily.example", "https://news.daily.example/world/index.html"),
	web("192.0.2.23", "search.example", "search.example"),
	web("192.0.2.24", "maps.search.example", "maps.search.example:443"),
	web("192.0.2.25", "shop.example", ""),
	web("192.0.2.26", "video.stream.example", "video.stream.example"),
	web("192.0.2.27", "cdn.stream.example", ""),
	web("192.0.2.28", "bank.example", "https://bank.example/login"),
	web("192.0.2.29", "travel.example", "travel.example"),
	web("192.0.2.30", "wiki.example", ""),
	web("2001:db8:20::21", "search.example", "search.example"),
	web("2001:db8:20::26", "video.stream.example", ""),
	web("2001:db8:20::30", "wiki.example", "https://wiki.example/wiki/Main_Page"),
	{"192.0.2.31", 80, "old.portal.example", "Tcp", "http://old.portal.example:80/"},
	{"192.0.2.32", 8443, "partner.example", "Tcp", "partner.example:8443"},
}

var queriedNames = []string{
	"search.example", "news.daily.example", "time.corp.example", "intranet.corp.example", "update.os-vendor.example", "video.stream.example",
	noisyHost, "chat.suite.example", "wpad.corp.example", "files.corp.example",
}

// flows are the everyday traffic of the fleet. The first five are the known-good
// scenarios that an exclusion profile would name.
var flows = []flow{
	{weight: 12, program: "svchost.exe/update", has: everyone, action: mostly, targets: []target{
		web("192.0.2.70", "update.os-vendor.example", "update.os-vendor.example"), web("192.0.2.71", "delivery.os-vendor.example", ""), web("2001:db8:70::1", "update.os-vendor.example", "update.os-vendor.example")}},
	{weight: 20, program: "powershell.exe", has: func(d *device) bool { return d.admin }, action: mostly, targets: []target{
		{"10.0.1.17", 5985, "", "Tcp", ""}, {"10.0.0.14", 5985, "", "Tcp", ""}, {"10.0.1.18", 5986, "srv-web-01.corp.example", "Tcp", "srv-web-01.corp.example"}}},
	{weight: 14, program: "splunkd.exe", has: func(d *device) bool { return d.forwards }, action: aggregated, targets: []target{{logServer, 9997, "", "Tcp", ""}}},
	{weight: 10, program: "cadapp.exe", has: func(d *device) bool { return d.dept == "ENG" }, action: mostly, targets: []target{{licenceServer, 27000, "", "Tcp", ""}}},
	{weight: 14, program: "svchost.exe/dns", has: everyone, action: mostly, targets: []target{{resolverA, 53, "", "Udp", ""}, {resolverB, 53, "", "Udp", ""}}},
	{weight: 20, program: "updater.exe", has: func(d *device) bool { return d.index%50 != 49 }, action: aggregated, regular: true, targets: []target{
		web("192.0.2.80", noisyHost, noisyHost), web("192.0.2.81", noisyHost, "")}},
	{weight: 16, program: "msedge.exe", has: people, action: mostly, targets: webTargets},
	{weight: 7, program: "chrome.exe", has: people, action: mostly, targets: webTargets},
	{weight: 6, program: "chat.exe", has: people, action: mostly, targets: []target{web("192.0.2.90", "chat.suite.example", "chat.suite.example"), web("192.0.2.91", "media.suite.example", "")}},
	{weight: 5, program: "outlook.exe", has: people, action: mostly, targets: []target{web("192.0.2.92", "mail.suite.example", "https://mail.suite.example/mapi/emsmdb")}},
	{weight: 4, program: "System", has: everyone, action: mostly, targets: []target{{fileServer, 445, "", "Tcp", ""}}},
	{weight: 3, program: "lsass.exe", has: everyone, action: mostly, targets: []target{{domainServer, 88, "", "Tcp", ""}, {domainServer, 389, "", "Tcp", ""}}},
	{weight: 2, program: "java.exe", has: func(d *device) bool { return d.server || d.index%20 == 7 }, action: mostly, targets: []target{{"::ffff:192.0.2.33", 443, "telemetry.runtime.example", "Tcp", ""}}},
	{weight: 6, has: everyone, action: inspectedName, targets: []target{{resolverA, 53, "", "Udp", ""}, {resolverB, 53, "", "Udp", ""}}},
	{weight: 6, has: people, action: inspectedWeb, targets: webTargets},
	{weight: 20, program: "svchost.exe/network", has: func(d *device) bool { return d.server }, action: always("InboundConnectionAccepted"), targets: []target{
		{"10.16.0.40", 51544, "", "Tcp", ""}, {"10.18.0.77", 50211, "", "Tcp", ""}, {"10.20.1.33", 49877, "", "Tcp", ""}}},
	{weight: 1, program: "svchost.exe/network", has: everyone, action: always("ListeningConnectionCreated"), targets: []target{{"", 0, "", "Tcp", ""}}},
	{weight: 1, has: everyone, action: always("IcmpConnectionInspected"), targets: []target{{domainServer, 0, "", "Icmp", ""}}},
}

// networkSheet is DeviceNetworkEvents with the places of what changes per row.
type networkSheet struct {
	*sheet
	programs                                                                 map[string]patch
	targets                                                                  map[target]patch
	details                                                                  map[string]kql.Value
	time, action, report, localPort, localIP, localType, extra, created, pid int
}

func newNetworkSheet() *networkSheet {
	s := newSheet("DeviceNetworkEvents")
	n := &networkSheet{sheet: s, programs: map[string]patch{}, targets: map[target]patch{}, details: map[string]kql.Value{},
		time: s.at(timeColumn), action: s.at("ActionType"), report: s.at("ReportId"), localPort: s.at("LocalPort"), localIP: s.at("LocalIP"), localType: s.at("LocalIPType"),
		extra: s.at("AdditionalFields"), created: s.at("InitiatingProcessCreationTime"), pid: s.at("InitiatingProcessId")}
	for name, p := range programs {
		n.programs[name] = s.initiating(p)
	}
	return n
}

// target is the cells of a remote side.
func (n *networkSheet) target(t target) patch {
	if p, ok := n.targets[t]; ok {
		return p
	}
	p := n.patch(map[string]string{"RemoteIP": t.ip, "RemoteUrl": t.url, "Protocol": t.proto})
	p = append(p, cellAt{n.at("RemotePort"), kql.IntValue(t.port)})
	if t.ip != "" {
		p = append(p, cellAt{n.at("RemoteIPType"), kql.StringValue(addressType(t.ip))})
	}
	n.targets[t] = p
	return p
}

// addressType is the sensor's word for the kind of an address.
func addressType(text string) string {
	ip, err := netip.ParseAddr(text)
	switch {
	case err != nil:
		return ""
	case ip.Is4In6():
		return "FourToSixMapping"
	case ip.IsPrivate():
		return "Private"
	case ip.IsLoopback():
		return "Loopback"
	}
	return "Public"
}

// row is one event to write.
type row struct {
	at      time.Time
	device  *device
	action  string
	program string
	target  target
	detail  kql.Value
	pid     int64 // 0 is any
}

// write adds a row. Inspection events carry no process, as in a workspace.
func (n *networkSheet) write(r row, identity, account patch, rng *rand.Rand) {
	n.begin()
	n.apply(identity)
	n.apply(n.target(r.target))
	if r.program != "" {
		n.apply(n.programs[r.program])
		n.apply(account)
		n.row[n.created] = kql.DatetimeValue(r.at.Truncate(8 * time.Hour))
		n.row[n.pid] = kql.LongValue(cmp.Or(r.pid, int64(1000+4*rng.IntN(4000))))
	}
	n.row[n.time] = kql.DatetimeValue(r.at)
	n.row[n.action] = kql.StringValue(r.action)
	n.row[n.report] = kql.LongValue(int64(rng.IntN(200_000)))
	n.row[n.localPort] = kql.IntValue(int32(49152 + rng.IntN(16000)))
	local := r.device.ip
	if ip, err := netip.ParseAddr(r.target.ip); err == nil && ip.Is6() && !ip.Is4In6() {
		local = r.device.ip6
	}
	n.row[n.localIP] = kql.StringValue(local)
	n.row[n.localType] = kql.StringValue("Private")
	n.row[n.extra] = r.detail
	n.add()
}

// bag makes the details of an inspection or an aggregated report, once per
// distinct text.
func (n *networkSheet) bag(pairs ...string) kql.Value {
	key := fmt.Sprint(pairs)
	if v, ok := n.details[key]; ok {
		return v
	}
	bag := kql.NewBag()
	for i := 0; i+1 < len(pairs); i += 2 {
		bag.Set(pairs[i], pairs[i+1])
	}
	v := kql.DynamicValue(bag)
	n.details[key] = v
	return v
}

// detail is AdditionalFields of a row.
func (n *networkSheet) detail(action string, t target, rng *rand.Rand) kql.Value {
	switch action {
	case "DnsConnectionInspected":
		name := queriedNames[rng.IntN(len(queriedNames))]
		return n.bag("direction", "Out", "conn_state", "SF", "query", name, "qtype_name", "A", "rcode_name", "NOERROR")
	case "SslConnectionInspected":
		return n.bag("direction", "Out", "conn_state", "SF", "server_name", t.host, "version", "TLSv13", "established", "true")
	case "HttpConnectionInspected":
		return n.bag("direction", "Out", "conn_state", "SF", "method", "GET", "host", t.host, "uri", "/", "status_code", "200")
	case "IcmpConnectionInspected":
		return n.bag("direction", "In", "conn_state", "OTH")
	case "ConnectionSuccessAggregatedReport", "ConnectionFailedAggregatedReport":
		return n.bag("uniqueEventsAggregated", fmt.Sprint(2+rng.IntN(58)))
	}
	return kql.Null(kql.Dynamic)
}

// networkDay is the everyday traffic of the 24 hours that lie so many days back.
func (f *fleet) networkDay(back int) *kql.Table {
	n := newNetworkSheet()
	start := f.now.Add(-time.Duration(back+1) * day)
	for i := range f.devices {
		d := &f.devices[i]
		if !d.lastSeen.IsZero() && d.lastSeen.Before(start) {
			continue
		}
		f.deviceDay(n, d, start, seeded(f.opts.Seed+uint64(back)<<32, uint64(i)+7))
	}
	return n.builder.Table()
}

func (f *fleet) deviceDay(n *networkSheet, d *device, start time.Time, rng *rand.Rand) {
	own, total := deviceFlows(d)
	identity := n.identity(d)
	user, system := n.account(d, programs["msedge.exe"]), n.account(d, programs["lsass.exe"])
	for range f.eventsOf(d, start, rng) {
		fl := pickFlow(own, rng.IntN(total))
		t := fl.targets[rng.IntN(len(fl.targets))]
		r := row{at: f.moment(d, start, fl.regular, rng), device: d, program: fl.program, target: t, action: fl.action(rng)}
		if !d.lastSeen.IsZero() && r.at.After(d.lastSeen) {
			continue
		}
		r.detail = n.detail(r.action, t, rng)
		account := user
		if programs[fl.program].system {
			account = system
		}
		n.write(r, identity, account, rng)
	}
}

func deviceFlows(d *device) (own []*flow, total int) {
	for i := range flows {
		if flows[i].has(d) {
			own = append(own, &flows[i])
			total += flows[i].weight
		}
	}
	return own, total
}

func pickFlow(own []*flow, pick int) *flow {
	for _, fl := range own {
		if pick -= fl.weight; pick < 0 {
			return fl
		}
	}
	return own[0]
}

// eventsOf is how many events a device has on a day: never none while it
// reports, fewer on two days of each seven, which stand for the weekend wherever
// they lie, so that the fleet is the same on every day of the week.
func (f *fleet) eventsOf(d *device, start time.Time, rng *rand.Rand) int {
	if ago := int(f.now.Sub(start)/day) % 7; (ago == 5 || ago == 6) && !d.server {
		return 2 + rng.IntN(3)
	}
	return 5 + rng.IntN(5)
}

// moment picks a time in the 24 hours from start, mostly in office hours.
func (f *fleet) moment(d *device, start time.Time, regular bool, rng *rand.Rand) time.Time {
	hour := rng.IntN(24)
	if !d.server && rng.IntN(10) < 8 {
		hour = 7 + rng.IntN(11)
	}
	within := time.Duration(hour)*time.Hour + time.Duration(rng.Int64N(int64(time.Hour/100)))*100
	if regular {
		within = time.Duration(hour)*time.Hour + time.Duration(d.minute)*time.Minute + time.Duration(rng.Int64N(int64(4*time.Second/100)))*100
	}
	midnight := start.Truncate(day)
	at := midnight.Add(within)
	if at.Before(start) {
		at = at.Add(day)
	}
	if at.After(f.newest) {
		// not yet: it happened a little earlier instead
		at = f.newest.Add(-time.Duration(rng.Int64N(int64(50*time.Minute/100))) * 100)
	}
	return at
}
