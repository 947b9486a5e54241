package builtin

import "testing"

func TestEverySignatureIsThatOfAFunction(t *testing.T) {
	for name := range Signatures {
		if _, ok := Functions()[name]; !ok {
			t.Errorf("%s() has a signature and is no function", name)
		}
	}
}
