package feed

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

const (
	sha256A = "48681b7a871998f0bd71a8b55b82cc6ff1170b8c52e81bdd9c4bef54ad04520b"
	sha256B = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
	sha1A   = "957fbceb0f3166e41b76fdb54075ab3b9cc84cba"
	md5A    = "0f343b0931126a20f133d67c2b018a3b"
)

// vendors are small inputs made after what vendors and people publish. take are
// all indicators that are hunted, left the values that are not, with their kind.
var vendors = []struct {
	name, file, text string
	take, left       []string
}{
	// abuse.ch
	{"URLhaus CSV", "csv_recent", "################\n# abuse.ch URLhaus Database Dump (CSV - recent URLs only)\n#\n# id,dateadded,url,url_status,last_online,threat,tags,urlhaus_link,reporter\n" +
		`"1","2026-11-20 10:00:05","http://203.0.113.66:4477/bin.sh","online","2026-11-20 10:00:05","malware_download","32-bit,elf,mips","https://ref-site.com/url/1/","x"` + "\n",
		[]string{"url:http://203.0.113.66:4477/bin.sh"}, nil},
	{"URLhaus JSON dump", "urlhaus.json", `{"3700001":[{"dateadded":"2026-11-20 10:00:05 UTC","url":"http://203.0.113.66/a","url_status":"online","threat":"malware_download","tags":["elf","Mozi"],"urlhaus_link":"https://ref-site.com/url/1/","reporter":"x"}]}`,
		[]string{"url:http://203.0.113.66/a"}, nil},
	{"indicators as the names of an object", "scores.json", `{"203.0.113.66":{"score":90,"reference":"https://ref-site.com/x","tags":["c2"]},"bad-site.top":{"score":10}}`, []string{"ip:203.0.113.66", "domain:bad-site.top"}, nil},
	{"names with a note each", "notes.json", `{"203.0.113.66":"C2 of x","bad-site.top":"phishing"}`, []string{"ip:203.0.113.66", "domain:bad-site.top"}, nil},
	{"names below what they are", "lists.json", `{"ips":{"203.0.113.66":{"score":90}},"domains":{"bad-site.top":{"first":"2026-11-01"}},"generated":"2026-11-01"}`, []string{"ip:203.0.113.66", "domain:bad-site.top"}, nil},
	{"names beside what the list says of itself", "meta.json", `{"203.0.113.66":1,"203.0.113.67":2,"version":"3","license":"x"}`, []string{"ip:203.0.113.66", "ip:203.0.113.67"}, nil},
	{"a list under one name", "hosts.json", `{"updated":"2026-11-01","hosts":["bad-site.top","203.0.113.66"]}`, []string{"domain:bad-site.top", "ip:203.0.113.66"}, nil},
	{"a list under a name of its own", "c2.json", `{"report":{"c2_servers":["bad-site.top"],"references":["ref-site.com"],"allowlist":["good-site.com"],"families":["win.loader"]}}`, []string{"domain:bad-site.top"}, nil},
	{"a list of which few are indicators", "words.json", `{"hosts":["bad-site.top"],"words":["ref-site.com","two words","x y","and z"]}`, []string{"domain:bad-site.top"}, nil},
	{"fields that look like domains", "flat.json", `[{"rule.name":"x","host.name":"y","indicator":"203.0.113.66"}]`, []string{"ip:203.0.113.66"}, nil},
	{"URLhaus API", "recent.json", `{"query_status":"ok","urls":[{"id":"1","urlhaus_reference":"https://ref-site.com/url/1/","url":"http://bad-site.top/a","url_status":"online","host":"bad-site.top","date_added":"2026-11-20 10:00:05 UTC","threat":"malware_download","blacklists":{"spamhaus_dbl":"not listed"},"tags":["exe"]}]}`,
		[]string{"url:http://bad-site.top/a"}, nil},
	{"URLhaus text", "urls.txt", "# abuse.ch URLhaus\nhttp://bad-site.top/a,b\nhttp://203.0.113.66/x\n", []string{"url:http://bad-site.top/a,b", "url:http://203.0.113.66/x"}, nil},
	{"ThreatFox JSON", "threatfox.json", `{"1500001":[{"ioc_value":"203.0.113.66:8080","ioc_type":"ip:port","threat_type":"botnet_cc","malware":"win.loader","confidence_level":75,"first_seen_utc":"2026-11-20 10:00:00","last_seen_utc":null,"reference":"https://ref-site.com/x","tags":"c2","reporter":"x"}],"1500002":[{"ioc_value":"bad7-site.app","ioc_type":"domain","confidence_level":100}]}`,
		[]string{"ip:203.0.113.66", "domain:bad7-site.app"}, nil},
	{"ThreatFox API", "x.json", `{"query_status":"ok","data":[{"id":"1","ioc":"bad-site.zip","threat_type":"botnet_cc","ioc_type":"domain","malware":"win.x","confidence_level":75,"reference":null,"tags":null,"malware_samples":[{"sha256_hash":"` + sha256A + `"}]}]}`,
		[]string{"domain:bad-site.zip"}, nil},
	{"Feodo Tracker JSON", "ipblocklist.json", `[{"ip_address":"203.0.113.66","port":443,"status":"online","hostname":"vps1.host-site.com","as_number":64500,"as_name":"EXAMPLE","country":"ZZ","first_seen":"2026-11-01 10:00:00","last_online":"2026-11-20","malware":"QakBot"}]`,
		[]string{"ip:203.0.113.66"}, nil},
	{"Feodo Tracker CSV", "ipblocklist.csv", "# Feodo Tracker\n\"first_seen_utc\",\"dst_ip\",\"dst_port\",\"c2_status\",\"last_online\",\"malware\"\n\"2026-11-01 10:00:00\",\"203.0.113.66\",\"443\",\"online\",\"2026-11-20\",\"QakBot\"\n# END 1 entries\n",
		[]string{"ip:203.0.113.66"}, nil},
	{"SSLBL addresses", "sslipblacklist.csv", "# abuse.ch SSLBL\n# Firstseen,DstIP,DstPort\n2026-11-01 10:00:00,203.0.113.66,443\n# END\n", []string{"ip:203.0.113.66"}, nil},
	{"SSLBL certificates", "sslblacklist.csv", "# abuse.ch SSLBL\n# Listingdate,SHA1,Listingreason\n2026-11-01 10:00:00," + sha1A + ",Loader C&C\n", nil, []string{sha1A + " not huntable"}},
	{"MalwareBazaar CSV", "recent.csv", "# MalwareBazaar\n# \"first_seen_utc\",\"sha256_hash\",\"md5_hash\",\"sha1_hash\",\"reporter\",\"file_name\",\"file_type_guess\",\"mime_type\"\n" +
		`"2026-11-01 10:00:00", "` + sha256A + `", "` + md5A + `", "` + sha1A + `", "x", "invoice.exe", "exe", "application/x-dosexec"` + "\n", []string{"sha256:" + sha256A, "md5:" + md5A, "sha1:" + sha1A}, nil},
	// other vendors
	{"PhishTank CSV", "online-valid.csv", "phish_id,url,phish_detail_url,submission_time,verified,verification_time,online,target\n1,https://bad-site.top/login?a=1&b=2,http://ref-site.com/1,2026-11-20T10:00:00+00:00,yes,2026-11-20T10:05:00+00:00,yes,Other\n",
		[]string{"url:https://bad-site.top/login?a=1&b=2"}, nil},
	{"PhishTank JSON", "online-valid.json", `[{"phish_id":"1","url":"https://bad-site.top/login","phish_detail_url":"http://ref-site.com/1","submission_time":"2026-11-20T10:00:00+00:00","verified":"yes","online":"yes","details":[{"ip_address":"203.0.113.66","cidr_block":"203.0.113.0/24"}],"target":"Other"}]`,
		[]string{"url:https://bad-site.top/login"}, nil},
	{"OpenPhish", "feed.txt", "https://bad-site.top/a\nhttp://phish-site.com/b/\n", []string{"url:https://bad-site.top/a", "url:http://phish-site.com/b/"}, nil},
	{"Spamhaus DROP text", "drop.txt", "; Spamhaus DROP List 2026/11/20\n198.51.100.0/24 ; SBL100001\n203.0.113.0/25 ; SBL100002\n", []string{"cidr:198.51.100.0/24", "cidr:203.0.113.0/25"}, nil},
	{"Spamhaus DROP JSON", "drop_v4.json", "{\"cidr\":\"198.51.100.0/24\",\"sblid\":\"SBL1\",\"rir\":\"arin\"}\n{\"type\":\"metadata\",\"timestamp\":1790234048,\"records\":1,\"copyright\":\"x\"}\n", []string{"cidr:198.51.100.0/24"}, nil},
	{"Spamhaus ASN-DROP", "asndrop.json", "{\"asn\":64500,\"rir\":\"arin\",\"domain\":\"bad-site.top\",\"cc\":\"ZZ\",\"asname\":\"EXAMPLE\"}\n", []string{"domain:bad-site.top"}, nil},
	{"DShield block list", "block.txt", "#\n#  DShield.org Recommended Block List\n#\nStart\tEnd\tNetmask\tAttacks\tName\tCountry\temail\n198.51.100.0\t198.51.100.255\t24\t4123\tEXAMPLE\tZZ\tabuse@host-site.com\n203.0.113.0\t203.0.113.127\t25\t12\t\tZZ\t\n",
		[]string{"cidr:198.51.100.0/24", "cidr:203.0.113.0/25"}, nil},
	{"Emerging Threats", "block-ips.txt", "# Emerging Threats\n203.0.113.66\n198.51.100.0/24\n\n", []string{"ip:203.0.113.66", "cidr:198.51.100.0/24"}, nil},
	{"AlienVault reputation", "reputation.data", "203.0.113.66#4#2#Malicious Host#ZZ##37.5,126.9#3\n", []string{"ip:203.0.113.66"}, nil},
	{"OTX pulse", "pulse.json", `{"id":"p1","name":"Loader","description":"see https://ref-site.com/r","author_name":"x","tags":["loader"],"references":["https://ref-site.com/r"],"indicators":[{"id":1,"indicator":"203.0.113.66","type":"IPv4","created":"2026-11-01T10:00:00","content":"","title":"","description":"C2","is_active":1},{"indicator":"bad-site.zip","type":"domain"},{"indicator":"` + sha256A + `","type":"FileHash-SHA256"},{"indicator":"CVE-2026-0001","type":"CVE"},{"indicator":"a@bad-site.top","type":"email"},{"indicator":"http://bad-site.top/x","type":"URL"}]}`,
		[]string{"ip:203.0.113.66", "domain:bad-site.zip", "sha256:" + sha256A, "url:http://bad-site.top/x"}, []string{"CVE-2026-0001 not huntable", "a@bad-site.top not huntable"}},
	{"OTX subscribed", "subscribed.json", `{"results":[{"name":"A","indicators":[{"indicator":"bad-site.top","type":"hostname"}]},{"name":"B","indicators":[{"indicator":"203.0.113.66","type":"IPv4"}]}],"count":2,"next":null}`,
		[]string{"domain:bad-site.top", "ip:203.0.113.66"}, nil},
	{"OTX CSV", "otx.csv", "Indicator type,Indicator,Description\nIPv4,203.0.113.66,\nFileHash-SHA1," + sha1A + ",dropper\nMutex,Global\\x,\n", []string{"ip:203.0.113.66", "sha1:" + sha1A}, []string{`Global\x not huntable`}},
	{"Talos in STIX", "b.json", `{"type":"bundle","id":"bundle--1","objects":[` + stixText(1, `[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '203.0.113.66' AND network-traffic:dst_port = 443]`) + `,` + stixText(2, `[file:hashes.'SHA-256' = '`+sha256A+`' AND file:name = 'a.exe']`) + `]}`,
		[]string{"ip:203.0.113.66", "sha256:" + sha256A}, nil},
	{"TAXII envelope", "envelope.json", `{"more":true,"next":"x","objects":[` + stixText(1, `[domain-name:value = 'bad7-site.app']`) + `]}`, []string{"domain:bad7-site.app"}, nil},
	{"a list of STIX objects", "objects.json", `[` + stixText(1, `[file:name = 'readme']`) + `,{"type":"malware","id":"malware--1","name":"x"}]`, []string{"file:readme"}, nil},
	{"observables without indicators", "observed.json", `{"type":"bundle","id":"bundle--1","objects":[{"type":"ipv4-addr","id":"ipv4-addr--1","value":"203.0.113.66"},{"type":"file","id":"file--1","hashes":{"SHA-256":"` + sha256A + `","SSDEEP":"3:a"},"name":"a.exe"},{"type":"domain-name","id":"domain-name--1","value":"bad-site.app"}]}`,
		[]string{"ip:203.0.113.66", "sha256:" + sha256A, "domain:bad-site.app"}, nil},
	{"observables beside indicators are context", "both.json", `{"type":"bundle","id":"bundle--1","objects":[{"type":"ipv4-addr","id":"ipv4-addr--1","value":"203.0.113.67"},` + stixText(1, `[ipv4-addr:value = '203.0.113.66']`) + `]}`, []string{"ip:203.0.113.66"}, nil},
	{"a SHA-512 in STIX", "sha512.json", stixText(1, `[file:hashes.'SHA-512' = 'aa']`), nil, []string{"indicator--1 not huntable"}},
	{"MISP CSV", "misp.csv", "uuid,event_id,category,type,value,comment,to_ids,date\n" + `"1","1","Network activity","ip-dst","203.0.113.66","C2",1,1790234048` + "\n" + `"2","1","Network activity","ip-dst|port","203.0.113.67|443","",1,1790234048` + "\n" + `"3","1","Network activity","domain|ip","bad-site.top|198.51.100.7","",1,1790234048` + "\n" +
		`"4","1","Payload delivery","filename|sha256","evil.exe|` + sha256A + `","",1,1790234048` + "\n" + `"5","1","Network activity","domain","context.top","",0,1790234048` + "\n" + `"6","1","Payload delivery","filename","bad-file.app","",1,1790234048` + "\n" + `"7","1","Other","comment","203.0.113.99","",1,1790234048` + "\n",
		[]string{"ip:203.0.113.66", "ip:203.0.113.67", "domain:bad-site.top", "ip:198.51.100.7", "sha256:" + sha256A, "file:bad-file.app"}, []string{"context.top context", "203.0.113.99 not huntable"}},
	{"MISP JSON with a composite", "event.json", `{"Event":{"info":"x","Attribute":[{"type":"hostname|port","value":"bad-site.top|443","to_ids":true},{"type":"malware-sample","value":"a.exe|` + md5A + `","to_ids":"1"},{"type":"ja3-fingerprint-md5","value":"` + md5A + `","to_ids":true}]}}`,
		[]string{"domain:bad-site.top", "md5:" + md5A}, []string{md5A + " not huntable"}},
	{"Defender portal CSV", "indicators.csv", "IndicatorType,IndicatorValue,ExpirationTime,Action,Severity,Title,Description,RecommendedActions,RbacGroups,Category,MitreTechniques,GenerateAlert\nDomainName,good-site.top,,Allowed,Informational,t,d,,,,,\nIpAddress,203.0.113.66,2026-12-31T00:00:00.0Z,Block,High,t,d,,,,,\nUrl,http://bad-site.top/a,,Audit,Low,t,d,,,,,\nFileSha256," + sha256A + ",,BlockAndRemediate,High,t,d,,,,,\nCertificateThumbprint," + sha1A + ",,Block,High,t,d,,,,,\n",
		[]string{"ip:203.0.113.66", "url:http://bad-site.top/a", "sha256:" + sha256A}, []string{"good-site.top allowed", sha1A + " not huntable"}},
	{"Defender API", "indicators.json", `{"@odata.context":"https://api-site.com/$metadata#Indicators","value":[{"id":"1","indicatorValue":"203.0.113.66","indicatorType":"IpAddress","action":"Block","severity":"High","title":"C2","expirationTime":null},{"indicatorValue":"good-site.top","indicatorType":"DomainName","action":"Allowed"},{"indicatorValue":"bad-site.zip","indicatorType":"DomainName","action":"Warn"}]}`,
		[]string{"ip:203.0.113.66", "domain:bad-site.zip"}, []string{"good-site.top allowed"}},
	{"Graph indicators", "tiIndicators.json", `{"value":[{"action":"block","description":"C2","networkIPv4":"203.0.113.66","domainName":null,"fileHashType":null},{"action":"alert","fileHashType":"sha256","fileHashValue":"` + sha256A + `","networkIPv4":null},{"action":"allow","domainName":"good-site.top"}]}`,
		[]string{"ip:203.0.113.66", "sha256:" + sha256A}, []string{"good-site.top allowed"}},
	{"Sentinel CSV", "ti.csv", "Name,Types,Values,Source,Confidence,Revoked,Valid until\nC2,ipv4-addr,203.0.113.66,x,80,FALSE,2026-12-31T00:00:00Z\nold,domain-name,old-site.top,x,50,TRUE,2026-12-31T00:00:00Z\n", []string{"ip:203.0.113.66"}, []string{"old-site.top withdrawn"}},
	{"GreyNoise CSV", "gn.csv", "ip,classification,actor,last_seen,tags\n203.0.113.66,malicious,unknown,2026-11-20,\"Mirai, SSH\"\n", []string{"ip:203.0.113.66"}, nil},
	{"VirusTotal collection", "vt.csv", "type,value,detections\nip_address,203.0.113.66,12/90\ndomain,bad-site.app,4/90\nfile," + sha256A + ",60/72\nurl,http://bad-site.top/a,9/90\n", []string{"ip:203.0.113.66", "domain:bad-site.app", "sha256:" + sha256A, "url:http://bad-site.top/a"}, nil},
	{"CISA report CSV", "AA26.csv", "Indicator,Type,Notes\n203[.]0[.]113[.]66,IPv4 Address,C2 server\nhxxp://bad-site[.]top/a,URL,download\nevil.dll,File Name,loader\n" + md5A + ",MD5,evil.dll\n", []string{"ip:203.0.113.66", "url:http://bad-site.top/a", "file:evil.dll", "md5:" + md5A}, nil},
	{"CrowdStrike CSV", "cs.csv", "type,value,action,severity,platforms\nsha256," + sha256A + ",prevent,high,windows\ndomain,bad-site.top,detect,high,windows\nipv4,203.0.113.66,allow,low,windows\n", []string{"sha256:" + sha256A, "domain:bad-site.top"}, []string{"203.0.113.66 allowed"}},
	{"Excel in German", "liste.csv", "sep=;\r\nNr;Typ;IOC;Gültig bis\r\n1;Domain;bad-site.app;31.12.2026\r\n2;IP;203.0.113.66;31.12.2026\r\n", []string{"domain:bad-site.app", "ip:203.0.113.66"}, nil},
	{"the indicator's column is the type's", "a.csv", "Indicator,Data,Note\nIP,203.0.113.66,C2\nsha256," + sha256A + ",x.exe\n", []string{"ip:203.0.113.66", "sha256:" + sha256A}, nil},
	{"several values in a cell", "cells.csv", "ioc,note\n\"203.0.113.66, 203.0.113.67\",C2\n\"bad-site.top;dl-site.top\",\n\"http://a-site.top/x\nhttp://b-site.top/y\",\n\"evil.exe|" + sha256A + "\",\n\"203.0.113.70 - 203.0.113.71\",\n\"http://bad-site.top/a,b;c\",\n",
		[]string{"ip:203.0.113.66", "ip:203.0.113.67", "domain:bad-site.top", "domain:dl-site.top", "url:http://a-site.top/x", "url:http://b-site.top/y", "sha256:" + sha256A, "cidr:203.0.113.70/31", "url:http://bad-site.top/a,b;c"}, nil},
	{"a named column that holds something else", "names.csv", "value,domain,seen\n17,bad-site.top,2026-11-01\n9,dl-site.top,2026-11-02\n", []string{"domain:bad-site.top", "domain:dl-site.top"}, nil},
	{"host names of devices are no indicators", "edr.csv", "hostname,remote_ip,count\nws-01,203.0.113.66,4\nws-02,203.0.113.67,1\n", []string{"ip:203.0.113.66", "ip:203.0.113.67"}, nil},
	{"tabs", "x.tsv", "ip\tnote\n203.0.113.66\tC2\n", []string{"ip:203.0.113.66"}, nil},
	{"without header", "x.csv", "203.0.113.66,C2,2026-11-01\n203.0.113.67,C2,2026-11-02\n", []string{"ip:203.0.113.66", "ip:203.0.113.67"}, nil},
	// lists of filters and resolvers
	{"adblock", "filter.txt", "[Adblock Plus 2.0]\n! Title: x\n||bad-site.top^\n||dl-site.top^$third-party,doc\n@@||good-site.top^\nbad-site.com##.banner\n||203.0.113.66^\n", []string{"domain:bad-site.top", "domain:dl-site.top", "ip:203.0.113.66"}, []string{"good-site.top allowed", "bad-site.com##.banner not huntable"}},
	{"dnsmasq", "dnsmasq.conf", "# x\naddress=/bad-site.top/0.0.0.0\nserver=/dl-site.top/\naddress=/a-site.zip/b-site.top/#\n", []string{"domain:bad-site.top", "domain:dl-site.top", "domain:a-site.zip", "domain:b-site.top"}, nil},
	{"response policy zone", "db.rpz", "$TTL 60\n@ IN SOA localhost. root.localhost. (\n  2026112001 ; serial\n  3600\n  600\n  86400 60 )\n  IN NS localhost.\n; threat feed\nbad-site.top CNAME . ; C2\n*.bad-site.top CNAME .\n*.only-below.top CNAME .\ndl-site.zip 60 IN CNAME .\n32.66.113.0.203.rpz-ip CNAME .\n24.0.100.51.198.rpz-ip CNAME *.\ngood-site.top CNAME rpz-passthru.\nwalled.top A 192.0.2.1\n",
		[]string{"domain:bad-site.top", "domain:*.only-below.top", "domain:dl-site.zip", "ip:203.0.113.66", "cidr:198.51.100.0/24", "domain:walled.top"}, []string{"good-site.top allowed"}},
	{"Unbound", "unbound.conf", "server:\nlocal-zone: \"bad-site.top\" always_nxdomain\nlocal-zone: \"dl-site.zip.\" redirect\nlocal-data: \"dl-site.zip. A 0.0.0.0\"\n", []string{"domain:bad-site.top", "domain:dl-site.zip"}, nil},
	{"BIND zones", "blocked.zones", "zone \"bad-site.top\" { type master; file \"/etc/null.zone.file\"; };\n", []string{"domain:bad-site.top"}, nil},
	{"hosts file", "hosts", "# x\n127.0.0.1 localhost\n127.0.0.1 localhost.localdomain\n::1 ip6-localhost\n255.255.255.255 broadcasthost\n0.0.0.0 0.0.0.0\n0.0.0.0 bad-site.top dl-site.zip # note\n127.0.0.1\tphish-site.com\n", []string{"domain:bad-site.top", "domain:dl-site.zip", "domain:phish-site.com"}, nil},
	{"domains with a leading dot", "acl.txt", ".bad-site.top\n.dl-site.com\n", []string{"domain:bad-site.top", "domain:dl-site.com"}, nil},
	// plain lists
	{"hashes with comments", "hashes.txt", sha256A + ";APT x - MS Windows Data https://ref-site.com/r Win32/Sednit.DJ dumper/cracker\n" + sha1A + " ; see bad-ref.com\n" + md5A + ",evil.exe,https://ref-site.com/2\n", []string{"sha256:" + sha256A, "sha1:" + sha1A, "md5:" + md5A}, nil},
	{"sums of files", "SHA256SUMS", sha256A + "  invoice.exe\n" + sha256B + " *setup.zip\n", []string{"sha256:" + sha256A, "sha256:" + sha256B}, nil},
	{"three hashes of a file", "triples.txt", md5A + ";" + sha1A + ";" + sha256A + "\n", []string{"md5:" + md5A, "sha1:" + sha1A, "sha256:" + sha256A}, nil},
	{"an address with a comment", "ips.txt", "203.0.113.66 ; C2 see https://ref-site.com/r\n203.0.113.67;198.51.100.7\n", []string{"ip:203.0.113.66", "ip:203.0.113.67", "ip:198.51.100.7"}, nil},
	{"ranges", "ranges.txt", "203.0.113.0 - 203.0.113.255\n198.51.100.8-198.51.100.11\nSome Company:192.0.2.4-192.0.2.7\n192.0.2.128 255.255.255.128\n", []string{"cidr:203.0.113.0/24", "cidr:198.51.100.8/30", "cidr:192.0.2.4/30", "cidr:192.0.2.128/25"}, nil},
	{"bullets", "list.txt", "- 203.0.113.66\n• bad-site[.]top\n* hxxp://dl-site[.]top/a\n1. 203.0.113.67\n2) phish-site[.]com\n", []string{"ip:203.0.113.66", "domain:bad-site.top", "url:http://dl-site.top/a", "ip:203.0.113.67", "domain:phish-site.com"}, nil},
	{"a name that could be a file is asked about", "x.txt", "bad-site.zip\n", nil, []string{"bad-site.zip malformed"}},
	// JSON of one's own
	{"lists under names of kinds", "iocs.json", `{"title":"x","ips":["203.0.113.66","203.0.113.67"],"domains":["bad-site.zip"],"hashes":["` + sha256A + `"]}`, []string{"ip:203.0.113.66", "ip:203.0.113.67", "domain:bad-site.zip", "sha256:" + sha256A}, nil},
	{"records a line", "iocs.ndjson", "{\"indicator\":\"203.0.113.66\",\"type\":\"ip\"}\n{\"indicator\":\"bad-site.app\",\"type\":\"domain\"}\n", []string{"ip:203.0.113.66", "domain:bad-site.app"}, nil},
	{"records under a name", "wrapped.json", `{"meta":{"generated":"2026-11-20","version":1},"iocs":[{"value":"203.0.113.66","kind":"ipv4"}]}`, []string{"ip:203.0.113.66"}, nil},
	{"the bad half of a date is asked about", "dates.csv", "ioc,expires\n203.0.113.66,01/12/2026\n203.0.113.67,2026-12-31 18:00:00 EST\n203.0.113.68,2026-12-31\n", []string{"ip:203.0.113.68"}, []string{"203.0.113.66 malformed", "203.0.113.67 malformed"}},
	{"another row tells which is the day", "dates2.csv", "ioc,expires\n203.0.113.66,01/12/2026\n203.0.113.67,31/12/2026\n", []string{"ip:203.0.113.66", "ip:203.0.113.67"}, nil},
}

