package localslack

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func text(n int) string { return strings.Repeat("x", n) }

func plain(n int) string { return fmt.Sprintf(`{"type":"plain_text","text":%q}`, text(n)) }

func button(id string, label, value int) string {
	return fmt.Sprintf(`{"type":"button","action_id":%q,"text":%s,"value":%q}`, id, plain(label), text(value))
}

func list(n int, item func(int) string) string {
	out := make([]string, n)
	for i := range out {
		out[i] = item(i)
	}
	return strings.Join(out, ",")
}

func section(n int) string { return fmt.Sprintf(`{"type":"section","text":%s}`, plain(n)) }

func tableOf(kind string, rows, columns int, cell string) string {
	caption := ""
	if kind == "data_table" {
		caption = `"caption":"c",`
	}
	return fmt.Sprintf(`{"type":%q,%s"rows":[%s]}`, kind, caption, list(rows, func(int) string {
		return "[" + list(columns, func(int) string { return cell }) + "]"
	}))
}

func rawText(chars int) string { return fmt.Sprintf(`{"type":"raw_text","text":%q}`, text(chars)) }

func richText(chars int) string {
	return fmt.Sprintf(`{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":%q}]}]}`, text(chars))
}

func dataTable(rows, columns, chars int) string {
	return tableOf("data_table", rows, columns, rawText(chars))
}

func chartOf(categories, series int) string {
	return fmt.Sprintf(`{"type":"data_visualization","title":"t","chart":{"type":"bar","series":[%s],"axis_config":{"categories":[%s]}}}`,
		list(series, func(s int) string {
			return fmt.Sprintf(`{"name":"s%d","data":[%s]}`, s, list(categories, func(i int) string { return fmt.Sprintf(`{"label":"c%d","value":1}`, i) }))
		}), list(categories, func(i int) string { return fmt.Sprintf(`"c%d"`, i) }))
}

