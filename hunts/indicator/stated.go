package indicator

// TypeAs reads a value whose source says what it is: "ip" for an address or a
// network, "dns" for a name or a URL, "file" for a file name or a hash. What
// Type would ask about ("backup.zip" is a file and a domain) is decided by that.
func TypeAs(key, s string) (Indicator, *Refusal) {
	switch key {
	case "ip":
		return settle(key, s, typeIP)
	case "dns":
		return settle(key, s, typeDNS)
	case "file":
		return settle(key, s, typeFile)
	}
	return Type(s)
}
