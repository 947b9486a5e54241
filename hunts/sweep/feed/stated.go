package feed

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"go4.org/netipx"

	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/sweep"
)

// stated is what a source says a value is.
type stated string

const (
	unstated   stated = ""
	isIP       stated = "ip"
	isDNS      stated = "dns"
	isFile     stated = "file"
	isHash     stated = "hash"
	unsureRef  stated = "ref"  // an address or a name
	notHunted  stated = "none" // a type of which no network event shows anything
	notHunting        = "network events show nothing of the type %q"
)

// The words under which vendors say what a value is, lower case, only letters
// and digits.
const (
	ipWords = " ip ips ipv4 ipv6 ipaddress ipaddresses ipv4address ipv6address ipaddr ipdst ipsrc srcip dstip destip ipport ipdstport ipsrcport ipv4addr ipv6addr ipv4addrvalue ipv6addrvalue networkip networkipv4 networkipv6 networksourceipv4 networkdestinationipv4 " +
		"remoteip cidr network netblock subnet iprange networkcidr ipv4cidr c2ip hostip ipnetmask "
	dnsWords = " domain domains domainname domainnames domainnamevalue hostname hostnames host hosts fqdn fqdns subdomain dns dnsname sld url urls uri uris link remoteurl networkurl urlvalue urlpath maliciousurl phishingurl c2url payloadurl c2domain hostnameport domainport networkdomain fullurl "
	// what follows is a file's; a file name is only one when its source says so
	fileWords = " file filename filenames filepath filenamevalue filefullpath "
	hashWords = " hash hashes filehash filehashvalue md5 sha1 sha256 md5hash sha1hash sha256hash filemd5 filesha1 filesha256 filehashmd5 filehashsha1 filehashsha256 filehashesmd5 filehashessha1 filehashessha256 malwaresample malwaresha256 malwaremd5 samplehash sha2 "
	noneWords = " email emails emailaddr emailaddress emailsrc emaildst emailsubject emailaddrvalue emailsender sender mutex yara cve vulnerability registry registrykey regkey regkeyvalue windowsregistrykeykey sha512 sha384 sha224 filehashsha512 filehashessha512 ssdeep imphash tlsh " +
		"ja3 ja3s ja3fingerprint ja3fingerprintmd5 jarm jarmfingerprint hasshmd5 certificatethumbprint certificate thumbprint x509fingerprintsha1 x509fingerprintmd5 x509fingerprintsha256 useragent btc bitcoin bitcoinaddress asn as phonenumber mac macaddress macaddressvalue pdb filehashpehash filehashimphash peimphash process windowsservicename pattern "
)

// statedBy reads the name of a type; known is false for a word that is none.
func statedBy(name string) (kind stated, known bool) {
	word := columnName(name)
	if word == "" {
		return unstated, false
	}
	for _, list := range []struct {
		words string
		kind  stated
	}{{ipWords, isIP}, {dnsWords, isDNS}, {fileWords, isFile}, {hashWords, isHash}, {noneWords, notHunted}} {
		if strings.Contains(list.words, " "+word+" ") {
			return list.kind, true
		}
	}
	return unstated, false
}

// typeAs reads a value by what its source says it is. Where the two can't both
// be, what the value plainly is counts: lists name addresses as domains.
func typeAs(kind stated, value string) (indicator.Indicator, *indicator.Refusal) {
	switch kind {
	case unstated:
		return indicator.Type(value)
	case isHash:
		typed, refusal := indicator.TypeAs("file", value)
		if refusal == nil && !typed.IsHash() {
			refusal = &indicator.Refusal{Sentence: "its source calls it a hash, and it is none", Token: value}
		}
		return typed, refusal
	case isFile:
		return indicator.TypeAs("file", value)
	case unsureRef:
		kind = isIP
		if _, refusal := indicator.TypeAs("ip", value); refusal != nil {
			kind = isDNS
		}
	}
	typed, refusal := indicator.TypeAs(string(kind), value)
	if refusal != nil {
		if plain, no := indicator.Type(value); no == nil && plain.Kind != indicator.KindFile {
			return plain, nil
		}
	}
	return typed, refusal
}

// networksOf reads "203.0.113.0-203.0.113.255" and the two ends that DShield
// puts into columns as the networks that cover it.
func networksOf(from, to string) []string {
	a, errFrom := netip.ParseAddr(strings.TrimSpace(indicator.Refang(from)))
	b, errTo := netip.ParseAddr(strings.TrimSpace(indicator.Refang(to)))
	if errFrom != nil || errTo != nil || a.Is4() != b.Is4() || b.Less(a) {
		return nil
	}
	var out []string
	for _, p := range netipx.IPRangeFrom(a, b).Prefixes() {
		out = append(out, p.String())
	}
	return out
}

// rangeOf reads one text as a range of addresses.
func rangeOf(text string) []string {
	text = strings.NewReplacer("–", "-", "—", "-").Replace(text)
	from, to, ok := strings.Cut(text, "-")
	if !ok || strings.Contains(to, "-") {
		return nil
	}
	return networksOf(from, to)
}

// add puts in one value, or says why not. Within one list an indicator is there
// once; a repeated one keeps the later end.
func (r *reader) add(line int, kind stated, value string, e sweep.Entry) {
	e.Line = line
	if networks := rangeOf(value); networks != nil && (kind == unstated || kind == isIP) {
		for _, n := range networks {
			r.typed(line, isIP, n, e)
		}
		return
	}
	r.typed(line, kind, value, e)
}

func (r *reader) typed(line int, kind stated, value string, e sweep.Entry) {
	typed, refusal := typeAs(kind, value)
	if refusal != nil {
		r.refused(line, value, refusal)
		return
	}
	e.Indicator = typed
	r.take(value, e)
}

// cell puts in what one cell of a table or one field of a record holds: an
// indicator, or several. Of a file with its hash the hash is taken.
func (r *reader) cell(line int, kind stated, value string, e sweep.Entry) {
	parts := cellParts(kind, value)
	if len(parts) == 1 {
		r.add(line, kind, value, e)
		return
	}
	hashed := slices.ContainsFunc(parts, func(p string) bool { t, no := indicator.Type(p); return no == nil && t.IsHash() })
	for _, p := range parts {
		if t, no := typeAs(kind, p); hashed && (no != nil || t.Kind == indicator.KindFile) {
			continue
		}
		r.add(line, kind, p, e)
	}
}

// cellParts are the values of a cell. A comma or semicolon may be a part of a
// URL, so that it only parts what are indicators on both sides.
func cellParts(kind stated, value string) []string {
	whole := []string{value}
	if !strings.ContainsAny(value, ",;| \n\t") {
		return whole
	}
	if _, no := typeAs(kind, value); no == nil && !strings.ContainsAny(value, " \n\t,") && !strings.Contains(value[1:], ";h") {
		return whole
	}
	if rangeOf(value) != nil {
		return whole
	}
	parts := strings.FieldsFunc(value, func(c rune) bool { return strings.ContainsRune(",;| \n\t\r", c) })
	if len(parts) < 2 {
		return whole
	}
	for _, p := range parts {
		if _, no := typeAs(kind, p); no != nil {
			return whole
		}
	}
	return parts
}

func notHuntable(kind string) string { return fmt.Sprintf(notHunting, cut(kind, 40)) }
