package indicator

import (
	"encoding/base64"
	"net/url"
	"strings"
)

// wrapper is a service that rewrites links in mail or on its own pages, and
// where in its address the link stands.
type wrapper struct {
	host   string // and what lies below it
	path   string // that the address begins with
	query  string // parameter that holds the link
	decode func(u *url.URL, param string) string
}

// wrappers are the link protections that say where they lead. Others, such as
// Mimecast's, keep it to themselves.
func wrappers() []wrapper {
	return []wrapper{
		{"safelinks.protection.outlook.com", "/", "url", nil},
		{"safelinks.protection.office365.us", "/", "url", nil},
		{"urldefense.proofpoint.com", "/v1/", "u", nil},
		{"urldefense.proofpoint.com", "/v2/", "u", proofpointV2},
		{"urldefense.com", "/v3/", "", proofpointV3},
		{"urldefense.proofpoint.com", "/v3/", "", proofpointV3},
		{"urldefense.us", "/v3/", "", proofpointV3},
		{"linkprotect.cudasvc.com", "/url", "a", nil},
		{"protect.fireeye.com", "/", "u", nil},
		{"google.com", "/url", "q", nil},
		{"google.com", "/url", "url", nil},
		{"slack-redir.net", "/link", "url", nil},
		{"l.facebook.com", "/l.php", "u", nil},
	}
}

// maxWraps is how often a link may be wrapped.
const maxWraps = 4

// Unwrap gives the indicator inside the link of a mail gateway, such as Safe
// Links or URL Defense; ok is false for any other URL, and for a wrapper that
// holds nothing to hunt.
func Unwrap(wrapped Indicator) (inner Indicator, ok bool) {
	for range maxWraps {
		link := unwrapOnce(wrapped)
		if link == "" {
			break
		}
		next, no := Type(link)
		if no != nil {
			break
		}
		wrapped, inner, ok = next, next, true
	}
	return inner, ok
}

func unwrapOnce(i Indicator) string {
	if i.Kind != KindURL {
		return ""
	}
	for _, w := range wrappers() {
		if covering([]string{w.host}, i.Host) == "" {
			continue
		}
		text := i.Value
		if !strings.Contains(text, "://") {
			text = "https://" + text
		}
		u, err := url.Parse(text)
		if err != nil || !strings.HasPrefix(u.Path, w.path) {
			continue
		}
		param := u.Query().Get(w.query)
		if w.decode != nil {
			param = w.decode(u, param)
		}
		if param != "" {
			return param
		}
	}
	return ""
}

// proofpointV2 reads http-3A__evil.example_a: a hyphen for each percent sign and
// an underscore for each slash.
func proofpointV2(_ *url.URL, param string) string {
	plain, err := url.PathUnescape(strings.NewReplacer("-", "%", "_", "/").Replace(param))
	if err != nil {
		return ""
	}
	return plain
}

// proofpointV3 reads __https://evil.example/a*b__;Iw!!: a star stands for the
// next character of the Base64 text, two stars and a letter for several of them.
func proofpointV3(u *url.URL, _ string) string {
	text := u.Path
	if u.RawQuery != "" {
		text += "?" + u.RawQuery
	}
	if u.Fragment != "" {
		text += "#" + u.Fragment
	}
	_, text, ok := strings.Cut(text, "/v3/__")
	end := strings.LastIndex(text, "__;")
	if !ok || end < 0 {
		return ""
	}
	encoded, _, _ := strings.Cut(text[end+len("__;"):], "!")
	replaced, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(encoded, "="))
	if err != nil {
		return ""
	}
	left := []rune(string(replaced))
	var out strings.Builder
	for link := text[:end]; link != ""; {
		before, after, star := strings.Cut(link, "*")
		out.WriteString(before)
		if link = after; !star {
			break
		}
		n := 1
		if strings.HasPrefix(link, "*") && len(link) > 1 {
			n, link = runLength(link[1]), link[2:]
		}
		if n > len(left) {
			return ""
		}
		out.WriteString(string(left[:n]))
		left = left[n:]
	}
	link := out.String()
	if scheme, rest, found := strings.Cut(link, ":/"); found && !strings.HasPrefix(rest, "/") {
		link = scheme + "://" + rest // gateways and browsers make one slash of two
	}
	return link
}

// runLength is how many characters a letter behind two stars stands for: A is 2,
// and so on through the alphabet of Base64.
func runLength(c byte) int {
	return strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", c) + 2
}
