package runner

import (
	"slices"
	"testing"

	"github.com/footprint-soc/footprint/hunts"
)

func TestTheEntitiesOfAnAlertBecomeIndicatorsAndHosts(t *testing.T) {
	// each as Sentinel and Defender write them: learn.microsoft.com/azure/sentinel/entities-reference
	const text = `[
		{"$id":"1","HostName":"ws-fin-014","DnsDomain":"corp.example","Type":"host"},
		{"$id":"2","HostName":"WS-FIN-014","Type":"host"},
		{"$id":"3","Address":"203.0.113.66","Type":"ip"},
		{"$id":"4","Address":"::ffff:203.0.113.66","Type":"ip"},
		{"$id":"5","Address":"2001:db8::C","Type":"IP"},
		{"$id":"6","DomainName":"CDN-Sync.example","Type":"dns"},
		{"$id":"7","Url":"https://cdn-sync.example/dl","Type":"url"},
		{"$id":"8","Url":"evil.example/x y","Type":"url"},
		{"$id":"9","Name":"Sync.dll","Directory":"C:\\x","FileHashes":[{"$ref":"10"}],"Type":"file"},
		{"$id":"10","Algorithm":"MD5","Value":"44D88612FEA8A8F36DE82E1278ABB02F","Type":"filehash"},
		{"$id":"11","Name":"b.dll","FileHashes":[{"Algorithm":"SHA1","Value":"3395856ce81f2b7382dee72602f798b642f14140","Type":"filehash"}],"Type":"file"},
		{"$id":"12","Address":"not an address","Type":"ip"},
		{"$id":"13","ImageFile":{"Name":"rundll32.exe","Type":"file"},"CommandLine":"rundll32 x","Type":"process"},
		{"$id":"14","Name":"ana","Type":"account"},
		{"$id":"15","Value":"","Type":"filehash"},
		{"$ref":"3"},
		{"$id":"16","IpAddress":"203.0.113.67","DomainName":"a.example","Type":"dnsresolution"},
		{"$id":"17","SourceAddress":{"Address":"203.0.113.68","Type":"ip"},"Type":"network-connection"}
	]`
	var i hunts.Incident
	entityReader{&i}.entities(text)
	var got []string
	for _, x := range i.Indicators {
		got = append(got, string(x.Kind)+":"+x.Value)
	}
	want := []string{
		"ip:203.0.113.66", "ip:2001:db8::c", "domain:cdn-sync.example", "url:https://cdn-sync.example/dl", "file:sync.dll", "md5:44d88612fea8a8f36de82e1278abb02f", "file:b.dll",
		"sha1:3395856ce81f2b7382dee72602f798b642f14140", "file:rundll32.exe", "domain:a.example", "ip:203.0.113.68",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if !slices.Equal(i.Hosts, []string{"ws-fin-014"}) {
		t.Errorf("hosts %v", i.Hosts)
	}
	var broken hunts.Incident
	for _, bad := range []string{"", "{}", "null", `[1,"x",null,{"Type":7},{"Type":"ip","Address":{"x":1}},{"Type":"ip","Address":"203.0.113.9"}]`} {
		entityReader{&broken}.entities(bad)
	}
	if len(broken.Indicators) != 1 {
		t.Errorf("one entity that can't be read spoils the others: %v", broken.Indicators)
	}
}
