package scenarios

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

const subscription = "/subscriptions/" + sandboxtest.Subscription

type request = sandboxtest.Request

// apiVersions are those with which the scenarios look at a type of resource.
var apiVersions = map[string]string{
	"microsoft.containerservice/managedclusters":       "2026-05-01",
	"microsoft.containerservice/fleets":                "2024-04-01",
	"microsoft.kubernetesconfiguration/extensions":     "2023-05-01",
	"microsoft.network/privateendpoints":               "2024-05-01",
	"microsoft.network/virtualnetworks":                "2021-02-01",
	"microsoft.resources/resourcegroups":               "2021-04-01",
	"microsoft.managedidentity/userassignedidentities": "2023-01-31",
}

// put makes a resource, as somebody else than the manager.
func put(t *testing.T, a *sandboxtest.Azure, r resource) {
	t.Helper()
	a.ARM(t, http.MethodPut, r.ID, r.APIVersion, r.Body)
	until(t, limit, nil, func() string {
		if state, _ := lookup(a.Get(t, r.ID, r.APIVersion), "properties", "provisioningState"); state != nil && state != "Succeeded" {
			return fmt.Sprintf("%s is %v", r.ID, state)
		}
		return ""
	})
}

// versionFor is the api-version of an id's innermost provider.
func versionFor(id string) string {
	lower := strings.ToLower(id)
	at := strings.LastIndex(lower, "/providers/")
	if at < 0 {
		return apiVersions["microsoft.resources/resourcegroups"]
	}
	parts := strings.Split(lower[at+len("/providers/"):], "/")
	return apiVersions[parts[0]+"/"+parts[1]]
}
