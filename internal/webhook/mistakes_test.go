package webhook_test

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/capaks/capaks/api/v1beta1"
)

// warned creates an object in a dry run and compares what is said about it; without texts nothing is.
func warned(t *testing.T, a *api, object client.Object, says ...string) {
	t.Helper()
	a.warnings.take()
	if err := a.Create(t.Context(), object, client.DryRunAll); err != nil {
		t.Fatal(err)
	}
	got := a.warnings.take()
	if len(says) == 0 && got != "" {
		t.Errorf("warnings %q, want none", got)
	}
	for _, text := range says {
		if !strings.Contains(got, text) {
			t.Errorf("the warnings lack %q: %s", text, got)
		}
	}
}

func TestDeletionProtectionIsTrueOrFalse(t *testing.T) {
	a := live(t)
	for _, value := range []string{"True", "yes", "1", ""} {
		cp := annotated(controlPlane(a.namespace, "c"), v1beta1.DeletionProtectionAnnotation, value)
		refused(t, a.Create(t.Context(), cp), "metadata.annotations[infrastructure.cluster.x-k8s.io/deletion-protection]", `"true", "false"`)
		pool := annotated(nodePool(a.namespace, "c", v1beta1.NodePoolModeUser), v1beta1.DeletionProtectionAnnotation, value)
		refused(t, a.Create(t.Context(), pool), "deletion-protection")
	}
	cp, pool := controlPlane(a.namespace, "c"), nodePool(a.namespace, "c", v1beta1.NodePoolModeUser)
	a.create(t, cp, pool)
	refused(t, change(t, a, cp, func(cp *v1beta1.AzureManagedControlPlane) { annotated(cp, v1beta1.DeletionProtectionAnnotation, "yes") }), `"yes"`)
	refused(t, change(t, a, pool, func(p *v1beta1.AzureManagedMachinePool) { annotated(p, v1beta1.DeletionProtectionAnnotation, "yes") }), `"yes"`)
	accepted(t, change(t, a, pool, func(p *v1beta1.AzureManagedMachinePool) { annotated(p, v1beta1.DeletionProtectionAnnotation, "true") }))
}

func TestPatchesAreComparedWithTheDescription(t *testing.T) {
	a := live(t)
	patched := func(preview *bool, patches ...string) client.Object {
		return controlPlane(a.namespace, "c", func(cp *v1beta1.AzureManagedControlPlane) {
			cp.Spec.ASOManagedClusterPatches, cp.Spec.EnablePreviewFeatures = patches, preview
		})
	}
	warned(t, a, patched(nil, `{"spec":{"supportPlan":"KubernetesOfficial"}}`, `{"spec":{"suportPlan":"KubernetesOfficial"}}`),
		"spec.asoManagedClusterPatches[1] comes to properties.suportPlan: not a property of this api-version", "2026-05-01")
	warned(t, a, patched(nil, `{"spec":{"supportPlan":"KubernetesOfficial","tags":{"a":"b"},"operatorSpec":{"x":1},"diskEncryptionSetReference":{"armId":"/d"}}}`))
	warned(t, a, patched(ptr(true), `{"spec":{"enableNamespaceResources":true}}`))
	pool := func(patch string) client.Object {
		return nodePool(a.namespace, "pool", v1beta1.NodePoolModeUser, func(p *v1beta1.AzureManagedMachinePool) {
			p.Spec.ASOManagedClustersAgentPoolPatches = []string{patch}
		})
	}
	warned(t, a, pool(`{"spec":{"osSku":"Ubuntu"}}`), "spec.asoManagedClustersAgentPoolPatches[0] comes to properties.osSku: not a property")
	warned(t, a, pool(`{"spec":{"osSKU":"Ubuntu"}}`))
}

func TestWhatWorksNowhereIsWarnedOf(t *testing.T) {
	a := live(t)
	price := func(text string) func(*v1beta1.AzureManagedMachinePool) {
		quantity := resource.MustParse(text)
		return func(p *v1beta1.AzureManagedMachinePool) { p.Spec.SpotMaxPrice = &quantity }
	}
	warned(t, a, nodePool(a.namespace, "pool", v1beta1.NodePoolModeUser, price("0.5")), "spec.spotMaxPrice 0.5 has no effect")
	warned(t, a, nodePool(a.namespace, "pool", v1beta1.NodePoolModeUser, price("-1")), "spec.spotMaxPrice -1 has no effect")
	interval := func(seconds int32) client.Object {
		return nodePool(a.namespace, "pool", v1beta1.NodePoolModeUser, func(p *v1beta1.AzureManagedMachinePool) {
			p.Spec.LinuxOSConfig = &v1beta1.LinuxOSConfig{Sysctls: &v1beta1.SysctlConfig{NetIPv4TCPkeepaliveIntvl: &seconds}}
		})
	}
	warned(t, a, interval(5), "netIpv4TCPkeepaliveIntvl 5 is less than the 10", "write 10 to 90")
	warned(t, a, interval(10))
	access := func(profile v1beta1.APIServerAccessProfile) client.Object {
		return controlPlane(a.namespace, "c", func(cp *v1beta1.AzureManagedControlPlane) { cp.Spec.APIServerAccessProfile = &profile })
	}
	warned(t, a, access(v1beta1.APIServerAccessProfile{EnablePrivateClusterPublicFQDN: ptr(true)}), "enablePrivateClusterPublicFQDN true has no effect")
	warned(t, a, access(v1beta1.APIServerAccessProfile{AuthorizedIPRanges: []string{"1.2.3.4/32", "0.0.0.0/0"}}), "[1.2.3.4/32, 0.0.0.0/0] keeps nobody out")
	network := func(vnet, subnet string) client.Object {
		return controlPlane(a.namespace, "c", func(cp *v1beta1.AzureManagedControlPlane) {
			cp.Spec.VirtualNetwork = &v1beta1.VirtualNetwork{CIDRBlock: vnet, Subnet: &v1beta1.Subnet{CIDRBlock: subnet}}
		})
	}
	warned(t, a, network("10.0.0.0/16", "10.0.0.0/8"), `subnet.cidrBlock "10.0.0.0/8" is larger`)
	warned(t, a, network("10.0.0.0/16", "10.0.0.0/16"))
}

