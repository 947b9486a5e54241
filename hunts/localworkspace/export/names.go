package export

import (
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/footprint-soc/footprint/hunts/kql"
)

// IngestionColumn is what ingestion_time() answers, in any table. No schema lists
// it, and an export has it only when somebody asked for it.
const IngestionColumn = "_IngestionTime"

// fold is how names are compared: tools between portal and file are careless with
// case, spaces and marks that nobody sees.
func fold(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ' || r == '_' || r == '-' || r == '.' || r == 0xfeff || unicode.IsSpace(r) || unicode.Is(unicode.Cf, r):
			return -1
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return r
	}, name)
}

// trimmed takes off what nobody sees at the ends of a name.
func trimmed(name string) string {
	return strings.TrimFunc(name, func(r rune) bool { return unicode.IsSpace(r) || r == 0xfeff || unicode.Is(unicode.Cf, r) })
}

// otherNames are columns that a portal names otherwise than the schema: those of
// the device timeline.
var otherNames = map[string]string{
	"computername": "DeviceName", "machineid": "DeviceId", "machinename": "DeviceName", "remotecomputername": "RemoteDeviceName",
	"initiatingprocessparentname": "InitiatingProcessParentFileName", "initiatingprocessname": "InitiatingProcessFileName",
}

// timeRank are the names of an event's time, the best one with the lowest rank;
// the time of an envelope is that of its arrival.
func timeRank(folded string) (rank uint8, ok bool) {
	switch folded {
	case "timegenerated":
		return 1, true
	case "timestamp", "@timestamp":
		return 2, true
	case "eventtime", "datetime", "eventtimestamp", "timecreated":
		return 3, true
	case "time":
		return 4, true
	}
	return 0, false
}

// routeRank are the names under which a record says its table, the most telling
// one with the lowest rank.
func routeRank(folded string) (rank uint8, ok bool) {
	switch folded {
	case "type", "$table":
		return 1, true
	case "category":
		return 2, true
	case "sourcetable", "tablename", "table", "source":
		return 3, true
	case "actiontype":
		return 4, true
	}
	return 0, false
}

// opensEvent tells the names of the object that holds an event in its envelope.
func opensEvent(name string) bool { return name == "properties" || name == "_source" }

// prefixes are what flattened envelopes put before the names of columns.
var prefixes = []string{"properties.", "properties_", "_source.", "properties/"}

// foldedColumns finds the documented spelling of a column by its folded name.
var foldedColumns = sync.OnceValue(func() map[string]map[string]string {
	out := map[string]map[string]string{}
	for table, columns := range knownTables() {
		names := map[string]string{}
		for _, c := range columns {
			names[fold(c.Name)] = c.Name
		}
		out[table] = names
	}
	return out
})

// columnNamed gives the spelling under which a column of a table is queried. The
// suffix of a type, which custom tables carry, is taken off where the rest is
// documented.
func columnNamed(table, name string) string {
	name = trimmed(name)
	known := foldedColumns()[table]
	for _, p := range prefixes {
		if len(name) > len(p) && strings.EqualFold(name[:len(p)], p) {
			name = name[len(p):]
			break
		}
	}
	if name == IngestionColumn {
		return name
	}
	folded := fold(name)
	if documented, ok := known[folded]; ok {
		return documented
	}
	if other, ok := otherNames[folded]; ok {
		if _, ok := known[fold(other)]; ok {
			return other
		}
	}
	if at := len(name) - 2; at > 0 && name[at] == '_' && strings.IndexByte("sdbtg", name[at+1]) >= 0 {
		if documented, ok := known[fold(name[:at])]; ok {
			return documented
		}
	}
	return name
}

// splitZone cuts the zone that the portal appends to a time column's name:
// "TimeGenerated [UTC]".
func splitZone(name string) (base, zone string) {
	base, zone, ok := strings.Cut(name, "[")
	if base = trimmed(base); !ok || base == "" || !strings.HasSuffix(zone, "]") {
		return name, ""
	}
	return base, strings.TrimSpace(strings.TrimSuffix(zone, "]"))
}

