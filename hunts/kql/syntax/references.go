package syntax

import (
	"slices"
	"strings"
)

// References is what a query reads, as far as its text alone shows.
type References struct {
	Tables []TableUse // in the order of the text, one for each place that names a table
	Calls  []Use      // operators (where, join, mv-expand) and functions, in the order of the text
	// Partial: functions call each other so often that the walk was ended; more
	// may be read than is listed.
	Partial bool
}

// Use is one operator or function with the line that it stands on.
type Use struct {
	Name string
	Line int
}

// TableUse is one place where a query reads a table.
type TableUse struct {
	Name string // with * for a pattern of union
	Line int
	// Columns are certainly columns of this table.
	Columns []ColumnUse
	// Either are columns of this table or of another that was joined to it, or
	// made by a plugin.
	Either []ColumnUse
	// All: the columns that come out of the query include all of the table's.
	All bool
	// TimeLine is the line of the first filter of its own on the time column; 0
	// when it has none. It bounds the time itself, whatever the API's timespan.
	TimeLine int
}

// ColumnUse is a column with the line that reads it first.
type ColumnUse struct {
	Name string
	Line int
}

// Line is where the query first uses one of the operators or functions, 0 when
// it uses none: q.References().Line("ago", "now").
func (r References) Line(names ...string) int {
	for _, u := range r.Calls {
		if slices.Contains(names, u.Name) {
			return u.Line
		}
	}
	return 0
}

// References walks the query. It knows no schema: a name that no extend, let
// or pattern has made is taken for a column.
func (q *Query) References() References {
	w := &walker{text: q.Text, budget: maxVisits}
	last := w.block(q.Root, nil)
	if last.open {
		for _, i := range last.origins {
			w.out.Tables[i].All = true
		}
	}
	slices.SortStableFunc(w.calls, func(a, b placed) int { return a.at - b.at })
	for i, c := range w.calls {
		if i == 0 || w.calls[i-1] != c {
			w.out.Calls = append(w.out.Calls, Use{c.name, w.line(c.at)})
		}
	}
	w.out.Partial = w.budget <= 0
	return w.out
}

// maxVisits bounds the walk of functions that call each other twice each.
const maxVisits = 100_000

// shape is what a pipeline has made of its tables at some stage.
type shape struct {
	origins []int             // of References.Tables
	open    bool              // columns that nothing made are still those of the tables
	loose   bool              // a plugin has made columns that the text does not name
	made    map[string]string // columns by name, each with the column it was; "" for a new one
}

type binding struct {
	parent *binding
	name   string
	table  *shape
	let    *Let
}

func (b *binding) find(name string) *binding {
	for ; b != nil; b = b.parent {
		if b.name == name {
			return b
		}
	}
	return nil
}

type placed struct {
	at   int
	name string
}

type walker struct {
	text   string
	out    References
	calls  []placed
	budget int
}

func (w *walker) line(at int) int {
	return 1 + strings.Count(w.text[:max(0, min(at, len(w.text)))], "\n")
}

func (w *walker) call(at int, name string) { w.calls = append(w.calls, placed{at, name}) }

func (w *walker) block(b *Block, s *binding) *shape {
	for i := range b.Lets {
		l := &b.Lets[i]
		next := &binding{parent: s, name: l.Name, let: l}
		switch {
		case l.Lambda != nil:
		case l.Table != nil:
			next.table = w.pipeline(l.Table, s)
		default:
			next.table = w.maybeTable(l.Value, s)
		}
		s = next
	}
	switch {
	case b.Result != nil:
		return w.pipeline(b.Result, s)
	case b.Scalar != nil:
		if t := w.maybeTable(b.Scalar, s); t != nil {
			return t
		}
	}
	return &shape{}
}

// maybeTable reads an expression; a name or call that stands for a table gives
// its shape.
func (w *walker) maybeTable(e Expr, s *binding) *shape {
	switch e := e.(type) {
	case *Name:
		if b := s.find(e.Name); b != nil {
			return b.table
		}
		return w.table(e.Name, e.At())
	case *Call:
		if b := s.find(e.Name); b != nil && b.let != nil && b.let.Lambda != nil {
			return w.invoke(b, e, nil, s)
		}
	case *Subquery:
		return w.pipeline(e.Query, s)
	}
	w.read(e, &shape{}, s)
	return nil
}

func (w *walker) table(name string, at int) *shape {
	w.out.Tables = append(w.out.Tables, TableUse{Name: name, Line: w.line(at)})
	return &shape{origins: []int{len(w.out.Tables) - 1}, open: true}
}

func (w *walker) pipeline(p *Pipeline, s *binding) *shape {
	if w.budget--; w.budget <= 0 || p == nil {
		return &shape{}
	}
	on := w.source(p.Source, s)
	return w.operators(p.Ops, on, s)
}

