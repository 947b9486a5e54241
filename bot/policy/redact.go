package policy

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/footprint-soc/footprint/hunts"
)

// What a rule can redact.
const (
	RedactDevices  = "devices"  // device names become device-1, device-2
	RedactUsers    = "users"    // account names become user-1, user-2
	RedactCommands = "commands" // command lines are left out
	// RedactRecipients makes recipient-1, recipient-2 of those who got a mail; users
	// covers them as well.
	RedactRecipients = "recipients"
	RedactSecrets    = "secrets" // passwords, keys and tokens are masked
)

// Redaction hides what some channels must not see. A name has one stand-in
// throughout; whatever is shown together must pass the same Redaction.
type Redaction struct {
	devices, users, recipients, commands, secrets bool

	names    map[string]string // what is known, in lower case → its stand-in
	longest  map[string]int    // first segment of a name → how many segments names have that begin so
	suffixes []string          // domains of our devices, with their dot: a host below one is a device as well
	count    map[string]int
}

// Redaction is by the strictest of the channels involved: the one that asked and
// the one that is shown the answer.
func (g *Gate) Redaction(channels ...string) *Redaction {
	var what []string
	for _, c := range channels {
		r, _ := g.file.rule(c)
		what = append(what, r.Redact...)
	}
	return NewRedaction(what...)
}

// Shown is a hunt and its answer as the readers of a channel may see them, by the
// strictest of the channel that asked and the one that is shown it. Whatever is
// rendered or exported passes here first.
func (g *Gate) Shown(h hunts.Hunt, channel string, a hunts.Answer) (hunts.Hunt, hunts.Answer) {
	return g.Redaction(h.Asker.Channel, channel).Answered(h, a)
}

// NewRedaction hides what is named; nothing for no name.
func NewRedaction(what ...string) *Redaction {
	return &Redaction{
		devices: slices.Contains(what, RedactDevices), users: slices.Contains(what, RedactUsers), recipients: slices.Contains(what, RedactRecipients),
		commands: slices.Contains(what, RedactCommands), secrets: slices.Contains(what, RedactSecrets),
		names: map[string]string{}, longest: map[string]int{}, count: map[string]int{},
	}
}

// None tells that nothing is hidden.
func (r *Redaction) None() bool {
	return !r.devices && !r.users && !r.recipients && !r.commands && !r.secrets
}

// Redact is a copy of v without what r hides, in whatever field it stands. Names are
// learned from the fields that hold devices and accounts, and then looked for in
// every text; so pass what is shown together as one value, or the richest first.
func Redact[T any](r *Redaction, v T) T {
	if r.None() {
		return v
	}
	out := reflect.New(reflect.TypeFor[T]()).Elem()
	in := reflect.ValueOf(&v).Elem()
	r.visit(in, text, r.learn)
	r.copy(out, in, text)
	return out.Interface().(T)
}

// Answered is a hunt and its answer without what r hides.
func (r *Redaction) Answered(h hunts.Hunt, a hunts.Answer) (hunts.Hunt, hunts.Answer) {
	both := Redact(r, struct {
		A hunts.Answer
		H hunts.Hunt
	}{a, h})
	both.H.Asker = h.Asker // the colleague who asked is nobody to hide from the channel they asked in
	return both.H, both.A
}

// field is what a string of a structure is.
type field int

const (
	text field = iota
	device
	deviceID
	user
	recipient // of a mail
	remote
	command
	verbatim // ids and words of ours, as every type of string is that has a name of its own
)

// fields are known by their names, in the hunts' words and in those of messages.
var fields = map[string]field{
	"Device": device, "Devices": device, "Hosts": device, "DeviceID": deviceID,
	"Account": user, "Accounts": user, "Recipient": recipient,
	"RemoteHost": remote, "Remote": remote, "Remotes": remote,
	"CommandLine": command, "ParentCommandLine": command, "Decoded": command,
	"HuntID": verbatim, "ID": verbatim, "Team": verbatim, "User": verbatim, "Channel": verbatim, "ThreadTS": verbatim, "Type": verbatim,
}

func fieldOf(f reflect.StructField) field { return fields[f.Name] } // text for all others

