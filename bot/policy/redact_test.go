package policy_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/bot/policy"
	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/request"
)

func TestSecretsInCommandLinesAreMasked(t *testing.T) {
	red := policy.NewRedaction(policy.RedactSecrets)
	for _, c := range []struct{ command, secret string }{
		{`tool --password=hunter22 --verbose`, "hunter22"},
		{`tool --password hunter22`, "hunter22"},
		{`tool -Password "hunter22"`, "hunter22"},
		{`tool --password "two words"`, "words"},
		{`tool --password 'two words'`, "words"},
		{`tool /password:"two words" x`, "words"},
		{`app /pwd:hunter22`, "hunter22"},
		{`SET DB_PASSWORD=hunter22&&run`, "hunter22"},
		{`curl -H "Authorization: Bearer abcdef123456" https://x.example`, "abcdef123456"},
		{`curl -H "Authorization: Basic dXNlcjpwYXNz" https://x.example`, "dXNlcjpwYXNz"},
		{`curl -u admin:hunter22 https://x.example`, "hunter22"},
		{`git clone https://bob:hunter22@git.example/x`, "hunter22"},
		{`net use \\srv\share /user:corp\bob hunter22`, "hunter22"},
		{`net user bob hunter22`, "hunter22"},
		{`net.exe user bob hunter22 /add /domain`, "hunter22"},
		{`"C:\Windows\System32\net1.exe" user "bob the builder" hunter22 /add`, "hunter22"},
		{`cmd.exe /c net user bob "hunter 22"`, "22"},
		{`ConvertTo-SecureString "hunter22" -AsPlainText -Force`, "hunter22"},
		{`ConvertTo-SecureString -String 'hunter 22' -AsPlainText`, "hunter"},
		{`ConvertTo-SecureString -AsPlainText -Force hunter22`, "hunter22"},
		{`plink -ssh root@h -pw:hunter22`, "hunter22"},
		{`plink -ssh root@h -pw hunter22`, "hunter22"},
		{`tool -pw "hunter 22"`, "hunter"},
		{`xfreerdp /u:bob /p:hunter22 /v:h`, "hunter22"},
		{`cmdkey /add:h /user:bob /pass:hunter22`, "hunter22"},
		{`tool -u bob -P hunter22`, "hunter22"},
		{`sqlcmd -S h -U sa -P hunter22`, "hunter22"},
		{`wmic /node:h /user:bob /password:hunter22 process`, "hunter22"},
		{`schtasks /create /s h /ru bob /rp hunter22 /tn x`, "hunter22"},
		{`7z.exe a -phunter22 out.7z c:\data`, "hunter22"},
		{`mysql -uroot -phunter22 db`, "hunter22"},
		{`sshpass -p hunter22 ssh bob@h`, "hunter22"},
		{`psexec \\h -u bob -p hunter22 cmd`, "hunter22"},
		{`x {"client_secret": "hunter22"}`, "hunter22"},
		{`azcopy "https://a.blob.example/c?sv=1&sig=hunter22%3D"`, "hunter22"},
		{`x --api-key hunter22`, "hunter22"},
		{`x AccountKey=hunter22;x`, "hunter22"},
		{`aws AKIAIOSFODNN7EXAMPLE`, "AKIAIOSFODNN7EXAMPLE"},
		{`x eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sig-here`, "eyJzdWIiOiIxIn0"},
		{`gh ghp_abcdefghijklmnopqrstuvwxyz0123456789`, "ghp_abcdef"},
	} {
		if got := red.Text(c.command); strings.Contains(got, c.secret) || !strings.Contains(got, "•••") {
			t.Errorf("%s\nreads %s", c.command, got)
		}
	}
	for _, c := range []string{
		`powershell.exe -NoP -ExecutionPolicy Bypass -File C:\x.ps1`,
		`svchost.exe -k netsvcs -p -s Schedule`,
		`chrome.exe --type=renderer --lang=en`,
		`ping -n 4 203.0.113.66`,
		`compass.exe /open file`,
		`net user`,
		`net user bob /active:no`,
		`net user bob *`,
		`net use z: \\srv\share`,
		`ssh -p 2222 bob@h`,
		`nmap -P 443 h`,
		`scp -P 2222 a b`,
		`cp -P /etc/a /etc/b`,
		`msedge.exe -p C:\x`,
	} {
		if got := red.Text(c); got != c {
			t.Errorf("%s\nis changed to %s", c, got)
		}
	}
}

