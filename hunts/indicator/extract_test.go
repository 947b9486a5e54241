package indicator

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// corpusLine is one line of testdata/extract.txt.
type corpusLine struct {
	number int
	text   string
	opts   ExtractOptions
	want   []string // kind:value, with "?" in front when doubtful
}

func readCorpus(t testing.TB) []corpusLine {
	f, err := os.Open("testdata/extract.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var lines []corpusLine
	in := bufio.NewScanner(f)
	for n := 1; in.Scan(); n++ {
		line := in.Text()
		if line == "" || strings.HasPrefix(line, "# ") {
			continue
		}
		text, want, ok := strings.Cut(line, " => ")
		if !ok {
			if text, ok = strings.CutSuffix(line, " =>"); !ok {
				t.Fatalf("testdata/extract.txt:%d has no =>", n)
			}
		}
		c := corpusLine{number: n, want: strings.Fields(want)}
		if rest, ok := strings.CutPrefix(text, "[files] "); ok {
			text, c.opts.Files = rest, true
		}
		if rest, ok := strings.CutPrefix(text, "[emails] "); ok {
			text, c.opts.Emails = rest, true
		}
		if plain, err := strconv.Unquote(text); err == nil && text[0] == '"' {
			text = plain
		}
		c.text = text
		lines = append(lines, c)
	}
	return lines
}

func written(found []Finding) []string {
	var out []string
	for _, f := range found {
		s := string(f.Indicator.Kind) + ":" + f.Indicator.Value
		if f.Doubtful {
			s = "?" + s
		}
		out = append(out, s)
	}
	return out
}

func TestExtractFindsWhatTheCorpusSays(t *testing.T) {
	lines := readCorpus(t)
	if len(lines) < 300 {
		t.Fatalf("the corpus has %d lines, and should have 300", len(lines))
	}
	var hit, extra, missed, doubts, wrongDoubts int
	for _, c := range lines {
		got := written(Extract(c.text, c.opts))
		left := slices.Clone(c.want)
		bad := false
		for _, g := range got {
			i := slices.Index(left, g)
			switch {
			case i >= 0 && strings.HasPrefix(g, "?"):
				doubts++
			case i >= 0:
				hit++
			case strings.HasPrefix(g, "?"):
				wrongDoubts++
			default:
				extra++
			}
			if i >= 0 {
				left = slices.Delete(left, i, i+1)
			}
			bad = bad || i < 0
		}
		for _, l := range left {
			if !strings.HasPrefix(l, "?") {
				missed++
			}
		}
		if bad || len(left) > 0 {
			t.Errorf("extract.txt:%d %q\n got %v\nwant %v", c.number, c.text, got, c.want)
		}
	}
	t.Logf("%d lines: %d found, %d wrongly, %d missed; precision %.4f, recall %.4f; doubtful: %d right, %d not expected",
		len(lines), hit, extra, missed, float64(hit)/float64(hit+extra), float64(hit)/float64(hit+missed), doubts, wrongDoubts)
}

func TestExtractPointsAtTheTextItFound(t *testing.T) {
	text := "see hxxps://evil[.]example/a, <http://b.example|b.example> and 203.0.113[.]66\u200b!"
	want := []string{"hxxps://evil[.]example/a", "b.example", "203.0.113[.]66\u200b"}
	for i, f := range Extract(text, ExtractOptions{}) {
		if i >= len(want) || text[f.Start:f.End] != want[i] {
			t.Errorf("finding %d points at %q", i, text[f.Start:f.End])
		}
	}
}

func TestExtractFindsTheSameInLargeTexts(t *testing.T) {
	line := strings.Repeat("x ", 500) + "203.0.113[.]66 evil.example\n"
	n := 3 * chunkBytes / len(line)
	text := strings.Repeat(line, n)
	found := Extract(text, ExtractOptions{})
	if len(found) != 2*n {
		t.Fatalf("found %d of %d", len(found), 2*n)
	}
	for i, f := range found {
		if got, want := text[f.Start:f.End], [...]string{"203.0.113[.]66", "evil.example"}[i%2]; got != want {
			t.Fatalf("finding %d points at %q, not %q", i, got, want)
		}
	}
}

// hostile are pieces that make naive extractors quadratic when repeated.
var hostile = []string{"a.", ".", "://", "http://", "http://a.", "a@", "@", ":", "::", "1:", "a/", "/", `\`, "[", "[.]", "<a|", "<", "%", "%2F", "a%", "-", "_", "1.", "1.1.1.1", "1.1.1.1-", "f", "é", "字a", "http://a.co/(", "a.co/[", "hxxp", "[dot", "&amp;", "a.co,",
	" dot ", " . ", "a dot com ", " DOT ", " AT ", "1 . ", `\n`, `\u0041`, "&#46;", "http(s)", "hxxp__", "v1.2.3.4, ", ",a.co/", "http://a.co/,a.co/", "<#C0|", "<!date^", "<!", "h[tt]", "'http://", "_http://a.co/_", "meow://", "1.2.3.4/255.0.0.0", `\\a@`}

func TestExtractTakesLinearTimeOnHostileText(t *testing.T) {
	const size = 1 << 18
	for _, piece := range hostile {
		start := time.Now()
		text := strings.Repeat(piece, size/len(piece))
		Extract(text, ExtractOptions{Files: true, Emails: true})
		DefangText(text)
		// This takes some ten milliseconds; quadratic work on it, minutes.
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("a quarter of a megabyte of %q took %v", piece, took)
		}
	}
}

func FuzzExtract(f *testing.F) {
	for _, c := range readCorpus(f) {
		f.Add(c.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at := 0
		for _, found := range Extract(text, ExtractOptions{Files: true, Emails: true}) {
			if found.Start < at || found.End <= found.Start || found.End > len(text) {
				t.Fatalf("%q: finding %+v behind %d", text, found, at)
			}
			at = found.End
			i := found.Indicator
			if i.Value == "" || Refang(i.Defanged()) != i.Value {
				t.Fatalf("%q: %+v defangs to %q", text, i, i.Defanged())
			}
			if found.Doubtful != (found.Why != "") {
				t.Fatalf("%q: %+v", text, found)
			}
		}
	})
}

func FuzzRefang(f *testing.F) {
	f.Add("hxxp[:]//evil[.]example (dot) evil[.example")
	f.Fuzz(func(t *testing.T, text string) {
		if len(Refang(text)) > 3*len(text) {
			t.Fatalf("%q grows to %q", text, Refang(text))
		}
		DefangText(text)
	})
}

func BenchmarkExtract(b *testing.B) {
	report := strings.Builder{}
	for _, c := range readCorpus(b) {
		report.WriteString(c.text + "\n")
	}
	prose := strings.Repeat("The actor moved laterally with valid accounts, and staged the archive on a server of the victim. ", 20)
	texts := map[string]string{
		"report": strings.Repeat(report.String()+prose, 20),
		"prose":  strings.Repeat(prose, 500),
	}
	for _, piece := range []string{"a.", "://", "1.1.1.1-", "[.]"} {
		texts["hostile "+piece] = strings.Repeat(piece, (1<<20)/len(piece))
	}
	for _, name := range slices.Sorted(func(yield func(string) bool) {
		for k := range texts {
			if !yield(k) {
				return
			}
		}
	}) {
		b.Run(fmt.Sprintf("%q", name), func(b *testing.B) {
			b.SetBytes(int64(len(texts[name])))
			for b.Loop() {
				Extract(texts[name], ExtractOptions{Files: true})
			}
		})
	}
}