var (
	leaf  = reflect.TypeFor[time.Time]()
	plain = reflect.TypeFor[string]()
)

// visit hands out each string.
func (r *Redaction) visit(v reflect.Value, kind field, visit func(field, string)) {
	switch v.Kind() {
	case reflect.String:
		if v.Type() == plain {
			visit(kind, v.String())
		}
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			r.visit(v.Elem(), kind, visit)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			r.visit(v.Index(i), kind, visit)
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			r.visit(v.MapIndex(k), kind, visit)
		}
	case reflect.Struct:
		switch v.Type() {
		case leaf:
			return
		case table:
			r.visitTable(v.Interface().(hunts.Table), visit)
			return
		}
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				r.visit(v.Field(i), fieldOf(f), visit)
			}
		}
	}
}

// copy writes the redacted in to out.
func (r *Redaction) copy(out, in reflect.Value, kind field) {
	out.Set(in) // with what is not exported
	switch in.Kind() {
	case reflect.String:
		if in.Type() == plain {
			out.SetString(r.shown(kind, in.String()))
		}
	case reflect.Pointer:
		if !in.IsNil() {
			out.Set(reflect.New(in.Type().Elem()))
			r.copy(out.Elem(), in.Elem(), kind)
		}
	case reflect.Interface:
		if !in.IsNil() {
			x := reflect.New(in.Elem().Type()).Elem()
			r.copy(x, in.Elem(), kind)
			out.Set(x)
		}
	case reflect.Slice:
		if in.IsNil() {
			return
		}
		out.Set(reflect.MakeSlice(in.Type(), in.Len(), in.Len()))
		for i := range in.Len() {
			r.copy(out.Index(i), in.Index(i), kind)
		}
	case reflect.Array:
		for i := range in.Len() {
			r.copy(out.Index(i), in.Index(i), kind)
		}
	case reflect.Map:
		if in.IsNil() {
			return
		}
		out.Set(reflect.MakeMapWithSize(in.Type(), in.Len()))
		for _, k := range in.MapKeys() {
			key, value := reflect.New(k.Type()).Elem(), reflect.New(in.Type().Elem()).Elem()
			r.copy(key, k, text)
			r.copy(value, in.MapIndex(k), kind)
			out.SetMapIndex(key, value)
		}
	case reflect.Struct:
		switch in.Type() {
		case leaf:
			return
		case table:
			out.Set(reflect.ValueOf(r.copyTable(in.Interface().(hunts.Table))))
			return
		}
		for i := range in.NumField() {
			if f := in.Type().Field(i); f.IsExported() {
				r.copy(out.Field(i), in.Field(i), fieldOf(f))
			}
		}
	}
}

// shown is one string as it may be seen.
func (r *Redaction) shown(kind field, s string) string {
	if s == "" {
		return ""
	}
	switch kind {
	case verbatim:
		return s
	case device:
		if r.devices {
			return r.standIn("device", s)
		}
	case deviceID:
		if r.devices {
			return r.standIn("id", s)
		}
	case user:
		if r.users && !wellKnown[bare(s)] {
			return r.standIn("user", s)
		}
	case recipient:
		if as := r.recipientAs(s); as != "" {
			return r.standIn(as, s)
		}
	case command:
		if r.commands {
			return ""
		}
	case remote:
		if r.devices && r.ours(s) {
			return r.standIn("device", s)
		}
	}
	return r.Text(s)
}

// wellKnown accounts name no person.
var wellKnown = map[string]bool{"system": true, "local service": true, "network service": true, "localservice": true, "networkservice": true, "root": true, "administrator": true}

// bare is an account without its domain.
func bare(account string) string {
	account = strings.ToLower(account)
	if i := strings.LastIndexByte(account, '\\'); i >= 0 {
		account = account[i+1:]
	}
	name, _, _ := strings.Cut(account, "@")
	return name
}

