package upstream

import (
	"regexp"
	"slices"
	"strings"

	"github.com/footprint-soc/footprint/hunts/kql"
)

// Tables are those that a query reads, the one whose coverage counts first: what
// requiredDataConnectors names and the query reads, or else the first that the query
// reads.
func (f File) Tables(refs kql.References) []string {
	var read []string
	for _, t := range refs.Tables {
		if identifier.MatchString(t.Name) && !slices.Contains(read, t.Name) {
			read = append(read, t.Name)
		}
	}
	var named []string
	for _, c := range f.Connectors {
		for _, t := range c.Tables {
			t, _, _ = strings.Cut(strings.TrimSpace(t), " ") // "SecurityAlert (ASC)"
			if identifier.MatchString(t) {
				named = append(named, t)
			}
		}
	}
	if len(refs.Tables) == 0 { // the evaluator does not know the query: its words tell
		code := Code(f.Query)
		for _, t := range append(named, wordTables(code)...) {
			if !slices.Contains(read, t) && regexp.MustCompile(`\b`+t+`\b`).MatchString(code) {
				read = append(read, t)
			}
		}
	}
	slices.SortStableFunc(read, func(a, b string) int {
		return rank(named, a) - rank(named, b)
	})
	return read
}

// rank puts what is named before what is not, in the order of the query.
func rank(named []string, table string) int {
	if slices.Contains(named, table) {
		return 0
	}
	return 1
}

var tableWord = regexp.MustCompile(`\b(?:Device[A-Z]\w+|Email[A-Z]\w+|UrlClickEvents|Identity[A-Z]\w+Events|CloudAppEvents|AlertInfo|AlertEvidence|SigninLogs|AuditLogs|SecurityEvent|SecurityAlert|Syslog|CommonSecurityLog|OfficeActivity|AzureActivity|DnsEvents|WindowsEvent)\b`)

