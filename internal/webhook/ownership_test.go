package webhook_test

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/capaks/capaks/api/v1beta1"
)

func annotated[T client.Object](object T, key, value string) T {
	annotations := object.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[key] = value
	object.SetAnnotations(annotations)
	return object
}

func passthrough(apiVersion, body string) *v1beta1.Passthrough {
	return &v1beta1.Passthrough{APIVersion: apiVersion, Body: &runtime.RawExtension{Raw: []byte(body)}}
}

func withBody(apiVersion, body string) func(*v1beta1.AzureManagedControlPlane) {
	return func(cp *v1beta1.AzureManagedControlPlane) { cp.Spec.Passthrough = passthrough(apiVersion, body) }
}

func TestPolicyIsOneOfThree(t *testing.T) {
	a := live(t)
	cp := annotated(controlPlane(a.namespace, "spelled"), v1beta1.PolicyAnnotation, "observ")
	refused(t, a.Create(t.Context(), cp), `metadata.annotations[infrastructure.cluster.x-k8s.io/policy]`, `"observ"`, `"manage", "observe", "detach-on-delete"`)
	annotated(cp, v1beta1.PolicyAnnotation, v1beta1.PolicyObserve)
	a.create(t, cp)
	// Nothing but the annotation changes: the webhook has to be asked about that, too.
	refused(t, change(t, a, cp, func(cp *v1beta1.AzureManagedControlPlane) { annotated(cp, v1beta1.PolicyAnnotation, "no") }), `"no"`)
	accepted(t, change(t, a, cp, func(cp *v1beta1.AzureManagedControlPlane) { cp.Annotations = nil }))
	pool := annotated(nodePool(a.namespace, "spelled", v1beta1.NodePoolModeUser), v1beta1.PolicyAnnotation, "never")
	refused(t, a.Create(t.Context(), pool), `"never"`)
}

func TestPreflightIsOneOfThree(t *testing.T) {
	a := live(t)
	cp := annotated(controlPlane(a.namespace, "checked"), v1beta1.PreflightAnnotation, "no")
	refused(t, a.Create(t.Context(), cp), `metadata.annotations[infrastructure.cluster.x-k8s.io/preflight]`, `"no"`, `"enforce", "warn", "skip"`)
	a.create(t, annotated(cp, v1beta1.PreflightAnnotation, v1beta1.PreflightWarn))
}

func TestProtectedObjectsCannotBeDeleted(t *testing.T) {
	a := live(t)
	c := cluster(a.namespace, "kept")
	cp := annotated(controlPlane(a.namespace, "kept"), v1beta1.DeletionProtectionAnnotation, "true")
	a.create(t, c, cp)
	mp, pool := createPool(t, a, "kept", "pool1", v1beta1.NodePoolModeUser)
	_, _ = createPool(t, a, "kept", "pool0", v1beta1.NodePoolModeSystem)

	wayOut := "kubectl annotate --overwrite -n " + a.namespace + " azuremanagedcontrolplane kept infrastructure.cluster.x-k8s.io/deletion-protection=false"
	refused(t, a.Delete(t.Context(), cp), `AzureManagedControlPlane "kept" is protected`, wayOut)
	refused(t, a.Delete(t.Context(), c), `AzureManagedControlPlane "kept" is protected`, wayOut)
	accepted(t, a.Delete(t.Context(), pool, client.DryRunAll))

	accepted(t, change(t, a, cp, func(cp *v1beta1.AzureManagedControlPlane) {
		annotated(cp, v1beta1.DeletionProtectionAnnotation, "false")
	}))
	accepted(t, a.Delete(t.Context(), c, client.DryRunAll))
	accepted(t, change(t, a, pool, func(p *v1beta1.AzureManagedMachinePool) { annotated(p, v1beta1.DeletionProtectionAnnotation, "true") }))
	for name, object := range map[string]client.Object{"pool": pool, "MachinePool": mp, "Cluster": c} {
		t.Run(name, func(t *testing.T) {
			refused(t, a.Delete(t.Context(), object), `AzureManagedMachinePool "pool1" is protected`, "azuremanagedmachinepool pool1 infrastructure")
		})
	}
	accepted(t, change(t, a, pool, func(p *v1beta1.AzureManagedMachinePool) {
		annotated(p, "clusterctl.cluster.x-k8s.io/delete-for-move", "")
	}))
	accepted(t, a.Delete(t.Context(), pool))
}

func TestLastSystemPoolMayGoWhenItStaysInAzure(t *testing.T) {
	a := live(t)
	a.create(t, cluster(a.namespace, "left"), annotated(controlPlane(a.namespace, "left"), v1beta1.PolicyAnnotation, v1beta1.PolicyObserve))
	mp, pool := createPool(t, a, "left", "pool0", v1beta1.NodePoolModeSystem)
	accepted(t, a.Delete(t.Context(), mp, client.DryRunAll))
	accepted(t, a.Delete(t.Context(), pool, client.DryRunAll))
	accepted(t, change(t, a, pool, func(p *v1beta1.AzureManagedMachinePool) { annotated(p, v1beta1.PolicyAnnotation, v1beta1.PolicyManage) }))
	refused(t, a.Delete(t.Context(), pool), "last System pool")
}

