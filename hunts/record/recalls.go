package record

import "github.com/footprint-soc/footprint/hunts"

// recalls are how late rows changed the answer of a hunt.
func recalls(in JSON) hunts.Collection[string, hunts.Recall] {
	return of[hunts.Recall](in, "recalled", keepThread)
}
