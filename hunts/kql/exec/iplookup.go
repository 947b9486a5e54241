package exec

import (
	"github.com/footprint-soc/footprint/hunts/kql/builtin"
	"github.com/footprint-soc/footprint/hunts/kql/syntax"
	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// ipLookup is the call of ipv4_lookup(), taken apart.
type ipLookup struct {
	table     *relation
	ip        *node
	network   int // column of the table
	extra     []string
	unmatched bool
}

// ipv4Lookup joins rows with the networks of a table that hold their address
// (Kusto reference, "ipv4_lookup plugin").
func (x *execution) ipv4Lookup(op *syntax.Evaluate, r *relation, s *scope) (*relation, error) {
	l, err := x.ipLookupArgs(op, r, s)
	if err != nil {
		return nil, err
	}
	type network struct {
		addr uint32
		bits int
	}
	nets := map[network][]int32{}
	for i := range l.table.rows {
		if addr, bits, ok := builtin.IPv4Network(l.table.vecs[l.network].At(i).Text()); ok {
			nets[network{addr, bits}] = append(nets[network{addr, bits}], int32(i))
		}
	}
	if err := x.grow(groupBytes * len(nets)); err != nil {
		return nil, err
	}
	var pairs []joinPair
	for i := range r.rows {
		before := len(pairs)
		if addr, own, ok := builtin.IPv4Network(l.ip.eval(i).Text()); ok {
			for bits := own; bits >= 0; bits-- {
				for _, k := range nets[network{builtin.MaskIPv4(addr, bits), bits}] {
					if l.same(r, i, int(k)) {
						pairs = append(pairs, joinPair{int32(i), k})
					}
				}
			}
		}
		if before == len(pairs) && l.unmatched {
			pairs = append(pairs, joinPair{int32(i), -1})
		}
		if err := x.step(34); err != nil {
			return nil, err
		}
		if err := x.rowBudget(op.At(), len(pairs)); err != nil {
			return nil, err
		}
	}
	out := &relation{rows: len(pairs)}
	for i, n := range r.names {
		out.add(n, gather(r.vecs[i], pairs, func(p joinPair) int32 { return p.left }))
	}
columns:
	for i, n := range l.table.names {
		for _, key := range l.extra {
			if n == key {
				continue columns
			}
		}
		out.add(out.unique(n), gather(l.table.vecs[i], pairs, func(p joinPair) int32 { return p.right }))
	}
	return x.materialise(out)
}

// same tells whether the further keys of two rows are equal.
func (l ipLookup) same(r *relation, left, right int) bool {
	for _, key := range l.extra {
		a, b := r.vecs[r.find(key)].At(left), l.table.vecs[l.table.find(key)].At(right)
		if c, ok := value.Compare(a, b); !ok || c != 0 {
			return false
		}
	}
	return true
}

func (x *execution) ipLookupArgs(op *syntax.Evaluate, r *relation, s *scope) (ipLookup, error) {
	l := ipLookup{}
	args := op.Call.Args
	if n := len(args); n > 3 {
		if v, ok := args[n-1].(*syntax.Literal); ok && v.Value.Kind == value.Bool {
			l.unmatched, args = v.Value.AsBool(), args[:n-1]
		}
	}
	if len(args) < 3 {
		return l, x.error(op.At(), syntax.SemanticError, "ipv4_lookup() takes a table, a column of addresses and the table's column of networks")
	}
	var err error
	if l.table, err = x.tabularArg(args[0], s); err != nil {
		return l, err
	}
	if l.ip, err = x.compile(args[1], r, s); err != nil {
		return l, err
	}
	for i, a := range args[2:] {
		name, ok := a.(*syntax.Name)
		if !ok || l.table.find(name.Name) < 0 || i > 0 && r.find(name.Name) < 0 {
			return l, x.error(a.At(), syntax.SemanticError, "ipv4_lookup() takes columns that are there")
		}
		if i == 0 {
			l.network = l.table.find(name.Name)
		} else {
			l.extra = append(l.extra, name.Name)
		}
	}
	return l, nil
}