// standIn names something the same way each time.
func (r *Redaction) standIn(kind, name string) string {
	key := strings.ToLower(name)
	if shown, ok := r.names[key]; ok {
		return shown
	}
	if kind == "device" {
		if short, _, cut := strings.Cut(key, "."); cut && r.names[short] != "" {
			r.know(key, r.names[short])
			return r.names[short]
		}
	}
	r.count[kind]++
	shown := kind + "-" + strconv.Itoa(r.count[kind])
	r.know(key, shown)
	switch kind {
	case "device":
		if short, domain, cut := strings.Cut(key, "."); cut {
			r.know(short, shown)
			if suffix := "." + domain; strings.Contains(domain, ".") && !slices.Contains(r.suffixes, suffix) {
				r.suffixes = append(r.suffixes, suffix)
			}
		}
	case "user":
		r.know(bare(key), shown)
	}
	return shown
}

// shortestName is what is looked for in texts: shorter names stand in other words.
const shortestName = 3

func (r *Redaction) know(name, shown string) {
	if _, known := r.names[name]; known || name == "" {
		return
	}
	r.names[name] = shown
	if len(name) < shortestName {
		return
	}
	first, segments := firstSegment(name), 0
	inside := false
	for i := range len(name) {
		w := wordByte(name[i])
		if w && !inside {
			segments++
		}
		inside = w
	}
	r.longest[first] = max(r.longest[first], segments)
}

// learn notes the names in the fields that hold them, before any text is shown.
func (r *Redaction) learn(kind field, s string) {
	switch {
	case s == "":
	case kind == device && r.devices:
		r.standIn("device", s)
	case kind == user && r.users && !wellKnown[bare(s)]:
		r.standIn("user", s)
	case kind == recipient && r.recipientAs(s) != "":
		r.standIn(r.recipientAs(s), s)
	}
}

// recipientAs is the kind of stand-in of somebody who got a mail; empty where they
// are shown.
func (r *Redaction) recipientAs(s string) string {
	switch {
	case r.users && !wellKnown[bare(s)]:
		return "user"
	case r.recipients:
		return "recipient"
	}
	return ""
}

// ours tells that a remote host is one of our devices: it is known as one, stands
// below the domain of one, or has no domain, as names within a network have.
func (r *Redaction) ours(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if _, known := r.names[host]; known {
		return true
	}
	if slices.ContainsFunc(r.suffixes, func(s string) bool { return strings.HasSuffix(host, s) }) {
		return true
	}
	return host != "localhost" && host != "" && !strings.ContainsAny(host, ".:/ ")
}

// Text is a text without what is hidden: secrets by their shape, the folder of a
// person's profile, and every name that is known.
func (r *Redaction) Text(s string) string {
	if shown, known := r.names[strings.ToLower(s)]; known {
		return shown
	}
	if r.secrets {
		s = maskSecrets(s)
	}
	if r.users {
		s = maskProfiles(s)
	}
	if len(r.names) > 0 {
		s = r.nameless(s)
	}
	return s
}

func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c >= 0x80
}

func firstSegment(s string) string {
	i := 0
	for i < len(s) && wordByte(s[i]) {
		i++
	}
	return s[:i]
}

// nameless replaces known names where they stand as words: between anything that is
// no letter and no digit. Of two that begin at one place the longer one is meant.
func (r *Redaction) nameless(s string) string {
	lower := strings.ToLower(s)
	if len(lower) != len(s) { // folding changed the length of a letter: compared as it is spelled
		lower = s
	}
	var out strings.Builder
	done := 0
	for i := 0; i < len(s); {
		if !wordByte(s[i]) {
			i++
			continue
		}
		first := firstSegment(lower[i:])
		end := i + len(first)
		if n := r.longest[first]; n > 0 {
			if found, shown := r.longestAt(lower, i, n); found > 0 {
				out.WriteString(s[done:i] + shown)
				done, end = found, found
			}
		}
		i = end
	}
	if done == 0 {
		return s
	}
	return out.String() + s[done:]
}

// longestAt is where the longest known name that begins at i ends, 0 for none.
func (r *Redaction) longestAt(lower string, i, segments int) (end int, shown string) {
	at := i
	for n := 0; n < segments && at < len(lower); n++ {
		for at < len(lower) && !wordByte(lower[at]) {
			at++
		}
		at += len(firstSegment(lower[at:]))
		if name, known := r.names[lower[i:at]]; known {
			end, shown = at, name
		}
	}
	return end, shown
}
