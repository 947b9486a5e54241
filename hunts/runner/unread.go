package runner

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/request"
)

// unreadRow counts values that a hunt searches and could not read.
type unreadRow struct {
	What    string `json:"what"` // a column, or process, address, MD5, SHA1, SHA256: what rows lack
	Rows    int64  `json:"rows"`
	Of      int64  `json:"of"`
	Example string `json:"example"`
}

// missingShare is the part of all rows without a process, a hash or an address from
// which on silence about it means nothing: some rows of every fleet lack them.
const missingShare = 0.01

// unreadProblems are the sentences about what was searched and could not be
// read, one for each column or value, in the order in which they come.
func unreadProblems(rows []unreadRow) []string {
	var order []string
	sum := map[string]unreadRow{}
	for _, r := range rows {
		have, ok := sum[r.What]
		if !ok {
			order = append(order, r.What)
			have = unreadRow{What: r.What, Example: r.Example}
		}
		have.Rows += r.Rows
		have.Of += r.Of
		sum[r.What] = have
	}
	var out []string
	for _, what := range order {
		if say := sum[what].problem(); say != "" {
			out = append(out, say)
		}
	}
	return out
}

// doubted tells whether an indicator may be in what could not be read.
func doubted(rows []unreadRow, i indicator.Indicator) bool {
	req := request.Request{}
	req.Add(i)
	var mine []unreadRow
	for _, u := range rows {
		concerned := len(req.Files) == 0
		switch u.What {
		case "MD5", "SHA1", "SHA256":
			concerned = string(i.Kind) == strings.ToLower(u.What)
		case "process":
			concerned = i.Kind == indicator.KindFile
		case "RemoteIP", "LocalIP", "address":
			concerned = len(req.IPs) > 0
		}
		if concerned {
			mine = append(mine, u)
		}
	}
	return len(unreadProblems(mine)) > 0
}

func (u unreadRow) problem() string {
	of := fmt.Sprintf("%s of %s events", thousands(u.Rows), thousands(u.Of))
	events, has := thousands(u.Rows)+" events", "have"
	if u.Rows == 1 {
		events, has = "1 event", "has"
	}
	switch u.What {
	case "MD5", "SHA1", "SHA256", "process", "address":
		if u.Rows == 0 || float64(u.Rows) < missingShare*float64(u.Of) {
			return ""
		}
		switch u.What {
		case "process":
			return fmt.Sprintf("%s %s no process, so they can't be matched to a file", of, has)
		case "address":
			return fmt.Sprintf("%s %s no RemoteIP, so they can't be matched to an address", of, has)
		}
		return fmt.Sprintf("%s %s no %s, so they can't be matched to that hash", of, has, u.What)
	}
	if u.Rows == 0 {
		return ""
	}
	if u.What == "LocalIP" {
		return fmt.Sprintf("%s %s no LocalIP, which is the remote side of an inspected connection from outside", events, has)
	}
	return fmt.Sprintf("%s %s a value of %s that can't be read, for example %s", events, has, u.What, shownExample(u.Example))
}

// shownExample makes a value of a log safe to show: short, on one line, and
// nothing in it can be clicked.
func shownExample(s string) string {
	const most = 60
	s = strings.Map(func(c rune) rune {
		if unicode.IsControl(c) || unicode.Is(unicode.Cf, c) {
			return '·'
		}
		return c
	}, indicator.DefangText(s))
	if runes := []rune(s); len(runes) > most {
		s = string(runes[:most]) + "…"
	}
	return s
}

// thousands writes a number as people read it.
func thousands(n int64) string {
	s := fmt.Sprint(n)
	for at := len(s) - 3; at > 0; at -= 3 {
		s = s[:at] + "," + s[at:]
	}
	return s
}
