package policy

import (
	"regexp"
	"strings"
)

// value is what follows the word that announces a secret: quoted, then to the end of
// the quotes, or a word.
const value = `("[^"]{3,}"|'[^']{3,}'|[^\s"';&]{3,})`

// secretForms find what looks like a secret in a text, by the words before it or by its
// own shape. The group named in each is kept, the rest is masked. What they miss stays
// visible: whoever must not see any uses redact: [commands].
var secretForms = []*regexp.Regexp{
	// password=…, /pwd:…, --api-key …, "token": "…", --password "two words"
	regexp.MustCompile(`(?i)((?:^|[^a-z])(?:[a-z0-9_]*(?:password|passwd|passphrase|passwort|pwd|secret|token|api[_-]?key|access[_-]?key|account[_-]?key|private[_-]?key|credential)s?|pass|sig|apikey)["']?\s*(?:[=:]|\s)\s*)` + value),
	regexp.MustCompile(`(?i)(\b(?:authorization["']?\s*[:=]\s*["']?(?:(?:basic|bearer|negotiate|token)\s+)?|bearer\s+))([^\s"']{3,})`),
	// https://user:secret@host
	regexp.MustCompile(`(://[^\s/:@]*:)([^\s/@]+)`),
	// curl -u user:secret, net use … /user:name secret
	regexp.MustCompile(`(?i)(\s(?:-u|--user)[\s=]+["']?[^\s:"']+:)([^\s"']+)`),
	regexp.MustCompile(`(?i)(/user:\S+\s+)("[^"]+"|[^\s/"]\S*)`),
	// net user bob secret /add; * asks for it
	regexp.MustCompile(`(?i)(\bnet1?(?:\.exe)?"?\s+user\s+(?:"[^"]+"|[^\s/"]+)\s+)("[^"]+"|[^\s/*"]\S*)`),
	// ConvertTo-SecureString "secret", also behind -String
	regexp.MustCompile(`(?i)(\bConvertTo-SecureString\s+(?:-(?:AsPlainText|Force|String)\s+)*)("[^"]+"|'[^']+'|[^\s"'-]\S*)`),
	// cmdkey /pass:…, plink -pw:…, rdp /p:…: a short switch with its value behind a sign
	regexp.MustCompile(`(?i)((?:^|\s)[-/](?:p|pw|rp)[:=]["']?)([^\s"']{3,})`),
	// -pw secret, and -P or -p secret of the programs that take one; mysql -psecret
	regexp.MustCompile(`(?i)((?:^|\s)[-/](?:pw|rp)\s+)` + value),
	regexp.MustCompile(`(?i)((?:mysql(?:dump)?|mysqladmin|psexec(?:64)?|paexec|plink|pscp|psftp|putty|kitty|winscp|sshpass|sqlcmd|bcp|osql|isql|schtasks|at|wmic|winexe|smbclient|rclone|7za?|rar|winrar|unzip|zip|openssl|xfreerdp|rdesktop|ldapsearch|ftp|lftp|evil-winrm|crackmapexec|netexec|nxc)(?:\.exe)?"?\b[^|&]*?\s[-/](?:p|pw)\s*)` + value),
	// -P secret, where the value holds more than a port or a path
	regexp.MustCompile(`((?:^|\s)-P\s+)("[^"]{3,}"|'[^']{3,}'|[^\s"'/\\.;&-][^\s"'/\\;&]*[^\s"'/\\;&0-9][^\s"'/\\;&]*)`),
}

// secretShapes are keys and tokens that need no word before them: AWS, GitHub, Slack,
// JWT, storage keys, private keys.
var secretShapes = regexp.MustCompile(`\b(?:(?:AKIA|ASIA)[A-Z0-9]{16}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|xox[a-z]-[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{10,}|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*)|[A-Za-z0-9+/]{86}==|-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*`)

const masked = "•••"

func maskSecrets(s string) string {
	if len(s) < 6 || !strings.ContainsAny(s, " \t\r\n=:/+.") && len(s) < 16 {
		return s
	}
	for _, form := range secretForms {
		s = form.ReplaceAllString(s, "${1}"+masked)
	}
	return secretShapes.ReplaceAllString(s, masked)
}

// profilePath is where a path names a person.
var profilePath = regexp.MustCompile(`(?i)((?:\\|/)+(?:users|home|documents and settings|profiles)(?:\\|/)+)([^\\/"':*?<>|]+)`)

// notPersons are folders beside those of people.
var notPersons = map[string]bool{"public": true, "default": true, "all users": true, "default user": true}

func maskProfiles(s string) string {
	if !strings.ContainsAny(s, `\/`) {
		return s
	}
	return profilePath.ReplaceAllStringFunc(s, func(p string) string {
		m := profilePath.FindStringSubmatch(p)
		if notPersons[strings.ToLower(m[2])] {
			return p
		}
		return m[1] + masked
	})
}
