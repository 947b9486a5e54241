package localworkspace

import (
	"net/netip"
	"time"

	"github.com/footprint-soc/footprint/hunts/kql"
)

// What only the perimeter sees.
const (
	egressIP   = "192.0.2.250"  // where the company comes from
	printerIP  = "10.30.7.12"   // a printer, which has no sensor
	spareC2IP  = "203.0.113.71" // met by a device whose sensor says nothing in that minute
	gapDevice  = "WS-LEG-018"
	firewallOf = 20 // one of so many connections is logged by the firewall too
)

// firewall is CommonSecurityLog: a part of what the sensors saw on its way out, a
// printer that they can't see, and a connection of a device whose sensor is silent.
func (f *fleet) firewall(network *kql.Table) *kql.Table {
	s := newSheet("CommonSecurityLog")
	pass := func(at time.Time, from, to, host, action string) {
		s.begin()
		s.time(timeColumn, at)
		s.text("DeviceVendor", "Perimeter Ltd")
		s.text("DeviceProduct", "Firewall")
		s.text("DeviceAction", action)
		s.text("SourceIP", from)
		s.text("DestinationIP", to)
		s.text("DestinationHostName", host)
		s.set("DestinationPort", kql.IntValue(443))
		s.add()
	}
	at := map[string]int{}
	for i, c := range network.Columns() {
		at[c.Name] = i
	}
	busy := map[time.Time]bool{} // minutes in which the sensor of the gap speaks
	for row := range network.Len() {
		when := network.Value(row, at[timeColumn]).AsTime()
		if network.Value(row, at["DeviceName"]).Text() == gapDevice {
			busy[when.Truncate(time.Minute)] = true
		}
		to, err := netip.ParseAddr(network.Value(row, at["RemoteIP"]).Text())
		if err != nil || row%firewallOf != 0 || to.Unmap().IsPrivate() || to.Unmap().Is6() || network.Value(row, at["ActionType"]).Text() != "ConnectionSuccess" {
			continue
		}
		pass(when.Add(200*time.Millisecond), network.Value(row, at["LocalIP"]).Text(), to.Unmap().String(), "", "Allow")
	}
	for n := range 3 {
		pass(f.now.Add(-2*time.Hour-time.Duration(n)*time.Minute), printerIP, c2IP, "", "Allow")
	}
	silent := f.now.Add(-90 * time.Minute).Truncate(time.Minute)
	for busy[silent] || busy[silent.Add(-time.Minute)] || busy[silent.Add(time.Minute)] {
		silent = silent.Add(-time.Minute)
	}
	pass(silent.Add(20*time.Second), f.byName[gapDevice].ip, spareC2IP, "", "Allow")
	return s.builder.Table()
}

// signIns is SigninLogs: people sign in from the office, and somebody tries from
// the address of the story.
func (f *fleet) signIns() *kql.Table {
	s := newSheet("SigninLogs")
	sign := func(at time.Time, who, from, result, why, need string) {
		s.begin()
		s.time(timeColumn, at)
		s.text("UserPrincipalName", who)
		s.text("IPAddress", from)
		s.text("ResultType", result)
		s.text("ResultDescription", why)
		s.text("AuthenticationRequirement", need)
		s.text("AppDisplayName", "Office 365")
		s.add()
	}
	f.everyday(1, 23, func(d *device, at time.Time) {
		if d.user != "" {
			sign(at, d.user+corpDomain, egressIP, "0", "", "multiFactorAuthentication")
		}
	})
	ana := f.byName[financeDevice].user + corpDomain
	sign(f.now.Add(-2*day), ana, c2IP, "50126", "Invalid username or password", "singleFactorAuthentication")
	sign(f.now.Add(-2*day+time.Minute), ana, c2IP, "50074", "Strong authentication is required", "multiFactorAuthentication")
	return s.builder.Table()
}

// officeActivity is what people did in Office, all of it from the office.
func (f *fleet) officeActivity() *kql.Table {
	s := newSheet("OfficeActivity")
	f.everyday(1, 24, func(d *device, at time.Time) {
		if d.user == "" {
			return
		}
		s.begin()
		s.time(timeColumn, at)
		s.text("UserId", d.user+corpDomain)
		s.text("ClientIP", egressIP)
		s.text("Operation", "FileAccessed")
		s.text("OfficeWorkload", "SharePoint")
		s.add()
	})
	return s.builder.Table()
}
