package value

import (
	"encoding/json"
	"math"
	"strconv"
)

// JSON is the value as the query API writes a cell: a bool, a json.Number for
// int, long and real, nil for null, and text for everything else. A dynamic is
// its JSON as a text, a datetime has no trailing zeros in its fraction.
func (v Value) JSON() any {
	if !v.Valid {
		return nil
	}
	switch v.Kind {
	case Bool:
		return v.Num != 0
	case Int, Long:
		return json.Number(strconv.FormatInt(v.Num, 10))
	case Real:
		if math.IsNaN(v.Real) || math.IsInf(v.Real, 0) {
			return v.Text()
		}
		return json.Number(strconv.FormatFloat(v.Real, 'g', -1, 64))
	case Datetime:
		return v.AsTime().Format("2006-01-02T15:04:05.9999999Z07:00")
	}
	return v.Text()
}
