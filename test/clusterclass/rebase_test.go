package clusterclass

import (
	"maps"
	"reflect"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Another class with other templates: what AKS can change is changed in place, what it cannot is refused in words on the Cluster, and going
// back to a class that fits is the way out.
func TestRebase(t *testing.T) {
	t.Parallel()
	p := withClass(t, "rebase")
	class := func(name string, changes ...string) string {
		return strings.NewReplacer(append(changes, "name: aks-standard", "name: "+name)...).Replace(sample(t, "rebase", "class.yaml"))
	}
	p.apply(t, class("second", "oidcIssuerProfile: {enabled: true}", "oidcIssuerProfile: {enabled: true}\n      securityProfile: {workloadIdentity: {enabled: true}}"))
	p.apply(t, class("third", "networkPlugin: azure", "networkPlugin: kubenet", "networkPluginMode: overlay", "networkPolicy: calico"))
	c := cluster{namespace: "rebase", name: "rebase", class: "aks-standard", version: "v1.33.8", pools: []pool{{name: "system", class: "system", replicas: 1}}}
	t.Cleanup(func() { p.clean(t, c.name) })
	p.created(t, c)
	before := p.identities(t, c)

	c.class = "second"
	p.created(t, c)
	if enabled := p.inAzure(t, c.id(), "securityProfile", "workloadIdentity", "enabled"); enabled != "true" {
		t.Errorf("workload identity is %q", enabled)
	}
	if from := textAt(p.read(t, controlPlanes, c.namespace, c.name), "metadata", "annotations", "cluster.x-k8s.io/cloned-from-name"); from != "second" {
		t.Errorf("the control plane is cloned from %q", from)
	}

	since := p.Azure.Last(t)
	c.class = "third"
	p.apply(t, c.manifest(t))
	p.topologyIs(t, c, "False ReconcileFailed", "networkPlugin cannot be changed from")
	if sent := p.writes(t, since, c); len(sent) > 0 {
		t.Errorf("sent: %v", sent)
	}
	c.class = "second"
	p.created(t, c)
	if after := p.identities(t, c); !maps.Equal(before, after) {
		t.Errorf("objects were replaced: %v, now %v", before, after)
	}
}

// A template changes in place where the objects made from it can follow, and then reaches them. Where they cannot, the edit is
// refused and says what to do.
func TestTemplates(t *testing.T) {
	t.Parallel()
	p := withClass(t, "templates")
	c := cluster{namespace: "templates", name: "templates", class: "aks-standard", version: "v1.33.8", pools: []pool{{name: "system", class: "system", replicas: 1}}}
	t.Cleanup(func() { p.clean(t, c.name) })
	p.created(t, c)

	patch := func(kind, name, spec string) error {
		_, err := p.Box.Kubectl(t.Context(), "patch", kind, name, "--namespace=templates", "--type=merge", `--patch={"spec":{"template":{"spec":`+spec+`}}}`)
		return err
	}
	if err := patch("azuremanagedmachinepooltemplate", "aks-standard-system", `{"scaleDownMode":"Deallocate"}`); err != nil {
		t.Fatal(err)
	}
	c.annotations = object{"looked-at": "again"} // the topology controller looks at templates when it looks at the Cluster
	p.apply(t, c.manifest(t))
	until(t, limit, func() string {
		mode := p.inAzure(t, c.id()+"/agentPools/system", "scaleDownMode")
		return unless(mode == "Deallocate", "scaleDownMode is %q in Azure", mode)
	})
	for _, edit := range []struct{ kind, name, spec, says string }{
		{"azuremanagedmachinepooltemplate", "aks-standard-system", `{"osType":"Windows"}`, "osType"},
		{"azuremanagedcontrolplanetemplate", "aks-standard", `{"networkPlugin":"kubenet","networkPluginMode":null}`, "create a new template and refer to that"},
		{"azuremanagedcontrolplanetemplate", "aks-standard", `{"location":"northeurope"}`, "create a new template and refer to that"},
	} {
		if err := patch(edit.kind, edit.name, edit.spec); err == nil || !strings.Contains(err.Error(), edit.says) {
			t.Errorf("%s %s: %v", edit.kind, edit.spec, err)
		}
	}
	p.settled(t, c)
}

// The dry runs by which the topology controller finds out what it would change: the same request twice gives the same object, fixed fields of
// templates do not stand in its way, and without its mark they do.
func TestDryRun(t *testing.T) {
	t.Parallel()
	p := withClass(t, "dryrun")
	dryRun := func(kind string, resource schema.GroupVersionResource, annotations, spec object) (object, error) {
		o := &unstructured.Unstructured{Object: object{"apiVersion": "infrastructure.cluster.x-k8s.io/v1beta1", "kind": kind, "spec": spec,
			"metadata": object{"name": "aks-standard", "namespace": "dryrun", "annotations": annotations}}}
		out, err := p.Kube.Resource(resource).Namespace("dryrun").Apply(t.Context(), "aks-standard", o,
			metav1.ApplyOptions{FieldManager: "capi-topology", Force: true, DryRun: []string{metav1.DryRunAll}})
		if err != nil {
			return nil, err
		}
		return out.Object, nil
	}
	template := func(annotations object) error {
		_, err := dryRun("AzureManagedControlPlaneTemplate", controlPlaneTemplates, annotations,
			object{"template": object{"spec": object{"location": "northeurope"}}})
		return err
	}
	if err := template(object{"topology.cluster.x-k8s.io/dry-run": ""}); err != nil {
		t.Errorf("a marked dry run of fixed fields: %v", err)
	}
	if err := template(nil); err == nil || !strings.Contains(err.Error(), "spec.template.spec.location") {
		t.Errorf("a dry run without the mark: %v", err)
	}
	made := func() object {
		o, err := dryRun("AzureManagedControlPlane", controlPlanes, object{"topology.cluster.x-k8s.io/dry-run": ""},
			object{"location": "northeurope", "version": "v1.33.8", "sshPublicKey": "", "virtualNetwork": object{}})
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	if first, second := at(made(), "spec"), at(made(), "spec"); !reflect.DeepEqual(first, second) {
		t.Errorf("two dry runs of one object differ:\n%v\n%v", first, second)
	}
}

var controlPlaneTemplates = schema.GroupVersionResource{Group: "infrastructure.cluster.x-k8s.io", Version: "v1beta1", Resource: "azuremanagedcontrolplanetemplates"}
