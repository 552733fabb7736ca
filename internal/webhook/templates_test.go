package webhook_test

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/capaks/capaks/api/v1beta1"
)

func TestTemplates(t *testing.T) {
	a := live(t)
	cp := &v1beta1.AzureManagedControlPlaneTemplate{ObjectMeta: metav1.ObjectMeta{Namespace: a.namespace, Name: "t"}}
	cp.Spec.Template.Spec.Location, cp.Spec.Template.Spec.Version = "westeurope", "1.33.4"
	cp.Spec.Template.Spec.SKU = &v1beta1.SKU{Tier: v1beta1.TierPaid}
	cp.Spec.Template.Spec.LoadBalancerSKU = "Basic"
	a.create(t, cp)
	if got := a.warnings.take(); !strings.Contains(got, "spec.template.spec.loadBalancerSKU") {
		t.Errorf("warnings: %q", got)
	}
	if spec := cp.Spec.Template.Spec; spec.Version != "v1.33.4" || spec.SKU.Tier != v1beta1.TierPaid || spec.VirtualNetwork != nil {
		t.Errorf("defaulted to %+v", spec)
	}
	move := func(cp *v1beta1.AzureManagedControlPlaneTemplate) { cp.Spec.Template.Spec.Location = "northeurope" }
	refused(t, change(t, a, cp, move), "spec.template.spec.location", "westeurope", "northeurope", "new template")
	accepted(t, change(t, a, cp, func(cp *v1beta1.AzureManagedControlPlaneTemplate) {
		cp.Labels = map[string]string{"a": "b"}
		cp.Spec.Template.Spec.AdditionalTags = map[string]string{"a": "b"}
	}))

	p := &v1beta1.AzureManagedMachinePoolTemplate{ObjectMeta: metav1.ObjectMeta{Namespace: a.namespace, Name: "t"}}
	p.Spec.Template.Spec.Mode, p.Spec.Template.Spec.SKU, p.Spec.Template.Spec.Name = v1beta1.NodePoolModeUser, "Standard_D2s_v3", "one"
	a.create(t, p)
	if got := a.warnings.take(); !strings.Contains(got, "spec.template.spec.name") {
		t.Errorf("warnings: %q", got)
	}
	larger := func(p *v1beta1.AzureManagedMachinePoolTemplate) { p.Spec.Template.Spec.SKU = "Standard_D8s_v3" }
	refused(t, change(t, a, p, larger), "spec.template.spec.sku", "Standard_D2s_v3", "Standard_D8s_v3", "new template")

	// Cluster API's topology controller may try.
	a.read(t, p)
	larger(p)
	refused(t, a.Update(t.Context(), p.DeepCopy(), client.DryRunAll), "spec.template.spec.sku")
	p.Annotations = map[string]string{clusterv1.TopologyDryRunAnnotation: ""}
	accepted(t, a.Update(t.Context(), p.DeepCopy(), client.DryRunAll))
	refused(t, a.Update(t.Context(), p), "spec.template.spec.sku")

	// Pools that are replaced instead of refusing a change follow their template.
	a.read(t, p)
	accepted(t, change(t, a, p, func(p *v1beta1.AzureManagedMachinePoolTemplate) {
		larger(p)
		p.Spec.Template.Spec.Replacement = &v1beta1.NodePoolReplacement{Strategy: v1beta1.ReplacementRotate}
	}))
	refused(t, change(t, a, p, func(p *v1beta1.AzureManagedMachinePoolTemplate) { p.Spec.Template.Spec.OSType = "Windows" }), "spec.template.spec.osType")
}