// tableIn finds the name of a documented table within the name of a file or
// folder: DeviceNetworkEvents_2, insights-logs-advancedhunting-devicenetworkevents,
// 2026-11-03 DeviceInfo (1).
func tableIn(name string) string {
	best := ""
	lower := strings.ToLower(name)
	for table := range knownTables() {
		at := strings.Index(lower, strings.ToLower(table))
		if at < 0 || len(table) <= len(best) {
			continue
		}
		if letterAt(lower, at-1) || letterAt(lower, at+len(table)) {
			continue
		}
		best = table
	}
	return best
}

func letterAt(s string, i int) bool { return i >= 0 && i < len(s) && s[i] >= 'a' && s[i] <= 'z' }

// generic are names that browsers, tools and people give to any file.
var generic = []string{"querydata", "query", "newquery", "export", "exported", "results", "result", "data", "events", "event", "output", "out", "logs", "log", "pt1h", "download", "file", "table", "untitled", "timeline", "advancedhunting", "hunting", "huntingresults", "queryresults", "all", "records", "response", "answer"}

// tableOfFile is the table that a file name stands for when nothing else says it;
// "" for names that say nothing.
func tableOfFile(base string) string {
	base = trimmed(base)
	if at := strings.LastIndex(base, "("); at > 0 && strings.HasSuffix(base, ")") {
		base = strings.TrimSpace(base[:at])
	}
	if !isTableName(base) {
		return ""
	}
	plain := strings.TrimRight(fold(base), "0123456789")
	if plain == "" || slices.Contains(generic, plain) || strings.HasPrefix(plain, "part") {
		return ""
	}
	return canonicalTable(base)
}

// routed reads the table off a cell that may name one.
func routed(cell string, rank uint8) string {
	switch {
	case rank == 4:
		return tableOfAction(cell)
	case rank == 2:
		at := strings.LastIndexByte(cell, '-')
		cell = cell[at+1:]
	}
	cell = strings.TrimSpace(cell)
	if table := canonicalTable(cell); knownTables()[table] != nil {
		return table
	}
	if strings.HasSuffix(cell, "_CL") && isTableName(cell) && rank != 4 {
		return cell
	}
	return ""
}

// tableOfAction tells the table of an event of a device by its ActionType, for
// exports that hold several tables and name none: the device timeline.
func tableOfAction(action string) string {
	for _, p := range []struct {
		table string
		words []string
	}{
		{"DeviceNetworkEvents", []string{"ConnectionSuccess", "ConnectionFailed", "ConnectionAttempt", "ConnectionRequest", "ConnectionFound", "ConnectionAcknowledged", "ConnectionSuccessAggregatedReport", "ConnectionFailedAggregatedReport", "InboundConnectionAccepted", "InboundConnectionAttempt", "InboundConnectionBlocked", "InboundInternetScanInspected", "ListeningConnectionCreated", "NetworkSignatureInspected", "DnsConnectionInspected", "SslConnectionInspected", "HttpConnectionInspected", "SshConnectionInspected", "IcmpConnectionInspected", "SmtpConnectionInspected", "FtpConnectionInspected"}},
		{"DeviceProcessEvents", []string{"ProcessCreated", "ProcessCreatedAggregatedReport", "OpenProcess"}},
		{"DeviceFileEvents", []string{"FileCreated", "FileDeleted", "FileModified", "FileRenamed", "FileCreatedAggregatedReport", "FileModifiedAggregatedReport", "FileRenamedAggregatedReport"}},
		{"DeviceRegistryEvents", []string{"RegistryKeyCreated", "RegistryKeyDeleted", "RegistryKeyRenamed", "RegistryValueDeleted", "RegistryValueSet"}},
		{"DeviceImageLoadEvents", []string{"ImageLoaded"}},
		{"DeviceLogonEvents", []string{"LogonSuccess", "LogonFailed", "LogonAttempted", "LogonRequested"}},
	} {
		if slices.Contains(p.words, action) {
			return p.table
		}
	}
	if action != "" && isTableName(action) {
		return "DeviceEvents" // the table of everything else that a sensor reports
	}
	return ""
}

// typeOf is the documented type of a column; false when it is not documented.
func typeOf(table, column string) (kql.Type, bool) {
	if column == TimeColumn || column == IngestionColumn {
		return kql.Datetime, true
	}
	for _, c := range knownTables()[table] {
		if c.Name == column {
			return c.Type, true
		}
	}
	return kql.Unknown, false
}
