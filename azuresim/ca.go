package azuresim

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// pki is the emulator's own certificate authority, the serving certificate it signs at each start, and the key
// that signs tokens. The CA and the key outlive restarts, so clients keep trusting the emulator.
type pki struct {
	caPEM    []byte
	caFile   string
	serving  tls.Certificate
	tokenKey *rsa.PrivateKey
	tempDir  string // removed on close when there is no data directory
}

func openPKI(dataDir string) (*pki, error) {
	p := &pki{}
	dir := filepath.Join(dataDir, "pki")
	if dataDir == "" {
		tmp, err := os.MkdirTemp("", "azuresim-")
		if err != nil {
			return nil, err
		}
		dir, p.tempDir = tmp, tmp
	} else if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	caKey, err := loadKey(filepath.Join(dir, "ca.key"), func() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) })
	if err != nil {
		return nil, err
	}
	tokenKey, err := openTokenKey(dataDir, dir)
	if err != nil {
		return nil, err
	}
	var ok bool
	if p.tokenKey, ok = tokenKey.(*rsa.PrivateKey); !ok {
		return nil, fmt.Errorf("%s is not an RSA key; delete it to get a new one", filepath.Join(dir, "token.key"))
	}
	p.caFile = filepath.Join(dir, "ca.crt")
	if p.caPEM, err = loadCA(p.caFile, caKey); err != nil {
		return nil, err
	}
	p.serving, err = serve(p.caPEM, caKey)
	return p, err
}

// sharedTokenKey serves all emulators of one process that keep nothing: an RSA key takes longer to make than
// everything else at start.
var sharedTokenKey = sync.OnceValues(newTokenKey)

func newTokenKey() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, 2048) }

func openTokenKey(dataDir, dir string) (crypto.Signer, error) {
	if dataDir == "" {
		return sharedTokenKey()
	}
	return loadKey(filepath.Join(dir, "token.key"), newTokenKey)
}

func (p *pki) close() {
	if p.tempDir != "" {
		_ = os.RemoveAll(p.tempDir)
	}
}

func loadKey(path string, create func() (crypto.Signer, error)) (crypto.Signer, error) {
	raw, err := os.ReadFile(path)
	if err == nil {
		block, _ := pem.Decode(raw)
		if block == nil {
			return nil, fmt.Errorf("%s holds no key; delete it to get a new one", path)
		}
		key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		signer, _ := key.(crypto.Signer)
		return signer, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	key, err := create()
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return key, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600)
}

func loadCA(path string, key crypto.Signer) ([]byte, error) {
	if raw, err := os.ReadFile(path); err == nil {
		return raw, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "azuresim CA"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(10, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	raw := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return raw, os.WriteFile(path, raw, 0o644)
}

func serve(caPEM []byte, caKey crypto.Signer) (tls.Certificate, error) {
	block, _ := pem.Decode(caPEM)
	if block == nil {
		return tls.Certificate{}, errors.New("the CA certificate is not PEM")
	}
	ca, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return tls.Certificate{}, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "azuresim"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames: []string{"localhost", "management.azure.com", "login.microsoftonline.com"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, ca, key.Public(), caKey)
	return tls.Certificate{Certificate: [][]byte{der, block.Bytes}, PrivateKey: key}, err
}
