package evidence_test

import (
	"archive/zip"
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/footprint-soc/footprint/hunts/evidence"
)

var packedAt = time.Date(2026, 11, 3, 8, 30, 0, 0, time.UTC)

func keyOf(t testing.TB, seed string) evidence.Key {
	t.Helper()
	k, err := evidence.NewKey(strings.NewReader(strings.Repeat(seed, 64)))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func pack(t testing.TB, k evidence.Key) []byte {
	t.Helper()
	data, err := k.Pack(map[string][]byte{"answer.json": []byte(`{"verdict":"REACHED"}`), "events.csv": []byte("time,device\n")}, packedAt)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

type member struct{ name, text string }

func members(t testing.TB, data []byte) []member {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var out []member
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, member{f.Name, string(text)})
	}
	return out
}

func zipOf(t testing.TB, list []member) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, m := range list {
		w, err := z.Create(m.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, m.text); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func verify(data []byte, keys ...string) (evidence.Proof, error) {
	return evidence.Verify(bytes.NewReader(data), int64(len(data)), keys)
}

func TestABundleProvesWhatItsSignatureCoversAndNoMore(t *testing.T) {
	ours, theirs := keyOf(t, "o"), keyOf(t, "t")
	signed := pack(t, ours)
	for _, c := range []struct {
		name    string
		data    []byte
		keys    []string
		trusted bool
		says    string
	}{
		{"signed, and the key is known", signed, []string{ours.Public()}, true, "Proven: 2 files, each exactly as the holder of the key you gave signed it"},
		{"signed, and one of the keys is it", signed, []string{theirs.Public(), ours.Public()}, true, "Proven: 2 files"},
		{"signed by whom nobody told", signed, nil, false, "COULD NOT TELL whose bundle this is"},
		{"not signed", pack(t, evidence.Key{}), nil, false, "whoever changes a file can write that list anew"},
	} {
		p, err := verify(c.data, c.keys...)
		if err != nil || p.Files != 2 || p.Trusted != c.trusted || !strings.Contains(p.Says(), c.says) || strings.Contains(p.Says(), "as it was when") {
			t.Errorf("%s: %+v, %v, %q", c.name, p, err, p.Says())
		}
	}
}

func TestAChangedBundleIsRefused(t *testing.T) {
	ours, theirs := keyOf(t, "o"), keyOf(t, "t")
	signed := pack(t, ours)
	list := members(t, signed)
	change := func(f func(list []member) []member) []byte { return zipOf(t, f(append([]member{}, list...))) }
	set := func(name, text string) func([]member) []member {
		return func(list []member) []member {
			for i := range list {
				if list[i].name == name {
					list[i].text = text
				}
			}
			return list
		}
	}
	const clean = `{"verdict":"CLEAN"}`
	forged, err := evidence.Key{}.Pack(map[string][]byte{"answer.json": []byte(clean), "events.csv": []byte("time,device\n")}, packedAt)
	if err != nil {
		t.Fatal(err)
	}
	anew := members(t, forged)
	var sig member
	for _, m := range list {
		if strings.HasSuffix(m.name, ".sig.json") {
			sig = m
		}
	}
	var sums string
	for _, m := range anew {
		if m.name == "SHA256SUMS" {
			sums = m.text
		}
	}
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"a file that says something else", change(set("answer.json", clean)), `"answer.json" was changed`},
		{"a list that was made anew", change(func(l []member) []member { return set("SHA256SUMS", sums)(set("answer.json", clean)(l)) }), "SHA256SUMS was changed after the bundle was signed"},
		{"an old signature over a new list", zipOf(t, append(anew, sig)), "SHA256SUMS was changed after the bundle was signed"},
		{"a file less", change(func(l []member) []member { return l[1:] }), "is missing from the bundle"},
		{"a file more", change(func(l []member) []member { return append(l, member{"note.txt", "x"}) }), `"note.txt" was put into the bundle later`},
		{"one file twice", change(func(l []member) []member { return append(l, member{"events.csv", "time,device\n"}) }), "twice"},
		{"one file in two cases", change(func(l []member) []member { return append(l, member{"Events.CSV", "x"}) }), "twice"},
		{"no list", change(func(l []member) []member { return l[:2] }), "has no SHA256SUMS"},
		{"the signature taken off", pack(t, evidence.Key{}), "carries no signature"},
		{"another key", pack(t, theirs), "signed by another key than yours"},
		{"a signature that is none", change(set(sig.name, "{}")), "is no public key"},
		{"cut short", signed[:len(signed)/2], "no evidence bundle"},
		{"another text", []byte("hello"), "no evidence bundle"},
		{"a name that moves the cursor", change(func(l []member) []member { return append(l, member{"\x1b[2Jx", "x"}) }), `"\x1b[2Jx" was put`},
	} {
		_, err := verify(c.data, ours.Public())
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	if _, err := verify(signed, "ssh-ed25519 AAAA"); err == nil || !strings.Contains(err.Error(), "is no public key") {
		t.Errorf("a key that is none: %v", err)
	}
}

