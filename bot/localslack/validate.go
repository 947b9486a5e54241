package localslack

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// Problem is one reason why Slack refuses blocks.
type Problem struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Pointer string `json:"pointer"`
}

// surface is where blocks stand.
type surface int

const (
	inMessage surface = iota
	inModal
)

// Limits of Block Kit, each from its own page below
// docs.slack.dev/reference/block-kit as of September 2026.
const (
	messageBlocks = 50  // blocks
	modalBlocks   = 100 // blocks
	idLength      = 255 // blocks: block_id and action_id
	anyText       = 3000
	sectionField  = 2000
	sectionFields = 10
	headerText    = 150
	contextItems  = 10
	actionItems   = 25
	buttonText    = 75
	buttonValue   = 2000
	buttonURL     = 3000
	optionText    = 75
	optionValue   = 150 // composition-objects/option-object
	overflowItems = 5
	selectItems   = 100
	markdownText  = 12_000
	tableRows     = 100
	tableColumns  = 20
	tableChars    = 10_000
	dataRows      = 201
	dataColumns   = 20
	dataChars     = 20_000
	dataPage      = 100
	charts        = 2
	chartTitle    = 50
	chartSeries   = 12
	chartName     = 20
	chartPoints   = 20
	axisLabel     = 50
	modalTitle    = 24
	modalMetadata = 3000
	alertText     = 200
)

// checker walks blocks and notes what is wrong with its place.
type checker struct {
	where    surface
	problems []Problem
	actions  map[string]bool // within one block
	ids      map[string]bool
	tables   int
	chars    map[string]int
	charts   int
}

func (c *checker) say(at, code, format string, a ...any) {
	c.problems = append(c.problems, Problem{Code: code, Message: fmt.Sprintf(format, a...), Pointer: at})
}

// validateBlocks judges the blocks of a message or a modal.
func validateBlocks(raw json.RawMessage, where surface) []Problem {
	var blocks []map[string]any
	if err := json.Unmarshal(raw, &blocks); err != nil {
		return []Problem{{Code: "invalid_blocks_format", Message: "blocks are not a list of objects", Pointer: "/blocks"}}
	}
	c := &checker{where: where, ids: map[string]bool{}, chars: map[string]int{}}
	most := messageBlocks
	if where == inModal {
		most = modalBlocks
	}
	if len(blocks) > most {
		c.say("/blocks", "too_many_blocks", "no more than %d items allowed", most)
	}
	for i, b := range blocks {
		c.block(fmt.Sprintf("/blocks/%d", i), b)
	}
	if c.charts > charts {
		c.say("/blocks", "too_many", "no more than %d data_visualization blocks allowed", charts)
	}
	if c.tables > 1 {
		c.say("/blocks", "only_one_table_allowed", "only one table block is allowed")
	}
	for kind, most := range map[string]int{"table": tableChars, "data_table": dataChars} {
		if c.chars[kind] > most {
			c.say("/blocks", "too_long", "%s blocks hold more than %d characters", kind, most)
		}
	}
	return c.problems
}

// known are the keys of each block; Slack refuses others.
var known = map[string][]string{
	"section": {"text", "fields", "accessory", "expand"}, "header": {"text", "level"}, "context": {"elements"}, "divider": {}, "actions": {"elements"}, "rich_text": {"elements"},
	"table": {"rows", "column_settings"}, "data_table": {"caption", "rows", "page_size", "row_header_column_index"}, "data_visualization": {"title", "chart"}, "markdown": {"text"},
	"input": {"label", "element", "hint", "optional", "dispatch_action"}, "alert": {"text", "level"}, "image": {"image_url", "alt_text", "title", "slack_file"},
	"card": {"title", "subtitle", "body", "subtext", "actions", "hero_image", "icon"},
}

func (c *checker) block(at string, b map[string]any) {
	kind, _ := b["type"].(string)
	keys, ok := known[kind]
	if !ok {
		c.say(at+"/type", "invalid_block", "unsupported type: %s", kind)
		return
	}
	for k := range b {
		if k != "type" && k != "block_id" && !contains(keys, k) {
			c.say(at+"/"+k, "invalid_additional_property", "%s is no property of %s", k, kind)
		}
	}
	if id, has := b["block_id"].(string); has && id != "" {
		c.length(at+"/block_id", id, 1, idLength)
		if c.ids[id] {
			c.say(at+"/block_id", "duplicate_block_id", "block_id %q already exists", id)
		}
		c.ids[id] = true
	}
	c.actions = map[string]bool{}
	c.kind(at, kind, b)
}

