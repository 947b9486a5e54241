package localslack

import (
	"fmt"
	"unicode/utf8"
)

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
		c.choices(at, e)
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

// choices are options, or groups of them; never both
// (docs.slack.dev/reference/block-kit/block-elements/select-menu-element).
func (c *checker) choices(at string, e map[string]any) {
	groups, grouped := e["option_groups"].([]any)
	if !grouped {
		c.options(at, e["options"], selectItems)
		return
	}
	if e["options"] != nil || len(groups) == 0 || len(groups) > selectItems {
		c.say(at+"/option_groups", "wrong_count", "must have 1 to %d groups, and no options beside them", selectItems)
	}
	for i, item := range groups {
		g, _ := item.(map[string]any)
		here := fmt.Sprintf("%s/option_groups/%d", at, i)
		c.text(here+"/label", g["label"], optionText, "plain_text")
		c.options(here, g["options"], selectItems)
	}
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
				if c.cellOf != "" {
					c.chars[c.cellOf] += utf8.RuneCountInString(s)
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
