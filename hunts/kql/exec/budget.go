package exec

import (
	"errors"
	"strconv"

	"github.com/footprint-soc/footprint/hunts/kql/syntax"
	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// step charges work and looks at the context now and then.
func (x *execution) step(n int64) error {
	before := x.steps >> 12
	x.steps += n
	if x.steps>>12 == before {
		return nil
	}
	if x.steps > x.opts.MaxSteps {
		return x.error(0, syntax.LimitExceeded, "the query needs more than %d steps", x.opts.MaxSteps)
	}
	return x.ctx.Err()
}

func (x *execution) grow(n int) error {
	x.bytes += int64(n)
	if x.bytes > x.opts.MaxBytes {
		return x.error(0, syntax.LimitExceeded, "the query makes values of more than %s in all: let it keep fewer rows, columns or characters", megabytes(x.opts.MaxBytes))
	}
	return nil
}

func (x *execution) rowBudget(at, rows int) error {
	if rows > x.opts.MaxRows {
		return x.error(at, syntax.LimitExceeded, "a stage of the query has more than %d rows", x.opts.MaxRows)
	}
	return x.ctx.Err()
}

// ticking charges each value of a column or an argument: one may ask another
// twice, and that one the next. Behind an error nothing is computed any more.
func (n *node) ticking() func(int) value.Value {
	x, f, typ := n.run, n.eval, n.typ
	if x == nil {
		return f
	}
	return func(i int) value.Value {
		if !x.tick() {
			return value.Null(typ)
		}
		return f(i)
	}
}

// tickingTest is ticking for the test of a bool.
func (n *node) tickingTest() func(int) bool {
	x, f := n.run, n.test
	if x == nil {
		return f
	}
	return func(i int) bool { return x.tick() && f(i) }
}

// tick charges one value; false behind an error.
func (x *execution) tick() bool {
	if x.ticks++; x.ticks >= tickSteps {
		x.ticks = 0
		if err := x.step(tickSteps); err != nil {
			x.fail(err)
		}
	}
	return x.failed == nil
}

// shared is a node that several others may ask for the same row.
func (n *node) shared() *node {
	if n.konst || n.column != nil || n.run == nil {
		return n
	}
	out, f := *n, n.ticking()
	row, last := -1, value.Value{}
	out.eval = func(i int) value.Value {
		if i != row {
			last, row = f(i), i
		}
		return last
	}
	out.test = func(i int) bool { return out.eval(i).AsBool() }
	return &out
}

// tickSteps is how many values are computed between two looks at the budget.
const tickSteps = 4096

// megabytes prints a limit.
func megabytes(n int64) string {
	if n < 1<<20 {
		return strconv.FormatInt(n, 10) + " bytes"
	}
	return strconv.FormatInt(n>>20, 10) + " MB"
}

// bounded refuses a value that has become larger than any may be: trees share
// their branches, and double when they are written out.
func bounded(v value.Value) error {
	ok := len(v.Str) <= value.MaxSize
	if v.Kind == value.Dynamic && ok {
		_, ok = value.Size(v.Dyn, value.MaxSize)
	}
	if ok {
		return nil
	}
	return value.ErrTooLarge
}

// keep charges a value that is remembered.
func (x *execution) keep(v value.Value) {
	n := 64 + len(v.Str)
	if v.Kind == value.Dynamic {
		taken, _ := value.Size(v.Dyn, value.MaxSize)
		n += taken
	}
	if err := x.grow(n); err != nil {
		x.fail(err)
	}
}

// fail keeps the first error met inside an expression; the stage that runs
// the expression reports it.
func (x *execution) fail(err error) {
	if x.failed == nil {
		x.failed = err
	}
}

// What one node of an expression costs to make.
const (
	nodeSteps = 16
	nodeBytes = 256
)

func (x *execution) charge(at int) error {
	if err := x.step(nodeSteps); err != nil {
		return err
	}
	if x.bytes += nodeBytes; x.bytes > x.opts.MaxBytes {
		return x.error(at, syntax.LimitExceeded, "the expressions of the query take more than %s", megabytes(x.opts.MaxBytes))
	}
	return nil
}

// callError says which function failed, and where. A budget that ran out stays
// one.
func (x *execution) callError(at int, function string, err error) *syntax.Error {
	var e *syntax.Error
	if errors.Is(err, value.ErrTooLarge) {
		return x.error(at, syntax.LimitExceeded, "%s(): %v", function, err)
	}
	if errors.As(err, &e) && e.Kind == syntax.LimitExceeded {
		return x.error(at, syntax.LimitExceeded, "%s(): %s", function, e.Message)
	}
	return x.error(at, syntax.SemanticError, "%s(): %v", function, err)
}
