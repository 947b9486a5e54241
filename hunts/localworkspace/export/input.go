package export

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync/atomic"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// input is one file of an export, or one member of a zip archive.
type input struct {
	path   string // on disk
	member string // within the archive; empty for a plain file
	name   string // as reports call it: relative to the folder
	size   int64  // on disk
	read   atomic.Int64
}

// open gives the text of a file: unpacked, as UTF-8, without a byte order mark.
func (f *input) open() (text *bufio.Reader, closeAll func(), err error) {
	file, err := os.Open(f.path)
	if err != nil {
		return nil, nil, err
	}
	closeAll = func() { _ = file.Close() }
	var raw io.Reader = file
	if f.member != "" {
		archive, err := zip.NewReader(file, f.size)
		if err == nil {
			raw, err = archive.Open(f.member)
		}
		if err != nil {
			closeAll()
			return nil, nil, fmt.Errorf("the archive can't be read: %w", err)
		}
	}
	text, err = plainText(&countingReader{in: raw, n: &f.read})
	if err != nil {
		closeAll()
		return nil, nil, err
	}
	return text, closeAll, nil
}

// bufferSize is how much of a file is read at a time.
const bufferSize = 256 << 10

// plainText undoes gzip by its first bytes, whatever the name says, and decodes
// UTF-16.
func plainText(in io.Reader) (*bufio.Reader, error) {
	text := bufio.NewReaderSize(in, bufferSize)
	for range 2 { // some tools pack what is packed already
		if magic, _ := text.Peek(2); !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
			break
		}
		unpacked, err := gzip.NewReader(text)
		if err != nil {
			return nil, fmt.Errorf("the gzip header is damaged (%w): nothing of this file is loaded", err)
		}
		text = bufio.NewReaderSize(unpacked, bufferSize)
	}
	head, _ := text.Peek(4)
	wide := func(e unicode.Endianness) (*bufio.Reader, error) {
		return bufio.NewReaderSize(transform.NewReader(text, unicode.UTF16(e, unicode.UseBOM).NewDecoder()), bufferSize), nil
	}
	switch {
	case bytes.HasPrefix(head, []byte{0xef, 0xbb, 0xbf}):
		_, _ = text.Discard(3)
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}), len(head) == 4 && head[0] != 0 && head[1] == 0 && head[2] != 0 && head[3] == 0:
		return wide(unicode.LittleEndian)
	case bytes.HasPrefix(head, []byte{0xfe, 0xff}), len(head) == 4 && head[0] == 0 && head[1] != 0 && head[2] == 0 && head[3] != 0:
		return wide(unicode.BigEndian)
	}
	return text, nil
}

// otherFormats are files that hold events in a form that is not read, by their
// first bytes, with what to do.
var otherFormats = []struct{ magic, what string }{
	{"PAR1", "a Parquet file: write it as CSV or NDJSON"},
	{"Obj\x01", "an Avro file of Event Hubs Capture: write it as NDJSON"},
	{"ElfFile\x00", "a Windows event log: footprint reads exports of Defender and Sentinel tables"},
	{"PK\x03\x04", "an archive within an archive, or a workbook: unpack it, or save it as CSV"},
	{"PK\x05\x06", "an empty archive"},
	{"\xd0\xcf\x11\xe0", "a workbook of Excel: save it as CSV"},
	{"7z\xbc\xaf", "a 7z archive: unpack it"},
	{"\x28\xb5\x2f\xfd", "packed with zstd: unpack it"},
	{"BZh", "packed with bzip2: unpack it"},
	{"\xfd7zXZ", "packed with xz: unpack it"},
	{"SQLite format 3", "a SQLite database: export its tables as CSV"},
}

// errOtherFormat means that a file is no text that could hold events.
type errOtherFormat struct{ what string }

func (e errOtherFormat) Error() string { return e.what }

func knownFormat(head []byte) error {
	for _, f := range otherFormats {
		if bytes.HasPrefix(head, []byte(f.magic)) {
			return errOtherFormat{f.what}
		}
	}
	if len(head) > 262 && string(head[257:262]) == "ustar" {
		return errOtherFormat{"a tar archive: unpack it"}
	}
	if bytes.IndexByte(head, 0) >= 0 {
		return errOtherFormat{"not text"}
	}
	return nil
}

// isZip tells a zip archive by its first bytes.
func isZip(path string) bool {
	file, err := os.Open(path) //nolint:gosec // the person named the folder
	if err != nil {
		return false
	}
	defer func() { _ = file.Close() }()
	var head [4]byte
	_, err = io.ReadFull(file, head[:])
	return err == nil && string(head[:]) == "PK\x03\x04"
}

// maxMembers bounds the files of one archive.
const maxMembers = 20_000

// members lists the files of a zip archive.
func members(path, name string, size int64, leave func(name, reason string)) ([]*input, error) {
	archive, err := zip.OpenReader(path)
	if err != nil {
		return nil, fmt.Errorf("the archive can't be read: %w", err)
	}
	defer func() { _ = archive.Close() }()
	var out []*input
	for _, m := range archive.File {
		switch {
		case m.Name == "[Content_Types].xml":
			return nil, errOtherFormat{"a workbook of Excel: save it as CSV"}
		case m.Flags&1 != 0:
			return nil, errors.New("the archive is encrypted: unpack it")
		case len(out) == maxMembers:
			return nil, fmt.Errorf("the archive holds more than %d files: unpack it", maxMembers)
		case strings.HasSuffix(m.Name, "/") || slices.ContainsFunc(strings.Split(m.Name, "/"), system):
		case hidden(m.Name):
			if looksLikeData(m.Name) {
				leave(name+"/"+m.Name, hiddenReason)
			}
		default:
			out = append(out, &input{path: path, member: m.Name, name: name + "/" + m.Name, size: size})
		}
	}
	return out, nil
}

// countingReader counts what was read of the file on disk, for the progress.
type countingReader struct {
	in io.Reader
	n  *atomic.Int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.n.Add(int64(n))
	return n, err
}
