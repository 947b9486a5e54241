package builtin

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"github.com/footprint-soc/footprint/hunts/kql/value"
)

// xmlText is the key of the text of an element that also has attributes or
// children, xmlAttribute the prefix of the keys of attributes.
const xmlText, xmlAttribute = "#text", "@"

// parseXML gives a document as a bag: elements by their name, repeated ones as
// an array, attributes with an @, text alone as a string, an empty element as
// null. What is not XML gives null.
func parseXML(a []value.Value) value.Value {
	d := xml.NewDecoder(strings.NewReader(argText(a[0])))
	// only UTF-8 reaches a query, whatever the declaration says
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	out := value.NewBag()
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			if out.Len() == 0 {
				return value.Null(value.Dynamic)
			}
			return value.DynamicValue(out)
		}
		if err != nil {
			return value.Null(value.Dynamic)
		}
		if start, ok := token.(xml.StartElement); ok {
			element, ok := xmlElement(d, start, 0)
			if !ok {
				return value.Null(value.Dynamic)
			}
			addElement(out, start.Name.Local, element)
		}
	}
}

// xmlElement reads up to the end of an element that has begun.
func xmlElement(d *xml.Decoder, start xml.StartElement, depth int) (any, bool) {
	if depth > value.MaxDynamicDepth {
		return nil, false
	}
	out := value.NewBag()
	for _, attribute := range start.Attr {
		name := attribute.Name.Local
		if attribute.Name.Space == "xmlns" {
			name = "xmlns:" + name
		}
		out.Set(xmlAttribute+name, attribute.Value)
	}
	var text strings.Builder
	for {
		token, err := d.Token()
		if err != nil {
			return nil, false
		}
		switch x := token.(type) {
		case xml.StartElement:
			element, ok := xmlElement(d, x, depth+1)
			if !ok {
				return nil, false
			}
			addElement(out, x.Name.Local, element)
		case xml.CharData:
			text.Write(x)
		case xml.EndElement:
			content := strings.TrimSpace(text.String())
			switch {
			case out.Len() == 0 && content == "":
				return nil, true
			case out.Len() == 0:
				return content, true
			case content != "":
				out.Set(xmlText, content)
			}
			return out, true
		}
	}
}

func addElement(to *value.Bag, name string, element any) {
	before, again := to.Get(name)
	if !again {
		to.Set(name, element)
		return
	}
	// an element is a text, a bag or null, so an array is what was gathered here
	list, ok := before.([]any)
	if !ok {
		list = []any{before}
	}
	to.Set(name, append(list, element))
}
