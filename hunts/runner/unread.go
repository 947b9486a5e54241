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
	What    string `json:"what"` // a column or a value; or process, address, MD5 …: what rows lack
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
		switch what, hash := u.hash(); {
		case hash:
			concerned = string(i.Kind) == strings.ToLower(what)
		case u.What == "process", u.What == "file name":
			concerned = i.Kind == indicator.KindFile
		case u.What == "address", u.What == "the sender's address", addressColumn.MatchString(u.What):
			concerned = len(req.IPs) > 0
		case u.What == "device":
			concerned = true
		}
		if concerned {
			mine = append(mine, u)
		}
	}
	return len(unreadProblems(mine)) > 0
}

// hash is the kind of hash that rows lack, or can't be read in.
func (u unreadRow) hash() (kind string, ok bool) {
	kind = strings.TrimPrefix(u.What, "a value of ")
	return kind, kind == "MD5" || kind == "SHA1" || kind == "SHA256"
}

// lacks are what rows may lack, and to what they can't be matched then.
var lacks = map[string]struct{ lack, to string }{
	"process": {"process", "a file"}, "file name": {"file name", "a file"}, "MD5": {"MD5", "that hash"}, "SHA1": {"SHA1", "that hash"}, "SHA256": {"SHA256", "that hash"},
	"address": {"RemoteIP", "an address"}, "name": {"name", "a domain"}, "device": {"DeviceName", "a device"},
}

func (u unreadRow) problem() string {
	events, has := thousands(u.Rows)+" events", "have"
	if u.Rows == 1 {
		events, has = "1 event", "has"
	}
	row, lacking := lacks[u.What]
	switch {
	case u.Rows == 0, lacking && u.What != "device" && float64(u.Rows) < missingShare*float64(u.Of):
		return ""
	case lacking:
		return fmt.Sprintf("%s of %s events %s no %s, so they can't be matched to %s", thousands(u.Rows), thousands(max(u.Rows, u.Of)), has, row.lack, row.to)
	}
	if u.What == "LocalIP" {
		return fmt.Sprintf("%s %s no LocalIP, which is the remote side of an inspected connection from outside", events, has)
	}
	return fmt.Sprintf("%s %s a value of %s that can't be read, for example %s", events, has, strings.TrimPrefix(u.What, "a value of "), shownExample(u.Example))
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
