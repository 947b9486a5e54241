package syntax

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func FuzzLex(f *testing.F) {
	for _, text := range []string{"", "print \"a", "print 'a\\", "print @\"a\"\"b\"", "print ```a", "print '\\u00e9\\ud83d'", "1d + 2h, 1tick", "datetime(null)", strings.Repeat("(", 500), "h@'x' ~~~ !~ =~"} {
		f.Add(text)
	}
	files, err := filepath.Glob("../../catalog/*.yaml")
	if err != nil || len(files) == 0 {
		f.Fatalf("the catalogue is not there: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		tokens, err := lex(text)
		var e *Error
		if err != nil && (!errors.As(err, &e) || e.Pos < 0 || e.Pos > len(text) || e.Line < 1 || e.Col < 1) {
			t.Errorf("%v is no place of the text", err)
		}
		last := 0
		for _, k := range tokens {
			if k.pos < last || k.end < k.pos || k.end > len(text) {
				t.Fatalf("token %q is at %d to %d behind %d of %d bytes", k.text, k.pos, k.end, last, len(text))
			}
			last = k.end
		}
	})
}
