package webhook_test

import (
	"encoding/json"
	"testing"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/capaks/capaks/api/v1beta1"
)

// Manifests that leave out all that is filled in, a case for each block that has such fields.
var minimal = map[string]string{
	"nothing":          `{}`,
	"network":          `{virtualNetwork: {}}`,
	"subnet":           `{virtualNetwork: {subnet: {serviceEndpoints: [{service: Microsoft.Storage, locations: ["*"]}]}}}`,
	"private endpoint": `{virtualNetwork: {subnet: {privateEndpoints: [{name: e, privateLinkServiceConnections: [{name: c, privateLinkServiceID: /subscriptions/s/resourceGroups/r/providers/a/b/c}]}]}}}`,
	"overlay":          `{networkPluginMode: overlay}`,
	"fleet":            `{fleetsMember: {managerName: m, managerResourceGroup: r}}`,
	"extension":        `{extensions: [{name: e, extensionType: t}]}`,
	"plan":             `{extensions: [{name: e, extensionType: t, plan: {product: pr, publisher: pu}}]}`,
	"two plans":        `{extensions: [{name: e, extensionType: t, plan: {product: pr, publisher: pu}}, {name: f, extensionType: t, plan: {name: mine, product: pr, publisher: pu}}]}`,
	"identity":         `{identityRef: {kind: AzureClusterIdentity, name: i}}`,
	"managed identity": `{identity: {}}`,
	"issuer":           `{oidcIssuerProfile: {}}`,
	"autoscaler":       `{autoscalerProfile: {}}`,
	"sku":              `{sku: {tier: Paid}}`,
	"key vault":        `{identity: {type: UserAssigned, userAssignedIdentityResourceID: /i}, securityProfile: {azureKeyVaultKms: {enabled: true, keyID: k}}}`,
	"private DNS name": `{fqdnSubdomain: f, apiServerAccessProfile: {enablePrivateCluster: true, privateDNSZone: /privateDnsZones/privatelink.southcentralus.azmk8s.io}}`,
}

// A manifest is applied twice: the second time with one more tag, after the cluster exists. kubectl apply sends lists as a whole,
// kubectl replace sends everything.
func TestManifestsAreAppliedAgain(t *testing.T) {
	for name, text := range minimal {
		t.Run(name, func(t *testing.T) {
			a := live(t)
			manifest := map[string]any{}
			if err := yaml.Unmarshal([]byte(text), &manifest); err != nil {
				t.Fatal(err)
			}
			a.create(t, cluster(a.namespace, "c1"))
			cp := applied(t, a, manifest, true)
			cp.Status.ResourceID = "/subscriptions/s/resourceGroups/r/providers/Microsoft.ContainerService/managedClusters/c1"
			if err := a.Status().Update(t.Context(), cp); err != nil {
				t.Fatal(err)
			}
			before := cp.Spec.DeepCopy()
			manifest["additionalTags"] = map[string]any{"a": "b"}
			cp = applied(t, a, manifest, false)
			if cp.Spec.AdditionalTags["a"] != "b" {
				t.Error("the change is lost")
			}
			replaced := controlPlane(a.namespace, "c1")
			fill(t, manifest, &replaced.Spec)
			replaced.ResourceVersion = cp.ResourceVersion
			accepted(t, a.Update(t.Context(), replaced))
			replaced.Spec.AdditionalTags = nil
			if !apiequality.Semantic.DeepEqual(before, &replaced.Spec) {
				t.Errorf("the spec is now\n%+v, want\n%+v", &replaced.Spec, before)
			}
		})
	}
}

func fill(t *testing.T, manifest map[string]any, spec *v1beta1.AzureManagedControlPlaneSpec) {
	t.Helper()
	raw, err := json.Marshal(manifest)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, spec); err != nil {
		t.Fatal(err)
	}
}

// applied creates the object, or sends the manifest as a merge patch.
func applied(t *testing.T, a *api, manifest map[string]any, create bool) *v1beta1.AzureManagedControlPlane {
	t.Helper()
	cp := controlPlane(a.namespace, "c1")
	if create {
		fill(t, manifest, &cp.Spec)
		a.create(t, cp)
		return cp
	}
	raw, err := json.Marshal(map[string]any{"spec": manifest})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Patch(t.Context(), cp, client.RawPatch(types.MergePatchType, raw)); err != nil {
		t.Fatal(err)
	}
	return cp
}

func TestPlansOfNewExtensionsOfClustersThatExist(t *testing.T) {
	a := live(t)
	a.create(t, cluster(a.namespace, "c1"))
	cp := applied(t, a, nil, true)
	cp.Status.ResourceID = "/subscriptions/s/resourceGroups/r/providers/Microsoft.ContainerService/managedClusters/c1"
	if err := a.Status().Update(t.Context(), cp); err != nil {
		t.Fatal(err)
	}
	manifest := map[string]any{}
	if err := yaml.Unmarshal([]byte(minimal["plan"]), &manifest); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the same manifest again must change nothing
		if plan := applied(t, a, manifest, false).Spec.Extensions[0].Plan; plan.Name != "" || plan.Product != "pr" {
			t.Errorf("the plan is %+v", plan)
		}
	}
}
