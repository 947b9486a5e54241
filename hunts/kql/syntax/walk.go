package syntax

import (
	"maps"
)

// TimeColumns are the names of an event's time in the two schemas.
var TimeColumns = []string{"TimeGenerated", "Timestamp"}

// children are the expressions within an expression.
func children(e Expr) []Expr {
	switch e := e.(type) {
	case *Member:
		return []Expr{e.Of}
	case *Index:
		return []Expr{e.Of, e.Index}
	case *Call:
		return e.Args
	case *Unary:
		return []Expr{e.X}
	case *Binary:
		return []Expr{e.X, e.Y}
	case *List:
		return append([]Expr{e.X}, e.Items...)
	case *Between:
		return []Expr{e.X, e.Lo, e.Hi}
	}
	return nil
}

// operator notes what one step reads, and gives the rows after it.
func (w *walker) operator(op Operator, on *shape, s *binding) *shape {
	w.call(op.At(), operatorName(op))
	switch op := op.(type) {
	case *Where:
		w.read(op.Predicate, on, s)
		w.timeFilter(op.Predicate, on)
	case *Search:
		w.read(op.Predicate, on, s)
		w.timeFilter(op.Predicate, on)
	case *Extend:
		return w.extended(op.Columns, on, s)
	case *Serialize:
		return w.extended(op.Columns, on, s)
	case *Project:
		return w.projected(op, on, s)
	case *Summarize:
		by := w.made(op.By, on, s)
		out := w.made(op.Aggregates, on, s)
		maps.Copy(out.made, by.made)
		return out
	case *Distinct:
		return w.made(op.Columns, on, s)
	case *Sort:
		w.keys(op.Keys, on, s)
	case *Top:
		w.keys(op.Keys, on, s)
	case *Count:
		return &shape{made: map[string]string{op.Name: ""}}
	case *Union:
		return w.union(op, on, s)
	case *Join:
		return w.join(op, on, s)
	case *Expand:
		out := w.extended(op.Columns, on, s)
		out.made[op.ItemIndex] = ""
		return out
	case *Apply:
		out := w.extended(op.Columns, on, s)
		out.made[op.ItemIndex] = ""
		return w.operators(op.Body, out, s)
	case *Partition:
		w.column(op.Column, op.At(), on, s)
		return w.operators(op.Body, on, s)
	default:
		return w.rarer(op, on, s)
	}
	return on
}

// rarer are the operators that few hunts use.
func (w *walker) rarer(op Operator, on *shape, s *binding) *shape {
	switch op := op.(type) {
	case *SampleDistinct:
		return w.made([]Named{op.Of}, on, s)
	case *TopHitters:
		out := w.made([]Named{op.Of}, on, s)
		w.read(op.By, on, s)
		return out
	case *TopNested:
		out := &shape{origins: on.origins, made: map[string]string{}}
		for _, l := range op.Levels {
			maps.Copy(out.made, w.made([]Named{l.Of, l.By}, on, s).made)
		}
		return out
	case *MakeSeries:
		out := w.made(append([]Named{op.On}, op.By...), on, s)
		for _, a := range op.Aggregates {
			maps.Copy(out.made, w.made([]Named{a.Named}, on, s).made)
		}
		return out
	case *ParseText:
		w.read(op.Of, on, s)
		out := on.copy()
		for _, p := range op.Parts {
			if p.Name != "" {
				out.made[p.Name] = ""
			}
		}
		return out
	case *ParseKV:
		w.read(op.Of, on, s)
		out := on.copy()
		for _, c := range op.Columns {
			out.made[c.Name] = ""
		}
		return out
	case *Evaluate:
		w.read(op.Call, on, s)
		out := on.copy()
		out.loose = true
		return out
	case *Invoke:
		if b := s.find(op.Call.Name); b != nil && b.let != nil && b.let.Lambda != nil {
			return w.invoke(b, op.Call, on, s)
		}
		return &shape{origins: on.origins, loose: true}
	case *GetSchema:
		return &shape{made: map[string]string{}}
	}
	return on
}

func (on *shape) copy() *shape {
	out := *on
	if out.made = maps.Clone(on.made); out.made == nil {
		out.made = map[string]string{}
	}
	return &out
}

// extended adds columns that are new, whatever they are made from.
func (w *walker) extended(columns []Named, on *shape, s *binding) *shape {
	out := on.copy()
	for name, from := range w.made(columns, on, s).made {
		if _, ok := on.made[name]; from != name || ok {
			out.made[name] = from
		}
	}
	return out
}

