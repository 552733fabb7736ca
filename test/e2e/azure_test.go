package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

// The identities and subscriptions of the emulated world.
const (
	tenantA, tenantB       = sandboxtest.Tenant, "22222222-2222-2222-2222-222222222222"
	subscriptionA          = sandboxtest.Subscription
	subscriptionDocs       = "fae7cc14-bfba-4471-9435-f945b42a16dd" // tenant A's, too
	subscriptionB          = "22222222-0000-0000-0000-000000000000"
	clientA, clientB       = sandboxtest.Person, "bbbbbbbb-0000-4000-8000-000000000001"
	clientManaged          = "aaaaaaaa-0000-4000-8000-000000000002"
	clientNobody           = "aaaaaaaa-0000-4000-8000-000000000003"
	secretA, secretB       = sandboxtest.PersonSecret, "azuresim-secret-b"
	secretNobody           = "azuresim-secret-nobody"
	containerService       = "2026-05-01"
	resourcesVersion       = "2021-04-01"
	networkVersion         = "2021-02-01"
	managedClusterProvider = "/providers/Microsoft.ContainerService/managedClusters/"
)

// azure is the emulator as a person sees it.
type azure struct{ *sandboxtest.Azure }

type request = sandboxtest.Request

func about(part string) func(request) bool { return func(r request) bool { return r.About(part) } }
func byPrincipal(id string) func(request) bool {
	return func(r request) bool { return strings.EqualFold(r.Principal, id) }
}

// puts are the PUTs of exactly one resource.
func puts(id string) func(request) bool {
	return func(r request) bool { return r.Method == http.MethodPut && r.To(id) }
}

// running tells whether an operation works on a resource.
func (a azure) running(t *testing.T, id string) bool {
	t.Helper()
	for _, o := range a.State(t).Operations {
		if strings.EqualFold(o.Resource, id) && o.Status == "InProgress" {
			return true
		}
	}
	return false
}

// edit changes a resource as the portal or AKS itself would.
func (a azure) edit(t *testing.T, id string, merge map[string]any) {
	t.Helper()
	a.Control(t, http.MethodPost, "resource", map[string]any{"id": id, "merge": merge})
}

// fault spoils requests until it has hit as often as it says.
func (a azure) fault(t *testing.T, rule map[string]any) {
	t.Helper()
	a.Control(t, http.MethodPost, "faults", rule)
}

// world adds to the world.
func (a azure) world(t *testing.T, more map[string]any) {
	t.Helper()
	a.Control(t, http.MethodPut, "world", more)
}

// expectCleanLog fails for every request that is not as the official description says, and every write Azure refused.
func (a azure) expectCleanLog(t *testing.T, filters ...func(request) bool) {
	t.Helper()
	for _, r := range a.Requests(t, 0, filters...) {
		if len(r.SpecErrors) > 0 {
			t.Errorf("%s is not as described: %q", r, r.SpecErrors)
		}
		if (r.Write() || r.Method == http.MethodPost) && !r.Accepted() {
			t.Errorf("a write was refused: %s", r)
		}
	}
}
