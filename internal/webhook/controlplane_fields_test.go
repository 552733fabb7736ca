package webhook_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"

	"github.com/capaks/capaks/api/v1beta1"
)

func TestControlPlaneSKU(t *testing.T) {
	a := live(t)
	for name, c := range map[string]struct{ sku, want any }{
		"object": {map[string]any{"tier": "Paid"}, map[string]any{"tier": "Paid"}}, // what Git says and what is stored must not differ
		"string": {"Paid", "Paid"},
		"free":   {"Free", "Free"},
		"name":   {map[string]any{"tier": "Paid", "name": "Automatic"}, map[string]any{"tier": "Paid", "name": "Automatic"}},
	} {
		u := withSKU(a, name, c.sku)
		a.create(t, u)
		if got, _, _ := unstructured.NestedFieldNoCopy(u.Object, "spec", "sku"); cmp.Diff(c.want, got) != "" {
			t.Errorf("sku %v is stored as %v, want %v", c.sku, got, c.want)
		}
	}
}

func TestControlPlaneSKURefused(t *testing.T) {
	a := live(t)
	for name, c := range map[string]struct {
		sku  any
		want []string
	}{
		"number": {int64(5), []string{"spec.sku", "5", "Free, Standard or Premium"}},
		"empty":  {map[string]any{}, []string{"spec.sku", "{}", "Free, Standard or Premium"}},
		"gold":   {"Gold", []string{"spec.sku", "Gold", "Standard"}},
		"more":   {map[string]any{"tier": "Free", "size": "Large"}, []string{"spec.sku", "Large", "Standard"}},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, a.Create(t.Context(), withSKU(a, name, c.sku)), c.want...)
		})
	}
}

func withSKU(a *api, name string, sku any) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"location": "westeurope", "version": "v1.33.4", "sku": sku}}}
	u.SetGroupVersionKind(v1beta1.GroupVersion.WithKind("AzureManagedControlPlane"))
	u.SetNamespace(a.namespace)
	u.SetName(name)
	return u
}

// What a fleet and a plan are called follows from names, and stays.
func TestControlPlaneFleetAndPlan(t *testing.T) {
	a := live(t)
	cp := controlPlane(a.namespace, "member", func(cp *v1beta1.AzureManagedControlPlane) {
		cp.Labels = map[string]string{clusterv1.ClusterNameLabel: "my-cluster"}
		cp.Spec.FleetsMember = &v1beta1.FleetsMember{FleetsMemberClass: v1beta1.FleetsMemberClass{ManagerName: "fleet", ManagerResourceGroup: "fleets"}}
		cp.Spec.Extensions = []v1beta1.Extension{{Name: "shop", ExtensionType: "contoso.shop", Plan: &v1beta1.ExtensionPlan{Product: "shop", Publisher: "contoso"}}}
	})
	a.create(t, cp)
	if got := *cp.Spec.FleetsMember; got.Name != "my-cluster" || got.Group != "default" {
		t.Errorf("member %+v", got)
	}
	if got := cp.Spec.Extensions[0]; got.Plan.Name != "" || got.AutoUpgradeMinorVersion != nil {
		t.Errorf("filled into a list, where every comparison with the manifest shows it: %+v", got)
	}
	accepted(t, change(t, a, cp, func(cp *v1beta1.AzureManagedControlPlane) {
		cp.Spec.FleetsMember.Name, cp.Spec.FleetsMember.ManagerName = "", "other"
	}))
	if got := *cp.Spec.FleetsMember; got.Name != "my-cluster" || got.ManagerName != "other" {
		t.Errorf("member %+v", got)
	}
}

// Each field is well by itself; AKS refuses them together, or in words no schema has.
func TestControlPlaneWhatAKSRefuses(t *testing.T) {
	a := live(t)
	for name, c := range map[string]struct {
		change func(*v1beta1.AzureManagedControlPlane)
		want   []string
	}{
		"tag": {func(cp *v1beta1.AzureManagedControlPlane) {
			cp.Spec.AdditionalTags = map[string]string{"team": "a", "example.com/owner": "b"}
		}, []string{"spec.additionalTags", "example.com/owner", "has the character /"}},
		"ports": {func(cp *v1beta1.AzureManagedControlPlane) {
			cp.Spec.LoadBalancerProfile = &v1beta1.LoadBalancerProfile{AllocatedOutboundPorts: ptr(int32(100))}
		}, []string{"spec.loadBalancerProfile.allocatedOutboundPorts", "write 96 or 104"}},
		"costs": {func(cp *v1beta1.AzureManagedControlPlane) {
			cp.Spec.MetricsProfile = &v1beta1.MetricsProfile{CostAnalysis: &v1beta1.Switch{Enabled: true}}
		}, []string{"spec.metricsProfile.costAnalysis.enabled", "set sku to Standard"}},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, a.Create(t.Context(), controlPlane(a.namespace, "refused-"+name, c.change)), c.want...)
		})
	}
	a.create(t, controlPlane(a.namespace, "taken", func(cp *v1beta1.AzureManagedControlPlane) {
		cp.Spec.SKU = &v1beta1.SKU{Tier: v1beta1.TierStandard}
		cp.Spec.MetricsProfile = &v1beta1.MetricsProfile{CostAnalysis: &v1beta1.Switch{Enabled: true}}
		cp.Spec.LoadBalancerProfile = &v1beta1.LoadBalancerProfile{AllocatedOutboundPorts: ptr(int32(1024))}
	}))
}