// Each limit is looked at below, at and above; what it counts is n.
func TestBlocksAreRefusedBeyondSlacksLimits(t *testing.T) {
	for _, c := range []struct {
		name  string
		limit int
		build func(n int) string
	}{
		{"blocks in a message", 50, func(n int) string { return list(n, func(int) string { return section(1) }) }},
		{"characters of a block_id", 255, func(n int) string { return fmt.Sprintf(`{"type":"divider","block_id":%q}`, text(n)) }},
		{"characters of a section", 3000, section},
		{"fields of a section", 10, func(n int) string {
			return `{"type":"section","fields":[` + list(n, func(int) string { return plain(1) }) + `]}`
		}},
		{"characters of a field", 2000, func(n int) string { return `{"type":"section","fields":[` + plain(n) + `]}` }},
		{"characters of a header", 150, func(n int) string { return `{"type":"header","text":` + plain(n) + `}` }},
		{"the level of a header", 4, func(n int) string { return fmt.Sprintf(`{"type":"header","level":%d,"text":%s}`, n, plain(1)) }},
		{"elements of a context", 10, func(n int) string {
			return `{"type":"context","elements":[` + list(n, func(int) string { return plain(1) }) + `]}`
		}},
		{"buttons in a row", 25, func(n int) string {
			return actions(list(n, func(i int) string { return button(fmt.Sprint(i), 1, 1) }))
		}},
		{"characters on a button", 75, func(n int) string { return actions(button("a", n, 1)) }},
		{"characters of a button's value", 2000, func(n int) string { return actions(button("a", 1, n)) }},
		{"characters of a button's address", 3000, func(n int) string {
			return actions(fmt.Sprintf(`{"type":"button","text":%s,"url":%q}`, plain(1), text(n)))
		}},
		{"characters of an action_id", 255, func(n int) string { return actions(button(text(n), 1, 1)) }},
		{"characters of markdown", 12_000, func(n int) string { return fmt.Sprintf(`{"type":"markdown","text":%q}`, text(n)) }},
		{"characters of two markdown blocks", 12_000, func(n int) string {
			return fmt.Sprintf(`{"type":"markdown","text":%q},{"type":"markdown","text":%q}`, text(n-6000), text(6000))
		}},
		{"rows of a table", 100, func(n int) string { return tableOf("table", n, 1, rawText(1)) }},
		{"cells in a row of a table", 20, func(n int) string { return tableOf("table", 1, n, rawText(1)) }},
		{"settings of a table's columns", 20, func(n int) string {
			return `{"type":"table","column_settings":[` + list(n, func(int) string { return "null" }) + `],"rows":[[` + rawText(1) + `]]}`
		}},
		{"characters of a table", 10_000, func(n int) string {
			return `{"type":"table","rows":[[` + rawText(n-4000) + "," + richText(4000) + `]]}`
		}},
		{"rows of a data_table with its header", 201, func(n int) string { return dataTable(n, 1, 1) }},
		{"columns of a data_table", 20, func(n int) string { return dataTable(2, n, 1) }},
		{"characters of a data_table", 20_000, func(n int) string {
			return `{"type":"data_table","caption":"c","rows":[[` + rawText(1) + `],[` + rawText(n-1) + `]]}`
		}},
		{"characters of two data_tables", 20_000, func(n int) string { return dataTable(2, 1, 5000) + "," + dataTable(2, 1, (n-10_000+1)/2) }},
		{"rows on a page of a data_table", 100, func(n int) string {
			return fmt.Sprintf(`{"type":"data_table","caption":"c","page_size":%d,"rows":[[%s],[%s]]}`, n, rawText(1), rawText(1))
		}},
		{"charts in a message", 2, func(n int) string { return list(n, func(int) string { return chartOf(1, 1) }) }},
		{"categories of a chart", 20, func(n int) string { return chartOf(n, 1) }},
		{"series of a chart", 12, func(n int) string { return chartOf(1, n) }},
		{"characters of a chart's title", 50, func(n int) string { return strings.Replace(chartOf(1, 1), `"t"`, `"`+text(n)+`"`, 1) }},
		{"characters of a series' name", 20, func(n int) string { return strings.Replace(chartOf(1, 1), `"s0"`, `"`+text(n)+`"`, 1) }},
		{"characters of a category", 20, func(n int) string { return strings.ReplaceAll(chartOf(1, 1), `"c0"`, `"`+text(n)+`"`) }},
		{"characters of an axis", 50, func(n int) string {
			return strings.Replace(chartOf(1, 1), `"axis_config":{`, `"axis_config":{"x_label":"`+text(n)+`",`, 1)
		}},
		{"segments of a pie", 12, func(n int) string {
			return pieOf(list(n, func(i int) string { return fmt.Sprintf(`{"label":"l%d","value":1}`, i) }))
		}},
		{"characters of a segment", 20, func(n int) string { return pieOf(`{"label":"` + text(n) + `","value":1}`) }},
		{"characters of a card's title", 150, func(n int) string { return `{"type":"card","title":` + plain(n) + `}` }},
		{"characters of a card's body", 200, func(n int) string { return `{"type":"card","body":` + plain(n) + `}` }},
		{"buttons of a card", 3, func(n int) string {
			return `{"type":"card","actions":[` + list(n, func(i int) string { return button(fmt.Sprint(i), 1, 1) }) + `]}`
		}},
		{"blocks in a container", 10, func(n int) string {
			return `{"type":"container","title":` + plain(1) + `,"child_blocks":[` + list(n, func(int) string { return section(1) }) + `]}`
		}},
		{"characters of a container's title", 150, func(n int) string {
			return `{"type":"container","title":` + plain(n) + `,"child_blocks":[` + section(1) + `]}`
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for n, ok := range map[int]bool{c.limit - 1: true, c.limit: true, c.limit + 1: false} {
				problems := validateBlocks(json.RawMessage("["+c.build(n)+"]"), inMessage)
				if (len(problems) == 0) != ok {
					t.Errorf("%d: problems %v", n, problems)
				}
			}
		})
	}
}

func actions(elements string) string { return `{"type":"actions","elements":[` + elements + `]}` }

func pieOf(segments string) string {
	return `{"type":"data_visualization","title":"t","chart":{"type":"pie","segments":[` + segments + `]}}`
}

