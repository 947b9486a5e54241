package exec

import (
	"encoding/binary"

	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// keyer gives each row of a relation the number of its group, by the values of
// some nodes. Dictionary ids and integers are compared as they are, everything
// else by its text.
type keyer struct {
	codes []func(i int) uint64
	index map[string]int32
	buf   []byte
	// Rows of one time and one device often follow each other, or come back soon.
	recent [recentGroups]recentGroup
}

type recentGroup struct {
	size  int // of the key; 0 for none
	group int32
	key   [32]byte
}

const recentGroups = 256 // a power of two

func (x *execution) newKeyer(nodes []*node) *keyer {
	k := &keyer{index: map[string]int32{}, buf: make([]byte, 0, 8*len(nodes))}
	for _, n := range nodes {
		k.codes = append(k.codes, coder(n, x.newInterner()))
	}
	return k
}

// interner numbers texts.
type interner struct {
	ids map[string]uint64
	run *execution // whose budget pays for the texts
}

func (x *execution) newInterner() *interner { return &interner{ids: map[string]uint64{}, run: x} }

func (t *interner) code(v value.Value) uint64 {
	if !v.Valid {
		return 0
	}
	text := v.Text()
	if v.Kind == value.Real || v.Kind == value.Decimal {
		text = value.RealText(v.Real)
	}
	id, ok := t.ids[text]
	if !ok {
		id = uint64(len(t.ids) + 1)
		t.ids[text] = id
		if err := t.run.grow(64 + len(text)); err != nil {
			t.run.fail(err)
		}
	}
	return id
}

// coder numbers the values of a node: two rows have one code when their values
// are equal.
func coder(n *node, names *interner) func(i int) uint64 {
	if n.konst {
		c := names.code(n.value)
		return func(int) uint64 { return c }
	}
	switch n.typ {
	case value.Bool, value.Int, value.Long, value.Datetime, value.Timespan:
		if num := n.num; num != nil {
			return func(i int) uint64 {
				v, known := num(i)
				if !known {
					return 1 << 63
				}
				return uint64(v) << 1
			}
		}
		return func(i int) uint64 {
			v := n.eval(i)
			if !v.Valid {
				return 1 << 63
			}
			return uint64(v.Num) << 1
		}
	}
	if n.dict == nil || n.impure || n.dict.Size() > 2*n.rows+16 {
		return func(i int) uint64 { return names.code(n.eval(i)) }
	}
	d := n.dict
	seen := make([]uint64, d.Size())
	return func(i int) uint64 {
		id := d.ID(i)
		if seen[id] == 0 {
			seen[id] = names.code(n.eval(i)) + 1
		}
		return seen[id] - 1
	}
}

func (k *keyer) key(i int) []byte {
	k.buf = k.buf[:0]
	for _, c := range k.codes {
		k.buf = binary.LittleEndian.AppendUint64(k.buf, c(i))
	}
	return k.buf
}

// groupBytes is about what one group takes: its key, and as much again for
// each aggregate.
const groupBytes = 96

// group numbers the group of a row; isNew for the first row of one.
func (k *keyer) group(i int) (group int32, isNew bool) {
	hash := uint64(0)
	k.buf = k.buf[:0]
	for _, c := range k.codes {
		code := c(i)
		hash = (hash ^ code) * 0x9e3779b97f4a7c15
		k.buf = binary.LittleEndian.AppendUint64(k.buf, code)
	}
	last := &k.recent[hash>>56&(recentGroups-1)]
	if last.size > 0 && string(last.key[:last.size]) == string(k.buf) {
		return last.group, false
	}
	g, ok := k.index[string(k.buf)]
	if !ok {
		g = int32(len(k.index))
		k.index[string(k.buf)] = g
	}
	if len(k.buf) <= len(last.key) {
		last.size, last.group = copy(last.key[:], k.buf), g
	}
	return g, !ok
}
