package syntax

import (
	"strings"
)

// operatorName is how the text writes an operator.
func operatorName(op Operator) string {
	switch op := op.(type) {
	case *Where:
		return "where"
	case *Extend:
		return "extend"
	case *Project:
		return op.Kind
	case *Summarize:
		return "summarize"
	case *Distinct:
		return "distinct"
	case *Sort:
		return "sort"
	case *Top:
		return "top"
	case *Search:
		return "search"
	case *Take:
		return "take"
	case *Count:
		return "count"
	case *Serialize:
		return "serialize"
	case *Union:
		return "union"
	case *Join:
		if op.Lookup {
			return "lookup"
		}
		return "join"
	case *Expand:
		return "mv-expand"
	case *Apply:
		return "mv-apply"
	case *Partition:
		return "partition"
	case *SampleDistinct:
		return "sample-distinct"
	case *TopHitters:
		return "top-hitters"
	case *TopNested:
		return "top-nested"
	case *MakeSeries:
		return "make-series"
	case *Evaluate:
		return "evaluate"
	case *Render:
		return "render"
	case *Invoke:
		return "invoke"
	case *As:
		return "as"
	case *GetSchema:
		return "getschema"
	case *ParseText:
		return "parse"
	case *ParseKV:
		return "parse-kv"
	}
	return ""
}

// pattern tells a* and its kind from a name.
func pattern(name string) bool { return strings.Contains(name, "*") }
