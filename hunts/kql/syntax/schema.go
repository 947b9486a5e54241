package syntax

import (
	"slices"
	"strings"
)

// Schema is one of the two shapes in which the same tables are kept.
type Schema int

const (
	// LogAnalytics is that of a workspace: TimeGenerated, dynamic columns.
	LogAnalytics Schema = iota
	// AdvancedHunting is Defender's own: Timestamp, JSON in texts, no ingestion_time().
	AdvancedHunting
)

// jsonTexts are the columns that are dynamic in a workspace and JSON texts in
// advanced hunting.
var jsonTexts = []string{"AdditionalFields", "LoggedOnUsers", "ConnectedNetworks", "DnsAddresses", "DefaultGateways", "IPAddresses"}

// takesDynamic are functions and operators that refuse such a text as their argument.
var takesDynamic = strings.Fields("bag_keys bag_has_key bag_merge bag_remove_keys bag_set_key bag_unpack array_length array_concat array_slice array_index_of array_sort_asc array_sort_desc array_sum mv-expand mvexpand mv-apply mvapply make_bag set_has_element set_union set_intersect set_difference strcat_array treepath")

// ForSchema writes a query for one of the schemas. It changes names as tokens,
// so that texts and comments stay as they are, and changes nothing that is
// right already. What does not end well is left alone: the service says why.
func ForSchema(text string, to Schema) string {
	toks, err := lex(text)
	if err != nil {
		return text
	}
	r := &rewriter{text: text, toks: toks, from: TimeColumns[1], to: TimeColumns[0], made: map[string]bool{}}
	if to == AdvancedHunting {
		r.from, r.to = r.to, r.from
	}
	for i, t := range toks {
		if t.kind == tokName && r.punct(i+1, "=") {
			r.made[t.text] = true
		}
	}
	for i, t := range toks {
		switch {
		case r.isTime(i):
			r.put(t, strings.Replace(text[t.pos:t.end], r.from, r.to, 1))
		case to != AdvancedHunting || t.kind != tokName:
		case t.text == "ingestion_time" && r.punct(i+1, "(") && r.punct(i+2, ")"):
			r.edits = append(r.edits, textEdit{t.pos, toks[i+2].end, r.to})
		case slices.Contains(jsonTexts, t.text):
			r.parsed(i)
		}
	}
	return r.done()
}

type textEdit struct {
	from, to int
	text     string
}

type rewriter struct {
	text     string
	toks     []token
	from, to string          // the name of the time column
	made     map[string]bool // names that the query gives itself
	edits    []textEdit
}

func (r *rewriter) put(t token, text string) { r.edits = append(r.edits, textEdit{t.pos, t.end, text}) }

func (r *rewriter) at(i int) token {
	if i < 0 || i >= len(r.toks) {
		return token{}
	}
	return r.toks[i]
}

func (r *rewriter) punct(i int, text string) bool {
	t := r.at(i)
	return t.kind == tokPunct && t.text == text
}

// isTime: the column by its name, ['name'], or as the text that column_ifexists
// takes; a property of a bag with that name is something else.
func (r *rewriter) isTime(i int) bool {
	t := r.toks[i]
	switch {
	case t.text != r.from && !r.derived(t):
		return false
	case t.kind == tokName && r.punct(i-1, "."):
		side := r.at(i - 2).text
		return side == "$left" || side == "$right"
	case t.kind == tokName:
		return true
	case t.kind == tokString && r.inDynamic(i):
		return false // a value, which people may have typed
	case t.kind == tokString && r.punct(i-1, "["):
		before := r.at(i - 2)
		return r.punct(i+1, "]") && before.kind != tokName && !r.punct(i-2, ")") && !r.punct(i-2, "]") || keyword(before)
	case t.kind == tokString && r.punct(i-1, "("):
		f := strings.ToLower(r.at(i - 2).text)
		return f == "column_ifexists" || f == "columnifexists"
	}
	return false
}

