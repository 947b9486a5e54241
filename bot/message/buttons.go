package message

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"github.com/footprint-soc/footprint/hunts"
	"github.com/footprint-soc/footprint/hunts/indicator"
	"github.com/footprint-soc/footprint/hunts/request"
)

// The action ids of our buttons and menus. An id may carry a number behind a
// colon, since Slack wants them unique within a block: ActionName cuts it.
const (
	ActionCancel   = "hunt.cancel"
	ActionFacet    = "hunt.facet"
	ActionWiden    = "hunt.widen"
	ActionRefresh  = "hunt.refresh"
	ActionRetry    = "hunt.retry" // search the slices again that failed
	ActionWatch    = "hunt.watch"
	ActionMark     = "hunt.mark"
	ActionMore     = "hunt.more" // overflow menu; the chosen option's value is an Action with Do set
	ActionPortal   = "hunt.portal"
	ActionRunAgain = "hunt.again"
	ActionPivot    = "hunt.pivot"   // everything else that the filter's device talked to around its first contact
	ActionLineage  = "hunt.lineage" // where the processes of the filter's device came from
	ActionDevices  = "hunt.devices" // the devices as a table in the thread
	ActionShow     = "hunt.show"    // the answer of the value's hunt once more
	ActionRemove   = "hunt.remove"  // behind the question whether somebody is sure
	ActionApprove  = "hunt.approve"
	ActionRefuse   = "hunt.refuse"
	ActionHit      = "sweep.hit" // menu of a hit; the chosen option's value is an Action with Do set
	ActionRun      = "hunt.run"  // hunt the indicators of the value
)

// What the options of the overflow menu do.
const (
	DoCSV    = "csv"
	DoJSON   = "json"
	DoKQL    = "kql"
	DoBundle = "zip"
	DoWiden  = "widen"
	DoPortal = "portal" // an option with a URL: Slack opens it, and tells us as well
	DoRemove = "remove"
)

// What the options of a hit's menu do.
const (
	HitHunt = "hunt"
	HitMark = "mark"
)

// Action is the value of a button or of a menu's option.
type Action struct {
	Hunt      string        `json:"h,omitempty"`
	Do        string        `json:"d,omitempty"`
	Filter    *hunts.Filter `json:"f,omitempty"`
	Since     string        `json:"s,omitempty"` // a look-back as the grammar writes it
	Indicator string        `json:"i,omitempty"`
	Sweep     string        `json:"w,omitempty"`
	Ledger    string        `json:"l,omitempty"`
}

// ParseAction reads the value of a button. A value that is not ours is an
// error: it came from an older version or from somebody else.
func ParseAction(value string) (Action, error) {
	var a Action
	d := json.NewDecoder(strings.NewReader(value))
	d.DisallowUnknownFields()
	if err := d.Decode(&a); err != nil {
		return Action{}, fmt.Errorf("reading the value of a button: %w", err)
	}
	return a, nil
}

// ActionName is an action id without the number that made it unique.
func ActionName(id string) string {
	name, _, _ := strings.Cut(id, ":")
	return name
}

// value encodes an action, or gives nothing when Slack would refuse its
// length.
func (a Action) value(limit int) string {
	text, err := json.Marshal(a)
	if err != nil || utf8.RuneCount(text) > limit {
		return ""
	}
	return string(text)
}

// button is nil when its value can't be carried.
func button(id string, a Action, label string) slack.BlockElement {
	value := a.value(maxButtonValue)
	if value == "" {
		return nil
	}
	return slack.NewButtonBlockElement(id, value, plainObject(cutText(label, maxButtonText)))
}

func portalButton(url string) slack.BlockElement {
	if !safeURL(url) {
		return nil
	}
	return slack.NewButtonBlockElement(ActionPortal, "", plainObject("Open in portal")).WithURL(url)
}

// actions is a row of the elements that are there, or nil.
func actions(elements ...slack.BlockElement) slack.Block {
	var there []slack.BlockElement
	for _, e := range elements {
		if e != nil && len(there) < maxActions {
			there = append(there, e)
		}
	}
	if len(there) == 0 {
		return nil
	}
	return slack.NewActionBlock("", there...)
}

// widenTo is the look-back of the option that widens.
const widenTo = 30 * 24 * time.Hour

// answerButtons is the one row of an answer, five elements at most: what most
// people do next, and a menu with the rest.
func answerButtons(h hunts.Hunt, a hunts.Answer, v View) slack.Block {
	if !v.Buttons {
		return actions(portalButton(v.HuntURL))
	}
	id := h.ID
	return actions(
		nextButton(h, a, v),
		button(ActionRefresh, Action{Hunt: id}, "Refresh"),
		watchButton(h),
		button(ActionMark, Action{Hunt: id}, "Mark…"),
		moreMenu(h, v),
	)
}

