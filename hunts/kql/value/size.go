package value

import (
	"fmt"
)

// MaxSize is the most that one value may take when it is written out: thirty-two
// times what the service keeps of a text or a dynamic.
const MaxSize = 32 << 20

// ErrTooLarge is what becomes of a value that takes more.
var ErrTooLarge = fmt.Errorf("a value is larger than %d MB, or nested deeper than %d", MaxSize>>20, MaxDynamicDepth)

// Size is about the bytes of a dynamic that is written out: what it shares with
// others counts each time. It is false where that is more than limit, and for
// what is nested deeper than MaxDynamicDepth.
func Size(d any, limit int) (int, bool) {
	n := size(d, limit, 0)
	return limit - n, n >= 0
}

// size gives what is left of the limit, below zero when nothing is.
func size(d any, left, depth int) int {
	if depth > MaxDynamicDepth {
		return -1
	}
	left -= 16
	switch x := d.(type) {
	case string:
		return left - len(x)
	case []any:
		for _, item := range x {
			if left < 0 {
				return left
			}
			left = size(item, left, depth+1)
		}
	case *Bag:
		for _, k := range x.keys {
			if left < 0 {
				return left
			}
			left = size(x.vals[k], left-len(k), depth+1)
		}
	}
	return left
}
