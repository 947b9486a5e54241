// Package evidence packs what a hunt found so that others can check it later: a zip
// with the SHA-256 of each file, and a signature over that list.
//
// What surprises: a list of sums proves nothing by itself, since whoever changes a
// file can write the list anew. Only the signature does, and only to those who know
// from elsewhere whose key it is.
package evidence

import (
	"archive/zip"
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

const (
	// sumsName is the file of a bundle that lists the others.
	sumsName = "SHA256SUMS"
	// signatureName is the file with the signature over that list.
	signatureName = "SHA256SUMS.sig.json"
	// signedPrefix keeps a signature over a bundle from being one over anything else.
	signedPrefix = "footprint evidence bundle 1\n"
	// publicPrefix begins a public key as people copy it.
	publicPrefix = "ed25519:"
)

// signature is what signatureName holds.
type signature struct {
	PublicKey string `json:"public_key"`
	Signature []byte `json:"signature"` // of signedPrefix and the list of sums
}

// Key signs bundles. The zero Key signs nothing. It prints as its public half.
type Key struct{ private ed25519.PrivateKey }

// NewKey makes a key.
func NewKey(random io.Reader) (Key, error) {
	_, private, err := ed25519.GenerateKey(random)
	if err != nil {
		return Key{}, fmt.Errorf("making a key for evidence bundles: %w", err)
	}
	return Key{private}, nil
}

// errKey says what a key looks like, and nothing of what was given instead.
var errKey = errors.New("it is no Ed25519 key: give the PEM file that `openssl genpkey -algorithm ed25519` writes, or the 32 bytes of its seed in Base64")

// ParseKey reads a private key: PEM, or the Base64 of its seed.
func ParseKey(text string) (Key, error) {
	text = strings.TrimSpace(text)
	if block, _ := pem.Decode([]byte(text)); block != nil {
		parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		private, ok := parsed.(ed25519.PrivateKey)
		if err != nil || !ok {
			return Key{}, errKey
		}
		return Key{private}, nil
	}
	seed, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(seed) != ed25519.SeedSize {
		return Key{}, errKey
	}
	return Key{ed25519.NewKeyFromSeed(seed)}, nil
}

// IsZero tells a key that signs nothing.
func (k Key) IsZero() bool { return k.private == nil }

// Seed is the private key as ParseKey reads it back. It is a secret.
func (k Key) Seed() string { return base64.StdEncoding.EncodeToString(k.private.Seed()) }

// Public is the public half as people copy it and Verify takes it.
func (k Key) Public() string {
	if k.IsZero() {
		return "no key"
	}
	public, _ := k.private.Public().(ed25519.PublicKey) // always is one
	return publicPrefix + base64.StdEncoding.EncodeToString(public)
}

// String is the public half, so that no log line has the other one.
func (k Key) String() string { return k.Public() }

// GoString does the same for %#v.
func (k Key) GoString() string { return k.Public() }

// parsePublic reads what Public writes.
func parsePublic(text string) (ed25519.PublicKey, error) {
	raw, ok := strings.CutPrefix(strings.TrimSpace(text), publicPrefix)
	public, err := base64.StdEncoding.DecodeString(raw)
	if !ok || err != nil || len(public) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("%q is no public key: it looks like %sMCowBQYDK2Vw…, and the log of footprint says it at the start", text, publicPrefix)
	}
	return public, nil
}

// Pack makes a bundle of files, signed unless the key is the zero one.
func (k Key) Pack(files map[string][]byte, now time.Time) ([]byte, error) {
	names := slices.Sorted(maps.Keys(files))
	var sums strings.Builder
	for _, n := range names {
		sum := sha256.Sum256(files[n])
		fmt.Fprintf(&sums, "%s  %s\n", hex.EncodeToString(sum[:]), n)
	}
	all := maps.Clone(files)
	all[sumsName], names = []byte(sums.String()), append(names, sumsName)
	if !k.IsZero() {
		text, err := json.MarshalIndent(signature{k.Public(), ed25519.Sign(k.private, signedText(all[sumsName]))}, "", "  ")
		if err != nil {
			return nil, fmt.Errorf("signing the bundle: %w", err)
		}
		all[signatureName], names = append(text, '\n'), append(names, signatureName)
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, n := range names {
		w, err := z.CreateHeader(&zip.FileHeader{Name: n, Method: zip.Deflate, Modified: now.UTC()})
		if err != nil {
			return nil, fmt.Errorf("writing the bundle: %w", err)
		}
		if _, err := w.Write(all[n]); err != nil {
			return nil, fmt.Errorf("writing the bundle: %w", err)
		}
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("writing the bundle: %w", err)
	}
	return out.Bytes(), nil
}

func signedText(sums []byte) []byte { return append([]byte(signedPrefix), sums...) }
