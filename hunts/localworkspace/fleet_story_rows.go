package localworkspace

import (
	"strconv"
	"time"

	"github.com/footprint-soc/footprint/hunts/kql"
)

// storyNetwork writes the contacts as rows.
func (f *fleet) storyNetwork() *kql.Table {
	n := newNetworkSheet()
	rng := seeded(f.opts.Seed, 3)
	for _, c := range f.story {
		d := f.byName[c.device]
		r := row{at: c.at, device: d, action: c.action, program: c.program, target: c.target}
		if c.program == "rundll32.exe/sync" {
			r.pid = syncPID
		}
		switch {
		case c.query != "":
			r.detail = n.bag("direction", "Out", "conn_state", "SF", "query", c.query, "qtype_name", "A", "rcode_name", "NOERROR")
		case c.count > 0:
			r.detail = n.bag("uniqueEventsAggregated", strconv.Itoa(c.count))
		default:
			r.detail = n.detail(c.action, c.target, rng)
		}
		n.write(r, n.identity(d), n.account(d, programs[c.program]), rng)
	}
	return n.builder.Table()
}

// started is one process creation.
type started struct {
	at      time.Time
	device  string
	program string // key of programs
	by      string // key of programs of the parent
	pid     int64
	parent  int64
}

// storyProcesses is the lineage of the story: outlook → winword → powershell, and
// services → rundll32 on the device reached last.
func (f *fleet) storyProcesses() *kql.Table {
	first := f.now.Add(-storyAge)
	personnel, lateral := f.now.Add(-58*time.Minute), f.now.Add(-48*time.Minute)
	failed := f.now.Add(-3*time.Hour - 17*time.Minute)
	list := []started{
		{first.Add(-9 * time.Hour), financeDevice, "outlook.exe", "explorer.exe", 6120, 4044},
		{first.Add(-3 * time.Minute), financeDevice, "winword.exe", "outlook.exe", 8812, 6120},
		{first.Add(-5 * time.Second), financeDevice, "powershell.exe/doc", "winword.exe", 9944, 8812},
		{first.Add(2 * time.Minute), financeDevice, "whoami.exe", "powershell.exe/doc", 10312, 9944},
		{personnel.Add(-5 * time.Hour), personnelDevice, "outlook.exe", "explorer.exe", 5332, 3980},
		{personnel.Add(-1 * time.Minute), personnelDevice, "winword.exe", "outlook.exe", 7720, 5332},
		{personnel, personnelDevice, "powershell.exe/doc", "winword.exe", 7904, 7720},
		{lateral, lateralDevice, "rundll32.exe/sync", "services.exe", syncPID, 712},
		{failed.Add(-2 * time.Hour), failedDevice, "outlook.exe", "explorer.exe", 4480, 3120},
		{failed.Add(-20 * time.Second), failedDevice, "excel.exe/dde", "outlook.exe", 6644, 4480},
		{f.now.Add(-20 * time.Hour), "WS-SAL-022", "mshta.exe", "explorer.exe", 9012, 3300},
		{f.now.Add(-21 * time.Hour), "WS-SAL-047", "mshta.exe", "explorer.exe", 8044, 3560},
	}
	s := newSheet("DeviceProcessEvents")
	for i, p := range list {
		f.process(s, p, int64(90_000+i))
	}
	return s.builder.Table()
}

func (f *fleet) process(s *sheet, p started, report int64) {
	d, prog := f.byName[p.device], programs[p.program]
	md5Text, sha1Text, sha256Text := fileHashes(prog.file)
	s.begin()
	s.apply(s.identity(d))
	s.apply(s.initiating(programs[p.by]))
	s.apply(s.account(d, programs[p.by]))
	s.time(timeColumn, p.at)
	s.time("ProcessCreationTime", p.at)
	s.text("ActionType", "ProcessCreated")
	s.text("FileName", prog.file)
	s.text("FolderPath", prog.folder)
	s.text("ProcessCommandLine", prog.command)
	s.text("MD5", md5Text)
	s.text("SHA1", sha1Text)
	s.text("SHA256", sha256Text)
	s.long("ProcessId", p.pid)
	s.long("InitiatingProcessId", p.parent)
	s.long("ReportId", report)
	domain, name := "corp", d.user
	if prog.system || d.user == "" {
		domain, name = "nt authority", "system"
	}
	s.text("AccountDomain", domain)
	s.text("AccountName", name)
	s.add()
}

// droppedFile is one file creation, with where it came from when that is known.
type droppedFile struct {
	at                           time.Time
	device, program, name, path  string
	originURL, originIP, referer string
}

