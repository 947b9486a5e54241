package localslack

import (
	"encoding/json"
	"fmt"
	"slices"
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
	inHome
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
	headerLevels  = 4
	cardTitle     = 150 // title and subtitle
	cardText      = 200 // body and subtext
	cardButtons   = 3
	containerSize = 10
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
	cellOf   string // the kind of table whose cell is looked at
	markdown int    // characters of all markdown blocks
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
	most := modalBlocks
	if where == inMessage {
		most = messageBlocks
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
	if c.markdown > markdownText {
		c.say("/blocks", "too_long", "markdown blocks hold more than %d characters", markdownText)
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
	"card": {"title", "subtitle", "body", "subtext", "actions", "hero_image", "icon"}, "container": {"title", "rich_text_title", "subtitle", "icon", "width", "is_collapsible", "default_collapsed", "has_header_divider", "child_blocks"},
}

// standsIn are the surfaces of the blocks that do not stand everywhere
// (docs.slack.dev/reference/block-kit/blocks).
var standsIn = map[string][]surface{
	"table": {inMessage, inHome}, "data_table": {inMessage, inHome}, "data_visualization": {inMessage, inHome}, "container": {inMessage, inHome},
	"markdown": {inMessage}, "alert": {inModal}, "input": {inModal, inHome},
}

func (c *checker) block(at string, b map[string]any) {
	kind, _ := b["type"].(string)
	keys, ok := known[kind]
	if !ok {
		c.say(at+"/type", "invalid_block", "unsupported type: %s", kind)
		return
	}
	if where, some := standsIn[kind]; some && !slices.Contains(where, c.where) {
		c.say(at, "invalid_block", "%s does not stand here", kind)
	}
	for k := range b {
		if k != "type" && k != "block_id" && !slices.Contains(keys, k) {
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
		if n, has := b["level"].(float64); has && (n < 1 || n > headerLevels) {
			c.say(at+"/level", "invalid", "level is 1 to %d", headerLevels)
		}
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
		c.settings(at, b)
	case "data_table":
		c.dataTable(at, b)
	case "data_visualization":
		c.charts++
		c.chart(at, b)
	case "markdown":
		s, _ := b["text"].(string)
		c.length(at+"/text", s, 1, markdownText)
		c.markdown += utf8.RuneCountInString(s)
	case "input":
		c.input(at, b)
	case "alert":
		c.text(at+"/text", b["text"], alertText, "")
	case "card":
		c.card(at, b)
	case "container":
		c.container(at, b)
	}
}

func (c *checker) card(at string, b map[string]any) {
	if b["hero_image"] == nil && b["title"] == nil && b["actions"] == nil && b["body"] == nil {
		c.say(at, "missing_field", "card needs hero_image, title, actions or body")
	}
	for key, most := range map[string]int{"title": cardTitle, "subtitle": cardTitle, "body": cardText, "subtext": cardText} {
		if b[key] != nil {
			c.text(at+"/"+key, b[key], most, "")
		}
	}
	if buttons, has := b["actions"].([]any); has {
		c.many(at+"/actions", buttons, 1, cardButtons, c.element)
	}
}

func (c *checker) container(at string, b map[string]any) {
	if b["rich_text_title"] == nil {
		c.text(at+"/title", b["title"], cardTitle, "plain_text")
	}
	if b["subtitle"] != nil {
		c.text(at+"/subtitle", b["subtitle"], cardTitle, "")
	}
	c.many(at, b["child_blocks"], 1, containerSize, c.block)
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

// validateView judges a modal.
func validateView(v map[string]any) []Problem {
	c := &checker{where: inModal}
	kind, _ := v["type"].(string)
	switch kind {
	case "modal":
	case "home":
		c.where = inHome
	default:
		c.say("/view/type", "invalid", "must be modal or home")
	}
	if id, _ := v["callback_id"].(string); id != "" {
		c.length("/view/callback_id", id, 1, idLength)
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
	return append(c.problems, validateBlocks(raw, c.where)...)
}
