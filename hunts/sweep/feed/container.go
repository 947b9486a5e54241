package feed

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"github.com/footprint-soc/footprint/hunts/indicator"
)

// packed is one file of a source.
type packed struct {
	name string
	data []byte
}

// unpacked gives the files of a source that may be compressed. All of them
// together may be as large as one that is not.
func unpacked(name string, data []byte) ([]packed, error) {
	switch {
	case bytes.HasPrefix(data, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil, fmt.Errorf("unpacking %s: %w", name, err)
		}
		plain, err := bounded(name, z, maxSource)
		return []packed{{strings.TrimSuffix(name, ".gz"), plain}}, err
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return unzipped(name, data)
	}
	return []packed{{name, data}}, nil
}

func unzipped(name string, data []byte) ([]packed, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fmt.Errorf("unpacking %s: %w", name, err)
	}
	var out []packed
	left := maxSource
	for _, f := range z.File {
		if f.FileInfo().IsDir() || strings.HasPrefix(f.Name, "__MACOSX/") {
			continue
		}
		member, err := f.Open()
		if err != nil {
			return nil, fmt.Errorf("unpacking %s in %s: %w", f.Name, name, err)
		}
		plain, err := bounded(f.Name, member, left)
		_ = member.Close()
		if err != nil {
			return nil, err
		}
		left -= len(plain)
		out = append(out, packed{f.Name, plain})
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s holds no file", name)
	}
	return out, nil
}

func bounded(name string, body io.Reader, most int) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(body, int64(most)+1))
	if err != nil {
		return nil, fmt.Errorf("unpacking %s: %w", name, err)
	}
	if len(data) > most {
		return nil, fmt.Errorf("%s is larger than %d MB unpacked", name, maxSource>>20)
	}
	return data, nil
}

// decoded is a text as UTF-8; guessed tells that it is in an encoding of one
// byte a character, of which the Western one was taken. Indicators are ASCII in
// all of them.
func decoded(data []byte) (text []byte, guessed bool) {
	if plain := indicator.Text(data); utf8.ValidString(plain) {
		return []byte(plain), false
	}
	plain, err := charmap.Windows1252.NewDecoder().Bytes(data)
	if err != nil {
		return bytes.ToValidUTF8(data, []byte("\uFFFD")), true
	}
	return plain, true
}
