package request

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/footprint-soc/footprint/hunts/indicator"
)

func (p *parser) devices(values []item) *Refusal {
	for _, v := range values {
		if no := indicator.TooLong("device", v.text); no != nil {
			return no
		}
		text := strings.Trim(indicator.Tidy(indicator.ASCIIDashes(indicator.RefangAll(v.text))), ".")
		if text == "" {
			return indicator.Refuse("device", v.text, "device= has no value: write %s", example("device"))
		}
		for _, c := range text {
			if !unicode.IsLetter(c) && !unicode.IsDigit(c) && !unicode.IsMark(c) && !strings.ContainsRune("-_.$", c) {
				return indicator.Refuse("device", v.text, "%s isn't a device name: write the whole name, as in %s", indicator.Show(v.text), example("device"))
			}
		}
		if no := appendName(&p.req.Devices, "device", text); no != nil {
			return no
		}
	}
	return nil
}

// accounts reads names of users, without the domain before or behind them.
func (p *parser) accounts(values []item) *Refusal {
	for _, v := range values {
		if no := indicator.TooLong("user", v.text); no != nil {
			return no
		}
		text := indicator.Tidy(indicator.ASCIIDashes(indicator.RefangAll(v.text)))
		text = text[strings.LastIndexByte(text, '\\')+1:]
		if at := strings.IndexByte(text, '@'); at > 0 {
			text = text[:at]
		}
		if text == "" || strings.ContainsFunc(text, func(c rune) bool {
			return !unicode.IsLetter(c) && !unicode.IsDigit(c) && !unicode.IsMark(c) && !strings.ContainsRune("-_.$' ", c)
		}) {
			return indicator.Refuse("user", v.text, "%s is no user name: write the account's name, as in %s", indicator.Show(v.text), example("user"))
		}
		if no := appendName(&p.req.Accounts, "user", text); no != nil {
			return no
		}
	}
	return nil
}

func (p *parser) names(key string, values []item) *Refusal {
	for _, v := range values {
		if no := indicator.TooLong(key, v.text); no != nil {
			return no
		}
		text := indicator.Tidy(indicator.ASCIIDashes(indicator.RefangAll(v.text)))
		if !isName(text) {
			return indicator.Refuse(key, v.text, "%s isn't a name for %s=: write %s", indicator.Show(v.text), key, example(key))
		}
		list := &p.req.Workspaces
		if key == "places" {
			list, text = &p.req.Places, strings.ToLower(text)
		}
		if key == "exclude" {
			text = strings.ToLower(text)
			if text == "none" {
				p.req.ExcludeNone = true
				continue
			}
			list = &p.req.Exclude
		}
		if no := appendName(list, key, text); no != nil {
			return no
		}
	}
	if p.req.ExcludeNone && len(p.req.Exclude) > 0 {
		return indicator.Refuse("exclude", "", "exclude=none and the profile %s contradict each other: write one of them", indicator.Show(p.req.Exclude[0]))
	}
	return nil
}

// appendName adds a name once, without regard to case.
func appendName(list *[]string, key, name string) *Refusal {
	if utf8.RuneCountInString(name) > maxNameRunes {
		return indicator.Refuse(key, name, "%s is longer than %d characters: write %s", indicator.Show(name), maxNameRunes, example(key))
	}
	for _, have := range *list {
		if strings.EqualFold(have, name) {
			return nil
		}
	}
	if len(*list) == maxNames {
		return indicator.Refuse(key, name, "%s= got more than %d values: hunt in several steps", key, maxNames)
	}
	*list = append(*list, name)
	return nil
}

// isName accepts names of hunts, profiles and workspaces: ASCII letters,
// digits, and - _ . inside.
func isName(s string) bool {
	for i := 0; i < len(s); i++ {
		if !isAlnum(s[i]) && (i == 0 || !strings.ContainsRune("-_.", rune(s[i]))) {
			return false
		}
	}
	return s != ""
}
