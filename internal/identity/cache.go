package identity

import (
	"container/list"
	"crypto/sha256"
	"fmt"
	"os"
	"reflect"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// Options configures a Cache; the zero value is right for a manager.
type Options struct {
	// Max bounds the number of credentials kept; the least recently used one goes first. Default 256.
	Max int
	// Getenv reads the manager's environment. Default os.Getenv.
	Getenv func(string) string
}

// Cache hands out one credential per distinct Spec, cloud and transport, so that a fleet that shares an identity shares its token. A rotated
// secret or file is another Spec, hence a new credential: files are read at every call. It is safe for concurrent use.
type Cache struct {
	max    int
	getenv func(string) string

	mu      sync.Mutex
	order   *list.List // of *entry, most recently used first
	entries map[key]*list.Element
}

type entry struct {
	key        key
	credential *Credential
}

// key holds every input of a credential. Leaving one out would let two identities share a token. Secrets are held as hashes.
type key struct {
	kind, tenant, client, certificatePath, tokenFile, resource, host string
	secret, certificate, password                                    [sha256.Size]byte
	authority, endpoint, audience                                    string
	transport                                                        policy.Transporter
}

// NewCache returns an empty cache.
func NewCache(o Options) *Cache {
	if o.Max <= 0 {
		o.Max = 256
	}
	if o.Getenv == nil {
		o.Getenv = os.Getenv
	}
	return &Cache{max: o.Max, getenv: o.Getenv, order: list.New(), entries: map[key]*list.Element{}}
}

// Credential returns the credential of the spec in the cloud. Problems of the spec are a *FieldError. A nil transport means azcore's own; pass
// the process's shared one.
func (c *Cache) Credential(spec Spec, in cloud.Configuration, transport policy.Transporter) (*Credential, error) {
	spec, err := c.resolve(spec)
	if err != nil {
		return nil, err
	}
	if in.ActiveDirectoryAuthorityHost == "" && len(in.Services) == 0 {
		in = cloud.AzurePublic
	}
	if transport != nil && !reflect.TypeOf(transport).Comparable() {
		return nil, fmt.Errorf("identity: transport %T cannot be compared: pass a pointer such as *http.Client", transport)
	}
	k := keyOf(spec, in, transport)
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, found := c.entries[k]; found {
		c.order.MoveToFront(e)
		return e.Value.(*entry).credential, nil
	}
	// Building is local (no request), so the lock may be held.
	credential, err := newCredential(spec, in, transport)
	if err != nil {
		return nil, err
	}
	c.entries[k] = c.order.PushFront(&entry{k, credential})
	for c.order.Len() > c.max {
		oldest := c.order.Back()
		delete(c.entries, oldest.Value.(*entry).key)
		c.order.Remove(oldest)
	}
	return credential, nil
}

// Len is the number of credentials held.
func (c *Cache) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.order.Len()
}

func keyOf(s Spec, in cloud.Configuration, transport policy.Transporter) key {
	arm := in.Services[cloud.ResourceManager]
	return key{
		kind: s.Type, tenant: s.TenantID, client: s.ClientID, certificatePath: s.CertificatePath, tokenFile: s.TokenFile, resource: s.ResourceID, host: s.authority,
		secret: sha256.Sum256([]byte(s.ClientSecret)), certificate: sha256.Sum256(s.Certificate), password: sha256.Sum256([]byte(s.CertificatePassword)),
		authority: in.ActiveDirectoryAuthorityHost, endpoint: arm.Endpoint, audience: arm.Audience, transport: transport,
	}
}
