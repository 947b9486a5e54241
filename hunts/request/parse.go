package request

import (
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts/indicator"
)

// Limits of what a request may carry beside its indicators.
const (
	maxTextBytes = 1 << 20 // a pasted report; larger ones are files
	maxWhyRunes  = 1000
	maxNames     = 200 // devices, profiles, workspaces: each
	maxNameRunes = 128
)

// Parse reads a request in the grammar, as typed by people and mangled by chat
// clients. now is only used to refuse windows in the future.
func Parse(text string, now time.Time) (Request, *Refusal) {
	if len(text) > maxTextBytes {
		return Request{}, indicator.Refuse("", "", "the request is longer than 1 MB: put the indicators into a watchlist and run a sweep")
	}
	p, no := parse(text, now)
	if no != nil {
		return Request{}, no
	}
	if len(p.seen) == 0 && p.req.Incident == "" && p.req.Hunt == "" { // a named hunt knows what it needs
		switch {
		case len(p.req.Devices) > 0:
			if name := p.req.Devices[0]; p.host && strings.Contains(name, ".") {
				return Request{}, indicator.Refuse("device", name, "host=%s can be a device or a name: for who talked to the name write dns=%s, for what the device talked to write device=%s", indicator.Plain(name), indicator.Plain(name), indicator.Plain(name))
			}
			return p.req, nil // what the devices talked to
		case len(p.req.Accounts) > 0:
			return Request{}, indicator.Refuse("user", "", "user= needs a device to look at: write device=ws-fin-014 user=%s", indicator.Plain(p.req.Accounts[0]))
		}
		return Request{}, indicator.Refuse("", text, "there is nothing to hunt: write an address, a domain or a file, as in ip=203.0.113[.]66, dns=evil[.]example or file=powershell.exe")
	}
	if len(p.seen) > 0 && p.req.Hunt == "" && len(p.req.Accounts) > 0 {
		return Request{}, indicator.Refuse("user", "", "user= does not narrow a hunt for indicators: hunt without it, then reply user=%s in its thread", indicator.Plain(p.req.Accounts[0]))
	}
	return p.req, nil
}

// parse reads all words of a text.
func parse(text string, now time.Time) (*parser, *Refusal) {
	p := &parser{lex: lexer{src: unmark(text)}, seen: map[indicator.Indicator]bool{}, given: map[string]string{}}
	if no := p.run(); no != nil {
		return nil, no
	}
	if no := checkWindow(p.req, now); no != nil {
		return nil, no
	}
	return p, nil
}

// ParseWindow reads what stands around a question that has its indicators
// elsewhere: since=, from=, to=, and whatever else is no indicator.
func ParseWindow(text string, now time.Time) (Request, *Refusal) {
	if len(text) > maxTextBytes {
		return Request{}, indicator.Refuse("", "", "that is longer than 1 MB: write since=7d")
	}
	p, no := parse(text, now)
	if no != nil {
		return Request{}, no
	}
	for _, i := range p.req.Indicators() {
		return Request{}, indicator.Refuse("", i.Value, "%s is an indicator, which doesn't belong here: write since=, from=, to=, device=, workspace= or why=", indicator.Show(i.Value))
	}
	return p.req, nil
}

type parser struct {
	lex   lexer
	req   Request
	seen  map[indicator.Indicator]bool
	given map[string]string // what was given for keys that take one value
	host  bool              // a device was given as host=, which can mean a name as well
	// reason is what why= got without quotes, while words follow that may belong to it.
	reason string
	// file is a value of file= without quotes and without an ending, and the
	// words that follow it, which may be the rest of its name.
	file []string
}

func (p *parser) run() *Refusal {
	for first := true; ; first = false {
		w, ok, no := p.lex.next()
		if no == nil && (!ok || w.key != "") && len(p.file) > 1 {
			no = p.brokenName()
		}
		if no != nil || !ok {
			return no
		}
		if w.key == "" {
			if first && len(w.items) == 1 && strings.EqualFold(w.items[0].text, "hunt") {
				no = p.huntPrefix()
			} else {
				no = p.bare(w)
			}
		} else {
			no = p.keyed(w)
		}
		if no != nil {
			return no
		}
	}
}

