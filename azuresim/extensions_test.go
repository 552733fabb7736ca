package azuresim_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/capaks/capaks/azuresim"
	"github.com/capaks/capaks/azuresim/world"
)

const (
	kcVersion = "2024-11-01"
	extension = cluster + "/providers/Microsoft.KubernetesConfiguration/extensions/flux"
	fluxConf  = cluster + "/providers/Microsoft.KubernetesConfiguration/fluxConfigurations/apps"
)

// A cluster extension lives through Creating, Updating and Deleting, shows no secret and goes with its cluster.
func TestClusterExtension(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.cluster()
	body := `{"identity":{"type":"SystemAssigned"},"properties":{"extensionType":"microsoft.flux","configurationProtectedSettings":{"token":"secret"}}}`
	a := m.do(http.StatusCreated, http.MethodPut, extension, kcVersion, body)
	m.wantEqual(a, "properties.provisioningState", "Creating")
	m.wantEqual(a, "properties.configurationProtectedSettings.token", "")
	if strings.Contains(string(a.Raw), "secret") {
		t.Errorf("a protected setting is shown: %s", a.Raw)
	}
	poll := a.Header.Get("Azure-AsyncOperation")
	if !strings.Contains(poll, "/ManagedClusters/c1/providers/Microsoft.KubernetesConfiguration/extensions/flux/operations/") || a.Header.Get("x-ms-operation-identifier") == "" {
		t.Errorf("headers %v", a.Header)
	}
	m.wantEqual(m.do(http.StatusOK, http.MethodGet, poll, "", ""), "status", "Creating")
	m.refused(http.StatusConflict, "Conflict", "in progress", http.MethodPut, extension, kcVersion, body)
	m.clock.Advance(time.Minute)
	m.wantEqual(m.do(http.StatusOK, http.MethodGet, poll, "", ""), "status", "Succeeded")
	a = m.do(http.StatusOK, http.MethodGet, extension, kcVersion, "")
	m.wantEqual(a, "properties.currentVersion", "1.15.1")
	m.wantEqual(a, "properties.scope.cluster.releaseNamespace", "flux-system")
	if a.get("identity") != nil || a.get("properties.aksAssignedIdentity.principalId") == nil {
		t.Errorf("the identity is not the one AKS assigned: %s", a.Raw)
	}
	m.wantEqual(m.do(http.StatusOK, http.MethodGet, extension, "2022-03-01", ""), "properties.installedVersion", "1.15.1")

	a = m.do(http.StatusOK, http.MethodPatch, extension, kcVersion, `{"properties":{"configurationSettings":{"a":"b"}}}`)
	m.wantEqual(a, "properties.provisioningState", "Updating")
	m.clock.Advance(time.Minute)
	m.refused(http.StatusBadRequest, "BadRequest", "extensionType", http.MethodPut, extension, kcVersion, `{"properties":{"extensionType":"microsoft.dapr"}}`)
	if list, _ := m.do(http.StatusOK, http.MethodGet, strings.TrimSuffix(extension, "/flux"), kcVersion, "").get("value").([]any); len(list) != 1 {
		t.Errorf("%d extensions", len(list))
	}
	a = m.do(http.StatusAccepted, http.MethodDelete, extension, kcVersion, "")
	m.wantEqual(m.do(http.StatusOK, http.MethodGet, a.Header.Get("Azure-AsyncOperation"), "", ""), "status", "Deleting")
	m.clock.Advance(time.Minute)
	a = m.refused(http.StatusNotFound, "ResourceNotFound", "Extension instance with name 'flux' not found.", http.MethodGet, extension, kcVersion, "")
	if info, ok := a.get("error.additionalInfo").([]any); !ok || len(info) != 0 {
		t.Errorf("no additionalInfo: %s", a.Raw)
	}
	m.do(http.StatusNoContent, http.MethodDelete, extension, kcVersion, "")
	m.refused(http.StatusNotFound, "ParentResourceNotFound", "managedClusters/none", http.MethodPut, strings.Replace(extension, "/c1/", "/none/", 1), kcVersion, body)
}

// A Flux configuration fills in Azure's defaults and reports what Flux found in the repository.
func TestFluxConfiguration(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.s.AddWorld(world.World{Repositories: []world.Repository{{URL: "https://git.example.com/broken", Commit: strings.Repeat("ab", 20), Failure: "no such kind"}}})
	m.cluster()
	put := func(url string) answer {
		t.Helper()
		a := m.do(http.StatusCreated, http.MethodPut, fluxConf, kcVersion, `{"properties":{"gitRepository":{"url":"`+url+`","repositoryRef":{"branch":"main"}},"kustomizations":{"k1":{}}}}`)
		m.wantEqual(a, "properties.complianceState", nil)
		m.wantEqual(a, "properties.kustomizations.k1.syncIntervalInSeconds", float64(600))
		m.wantEqual(a, "properties.gitRepository.provider", "generic")
		m.clock.Advance(time.Minute)
		a = m.do(http.StatusOK, http.MethodGet, fluxConf, kcVersion, "")
		m.do(http.StatusAccepted, http.MethodDelete, fluxConf, kcVersion, "")
		m.clock.Advance(time.Minute)
		return a
	}
	m.wantEqual(put("https://git.example.com/apps"), "properties.complianceState", "Compliant")
	a := put("https://git.example.com/broken")
	m.wantEqual(a, "properties.complianceState", "Non-Compliant")
	m.wantEqual(a, "properties.sourceSyncedCommitId", "main@sha1:"+strings.Repeat("ab", 20))
	if !strings.Contains(string(a.Raw), "no such kind") {
		t.Errorf("Flux's complaint is missing: %s", a.Raw)
	}
	m.refused(http.StatusBadRequest, "BadRequest", "gitRepository", http.MethodPut, fluxConf, kcVersion, `{"properties":{"sourceKind":"GitRepository"}}`)
}
