package kql

import "time"

// function is one scalar function of the language. Its arguments arrive
// evaluated; a constant argument is the same Value on every call.
type function struct {
	name    string
	minArgs int
	maxArgs int // -1: any number
	// result gives the static type from the argument types.
	result func(args []Type) Type
	// eval computes one row. A nil error with a null Value is the language's own
	// answer to bad data; an error stops the query (bad constant arguments).
	eval func(env *callEnv, args []Value) (Value, error)
	// impure marks what may differ between rows of equal arguments (rand,
	// new_guid); everything else may be folded and memoised per distinct value.
	impure bool
}

// callEnv is what a function may know of the running query.
type callEnv struct {
	now   time.Time       // the clock of the query: now() is constant within it
	cache map[string]any  // compiled regular expressions, parsed ranges, by key
	grow  func(int) error // charges bytes against the budget of the query
}

// returns is the result rule of a function with one fixed type.
func returns(t Type) func([]Type) Type { return func([]Type) Type { return t } }
