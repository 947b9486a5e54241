package runner

import (
	"errors"
	"slices"
	"strings"
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

func TestAnIncidentIsFoundByTheNumberOfEitherPortal(t *testing.T) {
	row := func(number int64, provider, title string) incidentRow {
		return incidentRow{Incident: hunts.Incident{Number: number, Provider: provider, Title: title}}
	}
	both := []incidentRow{row(4711, "98", "of Sentinel"), row(132, "4711", "of Defender")}
	for _, c := range []struct {
		name   string
		found  []incidentRow
		portal string
		want   string // title, or the beginning of the refusal
	}{
		{"Sentinel's number", both[:1], "", "of Sentinel"},
		{"Defender's number", both[1:], "", "of Defender"},
		{"the same incident in both", []incidentRow{row(4711, "4711", "of both")}, "", "of both"},
		{"two incidents of one number", both, "", `4711 is two incidents: "of Sentinel" in Sentinel, and "of Defender" in Defender, which is 132 in Sentinel`},
		{"of those, Sentinel's", both, "sentinel", "of Sentinel"},
		{"of those, Defender's", both, "defender", "of Defender"},
		{"the same incident, by Defender's number", []incidentRow{row(4711, "4711", "of both")}, "defender", "of both"},
		{"none", nil, "", "there is no incident 4711 in Sentinel or Defender"},
		{"none in the portal that is named", both[:1], "defender", "there is no incident 4711 in Defender"},
	} {
		got, err := chosen(append([]incidentRow{}, c.found...), c.portal, 4711)
		said := got.Title
		var e *hunts.Error
		if errors.As(err, &e) {
			said = e.Say
		}
		if !strings.HasPrefix(said, c.want) {
			t.Errorf("%s: %q, want %q", c.name, said, c.want)
		}
		if got.ByProvider != (c.name == "Defender's number" || c.name == "of those, Defender's" || c.name == "the same incident, by Defender's number") {
			t.Errorf("%s: by Defender's number %v", c.name, got.ByProvider)
		}
	}
}
