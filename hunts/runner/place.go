package runner

import (
	"regexp"
	"slices"
	"strings"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/request"
)

// unread is what an export can't give of what a request is looked for in.
func (r *Runner) unread(req request.Request, d Definition) []hunts.Unread {
	if r.cfg.Unread == nil {
		return nil
	}
	var out []hunts.Unread
	for _, u := range r.cfg.Unread() {
		if u.Table != "" && u.Table != d.Footprint.Table && !strings.Contains(d.Query, u.Table) {
			continue
		}
		if u.Column == "" || strings.Contains(d.Query, u.Column) && (reads(req, u.Column) || d.searches(req, u.Column)) {
			out = append(out, u)
		}
	}
	return out
}

// searches tells whether a request is looked for in a column that a place names.
func (d Definition) searches(req request.Request, column string) bool {
	p := d.Footprint.Place
	return p != nil && slices.Contains(p.Searched, column) && (len(req.IPs) > 0 || len(req.Domains) > 0 && !addressColumn.MatchString(column))
}

// addressColumn are the names of columns that hold addresses and no names.
var addressColumn = regexp.MustCompile(`I[Pp](v[46]|Addr|Address)?$|^IPAddress$`)

// reads tells whether a request is looked for in a column, or narrowed by it.
func reads(req request.Request, column string) bool {
	hash := func(kind indicator.Kind) bool {
		return slices.ContainsFunc(req.Files, func(i indicator.Indicator) bool { return i.Kind == kind })
	}
	switch column {
	case "RemoteIP": // LocalIP is the remote side of a few inspections only
		return len(req.IPs) > 0
	case "RemoteUrl", "AdditionalFields": // an address stands there too, as the host of a URL
		return len(req.IPs)+len(req.Domains) > 0
	case "DeviceName":
		return len(req.Devices) > 0
	case "TimeGenerated", "ActionType":
		return true
	}
	switch {
	case strings.HasSuffix(column, "MD5"):
		return hash(indicator.KindMD5)
	case strings.HasSuffix(column, "SHA1"):
		return hash(indicator.KindSHA1)
	case strings.HasSuffix(column, "SHA256"):
		return hash(indicator.KindSHA256)
	case strings.HasSuffix(column, "FileName"):
		return hash(indicator.KindFile)
	}
	return false
}

// placesOf says where a hunt looked, and where it could not.
func (r *Runner) placesOf(h hunts.Hunt, d Definition, a hunts.Answer, covErr error, rows []unreadRow) []hunts.Place {
	table := hunts.Place{Place: placeOf(d.Footprint.Table), Table: d.Footprint.Table, Searched: hunts.AllDone(a.Coverage.Slices), Events: a.Totals.Events, Devices: a.Totals.Devices}
	switch {
	case !table.Searched:
		for _, s := range a.Coverage.Slices {
			if s.State != hunts.SliceDone {
				table.Reason = whyOf(s)
			}
		}
	case covErr != nil:
		table.Reason = "coverage is unknown: " + sayOf(covErr, d)
	}
	out := []hunts.Place{table}
	for _, u := range r.unread(h.Request, d) {
		name := u.Column
		if name == "" {
			name = "rows"
		}
		out = append(out, hunts.Place{Place: name, Table: u.Table, Reason: u.Reason})
	}
	for _, say := range unreadProblems(rows) {
		out = append(out, hunts.Place{Place: "values", Table: d.Footprint.Table, Reason: say})
	}
	return out
}

// placeOf is a table in the words of people.
func placeOf(table string) string {
	words := map[string]string{
		"DeviceNetworkEvents": "network connections", "DeviceFileEvents": "files", "DeviceProcessEvents": "processes", "DeviceEvents": "device events",
	}
	if word, ok := words[table]; ok {
		return word
	}
	return table
}
