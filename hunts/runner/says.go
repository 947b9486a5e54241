package runner

import (
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/footprint-soc/footprint/hunts"
)

// SaysBlock is how a hunt file says what an answer speaks of: a verb alone, or a noun
// and a verb.
type SaysBlock struct{ Noun, Verb string }

// UnmarshalYAML reads `says: ran it` and `says: {noun: account, verb: signed in}`.
func (s *SaysBlock) UnmarshalYAML(text []byte) error {
	if strings.ContainsAny(string(text), ":{") {
		var both struct {
			Noun string `yaml:"noun"`
			Verb string `yaml:"verb"`
		}
		if err := yaml.UnmarshalWithOptions(text, &both, yaml.Strict()); err != nil {
			return err
		}
		s.Noun, s.Verb = strings.TrimSpace(both.Noun), strings.TrimSpace(both.Verb)
		return nil
	}
	return yaml.Unmarshal(text, &s.Verb)
}

// saysByTable is how people speak of the rows of a table.
var saysByTable = map[string]hunts.Says{
	"DeviceProcessEvents":     {Verb: "ran it"},
	"DeviceFileEvents":        {Verb: "wrote it"},
	"DeviceImageLoadEvents":   {Verb: "loaded it"},
	"DeviceNetworkEvents":     {Verb: "contacted it"},
	"DeviceRegistryEvents":    {Verb: "changed it"},
	"DeviceLogonEvents":       {Verb: "saw the sign-in"},
	"EmailEvents":             {Noun: "mailbox", Verb: "received it"},
	"EmailAttachmentInfo":     {Noun: "mailbox", Verb: "received it"},
	"EmailUrlInfo":            {Noun: "mailbox", Verb: "received it"},
	"UrlClickEvents":          {Noun: "account", Verb: "clicked it"},
	"SigninLogs":              {Noun: "account", Verb: "signed in"},
	"AADSignInEventsBeta":     {Noun: "account", Verb: "signed in"},
	"IdentityLogonEvents":     {Noun: "account", Verb: "signed in"},
	"CloudAppEvents":          {Noun: "account", Verb: "did it"},
	"OfficeActivity":          {Noun: "account", Verb: "did it"},
	"AuditLogs":               {Noun: "account", Verb: "did it"},
	"AzureActivity":           {Noun: "account", Verb: "did it"},
	"IdentityDirectoryEvents": {Noun: "account", Verb: "did it"},
}

// says is the noun and the verb of an answer: those of the file, else those of its
// table.
func (d Definition) says() hunts.Says {
	out := saysByTable[d.Footprint.Table]
	if d.Footprint.Says.Noun != "" {
		out.Noun = d.Footprint.Says.Noun
	}
	if d.Footprint.Says.Verb != "" {
		out.Verb = d.Footprint.Says.Verb
	}
	if out.Noun == "" {
		out.Noun = "device"
	}
	if out.Verb == "" {
		out.Verb = "showed it"
	}
	return out
}
