package evidence

import (
	"archive/zip"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Bounds of a bundle that is verified. Files are read through and never held.
const (
	maxFiles    = 10_000
	maxUnpacked = 4 << 30
	maxList     = 4 << 20 // of the sums, and of the signature
)

// Proof is what a bundle that fits its own list proves.
type Proof struct {
	Files   int    // beside the list and its signature
	Key     string // that signed it; empty for a bundle without a signature
	Trusted bool   // the key is one of those that the caller knows
}

// Says is what is proven and what is not, in sentences for a person.
func (p Proof) Says() string {
	files := fmt.Sprintf("%d files", p.Files)
	if p.Files == 1 {
		files = "1 file"
	}
	const never = "Not proven: when it was signed, and that the workspaces told the truth."
	switch {
	case p.Trusted:
		return fmt.Sprintf("Proven: %s, each exactly as the holder of the key you gave signed it (%s), none added and none missing.\n%s", files, p.Key, never)
	case p.Key != "":
		return fmt.Sprintf("COULD NOT TELL whose bundle this is. Proven: %s, each exactly as the holder of %s signed it, none added and none missing.\n"+
			"Not proven: that this is your footprint's key. Compare it with the one that your footprint logs at its start, or give that one with --key.\n%s", files, p.Key, never)
	}
	return fmt.Sprintf("COULD NOT TELL whether this bundle was changed: it carries no signature. %s fit the list inside it, and whoever changes a file can write that list anew.", strings.ToUpper(files[:1])+files[1:])
}

// Verify checks a bundle against its list and its signature. trusted are the public
// keys that the caller knows; with any, a bundle of another key or of none is an
// error. The error names the first thing that does not fit.
func Verify(data io.ReaderAt, size int64, trusted []string) (Proof, error) {
	var keys []ed25519.PublicKey
	for _, text := range trusted {
		key, err := parsePublic(text)
		if err != nil {
			return Proof{}, err
		}
		keys = append(keys, key)
	}
	z, err := zip.NewReader(data, size)
	if err != nil {
		return Proof{}, fmt.Errorf("this is no evidence bundle: %w", err)
	}
	files, err := named(z.File)
	if err != nil {
		return Proof{}, err
	}
	sums, err := small(files, sumsName)
	switch {
	case err != nil:
		return Proof{}, err
	case sums == nil:
		return Proof{}, errors.New("the bundle has no " + sumsName)
	}
	signed, err := small(files, signatureName)
	if err != nil {
		return Proof{}, err
	}
	var p Proof
	if p.Key, p.Trusted, err = signedBy(sums, signed, keys); err != nil {
		return p, err
	}
	delete(files, sumsName)
	delete(files, signatureName)
	p.Files, err = fits(files, string(sums))
	return p, err
}

// named are the files by name. One name twice would be two truths: the tools that
// unpack a zip take the first or the last of them.
func named(list []*zip.File) (map[string]*zip.File, error) {
	if len(list) > maxFiles {
		return nil, fmt.Errorf("the bundle holds %d files; none of ours holds more than %d, so it is not read", len(list), maxFiles)
	}
	out := map[string]*zip.File{}
	seen := map[string]string{}
	var unpacked uint64
	for _, f := range list {
		plain := strings.ToLower(f.Name)
		if other, ok := seen[plain]; ok {
			return nil, fmt.Errorf("the bundle holds %q twice (also as %q), so that it has two truths", f.Name, other)
		}
		if unpacked += f.UncompressedSize64; unpacked > maxUnpacked || f.UncompressedSize64 > maxUnpacked {
			return nil, fmt.Errorf("the bundle unpacks to more than %d GB; none of ours does, so it is not read", maxUnpacked>>30)
		}
		out[f.Name], seen[plain] = f, f.Name
	}
	return out, nil
}

// small reads a file that lists others; nil when there is none.
func small(files map[string]*zip.File, name string) ([]byte, error) {
	f, ok := files[name]
	if !ok {
		return nil, nil
	}
	if f.UncompressedSize64 > maxList {
		return nil, fmt.Errorf("%s is larger than %d MB, so it is not read", name, maxList>>20)
	}
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("%s can't be read: %w", name, err)
	}
	defer func() { _ = r.Close() }()
	data, err := io.ReadAll(io.LimitReader(r, maxList))
	if err != nil {
		return nil, fmt.Errorf("%s can't be read: %w", name, err)
	}
	return data, nil
}

// signedBy tells which key signed the list, and whether it is one of the known.
func signedBy(sums, signed []byte, known []ed25519.PublicKey) (key string, trusted bool, err error) {
	if signed == nil {
		if len(known) > 0 {
			return "", false, errors.New("the bundle carries no signature, so nobody can tell whether it is yours or was changed")
		}
		return "", false, nil
	}
	var s signature
	if err := json.Unmarshal(signed, &s); err != nil {
		return "", false, fmt.Errorf("%s can't be read: %w", signatureName, err)
	}
	public, err := parsePublic(s.PublicKey)
	if err != nil {
		return "", false, fmt.Errorf("%s: %w", signatureName, err)
	}
	if !ed25519.Verify(public, signedText(sums), s.Signature) {
		return "", false, fmt.Errorf("%s was changed after the bundle was signed", sumsName)
	}
	trusted = slices.ContainsFunc(known, func(k ed25519.PublicKey) bool { return k.Equal(public) })
	if len(known) > 0 && !trusted {
		return s.PublicKey, false, fmt.Errorf("the bundle is signed by another key than yours: %s", s.PublicKey)
	}
	return s.PublicKey, trusted, nil
}

// fits compares every file with the list, and counts them.
func fits(files map[string]*zip.File, sums string) (int, error) {
	n := 0
	for line := range strings.Lines(sums) {
		want, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		f, there := files[name]
		switch {
		case !ok:
			return n, fmt.Errorf("%s can't be read", sumsName)
		case !there:
			return n, fmt.Errorf("%q is missing from the bundle", name)
		}
		have, err := sumOf(f)
		if err != nil {
			return n, err
		}
		if have != want {
			return n, fmt.Errorf("%q was changed after the bundle was made", name)
		}
		delete(files, name)
		n++
	}
	for name := range files {
		return n, fmt.Errorf("%q was put into the bundle later", name)
	}
	return n, nil
}

// sumOf reads a file through, no further than the size that it declares.
func sumOf(f *zip.File) (string, error) {
	r, err := f.Open()
	if err != nil {
		return "", fmt.Errorf("%q can't be read: %w", f.Name, err)
	}
	defer func() { _ = r.Close() }()
	sum := sha256.New()
	if _, err := io.Copy(sum, io.LimitReader(r, maxUnpacked)); err != nil {
		return "", fmt.Errorf("%q can't be read: %w", f.Name, err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
