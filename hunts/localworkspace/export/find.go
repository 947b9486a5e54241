package export

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// maxFiles bounds the files of one folder.
const maxFiles = 100_000

// find lists what may hold events: one file, or a folder with all below it, the
// members of zip archives as well. A file that can't be opened up is left out
// with its reason.
func find(root string, leave func(name, reason string)) ([]*input, error) {
	info, err := os.Stat(root)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s does not exist: give the folder or the file with the exported events, like DeviceNetworkEvents.csv", root)
	case err != nil:
		return nil, fmt.Errorf("reading the events: %w", err)
	}
	var out []*input
	add := func(file, name string, size int64) {
		if !isZip(file) {
			out = append(out, &input{path: file, name: name, size: size})
			return
		}
		inside, err := members(file, name, size, leave)
		if err != nil {
			leave(name, err.Error())
			return
		}
		out = append(out, inside...)
	}
	if !info.IsDir() {
		add(root, filepath.Base(root), info.Size())
		return out, nil
	}
	err = filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		name, rerr := filepath.Rel(root, file)
		if rerr != nil || name == "." {
			return err
		}
		name = filepath.ToSlash(name)
		switch {
		case err != nil:
			leave(name, fmt.Sprintf("it can't be read: %v", err))
			if entry != nil && entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case system(entry.Name()):
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case entry.IsDir():
			return nil
		case hidden(name):
			if looksLikeData(name) {
				leave(name, hiddenReason)
			}
			return nil
		case len(out) >= maxFiles:
			return fmt.Errorf("more than %d files in %s: give a folder that holds exports only", maxFiles, root)
		}
		info, err := os.Stat(file) // through a link
		if err != nil || !info.Mode().IsRegular() {
			leave(name, "it is no regular file")
			return nil //nolint:nilerr // reported
		}
		add(file, name, info.Size())
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the events: %w", err)
	}
	slices.SortFunc(out, func(a, b *input) int { return strings.Compare(a.name, b.name) })
	return out, nil
}

// system tells what systems put beside files: it never holds an export.
func system(name string) bool {
	return strings.HasPrefix(name, "._") || slices.Contains([]string{"__MACOSX", "Thumbs.db", "desktop.ini", ".DS_Store", ".git", ".Trashes", ".Spotlight-V100", ".fseventsd"}, name)
}

// hidden tells a file that people don't see, by its name or that of a folder above
// it: nobody knows whether it belongs to the export.
func hidden(name string) bool {
	return slices.ContainsFunc(strings.Split(name, "/"), func(part string) bool { return strings.HasPrefix(part, ".") && part != "." && part != ".." })
}

// hiddenReason is what is said of one.
const hiddenReason = "it is hidden, its name or that of its folder begins with a dot: rename it if it belongs to the export, or take it away"

// dataEndings are those of files that may be events; another file that holds none
// is only mentioned.
var dataEndings = []string{".ndjson", ".jsonl", ".json", ".csv", ".tsv", ".gz", ".zip", ".xlsx", ".xls", ".parquet", ".avro", ".evtx", ".7z", ".zst", ".bz2", ".xz", ".tar", ".tgz", ".sqlite"}

// looksLikeData tells whether a file that gave no event may have held some.
func looksLikeData(name string) bool {
	return slices.Contains(dataEndings, strings.ToLower(path.Ext(name)))
}

// baseName is a file name without its folder and its endings.
func baseName(name string) string {
	base := path.Base(name)
	for {
		ext := strings.ToLower(path.Ext(base))
		if !slices.Contains(dataEndings, ext) && ext != ".txt" && ext != ".log" {
			return base
		}
		base = base[:len(base)-len(ext)]
	}
}

// tableFromPath is the table that the name of a file or of a folder above it
// says; "" when none does.
func tableFromPath(name string) string {
	base := baseName(name)
	if table := tableIn(base); table != "" {
		return table
	}
	parts := strings.Split(path.Dir(name), "/")
	for i := len(parts) - 1; i >= 0; i-- {
		if table := tableIn(parts[i]); table != "" {
			return table
		}
	}
	if table := tableOfFile(base); strings.HasSuffix(table, "_CL") {
		return table
	}
	return ""
}

// lastResort is the table that a file is named after when nothing in it says
// another one: a custom table.
func lastResort(name string) string {
	if !looksLikeData(name) {
		return ""
	}
	return tableOfFile(baseName(name))
}

// endingOf is the ending of a file name, without that of its packing.
func endingOf(name string) string {
	name = strings.ToLower(name)
	return path.Ext(strings.TrimSuffix(name, ".gz"))
}