// made gives rows of just these columns. A star keeps all that there are.
func (w *walker) made(columns []Named, on *shape, s *binding) *shape {
	out := &shape{origins: on.origins, loose: on.loose, made: map[string]string{}}
	for _, c := range columns {
		if star(c.Value) {
			out.open = on.open
			maps.Copy(out.made, on.made)
		}
		w.read(c.Value, on, s)
		from := ""
		if n, ok := c.Value.(*Name); ok {
			if from = n.Name; on.made != nil {
				if was, ok := on.made[n.Name]; ok {
					from = was
				}
			}
			if len(c.Names) == 0 {
				out.made[n.Name] = from
			}
		}
		for _, name := range c.Names {
			out.made[name] = from
		}
	}
	return out
}

// star tells * and arg_max(x, *).
func star(e Expr) bool {
	switch e := e.(type) {
	case *Star:
		return true
	case *Call:
		for _, a := range e.Args {
			if _, ok := a.(*Star); ok && e.Name != "count" {
				return true
			}
		}
	}
	return false
}

func (w *walker) keys(keys []SortKey, on *shape, s *binding) {
	for _, k := range keys {
		w.read(k.Value, on, s)
	}
}

func (w *walker) projected(op *Project, on *shape, s *binding) *shape {
	switch op.Kind {
	case "project":
		return w.made(op.Columns, on, s)
	case "project-rename":
		return w.extended(op.Columns, on, s)
	}
	out := on.copy()
	if op.Kind == "project-keep" {
		out = &shape{origins: on.origins, loose: on.loose, made: map[string]string{}}
	}
	for _, c := range op.Columns {
		n, ok := c.Value.(*Name)
		if !ok || pattern(n.Name) {
			out.open = on.open
			continue
		}
		w.column(n.Name, n.At(), on, s)
		if op.Kind == "project-keep" {
			out.made[n.Name] = n.Name
		}
	}
	return out
}

func (w *walker) union(op *Union, on *shape, s *binding) *shape {
	out := &shape{made: map[string]string{}}
	if op.WithSource != "" {
		out.made[op.WithSource] = ""
	}
	legs := []*shape{}
	if on != nil {
		legs = append(legs, on)
	}
	for _, leg := range op.Legs {
		legs = append(legs, w.pipeline(leg, s))
	}
	for _, l := range legs {
		out.origins = append(out.origins, l.origins...)
		out.open, out.loose = out.open || l.open, out.loose || l.loose
		maps.Copy(out.made, l.made)
	}
	return out
}

func (w *walker) join(op *Join, on *shape, s *binding) *shape {
	right := w.pipeline(op.Right, s)
	for _, e := range op.On {
		w.joinKey(e, on, right, s)
	}
	out := on.copy()
	if op.Kind == "rightanti" || op.Kind == "rightsemi" {
		return right
	}
	if op.Kind == "leftanti" || op.Kind == "leftsemi" || op.Kind == "anti" || op.Kind == "leftantisemi" {
		return out
	}
	out.origins = append(append([]int{}, on.origins...), right.origins...)
	if !on.open {
		out.origins = right.origins
	} else if !right.open {
		out.origins = on.origins
	}
	out.open, out.loose = on.open || right.open, on.loose || right.loose
	for name, from := range right.made {
		if _, ok := out.made[name]; !ok {
			out.made[name] = from
		}
		out.made[name+"1"] = from
	}
	return out
}

func (w *walker) joinKey(e Expr, left, right *shape, s *binding) {
	switch e := e.(type) {
	case *Name:
		w.column(e.Name, e.At(), left, s)
		w.column(e.Name, e.At(), right, s)
	case *Binary:
		w.joinKey(e.X, left, right, s)
		w.joinKey(e.Y, left, right, s)
	case *Member:
		if of, ok := e.Of.(*Name); ok && of.Name == "$left" {
			w.column(e.Name, e.At(), left, s)
		} else if ok && of.Name == "$right" {
			w.column(e.Name, e.At(), right, s)
		}
	}
}

// timeFilter notes a comparison of the time column of a table.
func (w *walker) timeFilter(e Expr, on *shape) {
	switch e := e.(type) {
	case *Binary:
		if e.Op == "and" || e.Op == "or" {
			w.timeFilter(e.X, on)
			w.timeFilter(e.Y, on)
			return
		}
		w.timed(e.X, on)
		w.timed(e.Y, on)
	case *Between:
		w.timed(e.X, on)
	}
}

// timed follows a column through bin() and its kind to what it was.
func (w *walker) timed(e Expr, on *shape) {
	switch e := e.(type) {
	case *Call:
		for _, a := range e.Args {
			w.timed(a, on)
		}
	case *Name:
		name := e.Name
		if from, ok := on.made[name]; ok {
			name = from
		}
		for _, i := range on.origins {
			if t := &w.out.Tables[i]; t.TimeLine == 0 && (name == TimeColumns[0] || name == TimeColumns[1]) {
				t.TimeLine = w.line(e.At())
			}
		}
	}
}
