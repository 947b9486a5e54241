package localworkspace

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/footprint-soc/footprint/hunts/kql"
)

// incidentNumber is the Sentinel incident of the story.
const incidentNumber = 4711

const storyAlert = "a1e47000-0000-4000-8000-000000004711"

// incidents is SecurityIncident: one row per change, as a workspace keeps it, so
// that whoever reads the first row only is wrong. A second incident is closed.
func (f *fleet) incidents() *kql.Table {
	first := f.now.Add(-storyAge)
	owner := bagOf("assignedTo", "Ana Sousa", "email", "ana.sousa@corp.example", "userPrincipalName", "ana.sousa@corp.example")
	nobody := bagOf("assignedTo", "", "email", "", "userPrincipalName", "")
	s := newSheet("SecurityIncident")
	change := func(number int32, title, severity, status string, created, modified time.Time, owner kql.Value, alert string) {
		s.begin()
		s.time(timeColumn, modified)
		s.set("IncidentNumber", kql.IntValue(number))
		s.text("IncidentName", fmt.Sprintf("1c1de470-0000-4000-8000-%012d", number))
		s.text("Title", title)
		s.text("Description", "Made up by the demo.")
		s.text("Severity", severity)
		s.text("Status", status)
		s.time("CreatedTime", created)
		s.time("LastModifiedTime", modified)
		s.time("FirstActivityTime", created.Add(-10*time.Minute))
		s.time("LastActivityTime", modified)
		s.set("Owner", owner)
		s.set("AlertIds", kql.DynamicValue([]any{alert}))
		s.text("IncidentUrl", fmt.Sprintf("https://portal.example/incident/%d", number))
		s.text("ProviderName", "Azure Sentinel")
		s.text("ProviderIncidentId", fmt.Sprint(number))
		s.add()
	}
	const title = "Beacon to a rare host by PowerShell from Word"
	change(incidentNumber, title, "Medium", "New", first.Add(30*time.Minute), first.Add(30*time.Minute), nobody, storyAlert)
	change(incidentNumber, title, "High", "Active", first.Add(30*time.Minute), f.now.Add(-90*time.Minute), owner, storyAlert)
	const other = "a1e47000-0000-4000-8000-000000004690"
	change(4690, "Downloads by curl from a numeric address", "Low", "New", f.now.Add(-9*day), f.now.Add(-9*day), nobody, other)
	change(4690, "Downloads by curl from a numeric address", "Low", "Closed", f.now.Add(-9*day), f.now.Add(-7*day), owner, other)
	return s.builder.Table()
}

// entity is one entry of an alert's Entities, as Sentinel writes them.
type entity map[string]any

// alerts is SecurityAlert; Entities is JSON in a string.
func (f *fleet) alerts() *kql.Table {
	first := f.now.Add(-storyAge)
	_, _, dll := fileHashes("sync.dll")
	s := newSheet("SecurityAlert")
	alert := func(id, name, severity string, at time.Time, device string, entities []entity) {
		text, err := json.Marshal(entities)
		if err != nil {
			panic("the demo's own entities: " + err.Error())
		}
		s.begin()
		s.time(timeColumn, at)
		s.time("StartTime", at.Add(-20*time.Minute))
		s.time("EndTime", at)
		s.text("SystemAlertId", id)
		s.text("AlertName", name)
		s.text("DisplayName", name)
		s.text("AlertSeverity", severity)
		s.text("Status", "New")
		s.text("CompromisedEntity", device)
		s.text("ProviderName", "ASI Scheduled Alerts")
		s.text("ProductName", "Azure Sentinel")
		s.text("VendorName", "Microsoft")
		s.text("Tactics", "CommandAndControl")
		s.text("Techniques", `["T1071"]`)
		s.text("Entities", string(text))
		s.text("ExtendedProperties", `{"Query Period":"01:00:00","Trigger Operator":"GreaterThan"}`)
		s.add()
	}
	alert(storyAlert, "Beacon to a rare host by PowerShell from Word", "Medium", first.Add(25*time.Minute), financeDevice, []entity{
		{"$id": "1", "HostName": financeDevice, "OSFamily": "Windows", "Type": "host"},
		{"$id": "2", "Address": c2IP, "Type": "ip"},
		{"$id": "3", "DomainName": c2Host, "Type": "dns"},
		{"$id": "4", "Url": "https://cdn-sync.example/dl/sync.dll", "Type": "url"},
		{"$id": "5", "Algorithm": "SHA256", "Value": dll, "Type": "filehash"},
		{"$id": "6", "Name": "sync.dll", "Directory": `C:\ProgramData\cdnsync`, "FileHashes": []entity{{"$ref": "5"}}, "Type": "file"},
		{"$id": "7", "Name": f.byName[financeDevice].user, "NTDomain": "corp", "Type": "account"},
	})
	alert("a1e47000-0000-4000-8000-000000004690", "Downloads by curl from a numeric address", "Low", f.now.Add(-9*day), "WS-ENG-044", []entity{
		{"$id": "1", "HostName": "WS-ENG-044", "OSFamily": "Windows", "Type": "host"},
		{"$id": "2", "Address": stillIP, "Type": "ip"},
	})
	return s.builder.Table()
}

