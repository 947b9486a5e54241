package exec

import (
	"github.com/footprint-soc/footprint/hunts/kql/syntax"
	"github.com/footprint-soc/footprint/hunts/kql/value"
)

func (x *execution) operator(op syntax.Operator, r *relation, s *scope) (*relation, error) {
	switch op := op.(type) {
	case *syntax.Where:
		return x.where(op, r, s)
	case *syntax.Search:
		return x.searchRows(op, r, s)
	case *syntax.Extend:
		return x.extend(op.Columns, r, s)
	case *syntax.Serialize:
		return x.extend(op.Columns, r, s)
	case *syntax.Project:
		return x.project(op, r, s)
	case *syntax.Summarize:
		return x.summarize(op, r, s)
	case *syntax.Distinct:
		return x.distinct(op, r, s)
	case *syntax.Sort:
		return x.sort(op.Keys, r, s, -1)
	case *syntax.Top:
		n, err := x.scalar(op.Count, s)
		if err != nil {
			return nil, err
		}
		return x.sort(op.Keys, r, s, int(max(0, n.Num)))
	case *syntax.Take:
		n, err := x.scalar(op.Count, s)
		if err != nil {
			return nil, err
		}
		return r.head(int(max(0, n.Num))), nil
	case *syntax.Count:
		return &relation{names: []string{op.Name}, vecs: []value.Vector{&constant{value.LongValue(int64(r.rows))}}, rows: 1}, nil
	case *syntax.Union:
		return x.union(op, r, s)
	case *syntax.Join:
		return x.join(op, r, s)
	case *syntax.Expand:
		return x.expand(op, r, s)
	case *syntax.Apply:
		return x.mvApply(op, r, s)
	case *syntax.ParseText:
		return x.parse(op, r, s)
	case *syntax.Partition:
		return x.partition(op, r, s)
	case *syntax.SampleDistinct:
		return x.sampleDistinct(op, r, s)
	case *syntax.TopHitters:
		return x.topHitters(op, r, s)
	case *syntax.TopNested:
		return x.topNested(op, r, s)
	case *syntax.MakeSeries:
		return x.makeSeries(op, r, s)
	case *syntax.Evaluate:
		return x.evaluate(op, r, s)
	case *syntax.Invoke:
		return x.invoke(op, r, s)
	case *syntax.Render:
		return r, nil // says how to draw, not what
	case *syntax.ParseKV:
		return x.parseKV(op, r, s)
	case *syntax.GetSchema:
		return getschema(r), nil
	case *syntax.As:
		m, err := x.materialise(r)
		if err != nil {
			return nil, err
		}
		*s = scope{parent: s.snapshot(), name: op.Name, table: m}
		return m, nil
	}
	return nil, x.error(op.At(), syntax.Unsupported, "unsupported: this operator")
}

func getschema(r *relation) *relation {
	name, ordinal, dotnet, typ := value.NewStorage(value.String), value.NewStorage(value.Long), value.NewStorage(value.String), value.NewStorage(value.String)
	system := map[value.Type]string{value.Bool: "System.SByte", value.Int: "System.Int32", value.Long: "System.Int64", value.Real: "System.Double", value.Decimal: "System.Data.SqlTypes.SqlDecimal", value.String: "System.String", value.Datetime: "System.DateTime", value.Timespan: "System.TimeSpan", value.Dynamic: "System.Object", value.Guid: "System.Guid"}
	for i, n := range r.names {
		t := r.vecs[i].Type()
		name.Add(value.StringValue(n))
		ordinal.Add(value.LongValue(int64(i)))
		dotnet.Add(value.StringValue(system[t]))
		typ.Add(value.StringValue(t.String()))
	}
	return &relation{names: []string{"ColumnName", "ColumnOrdinal", "DataType", "ColumnType"}, vecs: []value.Vector{name, ordinal, dotnet, typ}, rows: len(r.names)}
}
