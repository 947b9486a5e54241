package runner

import (
	"fmt"
	"regexp"
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
	} else if err := yaml.Unmarshal(text, &s.Verb); err != nil {
		return err
	}
	for _, words := range []string{s.Noun, s.Verb} {
		if words != "" && !fewWords.MatchString(words) {
			return fmt.Errorf("says: takes a few plain words, such as ran it, not %q", words)
		}
	}
	return nil
}

// fewWords are what a message repeats as words of our own.
var fewWords = regexp.MustCompile(`^[\pL\pN][\pL\pN ,'’-]{0,59}$`)

// saysByTable is how people speak of the rows of a table. Words that claim more than a
// row does are not among them: a connection may have failed, a file may have gone.
var saysByTable = map[string]hunts.Says{
	"DeviceProcessEvents":     {Verb: "ran it"},
	"DeviceImageLoadEvents":   {Verb: "loaded it"},
	"EmailEvents":             {Noun: "mailbox", Verb: "had matching mail"},
	"EmailAttachmentInfo":     {Noun: "mailbox", Verb: "had matching mail"},
	"UrlClickEvents":          {Noun: "account", Verb: "clicked it"},
	"SigninLogs":              {Noun: "account", Verb: "signed in or tried to"},
	"AADSignInEventsBeta":     {Noun: "account", Verb: "signed in or tried to"},
	"IdentityLogonEvents":     {Noun: "account", Verb: "signed in or tried to"},
	"CloudAppEvents":          {Noun: "account", Verb: "did it"},
	"OfficeActivity":          {Noun: "account", Verb: "did it"},
	"AuditLogs":               {Noun: "account", Verb: "did it"},
	"AzureActivity":           {Noun: "account", Verb: "did it"},
	"IdentityDirectoryEvents": {Noun: "account", Verb: "did it"},
}

// says is the noun and the verb of an answer: those of the file, else those of its
// table. A query that reads other tables too may list who did not do it, so that
// nothing is said for it; nor where it bounds its own rows, whose devices are not all.
func (d Definition) says() hunts.Says {
	out := hunts.Says{}
	if len(d.tables) == 1 && d.tables[0] == d.Footprint.Table {
		out = saysByTable[d.Footprint.Table]
	}
	if d.Footprint.Says.Verb != "" {
		out = hunts.Says{Verb: d.Footprint.Says.Verb}
	}
	if d.Footprint.Says.Noun != "" {
		out.Noun = d.Footprint.Says.Noun
	}
	if out.Noun == "" {
		out.Noun = "device"
	}
	if d.limits() != "" {
		out.Verb = ""
	}
	return out
}