func (w *walker) operators(ops []Operator, on *shape, s *binding) *shape {
	for _, op := range ops {
		if as, ok := op.(*As); ok {
			s = &binding{parent: s, name: as.Name, table: on}
			continue
		}
		on = w.operator(op, on, s)
	}
	return on
}

func (w *walker) source(src Source, s *binding) *shape {
	switch e := src.(type) {
	case *TableRef:
		if b := s.find(e.Name); b != nil {
			if b.let != nil && b.let.Lambda != nil {
				return w.invoke(b, &Call{Pos: e.Pos, Name: e.Name}, nil, s)
			}
			if b.table != nil {
				return b.table
			}
			return &shape{}
		}
		return w.table(e.Name, e.At())
	case *CallRef:
		return w.callRef(e.Call, s)
	case *Parenthesized:
		return w.pipeline(e.Inner, s)
	case *Print:
		return w.made(e.Columns, &shape{}, s)
	case *Range:
		for _, x := range []Expr{e.From, e.To, e.Step} {
			w.read(x, &shape{}, s)
		}
		return &shape{made: map[string]string{e.Name: ""}}
	case *Datatable:
		out := &shape{made: map[string]string{}}
		for _, c := range e.Columns {
			out.made[c.Name] = ""
		}
		return out
	case *UnionRef:
		return w.operator(e.Op, nil, s)
	case *SearchRef:
		w.call(e.At(), "search")
		out := &shape{open: true, made: map[string]string{"$table": ""}}
		for _, t := range e.Op.Tables {
			out.origins = append(out.origins, w.table(t.Name, t.At()).origins...)
		}
		if len(e.Op.Tables) == 0 {
			out.origins = w.table("*", e.At()).origins
		}
		w.read(e.Op.Predicate, out, s)
		w.timeFilter(e.Op.Predicate, out)
		return out
	}
	return &shape{loose: true}
}

func (w *walker) callRef(e *Call, s *binding) *shape {
	if b := s.find(e.Name); b != nil && b.let != nil && b.let.Lambda != nil {
		return w.invoke(b, e, nil, s)
	}
	w.call(e.At(), e.Name)
	if l, ok := first(e.Args).(*Literal); ok && e.Name == "table" {
		return w.table(l.Value.AsString(), e.At())
	}
	for _, a := range e.Args {
		w.read(a, &shape{}, s)
	}
	return &shape{loose: true}
}

func first(list []Expr) Expr {
	if len(list) == 0 {
		return nil
	}
	return list[0]
}

// invoke walks the body of a let function with the tables it is given.
func (w *walker) invoke(f *binding, e *Call, rows *shape, s *binding) *shape {
	if w.budget--; w.budget <= 0 {
		return &shape{}
	}
	inner := f.parent
	args := e.Args
	for _, p := range f.let.Params {
		next := &binding{parent: inner, name: p.Name}
		switch {
		case rows != nil:
			next.table, rows = rows, nil
		case len(args) > 0:
			next.table, args = w.maybeTable(args[0], s), args[1:]
		}
		inner = next
	}
	return w.block(f.let.Lambda, inner)
}

// read notes what an expression reads of the rows at hand.
func (w *walker) read(e Expr, on *shape, s *binding) {
	if e == nil {
		return
	}
	switch e := e.(type) {
	case *Name:
		w.column(e.Name, e.At(), on, s)
	case *Subquery:
		w.pipeline(e.Query, s)
	case *Call:
		w.call(e.At(), e.Name)
		if b := s.find(e.Name); b != nil && b.let != nil && b.let.Lambda != nil {
			w.invoke(b, &Call{Pos: e.Pos, Name: e.Name}, nil, s)
		}
		for _, a := range e.Args {
			if n, ok := a.(*Name); ok && e.Name == "toscalar" {
				w.maybeTable(n, s)
				continue
			}
			w.read(a, on, s)
		}
	case *List:
		w.read(e.X, on, s)
		for _, item := range e.Items {
			if n, ok := item.(*Name); ok && s.find(n.Name) == nil && !on.open {
				w.maybeTable(n, s)
				continue
			}
			w.read(item, on, s)
		}
	default:
		for _, c := range children(e) {
			w.read(c, on, s)
		}
	}
}

func (w *walker) column(name string, at int, on *shape, s *binding) {
	if _, ok := on.made[name]; ok || strings.HasPrefix(name, "$") || !on.open && !on.loose || s.find(name) != nil {
		return
	}
	for _, i := range on.origins {
		list := &w.out.Tables[i].Columns
		if len(on.origins) > 1 || on.loose {
			list = &w.out.Tables[i].Either
		}
		if !slices.ContainsFunc(*list, func(c ColumnUse) bool { return c.Name == name }) {
			*list = append(*list, ColumnUse{name, w.line(at)})
		}
	}
}
