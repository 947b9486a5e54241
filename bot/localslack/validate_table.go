package localslack

import (
	"fmt"
	"unicode/utf8"
)

func (c *checker) dataTable(at string, b map[string]any) {
	caption, _ := b["caption"].(string)
	if caption == "" {
		c.say(at+"/caption", "missing_field", "data_table needs a caption")
	}
	if n, has := b["page_size"].(float64); has && (n < 1 || n > dataPage) {
		c.say(at+"/page_size", "invalid", "page_size is 1 to %d", dataPage)
	}
	rows, _ := b["rows"].([]any)
	if len(rows) < 2 {
		c.say(at+"/rows", "too_few", "data_table needs a header and a row")
	}
	c.rows(at, "data_table", b, dataRows, dataColumns)
	if n, has := b["row_header_column_index"].(float64); has && len(rows) > 0 {
		if cells, _ := rows[0].([]any); n < 0 || int(n) >= len(cells) {
			c.say(at+"/row_header_column_index", "invalid", "there is no column %v", n)
		}
	}
}

// settings checks how columns of a plain table are aligned; null skips one.
func (c *checker) settings(at string, b map[string]any) {
	list, _ := b["column_settings"].([]any)
	if len(list) > tableColumns {
		c.say(at+"/column_settings", "too_many", "no more than %d column settings", tableColumns)
	}
	for i, v := range list {
		one, _ := v.(map[string]any)
		if align, has := one["align"].(string); has && align != "left" && align != "center" && align != "right" {
			c.say(fmt.Sprintf("%s/column_settings/%d/align", at, i), "invalid", "align is left, center or right")
		}
	}
}

// rows checks the cells of both kinds of table. All rows are equally long; the
// characters of all tables of a message count together.
func (c *checker) rows(at, kind string, b map[string]any, mostRows, mostColumns int) {
	rows, _ := b["rows"].([]any)
	if len(rows) == 0 || len(rows) > mostRows {
		c.say(at+"/rows", "wrong_count", "must have 1 to %d rows", mostRows)
	}
	width := -1
	for i, r := range rows {
		cells, _ := r.([]any)
		here := fmt.Sprintf("%s/rows/%d", at, i)
		if width < 0 {
			width = len(cells)
		}
		if len(cells) == 0 || len(cells) > mostColumns || len(cells) != width {
			c.say(here, "wrong_count", "rows are equally long and have 1 to %d cells", mostColumns)
		}
		for k, v := range cells {
			cell, _ := v.(map[string]any)
			c.cell(fmt.Sprintf("%s/%d", here, k), kind, cell, i == 0)
		}
	}
}

func (c *checker) cell(at, kind string, cell map[string]any, header bool) {
	switch cell["type"] {
	case "raw_text":
		s, _ := cell["text"].(string)
		if s == "" {
			c.say(at+"/text", "too_short", "must be more than 0 characters")
		}
		c.chars[kind] += utf8.RuneCountInString(s)
	case "raw_number":
		if _, ok := cell["value"].(float64); !ok {
			c.say(at+"/value", "missing_field", "raw_number needs a value")
		}
		if s, has := cell["text"].(string); has {
			if s == "" {
				c.say(at+"/text", "too_short", "must be more than 0 characters")
			}
			c.chars[kind] += utf8.RuneCountInString(s)
		}
	case "rich_text":
		if header && kind == "data_table" {
			c.say(at, "invalid", "header cells are no rich_text")
		}
		c.cellOf = kind
		c.many(at, cell["elements"], 1, 100, c.richText)
		c.cellOf = ""
	case "action_cell":
		if kind != "data_table" {
			c.say(at, "invalid", "action_cell stands in data_table only")
		}
		e, _ := cell["element"].(map[string]any)
		c.element(at+"/element", e)
	default:
		c.say(at+"/type", "invalid", "unsupported cell: %v", cell["type"])
	}
}

func (c *checker) chart(at string, b map[string]any) {
	title, _ := b["title"].(string)
	c.length(at+"/title", title, 1, chartTitle)
	chart, _ := b["chart"].(map[string]any)
	switch chart["type"] {
	case "pie":
		c.pie(at, chart)
		return
	case "bar", "area", "line":
	default:
		c.say(at+"/chart/type", "invalid", "unsupported chart: %v", chart["type"])
		return
	}
	axes, _ := chart["axis_config"].(map[string]any)
	categories, _ := axes["categories"].([]any)
	if len(categories) < 1 || len(categories) > chartPoints {
		c.say(at+"/chart/axis_config/categories", "wrong_count", "must have 1 to %d categories", chartPoints)
	}
	names := map[string]bool{}
	for i, v := range categories {
		s, _ := v.(string)
		c.length(fmt.Sprintf("%s/chart/axis_config/categories/%d", at, i), s, 1, chartName)
		if names[s] {
			c.say(at+"/chart/axis_config/categories", "duplicate", "category %q is there twice", s)
		}
		names[s] = true
	}
	for _, k := range []string{"x_label", "y_label"} {
		if s, has := axes[k].(string); has {
			c.length(at+"/chart/axis_config/"+k, s, 0, axisLabel)
		}
	}
	c.series(at, chart, names)
}

func (c *checker) series(at string, chart map[string]any, categories map[string]bool) {
	list, _ := chart["series"].([]any)
	if len(list) < 1 || len(list) > chartSeries {
		c.say(at+"/chart/series", "wrong_count", "must have 1 to %d series", chartSeries)
	}
	names := map[string]bool{}
	for i, v := range list {
		s, _ := v.(map[string]any)
		here := fmt.Sprintf("%s/chart/series/%d", at, i)
		name, _ := s["name"].(string)
		c.length(here+"/name", name, 1, chartName)
		if names[name] {
			c.say(here+"/name", "duplicate", "series %q is there twice", name)
		}
		names[name] = true
		data, _ := s["data"].([]any)
		seen := map[string]bool{}
		for _, p := range data {
			point, _ := p.(map[string]any)
			label, _ := point["label"].(string)
			seen[label] = true
			if !categories[label] {
				c.say(here+"/data", "invalid", "no category %q", label)
			}
		}
		if len(data) != len(categories) || len(seen) != len(categories) {
			c.say(here+"/data", "wrong_count", "exactly one point per category")
		}
	}
}

func (c *checker) pie(at string, chart map[string]any) {
	list, _ := chart["segments"].([]any)
	if len(list) < 1 || len(list) > chartSeries {
		c.say(at+"/chart/segments", "wrong_count", "must have 1 to %d segments", chartSeries)
	}
	for i, v := range list {
		s, _ := v.(map[string]any)
		here := fmt.Sprintf("%s/chart/segments/%d", at, i)
		label, _ := s["label"].(string)
		c.length(here+"/label", label, 1, chartName)
		if n, _ := s["value"].(float64); n <= 0 {
			c.say(here+"/value", "invalid", "a segment is larger than 0")
		}
	}
}