// The schema names the field, what it is and what was given; Go's decoder, which comes first, would name structs.
func TestValuesOfTheWrongTypeAreNamedByTheSchema(t *testing.T) {
	a := live(t)
	for name, test := range map[string]struct {
		kind, field string
		value       any
		says        []string
	}{
		"number for text":   {"AzureManagedControlPlane", "location", int64(5), []string{"spec.location", "must be of type string", `"integer"`}},
		"text for a switch": {"AzureManagedControlPlane", "enablePreviewFeatures", "yes", []string{"spec.enablePreviewFeatures", "must be of type boolean", `"string"`}},
		"object for a list": {"AzureManagedControlPlane", "extensions", map[string]any{}, []string{"spec.extensions", "must be of type array", `"object"`}},
		"text for a number": {"AzureManagedMachinePool", "maxPods", "many", []string{"spec.maxPods", "must be of type integer", `"string"`}},
		"in a template":     {"AzureManagedMachinePoolTemplate", "template", map[string]any{"spec": map[string]any{"mode": "User", "sku": int64(5)}}, []string{"spec.template.spec.sku", "must be of type string"}},
		"in an identity":    {"AzureClusterIdentity", "tenantID", int64(5), []string{"spec.tenantID", "must be of type string"}},
	} {
		t.Run(name, func(t *testing.T) {
			object := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{test.field: test.value}}}
			object.SetGroupVersionKind(v1beta1.GroupVersion.WithKind(test.kind))
			object.SetNamespace(a.namespace)
			object.SetName("mistyped")
			err := a.Create(t.Context(), object)
			refused(t, err, test.says...)
			if err != nil && strings.Contains(err.Error(), "Go ") {
				t.Errorf("the refusal is about Go: %v", err)
			}
		})
	}
}

func TestTemplatesOfPoolsCarryTheirModeAsLabel(t *testing.T) {
	a := live(t)
	template := &v1beta1.AzureManagedMachinePoolTemplate{ObjectMeta: metav1.ObjectMeta{Namespace: a.namespace, Name: "t"}}
	template.Spec.Template.Spec.Mode, template.Spec.Template.Spec.SKU = v1beta1.NodePoolModeSystem, "Standard_D2s_v3"
	a.create(t, template)
	if got := template.Labels[v1beta1.AgentPoolModeLabel]; got != "System" {
		t.Errorf("the label is %q", got)
	}
}

// What the objects made from a template cannot change, it can, where manifests in use do.
func TestTemplatesChangeForClustersToCome(t *testing.T) {
	a := live(t)
	template := &v1beta1.AzureManagedControlPlaneTemplate{ObjectMeta: metav1.ObjectMeta{Namespace: a.namespace, Name: "t"}}
	spec := &template.Spec.Template.Spec
	spec.Location, spec.ResourceGroupName, spec.AzureEnvironment = "westeurope", "one", "AzurePublicCloud"
	spec.VirtualNetwork = &v1beta1.VirtualNetwork{Name: "one", ResourceGroup: "one"}
	spec.HTTPProxyConfig = &v1beta1.HTTPProxyConfig{HTTPProxy: ptr("http://one:3128/")}
	a.create(t, template)
	accepted(t, change(t, a, template, func(template *v1beta1.AzureManagedControlPlaneTemplate) {
		spec := &template.Spec.Template.Spec
		spec.ResourceGroupName, spec.AzureEnvironment, spec.HTTPProxyConfig = "two", "", nil
		spec.VirtualNetwork.Name, spec.VirtualNetwork.ResourceGroup = "two", "two"
	}))
	refused(t, change(t, a, template, func(template *v1beta1.AzureManagedControlPlaneTemplate) {
		template.Spec.Template.Spec.VirtualNetwork.Subnet.Name = "two"
		template.Spec.Template.Spec.NetworkPolicy = "calico"
	}), "spec.template.spec.networkPolicy")
}
