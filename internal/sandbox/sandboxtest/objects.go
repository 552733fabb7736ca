package sandboxtest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"maps"
	"math/big"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"
)

// Documents are objects as a manifest.
func Documents(objects ...Object) string {
	var out strings.Builder
	for _, o := range objects {
		raw, err := yaml.Marshal(o)
		if err != nil {
			panic(fmt.Sprintf("a manifest of a test: %v", err))
		}
		fmt.Fprintf(&out, "---\n%s", raw)
	}
	return out.String()
}

// Merged is a JSON merge patch.
func Merged(into, patch Object) Object {
	out := maps.Clone(into)
	for key, value := range patch {
		below, isMap := value.(Object)
		switch {
		case value == nil:
			delete(out, key)
		case isMap:
			have, _ := out[key].(Object)
			if have == nil {
				have = Object{}
			}
			out[key] = Merged(have, below)
		default:
			out[key] = value
		}
	}
	return out
}

// NewCertificate is a certificate that signs itself and is valid for a while, and its key, as PEM.
func NewCertificate(t testing.TB, life time.Duration) (certificate, private string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "capaks"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(life)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}))
}
