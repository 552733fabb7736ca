package arm

import (
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
)

// Pool keeps one Client per credential and cloud, all on one transport and one budget: clusters that share an identity share a client. It is
// safe for concurrent use.
type Pool struct {
	base Config
	max  int

	mu      sync.Mutex
	clients map[poolKey]*pooled
	clock   uint64
}

type poolKey struct {
	credential                    azcore.TokenCredential
	authority, endpoint, audience string
}

type pooled struct {
	client *Client
	used   uint64
}

// NewPool returns a pool whose clients share the Transport, UserAgent, Budget and Observe of base. It keeps max clients (default 256); the
// least recently used one goes first.
func NewPool(base Config, max int) *Pool {
	if base.Budget == nil {
		base.Budget = NewBudget(BudgetOptions{})
	}
	if max <= 0 {
		max = 256
	}
	return &Pool{base: base, max: max, clients: map[poolKey]*pooled{}}
}

// Client returns the client of the credential. The credential must be comparable, as those of identity.Cache (pointers) are.
func (p *Pool) Client(credential azcore.TokenCredential, in cloud.Configuration) (*Client, error) {
	service := in.Services[cloud.ResourceManager]
	k := poolKey{credential, in.ActiveDirectoryAuthorityHost, service.Endpoint, service.Audience}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clock++
	if c, found := p.clients[k]; found {
		c.used = p.clock
		return c.client, nil
	}
	config := p.base
	config.Credential, config.Cloud = credential, in
	client, err := New(config)
	if err != nil {
		return nil, err
	}
	if len(p.clients) >= p.max {
		p.evict()
	}
	p.clients[k] = &pooled{client, p.clock}
	return client, nil
}

func (p *Pool) evict() {
	var oldest poolKey
	age := p.clock + 1
	for k, c := range p.clients {
		if c.used < age {
			oldest, age = k, c.used
		}
	}
	delete(p.clients, oldest)
}
