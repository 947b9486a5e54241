package runner

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/request"
)

// ofKind gives n indicators of one kind, as long as such indicators are.
func ofKind(t *testing.T, kind string, n int) []indicator.Indicator {
	t.Helper()
	out := make([]indicator.Indicator, 0, n)
	for i := range n {
		text := map[string]string{
			"IPv4":     fmt.Sprintf("203.%d.%d.%d", 100+i/10000, 100+i/100%100, 100+i%100),
			"IPv6":     fmt.Sprintf("2001:db8:%x:%x:%x:%x:%x:%x", 0x1000+i, 0x1000+i, 0x1000+i, 0x1000+i, 0x1000+i, 0x1000+i),
			"network":  fmt.Sprintf("203.%d.%d.0/24", 100+i/255, i%255),
			"domain":   fmt.Sprintf("a-rather-long-host-name-%d.some-provider-of-hosting.example", i),
			"URL":      fmt.Sprintf("https://host-%d.some-provider-of-hosting.example/a/path/%d", i, i),
			"SHA-256":  fmt.Sprintf("%064x", i+1),
			"MD5":      fmt.Sprintf("%032x", i+1),
			"fileName": fmt.Sprintf("a-dropper-with-a-name-%d.exe", i),
		}[kind]
		typed, refusal := indicator.Type(text)
		if refusal != nil {
			t.Fatal(refusal.Sentence)
		}
		out = append(out, typed)
	}
	return out
}

func TestFiveThousandIndicatorsOfAnyKindTakeEightQueriesAtMost(t *testing.T) {
	if testing.Short() {
		t.Skip("only computes")
	}
	var mixed []indicator.Indicator
	d, ok := mustCatalog(t).Get(hunts.DefaultHunt)
	if !ok {
		t.Fatal("no hunt")
	}
	for _, kind := range []string{"IPv4", "IPv6", "network", "domain", "URL", "SHA-256", "MD5", "fileName"} {
		list := ofKind(t, kind, 5000)
		mixed = append(mixed, list[:625]...)
		fits(t, d, kind, list)
	}
	fits(t, d, "mixed", mixed)
}

func mustCatalog(t *testing.T) *Catalog {
	t.Helper()
	c, _, err := LoadCatalog(nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// fits checks the texts of the queries: the service documents no limit, and 100 KB
// are known to work.
func fits(t *testing.T, d Definition, kind string, list []indicator.Indicator) {
	t.Helper()
	all := packs(list)
	if len(all) > 8 {
		t.Errorf("%s: %d queries", kind, len(all))
	}
	hunted, longest := 0, 0
	for _, r := range all {
		hunted += len(r.Indicators())
		p := newParams(r, time.Unix(0, 0), time.Unix(1, 0), time.Hour).late(time.Unix(0, 0), 0).packed()
		longest = max(longest, len(d.kql(p, "c", nil, mustCatalog(t).survey)))
		for _, place := range mustCatalog(t).Places() { // each is asked once for a pack
			if part, ok := place.partOf(r); ok {
				p := place.params(part, time.Unix(0, 0), time.Unix(1, 0), time.Hour).late(time.Unix(0, 0), 0).packed()
				longest = max(longest, len(place.kql(p, "c", nil, place.observed(nil)+mustCatalog(t).place)))
			}
		}
	}
	if hunted != len(list) {
		t.Errorf("%s: %d of %d are in a query", kind, hunted, len(list))
	}
	if longest > 100_000 {
		t.Errorf("%s: a query of %d bytes", kind, longest)
	}
	t.Logf("%s: %d queries, the longest has %d bytes", kind, len(all), longest)
}

func TestASingleAddressStandsTwiceInAPack(t *testing.T) {
	r := request.Request{}
	for _, text := range []string{"203.0.113.66", "2001:db8::66", "198.51.100.0/28"} {
		typed, _ := indicator.Type(text)
		r.Add(typed)
	}
	whole := newParams(r, time.Time{}, time.Time{}, 0)
	p := whole.packed()
	if len(p.nets) != 1 || !slices.Equal(p.ipTexts, []string{"203.0.113.66", "2001:db8::66"}) || len(p.ipFull) != 2 {
		t.Errorf("%q %q %q", p.nets, p.ipTexts, p.ipFull)
	}
	if len(whole.nets) != 3 || len(whole.ipTexts) != 4 {
		t.Errorf("the parameters of a hunt are changed: %q %q", whole.nets, whole.ipTexts)
	}
}
