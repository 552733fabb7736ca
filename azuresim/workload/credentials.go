package workload

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"strings"
	"time"
)

// credentials of one cluster. The exported fields are what is persisted, the
// others are derived. A value is never changed once a cluster holds it.
type credentials struct {
	CACert     []byte `json:"caCert"`
	CAKey      []byte `json:"caKey"`
	AdminCert  []byte `json:"adminCert"`
	AdminKey   []byte `json:"adminKey"`
	AdminToken string `json:"adminToken"`
	UserToken  string `json:"userToken"`

	ca     *x509.Certificate
	caKey  *ecdsa.PrivateKey
	roots  *x509.CertPool
	server *tls.Certificate
}

// user is who sent a request.
type user struct {
	Name   string
	Groups []string
}

var errUnauthorized = errors.New("unauthorized")

// P-256 instead of the RSA-4096 of a real cluster: a process may start a
// thousand clusters, and no client looks at the algorithm.
func newCredentials(fqdn string) (*credentials, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := certificate("ca", "", 30*365)
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	keyPEM, err := encodeKey(key)
	if err != nil {
		return nil, err
	}
	c := &credentials{
		CACert:     pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		CAKey:      keyPEM,
		AdminToken: newToken(),
		UserToken:  newToken(),
	}
	if err := c.load(fqdn); err != nil {
		return nil, err
	}
	admin := certificate("masterclient", "system:masters", 2*365)
	admin.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	c.AdminCert, c.AdminKey, err = c.issue(admin)
	return c, err
}

// load derives the unexported fields from the exported ones.
func (c *credentials) load(fqdn string) error {
	pair, err := tls.X509KeyPair(c.CACert, c.CAKey)
	if err != nil {
		return fmt.Errorf("CA: %w", err)
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return fmt.Errorf("CA: key is %T, want an ECDSA key", pair.PrivateKey)
	}
	c.caKey, c.ca = key, pair.Leaf
	if c.ca == nil {
		if c.ca, err = x509.ParseCertificate(pair.Certificate[0]); err != nil {
			return fmt.Errorf("CA: %w", err)
		}
	}
	c.roots = x509.NewCertPool()
	c.roots.AddCert(c.ca)
	return c.issueServer(fqdn)
}

func (c *credentials) issueServer(fqdn string) error {
	template := certificate("apiserver", "", 2*365)
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	template.DNSNames = []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"}
	if fqdn != "" {
		template.DNSNames = append(template.DNSNames, fqdn)
	}
	certPEM, keyPEM, err := c.issue(template)
	if err != nil {
		return err
	}
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return err
	}
	c.server = &pair
	return nil
}

func (c *credentials) issue(template *x509.Certificate) (certPEM, keyPEM []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, template, c.ca, key.Public(), c.caKey)
	if err != nil {
		return nil, nil, err
	}
	if keyPEM, err = encodeKey(key); err != nil {
		return nil, nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), keyPEM, nil
}

func certificate(cn, organisation string, days int) *x509.Certificate {
	serial, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120)) // rand.Reader never fails
	subject := pkix.Name{CommonName: cn}
	if organisation != "" {
		subject.Organization = []string{organisation}
	}
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      subject,
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.AddDate(0, 0, days),
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
}

func encodeKey(key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), nil
}

// newToken returns 128 hexadecimal digits, the length AKS hands out.
func newToken() string {
	b := make([]byte, 64)
	rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// authenticate returns who sends the request, nil for nobody, or an error for
// credentials that are not (or no longer) valid. Like a kube-apiserver it
// refuses bad credentials even where anonymous requests are welcome.
func (c *credentials) authenticate(r *http.Request) (*user, error) {
	if r.TLS != nil && len(r.TLS.PeerCertificates) > 0 {
		leaf := r.TLS.PeerCertificates[0]
		_, err := leaf.Verify(x509.VerifyOptions{Roots: c.roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
		if err == nil {
			return &user{Name: leaf.Subject.CommonName, Groups: append(leaf.Subject.Organization, "system:authenticated")}, nil
		}
		if r.Header.Get("Authorization") == "" {
			return nil, errUnauthorized
		}
	}
	header := r.Header.Get("Authorization")
	if header == "" {
		return nil, nil
	}
	scheme, token, _ := strings.Cut(header, " ")
	token = strings.TrimSpace(token)
	if strings.EqualFold(scheme, "Bearer") {
		if same(token, c.AdminToken) {
			return &user{Name: "clusterAdmin", Groups: []string{"system:masters", "system:authenticated"}}, nil
		}
		if same(token, c.UserToken) {
			return &user{Name: "clusterUser", Groups: []string{"system:authenticated"}}, nil
		}
	}
	return nil, errUnauthorized
}

func same(a, b string) bool {
	return b != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}