// storyFiles is what the story left on disks.
func (f *fleet) storyFiles() *kql.Table {
	first := f.now.Add(-storyAge)
	list := []droppedFile{
		{first.Add(-3 * time.Minute), financeDevice, "outlook.exe", "Invoice-7731.docm", `C:\Users\Public\Downloads\Invoice-7731.docm`, "https://mail.suite.example/attachment/7731", "", ""},
		{first.Add(4 * time.Minute), financeDevice, "powershell.exe/doc", "sync.dll", `C:\ProgramData\cdnsync\sync.dll`, "https://cdn-sync.example/dl/sync.dll", c2IP, ""},
		{f.now.Add(-59 * time.Minute), personnelDevice, "outlook.exe", "Invoice-7731.docm", `C:\Users\Public\Downloads\Invoice-7731.docm`, "https://mail.suite.example/attachment/7731", "", ""},
		{f.now.Add(-49 * time.Minute), lateralDevice, "System", "sync.dll", `C:\ProgramData\cdnsync\sync.dll`, "", "", ""},
		{f.now.Add(-21 * time.Hour), "WS-SAL-022", "msedge.exe", "offer.hta", `C:\Users\Public\Downloads\offer.hta`, "http://192.0.2.140/offer.hta", newIP, "https://mail.suite.example/"},
	}
	s := newSheet("DeviceFileEvents")
	for i, file := range list {
		f.file(s, file, int64(91_000+i))
	}
	return s.builder.Table()
}

func (f *fleet) file(s *sheet, file droppedFile, report int64) {
	d, p := f.byName[file.device], programs[file.program]
	md5Text, sha1Text, sha256Text := fileHashes(file.name)
	s.begin()
	s.apply(s.identity(d))
	s.apply(s.initiating(p))
	s.apply(s.account(d, p))
	s.time(timeColumn, file.at)
	s.text("ActionType", "FileCreated")
	s.text("FileName", file.name)
	s.text("FolderPath", file.path)
	s.text("FileOriginUrl", file.originURL)
	s.text("FileOriginIP", file.originIP)
	s.text("FileOriginReferrerUrl", file.referer)
	s.text("MD5", md5Text)
	s.text("SHA1", sha1Text)
	s.text("SHA256", sha256Text)
	s.long("ReportId", report)
	s.add()
}

// otherEvent is one row of DeviceEvents.
type otherEvent struct {
	at                      time.Time
	device, program, action string
	url, ip                 string
	port                    int32
	query                   string
}

// storyEvents is what DeviceEvents holds of the story: name look-ups, and one
// call that network protection blocked on the device that never got through.
func (f *fleet) storyEvents() *kql.Table {
	first := f.now.Add(-storyAge)
	list := []otherEvent{
		{at: first.Add(-time.Second), device: financeDevice, program: "powershell.exe/doc", action: "DnsQueryResponse", query: c2Host},
		{at: f.now.Add(-57 * time.Minute), device: personnelDevice, program: "powershell.exe/doc", action: "DnsQueryResponse", query: c2Host},
		{at: f.now.Add(-47 * time.Minute), device: lateralDevice, program: "rundll32.exe/sync", action: "DnsQueryResponse", query: c2APIHost},
		{at: f.now.Add(-3*time.Hour - 16*time.Minute), device: failedDevice, program: "excel.exe/dde", action: "ExploitGuardNetworkProtectionBlocked", url: c2Host, ip: c2IP, port: 443},
		{at: f.now.Add(-6 * time.Hour), device: "WS-MKT-009", program: "msedge.exe", action: "SmartScreenUrlWarning", url: "https://dl-upd.example/flash/setup.exe"},
		{at: f.now.Add(-6*time.Hour - time.Second), device: "WS-MKT-009", program: "msedge.exe", action: "BrowserLaunchedToOpenUrl", url: "https://dl-upd.example/flash/setup.exe"},
	}
	s := newSheet("DeviceEvents")
	for i, e := range list {
		f.event(s, e, int64(92_000+i))
	}
	return s.builder.Table()
}

func (f *fleet) event(s *sheet, e otherEvent, report int64) {
	d, p := f.byName[e.device], programs[e.program]
	s.begin()
	s.apply(s.identity(d))
	s.apply(s.initiating(p))
	s.apply(s.account(d, p))
	s.time(timeColumn, e.at)
	s.text("ActionType", e.action)
	s.text("RemoteUrl", e.url)
	s.text("RemoteIP", e.ip)
	if e.port != 0 {
		s.set("RemotePort", kql.IntValue(e.port))
	}
	if e.query != "" {
		bag := kql.NewBag()
		bag.Set("DnsQueryString", e.query)
		s.set("AdditionalFields", kql.DynamicValue(bag))
	}
	s.long("ReportId", report)
	s.add()
}
