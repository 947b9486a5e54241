package exec

import (
	"cmp"
	"slices"
	"strings"

	"github.com/footprint-soc/footprint/hunts/kql/syntax"
	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// extend adds virtual columns, or takes the place of those of the same name.
func (x *execution) extend(columns []syntax.Named, r *relation, s *scope) (*relation, error) {
	out := &relation{names: slices.Clone(r.names), vecs: slices.Clone(r.vecs), rows: r.rows}
	names := x.namer(out)
	names.extends = true
	for _, c := range columns {
		outputs, err := x.outputs(c, r, s)
		if err != nil {
			return nil, err
		}
		for _, o := range outputs {
			name, err := names.name(o, c.Value.At())
			if err != nil {
				return nil, err
			}
			if k := out.find(name); k >= 0 {
				out.vecs[k] = vectorOf(o.node)
				continue
			}
			out.add(name, vectorOf(o.node))
		}
	}
	return out, nil
}

func (x *execution) project(op *syntax.Project, r *relation, s *scope) (*relation, error) {
	switch op.Kind {
	case "project-away", "project-keep", "project-reorder":
		return x.pickColumns(op, r)
	case "project-rename":
		return x.rename(op, r)
	case "project-by-names":
		return x.projectByNames(op, r, s)
	}
	out := &relation{rows: r.rows}
	names := x.namer(out)
	for _, c := range op.Columns {
		outputs, err := x.outputs(c, r, s)
		if err != nil {
			return nil, err
		}
		for _, o := range outputs {
			name, err := names.name(o, c.Value.At())
			if err != nil {
				return nil, err
			}
			out.add(name, vectorOf(o.node))
		}
	}
	return out, nil
}

func (x *execution) rename(op *syntax.Project, r *relation) (*relation, error) {
	out := &relation{names: slices.Clone(r.names), vecs: r.vecs, rows: r.rows}
	for _, c := range op.Columns {
		from, ok := c.Value.(*syntax.Name)
		if !ok || len(c.Names) == 0 {
			return nil, x.error(c.Value.At(), syntax.SyntaxError, "project-rename takes New = Old")
		}
		k := r.find(from.Name)
		if k < 0 {
			return nil, x.unresolved(from.At(), from.Name)
		}
		out.names[k] = c.Names[0]
	}
	return out, nil
}

// projectByNames takes names and patterns from constants.
func (x *execution) projectByNames(op *syntax.Project, r *relation, s *scope) (*relation, error) {
	keep := &syntax.Project{Pos: op.Pos, Kind: "project-keep"}
	for _, c := range op.Columns {
		v, err := x.scalar(c.Value, s)
		if err != nil {
			return nil, err
		}
		for _, name := range value.Flatten(nil, v) {
			if strings.Contains(name.Text(), "*") || r.find(name.Text()) >= 0 {
				keep.Columns = append(keep.Columns, syntax.Named{Value: &syntax.Name{Pos: syntax.Pos(c.Value.At()), Name: name.Text()}})
			}
		}
	}
	keep.Kind = "project-by-names"
	return x.pickColumns(keep, r)
}

// pickColumns keeps, drops or moves columns by name or by pattern.
func (x *execution) pickColumns(op *syntax.Project, r *relation) (*relation, error) {
	taken := make([]bool, len(r.names))
	var order []int
	for _, c := range op.Columns {
		pattern, direction := c.Value.(*syntax.Name).Name, c.Order
		var found []int
		for i, n := range r.names {
			if !taken[i] && wildcard(pattern, n) {
				found = append(found, i)
				taken[i] = true
			}
		}
		if len(found) == 0 && !strings.Contains(pattern, "*") && r.find(pattern) < 0 {
			return nil, x.unresolved(c.Value.At(), pattern)
		}
		switch direction {
		case "asc":
			slices.SortFunc(found, func(a, b int) int { return cmp.Compare(r.names[a], r.names[b]) })
		case "desc":
			slices.SortFunc(found, func(a, b int) int { return cmp.Compare(r.names[b], r.names[a]) })
		case "":
		default:
			return nil, x.error(c.Value.At(), syntax.Unsupported, "unsupported: project-reorder %s", direction)
		}
		order = append(order, found...)
	}
	out := &relation{rows: r.rows}
	keep := func(i int) { out.add(r.names[i], r.vecs[i]) }
	switch op.Kind {
	case "project-by-names":
		for _, i := range order {
			keep(i)
		}
	case "project-reorder":
		for _, i := range order {
			keep(i)
		}
		fallthrough
	case "project-away":
		for i := range r.names {
			if !taken[i] {
				keep(i)
			}
		}
	default:
		for i := range r.names {
			if taken[i] {
				keep(i)
			}
		}
	}
	return out, nil
}

func wildcard(pattern, name string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == name
	}
	if !strings.HasPrefix(name, parts[0]) {
		return false
	}
	name = name[len(parts[0]):]
	for _, p := range parts[1 : len(parts)-1] {
		k := strings.Index(name, p)
		if k < 0 {
			return false
		}
		name = name[k+len(p):]
	}
	return strings.HasSuffix(name, parts[len(parts)-1])
}