func TestRawPropertiesHaveOnePlace(t *testing.T) {
	a := live(t)
	for name, test := range map[string]struct {
		body string
		says []string
	}{
		"a field":      {`{"properties":{"networkProfile":{"networkPlugin":"none"}}}`, []string{"spec.passthrough.body.properties.networkProfile.networkPlugin", `"none"`, `also given by spec.networkPlugin, as "azure": keep one of them`}},
		"another case": {`{"properties":{"NetworkProfile":{"networkplugin":"none"}}}`, []string{"spec.networkPlugin"}},
		"above":        {`{"properties":{"networkProfile":"all of it"}}`, []string{"also given by spec."}},
		"owner tag":    {`{"tags":{"Name":"mine"}}`, []string{"spec.passthrough.body.tags.Name", "the provider"}},
		"location":     {`{"location":"westeurope"}`, []string{"cannot change", "spec.location"}},
		"name":         {`{"name":"other"}`, []string{"part of the address"}},
		"pools":        {`{"properties":{"agentPoolProfiles":[{"name":"a"}]}}`, []string{"AzureManagedMachinePool with a passthrough of its own"}},
		"state":        {`{"properties":{"provisioningState":"Succeeded"}}`, []string{"set by Azure only"}},
		"power":        {`{"properties":{"powerState":{"code":"Stopped"}}}`, []string{"use spec.powerState"}},
		"no object":    {`{"properties":5}`, []string{"must be an object"}},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, a.Create(t.Context(), controlPlane(a.namespace, "raw", withBody("", test.body)), client.DryRunAll), test.says...)
		})
	}
	pool := nodePool(a.namespace, "raw", v1beta1.NodePoolModeUser, func(p *v1beta1.AzureManagedMachinePool) {
		p.Spec.Passthrough = passthrough("", `{"properties":{"count":5,"vmSize":"Standard_D8s_v3"}}`)
	})
	refused(t, a.Create(t.Context(), pool), "is given by spec.replicas of the MachinePool", `also given by spec.sku, as "Standard_D2s_v3"`)
	refused(t, a.Create(t.Context(), controlPlane(a.namespace, "raw", withBody("latest", `{}`))), `apiVersion "latest" is not an api-version of Azure`)

	cp := controlPlane(a.namespace, "raw", withBody("", `{"properties":{"unheardOf":1}}`))
	a.create(t, cp)
	accepted(t, change(t, a, cp, func(cp *v1beta1.AzureManagedControlPlane) { cp.Spec.DNSPrefix = "" }))
	refused(t, change(t, a, cp, func(cp *v1beta1.AzureManagedControlPlane) {
		cp.Spec.Passthrough = passthrough("", `{"properties":{"unheardOf":1,"dnsPrefix":"x"}}`)
	}), "spec.dnsPrefix")
}

func TestRawPropertiesAreComparedWithTheDescription(t *testing.T) {
	a := live(t)
	check := func(t *testing.T, object client.Object, says ...string) {
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
	raw := func(apiVersion, body string) client.Object {
		return controlPlane(a.namespace, "raw", withBody(apiVersion, body))
	}
	check(t, raw("", `{"properties":{"enableNamespaceResources":true}}`), "spec.passthrough.body.properties.enableNamespaceResources: not a property of this api-version", "2026-05-01)")
	check(t, raw("2026-05-02-preview", `{"properties":{"enableNamespaceResources":true}}`))
	check(t, raw("2026-05-02-preview", `{"properties":{"enableNamespaceResources":"yes","fqdn":"x"}}`), "is not of type boolean", "properties.fqdn: read-only")
	check(t, raw("2031-01-01", `{"properties":{"anything":true}}`), "no description of api-version 2031-01-01")

	a.create(t, cluster(a.namespace, "preview"), controlPlane(a.namespace, "preview", func(cp *v1beta1.AzureManagedControlPlane) { cp.Spec.EnablePreviewFeatures = ptr(true) }))
	a.create(t, machinePool(a.namespace, "preview", "raw"))
	pool := func(mutate func(*v1beta1.AzureManagedMachinePool)) client.Object {
		return nodePool(a.namespace, "raw", v1beta1.NodePoolModeUser, func(p *v1beta1.AzureManagedMachinePool) {
			p.Labels = map[string]string{clusterv1.ClusterNameLabel: "preview"}
			p.Spec.Passthrough = passthrough("", `{"properties":{"nodeInitializationTaints":["a=b:NoSchedule"]}}`)
			mutate(p)
		})
	}
	check(t, pool(func(*v1beta1.AzureManagedMachinePool) {}))
	check(t, pool(func(p *v1beta1.AzureManagedMachinePool) { p.Spec.Passthrough.APIVersion = "2026-05-01" }), "nodeInitializationTaints: not a property")

	template := &v1beta1.AzureManagedControlPlaneTemplate{ObjectMeta: objectMeta(a.namespace, "raw")}
	template.Spec.Template.Spec.Location = "southcentralus"
	template.Spec.Template.Spec.Passthrough = passthrough("", `{"properties":{"unheardOf":1}}`)
	check(t, template, "spec.template.spec.passthrough.body.properties.unheardOf")
	template.Spec.Template.Spec.Passthrough = passthrough("", `{"location":"x"}`)
	refused(t, a.Create(t.Context(), template), "spec.template.spec.passthrough.body.location")
}
