package builtin

import (
	"testing"
)

func TestAddressFunctions(t *testing.T) {
	runFnCases(t, []fnCase{
		{"an address is a number", "parse_ipv4", vArgs(vStr("127.0.0.1")), "2130706433"},
		{"a prefix clears the bits of the host", "parse_ipv4", vArgs(vStr("192.168.1.255/24")), "3232235776"},
		{"a name is no address", "parse_ipv4", vArgs(vStr("example.com")), fnNull},
		{"an octet beyond 255 is no address", "parse_ipv4", vArgs(vStr("1.2.3.256")), fnNull},
		{"a prefix beyond 32 is none", "parse_ipv4", vArgs(vStr("1.2.3.4/33")), fnNull},
		{"a mask clears too", "parse_ipv4_mask", vArgs(vStr("10.1.2.3"), vLong(8)), "167772160"},
		{"IPv4 in IPv6 is mapped", "parse_ipv6", vArgs(vStr("127.0.0.1")), "0000:0000:0000:0000:0000:ffff:7f00:0001"},
		{"IPv6 is written out", "parse_ipv6", vArgs(vStr("2001:DB8::1")), "2001:0db8:0000:0000:0000:0000:0000:0001"},
		{"a zone is refused", "parse_ipv6", vArgs(vStr("fe80::1%eth0")), ""},
		{"a mask of IPv6", "parse_ipv6_mask", vArgs(vStr("2001:db8:1:2::ff"), vLong(48)), "2001:0db8:0001:0000:0000:0000:0000:0000"},
		{"in a range", "ipv4_is_in_range", vArgs(vStr("10.1.2.3"), vStr("10.0.0.0/8")), "true"},
		{"out of a range", "ipv4_is_in_range", vArgs(vStr("11.1.2.3"), vStr("10.0.0.0/8")), "false"},
		{"IPv6 is in no IPv4 range, nor out of it", "ipv4_is_in_range", vArgs(vStr("::1"), vStr("10.0.0.0/8")), fnNull},
		{"an empty address gives null", "ipv4_is_in_any_range", vArgs(vStr(""), vJSON(`["10.0.0.0/8"]`)), fnNull},
		{"in one of several ranges", "ipv4_is_in_any_range", vArgs(vStr("172.16.5.5"), vJSON(`["10.0.0.0/8","172.16.0.0/12"]`), vStr("1.1.1.1")), "true"},
		{"ranges that are none match nothing", "ipv4_is_in_any_range", vArgs(vStr("172.16.5.5"), vJSON(`["x",null,5]`)), "false"},
		{"everything is in /0", "ipv4_is_in_any_range", vArgs(vStr("8.8.8.8"), vStr("0.0.0.0/0")), "true"},
		{"IPv6 in a range", "ipv6_is_in_range", vArgs(vStr("2001:db8::5"), vStr("2001:db8::/32")), "true"},
		{"mapped IPv4 in a range of IPv6", "ipv6_is_in_any_range", vArgs(vStr("10.1.2.3"), vStr("::ffff:10.0.0.0/104")), "true"},
		{"mapped and plain are one address", "ipv6_is_match", vArgs(vStr("::ffff:10.1.2.3"), vStr("10.1.2.3")), "true"},
		{"different addresses do not match", "ipv6_is_match", vArgs(vStr("10.1.2.3"), vStr("10.1.2.4")), "false"},
		{"a prefix between IPv4 addresses counts their bits", "ipv6_is_match", vArgs(vStr("10.1.2.3"), vStr("11.1.2.3"), vLong(8)), "false"},
		{"order of addresses", "ipv4_compare", vArgs(vStr("10.0.0.1"), vStr("10.0.0.2")), "-1"},
		{"order of IPv6 addresses", "ipv6_compare", vArgs(vStr("2001:db8::2"), vStr("2001:db8::1")), "1"},
		{"a private address", "ipv4_is_private", vArgs(vStr("172.31.255.255")), "true"},
		{"a public address", "ipv4_is_private", vArgs(vStr("172.32.0.1")), "false"},
		{"a range wider than the private one is not private", "ipv4_is_private", vArgs(vStr("10.0.0.0/7")), "false"},
		{"an address without a prefix has 32 bits", "ipv4_netmask_suffix", vArgs(vStr("1.2.3.4")), "32"},
		{"a number becomes an address", "format_ipv4", vArgs(vLong(3232236031)), "192.168.1.255"},
		{"a masked address", "format_ipv4", vArgs(vStr("192.168.1.255"), vLong(24)), "192.168.1.0"},
		{"an address in CIDR form", "format_ipv4_mask", vArgs(vStr("192.168.1.255"), vLong(24)), "192.168.1.0/24"},
		{"what is no address formats to nothing", "format_ipv4", vArgs(vStr("x")), ""},
	})
}

func TestAddressesInText(t *testing.T) {
	const line = "GET http://10.1.2.3:8080/ from (192.168.7.20), end 8.8.8.8."
	runFnCases(t, []fnCase{
		{"before a port", "has_ipv4", vArgs(vStr(line), vStr("10.1.2.3")), "true"},
		{"in brackets", "has_ipv4", vArgs(vStr(line), vStr("192.168.7.20")), "true"},
		{"before a full stop", "has_ipv4", vArgs(vStr(line), vStr("8.8.8.8")), "true"},
		{"part of another", "has_ipv4", vArgs(vStr(line), vStr("192.168.7.2")), "false"},
		{"glued to a letter", "has_ipv4", vArgs(vStr("v1.2.3.4 1.2.3.4x é1.2.3.4"), vStr("1.2.3.4")), "false"},
		{"beside a sign beyond ASCII", "has_ipv4", vArgs(vStr("→1.2.3.4←"), vStr("1.2.3.4")), "true"},
		{"five numbers are no address", "has_ipv4", vArgs(vStr("1.2.3.4.5"), vStr("1.2.3.4")), "false"},
		{"one of many", "has_any_ipv4", vArgs(vStr(line), vJSON(`["1.1.1.1","8.8.8.8"]`)), "true"},
		{"a prefix with its dot", "has_ipv4_prefix", vArgs(vStr(line), vStr("192.168.")), "true"},
		{"a prefix without its dot", "has_ipv4_prefix", vArgs(vStr(line), vStr("192.168")), "false"},
		{"a prefix ends at a dot", "has_any_ipv4_prefix", vArgs(vStr("10.11.2.3"), vStr("10.1."), vStr("1.")), "false"},
		{"a whole address as prefix", "has_any_ipv4_prefix", vArgs(vStr(line), vStr("10.1.2.3")), "true"},
		{"no text has no address", "has_ipv4", vArgs(vStr(""), vStr("1.2.3.4")), "false"},
	})
}
