package crd_test

import (
	"context"
	"testing"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/yaml"
)

// legacy is an object as the earlier provider could store it, with values that are refused today.
const legacy = `
apiVersion: legacy.example.com/v1beta1
kind: AzureManagedControlPlane
metadata:
  name: my-windows-cluster
  namespace: default
  finalizers: [azuremanagedcontrolplane.infrastructure.cluster.x-k8s.io]
spec:
  location: westeurope
  version: v1.28.5
  sku: {tier: Paid}
  dnsServiceIP: not-an-address
  identityRef: {kind: Identity, name: creds}
  loadBalancerProfile: {managedOutboundIPs: 200, outboundIPs: [/a]}
  autoscalerProfile: {scanInterval: "10"}
  aadProfile: {managed: true, adminGroupObjectIDs: []}
  addonProfiles: [{name: azurepolicy, enabled: true}]
status:
  ready: true
  longRunningOperationStates: [{type: PUT}]
  conditions:
  - {type: Ready, status: "True", lastTransitionTime: "2024-01-01T00:00:00Z"}
  - {type: VNetReady, status: "False", severity: Error, reason: "1 problem", message: m, lastTransitionTime: "2024-01-01T00:00:00Z"}
`

// What is stored can be worked with under the new rules: labelled, reported on, changed elsewhere, and deleted.
func TestStoredObjectsOfTheEarlierProvider(t *testing.T) {
	ctx := needServer(t)
	crds, err := client.New(server, client.Options{Scheme: crdScheme(t)})
	if err != nil {
		t.Fatal(err)
	}
	strict := controlPlaneCRD(t)
	lax := strict.DeepCopy()
	for i := range lax.Spec.Versions {
		yes := true
		lax.Spec.Versions[i].Schema.OpenAPIV3Schema = &apiextensionsv1.JSONSchemaProps{Type: "object", XPreserveUnknownFields: &yes}
	}
	if _, err := envtest.InstallCRDs(server, envtest.CRDInstallOptions{CRDs: []*apiextensionsv1.CustomResourceDefinition{lax}}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := crds.Delete(context.WithoutCancel(ctx), lax); err != nil {
			t.Error(err)
		}
	})

	object := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(legacy), &object.Object); err != nil {
		t.Fatal(err)
	}
	status := object.Object["status"]
	if err := api.Create(ctx, object); err != nil {
		t.Fatal(err)
	}
	object.Object["status"] = status
	if err := api.Status().Update(ctx, object); err != nil {
		t.Fatal(err)
	}

	before := lax.DeepCopy()
	lax.Spec = strict.Spec
	if err := crds.Patch(ctx, lax, client.MergeFrom(before)); err != nil {
		t.Fatal(err)
	}
	waitForRules(ctx, t)

	step := func(what string, send func() error) {
		t.Helper()
		if err := api.Get(ctx, client.ObjectKeyFromObject(object), object); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if err := send(); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	step("label", func() error {
		object.SetLabels(map[string]string{"a": "b"})
		return api.Update(ctx, object)
	})
	step("status", func() error {
		if err := unstructured.SetNestedField(object.Object, "Succeeded", "status", "provisioningState"); err != nil {
			return err
		}
		return api.Status().Update(ctx, object)
	})
	step("another field", func() error {
		if err := unstructured.SetNestedField(object.Object, "b", "spec", "additionalTags", "a"); err != nil {
			return err
		}
		return api.Update(ctx, object)
	})
	step("delete", func() error { return api.Delete(ctx, object) })
	step("finalizer", func() error {
		object.SetFinalizers(nil)
		return api.Update(ctx, object)
	})
}

// controlPlaneCRD is the CRD under another group, so that it does not disturb other tests.
func controlPlaneCRD(t *testing.T) *apiextensionsv1.CustomResourceDefinition {
	t.Helper()
	all, err := definitions()
	if err != nil {
		t.Fatal(err)
	}
	for _, crd := range all {
		if crd.Spec.Names.Kind == "AzureManagedControlPlane" {
			crd.Spec.Group = "legacy.example.com"
			crd.Name = crd.Spec.Names.Plural + "." + crd.Spec.Group
			return crd
		}
	}
	t.Fatal("no CRD of AzureManagedControlPlane")
	return nil
}

func crdScheme(t *testing.T) *runtime.Scheme {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := apiextensionsv1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	return scheme
}

// waitForRules returns when the API server refuses what it had accepted.
func waitForRules(ctx context.Context, t *testing.T) {
	t.Helper()
	err := wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, 30*time.Second, true, func(ctx context.Context) (bool, error) {
		bad := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(legacy), &bad.Object); err != nil {
			return false, err
		}
		bad.SetName("probe")
		return api.Create(ctx, bad, client.DryRunAll) != nil, nil
	})
	if err != nil {
		t.Fatalf("the rules do not come into force: %v", err)
	}
}
