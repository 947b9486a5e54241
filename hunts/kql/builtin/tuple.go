package builtin

import (
	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// Tuple is a function that gives several columns at once; as a part of a larger
// expression it gives the first. Its columns are named by the function, its
// argument and themselves: series_fit_line_x_slope.
type Tuple struct {
	Columns []value.Column
	MinArgs int
	MaxArgs int
	Eval    func(args []value.Value) ([]value.Value, error)
}
