package indicator

import (
	"strings"

	"golang.org/x/net/publicsuffix"
)

// nameDoubt weighs a name with a public suffix that nobody defanged. It
// returns a reason to ask, or that it surely is no name, or that it is rather
// a file. s[a:b] is the name as written, host its canonical form.
func (x *extractor) nameDoubt(a, b int, host string, inURL bool) (why string, nothing, isFile bool) {
	labels := strings.Split(host, ".")
	text := x.s[a:b]
	written := text[strings.LastIndexByte(text, '.')+1:]
	tld := labels[len(labels)-1]
	two := len(labels) == 2

	registered, err := publicsuffix.EffectiveTLDPlusOne(host)
	if err == nil {
		owner, _, _ := strings.Cut(registered, ".")
		if strings.Contains(owner, "_") || strings.HasPrefix(owner, "-") || strings.HasSuffix(owner, "-") {
			return "", true, false // no registry sells such a name
		}
	}
	switch followed, before := byteAt(x.s, b), byteAt(x.s, a-1); {
	case !inURL && followed == '(' && !strings.HasPrefix(x.s[b:], "(http"):
		return "", true, false // a function call
	case followed == '!' && wordAt(x.s, b+1):
		return "", true, false // the name of a detection: BURNTCIGAR.CA!tr
	case before == '$' || before == '#':
		return "", true, false // a variable, an anchor
	}
	if !inURL && !isASCII(text) {
		if two && IsFileExtension(tld) && tld != "com" {
			return "could be a file name", false, false
		}
		return "", false, false
	}
	switch tld {
	case "md", "py":
		if two && !inURL {
			return "", false, true
		}
		return "could be a file name", false, false
	case "sh", "rs", "so", "ps", "zip", "mov", "cab", "pm", "tf", "prof":
		if inURL && !two {
			return "", false, false
		}
		return "could be a file name", false, false
	}
	if !two && !inURL {
		switch extension, tail, dashed := strings.Cut(labels[len(labels)-2], "-"); {
		case dashed && extension == "exe" && len(tail) == 8 && isHex(tail):
			return "", false, true // a prefetch file: CALC.EXE-30884C23.pf
		case !dashed && IsFileExtension(extension) && !isTLD(extension):
			return "could be a file name", false, false // settings.json.new
		}
	}
	if two && capitalised(written) {
		return "could be two sentences without a space, or program code", false, false
	}
	if len(tld) == 2 && two && strings.ToUpper(written) == written {
		return "could be the name of a detection or a product", false, false // BURNTCIGAR.CA, Emotet.CH
	}
	if strings.HasSuffix(text, ".NET") && two {
		return "could be the name of a product", false, false
	}
	if camelCase(text) {
		return "written as in program code", false, false
	}
	if first := labels[0]; !two && isPackageRoot(first) {
		return "could be the name of a program package", false, false
	} else if isCodeWord(first) && !inURL {
		return "could be program code or the name of a detection", false, false
	}
	if two && !inURL && isFileStem(labels[0]) && IsFileExtension(tld) {
		return "could be a file name", false, false // main.cc, exploit.pl
	}
	if !inURL && isMember(tld) && isReceiver(labels[len(labels)-2]) {
		return "could be program code", false, false // user.name, datetime.now
	}
	if !inURL && (strings.HasPrefix(host, "e.g.") || strings.HasPrefix(host, "i.e.")) {
		return "could be an abbreviation", false, false
	}
	if two && len(labels[0]) <= 2 && isDigits(labels[0]) {
		return "could be a number", false, false
	}
	return "", false, false
}

// placeholder tells whether a name stands for one that somebody left out:
// 191.xxx.xxx.xxx, x.x.x.x, a.b.c.d, evil.tld.
func placeholder(host string) bool {
	labels := strings.Split(host, ".")
	if labels[len(labels)-1] == "tld" {
		return true
	}
	if len(labels) != 4 {
		return false
	}
	crossed, single := 0, 0
	for _, label := range labels {
		switch {
		case strings.Trim(label, "x") == "" && len(label) <= 3:
			crossed++
		case len(label) == 1 && label[0] >= 'a':
			single++
		case !isDigits(label):
			return false
		}
	}
	return crossed > 0 && single == 0 || single == len(labels)
}

func byteAt(s string, i int) byte {
	if i < 0 || i >= len(s) {
		return 0
	}
	return s[i]
}

// capitalised is true for "Then" but not for "then" or "THEN".
func capitalised(s string) bool {
	return len(s) > 1 && s[0] >= 'A' && s[0] <= 'Z' && s[1] >= 'a' && s[1] <= 'z'
}

// camelCase finds a capital behind a small letter in one label.
func camelCase(s string) bool {
	for i := 1; i < len(s); i++ {
		if s[i] >= 'A' && s[i] <= 'Z' && s[i-1] >= 'a' && s[i-1] <= 'z' {
			return true
		}
	}
	return false
}

// isPackageRoot knows the first parts of reversed names: com.vendor.app.
func isPackageRoot(label string) bool {
	switch label {
	case "com", "org", "net", "io", "edu", "gov", "java", "javax", "android", "androidx", "kotlin":
		return true
	}
	return false
}

// isCodeWord knows the first parts of dotted names in scripts and of detection
// names.
func isCodeWord(label string) bool {
	switch label {
	case "this", "self", "obj", "object", "window", "document", "console", "math", "process", "req", "res", "ctx", "event", "args",
		"exports", "module", "java", "javax", "system", "microsoft", "std", "os", "sys", "json", "node", "vue", "next", "asp", "vb", "ado",
		"trojan", "backdoor", "win32", "win64", "w32", "w64", "ransom", "worm", "virtool", "hacktool", "pua", "adware", "exploit",
		"trojandownloader", "downloader", "malware", "msil", "heur", "behavior", "riskware", "dropper", "spyware":
		return true
	}
	return false
}

// isFileStem knows what people call files, where the extension is also a
// top-level domain.
func isFileStem(label string) bool {
	switch label {
	case "main", "index", "setup", "install", "installer", "config", "configure", "test", "tests", "build", "makefile", "readme", "changelog", "license",
		"script", "run", "exploit", "poc", "utils", "util", "model", "id_rsa", "sample", "demo", "example", "init", "default":
		return true
	}
	return false
}

// isMember knows top-level domains that programs use as the name of a field or
// a method.
func isMember(tld string) bool {
	switch tld {
	case "name", "id", "now", "info", "map", "call", "read", "open", "select", "search", "run", "play", "style", "link", "host", "email", "page", "date",
		"post", "save", "download", "final", "media", "channel", "like", "data":
		return true
	}
	return false
}

// isReceiver knows what programs call the thing in front of the dot.
func isReceiver(label string) bool {
	switch label {
	case "user", "item", "data", "request", "response", "config", "cfg", "file", "list", "string", "strings", "str", "value", "row", "col", "time", "date",
		"datetime", "fmt", "log", "logger", "logging", "db", "cursor", "session", "conn", "socket", "thread", "task", "job", "url", "uri", "path", "array",
		"dict", "tuple", "int", "float", "bool", "err", "error", "result", "entry", "record", "field", "param", "params", "query", "device", "account",
		"resource", "input", "output", "node", "elem", "element", "key", "val", "index", "target", "source", "host", "alert", "rule", "threading":
		return true
	}
	return isCodeWord(label)
}
