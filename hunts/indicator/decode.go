package indicator

import (
	"bytes"
	"encoding/binary"
	"unicode/utf16"
)

// Text gives the text of a file as UTF-8: Windows writes UTF-16 with a byte
// order mark, and PowerShell redirects without one. What is neither stays as it
// is, and its stray bytes are no part of any indicator.
func Text(data []byte) string {
	switch {
	case bytes.HasPrefix(data, []byte{0xef, 0xbb, 0xbf}):
		return string(data[3:])
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}):
		return fromUTF16(data[2:], binary.LittleEndian)
	case bytes.HasPrefix(data, []byte{0xfe, 0xff}):
		return fromUTF16(data[2:], binary.BigEndian)
	}
	// Without a mark: most of every other byte is zero where most of the text is Latin.
	head := data[:min(len(data), 512)&^1]
	even, odd := 0, 0
	for i := 0; i+1 < len(head); i += 2 {
		if head[i] == 0 {
			even++
		}
		if head[i+1] == 0 {
			odd++
		}
	}
	switch pairs := len(head) / 2; {
	case pairs < 4:
	case odd > pairs/2 && even == 0:
		return fromUTF16(data, binary.LittleEndian)
	case even > pairs/2 && odd == 0:
		return fromUTF16(data, binary.BigEndian)
	}
	return string(data)
}

func fromUTF16(data []byte, order binary.ByteOrder) string {
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = order.Uint16(data[2*i:])
	}
	return string(utf16.Decode(units))
}
