package bot

import "testing"

func TestTheTokenGoesToSlacksOwnHostsOnly(t *testing.T) {
	t.Parallel()
	x := files{own: "http://127.0.0.1:8080/api/"}
	for address, want := range map[string]bool{
		"https://files.slack.com/files-pri/T1-F1/download/a.txt": true,
		"https://slack.com/x":                      true,
		"https://files.slack-gov.com/x":            true,
		"http://127.0.0.1:8080/files/F1/a.txt":     true,
		"http://files.slack.com/x":                 false, // in the clear
		"https://slack.com.evil.example/x":         false,
		"https://evilslack.com/x":                  false,
		"https://slack.com@evil.example/x":         false,
		"https://evil.example/files.slack.com":     false,
		"https://files.slack.com:8443/x":           false,
		"http://127.0.0.1:9090/files/F1/a.txt":     false,
		"http://169.254.169.254/latest/meta-data/": false,
		"": false, "file:///etc/passwd": false,
	} {
		if got := x.slacksOwn(address); got != want {
			t.Errorf("%s: %t, want %t", address, got, want)
		}
	}
}
