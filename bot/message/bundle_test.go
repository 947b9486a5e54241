package message

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts"
)

func TestABundleTellsWhenItWasChanged(t *testing.T) {
	a := hunts.Answer{HuntID: "F-7QK2", Verdict: hunts.Clean, KQL: "DeviceNetworkEvents"}
	data, err := Bundle(hunts.Hunt{ID: "F-7QK2"}, a, hunts.EventList{}, hunts.Asker{User: "U1"}, time.Date(2026, 11, 3, 8, 30, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	if n, err := VerifyBundle(data); err != nil || n != 6 {
		t.Errorf("%d files, %v", n, err)
	}
	for _, c := range []struct {
		name   string
		change func([]byte) []byte
	}{
		{"cut short", func(b []byte) []byte { return b[:len(b)/2] }},
		{"another text", func([]byte) []byte { return []byte("hello") }},
		{"a byte of a file", func(b []byte) []byte {
			k := bytes.Index(b, []byte("answer.json")) + 40
			b[k] ^= 0xff
			return b
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := VerifyBundle(c.change(bytes.Clone(data))); err == nil || strings.Contains(err.Error(), "nil") {
				t.Errorf("a changed bundle was taken: %v", err)
			}
		})
	}
}