// derived: the name of a column that the service makes of the time column's, as
// min_Timestamp of min(Timestamp), and Timestamp1 where a join brings a second one.
func (r *rewriter) derived(t token) bool {
	before, after, ok := strings.Cut(t.text, r.from)
	return ok && t.kind == tokName && !r.made[t.text] && strings.Trim(after, "0123456789") == "" &&
		slices.Contains([]string{"", "min_", "max_", "avg_", "list_", "set_", "dcount_", "count_distinct_", "take_any_"}, before)
}

// inDynamic: token i lies within dynamic(…).
func (r *rewriter) inDynamic(i int) bool {
	depth := 0
	for k := i - 1; k > 0; k-- {
		switch {
		case r.punct(k, ")"):
			depth++
		case r.punct(k, "(") && depth > 0:
			depth--
		case r.punct(k, "("):
			return r.toks[k-1].text == "dynamic" || r.inDynamic(k)
		case depth == 0 && (r.punct(k, ";") || r.punct(k, "|")):
			return false
		}
	}
	return false
}

// keyword: a bracket behind one of these begins a name, and is no index.
func keyword(t token) bool {
	return t.kind == tokName && slices.Contains([]string{"where", "filter", "extend", "project", "by", "distinct", "and", "or", "not", "away", "keep", "rename", "reorder", "on", "summarize", "expand", "apply"}, t.text)
}

// parsed reads the JSON of a column where a dynamic is wanted.
func (r *rewriter) parsed(i int) {
	t := r.toks[i]
	if r.punct(i-1, ".") && r.at(i-2).kind == tokName && !strings.HasPrefix(r.at(i-2).text, "$") {
		return
	}
	whole := "parse_json(" + t.text + ")"
	before, verb := r.at(i-1), r.verb(i-1)
	ends := r.at(i+1).kind == tokEnd || slices.ContainsFunc([]string{"|", ",", ")", ";", "}"}, func(p string) bool { return r.punct(i+1, p) })
	switch {
	case r.punct(i+1, ".") || r.punct(i+1, "["):
		r.put(t, whole)
	case verb == "bag_unpack":
		if k := r.operatorAt(i, "evaluate"); k >= 0 {
			at := r.toks[k].pos
			r.edits = append(r.edits, textEdit{at, at, "extend " + t.text + " = " + whole + " | "})
		}
	case (strings.HasPrefix(verb, "mv") || r.punct(i-1, ",") && r.inExpand(i)) && before.text != "=" && !r.punct(i+1, "="):
		r.put(t, t.text+" = "+whole)
	case slices.Contains(takesDynamic, verb):
		r.put(t, whole)
	case r.punct(i-1, "=") && ends:
		r.put(t, whole)
	}
}

// verb is the function or operator whose argument begins behind token i.
func (r *rewriter) verb(i int) string {
	if r.punct(i, "(") {
		i--
	}
	name := r.at(i).text
	if r.punct(i-1, "-") && r.at(i-1).end == r.at(i).pos {
		name = r.at(i-2).text + "-" + name
	}
	return name
}

// operatorAt is the token of an operator with the given name, to the left of
// token i within its step of the pipeline.
func (r *rewriter) operatorAt(i int, name string) int {
	for k := i; k >= 0 && !r.punct(k, "|"); k-- {
		if r.toks[k].kind == tokName && r.toks[k].text == name {
			return k
		}
	}
	return -1
}

// inExpand: a comma within mv-expand begins another column, not an argument.
func (r *rewriter) inExpand(i int) bool {
	depth := 0
	for k := i - 1; k >= 0 && !r.punct(k, "|"); k-- {
		switch {
		case r.punct(k, ")"):
			depth++
		case r.punct(k, "("):
			depth--
		case depth == 0 && (r.toks[k].text == "expand" && r.at(k-2).text == "mv" || r.toks[k].text == "mvexpand"):
			return true
		}
	}
	return false
}

func (r *rewriter) done() string {
	var b strings.Builder
	last := 0
	slices.SortStableFunc(r.edits, func(x, y textEdit) int { return x.from - y.from })
	for _, e := range r.edits {
		if e.from < last {
			continue
		}
		b.WriteString(r.text[last:e.from])
		b.WriteString(e.text)
		last = e.to
	}
	b.WriteString(r.text[last:])
	return b.String()
}
