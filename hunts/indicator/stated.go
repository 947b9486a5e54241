package indicator

import (
	"strings"
	"unicode"
)

// TypeAs reads a value whose source says what it is: "ip" for an address or a
// network, "dns" for a name or a URL, "file" for a file name or a hash. What
// Type would ask about ("backup.zip" is a file and a domain) is decided by that.
func TypeAs(key, s string) (Indicator, *Refusal) {
	return settle(key, s, typing(key))
}

// TypeQuoted is TypeAs for a value that stood in quotes: the punctuation at the
// end of a quoted URL belongs to it.
func TypeQuoted(key, s string) (Indicator, *Refusal) {
	once := typing(key)
	return settle(key, s, func(s string) (Indicator, *Refusal) {
		if plainText := RefangAll(strings.TrimFunc(s, unicode.IsSpace)); strings.Contains(plainText, "://") || strings.ContainsAny(plainText, "/?#") {
			if ind, no := typeURL(s, plainText); no == nil {
				if loose, noLoose := once(s); noLoose == nil && loose.Kind == KindURL && loose.Host == ind.Host {
					return ind, nil
				}
			}
		}
		return once(s)
	})
}

func typing(key string) func(string) (Indicator, *Refusal) {
	switch key {
	case "ip":
		return typeIP
	case "dns":
		return typeDNS
	case "file":
		return typeFile
	}
	return typeOnce
}
