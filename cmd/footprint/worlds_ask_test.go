package main

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// hosts of the worlds: none is part of another, and none is in the background.
func (w *world) newHost() string {
	words := []string{"cdn-sync", "dl-upd", "evil", "c2", "beacon", "xn--mnchen-3ya", "xn--bcher-kva", "xn--e1afmkfd", "q7x"}
	tops := []string{"example", "test", "example.net", "corp-a.example"}
	host := fmt.Sprintf("%s.%s", words[w.random.IntN(len(words))], tops[w.random.IntN(len(tops))])
	if w.random.IntN(3) == 0 {
		host = fmt.Sprintf("h%d.%s", w.random.IntN(90), host)
	}
	return host
}

func (w *world) newAddress() netip.Addr {
	if w.random.IntN(5) == 0 {
		return netip.MustParseAddr(fmt.Sprintf("2001:db8:%x::%x", w.random.IntN(0xffff), 1+w.random.IntN(0xffff)))
	}
	return netip.AddrFrom4([4]byte{203, 0, 113, byte(20 + w.random.IntN(200))})
}

// newWant draws an indicator that nothing in the background is.
func (w *world) newWant(kind string) want {
	switch kind {
	case "address":
		a := w.newAddress()
		return want{kind: kind, network: netip.PrefixFrom(a, a.BitLen()), text: typedAddress(w.random, a), plain: a.String()}
	case "network":
		a := w.newAddress()
		bits := 24 + w.random.IntN(7)
		if a.Is6() {
			bits = 48 + 8*w.random.IntN(8)
		}
		n := netip.PrefixFrom(a, bits).Masked()
		return want{kind: kind, network: n, text: n.String(), plain: n.String()}
	case "domain":
		h := w.newHost()
		return want{kind: kind, host: h, text: typedHost(w.random, h), plain: h}
	case "subdomains":
		h := w.newHost()
		return want{kind: kind, host: h, text: "*." + h, plain: "*." + h}
	case "suffix":
		h := w.newHost()
		return want{kind: kind, host: h, text: "*" + h, plain: "*" + h}
	case "file":
		f := fmt.Sprintf("drop%d.exe", w.random.IntN(90))
		if w.random.IntN(5) == 0 && !w.ask.sweep { // as people say it; a list of a sweep needs the ending
			bare := strings.TrimSuffix(f, ".exe")
			return want{kind: kind, file: f, text: bare, plain: bare}
		}
		return want{kind: kind, file: f, text: []string{f, strings.ToUpper(f)}[w.random.IntN(2)], plain: f}
	}
	n := 1 + w.random.IntN(90)
	h := []string{fmt.Sprintf("%040x", 0xd1000+n), fmt.Sprintf("%064x", 0xd2000+n), fmt.Sprintf("%032x", 0xd3000+n)}[w.random.IntN(3)]
	return want{kind: "hash", hash: h, text: []string{h, strings.ToUpper(h)}[w.random.IntN(2)], plain: h}
}

// word is an indicator as a word of the request.
func (w want) word() string {
	switch w.kind {
	case "address":
		if strings.Contains(w.text, "//") {
			return w.text
		}
		return "ip=" + w.text
	case "network":
		return "ip=" + w.text
	case "domain", "subdomains", "suffix":
		return "dns=" + w.text
	}
	return "file=" + w.text
}

// newAsk draws a question about the world's scopes.
func (w *world) newAsk() {
	a := &w.ask
	remote := []string{"address", "address", "network", "domain", "domain", "subdomains", "suffix"}
	for range 1 + w.random.IntN(3) {
		a.wants = append(a.wants, w.newWant(remote[w.random.IntN(len(remote))]))
	}
	switch w.random.IntN(8) {
	case 0:
		a.wants = append(a.wants, w.newWant("file"))
	case 1:
		a.wants = append(a.wants, w.newWant("hash"))
	case 2:
		a.wants = []want{w.newWant([]string{"file", "hash"}[w.random.IntN(2)])}
	}
	seen := map[string]bool{}
	a.wants = slices.DeleteFunc(a.wants, func(x want) bool { again := seen[x.plain]; seen[x.plain] = true; return again })
	for n := range w.scopes {
		a.scopes = append(a.scopes, n)
	}
	if len(w.scopes) > 1 && w.random.IntN(3) == 0 {
		n := w.random.IntN(len(w.scopes))
		a.scopes = []int{n}
	}
	if w.random.IntN(6) == 0 {
		s := w.scopes[a.scopes[0]]
		d := s.devices[w.random.IntN(len(s.devices))]
		name, _, _ := strings.Cut(d.name, ".")
		a.devices = []string{[]string{d.name, name, strings.ToUpper(name)}[w.random.IntN(3)]}
		a.scopes = a.scopes[:1]
	}
	w.newWindow()
}

