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

func dataTable(rows, columns, chars int) string {
	return fmt.Sprintf(`{"type":"data_table","caption":"c","rows":[%s]}`, list(rows, func(int) string {
		return "[" + list(columns, func(int) string { return fmt.Sprintf(`{"type":"raw_text","text":%q}`, text(chars)) }) + "]"
	}))
}

func chartOf(categories, series int) string {
	return fmt.Sprintf(`{"type":"data_visualization","title":"t","chart":{"type":"bar","series":[%s],"axis_config":{"categories":[%s]}}}`,
		list(series, func(s int) string {
			return fmt.Sprintf(`{"name":"s%d","data":[%s]}`, s, list(categories, func(i int) string { return fmt.Sprintf(`{"label":"c%d","value":1}`, i) }))
		}), list(categories, func(i int) string { return fmt.Sprintf(`"c%d"`, i) }))
}

func TestBlocksAreRefusedBeyondSlacksLimits(t *testing.T) {
	for _, c := range []struct {
		name   string
		blocks string
		ok     bool
	}{
		{"50 blocks", list(50, func(int) string { return section(1) }), true},
		{"51 blocks", list(51, func(int) string { return section(1) }), false},
		{"a section of 3,000 characters", section(3000), true},
		{"a section of 3,001 characters", section(3001), false},
		{"an empty text", section(0), false},
		{"a header of 150", `{"type":"header","text":` + plain(150) + `}`, true},
		{"a header of 151", `{"type":"header","text":` + plain(151) + `}`, false},
		{"ten context elements", `{"type":"context","elements":[` + list(10, func(int) string { return plain(1) }) + `]}`, true},
		{"eleven context elements", `{"type":"context","elements":[` + list(11, func(int) string { return plain(1) }) + `]}`, false},
		{"25 buttons", `{"type":"actions","elements":[` + list(25, func(i int) string { return button(fmt.Sprint(i), 1, 1) }) + `]}`, true},
		{"26 buttons", `{"type":"actions","elements":[` + list(26, func(i int) string { return button(fmt.Sprint(i), 1, 1) }) + `]}`, false},
		{"two buttons of one action_id", `{"type":"actions","elements":[` + button("a", 1, 1) + "," + button("a", 1, 1) + `]}`, false},
		{"a button of 75 characters", `{"type":"actions","elements":[` + button("a", 75, 2000) + `]}`, true},
		{"a button of 76 characters", `{"type":"actions","elements":[` + button("a", 76, 1) + `]}`, false},
		{"a button's value of 2,001", `{"type":"actions","elements":[` + button("a", 1, 2001) + `]}`, false},
		{"two blocks of one block_id", `{"type":"divider","block_id":"b"},{"type":"divider","block_id":"b"}`, false},
		{"a block_id of 256", fmt.Sprintf(`{"type":"divider","block_id":%q}`, text(256)), false},
		{"an unknown block", `{"type":"carousell"}`, false},
		{"an unknown property", `{"type":"divider","colour":"red"}`, false},
		{"a table of 2 rows", dataTable(2, 1, 1), true},
		{"a table without a row behind its header", dataTable(1, 1, 1), false},
		{"201 rows with the header", dataTable(201, 1, 1), true},
		{"202 rows with the header", dataTable(202, 1, 1), false},
		{"20 columns", dataTable(2, 20, 1), true},
		{"21 columns", dataTable(2, 21, 1), false},
		{"20,000 characters", dataTable(200, 1, 100), true},
		{"20,100 characters", dataTable(201, 1, 100), false},
		{"an empty cell", dataTable(2, 1, 0), false},
		{"20 points in a chart", chartOf(20, 1), true},
		{"21 points in a chart", chartOf(21, 1), false},
		{"12 series", chartOf(1, 12), true},
		{"13 series", chartOf(1, 13), false},
		{"two charts", chartOf(1, 1) + "," + chartOf(1, 1), true},
		{"three charts", chartOf(1, 1) + "," + chartOf(1, 1) + "," + chartOf(1, 1), false},
		{"an alert outside of a modal", `{"type":"alert","text":` + plain(10) + `}`, false},
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
