package indicator

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ExtractOptions says what to look for beside addresses, names, URLs and
// hashes.
type ExtractOptions struct {
	Files  bool // file names as well
	Emails bool // the domains of e-mail addresses as well
}

// Finding is an indicator found in text. Start and End are byte offsets of
// what stands for it there, defanged or not.
type Finding struct {
	Indicator Indicator `json:"indicator"`
	Start     int       `json:"start"`
	End       int       `json:"end"`
	Doubtful  bool      `json:"doubtful,omitempty"` // wants a yes by a person
	Why       string    `json:"why,omitempty"`      // why it is doubtful, for people to read
}

// chunkBytes bounds the working memory of Extract, about six times this.
// An indicator is only cut when a whole chunk holds no white space.
const chunkBytes = 1 << 20

// Extract finds indicators in free text: chat messages with the client's own
// mark-up, reports, logs, code. Findings come in the order of the text, each
// occurrence of its own; an indicator that could as well be something else (a
// version number, a file name, program code) is marked Doubtful, never left to
// chance. The time it takes grows linearly with the text.
func Extract(text string, opts ExtractOptions) []Finding {
	var found []Finding
	for base := 0; base < len(text); {
		end := chunkEnd(text, base)
		x := extractor{opts: opts}
		x.r = refanger{src: text[base:end], track: true}
		x.r.run()
		x.s = string(x.r.out)
		x.scan()
		for _, f := range x.found {
			f.Start += base
			f.End += base
			found = append(found, f)
		}
		base = end
	}
	return found
}

func chunkEnd(text string, base int) int {
	if len(text)-base <= chunkBytes {
		return len(text)
	}
	end := base + chunkBytes
	if i := strings.LastIndexAny(text[base:end], " \t\r\n"); i > 0 {
		return base + i + 1
	}
	for end > base+1 && !utf8.RuneStart(text[end]) {
		end--
	}
	return end
}

// extractor works on s, the refanged text; r maps it back.
type extractor struct {
	opts  ExtractOptions
	r     refanger
	s     string
	found []Finding
	// where the last version number ended, and what told that it is one
	versionEnd int
	versionWhy string
	row        rowOf
}

// emit records a finding at s[start:end]; a non-empty why makes it doubtful.
func (x *extractor) emit(ind Indicator, start, end int, why string) {
	if why == "" && within(x.r.spelt, start, end) && !x.defanged(start, end) {
		why = "its dots are spelled out or stand between spaces"
	}
	x.found = append(x.found, Finding{
		Indicator: ind, Start: int(x.r.pos[start]), End: int(x.r.pos[end]), Doubtful: why != "", Why: why,
	})
}

// defanged tells whether somebody made s[start:end] harmless on purpose, the
// best evidence that it is an indicator.
func (x *extractor) defanged(start, end int) bool {
	return within(x.r.marks, start, end)
}

// within tells whether a rising list has a number from start to before end.
func within(list []int32, start, end int) bool {
	i, _ := slices.BinarySearch(list, int32(start))
	return i < len(list) && int(list[i]) < end
}

// scan walks over the runs of characters that indicators are made of.
func (x *extractor) scan() {
	for i := 0; i < len(x.s); {
		n := x.runLen(i)
		if n == 0 {
			_, size := utf8.DecodeRuneInString(x.s[i:])
			i += size
			continue
		}
		for end := i + n; i < end; {
			i = x.run(i, end)
		}
	}
}

// runLen measures the run that starts at s[i].
func (x *extractor) runLen(i int) int {
	start := i
	for i < len(x.s) {
		c := x.s[i]
		switch {
		case isAlnum(c):
			i++
		case c < utf8.RuneSelf:
			if strings.IndexByte("._-:/\\@%+", c) < 0 {
				return i - start
			}
			i++
		default:
			r, n := utf8.DecodeRuneInString(x.s[i:])
			if !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) {
				return i - start
			}
			i += n
		}
	}
	return i - start
}

