package runner

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/kql"
)

// Mode says what an exclusion profile does with the events it covers.
type Mode string

// The modes. Nothing is ever dropped: in every mode but off the answer says
// how many events a profile covered.
const (
	ModeOff      Mode = "off"
	ModeAnnotate Mode = "annotate" // counted and named; the default
	ModeHide     Mode = "hide"     // also left out of tables, unless an indicator was asked for by name
)

// Profile is known-good traffic with a name. All conditions that are set must
// hold; within one, any value does. A profile without conditions covers
// nothing.
type Profile struct {
	Name        string   `yaml:"name"`
	Description string   `yaml:"description"`
	Mode        Mode     `yaml:"mode"`
	Processes   []string `yaml:"processes"`
	Ranges      []string `yaml:"ranges"`
	Domains     []string `yaml:"domains"`
	Ports       []int64  `yaml:"ports"`
}

// Set tells whether the profile has any condition.
func (p Profile) Set() bool {
	return len(p.Processes)+len(p.Ranges)+len(p.Domains)+len(p.Ports) > 0
}

var profileName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

// ShippedExclusions are the five scenarios of the seed hunt, without values.
func ShippedExclusions() ([]Profile, error) {
	text, err := hunts.Shipped.ReadFile("catalog/exclusions.yaml")
	if err != nil {
		return nil, fmt.Errorf("reading the shipped exclusion profiles: %w", err)
	}
	return ParseExclusions("exclusions.yaml", text)
}

// ParseExclusions reads a file of profiles. The error names file, line and
// reason.
func ParseExclusions(file string, text []byte) ([]Profile, error) {
	var doc struct {
		Profiles []Profile `yaml:"profiles"`
	}
	if err := hunts.PlainYAML(text); err != nil {
		return nil, FileProblem{File: file, Reason: err.Error()}
	}
	if err := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict()).Decode(&doc); err != nil {
		var at yaml.Error
		if errors.As(err, &at) && at.GetToken() != nil {
			return nil, FileProblem{File: file, Line: at.GetToken().Position.Line, Reason: at.GetMessage()}
		}
		return nil, FileProblem{File: file, Reason: err.Error()}
	}
	seen := map[string]bool{}
	for i := range doc.Profiles {
		p := &doc.Profiles[i]
		bad := func(reason string) error {
			return FileProblem{File: file, Line: lineOf(text, p.Name), Reason: reason}
		}
		switch {
		case !profileName.MatchString(p.Name):
			return nil, bad(fmt.Sprintf("profile name %q: use lower-case letters, digits and hyphens", p.Name))
		case seen[p.Name]:
			return nil, bad(fmt.Sprintf("profile %q is there twice", p.Name))
		case p.Mode == "":
			p.Mode = ModeAnnotate
		case p.Mode != ModeOff && p.Mode != ModeAnnotate && p.Mode != ModeHide:
			return nil, bad(fmt.Sprintf("mode of %q is off, annotate or hide, not %q", p.Name, p.Mode))
		}
		seen[p.Name] = true
		for _, r := range p.Ranges {
			if prefix, err := netip.ParsePrefix(r); err != nil || prefix.Addr().Is4In6() {
				return nil, bad(fmt.Sprintf("range %q of %q is not a network such as 10.0.0.0/24 or 2001:db8::/32", r, p.Name))
			}
		}
	}
	return doc.Profiles, nil
}

// chooseProfiles applies exclude= to the configured profiles.
func chooseProfiles(all []Profile, names []string, none bool) ([]Profile, *hunts.Error) {
	if none {
		return nil, nil
	}
	var out []Profile
	for _, n := range names {
		i := indexOfProfile(all, n)
		if i < 0 {
			known := make([]string, len(all))
			for k, p := range all {
				known[k] = p.Name
			}
			known = append(known, "none")
			return nil, &hunts.Error{Kind: hunts.KindRefused, Say: fmt.Sprintf("there is no exclusion profile %q: write exclude=%s", n, strings.Join(known, " or exclude="))}
		}
		p := all[i]
		if p.Mode == ModeOff {
			p.Mode = ModeAnnotate // asked for by name
		}
		out = append(out, p)
	}
	if len(names) == 0 {
		for _, p := range all {
			if p.Mode != ModeOff {
				out = append(out, p)
			}
		}
	}
	return out, nil
}

func indexOfProfile(all []Profile, name string) int {
	for i, p := range all {
		if strings.EqualFold(p.Name, name) {
			return i
		}
	}
	return -1
}

// excludedBy writes the function that names the profile of a row. Every value
// goes through the literal encoder.
func excludedBy(profiles []Profile) string {
	var b strings.Builder
	b.WriteString("let excluded_by = (ip:string, host:string, port:long, process:string) {\n    case(")
	written := 0
	for _, p := range profiles {
		if !p.Set() || p.Mode == ModeOff {
			continue
		}
		b.WriteString(p.condition() + ", " + kql.StringLiteral(p.Name).String() + ",\n        ")
		written++
	}
	if written == 0 {
		return "let excluded_by = (ip:string, host:string, port:long, process:string) { \"\" };\n"
	}
	b.WriteString("\"\")\n};\n")
	return b.String()
}

func (p Profile) condition() string {
	var all []string
	if len(p.Processes) > 0 {
		all = append(all, "process in~ ("+kql.StringsLiteral(p.Processes).String()+")")
	}
	if len(p.Ranges) > 0 {
		all = append(all, p.inRanges())
	}
	if len(p.Domains) > 0 {
		var any []string
		for _, d := range p.Domains {
			any = append(any, "host =~ "+kql.StringLiteral(d).String()+" or host endswith "+kql.StringLiteral("."+d).String())
		}
		all = append(all, "("+strings.Join(any, " or ")+")")
	}
	if len(p.Ports) > 0 {
		all = append(all, "port in ("+kql.LongsLiteral(p.Ports).String()+")")
	}
	return strings.Join(all, " and ")
}

// inRanges compares with the ranges of each family: the functions of KQL give
// null on the other one. An IPv4-mapped address is the IPv4 address it holds.
func (p Profile) inRanges() string {
	var v4, v6, any []string
	for _, r := range p.Ranges {
		if prefix, err := netip.ParsePrefix(r); err == nil && prefix.Addr().Is6() {
			v6 = append(v6, prefix.Masked().String())
		} else {
			v4 = append(v4, r)
		}
	}
	if len(v4) > 0 {
		any = append(any, `coalesce(ipv4_is_in_any_range(replace_string(ip, "::ffff:", ""), `+kql.StringsLiteral(v4).String()+"), false)")
	}
	if len(v6) > 0 {
		// without the test for a dot ::/0 would take in mapped addresses
		any = append(any, `(ip contains ":" and ip !contains "." and coalesce(ipv6_is_in_any_range(ip, `+kql.StringsLiteral(v6).String()+"), false))")
	}
	return "(" + strings.Join(any, " or ") + ")"
}
