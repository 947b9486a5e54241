package hunts

import (
	"fmt"

	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"
)

// maxYAML bounds a file that people write by hand.
const maxYAML = 1 << 20

// PlainYAML refuses what makes a small file large: aliases of aliases, which the
// decoder would write out for hours. Nothing of ours needs them.
func PlainYAML(text []byte) error {
	if len(text) > maxYAML {
		return fmt.Errorf("the file is larger than %d MB, and nobody writes that by hand", maxYAML>>20)
	}
	for _, t := range lexer.Tokenize(string(text)) {
		if t.Type == token.AliasType {
			return fmt.Errorf("line %d has an alias (*name): write out what it stands for", t.Position.Line)
		}
	}
	return nil
}
