// Command words lists every text of this project that a person may see, as one
// list to read from top to bottom: go run ./.ci/words | less
//
// A text is a string literal of non-test code that holds a blank between words;
// with -comments it is a comment. Queries, patterns and tags are left out.
package main

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

var (
	words = regexp.MustCompile(`\pL[^\n]* [^\n]*\pL|\pL{3,}[.:!?]$`)
	query = regexp.MustCompile(`(?m)^\s*\||\blet \w+ = |==|=~|\(\?[mis:]|\\b|\[\^|redis\.call`)
)

func main() {
	comments := flag.Bool("comments", false, "list comments in place of strings")
	flag.Parse()
	if err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "node_modules"):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		return list(path, *comments)
	}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func list(path string, comments bool) error {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, nil, parser.ParseComments)
	if err != nil {
		return err
	}
	show := func(at token.Pos, text string) { fmt.Printf("%s:%d\t%s\n", path, files.Position(at).Line, text) }
	if comments {
		for _, c := range file.Comments {
			show(c.Pos(), strings.Join(strings.Fields(c.Text()), " "))
		}
		return nil
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.Field:
			n.Tag = nil
		case *ast.BasicLit:
			if n.Kind != token.STRING {
				return false
			}
			if text, err := strconv.Unquote(n.Value); err == nil && words.MatchString(text) && !query.MatchString(text) {
				show(n.Pos(), strconv.Quote(text))
			}
		}
		return true
	})
	return nil
}
