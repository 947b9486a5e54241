package record_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/footprint-soc/footprint/hunts/record"
	"github.com/footprint-soc/footprint/hunts/record/recordtest"
	"github.com/footprint-soc/footprint/hunts/testclock"
)

// authority signs certificates into files of a folder.
type authority struct {
	t    *testing.T
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	a := &authority{t: t, dir: t.TempDir()}
	a.issue("ca", &x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
	return a
}

func (a *authority) path(name string) string { return filepath.Join(a.dir, name) }

func (a *authority) issue(name string, c *x509.Certificate) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(a.t, err)
	c.SerialNumber, c.Subject = big.NewInt(1), pkix.Name{CommonName: name}
	c.NotBefore, c.NotAfter = testclock.At().AddDate(-100, 0, 0), testclock.Far
	if a.cert == nil {
		a.cert, a.key = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, a.cert, &key.PublicKey, a.key)
	check(a.t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	check(a.t, err)
	check(a.t, os.WriteFile(a.path(name+".pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	check(a.t, os.WriteFile(a.path(name+".key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600))
}

func TestRedisOverTLS(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	a.issue("server", &x509.Certificate{DNSNames: []string{"redis.internal"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}})
	a.issue("client", &x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	check(t, os.WriteFile(a.path("text"), []byte("no certificate"), 0o600))
	port := recordtest.FreePort(t)
	server := recordtest.Real(t, "--tls-port", port, "--tls-cert-file", a.path("server.pem"), "--tls-key-file", a.path("server.key"), "--tls-ca-cert-file", a.path("ca.pem"), "--tls-auth-clients", "yes")
	host, _, _ := net.SplitHostPort(server.Addr)
	url := "rediss://" + net.JoinHostPort(host, port) + "/0"
	whole := record.TLS{CA: a.path("ca.pem"), Cert: a.path("client.pem"), Key: a.path("client.key"), ServerName: "redis.internal"}
	for name, c := range map[string]struct {
		url    string
		change func(*record.TLS)
		says   string
	}{
		"everything fits":                 {url, func(*record.TLS) {}, ""},
		"an authority that nobody trusts": {url, func(x *record.TLS) { x.CA = "" }, "certificate"},
		"another name in the certificate": {url, func(x *record.TLS) { x.ServerName = "" }, "certificate"},
		"no certificate of our own":       {url, func(x *record.TLS) { x.Cert, x.Key = "", "" }, "certificate required"},
		"a certificate without its key":   {url, func(x *record.TLS) { x.Key = "" }, "belong together"},
		"a file that is no certificate":   {url, func(x *record.TLS) { x.CA = a.path("text") }, "holds no certificate"},
		"a file that is not there":        {url, func(x *record.TLS) { x.CA = a.path("nowhere") }, "FOOTPRINT_REDIS_CA"},
		"an address without TLS":          {server.URL(), func(*record.TLS) {}, "write rediss://"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			with := whole
			c.change(&with)
			s, err := record.Open(t.Context(), record.Config{URL: c.url, TLS: with, Random: rand.Reader})
			if err == nil {
				_, err = s.Push(t.Context(), "interactive", "hunt", name, nil)
				check(t, s.Close())
			}
			if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
				t.Errorf("it says %v, want %q", err, c.says)
			}
		})
	}
}