// huntPrefix reads NAME of "hunt NAME …". "hunt" before anything that is no
// name is only the verb.
func (p *parser) huntPrefix() *Refusal {
	p.lex.skipSpace()
	if p.lex.keyAhead() {
		return nil
	}
	probe := p.lex
	w, ok, _ := probe.next()
	if !ok || len(w.items) != 1 || !isName(w.items[0].text) || strings.Contains(w.items[0].text, ".") {
		return nil
	}
	if indicator.HashKind(w.items[0].text) != "" {
		return nil
	}
	p.lex = probe
	return p.single("hunt", strings.ToLower(w.items[0].text))
}

func (p *parser) bare(w word) *Refusal {
	for _, it := range splitLists("", w.items) {
		text := it.text
		if no := indicator.TooLong("", text); no != nil {
			return no
		}
		if !it.quoted && (indicator.Tidy(indicator.Refang(text)) == "" || isListMark(text)) {
			continue
		}
		if no := p.bareHint(text); no != nil {
			return no
		}
		ind, no := indicator.Type(text)
		if len(p.file) > 0 && !it.quoted && (no != nil || ind.Kind == indicator.KindFile) {
			if p.file = append(p.file, text); no != nil && !hasEnding(text) {
				continue // the name may go on
			}
			return p.brokenName()
		}
		if no != nil && p.reason != "" {
			return indicator.Refuse("why", text, "%s follows the reason: put the whole reason in quotes, as in %s", indicator.Show(text), example("why"))
		}
		if no != nil {
			return no
		}
		if no := p.add(ind); no != nil {
			return no
		}
	}
	return nil
}

// brokenName refuses a file name of several words that is not in quotes.
func (p *parser) brokenName() *Refusal {
	name := strings.Join(p.file, " ")
	p.file = nil
	return indicator.Refuse("file", name, `a file name with spaces needs quotes: write file="%s"`, indicator.Plain(name))
}

// hasEnding tells whether a word ends as names of files do.
func hasEnding(s string) bool {
	dot := strings.LastIndexByte(s, '.')
	return dot > 0 && indicator.IsFileExtension(strings.ToLower(s[dot+1:]))
}

// isListMark tells whether a word is only the mark of an entry in a pasted
// list: "-", "*", "3." or "3)".
func isListMark(s string) bool {
	number := strings.TrimRight(s, ".)")
	return strings.Trim(s, "-*+") == "" || len(number) < len(s) && len(number) <= 3 && isDigits(number)
}

// bareHint teaches what a word without "=" was probably meant to be.
func (p *parser) bareHint(text string) *Refusal {
	if strings.HasPrefix(text, "=") {
		return indicator.Refuse("", text, "there is a space before %s: write key and value together, as in ip=203.0.113[.]66", indicator.Show(text))
	}
	if k := canonicalKey(indicator.Tidy(text)); k != "" {
		return indicator.Refuse(k, text, "%s has no value: write it with an equals sign, as in %s", indicator.Show(text), example(k))
	}
	if key, value, found := strings.Cut(text, ":"); found && value != "" && !strings.HasPrefix(value, "//") {
		if k := canonicalKey(key); k != "" {
			return indicator.Refuse(k, text, "%s needs an equals sign: write %s=%s", indicator.Show(text), k, indicator.Plain(value))
		}
	}
	return nil
}

// example shows how a key is written.
func example(key string) string {
	switch key {
	case "ip":
		return "ip=203.0.113[.]66"
	case "dns":
		return "dns=evil[.]example"
	case "file":
		return "file=powershell.exe"
	case "device":
		return "device=ws-fin-014"
	case "user":
		return "user=ana.sousa"
	case "since":
		return "since=7d"
	case "from", "to":
		return key + "=2026-05-30"
	case "exclude":
		return "exclude=internal-dns or exclude=none"
	case "workspace":
		return "workspace=prod-eu"
	case "places":
		return "places=endpoint"
	case "incident":
		return "incident=4711"
	case "fresh":
		return "fresh=yes"
	case "hunt":
		return "hunt=network-footprint"
	default:
		return `why="ISAC tip"`
	}
}

