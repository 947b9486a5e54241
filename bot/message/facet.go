package message

import (
	"fmt"
	"strings"

	"github.com/slack-go/slack"

	"github.com/footprint-soc/footprint/hunts"
)

// facetLabel is short: "Only powershell 2".
func facetLabel(f hunts.Suggestion) string {
	verb := "Only "
	if f.Filter.Without {
		verb = "Without "
	}
	value := f.Filter.Value
	switch f.Filter.Facet {
	case hunts.ByOutcome:
		value = outcomeWord(hunts.Outcome(value))
	case hunts.ByIndicator:
		value = shownRemote(value, maxShort)
	case hunts.ByProcess:
		value = shown(strings.TrimSuffix(value, ".exe"), maxShort)
	default:
		short, _, _ := strings.Cut(value, ".")
		value = shown(short, maxShort)
	}
	number := fmt.Sprintf(" %d", f.Devices)
	return verb + cutText(value, goodButtonText-len(verb)-len(number)) + number
}

// facetMenus narrow the answer: by a button for each of the best splits, and by
// anything else that splits it in two menus, only and without. Beside them is the
// earlier hunt that the parent message speaks of.
func facetMenus(h hunts.Hunt, a hunts.Answer, v View) slack.Block {
	if !v.Buttons {
		return nil
	}
	var row []slack.BlockElement
	for n, f := range a.Facets(2) {
		row = append(row, button(fmt.Sprintf("%s:%d", ActionFacet, n+1), Action{Hunt: h.ID, Filter: &f.Filter}, facetLabel(f)))
	}
	splits := a.Splits()
	return actions(append(row, facetMenu(h, splits, false), facetMenu(h, splits, true), showButton(v))...)
}

// facetWords are the headings of the menus, in the order of the groups.
var facetWords = []struct {
	facet hunts.Facet
	word  string
}{{hunts.ByProcess, "Process"}, {hunts.ByDevice, "Device"}, {hunts.ByOutcome, "Outcome"}, {hunts.ByIndicator, "Indicator"}}

func facetMenu(h hunts.Hunt, splits []hunts.Suggestion, without bool) slack.BlockElement {
	word, id := "Only…", ActionFacet+":only"
	if without {
		word, id = "Without…", ActionFacet+":without"
	}
	var groups []*slack.OptionGroupBlockObject
	room := maxSelectOptions
	for _, g := range facetWords {
		var options []*slack.OptionBlockObject
		for _, s := range splits {
			if s.Filter.Facet != g.facet || s.Filter.Without != without || len(options) == maxSelectOptions/len(facetWords) || room == 0 {
				continue
			}
			f := s.Filter
			if value := (Action{Hunt: h.ID, Filter: &f}).value(maxOptionValue); value != "" {
				tail := " · leaves " + count(int64(s.Devices), "device")
				options = append(options, slack.NewOptionBlockObject(value, plainObject(cutText(facetValue(f), maxOptionText-len([]rune(tail)))+tail), nil))
				room--
			}
		}
		if len(options) > 0 {
			groups = append(groups, slack.NewOptionGroupBlockElement(plainObject(g.word), options...))
		}
	}
	if len(groups) == 0 {
		return nil
	}
	return slack.NewOptionsGroupSelectBlockElement(slack.OptTypeStatic, plainObject(word), id, groups...)
}

func facetValue(f hunts.Filter) string {
	switch {
	case f.Facet == hunts.ByOutcome:
		return outcomeWord(hunts.Outcome(f.Value))
	case f.Facet == hunts.ByIndicator:
		return shownRemote(f.Value, maxShort)
	case f.Value == "":
		return "not recorded"
	}
	return shown(f.Value, maxShort)
}
