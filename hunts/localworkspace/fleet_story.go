package localworkspace

import (
	"math/rand/v2"
	"slices"
	"time"
)

// The command-and-control server of the story, and what else a demo asks for.
const (
	c2Host       = "cdn-sync.example"
	c2IP         = "203.0.113.66"
	c2MappedIP   = "::ffff:203.0.113.66"
	c2IPv6       = "2001:db8:66::10" // the API host of the same server
	c2APIHost    = "api.cdn-sync.example"
	cleanIP      = "198.51.100.24" // nobody talks to it
	neighbourIP  = "198.51.100.67" // same /24, two devices do
	triedIP      = "192.0.2.10"    // two devices try, none succeeds
	newIP        = "192.0.2.140"   // since yesterday
	phishingHost = "dl-upd.example"
	phishingIP   = "192.0.2.200"
	stillIP      = "203.0.113.9"   // every day
	goneIP       = "203.0.113.120" // not since two days ago
)

// FleetStory is what is hidden in a demo fleet, for tests and for the demo's
// suggestions. All figures are of network events; "known" counts DeviceInfo.
type FleetStory struct {
	C2Host, C2IP, C2IPv6 string
	// FirstContact is three and a half days before now (storyAge), LastContact 9 minutes.
	FirstContact, LastContact time.Time
	// Reached are the devices that completed a connection to the C2 host, Failed
	// the one that only tried. TLSOnly is the one of Reached whose connection
	// events lack the name: it is in the TLS inspection. Lateral is the one that
	// came last, by rundll32.exe over IPv6 (so an IP hunt for C2IP misses it).
	Reached []string
	Failed  string
	TLSOnly string
	Lateral string
	// Beacons are the connections of the first device, one a minute ± 2 s in
	// bursts, and BeaconDevice is that device.
	Beacons      int
	BeaconDevice string
	// HostEvents and IPEvents are what a hunt for the host and for the IPv4
	// address finds: all outcomes, inspections too.
	HostEvents, IPEvents int

	NoisyProcess, NoisyHost string // the false positive
	SimilarHost             string // ends like the C2 host, is another domain
	CleanIP, NeighbourIP    string
	NeighbourDevices        []string
	TriedIP                 string
	NewIP, PhishingHost     string // the sweep's NEW
	StillIP, GoneIP         string // the sweep's STILL and GONE
	Incident                int
	// Library is the implant, MailLink what the mail of the story led to. Printer has
	// no sensor and reached C2IP; GapDevice reached GapIP in a minute in which its
	// sensor said nothing.
	Library, MailLink, Printer, GapDevice, GapIP string

	KnownDevices, ReportingDevices, SilentDevices int
	NewestEvent                                   time.Time
	// Suggestions are requests worth typing, the story's first.
	Suggestions []string
}

// Story says what a fleet made with these options hides, without making it.
func (o FleetOptions) Story() FleetStory {
	o = o.withDefaults()
	s := FleetStory{
		C2Host: c2Host, C2IP: c2IP, C2IPv6: c2IPv6, FirstContact: o.Now.Add(-storyAge), LastContact: o.Now.Add(-9 * time.Minute),
		Reached: []string{financeDevice, lateralDevice, personnelDevice}, Failed: failedDevice, TLSOnly: personnelDevice, Lateral: lateralDevice,
		BeaconDevice: financeDevice, NoisyProcess: noisyProcess, NoisyHost: noisyHost, SimilarHost: similarHost,
		CleanIP: cleanIP, NeighbourIP: neighbourIP, NeighbourDevices: []string{"WS-LEG-003", "WS-LEG-018"}, TriedIP: triedIP,
		NewIP: newIP, PhishingHost: phishingHost, StillIP: stillIP, GoneIP: goneIP, Incident: incidentNumber,
		Library: "sync.dll", MailLink: mailLink, Printer: printerIP, GapDevice: gapDevice, GapIP: spareC2IP,
		NewestEvent: o.Now.Add(-4 * time.Minute),
		Suggestions: []string{
			"ip=" + c2IP + " dns=" + c2Host + ` why="ISAC tip"`, "ip=" + cleanIP, "dns=" + noisyHost, "ip=" + triedIP, "dns=" + c2Host + " file=rundll32.exe",
			"198.51.100.0/24", "dns=" + phishingHost, "file=mshta.exe since=24h",
			"file=sync.dll", mailLink, "ip=" + spareC2IP,
		},
	}
	for _, d := range makeDevices(o) {
		s.KnownDevices++
		if d.lastSeen.IsZero() {
			s.ReportingDevices++
		} else {
			s.SilentDevices++
		}
	}
	for _, c := range storyContacts(o) {
		if c.target.host == c2Host || c.target.host == c2APIHost || c.query == c2Host {
			s.HostEvents++
		}
		if c.target.ip == c2IP || c.target.ip == c2MappedIP {
			s.IPEvents++
		}
		if c.device == financeDevice && c.program == "powershell.exe/doc" && c.action == "ConnectionSuccess" {
			s.Beacons++
		}
	}
	return s
}

