package azuresim

import (
	"strings"

	"github.com/capaks/capaks/azuresim/clock"
	"github.com/capaks/capaks/azuresim/workload"
	"github.com/capaks/capaks/azuresim/world"
)

// Audience is what tokens for ARM are issued for.
const Audience = "https://management.azure.com/"

const identityHeader = "azuresim-identity"

// URL is both the ARM endpoint and the authority host, without a trailing slash.
func (s *Server) URL() string { return s.url }

// CAFile is the PEM file of the CA clients have to trust; CAPEM its content.
func (s *Server) CAFile() string { return s.pki.caFile }

// CAPEM is the CA certificate.
func (s *Server) CAPEM() []byte { return s.pki.caPEM }

// Clock is the emulated time.
func (s *Server) Clock() *clock.Clock { return s.clock }

// World is the current world: tenants, principals, subscriptions.
func (s *Server) World() *world.World { return s.world.Get() }

// AddWorld merges tenants, principals, versions and so on into the world, as PUT /_azuresim/world does.
func (s *Server) AddWorld(w world.World) { s.world.Merge(w) }

// AddFaults adds rules, as POST /_azuresim/faults does; ClearFaults removes all.
func (s *Server) AddFaults(f ...Fault) error { return s.faults.Add(f...) }

// ClearFaults removes all fault rules.
func (s *Server) ClearFaults() { s.faults.Clear() }

// Workload gives tests access to the workload APIs.
func (s *Server) Workload() *workload.Manager { return s.workload }

// Requests is the log of ARM requests since the start or the last reset.
func (s *Server) Requests() []Request { return s.requests.Since(0, 0) }

// Reset forgets all resources, operations, requests, faults and additions to the world.
func (s *Server) Reset() {
	_ = s.fabric.Do(func() error { s.fabric.Reset(); return nil })
	s.faults.Clear()
	s.requests.Clear()
	start := s.start
	s.world.Set(&start)
	_ = s.persistWorld()
	_ = s.fabric.Do(func() error { s.throttle.Reset(); return nil })
}

// Env holds the environment of a client: the fixed names Azure's SDKs read, for the first principal with a secret.
func (s *Server) Env() map[string]string {
	env := map[string]string{
		"AZURE_AUTHORITY_HOST":            s.url + "/",
		"AZURE_RESOURCE_MANAGER_ENDPOINT": s.url,
		"AZURE_RESOURCE_MANAGER_AUDIENCE": Audience,
		// The CA, under the names that Go and OpenSSL, Node and Python's requests read.
		"SSL_CERT_FILE":       s.CAFile(),
		"NODE_EXTRA_CA_CERTS": s.CAFile(),
		"REQUESTS_CA_BUNDLE":  s.CAFile(),
		"IDENTITY_ENDPOINT":   s.identityURL + "/msi/token",
		"IDENTITY_HEADER":     identityHeader,
		// What SDKs that let the address of the instance metadata service be set read.
		"AZURE_POD_IDENTITY_AUTHORITY_HOST": s.identityURL,
	}
	w := s.world.Get()
	for _, p := range w.Principals {
		if p.Secret == "" {
			continue
		}
		env["AZURE_TENANT_ID"], env["AZURE_CLIENT_ID"], env["AZURE_CLIENT_SECRET"] = p.TenantID, p.ClientID, p.Secret
		for _, sub := range w.Subscriptions {
			if strings.EqualFold(sub.TenantID, p.TenantID) {
				env["AZURE_SUBSCRIPTION_ID"] = sub.ID
				break
			}
		}
		break
	}
	return env
}
