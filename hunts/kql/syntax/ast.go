package syntax

import (
	"slices"

	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// Expr is one scalar expression of the syntax tree.
type Expr interface{ At() int }

// Pos is the byte of the text at which something begins.
type Pos int

func (p Pos) At() int { return int(p) }

type (
	// Literal is a value as written.
	Literal struct {
		Pos
		Value value.Value
	}
	// Name is a column, a let name or a table.
	Name struct {
		Pos
		Name string
	}
	// Member is a property of a bag: a.b.
	Member struct {
		Pos
		Of   Expr
		Name string
	}
	// Index is an element: a[0], a["b"].
	Index struct {
		Pos
		Of, Index Expr
	}
	// Call is a call of a function, an aggregate or a plugin.
	Call struct {
		Pos
		Name  string
		Args  []Expr
		Names []string // of the arguments, as in f(x = 1); nil when none has one
	}
	// Unary is a sign before an expression.
	Unary struct {
		Pos
		Op string
		X  Expr
	}
	// Binary is an operator between two expressions.
	Binary struct {
		Pos
		Op   string
		X, Y Expr
	}
	// List is x in (a, b) and its kind: one item may be a whole query.
	List struct {
		Pos
		Op    string
		X     Expr
		Items []Expr
	}
	// Between is x between (lo .. hi).
	Between struct {
		Pos
		X, Lo, Hi Expr
		Not       bool
	}
	// Subquery is a pipeline where an expression may stand.
	Subquery struct {
		Pos
		Query *Pipeline
	}
	// Star is *, all columns.
	Star struct{ Pos }
)

// Named is an expression with the name it was given, if any.
type Named struct {
	Names []string // several for (a, b) = f(x)
	Value Expr
	Type  value.Type // for mv-expand: to typeof(…)
	HasTo bool
	Order string // of project-reorder: asc, desc
}

// Pipeline is a source and the operators behind it.
type Pipeline struct {
	Pos    int
	Source Source
	Ops    []Operator
}

// Source is what a pipeline begins with.
type Source interface{ At() int }

type (
	// TableRef names a table or a let that holds one.
	TableRef struct {
		Pos
		Name string
	}
	// CallRef is a call that gives a table.
	CallRef struct {
		Pos
		Call *Call
	}
	// Parenthesized is a pipeline within a pipeline.
	Parenthesized struct {
		Pos
		Inner *Pipeline
	}
	// Print is print a, b = c.
	Print struct {
		Pos
		Columns []Named
	}
	// Range is range x from a to b step c.
	Range struct {
		Pos
		Name           string
		From, To, Step Expr
	}
	// Datatable is a table written out.
	Datatable struct {
		Pos
		Columns []value.Column
		Values  []Expr
	}
	// SearchRef is a search that begins a pipeline.
	SearchRef struct {
		Pos
		Op *Search
	}
	// UnionRef is a union that begins a pipeline.
	UnionRef struct {
		Pos
		Op *Union
	}
)

// Operator is one step of a pipeline.
type Operator interface{ At() int }

type (
	// Where keeps rows.
	Where struct {
		Pos
		Predicate Expr
	}
	// Extend adds columns.
	Extend struct {
		Pos
		Columns []Named
	}
	// Project is project and its relatives, which Kind tells apart.
	Project struct {
		Pos
		Kind    string // project, project-away, project-keep, project-rename, project-reorder
		Columns []Named
	}
	// Summarize groups rows.
	Summarize struct {
		Pos
		Aggregates, By []Named
	}
	// Distinct keeps one row of equal ones.
	Distinct struct {
		Pos
		Columns []Named
	}
	// SortKey is one key of an order.
	SortKey struct {
		Value      Expr
		Asc        bool
		NullsFirst bool
	}
	// Sort orders rows.
	Sort struct {
		Pos
		Keys []SortKey
	}
	// Top keeps the first rows of an order.
	Top struct {
		Pos
		Count Expr
		Keys  []SortKey
	}
	// Search keeps the rows of some tables that a predicate holds for, which may
	// test all columns at once.
	Search struct {
		Pos
		Tables    []*TableRef // none: all there are
		Predicate Expr
	}
	// Take keeps some rows.
	Take struct {
		Pos
		Count Expr
	}
	// Count counts rows.
	Count struct {
		Pos
		Name string
	}
	// Serialize fixes the order of rows, and may add columns.
	Serialize struct {
		Pos
		Columns []Named
	}
	// Union puts tables behind each other.
	Union struct {
		Pos
		Outer      bool
		Fuzzy      bool
		WithSource string
		Legs       []*Pipeline
	}
	// Join is join and lookup.
	Join struct {
		Pos
		Kind   string
		Lookup bool
		Right  *Pipeline
		On     []Expr
	}
	// Expand is mv-expand.
	Expand struct {
		Pos
		Columns   []Named
		Limit     int64
		ItemIndex string
		Array     bool // a bag becomes [key, value] pairs
	}
	// Apply is mv-apply.
	Apply struct {
		Pos
		Columns   []Named
		Limit     int64
		ItemIndex string
		Body      []Operator
	}
	// Partition runs operators over the rows of each value of a column.
	Partition struct {
		Pos
		Column string
		Body   []Operator
	}
	// SampleDistinct keeps some values of a column.
	SampleDistinct struct { // sample-distinct
		Pos
		Count Expr
		Of    Named
	}
	// TopHitters keeps the values with the most rows.
	TopHitters struct {
		Pos
		Count Expr
		Of    Named
		By    Expr // nil: count
	}
	// TopNested keeps the largest groups within groups.
	TopNested struct {
		Pos
		Levels []NestedLevel
	}
	// NestedLevel is one level of top-nested.
	NestedLevel struct {
		Count Expr // nil: all
		Of    Named
		By    Named
		Asc   bool
	}
	// MakeSeries makes arrays along an axis.
	MakeSeries struct {
		Pos
		Aggregates     []seriesColumn
		On             Named
		From, To, Step Expr
		Inclusive      bool // the older spelling: in range(from, to, step)
		NonEmpty       bool
		By             []Named
	}
	seriesColumn struct {
		Named
		Fill Expr // default=
	}
	// Evaluate runs a plugin.
	Evaluate struct {
		Pos
		Call   *Call
		Schema []value.Column // what the query says comes out; nil when it doesn't
		Star   bool           // the schema begins with all columns of the source
	}
	// Render says how to draw, not what.
	Render struct{ Pos }
	// Invoke hands the rows to a let function.
	Invoke struct {
		Pos
		Call *Call
	}
	// As gives the rows a name.
	As struct {
		Pos
		Name string
	}
	// GetSchema lists the columns.
	GetSchema struct{ Pos }
	// ParseText cuts columns out of a text by a pattern.
	ParseText struct {
		Pos
		Regex, Relaxed, Where bool
		Flags                 string // of the regular expression
		Of                    Expr
		Parts                 []parsePart
	}
	// ParseKV reads key and value pairs out of a text.
	ParseKV struct {
		Pos
		Of              Expr
		Columns         []value.Column
		Pair, Kv, Regex string
		Quotes          [][2]rune // opening and closing
		Escape          []rune
		Greedy          bool
	}
	parsePart struct {
		Text string
		Star bool
		Name string
		Type value.Type
	}
)

// Let is a let.
type Let struct {
	pos    int
	Name   string
	Value  Expr      // scalar
	Table  *Pipeline // tabular
	Params []Param
	Lambda *Block // function
}

// Param is one parameter of a let function.
type Param struct {
	Name      string
	Type      value.Type
	Tabular   bool
	ByDefault Expr
}

// Block is statements and a final expression or pipeline.
type Block struct {
	Lets   []Let
	Result *Pipeline
	Scalar Expr
}

// NameOf is the name that an argument was given, as in arg_max(a, x = b).
func (e *Call) NameOf(arg Expr) string {
	if k := slices.Index(e.Args, arg); k >= 0 && k < len(e.Names) {
		return e.Names[k]
	}
	return ""
}
