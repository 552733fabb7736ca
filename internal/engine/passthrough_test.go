package engine_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/aks"
)

const previewVersion = aks.ContainerServicePreviewAPIVersion

func raw(apiVersion, body string) *v1beta1.Passthrough {
	p := &v1beta1.Passthrough{APIVersion: apiVersion}
	if body != "" {
		p.Body = &runtime.RawExtension{Raw: []byte(body)}
	}
	return p
}

func TestLifeOfARawProperty(t *testing.T) {
	r := running(t)
	cp := r.in.ControlPlane
	cp.Spec.Passthrough = raw(previewVersion, `{"properties":{"enableNamespaceResources":true}}`)
	r.in.SpecChanged = true
	before := len(r.azure.Requests())
	if line := lineOf(r.collect()...); line != `Update managedCluster my-cluster: with api-version 2026-05-02-preview: enableNamespaceResources (none) -> true` {
		t.Errorf("set: %s", line)
	}
	for _, request := range r.azure.Requests()[before:] {
		if strings.Contains(request.Path, "/managedClusters/my-cluster?") && request.APIVersion != previewVersion {
			t.Errorf("%s with api-version %s", request.Method, request.APIVersion)
		}
	}

	r.in.SpecChanged = false
	idle := len(r.azure.Requests())
	for range 3 {
		r.step()
	}
	if extra := r.requests(idle, false); len(extra) > 0 {
		t.Errorf("idle steps asked Azure: %v", extra)
	}
	r.notice() // the first listing after a write shows other eTags
	r.settle()
	idle = len(r.azure.Requests())
	r.notice()
	r.settle()
	if extra := r.requests(idle, false); len(extra) != 1 {
		t.Errorf("a listing without news cost %v, want the listing alone", extra)
	}

	r.editCluster(`{"properties":{"enableNamespaceResources":false}}`)
	r.notice()
	if line := lineOf(r.collect()...); !strings.HasSuffix(line, `enableNamespaceResources false -> true (drift)`) {
		t.Errorf("drift: %s", line)
	}

	cp.Spec.Passthrough.Body = &runtime.RawExtension{Raw: []byte(`{"properties":{"enableNamespaceResources":null}}`)}
	r.in.SpecChanged = true
	if line := lineOf(r.collect()...); !strings.HasSuffix(line, `enableNamespaceResources true -> (none)`) {
		t.Errorf("null: %s", line)
	}
	r.noClientErrors()
}

func TestRawPropertyOfAnotherVersionSurvivesTheOlderOne(t *testing.T) {
	r := running(t)
	cp := r.in.ControlPlane
	cp.Spec.Passthrough = raw(previewVersion, `{"properties":{"enableNamespaceResources":true}}`)
	r.settle()
	cp.Spec.Passthrough = nil
	cp.Spec.AdditionalTags = map[string]string{"team": "a"}
	r.in.SpecChanged = true
	var told []string
	for _, report := range r.collect() {
		for _, sent := range report.Sent {
			for _, change := range sent.Action.Changes {
				told = append(told, change.String())
			}
			if sent.Action.APIVersion == previewVersion {
				t.Errorf("%s still goes with the preview api-version", sent.Action.Line())
			}
		}
	}
	want := `enableNamespaceResources (released: no longer managed; this api-version does not show it, the value in Azure stays)`
	if !slices.Contains(told, want) {
		t.Errorf("told %q, want %q among it", told, want)
	}
	if got := at(r.clusterIn(previewVersion), "properties.enableNamespaceResources"); got != true {
		t.Errorf("the property is %v after a request with the older version, want it kept", got)
	}
	r.noClientErrors()
}

func TestReleaseWithoutARequestIsToldOnce(t *testing.T) {
	r := running(t)
	r.in.ControlPlane.Spec.Passthrough = raw("", `{"properties":{"networkProfile":{"advancedNetworking":{"enabled":false}}}}`)
	r.settle()
	r.in.ControlPlane.Spec.Passthrough = nil
	n := len(r.azure.Requests())
	var told []string
	owned := r.in.Owned
	for range 3 {
		r.in.Owned = owned // the annotation as a cache shows it that is behind
		for _, action := range r.step().Released {
			for _, change := range action.Changes {
				told = append(told, action.Kind+" "+change.String())
			}
		}
	}
	if want := "managedCluster networkProfile.advancedNetworking.enabled false (released: no longer managed, the value in Azure stays)"; len(told) != 1 || told[0] != want {
		t.Errorf("told %q, want once %q", told, want)
	}
	if sent := r.writes(n); len(sent) > 0 {
		t.Errorf("sent %v", sent)
	}
}

func TestRawPropertyOfAPoolAtCreation(t *testing.T) {
	r := newRig(t)
	r.in.Pools[1].Object.Spec.Passthrough = raw(previewVersion, `{"properties":{"nodeInitializationTaints":["a=b:NoSchedule"]}}`)
	r.settle()
	r.wantEvents("Create resourceGroup foo-bar", "Create virtualNetwork my-cluster", "Create managedCluster my-cluster", "Create agentPool pool1")
	response, err := r.client.Get(t.Context(), aks.AgentPoolID(aks.NamesOf(r.in).ClusterID, "pool1"), previewVersion)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := at(response.Body, "properties.nodeInitializationTaints").([]any); len(got) != 1 {
		t.Errorf("taints %v", got)
	}
	r.noClientErrors()
}

func TestPreviewFeaturesSelectTheVersionForClusterAndPools(t *testing.T) {
	r := newRig(t)
	r.in.ControlPlane.Spec.EnablePreviewFeatures = new(true)
	r.in.ControlPlane.Spec.Passthrough = raw("", `{"properties":{"enableNamespaceResources":true}}`)
	r.in.Pools[0].Object.Spec.Passthrough = raw("", `{"properties":{"nodeInitializationTaints":["a=b:NoSchedule"]}}`)
	r.settle()
	*r.in.Pools[1].Replicas = 3
	r.settle()
	for _, request := range r.azure.Requests() {
		if (request.Method == http.MethodPut || strings.Contains(request.Path, "/agentPools/pool1?")) && strings.Contains(request.Path, "/managedClusters/") && request.APIVersion != previewVersion {
			t.Errorf("%s %s with api-version %s", request.Method, request.Path, request.APIVersion)
		}
	}
	r.wantEvents("Create resourceGroup foo-bar", "Create virtualNetwork my-cluster", "Create managedCluster my-cluster", "Update agentPool pool1")
	r.noClientErrors()
}

func TestUnknownApiVersionIsToldWithTheWayOut(t *testing.T) {
	r := running(t)
	n := len(r.azure.Requests())
	r.in.ControlPlane.Spec.Passthrough = raw("2031-01-01", "")
	report := r.step()
	if report.Error == nil || !strings.Contains(report.Error.Message, "2031-01-01") || !strings.Contains(report.Error.Diagnosis.Hint, "spec.passthrough.apiVersion") {
		t.Fatalf("error %+v", report.Error)
	}
	r.step() // events of objects come in bunches
	if asked := r.requests(n, false); len(asked) != 1 {
		t.Errorf("asked %v, want one question", asked)
	}
	r.in.ControlPlane.Spec.Passthrough = nil
	r.in.ControlPlane.Generation++
	r.settle()
	if sent := r.writes(n); len(sent) > 0 {
		t.Errorf("sent %v", sent)
	}
}
