package record

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

// TLS is what a rediss:// address needs beside what the machine trusts. Files are
// PEM and read once, at Open.
type TLS struct {
	CA         string // file of the authorities to trust instead of the machine's
	Cert, Key  string // files of our own certificate, where the server asks for one
	ServerName string // the name in the server's certificate, where it is not its address
}

func (t TLS) set() bool { return t != TLS{} }

// apply adds to what the URL says. Without a name of its own every node of a
// cluster, and every server that sentinels name, is verified by its own address.
func (t TLS) apply(e endpoint) error {
	var config *tls.Config
	switch {
	case e.cluster != nil:
		config = e.cluster.TLSConfig
	case e.failover != nil:
		config = e.failover.TLSConfig
	case e.one != nil:
		config = e.one.TLSConfig
	}
	if config == nil {
		if t.set() {
			return errors.New("FOOTPRINT_REDIS_CA, _CERT, _KEY and _SERVER_NAME are for rediss:// addresses, and REDIS_URL is none: write rediss://")
		}
		return nil
	}
	config.MinVersion = tls.VersionTLS12
	if e.one == nil {
		config.ServerName = ""
	}
	if t.ServerName != "" {
		config.ServerName = t.ServerName
	}
	if t.CA != "" {
		text, err := os.ReadFile(t.CA)
		if err != nil {
			return fmt.Errorf("FOOTPRINT_REDIS_CA: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(text) {
			return fmt.Errorf("FOOTPRINT_REDIS_CA: %s holds no certificate: it takes a file of PEM blocks that begin with BEGIN CERTIFICATE", t.CA)
		}
	}
	if (t.Cert == "") != (t.Key == "") {
		return errors.New("FOOTPRINT_REDIS_CERT and FOOTPRINT_REDIS_KEY belong together: set both, or none")
	}
	if t.Cert != "" {
		own, err := tls.LoadX509KeyPair(t.Cert, t.Key)
		if err != nil {
			return fmt.Errorf("FOOTPRINT_REDIS_CERT and FOOTPRINT_REDIS_KEY: %w", err)
		}
		config.Certificates = []tls.Certificate{own}
	}
	return nil
}
