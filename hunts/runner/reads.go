package runner

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/request"
)

// unread names what was asked for and the hunt does not look for; "" for
// nothing. A hunt that passes over an indicator would call it clean.
func (d Definition) unread(req request.Request) string {
	for _, i := range req.Indicators() {
		parameter, readers := wayOf(i)
		if !d.reads(parameter, readers) {
			return fmt.Sprintf("the hunt %s does not look for %s: leave %s out, or ask without hunt", d.Name, kindText(i), i.String())
		}
	}
	for _, narrow := range []struct {
		parameter, key string
		given          int
	}{{"devices", "device=", len(req.Devices)}, {"accounts", "user=", len(req.Accounts)}} {
		if narrow.given > 0 && !d.reads(narrow.parameter, []string{narrow.parameter}) {
			return fmt.Sprintf("the hunt %s can't be narrowed by %s: leave it out, or ask without hunt", d.Name, narrow.key)
		}
	}
	return ""
}

// reads tells whether a hunt declares a parameter and its body reads it in one
// of some ways.
func (d Definition) reads(parameter string, readers []string) bool {
	return slices.Contains(d.Footprint.Parameters, parameter) &&
		slices.ContainsFunc(readers, func(s string) bool { return strings.Contains(d.Query, s) })
}

// wayOf gives the parameter in which an indicator reaches a query, and what in
// a body looks at it: a single address is in more lists than a range.
func wayOf(i indicator.Indicator) (parameter string, how []string) {
	switch i.Kind {
	case indicator.KindIP:
		return "nets", append([]string{"nets"}, readers["nets"]...)
	case indicator.KindCIDR:
		return "nets", []string{"nets", "ranges_v4", "ranges_v6", "in_ranges(", "matches("}
	case indicator.KindSuffix:
		parameter = "suffixes"
	case indicator.KindDomain, indicator.KindURL:
		if _, err := netip.ParseAddr(i.Host); err == nil { // of a URL
			return "nets", append([]string{"nets"}, readers["nets"]...)
		}
		parameter = "domains"
		if i.SubOnly {
			parameter = "subdomains"
		}
	case indicator.KindFile:
		parameter = "files"
	default:
		parameter = "hashes"
	}
	return parameter, append([]string{parameter}, readers[parameter]...)
}

func kindText(i indicator.Indicator) string {
	switch i.Kind {
	case indicator.KindIP:
		return "addresses"
	case indicator.KindCIDR:
		return "networks"
	case indicator.KindDomain, indicator.KindURL, indicator.KindSuffix:
		return "names"
	case indicator.KindFile:
		return "files by name"
	}
	return "files by hash"
}