// storyAge is how long before now the story begins: the same on every day of the
// week, so that what a demo tells depends on no calendar.
const storyAge = 3*day + 13*time.Hour + 18*time.Minute + 53*time.Second

// contact is one network event of a story.
type contact struct {
	at      time.Time
	device  string
	action  string
	program string // key of programs; empty for inspections
	target  target
	query   string // of a DNS inspection
	count   int    // of an aggregated report
}

// beacons are connections one a minute, each up to 2 s off its minute, that end
// at last.
func beacons(last time.Time, count int, c contact, rng *rand.Rand) []contact {
	list := make([]contact, 0, count)
	for i := range count {
		c.at = last.Add(-time.Duration(count-1-i)*time.Minute + time.Duration(rng.Int64N(int64(4*time.Second/100)))*100 - 2*time.Second)
		if i == count-1 {
			c.at = last
		}
		list = append(list, c)
	}
	return list
}

// storyContacts are all network events of the stories, sorted by time.
func storyContacts(o FleetOptions) []contact {
	rng := seeded(o.Seed, 2)
	list := slices.Concat(
		financeStory(o, rng), personnelStory(o, rng), lateralStory(o, rng), failedStory(o, rng), neighbours(o, rng), sweepStory(o, rng),
		[]contact{{at: o.Now.Add(-4 * time.Minute), device: "WS-IT-001", action: "ConnectionSuccess", program: "msedge.exe", target: webTargets[0]}},
	)
	slices.SortStableFunc(list, func(a, b contact) int { return a.at.Compare(b.at) })
	return list
}

// financeStory: a document opens, PowerShell calls home and keeps calling.
func financeStory(o FleetOptions, rng *rand.Rand) []contact {
	first, last := o.Now.Add(-storyAge), o.Now.Add(-9*time.Minute)
	call := contact{device: financeDevice, action: "ConnectionSuccess", program: "powershell.exe/doc", target: web(c2IP, c2Host, c2Host)}
	start := call
	start.at = first
	// The internal resolver is a known-good destination: an exclusion profile
	// covers these events, and must not hide them from who asked for the host.
	lookup := contact{at: first.Add(-400 * time.Millisecond), device: financeDevice, action: "DnsConnectionInspected", query: c2Host, target: target{resolverA, 53, "", "Udp", ""}}
	list := []contact{start, lookup}
	for i := range 13 {
		lookup.at = last.Add(-time.Duration(i)*30*time.Minute - 300*time.Millisecond)
		list = append(list, lookup)
	}
	// Three bursts with silence between them; after a short night there was time
	// for fewer beacons.
	minutes := int(last.Sub(first) / time.Minute)
	total := min(1203, minutes*3/5)
	quarter := total / 4
	silence := (minutes - total) / 2
	list = append(list, beacons(first.Add(time.Duration(quarter)*time.Minute), quarter, call, rng)...)
	list = append(list, beacons(first.Add(time.Duration(2*quarter+silence)*time.Minute), quarter, call, rng)...)
	list = append(list, beacons(last, total-2*quarter, call, rng)...)
	for i := range 3 {
		report := contact{at: last.Add(-time.Duration(3*i+1) * time.Hour / 2), device: financeDevice, action: "ConnectionSuccessAggregatedReport", program: "powershell.exe/doc", target: call.target, count: 58 - i}
		list = append(list, report)
	}
	return list
}

