package kql

import (
	"crypto/md5" //nolint:gosec // the language has the function; nothing of ours is protected by it
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // as above
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"github.com/cespare/xxhash/v2"
)

func hashFunctions() library {
	l := library{}
	sum := func(name string, f func([]byte) []byte) {
		l.pure(name, 1, 1, String, func(a []Value) Value {
			if !a[0].valid {
				return Null(String)
			}
			return StringValue(hex.EncodeToString(f([]byte(argText(a[0])))))
		})
	}
	sum("hash_md5", func(b []byte) []byte { s := md5.Sum(b); return s[:] })   //nolint:gosec // as above
	sum("hash_sha1", func(b []byte) []byte { s := sha1.Sum(b); return s[:] }) //nolint:gosec // as above
	sum("hash_sha256", func(b []byte) []byte { s := sha256.Sum256(b); return s[:] })
	for _, name := range []string{"hash", "hash_xxhash64"} {
		l[name] = envFn(name, 1, 2, Long, hashModulo)
	}
	l["new_guid"] = function{name: "new_guid", maxArgs: 0, impure: true, result: returns(Guid), eval: func(*callEnv, []Value) (Value, error) {
		var b [16]byte
		_, _ = rand.Read(b[:]) // never fails: it aborts the program instead
		b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
		g, _ := parseGuid(hex.EncodeToString(b[:]))
		return GuidValue(g), nil
	}}
	return l
}

// hashModulo is the hash of a value, in [0, mod) with a second argument. The
// service reserves the right to change the algorithm, so no hunt may compare
// with a stored number.
func hashModulo(_ *callEnv, a []Value) (Value, error) {
	v := dynamicScalar(a[0])
	var n uint64
	switch v.typ {
	case Bool, Int, Long, Datetime, Timespan:
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], uint64(v.num))
		n = xxhash.Sum64(b[:])
	default:
		n = xxhash.Sum64String(v.Text())
	}
	if len(a) < 2 {
		return LongValue(int64(n)), nil
	}
	mod := argLong(a, 1, 0)
	if mod <= 0 {
		return Value{}, fmt.Errorf("the modulus of hash() has to be above zero")
	}
	return LongValue(floorMod(int64(n), mod)), nil
}
