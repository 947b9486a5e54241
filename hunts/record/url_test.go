package record_test

import (
	"crypto/rand"
	"strings"
	"testing"

	"github.com/footprint-soc/footprint/hunts/record"
)

// TestAPasswordThatIsNotEncodedIsNotShown: such a password ends the part of the
// URL where a login is looked for, so the rest of it turns up as a path, a
// parameter or a fragment, which errors like to quote.
func TestAPasswordThatIsNotEncodedIsNotShown(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]string{
		"a slash":                            "redis://u:12/hushhush@h/0",
		"a slash, with TLS":                  "rediss://u:12/hushhush@h/0",
		"a slash behind an at sign":          "redis://u:p@ss/hushhush@h/0",
		"a question mark":                    "redis://u:12?hushhush@h",
		"a question mark and a known option": "redis://u:12?db=hushhush@h",
		"a number sign":                      "redis://u:12#hushhush@h/0",
		"a percent sign":                     "redis://u:%hushhush@h/0",
		"a slash, of a cluster":              "redis+cluster://u:12/hushhush@h",
		"a question mark, of a cluster":      "redis+cluster://u:12?hushhush@h",
		"a slash, behind sentinels":          "redis+sentinel://u:12/hushhush@h/mymaster/0",
		"a number sign, behind sentinels":    "redis+sentinel://u:12#hushhush@h/mymaster/0",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := record.Open(t.Context(), record.Config{URL: url, Random: rand.Reader})
			if err == nil {
				_ = s.Close()
				t.Fatal("it opens")
			}
			text := err.Error()
			if !strings.Contains(text, "REDIS_URL") || !strings.Contains(text, "percent-encode") {
				t.Errorf("it does not teach how to write the password: %v", err)
			}
			if strings.Contains(text, "hush") || strings.Contains(text, "12") {
				t.Errorf("the password shows: %v", err)
			}
		})
	}
}
