package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/footprint-soc/footprint/bot/policy"
)

func TestAPolicyThatIsWrongIsRefusedWithItsReason(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, says string }{
		{"an unknown verb", "channels: {C0123: {allow: [hunts]}}", `allows "hunts"`},
		{"an unknown key", "channels: {C0123: {alow: [hunt]}}", "alow"},
		{"a name instead of an id", "channels: {soc: {allow: [hunt]}}", "channel id"},
		{"a look-back that is none", "default: {allow: [hunt], max_look_back: 7x}", "max_look_back"},
		{"a redaction that is none", "default: {allow: [hunt], redact: [names]}", `redacts "names"`},
		{"an approval without a size", "default: {allow: [hunt]}\napproval: {expires: 1h}", "which hunts need it"},
		{"an approval with a look-back that is none", "default: {allow: [hunt]}\napproval: {look_back: 7x}", "approval: look_back"},
		{"an approval by a group that is none", "default: {allow: [hunt]}\napproval: {look_back: 30d, groups: [leads]}", "not the id of a user group"},
		{"a second document", "default: {allow: []}\n---\ndefault: {allow: [hunt]}", "second document"},
		{"nothing at all", "{}", "allows nothing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := policy.Parse([]byte(c.text))
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, want %q", err, c.says)
			}
		})
	}
}

func TestAPolicyThatDoublesAtEachLevelEnds(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x]\n")
	for n := range 12 {
		fmt.Fprintf(&b, "a%d: &a%d [%s]\n", n+1, n+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", n), 9), ", "))
	}
	if _, err := policy.Parse([]byte(b.String() + "default: {allow: [hunt], groups: *a12}\n")); err == nil {
		t.Error("it is taken for a policy")
	}
	if _, err := policy.Parse(make([]byte, 2<<20)); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("two megabytes of it: %v", err)
	}
}
