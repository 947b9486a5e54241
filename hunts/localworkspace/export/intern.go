package export

import (
	"hash/maphash"
	"unsafe"
)

// interner keeps each distinct cell of a column once and numbers them. Entry 0
// is the missing cell. Columns of events repeat few values, often the last one.
// It is a table of its own because a Go map takes a string for each look-up and
// twice the time.
type interner struct {
	seed   maphash.Seed
	slots  []uint32 // entry numbers by hash; 0 is free
	hashes []uint32 // by entry
	texts  []string
	kinds  []cellKind
	arena  []byte
	size   int64 // bytes kept
}

// cellKind says how an export wrote a cell.
type cellKind uint8

const (
	cellText    cellKind = iota // as it is
	cellEscaped                 // as a JSON string has it, perhaps with escapes
	cellBare                    // JSON that is no string: a number, true, an object
)

func newInterner() *interner {
	return &interner{seed: maphash.MakeSeed(), slots: make([]uint32, 64), hashes: []uint32{0}, texts: []string{""}, kinds: []cellKind{cellText}}
}

// id numbers a cell; fresh tells that it was not there before.
func (t *interner) id(text []byte, kind cellKind) (id uint32, fresh bool) {
	hash := uint32(maphash.Bytes(t.seed, text)) + uint32(kind)
	mask := uint32(len(t.slots) - 1)
	for at := hash & mask; ; at = (at + 1) & mask {
		have := t.slots[at]
		if have == 0 {
			t.slots[at] = uint32(len(t.texts))
			break
		}
		if t.hashes[have] == hash && t.kinds[have] == kind && t.texts[have] == string(text) {
			return have, false
		}
	}
	id = uint32(len(t.texts))
	t.texts = append(t.texts, t.keep(text))
	t.kinds = append(t.kinds, kind)
	t.hashes = append(t.hashes, hash)
	t.size += int64(len(text)) + 32
	if len(t.texts)*2 > len(t.slots) {
		t.grow()
	}
	return id, true
}

// same tells whether an entry is this cell.
func (t *interner) same(id uint32, text []byte, kind cellKind) bool {
	return t.kinds[id] == kind && t.texts[id] == string(text)
}

func (t *interner) grow() {
	t.slots = make([]uint32, 4*len(t.slots))
	mask := uint32(len(t.slots) - 1)
	for id := 1; id < len(t.texts); id++ {
		at := t.hashes[id] & mask
		for t.slots[at] != 0 {
			at = (at + 1) & mask
		}
		t.slots[at] = uint32(id)
	}
}

// arenaSize is how many bytes of short texts share one allocation.
const arenaSize = 32 << 10

// keep copies a text out of a buffer that is used again.
func (t *interner) keep(text []byte) string {
	if len(text) > arenaSize/4 {
		return string(text)
	}
	if len(text) > cap(t.arena)-len(t.arena) {
		t.arena = make([]byte, 0, arenaSize)
	}
	from := len(t.arena)
	t.arena = append(t.arena, text...)
	if len(text) == 0 {
		return ""
	}
	return unsafe.String(&t.arena[from], len(text)) //nolint:gosec // these bytes of the arena are never written again
}
