package danube

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"

	connect "github.com/danube-messaging/danube-connect-go"
)

// checkFiles reports certificate files that cannot be used.
func (s Settings) checkFiles() error {
	_, err := s.tlsConfig()
	return err
}

// tlsConfig reads the certificate files. Every mistake is of ClassConfig.
func (s Settings) tlsConfig() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: s.ServerName}
	var faults []error
	if s.CAFile != "" {
		pool, err := readPool(s.CAFile)
		c.RootCAs, faults = pool, append(faults, err)
	}
	switch {
	case s.CertFile != "" && s.KeyFile != "":
		pair, err := tls.LoadX509KeyPair(s.CertFile, s.KeyFile)
		if err != nil {
			faults = append(faults, connect.ConfigError("cert_file %s with key_file %s: %w", s.CertFile, s.KeyFile, err))
		}
		c.Certificates = []tls.Certificate{pair}
	case s.CertFile != "" || s.KeyFile != "":
		faults = append(faults, connect.ConfigError("cert_file = %q and key_file = %q; set both or neither", s.CertFile, s.KeyFile))
	}
	return c, errors.Join(faults...)
}

func readPool(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, connect.ConfigError("ca_file: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, connect.ConfigError("ca_file %s holds no certificate; must be PEM", file)
	}
	return pool, nil
}
