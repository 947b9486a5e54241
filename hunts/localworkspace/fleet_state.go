package localworkspace

import (
	"time"

	"github.com/footprint-soc/footprint/hunts/kql"
)

// deviceInfo is DeviceInfo: a row every third day for each device until its
// sensor fell silent, the newest within the last day for those that report.
func (f *fleet) deviceInfo() *kql.Table {
	s := newSheet("DeviceInfo")
	rng := seeded(f.opts.Seed, 4)
	for i := range f.devices {
		d := &f.devices[i]
		identity := s.identity(d)
		kind, system, build := "Workstation", "Windows11", int64(22631)
		if d.server {
			kind, system, build = "Server", "WindowsServer2022", 20348
		}
		last := f.newest.Add(-time.Duration(rng.IntN(20*60)) * time.Minute)
		health := "Active"
		if !d.lastSeen.IsZero() {
			last, health = d.lastSeen, "Inactive"
		}
		for back := 9; back >= 0; back-- {
			at := last.Add(-time.Duration(back) * 3 * day)
			if back > 0 && f.now.Sub(at) > time.Duration(f.opts.Days)*day {
				continue
			}
			s.begin()
			s.apply(identity)
			s.time(timeColumn, at)
			s.text("OSPlatform", system)
			s.long("OSBuild", build)
			s.text("OSArchitecture", "64-bit")
			s.text("DeviceType", kind)
			s.text("DeviceCategory", "Endpoint")
			s.text("OnboardingStatus", "Onboarded")
			s.text("SensorHealthState", "Active")
			if back == 0 {
				s.text("SensorHealthState", health)
			}
			s.text("ClientVersion", "10.8760.26100.1")
			s.text("ExposureLevel", "Medium")
			s.set("IsAzureADJoined", kql.BoolValue(!d.server))
			if d.user != "" {
				user := kql.NewBag()
				user.Set("UserName", d.user)
				user.Set("DomainName", "corp")
				s.set("LoggedOnUsers", kql.DynamicValue([]any{user}))
			}
			s.add()
		}
	}
	return s.builder.Table()
}

// addressesEvery is how often a device tells its addresses.
const addressesEvery = 20 * time.Hour

// deviceNetworkInfo is DeviceNetworkInfo: the addresses of each device, as long as
// its sensor reports.
func (f *fleet) deviceNetworkInfo() *kql.Table {
	s := newSheet("DeviceNetworkInfo")
	dns := kql.DynamicValue([]any{resolverA, resolverB})
	oldest := f.now.Add(-time.Duration(f.opts.Days) * day)
	for i := range f.devices {
		d := &f.devices[i]
		at := f.newest.Add(-time.Duration(i%600) * time.Minute)
		if !d.lastSeen.IsZero() {
			at = d.lastSeen
		}
		address := kql.NewBag()
		address.Set("IPAddress", d.ip)
		address.Set("SubnetPrefix", int64(16))
		address.Set("AddressType", "Private")
		addresses, identity := kql.DynamicValue([]any{address}), s.identity(d)
		for ; at.After(oldest); at = at.Add(-addressesEvery) {
			s.begin()
			s.apply(identity)
			s.time(timeColumn, at)
			s.set("IPAddresses", addresses)
			s.set("DnsAddresses", dns)
			s.text("NetworkAdapterStatus", "Up")
			s.text("NetworkAdapterType", "Ethernet")
			s.add()
		}
	}
	return s.builder.Table()
}

// Everyday events of the other tables, per device over the whole time. They are
// the background against which the story is seen, not a model of a company.
const (
	processesPerDevice = 8
	filesPerDevice     = 4
	eventsPerDevice    = 4
)

// processes is the everyday part of DeviceProcessEvents.
func (f *fleet) processes() *kql.Table {
	s := newSheet("DeviceProcessEvents")
	rng := seeded(f.opts.Seed, 5)
	kinds := []struct{ program, by string }{
		{"msedge.exe", "explorer.exe"}, {"chrome.exe", "explorer.exe"}, {"outlook.exe", "explorer.exe"}, {"updater.exe", "svchost.exe/update"},
		{"svchost.exe/update", "services.exe"}, {"chat.exe", "explorer.exe"}, {"winword.exe", "outlook.exe"},
	}
	f.everyday(processesPerDevice, 6, func(d *device, at time.Time) {
		kind := kinds[rng.IntN(len(kinds))]
		f.process(s, started{at, d.name, kind.program, kind.by, int64(1000 + 4*rng.IntN(4000)), int64(600 + 4*rng.IntN(900))}, int64(rng.IntN(90_000)))
	})
	return s.builder.Table()
}

// files is the everyday part of DeviceFileEvents.
func (f *fleet) files() *kql.Table {
	s := newSheet("DeviceFileEvents")
	rng := seeded(f.opts.Seed, 7)
	kinds := []droppedFile{
		{program: "msedge.exe", name: "report.pdf", path: `C:\Users\Public\Downloads\report.pdf`, originURL: "https://wiki.example/files/report.pdf", originIP: "192.0.2.30", referer: "https://wiki.example/"},
		{program: "chrome.exe", name: "form.docx", path: `C:\Users\Public\Downloads\form.docx`, originURL: "https://partner.example:8443/form.docx", originIP: "192.0.2.32"},
		{program: "updater.exe", name: "package.cab", path: `C:\ProgramData\Vendor\package.cab`},
		{program: "svchost.exe/update", name: "update.cab", path: `C:\Windows\SoftwareDistribution\update.cab`},
	}
	f.everyday(filesPerDevice, 8, func(d *device, at time.Time) {
		file := kinds[rng.IntN(len(kinds))]
		file.at, file.device = at, d.name
		f.file(s, file, int64(rng.IntN(90_000)))
	})
	return s.builder.Table()
}

// deviceEvents is the everyday part of DeviceEvents.
func (f *fleet) deviceEvents() *kql.Table {
	s := newSheet("DeviceEvents")
	rng := seeded(f.opts.Seed, 9)
	f.everyday(eventsPerDevice, 10, func(d *device, at time.Time) {
		e := otherEvent{at: at, device: d.name, program: "svchost.exe/dns", action: "DnsQueryResponse", query: queriedNames[rng.IntN(len(queriedNames))]}
		if rng.IntN(4) == 0 {
			e = otherEvent{at: at, device: d.name, program: "outlook.exe", action: "BrowserLaunchedToOpenUrl", url: "https://news.daily.example/world/index.html"}
		}
		f.event(s, e, int64(rng.IntN(90_000)))
	})
	return s.builder.Table()
}

// everyday calls back so many times per device at times before its last report.
func (f *fleet) everyday(perDevice int, part uint64, each func(*device, time.Time)) {
	rng := seeded(f.opts.Seed, part)
	span := time.Duration(f.opts.Days) * day
	for i := range f.devices {
		d := &f.devices[i]
		for range perDevice {
			at := f.newest.Add(-time.Duration(rng.Int64N(int64(span/100))) * 100)
			if d.lastSeen.IsZero() || at.Before(d.lastSeen) {
				each(d, at)
			}
		}
	}
}
