package indicator

import (
	"slices"
	"testing"
)

func TestALinkIsReadAsBrowsersDo(t *testing.T) {
	for typed, host := range map[string]string{
		"http:/evil.example/x": "evil.example", "http:evil.example/x": "evil.example", `http:\\evil.example`: "evil.example", "http:///evil.example/x": "evil.example", "HTTPS:/evil.example": "evil.example",
		"//evil.example/x": "evil.example", "http:/203.0.113.66/x": "203.0.113.66", "http://a@b@evil.example/": "evil.example",
		// must not
		"http://good.example/http:/evil.example": "good.example", "evil.example:8080": "evil.example",
	} {
		i, no := Type(typed)
		if no != nil {
			t.Errorf("%s: %s", typed, no.Sentence)
		} else if i.Host != host {
			t.Errorf("%s: the host is %q, want %q", typed, i.Host, host)
		}
	}
	for _, typed := range []string{"http:8080", "///x", "http:", "dns:evil.example"} {
		if i, no := Type(typed); no == nil {
			t.Errorf("%s is %v", typed, i)
		}
	}
}

func TestASigmaIsLookedForInBothItsForms(t *testing.T) {
	typed := func(text string) string {
		i, no := TypeAs("dns", text)
		if no != nil {
			t.Fatal(no.Sentence)
		}
		return i.Host
	}
	within, final := typed("σίσυφοσ.example"), typed("σίσυφος.example")
	if within == final || !slices.Equal(Spellings(within), []string{final}) || !slices.Equal(Spellings(final), []string{within}) {
		t.Errorf("%s has %v, %s has %v", within, Spellings(within), final, Spellings(final))
	}
	for _, other := range []string{"evil.example", typed("straße.example"), typed("münchen.example")} {
		if got := Spellings(other); got != nil {
			t.Errorf("%s has %v", other, got)
		}
	}
}
