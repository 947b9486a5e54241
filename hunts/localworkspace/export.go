package localworkspace

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
)

// export is one file of a directory.
type export struct {
	path, name string
	table      string
	csv        bool
	size       int64
	fault      string // why it can't be used although it looks like an export
}

func findExports(dir string) ([]export, error) {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("the events directory %s does not exist: give a directory with files like DeviceNetworkEvents.ndjson.gz", dir)
	case err != nil:
		if info, serr := os.Stat(dir); serr == nil && !info.IsDir() {
			return nil, fmt.Errorf("%s is a file: give the directory that holds it, with one file a table", dir)
		}
		return nil, fmt.Errorf("reading the events directory: %w", err)
	}
	var files []export
	byTable := map[string]string{}
	for _, entry := range entries {
		f, ok := exportNamed(entry.Name())
		if !ok {
			continue
		}
		f.path = filepath.Join(dir, f.name)
		info, err := os.Stat(f.path)
		if err != nil {
			return nil, fmt.Errorf("looking at an events file: %w", err)
		}
		if info.IsDir() {
			return nil, fmt.Errorf("%s is a directory: an events file was expected under that name", f.path)
		}
		f.size = info.Size()
		if other, ok := byTable[f.table]; ok && f.fault == "" {
			return nil, fmt.Errorf("two files hold the table %s, %s and %s: keep one, or put them together in one file", f.table, other, f.name)
		}
		byTable[f.table] = f.name
		files = append(files, f)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no events in %s: it holds no <Table>.ndjson, .ndjson.gz, .csv or .csv.gz file, for example DeviceNetworkEvents.csv", dir)
	}
	return files, nil
}

// exportNamed tells whether a file name is that of an export.
func exportNamed(name string) (export, bool) {
	base := strings.TrimSuffix(name, ".gz")
	table, ext, ok := cutExt(base)
	if !ok || strings.HasPrefix(name, ".") {
		return export{}, false
	}
	f := export{name: name, table: canonicalTable(table), csv: ext == ".csv"}
	if !isTableName(f.table) {
		f.fault = fmt.Sprintf("%s is not a table name: call the file after its table, like DeviceNetworkEvents%s", quoteShort(table), ext)
	}
	return f, true
}

func cutExt(name string) (base, ext string, ok bool) {
	ext = filepath.Ext(name)
	return strings.TrimSuffix(name, ext), ext, ext == ".ndjson" || ext == ".csv"
}

// plainText undoes gzip by its first bytes, whatever the name says, and takes
// the byte order mark off.
func plainText(in io.Reader) (io.Reader, error) {
	text := bufio.NewReaderSize(in, 1<<16)
	if magic, _ := text.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		unzipped, err := gzip.NewReader(text)
		if err != nil {
			return nil, fmt.Errorf("the gzip header is damaged (%w): nothing of this file is loaded", err)
		}
		text = bufio.NewReaderSize(unzipped, 1<<16)
	}
	mark, _ := text.Peek(3)
	switch {
	case bytes.Equal(mark, []byte{0xef, 0xbb, 0xbf}):
		_, _ = text.Discard(3)
	case bytes.HasPrefix(mark, []byte{0xff, 0xfe}), bytes.HasPrefix(mark, []byte{0xfe, 0xff}):
		return nil, errors.New("the file is in UTF-16: save it as UTF-8; nothing of it is loaded")
	}
	return text, nil
}

// countingReader counts what was read of the file on disk, for the progress.
type countingReader struct {
	in io.Reader
	n  atomic.Int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.n.Add(int64(n))
	return n, err
}
