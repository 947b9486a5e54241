package message

import (
	"fmt"
	"strings"

	"github.com/slack-go/slack"

	"github.com/footprint-soc/footprint/hunts/indicator"
)

// LeftOut is an indicator of a pasted text that is hunted only when somebody
// says so.
type LeftOut struct {
	Indicator indicator.Indicator
	Why       string
	Doubtful  bool // it may be something else; otherwise the guard holds it back
}

// Preview is what was read in a pasted text.
type Preview struct {
	Hunt       []indicator.Indicator
	LeftOut    []LeftOut
	Refanged   int
	Duplicates int
}

// The fields of the preview, whose options carry indicators in canonical form.
const (
	FieldHeld     = "held"
	FieldDoubtful = "doubtful"
)

// previewNamed is how many indicators the preview names.
const previewNamed = 20

// PreviewModal shows what will be hunted, and asks about the rest.
func PreviewModal(private string, p Preview) slack.ModalViewRequest {
	blocks := []slack.Block{slack.NewSectionBlock(mrkdwnObject(line{bold(count(int64(len(p.Hunt)), "indicator")), ours(" to hunt%s", kindsText(p.Hunt))}.mrkdwn()), nil, nil)}
	if names := namesLine(p.Hunt); names != nil {
		blocks = append(blocks, slack.NewSectionBlock(mrkdwnObject(cutMarkup(names.mrkdwn(), maxSectionText)), nil, nil))
	}
	var small line
	if p.Refanged > 0 {
		small = small.dot(ours("%s refanged", grouped(int64(p.Refanged))))
	}
	if p.Duplicates > 0 {
		small = small.dot(ours("%s removed", count(int64(p.Duplicates), "duplicate")))
	}
	if len(small) > 0 {
		blocks = append(blocks, slack.NewContextBlock("", mrkdwnObject(small.mrkdwn())))
	}
	var held, doubtful []LeftOut
	for _, l := range p.LeftOut {
		if l.Doubtful {
			doubtful = append(doubtful, l)
		} else {
			held = append(held, l)
		}
	}
	for _, group := range []struct {
		block, label string
		list         []LeftOut
	}{{FieldHeld, "Skipped as known-good: hunt anyway?", held}, {FieldDoubtful, "Not sure: include it?", doubtful}} {
		if field := tickField(group.block, group.label, group.list); field != nil {
			blocks = append(blocks, field)
		}
	}
	return modal(ModalPreview, "Hunt", "Hunt", private, blocks...)
}

// ChooseModal asks which of the indicators that were left out to hunt anyway; false
// when none can be chosen.
func ChooseModal(private string, left []LeftOut) (slack.ModalViewRequest, bool) {
	blocks := []slack.Block{slack.NewSectionBlock(mrkdwnObject(line{ours("Private addresses, public resolvers, and well-known names rarely tell you anything. Select what to hunt anyway.")}.mrkdwn()), nil, nil)}
	for n, group := range groupsOf(left) {
		field := tickField(fmt.Sprintf("%s%d", FieldHeld, n), "Hunt anyway", group)
		if field != nil {
			blocks = append(blocks, field)
		}
	}
	return modal(ModalChoose, "Hunt anyway", "Hunt", private, blocks...), len(blocks) > 1
}

// maxTickFields bounds the groups of ten that one form asks about.
const maxTickFields = 8

// groupsOf parts a list into what one field can hold; the last one names how many more
// there are.
func groupsOf(left []LeftOut) [][]LeftOut {
	var out [][]LeftOut
	for len(left) > maxCheckboxes && len(out) < maxTickFields-1 {
		out, left = append(out, left[:maxCheckboxes]), left[maxCheckboxes:]
	}
	return append(out, left)
}

func namesLine(list []indicator.Indicator) line {
	var l line
	for n, i := range list {
		if n == previewNamed {
			return l.dot(ours("and %s", count(int64(len(list)-n), "more indicator")))
		}
		l = l.dot(indicatorSpan(i.String(), string(i.Kind)))
	}
	return l
}

// kindsText counts the indicators by type: ": 4 addresses, 2 domains".
func kindsText(list []indicator.Indicator) string {
	n := map[string]int64{}
	for _, i := range list {
		n[previewKind(i)]++
	}
	var parts []string
	for _, kind := range []string{"address", "range", "domain", "URL", "hash", "file name"} {
		if n[kind] > 0 {
			parts = append(parts, count(n[kind], kind))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return ": " + strings.Join(parts, ", ")
}

func previewKind(i indicator.Indicator) string {
	switch {
	case i.IsHash():
		return "hash"
	case i.Kind == indicator.KindIP:
		return "address"
	case i.Kind == indicator.KindCIDR:
		return "range"
	case i.Kind == indicator.KindURL:
		return "URL"
	case i.Kind == indicator.KindFile:
		return "file name"
	}
	return "domain"
}

// tickField offers the first ten; who wants one of the others types it.
func tickField(block, label string, list []LeftOut) slack.Block {
	var options []*slack.OptionBlockObject
	for _, l := range list {
		value := l.Indicator.String()
		if len(options) == maxCheckboxes || len(value) > maxOptionValue {
			continue
		}
		text := shownIndicator(value, string(l.Indicator.Kind))
		if l.Why != "" {
			text += " · " + shown(l.Why, maxShort)
		}
		options = append(options, slack.NewOptionBlockObject(value, plainObject(cutText(text, maxOptionText)), nil))
	}
	if len(options) == 0 {
		return nil
	}
	var hint *slack.TextBlockObject
	if more := len(list) - len(options); more > 0 {
		hint = plainObject(grouped(int64(more)) + " more are skipped; type /footprint with one of them to hunt it.")
	}
	in := slack.NewInputBlock(block, plainObject(label), hint, slack.NewCheckboxGroupsBlockElement("value", options...))
	in.Optional = true
	return in
}
