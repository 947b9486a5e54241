package builtin

import (
	"fmt"
	"sync"

	"github.com/ua-parser/uap-go/uaparser"

	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// userAgents reads user agents by the public list of patterns that the service uses
// too. The list takes a while to compile, so that it waits for the first who asks.
var userAgents = sync.OnceValues(func() (*uaparser.Parser, error) { return uaparser.New() })

func parseUserAgent(_ *Env, a []value.Value) (value.Value, error) {
	parser, err := userAgents()
	if err != nil {
		return value.Value{}, fmt.Errorf("reading the patterns of user agents: %w", err)
	}
	wanted := map[string]bool{}
	for _, v := range value.Flatten(nil, a[1]) {
		wanted[argText(v)] = true
	}
	text := argText(a[0])
	out := value.NewBag()
	put := func(key string, pairs ...string) {
		part := value.NewBag()
		for i := 0; i < len(pairs); i += 2 {
			part.Set(pairs[i], pairs[i+1])
		}
		out.Set(key, part)
	}
	if wanted["browser"] {
		b := parser.ParseUserAgent(text)
		put("Browser", "Family", b.Family, "MajorVersion", b.Major, "MinorVersion", b.Minor, "Patch", b.Patch)
	}
	if wanted["os"] {
		o := parser.ParseOs(text)
		put("OperatingSystem", "Family", o.Family, "MajorVersion", o.Major, "MinorVersion", o.Minor, "Patch", o.Patch, "PatchMinor", o.PatchMinor)
	}
	if wanted["device"] {
		d := parser.ParseDevice(text)
		put("Device", "Family", d.Family, "Brand", d.Brand, "Model", d.Model)
	}
	if len(wanted) == 0 || out.Len() != len(wanted) {
		return value.Value{}, fmt.Errorf(`parse_user_agent() looks for "browser", "os" or "device", not %s`, a[1].Text())
	}
	return value.DynamicValue(out), nil
}
