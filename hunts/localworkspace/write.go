package localworkspace

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/footprint-soc/footprint/hunts/kql"
)

// Export writes every table as <Table>.ndjson into a folder, in the shape in
// which Load reads it. Empty cells are left out, as exports of the portal do.
func Export(e *Events, dir string) error {
	for _, name := range e.Tables() {
		t, ok := e.Table(name)
		if !ok {
			continue
		}
		if err := writeTable(t, filepath.Join(dir, name+".ndjson")); err != nil {
			return fmt.Errorf("writing %s: %w", name, err)
		}
	}
	return nil
}

func writeTable(t *kql.Table, path string) error {
	f, err := os.Create(path) //nolint:gosec // the caller names the folder
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	enc := json.NewEncoder(w)
	for row := range t.Len() {
		cells := map[string]any{}
		for col, c := range t.Columns() {
			v := t.Value(row, col)
			cell := v.JSON()
			if text, isText := cell.(string); cell == nil || isText && text == "" {
				continue
			}
			if c.Type == kql.Dynamic {
				cell = json.RawMessage(v.Text())
			}
			cells[c.Name] = cell
		}
		if err := enc.Encode(cells); err != nil {
			_ = f.Close()
			return err
		}
	}
	if err := w.Flush(); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}