func TestHiddenNamesDoNotComeBackInCommandLines(t *testing.T) {
	a := hunts.Answer{
		Reason:   "2 devices reached it, WS-FIN-014 first",
		ByDevice: []hunts.DeviceResult{{Device: "WS-FIN-014.corp.example", DeviceID: "d-0815", Accounts: []string{"ana.sousa", `CORP\Bob`}, Remotes: []string{"ws-hr-007.corp.example", "cdn.evil.example", "FILESRV"}}},
		Rows:     []hunts.Row{{Device: "ws-fin-014.corp.example", Account: "ANA.SOUSA", Parent: `C:\Users\alice\AppData\x.exe`, RemoteHost: "ws-hr-007.corp.example", DeviceID: "d-0815"}},
		Events: []hunts.Event{
			{Device: "WS-FIN-014.corp.example", Account: "ana.sousa", CommandLine: `C:\Users\ana.sousa\x.exe --host ws-fin-014 --as ana.sousa -o \\WS-FIN-014\c$`},
			{Device: "WS-HR-007.corp.example", Account: "system", CommandLine: `/home/carla/run ` + "for ana.sousa@corp.example and bob, not bobsled or system32"},
		},
		KQL: `let devices = dynamic(["ws-fin-014"]);`,
	}
	a.Coverage.Problems = []string{"no sensor named ws-fin-014 reported in this look-back"}
	h := hunts.Hunt{Request: request.Request{Devices: []string{"WS-FIN-014"}, Why: "ana.sousa called"}, Asker: hunts.Asker{User: "U1", Name: "dora"}}
	seenH, seen := policy.NewRedaction(policy.RedactDevices, policy.RedactUsers).Answered(h, a)
	text, err := json.Marshal([]any{seenH, seen})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ana.sousa", "ws-fin-014", "ws-hr-007", "filesrv", "carla", "alice", `corp\\bob`, " bob,", "d-0815"} {
		if strings.Contains(strings.ToLower(string(text)), name) {
			t.Errorf("%s is in\n%s", name, text)
		}
	}
	for _, kept := range []string{"bobsled", "system32", "cdn.evil.example", `"account":"system"`, "dora"} {
		if !strings.Contains(string(text), kept) {
			t.Errorf("%s is gone from\n%s", kept, text)
		}
	}
	if seen.Rows[0].Device != "device-1" || seen.ByDevice[0].Device != "device-1" || seen.Rows[0].Account != "user-1" || seenH.Request.Devices[0] != "device-1" {
		t.Errorf("the same name is %+v, %+v and %v", seen.Rows[0], seen.ByDevice[0], seenH.Request.Devices)
	}
	if a.Events[0].Device != "WS-FIN-014.corp.example" || h.Request.Devices[0] != "WS-FIN-014" {
		t.Error("the answer itself was changed")
	}
}

// plant fills every text of a value: what holds names gets a name, everything else a
// sentence with all of them and a secret in it.
func plant(v reflect.Value, name string, say func() string, device, account func() string) {
	switch v.Kind() {
	case reflect.String:
		if v.Type() != reflect.TypeFor[string]() {
			return
		}
		switch name {
		case "Device", "Devices", "DeviceID", "RemoteHost", "Remotes", "Remote", "Hosts":
			v.SetString(device())
		case "Account", "Accounts":
			v.SetString(account())
		case "ID", "HuntID", "Team", "User", "Channel", "ThreadTS", "Type":
		default:
			v.SetString(say())
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		plant(v.Elem(), name, say, device, account)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 3, 3))
		for i := range 3 {
			plant(v.Index(i), name, say, device, account)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				plant(v.Field(i), f.Name, say, device, account)
			}
		}
	}
}

func TestNothingThatIsHiddenStandsInAnyFieldOfAnAnswer(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 11))
	for round := range 12 {
		devices := []string{fmt.Sprintf("WS-FIN-%03d.corp.example", random.IntN(1000)), fmt.Sprintf("srv%d", 10+random.IntN(90)), "LAPTOP-ÅSA"}
		accounts := []string{"ana.sousa", `CORP\b.ode`, fmt.Sprintf("svc_%d", random.IntN(1000)), "Jörg Müller", "kim@corp.example"}
		secret := fmt.Sprintf("s3cr3t%d", random.IntN(100000))
		pick := func(list []string) string { return list[random.IntN(len(list))] }
		cased := func(s string) string {
			return []string{s, strings.ToUpper(s), strings.ToLower(s)}[random.IntN(3)]
		}
		say := func() string {
			d, u := cased(pick(devices)), cased(pick(accounts))
			return []string{
				fmt.Sprintf(`"%s" as %s, --password %s`, d, u, secret), fmt.Sprintf(`\\%s\c$\Users\%s\x.exe /pwd:%s`, d, u, secret),
				fmt.Sprintf(`%s(%s) token="%s"`, u, d, secret), d, u, "net user bob " + secret,
			}[random.IntN(6)]
		}
		var whole struct {
			Answer  hunts.Answer
			Hunt    hunts.Hunt
			Lineage hunts.Lineage
			Change  hunts.Change
			Survey  hunts.Survey
			Events  hunts.EventList
		}
		plant(reflect.ValueOf(&whole).Elem(), "", say, func() string { return cased(pick(devices)) }, func() string { return cased(pick(accounts)) })
		for n, d := range devices { // each is known from somewhere
			whole.Answer.ByDevice[n].Device = d
		}
		whole.Answer.ByDevice[0].Accounts = accounts
		text, err := json.Marshal(policy.Redact(policy.NewRedaction(policy.RedactDevices, policy.RedactUsers, policy.RedactSecrets), whole))
		if err != nil {
			t.Fatal(err)
		}
		low := strings.ToLower(string(text))
		for _, hidden := range append(append([]string{secret, "b.ode", "ws-fin-"}, devices...), "ana.sousa", "svc_", "jörg müller", "kim@") {
			if i := strings.Index(low, strings.ToLower(hidden)); i >= 0 {
				t.Fatalf("round %d: %s stands in …%s…", round, hidden, text[max(0, i-80):min(len(text), i+80)])
			}
		}
	}
}

func BenchmarkRedactingALargeAnswer(b *testing.B) {
	var a hunts.Answer
	for n := range 3000 {
		d := fmt.Sprintf("ws-%05d.corp.example", n)
		a.ByDevice = append(a.ByDevice, hunts.DeviceResult{Device: d, Accounts: []string{fmt.Sprintf("user.%d", n)}})
		a.Events = append(a.Events, hunts.Event{Device: d, Process: "powershell.exe", CommandLine: `powershell.exe -NoP -File \\` + d + `\c$\x.ps1 --password hunter22`})
	}
	red := []string{policy.RedactDevices, policy.RedactUsers, policy.RedactSecrets}
	b.ReportAllocs()
	for b.Loop() {
		policy.NewRedaction(red...).Answered(hunts.Hunt{}, a)
	}
}
