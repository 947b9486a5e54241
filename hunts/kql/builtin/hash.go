package builtin

import (
	"crypto/md5" //nolint:gosec // the language has the function; nothing of ours is protected by it
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // as above
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"github.com/cespare/xxhash/v2"
	"github.com/footprint-soc/footprint/hunts/kql/value"
)

func hashFunctions() library {
	l := library{}
	sum := func(name string, f func([]byte) []byte) {
		l.pure(name, 1, 1, value.String, func(a []value.Value) value.Value {
			if !a[0].Valid {
				return value.Null(value.String)
			}
			return value.StringValue(hex.EncodeToString(f([]byte(argText(a[0])))))
		})
	}
	sum("hash_md5", func(b []byte) []byte { s := md5.Sum(b); return s[:] })   //nolint:gosec // as above
	sum("hash_sha1", func(b []byte) []byte { s := sha1.Sum(b); return s[:] }) //nolint:gosec // as above
	sum("hash_sha256", func(b []byte) []byte { s := sha256.Sum256(b); return s[:] })
	for _, name := range []string{"hash", "hash_xxhash64"} {
		l[name] = envFn(name, 1, 2, value.Long, hashModulo)
	}
	l["new_guid"] = Function{Name: "new_guid", MaxArgs: 0, Impure: true, Result: returns(value.Guid), Eval: func(*Env, []value.Value) (value.Value, error) {
		var b [16]byte
		_, _ = rand.Read(b[:]) // never fails: it aborts the program instead
		b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
		g, _ := value.ParseGuid(hex.EncodeToString(b[:]))
		return value.GuidValue(g), nil
	}}
	return l
}

// hashModulo is the hash of a value, in [0, mod) with a second argument. The
// service reserves the right to change the algorithm, so no hunt may compare
// with a stored number.
func hashModulo(_ *Env, a []value.Value) (value.Value, error) {
	v := value.Scalar(a[0])
	var n uint64
	switch v.Kind {
	case value.Bool, value.Int, value.Long, value.Datetime, value.Timespan:
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], uint64(v.Num))
		n = xxhash.Sum64(b[:])
	default:
		n = xxhash.Sum64String(v.Text())
	}
	if len(a) < 2 {
		return value.LongValue(int64(n)), nil
	}
	mod := argLong(a, 1, 0)
	if mod <= 0 {
		return value.Value{}, fmt.Errorf("the modulus of hash() has to be above zero")
	}
	return value.LongValue(value.FloorMod(int64(n), mod)), nil
}
