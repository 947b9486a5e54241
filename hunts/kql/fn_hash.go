package kql

import (
	"crypto/md5" //nolint:gosec // the language has the function; nothing of ours is protected by it
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // as above
	"crypto/sha256"
	"encoding/hex"
)

func hashFunctions() library {
	l := library{}
	sum := func(name string, f func([]byte) []byte) {
		l.pure(name, 1, 2, String, func(a []Value) Value {
			if !a[0].valid {
				return Null(String)
			}
			return StringValue(hex.EncodeToString(f([]byte(argText(a[0])))))
		})
	}
	sum("hash_md5", func(b []byte) []byte { s := md5.Sum(b); return s[:] })   //nolint:gosec // as above
	sum("hash_sha1", func(b []byte) []byte { s := sha1.Sum(b); return s[:] }) //nolint:gosec // as above
	sum("hash_sha256", func(b []byte) []byte { s := sha256.Sum256(b); return s[:] })
	l["new_guid"] = function{name: "new_guid", maxArgs: 0, impure: true, result: returns(Guid), eval: func(*callEnv, []Value) (Value, error) {
		var b [16]byte
		_, _ = rand.Read(b[:]) // never fails: it aborts the program instead
		b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
		g, _ := parseGuid(hex.EncodeToString(b[:]))
		return GuidValue(g), nil
	}}
	return l
}