func TestBlocksAreRefusedThatSlackDoesNotKnow(t *testing.T) {
	for _, c := range []struct {
		name   string
		blocks string
		ok     bool
	}{
		{"an empty text", section(0), false},
		{"two buttons of one action_id", actions(button("a", 1, 1) + "," + button("a", 1, 1)), false},
		{"two blocks of one block_id", `{"type":"divider","block_id":"b"},{"type":"divider","block_id":"b"}`, false},
		{"an unknown block", `{"type":"carousell"}`, false},
		{"an unknown property", `{"type":"divider","colour":"red"}`, false},
		{"a data_table of 2 rows", dataTable(2, 1, 1), true},
		{"a data_table without a row behind its header", dataTable(1, 1, 1), false},
		{"a data_table without caption", strings.Replace(dataTable(2, 1, 1), `"caption":"c",`, "", 1), false},
		{"rows of different length", `{"type":"data_table","caption":"c","rows":[[` + rawText(1) + `],[` + rawText(1) + "," + rawText(1) + `]]}`, false},
		{"a header of rich text", `{"type":"data_table","caption":"c","rows":[[` + richText(1) + `],[` + richText(1) + `]]}`, false},
		{"a page of no rows", strings.Replace(dataTable(2, 1, 1), `"caption"`, `"page_size":0,"caption"`, 1), false},
		{"a column of row headers that is not there", strings.Replace(dataTable(2, 1, 1), `"caption"`, `"row_header_column_index":1,"caption"`, 1), false},
		{"an empty cell", dataTable(2, 1, 0), false},
		{"a number without a value", `{"type":"data_table","caption":"c","rows":[[` + rawText(1) + `],[{"type":"raw_number","text":"1"}]]}`, false},
		{"an unknown cell", tableOf("table", 1, 1, `{"type":"raw_date","text":"1"}`), false},
		{"two tables", tableOf("table", 1, 1, rawText(1)) + "," + tableOf("table", 1, 1, rawText(1)), false},
		{"a column that is justified", `{"type":"table","column_settings":[{"align":"justify"}],"rows":[[` + rawText(1) + `]]}`, false},
		{"a segment of nothing", pieOf(`{"label":"a","value":0}`), false},
		{"two series of one name", strings.ReplaceAll(chartOf(1, 2), `"s1"`, `"s0"`), false},
		{"a point without category", strings.Replace(chartOf(1, 1), `"label":"c0"`, `"label":"c1"`, 1), false},
		{"an alert outside of a modal", `{"type":"alert","text":` + plain(10) + `}`, false},
		{"an input outside of a modal", `{"type":"input","label":` + plain(1) + `,"element":{"type":"plain_text_input","action_id":"a"}}`, false},
		{"verbatim plain text", `{"type":"section","text":{"type":"plain_text","text":"x","verbatim":true}}`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			problems := validateBlocks(json.RawMessage("["+c.blocks+"]"), inMessage)
			if (len(problems) == 0) != c.ok {
				t.Errorf("problems: %v", problems)
			}
			for _, p := range problems {
				if p.Code == "" || p.Pointer == "" || p.Message == "" {
					t.Errorf("a problem without its place: %+v", p)
				}
			}
		})
	}
}

func TestModalsAreRefusedBeyondSlacksLimits(t *testing.T) {
	for _, c := range []struct {
		name string
		view string
		ok   bool
	}{
		{"a title of 23", `{"type":"modal","title":` + plain(23) + `,"blocks":[]}`, true},
		{"a button of 24", `{"type":"modal","title":` + plain(1) + `,"submit":` + plain(24) + `,"close":` + plain(24) + `,"blocks":[]}`, true},
		{"a submit button of 25", `{"type":"modal","title":` + plain(1) + `,"submit":` + plain(25) + `,"blocks":[]}`, false},
		{"a close button of 25", `{"type":"modal","title":` + plain(1) + `,"close":` + plain(25) + `,"blocks":[]}`, false},
		{"a callback_id of 255", `{"type":"modal","title":` + plain(1) + `,"callback_id":"` + text(255) + `","blocks":[]}`, true},
		{"a callback_id of 256", `{"type":"modal","title":` + plain(1) + `,"callback_id":"` + text(256) + `","blocks":[]}`, false},
		{"an alert of 200", `{"type":"modal","title":` + plain(1) + `,"blocks":[{"type":"alert","text":` + plain(200) + `}]}`, true},
		{"an alert of 201", `{"type":"modal","title":` + plain(1) + `,"blocks":[{"type":"alert","text":` + plain(201) + `}]}`, false},
		{"a data_table in a modal", `{"type":"modal","title":` + plain(1) + `,"blocks":[` + dataTable(2, 1, 1) + `]}`, false},
		{"a data_table on the home tab", `{"type":"home","blocks":[` + dataTable(2, 1, 1) + `]}`, true},
		{"markdown on the home tab", `{"type":"home","blocks":[{"type":"markdown","text":"x"}]}`, false},
		{"a title of 24", `{"type":"modal","title":` + plain(24) + `,"blocks":[]}`, true},
		{"a title of 25", `{"type":"modal","title":` + plain(25) + `,"blocks":[]}`, false},
		{"metadata of 3,000", `{"type":"modal","title":` + plain(1) + `,"private_metadata":"` + text(3000) + `","blocks":[]}`, true},
		{"metadata of 3,001", `{"type":"modal","title":` + plain(1) + `,"private_metadata":"` + text(3001) + `","blocks":[]}`, false},
		{"an input without a submit button", `{"type":"modal","title":` + plain(1) + `,"blocks":[{"type":"input","label":` + plain(1) + `,"element":{"type":"plain_text_input","action_id":"a"}}]}`, false},
		{"100 blocks", `{"type":"modal","title":` + plain(1) + `,"blocks":[` + list(100, func(int) string { return section(1) }) + `]}`, true},
		{"101 blocks", `{"type":"modal","title":` + plain(1) + `,"blocks":[` + list(101, func(int) string { return section(1) }) + `]}`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var v map[string]any
			if err := json.Unmarshal([]byte(c.view), &v); err != nil {
				t.Fatal(err)
			}
			if problems := validateView(v); (len(problems) == 0) != c.ok {
				t.Errorf("problems: %v", problems)
			}
		})
	}
}