// wordTables are the tables that a text names, by the names that there are.
func wordTables(code string) []string {
	var out []string
	for _, w := range tableWord.FindAllString(code, -1) {
		if !strings.HasPrefix(w, "DeviceName") && !strings.HasPrefix(w, "DeviceId") && !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}

// Role is what a column of a row tells of it.
type Role string

// The roles, in the order in which a row is shown.
const (
	Time       Role = "time"
	Device     Role = "device"
	Account    Role = "account"
	Process    Role = "process"
	Command    Role = "command_line"
	Parent     Role = "parent"
	RemoteHost Role = "remote_host"
	RemoteIP   Role = "remote_ip"
	Action     Role = "action"
)

// Roles are all of them.
func Roles() []Role {
	return []Role{Time, Device, Account, Process, Command, Parent, RemoteHost, RemoteIP, Action}
}

// standard are the names that columns of a role have; the first that a row fills
// counts.
var standard = map[Role][]string{
	Time:       {"TimeGenerated", "Timestamp", "max_TimeGenerated", "max_Timestamp", "LastSeen", "EndTime", "EndTimeUtc", "EndTimeUTC", "LastActivity", "min_TimeGenerated", "min_Timestamp", "FirstSeen", "StartTime", "StartTimeUtc", "EventTime", "LastTime", "FirstTime"},
	Device:     {"DeviceName", "Computer", "HostName", "Hostname", "DvcHostname", "SrcHostname", "HostCustomEntity", "DeviceDisplayName", "SourceHostName", "Workstation", "WorkstationName", "CompromisedEntity", "DeviceId"},
	Account:    {"AccountName", "InitiatingProcessAccountName", "AccountUpn", "InitiatingProcessAccountUpn", "UserPrincipalName", "Account", "TargetUserName", "SubjectUserName", "AccountDisplayName", "AccountCustomEntity", "UserId", "Caller", "User", "UserName", "ActorUsername", "RecipientEmailAddress", "SenderFromAddress", "SourceUserName", "DestinationUserName", "InitiatedBy"},
	Process:    {"InitiatingProcessFileName", "ProcessName", "NewProcessName", "Process", "FileName", "SourceProcessName"},
	Command:    {"ProcessCommandLine", "InitiatingProcessCommandLine", "CommandLine"},
	Parent:     {"InitiatingProcessParentFileName", "ParentProcessName", "ParentFileName"},
	RemoteHost: {"RemoteUrl", "Url", "UrlDomain", "RequestURL", "DestinationHostName", "DomainName", "DnsQuery", "DnsQueryString", "Name", "DestinationHostname", "URLCustomEntity", "FileOriginUrl"},
	RemoteIP:   {"RemoteIP", "IPAddress", "DestinationIP", "DstIpAddr", "ClientIP", "SourceIP", "SrcIpAddr", "CallerIpAddress", "IPAddresses", "IPCustomEntity", "ClientIPAddress", "FileOriginIP", "SenderIPv4"},
	Action:     {"ActionType", "OperationName", "Operation", "EventType", "Activity", "EventID"},
}

// entities are what the schema of entityMappings calls the same.
var entities = map[Role][]string{
	Device:     {"Host.FullName", "Host.HostName", "Host.NetBiosName", "Host.AzureID", "AzureResource.ResourceId"},
	Account:    {"Account.FullName", "Account.Name", "Account.DisplayName", "Account.AadUserId", "Account.Sid", "Mailbox.MailboxPrimaryAddress", "Mailbox.DisplayName"},
	Process:    {"File.Name", "FileHash.Value"},
	Command:    {"Process.CommandLine"},
	RemoteHost: {"URL.Url", "DNS.DomainName"},
	RemoteIP:   {"IP.Address"},
}

// Candidates are the columns in which a role of a row may stand, the likeliest first.
// What there is of them is known when the query runs.
func (f File) Candidates(role Role, table string) []string {
	var out []string
	for _, key := range entities[role] {
		if column := f.Entities[key]; column != "" {
			out = append(out, column)
		}
	}
	names := standard[role]
	if role == Account && strings.HasPrefix(table, "Email") { // whose senders are accounts of others
		names = append([]string{"RecipientEmailAddress"}, slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == "SenderFromAddress" || n == "RecipientEmailAddress" })...)
	}
	if table == "DeviceProcessEvents" { // whose rows are about what was started
		switch role {
		case Process:
			names = append([]string{"FileName"}, names...)
		case Parent:
			names = append([]string{"InitiatingProcessFileName"}, names...)
		}
	}
	for _, n := range names {
		if !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

// Key are the columns of a result by which a row is known again in the next run: those
// that say what it is about. Times, counts and lists change from run to run.
func Key(columns []Column, roles map[Role]string) []string {
	var out []string
	add := func(name string) {
		if name != "" && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	has := func(name string) bool {
		return slices.ContainsFunc(columns, func(c Column) bool { return c.Name == name })
	}
	for _, role := range []Role{Device, Account, Process, RemoteHost, RemoteIP} {
		if has(roles[role]) {
			add(roles[role])
		}
	}
	for _, name := range about {
		if has(name) {
			add(name)
		}
	}
	if len(columns) <= fewColumns || len(out) == 0 {
		for _, c := range columns {
			if c.Type == "string" && !volatile.MatchString(c.Name) {
				add(c.Name)
			}
		}
	}
	return out
}

// Column is the name and type of one column of a result.
type Column struct{ Name, Type string }

// fewColumns: a query that gives no more has chosen them, and all of its texts say what
// a row is about.
const fewColumns = 8

// about are columns that say what an event is about, in rows with all columns of a
// table.
var about = []string{"FileName", "FolderPath", "SHA256", "SHA1", "RegistryKey", "RegistryValueName", "ActionType", "RemotePort", "Subject", "OperationName", "AppDisplayName", "AlertName", "Title"}

// volatile are columns whose texts are new in each event.
var volatile = regexp.MustCompile(`(?i)^(?:ReportId|Id|CorrelationId|SourceSystem|TenantId|MachineGroup|AdditionalFields|.*(?:ProcessId|LogonId|UniqueId|Time|TimeGenerated|Timestamp)|_.*)$`)