// personnelStory: the same document, but here the sensor did not see the name of
// the host: it is in the TLS inspection only. Some addresses are IPv4-mapped.
func personnelStory(o FleetOptions, rng *rand.Rand) []contact {
	last := o.Now.Add(-26 * time.Minute)
	call := contact{device: personnelDevice, action: "ConnectionSuccess", program: "powershell.exe/doc", target: web(c2IP, "", "")}
	list := beacons(last, 31, call, rng)
	for i := range list {
		if i%4 == 3 {
			list[i].target.ip = c2MappedIP
		}
	}
	for i := 0; i < 6; i++ {
		seen := list[i*5]
		seen.at = seen.at.Add(120 * time.Millisecond)
		seen.action, seen.program = "SslConnectionInspected", ""
		seen.target = web(c2IP, c2Host, "")
		list = append(list, seen)
	}
	return list
}

// lateralStory: later, from a service on another device, to the API host over
// IPv6.
func lateralStory(o FleetOptions, rng *rand.Rand) []contact {
	call := contact{device: lateralDevice, action: "ConnectionSuccess", program: "rundll32.exe/sync", target: web(c2IPv6, c2APIHost, "https://api.cdn-sync.example/v2/poll")}
	return beacons(o.Now.Add(-11*time.Minute), 37, call, rng)
}

// failedStory: the firewall of this device does not let the call out.
func failedStory(o FleetOptions, _ *rand.Rand) []contact {
	return []contact{
		{at: o.Now.Add(-3*time.Hour - 17*time.Minute), device: failedDevice, action: "ConnectionFailed", program: "excel.exe/dde", target: web(c2IP, c2Host, c2Host)},
	}
}

// neighbours: harmless traffic that a careless hunt mixes up with the story.
func neighbours(o FleetOptions, rng *rand.Rand) []contact {
	var list []contact
	for i, name := range []string{"WS-LEG-003", "WS-LEG-018"} {
		for visit := range 3 + i {
			list = append(list, contact{at: o.Now.Add(-time.Duration(visit*26+5+i) * time.Hour), device: name, action: "ConnectionSuccess", program: "chrome.exe", target: web(neighbourIP, "forms.partner.example", "forms.partner.example")})
		}
	}
	for i, name := range []string{"WS-ENG-051", "WS-SAL-022", "WS-OPS-115"} {
		at := o.Now.Add(-time.Duration(30+7*i)*time.Hour - time.Duration(rng.IntN(50))*time.Minute)
		list = append(list, contact{at: at, device: name, action: "ConnectionSuccess", program: "msedge.exe", target: web("192.0.2.45", similarHost, similarHost)})
	}
	for i, name := range []string{"WS-ENG-044", "WS-OPS-115"} {
		for try := range 4 {
			action := "ConnectionFailed"
			if try == 3 {
				action = "ConnectionAttempt"
			}
			list = append(list, contact{at: o.Now.Add(-time.Duration(20+i)*time.Hour - time.Duration(try)*time.Minute), device: name, action: action, program: "java.exe", target: target{triedIP, 8080, "", "Tcp", ""}})
		}
	}
	return list
}

// sweepStory: what two morning sweeps see differently.
func sweepStory(o FleetOptions, rng *rand.Rand) []contact {
	var list []contact
	for i, name := range []string{"WS-SAL-022", "WS-SAL-047"} {
		for n := range 4 {
			list = append(list, contact{at: o.Now.Add(-time.Duration(3+4*n+i)*time.Hour - time.Duration(rng.IntN(30))*time.Minute), device: name, action: "ConnectionSuccess", program: "mshta.exe", target: web(newIP, "", "")})
		}
	}
	for n := range 2 {
		list = append(list, contact{at: o.Now.Add(-6*time.Hour - time.Duration(n)*time.Minute), device: "WS-MKT-009", action: "ConnectionFailed", program: "msedge.exe", target: web(phishingIP, phishingHost, "https://dl-upd.example/flash/setup.exe")})
	}
	for back := range min(o.Days, 12) {
		for i, name := range []string{"WS-ENG-044", "WS-ENG-051"} {
			list = append(list, contact{at: o.Now.Add(-time.Duration(back)*day - time.Duration(7+i)*time.Hour), device: name, action: "ConnectionSuccess", program: "curl.exe", target: web(stillIP, "", "")})
		}
	}
	for n := range 3 {
		list = append(list, contact{at: o.Now.Add(-2*day - time.Duration(4+n)*time.Hour), device: "WS-ENG-044", action: "ConnectionSuccess", program: "certutil.exe", target: target{goneIP, 80, "", "Tcp", "http://203.0.113.120/a.txt"}})
	}
	return list
}