func TestABundleIsReadThroughAndNeverHeld(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	zeros := make([]byte, 1<<20)
	for i := range 3 {
		w, err := z.Create(fmt.Sprintf("f%d", i))
		if err != nil {
			t.Fatal(err)
		}
		for range 64 {
			if _, err := w.Write(zeros); err != nil {
				t.Fatal(err)
			}
		}
	}
	w, err := z.Create("SHA256SUMS")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(w, "%064d  f0\n%064d  f1\n%064d  f2\n", 0, 0, 0)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := verify(b.Bytes()); err == nil || !strings.Contains(err.Error(), `"f0" was changed`) {
		t.Errorf("%v", err)
	}
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 8<<20 {
		t.Errorf("verifying allocates %d MB for files of 64 MB", grown>>20)
	}
}

func TestABundleThatUnpacksToTooMuchIsNotRead(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := range 5 { // as large as a header says, and empty
		w, err := z.CreateRaw(&zip.FileHeader{Name: fmt.Sprint(i), UncompressedSize64: 1 << 30, Method: zip.Deflate})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := verify(b.Bytes()); err == nil || !strings.Contains(err.Error(), "unpacks to more than 4 GB") {
		t.Errorf("%v", err)
	}
	many := make([]member, 10_001)
	for i := range many {
		many[i].name = fmt.Sprint(i)
	}
	if _, err := verify(zipOf(t, many)); err == nil || !strings.Contains(err.Error(), "none of ours holds more than") {
		t.Errorf("%v", err)
	}
}

func TestAKeyIsReadFromPEMAndFromItsSeedAndNeverPrinted(t *testing.T) {
	k := keyOf(t, "k")
	again, err := evidence.ParseKey(k.Seed() + "\n")
	if err != nil || again.Public() != k.Public() {
		t.Errorf("from its seed: %v, %v", again, err)
	}
	_, private, err := ed25519.GenerateKey(strings.NewReader(strings.Repeat("k", 64)))
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	if again, err = evidence.ParseKey(string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))); err != nil || again.IsZero() {
		t.Errorf("from PEM: %v", err)
	}
	for _, wrong := range []string{"", "secret", k.Public(), "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"} {
		if _, err := evidence.ParseKey(wrong); err == nil || wrong != "" && strings.Contains(err.Error(), wrong) {
			t.Errorf("%q is taken, or repeated: %v", wrong, err)
		}
	}
	for _, said := range []string{fmt.Sprint(k), fmt.Sprintf("%v %+v %#v %s", k, k, k, k), fmt.Sprint(&k)} {
		if strings.Contains(said, k.Seed()) || strings.Contains(said, "107 107") {
			t.Errorf("the private key is printed: %s", said)
		}
	}
}