const aDay = 24 * time.Hour

// lookBacks are the windows that people ask for.
var lookBacks = []struct {
	word string
	back time.Duration
}{{"15m", 15 * time.Minute}, {"1h", time.Hour}, {"24h", aDay}, {"24h", aDay}, {"3d", 3 * aDay}, {"7d", 7 * aDay}, {"7d", 7 * aDay}, {"2w", 14 * aDay}, {"30d", 30 * aDay}, {"90d", 90 * aDay}}

// newWindow draws the window within what the fleet has; since=all is everything.
func (w *world) newWindow() {
	a, back := &w.ask, w.now.Sub(w.scopes[0].from)
	a.to = w.now
	if !w.scopes[0].live && w.random.IntN(2) == 0 {
		a.from, a.to, a.window = time.Time{}, w.now.AddDate(1, 0, 0), []string{"since=all"}
		return
	}
	for {
		l := lookBacks[w.random.IntN(len(lookBacks))]
		if l.back > back-aDay && l.back != 90*aDay || l.back > back {
			continue
		}
		a.from, a.window = w.now.Add(-l.back), []string{"since=" + l.word}
		break
	}
	if !w.scopes[0].live || w.random.IntN(4) == 0 { // a terminal's now is not the world's
		if w.scopes[0].live && w.random.IntN(2) == 0 && w.now.Sub(a.from) > aDay {
			a.to = a.from.Add(w.now.Sub(a.from) / 2).Truncate(time.Microsecond)
		}
		a.window = []string{"from=" + a.from.Format(time.RFC3339Nano), "to=" + a.to.Format(time.RFC3339Nano)}
	}
}

// words is the whole request.
func (w *world) words() []string { return w.wordsOf(w.ask) }

func (w *world) wordsOf(a ask) []string {
	var out []string
	for _, x := range a.wants {
		out = append(out, x.word())
	}
	if len(a.devices) > 0 {
		out = append(out, "device="+strings.Join(a.devices, ","))
	}
	if len(w.scopes) > 1 {
		out = append(out, w.workspaces(a))
	}
	return append(out, a.window...)
}

func (w *world) workspaces(a ask) string {
	var names []string
	for _, n := range a.scopes {
		names = append(names, w.scopes[n].name)
	}
	return "workspace=" + strings.Join(names, ",")
}

// askBefore draws a question that somebody asked a moment ago about some of the
// same things: its answer is remembered, and must not pass for another one's.
func (w *world) askBefore() {
	if !w.scopes[0].live || w.random.IntN(5) > 0 || slices.ContainsFunc(w.scopes, func(s *scope) bool { return s.service.nth > 0 }) {
		return // what hits one search only would hit that one
	}
	a := w.ask
	a.wants = slices.Clone(a.wants)
	for range 1 + w.random.IntN(2) {
		switch w.random.IntN(5) {
		case 0:
			a.wants = a.wants[:1+w.random.IntN(len(a.wants))]
		case 1:
			a.wants = append(a.wants, w.newWant("domain"))
		case 2:
			a.scopes = []int{w.random.IntN(len(w.scopes))}
		case 3:
			a.window = []string{"since=" + lookBacks[w.random.IntN(3)].word}
		case 4:
			if a.devices != nil {
				a.devices = nil
			} else {
				a.devices = []string{w.scopes[a.scopes[0]].devices[0].name}
			}
		}
	}
	w.before = &a
}
