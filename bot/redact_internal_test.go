package bot

import (
	"strings"
	"testing"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/testclock"
)

func TestSecretsInCommandLinesAreMasked(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ command, secret string }{
		{`tool --password=hunter22 --verbose`, "hunter22"},
		{`tool --password hunter22`, "hunter22"},
		{`tool -Password "hunter22"`, "hunter22"},
		{`app /pwd:hunter22`, "hunter22"},
		{`SET DB_PASSWORD=hunter22&&run`, "hunter22"},
		{`curl -H "Authorization: Bearer abcdef123456" https://x.example`, "abcdef123456"},
		{`curl -H "Authorization: Basic dXNlcjpwYXNz" https://x.example`, "dXNlcjpwYXNz"},
		{`curl -u admin:hunter22 https://x.example`, "hunter22"},
		{`git clone https://bob:hunter22@git.example/x`, "hunter22"},
		{`net use \\srv\share /user:corp\bob hunter22`, "hunter22"},
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
		if got := maskSecrets(c.command); strings.Contains(got, c.secret) || !strings.Contains(got, masked) {
			t.Errorf("%s\nreads %s", c.command, got)
		}
	}
	for _, c := range []string{
		`powershell.exe -NoP -ExecutionPolicy Bypass -File C:\x.ps1`,
		`svchost.exe -k netsvcs -p -s Schedule`,
		`chrome.exe --type=renderer --lang=en`,
		`ping -n 4 203.0.113.66`,
		`compass.exe /open file`,
	} {
		if got := maskSecrets(c); got != c {
			t.Errorf("%s\nis changed to %s", c, got)
		}
	}
}

func TestHiddenNamesDoNotComeBackInCommandLines(t *testing.T) {
	t.Parallel()
	a := hunts.Answer{
		ByDevice: []hunts.DeviceResult{{Device: "WS-FIN-014.corp.example", Accounts: []string{"ana.sousa"}}},
		Rows:     []hunts.Row{{Device: "ws-fin-014.corp.example", Account: "ANA.SOUSA"}},
		Events: []hunts.Event{
			{Time: testclock.At(), Device: "WS-FIN-014.corp.example", Account: "ana.sousa", CommandLine: `C:\Users\ana.sousa\x.exe --host ws-fin-014 --as ana.sousa`},
			{Device: "WS-HR-007.corp.example", Account: "", CommandLine: `/home/carla/run`},
		},
	}
	got := redact(a, []string{RedactDevices, RedactUsers})
	for _, e := range got.Events {
		for _, name := range []string{"ana.sousa", "ws-fin-014", "carla"} {
			if strings.Contains(strings.ToLower(e.CommandLine), name) {
				t.Errorf("%s is in %s", name, e.CommandLine)
			}
		}
	}
	if got.Rows[0].Device != "device-1" || got.ByDevice[0].Device != "device-1" || got.Rows[0].Account != "user-1" {
		t.Errorf("the same name is %+v and %+v", got.Rows[0], got.ByDevice[0])
	}
	if a.Events[0].Device != "WS-FIN-014.corp.example" {
		t.Error("the answer itself was changed")
	}
}
