package controller

import (
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
	// Clients keeps one client per credential: clusters that share an identity share its listing and its budget.
	Clients *arm.Pool
	// DefaultSubscription applies to control planes that name none.
	DefaultSubscription string
}
