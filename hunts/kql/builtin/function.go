package builtin

import (
	"time"

	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// Function is one scalar function of the language. Its arguments arrive
// evaluated; a constant argument is the same Value on every call.
type Function struct {
	Name    string
	MinArgs int
	MaxArgs int // -1: any number
	// Result gives the static type from the argument types.
	Result func(args []value.Type) value.Type
	// Eval computes one row. A nil error with a null Value is the language's own
	// answer to bad data; an error stops the query (bad constant arguments).
	Eval func(env *Env, args []value.Value) (value.Value, error)
	// Impure marks what may differ between rows of equal arguments (rand,
	// new_guid); everything else may be folded and memoised per distinct value.
	Impure bool
}

// Env is what a function may know of the running query.
type Env struct {
	Now   time.Time       // the clock of the query: now() is constant within it
	Cache map[string]any  // compiled regular expressions, parsed ranges, by key
	Grow  func(int) error // charges bytes against the budget of the query
}

// returns is the result rule of a function with one fixed type.
func returns(t value.Type) func([]value.Type) value.Type {
	return func([]value.Type) value.Type { return t }
}