func (p *parser) keyed(w word) *Refusal {
	w.key = indicator.Refang(w.key) // drops invisible characters
	key := canonicalKey(w.key)
	if key == "" {
		near := nearestKey(w.key)
		no := indicator.Refuse(w.key, w.key, "I don't know the key %s: did you mean %s?", indicator.Show(w.key), example(near))
		no.Nearest = near
		return no
	}
	p.reason, p.file = "", nil
	values := splitLists(key, w.items)
	empty := len(values) == 0
	for _, v := range values {
		empty = empty || indicator.TrimInvisible(v.text) == ""
	}
	if empty {
		return indicator.Refuse(key, w.key, "%s= has no value: write it right after the equals sign, as in %s", key, example(key))
	}
	switch key {
	case "file":
		if last := values[len(values)-1]; !last.quoted && !hasEnding(last.text) {
			p.file = []string{last.text}
		}
		return p.indicators(key, strings.ToLower(w.key), values)
	case "ip", "dns":
		return p.indicators(key, key, values)
	case "device":
		p.host = p.host || strings.EqualFold(w.key, "host")
		return p.devices(values)
	case "user":
		return p.accounts(values)
	case "exclude", "workspace", "places":
		return p.names(key, values)
	}
	if len(values) > 1 {
		return indicator.Refuse(key, values[1].text, "%s= takes one value and got %d: write %s", key, len(values), example(key))
	}
	text := values[0].text
	switch {
	case values[0].quoted:
	case key == "why":
		p.reason = text
	default:
		text = strings.TrimRight(text, ".,;!?)")
	}
	return p.single(key, text)
}

// splitLists cuts lists in quotes ("203.0.113.1, 203.0.113.2") and lists with
// other separators than the comma. Reasons, file names and URLs may hold any
// of these themselves and stay whole.
func splitLists(key string, items []item) []item {
	var values []item
	for _, it := range items {
		separators := ";|"
		if it.quoted {
			separators = ",;|"
		}
		whole := key == "why" || key == "file" || (key == "dns" || key == "") && strings.ContainsAny(it.text, `/\&`)
		if whole || !strings.ContainsAny(it.text, separators) {
			values = append(values, it)
			continue
		}
		for _, part := range strings.FieldsFunc(it.text, func(c rune) bool { return strings.ContainsRune(separators, c) }) {
			if part = strings.TrimFunc(part, isSpace); part != "" {
				values = append(values, item{text: part, quoted: it.quoted})
			}
		}
	}
	return values
}

func (p *parser) indicators(key, typed string, values []item) *Refusal {
	afterURL := false
	for _, v := range values {
		text := v.text
		if !v.quoted && key == "file" {
			text = strings.TrimRight(text, ",;!?)]}>")
		}
		typeAs := indicator.TypeAs
		if v.quoted {
			typeAs = indicator.TypeQuoted
		}
		ind, no := typeAs(key, text)
		if no == nil && key == "file" {
			no = refuseHash(typed, ind)
		}
		if no != nil {
			return no
		}
		if key == "dns" && afterURL && !v.quoted && !strings.Contains(ind.Value, ".") {
			return indicator.Refuse(key, text, "%s follows a URL after a comma: if it belongs to the URL, put the whole URL in quotes", indicator.Show(text))
		}
		afterURL = ind.Kind == indicator.KindURL && !v.quoted
		if no := p.add(ind); no != nil {
			return no
		}
	}
	return nil
}

func (p *parser) add(ind indicator.Indicator) *Refusal {
	if p.seen[ind] {
		return nil
	}
	if len(p.seen) == MaxIndicators {
		return indicator.Refuse("", ind.Value, "that is more than %d indicators: put them into a watchlist and run a sweep", MaxIndicators)
	}
	p.seen[ind] = true
	switch ind.Group() {
	case "ip":
		p.req.IPs = append(p.req.IPs, ind)
	case "dns":
		p.req.Domains = append(p.req.Domains, ind)
	default:
		p.req.Files = append(p.req.Files, ind)
	}
	return nil
}

// refuseHash checks what was given to a key that names a hash.
func refuseHash(key string, ind indicator.Indicator) *Refusal {
	switch {
	case key == "file", key == "process", string(ind.Kind) == key, key == "hash" && ind.IsHash():
		return nil
	case ind.IsHash():
		return indicator.Refuse(key, ind.Value, "%s is a %s: write %s=%s", indicator.Show(ind.Value), strings.ToUpper(string(ind.Kind)), ind.Kind, ind.Value)
	}
	return indicator.Refuse(key, ind.Value, "%s isn't a hash: write file=%s", indicator.Show(ind.Value), indicator.Plain(ind.Value))
}