func (c *checker) kind(at, kind string, b map[string]any) {
	switch kind {
	case "section":
		c.section(at, b)
	case "header":
		c.text(at+"/text", b["text"], headerText, "plain_text")
	case "context":
		c.many(at, b["elements"], 1, contextItems, func(at string, e map[string]any) {
			if e["type"] != "image" {
				c.text(at, e, anyText, "")
			}
		})
	case "actions":
		c.many(at, b["elements"], 1, actionItems, c.element)
	case "rich_text":
		c.many(at, b["elements"], 1, 1000, c.richText)
	case "table":
		c.tables++
		c.rows(at, "table", b, tableRows, tableColumns)
	case "data_table":
		c.dataTable(at, b)
	case "data_visualization":
		c.charts++
		c.chart(at, b)
	case "markdown":
		if s, _ := b["text"].(string); c.where == inModal || s == "" || utf8.RuneCountInString(s) > markdownText {
			c.say(at+"/text", "invalid", "markdown stands in messages only and holds 1 to %d characters", markdownText)
		}
	case "input":
		c.input(at, b)
	case "alert":
		if c.where != inModal {
			c.say(at, "invalid_block", "alert stands in modals only")
		}
		c.text(at+"/text", b["text"], alertText, "")
	}
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

func (c *checker) length(at, s string, low, high int) {
	if n := utf8.RuneCountInString(s); n < low {
		c.say(at, "too_short", "must be more than %d characters", low-1)
	} else if n > high {
		c.say(at, "too_long", "must be less than %d characters", high+1)
	}
}

// text checks a text object.
func (c *checker) text(at string, v any, most int, kind string) {
	t, ok := v.(map[string]any)
	if !ok {
		c.say(at, "missing_field", "a text object is missing")
		return
	}
	have, _ := t["type"].(string)
	if have != "plain_text" && have != "mrkdwn" || kind != "" && have != kind {
		c.say(at+"/type", "invalid", "must be %s", kind)
	}
	if have == "plain_text" && t["verbatim"] == true {
		c.say(at+"/verbatim", "invalid", "verbatim is for mrkdwn")
	}
	s, _ := t["text"].(string)
	c.length(at+"/text", s, 1, most)
}

func (c *checker) many(at string, v any, low, high int, each func(string, map[string]any)) {
	list, _ := v.([]any)
	if len(list) < low || len(list) > high {
		c.say(at+"/elements", "wrong_count", "must have %d to %d items", low, high)
	}
	for i, item := range list {
		e, ok := item.(map[string]any)
		if !ok {
			c.say(fmt.Sprintf("%s/elements/%d", at, i), "invalid", "must be an object")
			continue
		}
		each(fmt.Sprintf("%s/elements/%d", at, i), e)
	}
}

func (c *checker) section(at string, b map[string]any) {
	fields, _ := b["fields"].([]any)
	if b["text"] == nil && len(fields) == 0 {
		c.say(at, "missing_field", "section needs text or fields")
	}
	if b["text"] != nil {
		c.text(at+"/text", b["text"], anyText, "")
	}
	if len(fields) > sectionFields {
		c.say(at+"/fields", "too_many", "no more than %d fields", sectionFields)
	}
	for i, f := range fields {
		c.text(fmt.Sprintf("%s/fields/%d", at, i), f, sectionField, "")
	}
	if e, ok := b["accessory"].(map[string]any); ok {
		c.element(at+"/accessory", e)
	}
}

// element checks a button, a menu or an input.
func (c *checker) element(at string, e map[string]any) {
	kind, _ := e["type"].(string)
	id, _ := e["action_id"].(string)
	if id != "" {
		c.length(at+"/action_id", id, 1, idLength)
		if c.actions[id] {
			c.say(at+"/action_id", "duplicate_action_id", "action_id %q already exists", id)
		}
		c.actions[id] = true
	}
	switch kind {
	case "button":
		c.text(at+"/text", e["text"], buttonText, "plain_text")
		if v, has := e["value"].(string); has {
			c.length(at+"/value", v, 0, buttonValue)
		}
		if u, has := e["url"].(string); has {
			c.length(at+"/url", u, 0, buttonURL)
		}
		if s, has := e["style"].(string); has && s != "primary" && s != "danger" && s != "" {
			c.say(at+"/style", "invalid", "style is primary or danger")
		}
		c.confirm(at, e)
	case "overflow":
		c.options(at, e["options"], overflowItems)
	case "static_select", "multi_static_select":
		c.options(at, e["options"], selectItems)
		if p, has := e["placeholder"]; has && p != nil {
			c.text(at+"/placeholder", p, 150, "plain_text")
		}
	case "checkboxes", "radio_buttons":
		c.options(at, e["options"], 10)
	case "plain_text_input", "datepicker", "users_select", "conversations_select", "channels_select", "timepicker", "number_input", "url_text_input", "email_text_input":
		if p, has := e["placeholder"]; has && p != nil {
			c.text(at+"/placeholder", p, 150, "plain_text")
		}
		if s, has := e["initial_value"].(string); has {
			c.length(at+"/initial_value", s, 0, anyText)
		}
	default:
		c.say(at+"/type", "invalid", "unsupported element: %s", kind)
	}
}

func (c *checker) confirm(at string, e map[string]any) {
	d, ok := e["confirm"].(map[string]any)
	if !ok {
		return
	}
	c.text(at+"/confirm/title", d["title"], 100, "plain_text")
	c.text(at+"/confirm/text", d["text"], 300, "")
	c.text(at+"/confirm/confirm", d["confirm"], 30, "plain_text")
	c.text(at+"/confirm/deny", d["deny"], 30, "plain_text")
}

func (c *checker) options(at string, v any, most int) {
	list, _ := v.([]any)
	if len(list) == 0 || len(list) > most {
		c.say(at+"/options", "wrong_count", "must have 1 to %d options", most)
	}
	for i, item := range list {
		o, _ := item.(map[string]any)
		here := fmt.Sprintf("%s/options/%d", at, i)
		c.text(here+"/text", o["text"], optionText, "")
		s, _ := o["value"].(string)
		c.length(here+"/value", s, 1, optionValue)
	}
}

func (c *checker) richText(at string, e map[string]any) {
	kind, _ := e["type"].(string)
	switch kind {
	case "rich_text_section", "rich_text_preformatted", "rich_text_quote":
		c.many(at, e["elements"], 0, 10_000, func(at string, leaf map[string]any) {
			switch leaf["type"] {
			case "text":
				s, _ := leaf["text"].(string)
				if s == "" {
					c.say(at+"/text", "too_short", "must be more than 0 characters")
				}
			case "link", "user", "usergroup", "channel", "emoji", "date", "broadcast", "color":
			default:
				c.say(at+"/type", "invalid", "unsupported rich text element: %v", leaf["type"])
			}
		})
	case "rich_text_list":
		c.many(at, e["elements"], 0, 1000, c.richText)
	default:
		c.say(at+"/type", "invalid", "unsupported rich text: %s", kind)
	}
}

func (c *checker) input(at string, b map[string]any) {
	c.text(at+"/label", b["label"], 2000, "plain_text")
	if h, has := b["hint"]; has && h != nil {
		c.text(at+"/hint", h, 2000, "plain_text")
	}
	e, ok := b["element"].(map[string]any)
	if !ok {
		c.say(at+"/element", "missing_field", "input needs an element")
		return
	}
	c.element(at+"/element", e)
}

// validateView judges a modal.
func validateView(v map[string]any) []Problem {
	c := &checker{where: inModal}
	kind, _ := v["type"].(string)
	if kind != "modal" && kind != "home" {
		c.say("/view/type", "invalid", "must be modal or home")
	}
	raw, err := json.Marshal(v["blocks"])
	if err != nil {
		c.say("/view/blocks", "invalid", "blocks are not JSON")
	}
	if kind == "modal" {
		c.text("/view/title", v["title"], modalTitle, "plain_text")
		for _, k := range []string{"submit", "close"} {
			if v[k] != nil {
				c.text("/view/"+k, v[k], modalTitle, "plain_text")
			}
		}
		if s, _ := v["private_metadata"].(string); utf8.RuneCountInString(s) > modalMetadata {
			c.say("/view/private_metadata", "too_long", "must be less than %d characters", modalMetadata+1)
		}
		blocks, _ := v["blocks"].([]any)
		for _, b := range blocks {
			if m, _ := b.(map[string]any); m["type"] == "input" && v["submit"] == nil {
				c.say("/view/submit", "missing_field", "a modal with inputs needs submit")
				break
			}
		}
	}
	return append(c.problems, validateBlocks(raw, inModal)...)
}
