package kql

// expr is one scalar expression of the syntax tree.
type expr interface{ at() int }

type position int

func (p position) at() int { return int(p) }

type (
	litExpr struct {
		position
		value Value
	}
	nameExpr struct {
		position
		name string
	}
	memberExpr struct {
		position
		of   expr
		name string
	}
	indexExpr struct {
		position
		of, index expr
	}
	callExpr struct {
		position
		name  string
		args  []expr
		names []string // of the arguments, as in f(x = 1); nil when none has one
	}
	unaryExpr struct {
		position
		op string
		x  expr
	}
	binaryExpr struct {
		position
		op   string
		x, y expr
	}
	// listExpr is x in (a, b) and its kind: one item may be a whole query.
	listExpr struct {
		position
		op    string
		x     expr
		items []expr
	}
	betweenExpr struct {
		position
		x, lo, hi expr
		not       bool
	}
	queryExpr struct {
		position
		query *pipeline
	}
	starExpr struct{ position }
)

// column is an expression with the name it was given, if any.
type column struct {
	names []string // several for (a, b) = f(x)
	value expr
	typ   Type // for mv-expand: to typeof(…)
	hasTo bool
}

// pipeline is a source and the operators behind it.
type pipeline struct {
	pos    int
	source source
	ops    []operator
}

type source interface{ at() int }

type (
	tableSource struct {
		position
		name string
	}
	callSource struct {
		position
		call *callExpr
	}
	pipeSource struct {
		position
		inner *pipeline
	}
	printSource struct {
		position
		columns []column
	}
	rangeSource struct {
		position
		name           string
		from, to, step expr
	}
	datatableSource struct {
		position
		columns []Column
		values  []expr
	}
	unionSource struct {
		position
		op *unionOp
	}
)

type operator interface{ at() int }

type (
	whereOp struct {
		position
		predicate expr
	}
	extendOp struct {
		position
		columns []column
	}
	projectOp struct {
		position
		kind    string // project, project-away, project-keep, project-rename, project-reorder
		columns []column
	}
	summarizeOp struct {
		position
		aggregates, by []column
	}
	distinctOp struct {
		position
		columns []column
	}
	sortKey struct {
		value      expr
		asc        bool
		nullsFirst bool
	}
	sortOp struct {
		position
		keys []sortKey
	}
	topOp struct {
		position
		count expr
		keys  []sortKey
	}
	takeOp struct {
		position
		count expr
	}
	countOp struct {
		position
		name string
	}
	serializeOp struct {
		position
		columns []column
	}
	unionOp struct {
		position
		outer      bool
		fuzzy      bool
		withSource string
		legs       []*pipeline
	}
	joinOp struct {
		position
		kind   string
		lookup bool
		right  *pipeline
		on     []expr
	}
	expandOp struct {
		position
		columns   []column
		limit     int64
		itemIndex string
		array     bool // a bag becomes [key, value] pairs
	}
	applyOp struct {
		position
		columns   []column
		limit     int64
		itemIndex string
		body      []operator
	}
	partitionOp struct {
		position
		column string
		body   []operator
	}
	sampleOp struct { // sample-distinct
		position
		count expr
		of    column
	}
	topHittersOp struct {
		position
		count expr
		of    column
		by    expr // nil: count
	}
	topNestedOp struct {
		position
		levels []nestedLevel
	}
	nestedLevel struct {
		count expr // nil: all
		of    column
		by    column
		asc   bool
	}
	makeSeriesOp struct {
		position
		aggregates     []seriesColumn
		on             column
		from, to, step expr
		inclusive      bool // the older spelling: in range(from, to, step)
		nonEmpty       bool
		by             []column
	}
	seriesColumn struct {
		column
		fill expr // default=
	}
	evaluateOp struct {
		position
		call   *callExpr
		schema []Column // what the query says comes out; nil when it doesn't
		star   bool     // the schema begins with all columns of the source
	}
	renderOp struct{ position }
	invokeOp struct {
		position
		call *callExpr
	}
	asOp struct {
		position
		name string
	}
	getschemaOp struct{ position }
	parseOp     struct {
		position
		regex, relaxed, where bool
		flags                 string // of the regular expression
		of                    expr
		parts                 []parsePart
	}
	parseKVOp struct {
		position
		of              expr
		columns         []Column
		pair, kv, regex string
		quotes          [][2]rune // opening and closing
		escape          []rune
		greedy          bool
	}
	parsePart struct {
		text string
		star bool
		name string
		typ  Type
	}
)

// statement is a let.
type statement struct {
	pos    int
	name   string
	value  expr      // scalar
	table  *pipeline // tabular
	params []parameter
	lambda *block // function
}

type parameter struct {
	name      string
	typ       Type
	tabular   bool
	byDefault expr
}

// block is statements and a final expression or pipeline.
type block struct {
	lets   []statement
	result *pipeline
	scalar expr
}