// tip is one threat-intelligence indicator.
type tip struct {
	id, key, value, source string
	confidence             int32
	seen                   time.Time
	until                  time.Duration // from now; 0 is no end
	active, revoked        bool
}

// threatIntel is ThreatIntelIndicators, with what a reader must cope with: the
// same id again, an old state that is no longer true, expired and revoked ones.
func (f *fleet) threatIntel() *kql.Table {
	ago := func(d time.Duration) time.Time { return f.now.Add(-d) }
	list := []tip{
		{"indicator--c2-1", "ipv4-addr:value", c2IP, "ISAC", 90, ago(5 * time.Hour), 30 * day, true, false},
		{"indicator--c2-2", "domain-name:value", c2Host, "ISAC", 90, ago(5 * time.Hour), 30 * day, true, false},
		{"indicator--new-1", "ipv4-addr:value", newIP, "Feed A", 85, ago(20 * time.Hour), 14 * day, true, false},
		{"indicator--new-1", "ipv4-addr:value", newIP, "Feed A", 40, ago(4 * day), 14 * day, true, false},
		{"indicator--phish-1", "domain-name:value", phishingHost, "Feed A", 70, ago(12 * time.Hour), 0, true, false},
		{"indicator--still-1", "ipv4-addr:value", stillIP, "Feed B", 75, ago(10 * day), 60 * day, true, false},
		{"indicator--gone-1", "ipv4-addr:value", goneIP, "Feed B", 60, ago(8 * day), 60 * day, true, false},
		{"indicator--clean-1", "ipv4-addr:value", cleanIP, "Feed B", 60, ago(3 * day), 60 * day, true, false},
		{"indicator--old-1", "ipv4-addr:value", neighbourIP, "Feed B", 60, ago(25 * day), -3 * day, true, false},
		{"indicator--rev-1", "domain-name:value", noisyHost, "Feed A", 20, ago(2 * day), 60 * day, false, true},
		{"indicator--rev-1", "domain-name:value", noisyHost, "Feed A", 80, ago(6 * day), 60 * day, true, false},
		{"indicator--hash-1", "file:hashes.'SHA-256'", third(fileHashes("sync.dll")), "ISAC", 95, ago(4 * time.Hour), 90 * day, true, false},
		{"indicator--wide-1", "ipv4-addr:value", "198.0.0.0/8", "Feed B", 30, ago(3 * day), 60 * day, true, false},
	}
	s := newSheet("ThreatIntelIndicators")
	for _, t := range list {
		s.begin()
		s.time(timeColumn, t.seen)
		s.text("Id", t.id)
		s.text("ObservableKey", t.key)
		s.text("ObservableValue", t.value)
		s.text("Pattern", fmt.Sprintf("[%s = '%s']", t.key, t.value))
		s.text("SourceSystem", t.source)
		s.set("Confidence", kql.IntValue(t.confidence))
		s.set("IsActive", kql.BoolValue(t.active))
		s.set("IsDeleted", kql.BoolValue(false))
		s.set("Revoked", kql.BoolValue(t.revoked))
		s.time("ValidFrom", t.seen)
		s.time("Created", t.seen)
		s.time("Modified", t.seen)
		if t.until != 0 {
			s.time("ValidUntil", f.now.Add(t.until))
		}
		s.set("AdditionalFields", bagOf("TLPLevel", "amber"))
		s.add()
	}
	return s.builder.Table()
}

func third(_, _, sha256Text string) string { return sha256Text }

// watchlist is the rows behind _GetWatchlist('footprint-iocs').
func (f *fleet) watchlist() *kql.Table {
	s := newSheet("Watchlist")
	for i, item := range []struct{ value, kind, note string }{
		{newIP, "ip", "C2, from the ISAC"}, {phishingHost, "domain", "phishing page"}, {stillIP, "ip", "INC-4690"}, {goneIP, "ip", ""}, {cleanIP, "ip", ""},
	} {
		s.begin()
		s.time(timeColumn, f.now.Add(-2*day))
		s.time("LastUpdatedTimeUTC", f.now.Add(-2*day))
		s.text("WatchlistAlias", "footprint-iocs")
		s.text("WatchlistName", "Indicators to sweep")
		s.text("WatchlistItemId", fmt.Sprintf("1e4a0000-0000-4000-8000-%012d", i))
		s.text("_DTItemId", fmt.Sprintf("1e4a0000-0000-4000-8000-%012d", i))
		s.text("_DTItemType", "watchlist-item")
		s.text("_DTItemStatus", "Create")
		s.text("SearchKey", item.value)
		s.text("Provider", "Custom")
		s.set("WatchlistItem", bagOf("Indicator", item.value, "Type", item.kind, "Note", item.note))
		s.add()
	}
	return s.builder.Table()
}

func bagOf(pairs ...string) kql.Value {
	bag := kql.NewBag()
	for i := 0; i+1 < len(pairs); i += 2 {
		bag.Set(pairs[i], pairs[i+1])
	}
	return kql.DynamicValue(bag)
}