func stixText(n int, text string) string {
	return fmt.Sprintf(`{"type":"indicator","spec_version":"2.1","id":"indicator--%d","modified":"2026-11-01T00:00:00Z","pattern":%q,"pattern_type":"stix","valid_from":"2026-11-01T00:00:00Z"}`, n, text)
}

func TestWhatVendorsPublishIsRead(t *testing.T) {
	for _, v := range vendors {
		t.Run(v.name, func(t *testing.T) { checkVendor(t, v.file, []byte(v.text), v.take, v.left) })
	}
}

func checkVendor(t *testing.T, file string, data []byte, take, left []string) {
	t.Helper()
	l, err := Read(file, bytes.NewReader(data), nil, today)
	if err != nil {
		t.Fatal(err)
	}
	var got, not []string
	for _, e := range l.Entries {
		got = append(got, e.Key())
	}
	for _, p := range l.Problems {
		not = append(not, p.Value+" "+string(p.Kind))
		if p.Reason == "" {
			t.Errorf("%q is left out without a reason", p.Value)
		}
	}
	slices.Sort(got)
	want := slices.Sorted(slices.Values(take))
	if !slices.Equal(got, want) {
		t.Errorf("hunted\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	slices.Sort(not)
	if want := slices.Sorted(slices.Values(left)); !slices.Equal(not, want) {
		t.Errorf("left out %+v, want %q", l.Problems, want)
	}
}

func TestAListMayBePackedAndInTheEncodingsOfWindows(t *testing.T) {
	const text = "ioc;Bemerkung\n203.0.113.66;für später\n"
	var gz, zipped bytes.Buffer
	g := gzip.NewWriter(&gz)
	_, _ = g.Write([]byte(text))
	_ = g.Close()
	z := zip.NewWriter(&zipped)
	for _, name := range []string{"a.csv", "dir/b.csv"} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = w.Write([]byte(strings.ReplaceAll(text, "66", fmt.Sprint(len(name)))))
	}
	_ = z.Close()
	wide := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(text)) {
		wide = binary.LittleEndian.AppendUint16(wide, u)
	}
	checkVendor(t, "list.csv.gz", gz.Bytes(), []string{"ip:203.0.113.66"}, nil)
	checkVendor(t, "list.zip", zipped.Bytes(), []string{"ip:203.0.113.5", "ip:203.0.113.9"}, nil)
	checkVendor(t, "wide.csv", wide, []string{"ip:203.0.113.66"}, nil)
	latin := []byte(strings.NewReplacer("ü", "\xfc", "ä", "\xe4").Replace(text))
	l, err := Read("latin.csv", bytes.NewReader(latin), nil, today)
	if err != nil || len(l.Entries) != 1 || len(l.Notes) != 1 || !strings.Contains(l.Notes[0], "Latin-1") {
		t.Errorf("%+v, %v", l, err)
	}
}