// run looks into s[a:b] and returns where to go on: behind the first URL, or
// behind b. It never looks twice at the same text, or hostile text would take
// quadratic time.
func (x *extractor) run(a, b int) int {
	run := x.s[a:b]
	if i := strings.Index(run, "://"); i >= 0 {
		return x.runWithURL(a, b, a+i)
	}
	if i := shareAt(run); i >= 0 {
		if i > 0 {
			x.colons(a, a+i-1) // "crumb=location:\\evil.example@80\share", "file:\\…"
		}
		x.windowsPath(a+i, b)
		return b
	}
	if n := webDAV(run); n > 0 {
		x.slashed(a+len("//"), a+n)
		return b
	}
	if at := strings.IndexByte(run, '@'); at >= 0 {
		if slash := strings.IndexByte(run[:at], '/'); slash <= 0 || !x.isHost(a, a+slash) {
			x.mails(a, b)
			return b
		}
	}
	if strings.Contains(run, `\`) {
		x.windowsPath(a, b)
		return b
	}
	return x.slashed(a, b)
}

// shareAt is where \\server\share begins in a run; negative when nothing does.
func shareAt(run string) int {
	if i := strings.Index(run, `\\`); i >= 0 && (i == 0 || run[i-1] == ':') {
		return i
	}
	return -1
}

// webDAV is where the server of //server@SSL@443/share ends; zero when a run is
// nothing of that kind.
func webDAV(run string) int {
	if !strings.HasPrefix(run, "//") {
		return 0
	}
	server, _, _ := strings.Cut(run[2:], "/")
	name, port, ok := strings.Cut(server, "@")
	if !ok || !isDigits(port) && !strings.EqualFold(port[:min(3, len(port))], "ssl") {
		return 0
	}
	return 2 + len(name)
}

// isHost tells whether s[a:b] is the host of a URL without scheme.
func (x *extractor) isHost(a, b int) bool {
	host, _ := x.hostOf(a, b)
	return host != Indicator{}
}

// runWithURL handles a run with "://" at s[colon:].
func (x *extractor) runWithURL(a, b, colon int) int {
	start := colon
	for start > a && colon-start < 32 && (isAlnum(x.s[start-1]) || x.s[start-1] == '+') {
		start--
	}
	if start > a {
		// Either a label such as "url:", or a URL that carries another one.
		if next := x.run(a, start); next > start {
			return next
		}
	}
	scheme := strings.ToLower(x.s[start:colon])
	use := schemeUse(scheme)
	if use == schemeLocal {
		if scheme == "file" {
			x.fileServer(colon + 3)
		}
		return x.pathEnd(colon+3, start)
	}
	if start == colon || x.s[start] <= '9' {
		return colon + 3
	}
	end, ok := x.url(start, colon+3, use == schemeUnknown)
	if !ok {
		return colon + 3
	}
	return end
}

type schemeKind int

const (
	schemeNetwork schemeKind = iota
	schemeUnknown            // maybe a host follows
	schemeLocal              // no host follows
)

func schemeUse(s string) schemeKind {
	switch s {
	case "http", "https", "ftp", "ftps", "sftp", "tftp", "ws", "wss", "tcp", "udp", "tls", "ssl", "ssh", "telnet", "ldap", "ldaps",
		"smb", "cifs", "nfs", "rdp", "vnc", "dns", "doh", "quic", "irc", "ircs", "socks", "socks4", "socks5", "stratum", "stratum+tcp",
		"stratum+ssl", "git", "svn", "rsync", "rtsp", "rtmp", "sip", "sips", "smtp", "smtps", "imap", "imaps", "pop3", "mqtt", "mqtts", "webdav":
		return schemeNetwork
	case "file", "res", "about", "blob", "data", "content", "chrome", "edge", "resource", "javascript", "vbscript", "s3", "gs", "urn",
		"tag", "magnet", "ipfs", "registry", "shell":
		return schemeLocal
	}
	if strings.HasSuffix(s, "extension") || strings.HasSuffix(s, "app") {
		return schemeLocal // chrome-extension://, android-app://
	}
	return schemeUnknown
}

// url reads the URL whose scheme starts at start and whose host starts at
// host. When there is no host that could be hunted, ok is false.
func (x *extractor) url(start, host int, unknown bool) (end int, ok bool) {
	hostEnd := x.authorityEnd(host)
	if hostEnd == host {
		return 0, false
	}
	name, why := x.authority(x.s[host:hostEnd])
	if name == (Indicator{}) {
		return 0, false
	}
	if unknown && why == "" {
		why = "an unknown kind of URL"
	}
	end = hostEnd
	if hostEnd < len(x.s) && strings.IndexByte("/?#", x.s[hostEnd]) >= 0 {
		end = x.pathEnd(hostEnd, start)
	}
	ind, no := typeURL("", x.s[start:end])
	if no != nil {
		// Too long or unreadable behind the host: the host is still good.
		x.emit(name, host, hostEnd, why)
		return end, true
	}
	if inner, ok := Unwrap(ind); ok {
		ind = inner // the wrapper is the mail gateway's, and known-good
	}
	x.emit(ind, start, end, why)
	return end, true
}

// fileServer finds the server of file://server/share and file:////server/share;
// behind three slashes stands a path of this machine.
func (x *extractor) fileServer(i int) {
	from := i
	for byteAt(x.s, from) == '/' || byteAt(x.s, from) == '\\' {
		from++
	}
	if from == i+1 {
		return
	}
	end := from
	for end < len(x.s) && end-from < maxNameBytes && (isWord(x.s[end]) || strings.IndexByte("._-", x.s[end]) >= 0) {
		end++
	}
	if end > from && strings.IndexByte(`/\@:`, byteAt(x.s, end)) >= 0 {
		if host, why := x.hostOf(from, end); host != (Indicator{}) {
			x.emit(host, from, end, why)
		}
	}
}

// authority reads "user@host:port" and returns the host, with a doubt about it.
func (x *extractor) authority(s string) (Indicator, string) {
	s = s[strings.LastIndexByte(s, '@')+1:]
	if i := strings.LastIndexByte(s, ':'); i >= 0 && !strings.HasSuffix(s, "]") {
		s = s[:i]
	}
	if a, ok := literalHost(s, true); ok {
		return Indicator{Kind: KindIP, Value: a.String()}, ""
	}
	host, why := hostName(s)
	if why != "" || publicSuffix(host) || placeholder(host) {
		return Indicator{}, ""
	}
	ind := Indicator{Kind: KindDomain, Value: host, Host: host}
	tld := host[strings.LastIndexByte(host, '.')+1:]
	if len(tld) == len(host) || !isTLD(tld) && !isReservedTLD(tld) {
		return ind, "no public name: it only means something inside one network"
	}
	return ind, ""
}

// authorityEnd finds the end of the host part; the longest legal one with
// credentials and port is well under 512 bytes.
func (x *extractor) authorityEnd(i int) int {
	from := i
	for i < len(x.s) && i-from < 512 {
		c := x.s[i]
		switch {
		case isAlnum(c), strings.IndexByte("._-:@%~$&!*+=", c) >= 0:
			i++
			continue
		case c == '[' && (i == from || x.s[i-1] == '@'):
			close := strings.IndexByte(x.s[i:min(len(x.s), i+64)], ']')
			if close > 0 {
				i += close + 1
				continue
			}
		case c >= utf8.RuneSelf:
			if r, n := utf8.DecodeRuneInString(x.s[i:]); unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) {
				i += n
				continue
			}
		}
		break
	}
	for i > from && strings.IndexByte("._-:@%~$&!*+=", x.s[i-1]) >= 0 {
		if x.s[i-1] == '.' && byteAt(x.s, i) == '/' {
			break // an absolute name: http://evil.example./a
		}
		i--
	}
	return i
}

// hostWithPath tells whether a text begins with the next URL of a list that
// brought no schemes: "evil.net/b" behind "evil.com/a,".
func hostWithPath(s string) bool {
	end := 0
	for end < len(s) && end < 128 && (isAlnum(s[end]) || s[end] == '.' || s[end] == '-') {
		end++
	}
	if end == 0 || byteAt(s, end) != '/' {
		return false
	}
	if isIPv4(s[:end]) {
		return true
	}
	dot := strings.LastIndexByte(s[:end], '.')
	return dot > 0 && isTLD(strings.ToLower(s[dot+1:end]))
}

// pathEnd finds where path and query of the URL that began at start end: at
// white space, quotes and brackets that were opened outside, and before a
// list's next URL. What sentences put behind a URL does not belong to it.
func (x *extractor) pathEnd(i, start int) int {
	from := i
	outside := byteAt(x.s, start-1)
	var round, square, curly int
scan:
	for i < len(x.s) {
		c := x.s[i]
		switch {
		case c <= ' ' || c == 0x7f || strings.IndexByte("\"<>`|^\\", c) >= 0:
			break scan
		case c == '\'' && outside == '\'':
			break scan
		case c == '(':
			round++
		case c == ')':
			if round--; round < 0 {
				break scan
			}
		case c == '[':
			square++
		case c == ']':
			if square--; square < 0 {
				break scan
			}
		case c == '{':
			curly++
		case c == '}':
			if curly--; curly < 0 {
				break scan
			}
		case c == ',' || c == ';':
			if strings.HasPrefix(x.s[i+1:], "http") || strings.HasPrefix(x.s[i+1:], "ftp:") || hostWithPath(x.s[i+1:]) || x.cellEnds(i, start) {
				break scan
			}
		case c >= utf8.RuneSelf:
			r, n := utf8.DecodeRuneInString(x.s[i:])
			if !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) {
				break scan
			}
			i += n
			continue
		}
		i++
	}
	for i > from && strings.IndexByte(".,;:!?'*([{", x.s[i-1]) >= 0 {
		i--
	}
	if (outside == '_' || outside == '~') && i > from && x.s[i-1] == outside { // emphasised
		return len(strings.TrimRight(x.s[:i], string(rune(outside))))
	}
	return i
}
