package controller

import (
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/capaks/capaks/internal/arm"
	"github.com/capaks/capaks/internal/identity"
)

// Azure is how the manager reaches Azure; one for the whole process.
type Azure struct {
	// Endpoints are those of a cloud of its own (AZURE_RESOURCE_MANAGER_ENDPOINT, ...); zero for the known clouds.
	Endpoints  arm.CloudEnv
	Identities *identity.Cache
	Transport  policy.Transporter
	Budget     *arm.Budget
	UserAgent  string
	Observe    func(arm.Call)
	// DefaultSubscription applies to control planes that name none.
	DefaultSubscription string

	mu      sync.Mutex
	clients map[azcore.TokenCredential]*arm.Client
}

// client is the one ARM client of a credential: clusters that share an identity share its listing.
func (a *Azure) client(credential azcore.TokenCredential, in cloud.Configuration) (*arm.Client, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if client, ok := a.clients[credential]; ok {
		return client, nil
	}
	client, err := arm.New(arm.Config{Cloud: in, Credential: credential, Transport: a.Transport,
		UserAgent: a.UserAgent, Budget: a.Budget, Observe: a.Observe})
	if err != nil {
		return nil, err
	}
	if a.clients == nil {
		a.clients = map[azcore.TokenCredential]*arm.Client{}
	}
	a.clients[credential] = client
	return client, nil
}
