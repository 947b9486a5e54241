package feed

import (
	"strings"
	"testing"
)

func TestAPatternComesToTheValuesOfWhichAnyMayHold(t *testing.T) {
	for text, want := range map[string]struct {
		values   string
		unsuited string
	}{
		`[ipv4-addr:value = '203.0.113.66']`:                                                            {"203.0.113.66", ""},
		`[ipv4-addr:value='203.0.113.66']`:                                                              {"203.0.113.66", ""},
		`[ ipv4-addr:value == '203.0.113.66' OR ipv6-addr:value = '2001:db8::1' ]`:                      {"203.0.113.66 2001:db8::1", ""},
		`[domain-name:value = 'a.example'] OR ([url:value = 'http://b.example/'])`:                      {"a.example http://b.example/", ""},
		`[ipv4-addr:value IN ('198.51.100.1','198.51.100.2')]`:                                          {"198.51.100.1 198.51.100.2", ""},
		`[ipv4-addr:value ISSUBSET '192.0.2.0/28']`:                                                     {"192.0.2.0/28", ""},
		`[file:hashes.'SHA-256' = 'aa']`:                                                                {"aa", ""},
		`[file:hashes."SHA-256" = 'aa' AND file:name = 'x.exe' AND file:size = 12]`:                     {"aa", ""},
		`[(file:hashes.MD5 = 'aa') OR (file:hashes.'SHA-1' = 'bb')]`:                                    {"aa bb", ""},
		`[url:value = 'http://x.example/it\'s [here] AND NOT \\ there']`:                                {`http://x.example/it's [here] AND NOT \ there`, ""},
		`[network-traffic:dst_ref.value = '203.0.113.66']`:                                              {"203.0.113.66", ""},
		`[domain-name:value = 'a.example' OR mutex:name = 'x']`:                                         {"a.example", "nothing of mutex:name"},
		`[domain-name:value = 'a.example' OR domain-name:value LIKE '%.b.example']`:                     {"a.example", "compares with LIKE"},
		`[ipv4-addr:value = '203.0.113.66' AND domain-name:value = 'a.example']`:                        {"", "joins conditions"},
		`[ipv4-addr:value = '203.0.113.66' AND mutex:name = 'x']`:                                       {"", "joins conditions"},
		`[ipv4-addr:value = '203.0.113.66' AND ipv4-addr:value NOT = '203.0.113.67']`:                   {"", "joins conditions"},
		`[domain-name:value = 'a.example' OR network-traffic:dst_port = 443]`:                           {"a.example", "nothing of network-traffic:dst_port"},
		`[network-traffic:dst_port = 443 AND network-traffic:protocols[0] = 'tcp']`:                     {"", "nothing of network-traffic:dst_port"},
		`[file:name = 'x.exe' AND process:name = 'y.exe']`:                                              {"", "joins conditions"},
		`[ipv4-addr:value = '203.0.113.66'] AND [domain-name:value = 'a.example']`:                      {"", "joins conditions"},
		`[ipv4-addr:value = '203.0.113.66'] FOLLOWEDBY [domain-name:value = 'a.example']`:               {"", "joins conditions"},
		`[ipv4-addr:value = '203.0.113.66'] REPEATS 5 TIMES WITHIN 60 SECONDS`:                          {"", "counts or times"},
		`[ipv4-addr:value = '203.0.113.66'] START t'2026-01-01T00:00:00Z' STOP t'2026-01-02T00:00:00Z'`: {"", "counts or times"},
		`[ipv4-addr:value NOT = '203.0.113.66']`:                                                        {"", "compares with NOT"},
		`[ipv4-addr:value != '203.0.113.66']`:                                                           {"", "compares with !="},
		`[EXISTS domain-name:value]`:                                                                    {"", "EXISTS"},
		`[file:extensions.'windows-pebinary-ext'.sections[0].name = '.text']`:                           {"", "nothing of file:extensions"},
	} {
		got, err := parsePattern(text)
		if err != nil || texts(got.values) != want.values || (want.unsuited == "") != (len(got.unsuited) == 0) || want.unsuited != "" && !strings.Contains(got.unsuited[0], want.unsuited) {
			t.Errorf("%s: %q, %q, %v; want %q, %q", text, texts(got.values), got.unsuited, err, want.values, want.unsuited)
		}
	}
}

func TestAPatternSaysWhatOfItIsNotChecked(t *testing.T) {
	for text, want := range map[string]struct{ values, unchecked string }{
		`[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '203.0.113.66' AND network-traffic:dst_port = 443]`: {"203.0.113.66", "network-traffic:dst_ref.type = ipv4-addr; network-traffic:dst_port = 443"},
		`[network-traffic:dst_ref.type = 'domain-name' AND network-traffic:dst_ref.value = 'a.example']`:                                     {"a.example", "network-traffic:dst_ref.type = domain-name"},
		`[ipv4-addr:value = '203.0.113.66' AND network-traffic:dst_port = 8080]`:                                                             {"203.0.113.66", "network-traffic:dst_port = 8080"},
		`[network-traffic:dst_port IN (80, 443) AND (ipv4-addr:value = '203.0.113.66' OR ipv4-addr:value = '203.0.113.67')]`:                 {"203.0.113.66 203.0.113.67", "network-traffic:dst_port IN 80, 443"},
		`[ipv4-addr:value = '203.0.113.66' AND (network-traffic:dst_port = 80 OR network-traffic:dst_port = 443)]`:                           {"203.0.113.66", "network-traffic:dst_port = 80; network-traffic:dst_port = 443"},
		`[domain-name:value = 'a.example' AND domain-name:resolves_to_refs[*].value = '203.0.113.66']`:                                       {"a.example", "domain-name:resolves_to_refs[*].value = 203.0.113.66"},
		`[file:name = 'x.exe' AND file:size > 12]`:                                                                                           {"x.exe", "file:size > 12"},
	} {
		got, err := parsePattern(text)
		if err != nil || len(got.unsuited) > 0 || texts(got.values) != want.values || strings.Join(got.unchecked, "; ") != want.unchecked {
			t.Errorf("%s: %q, %q, %q, %v", text, texts(got.values), got.unchecked, got.unsuited, err)
		}
	}
}

func texts(values []patternValue) string {
	var out []string
	for _, v := range values {
		out = append(out, v.text)
	}
	return strings.Join(out, " ")
}

func TestWhatIsNoPatternIsRefused(t *testing.T) {
	for _, text := range []string{
		``, `[`, `]`, `[]`, `[ipv4-addr:value]`, `[ipv4-addr:value =]`, `[ipv4-addr:value = '1`, `[ipv4-addr = '1']`, `[ipv4-addr:value = '1'] x`, `[ipv4-addr:value = '1'`, `ipv4-addr:value = '1'`, `[ipv4-addr:value = '1' OR]`,
		`[ipv4-addr:value IN ()]`, `[ipv4-addr:value IN ('1']`, `[a:b = '1'] WITHIN`, strings.Repeat("(", 100_000), strings.Repeat("[(", 60) + "a:b = '1'", "rule x { condition: true }",
	} {
		if got, err := parsePattern(text); err == nil {
			t.Errorf("%.60q: %+v", text, got)
		}
	}
}

func FuzzPattern(f *testing.F) {
	f.Add(`[file:hashes.'SHA-256' = 'aa' AND file:name IN ('x', 'y')] OR ([a:b[*].c NOT LIKE '\'x']) START t'1' STOP t'2'`)
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parsePattern(text)
		if err == nil && len(got.values)+len(got.unsuited) == 0 {
			t.Error("a pattern that says nothing")
		}
	})
}