// nextButton is the step that this very answer asks for.
func nextButton(h hunts.Hunt, a hunts.Answer, v View) slack.BlockElement {
	if unsearched(a.Coverage) {
		return button(ActionRetry, Action{Hunt: h.ID}, "Search the rest")
	}
	if len(a.ByDevice) > 0 {
		return button(ActionDevices, Action{Hunt: h.ID}, "Devices")
	}
	if text := neighbourRequest(h, a); text != "" {
		return button(ActionRun+":near", Action{Hunt: h.ID, Indicator: text}, "Show nearby")
	}
	return showButton(v)
}

// watchButton watches the indicators of a hunt; a list goes to the daily sweep
// instead, since nobody wants a ping for each of twenty.
func watchButton(h hunts.Hunt) slack.BlockElement {
	switch n := len(h.Request.Indicators()); {
	case n == 0:
		return nil
	case n >= fewIndicators:
		return button(ActionWatch+":all", Action{Hunt: h.ID, Since: "30d"}, fmt.Sprintf("Add all %d to sweep", n))
	}
	return button(ActionWatch, Action{Hunt: h.ID, Since: "72h"}, "Watch 72 h")
}

// showButton shows the earlier hunt that the memory line speaks of.
func showButton(v View) slack.BlockElement {
	if v.Earlier == "" {
		return nil
	}
	return button(ActionShow, Action{Hunt: v.Earlier}, "Show "+shown(v.Earlier, maxShort))
}

// fewIndicators is from where a hunt is about a list, which is worth a button more.
const fewIndicators = 3

// pivotsOffered bounds the devices whose pivots the thread offers.
const pivotsOffered = 2

// pivotButtons go on from the devices that matter most, as the parent message has them.
func pivotButtons(h hunts.Hunt, a hunts.Answer, v View) slack.Block {
	if !v.Buttons || a.Hunt == "device-footprint" {
		return nil
	}
	all := sightings(a)
	var row []slack.BlockElement
	for n, d := range all[:min(len(all), pivotsOffered)] {
		short := d.name
		act := Action{Hunt: h.ID, Filter: &hunts.Filter{Facet: hunts.ByDevice, Value: d.Device}}
		row = append(row,
			button(fmt.Sprintf("%s:%d", ActionPivot, n+1), act, cutText("What else did "+shown(short, maxShort), goodButtonText-4)+" do?"),
			button(fmt.Sprintf("%s:%d", ActionLineage, n+1), act, cutText("Lineage on "+shown(short, maxShort), goodButtonText)))
	}
	return actions(row...)
}

// neighbourRequest hunts what was reached beside the indicator, in the same
// window.
func neighbourRequest(h hunts.Hunt, a hunts.Answer) string {
	if len(a.Neighbours) == 0 {
		return ""
	}
	i, refusal := indicator.Type(a.Neighbours[0].Remote)
	if refusal != nil {
		return ""
	}
	r := request.Request{Since: h.Request.Since, All: h.Request.All, From: h.Request.From, To: h.Request.To, Devices: h.Request.Devices, Workspaces: h.Request.Workspaces}
	r.Add(i)
	return request.Format(r)
}

func unsearched(c hunts.Coverage) bool {
	for _, s := range c.Slices {
		if s.State == hunts.SliceFailed || s.State == hunts.SliceSkipped || s.State == hunts.SlicePartial {
			return true
		}
	}
	return false
}

// moreMenu holds five options, the most that an overflow menu may have:
// https://docs.slack.dev/reference/block-kit/block-elements/overflow-menu-element
func moreMenu(h hunts.Hunt, v View) slack.BlockElement {
	type choice struct{ do, label, url string }
	choices := []choice{{do: DoCSV, label: "CSV of all events"}, {do: DoBundle, label: "Evidence bundle (zip)"}}
	if !h.Window.All && h.Window.To.Sub(h.Window.From) < widenTo {
		choices = append([]choice{{do: DoWiden, label: "Last 30 days"}}, choices...)
	}
	if safeURL(v.HuntURL) {
		choices = append(choices, choice{do: DoPortal, label: "Open query in the portal", url: v.HuntURL})
	} else {
		choices = append(choices, choice{do: DoKQL, label: "KQL query"})
	}
	choices = append(choices, choice{do: DoRemove, label: "Remove these messages…"})
	var options []*slack.OptionBlockObject
	for _, o := range choices {
		value := Action{Hunt: h.ID, Do: o.do}.value(maxOptionValue)
		if value == "" {
			return nil
		}
		option := slack.NewOptionBlockObject(value, plainObject(cutText(o.label, maxOptionText)), nil)
		option.URL = o.url
		options = append(options, option)
	}
	return slack.NewOverflowBlockElement(ActionMore, options...)
}
