package hunts

import "testing"

func TestAnEncodedCommandIsReadAsText(t *testing.T) {
	const enc = "SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoAZQBjAHQAIABOAGUAdAAuAFcAZQBiAEMAbABpAGUAbgB0ACkA"
	const text = "IEX (New-Object Net.WebClient)"
	for _, c := range []struct{ line, want string }{
		{"powershell.exe -NoP -W Hidden -Enc " + enc, text},
		{"powershell -e " + enc, text},
		{"powershell /EncodedCommand " + enc, text},
		{"pwsh –encodedcommand \"" + enc + "\"", text},
		{"powershell -ec:" + enc[:40], text[:15]}, // cut by the data
		{"powershell -enc AAAA////AAAA////", ""},  // no text
		{"powershell -ExecutionPolicy Bypass -File C:\\tools\\inventory.ps1", ""},
		{"openssl enc -base64 " + enc, ""},
		{"cmd.exe /c echo hello", ""}, {"", ""},
	} {
		if got := DecodedCommand(c.line); got != c.want {
			t.Errorf("%s\ngot  %q\nwant %q", c.line, got, c.want)
		}
	}
}
