package contract

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

// The kinds by the plural that the name of their CRD begins with; the first six are read by Cluster API.
var kindOf = map[string]string{
	"azuremanagedclusters": "AzureManagedCluster", "azuremanagedclustertemplates": "AzureManagedClusterTemplate",
	"azuremanagedcontrolplanes": "AzureManagedControlPlane", "azuremanagedcontrolplanetemplates": "AzureManagedControlPlaneTemplate",
	"azuremanagedmachinepools": "AzureManagedMachinePool", "azuremanagedmachinepooltemplates": "AzureManagedMachinePoolTemplate",
	"azureclusteridentities": "AzureClusterIdentity",
}

const group = "infrastructure.cluster.x-k8s.io"

// crds are our CustomResourceDefinitions by their plural.
func (w *world) crds(t *testing.T) map[string]object {
	t.Helper()
	var list struct{ Items []object }
	if err := json.Unmarshal([]byte(w.Kubectl(t, "get", "crds", "--output=json")), &list); err != nil {
		t.Fatal(err)
	}
	out := map[string]object{}
	for _, crd := range list.Items {
		if textAt(crd, "spec", "group") == group {
			out[textAt(crd, "spec", "names", "plural")] = crd
		}
	}
	return out
}

// versions are those a CRD serves, and the one it stores.
func versions(crd object) (served []string, stored string) {
	list, _ := at(crd, "spec", "versions").([]any)
	for _, v := range list {
		if at(v, "served") == true {
			served = append(served, textAt(v, "name"))
		}
		if at(v, "storage") == true {
			stored = textAt(v, "name")
		}
	}
	return served, stored
}

// schemaOf is the schema of an object in a version of its CRD.
func schemaOf(crd object, version string) any {
	list, _ := at(crd, "spec", "versions").([]any)
	for _, v := range list {
		if textAt(v, "name") == version {
			return at(v, "schema", "openAPIV3Schema")
		}
	}
	return nil
}

func kinds(t *testing.T, w *world) {
	crds := w.crds(t)
	each := func(test func(t *testing.T, plural string, crd object)) func(*testing.T) {
		return func(t *testing.T) {
			for plural, crd := range crds {
				test(t, plural, crd)
			}
		}
	}
	rule(t, "A1", "every kind is namespaced", each(func(t *testing.T, plural string, crd object) {
		if scope := textAt(crd, "spec", "scope"); scope != "Namespaced" {
			t.Errorf("%s is %s", plural, scope)
		}
	}))
	rule(t, "A2", "what is created is what is read", func(t *testing.T) { roundTrip(t, w) })
	rule(t, "A3", "the CRD of a kind has the name Cluster API computes", func(t *testing.T) {
		if len(crds) != len(kindOf) {
			t.Errorf("there are %d CRDs, want %d", len(crds), len(kindOf))
		}
		for plural, kind := range kindOf {
			crd := crds[plural]
			if textAt(crd, "spec", "names", "kind") != kind || textAt(crd, "metadata", "name") != plural+"."+group {
				t.Errorf("%s: the CRD is %s of kind %s", plural, textAt(crd, "metadata", "name"), textAt(crd, "spec", "names", "kind"))
			}
		}
	})
	rule(t, "A4", "the contract label lists versions that are served", each(contractLabel))
	rule(t, "A5", "Cluster API has its rights on every kind", func(t *testing.T) { clusterAPIRights(t, w) })
	rule(t, "A6", "blockOwnerDeletion needs the right on finalizers, and the manager has it", func(t *testing.T) { finalizerRights(t, w) })
	rule(t, "A7", "kubectl get cluster-api shows every kind", each(func(t *testing.T, plural string, crd object) {
		categories, _ := at(crd, "spec", "names", "categories").([]any)
		if !slices.Contains(categories, any("cluster-api")) {
			t.Errorf("%s has the categories %v", plural, categories)
		}
	}))
	rule(t, "A8", "lists have the kind of their items and List", each(func(t *testing.T, plural string, crd object) {
		served, _ := versions(crd)
		for _, version := range served {
			list, err := w.Kube.Resource(schema.GroupVersionResource{Group: group, Version: version, Resource: plural}).Namespace("default").List(t.Context(), metav1.ListOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if list.GetKind() != kindOf[plural]+"List" {
				t.Errorf("%s in %s is a %s", plural, version, list.GetKind())
			}
		}
	}))
	fields(t, crds, each)
}

// fields are the rules about what the definitions of kinds have, and have not.
func fields(t *testing.T, crds map[string]object, each func(func(*testing.T, string, object)) func(*testing.T)) {
	rule(t, "V", "v1alpha4 and v1beta1 are one schema, without a conversion webhook", each(oneSchema))
	rule(t, "M", "identities move with what belongs to them", func(t *testing.T) {
		if got := textAt(crds["azureclusteridentities"], "metadata", "labels", "clusterctl.cluster.x-k8s.io/move-hierarchy"); got != "true" {
			t.Errorf("the CRD's label move-hierarchy is %q", got)
		}
	})
	rule(t, "CP3", "the control plane has no replicas and no scale", func(t *testing.T) { noReplicas(t, crds["azuremanagedcontrolplanes"]) })
	rule(t, "CP10", "the control plane rolls out no machines of its own", func(t *testing.T) {
		spec, _ := at(schemaOf(crds["azuremanagedcontrolplanes"], "v1beta1"), "properties", "spec", "properties").(object)
		for _, field := range []string{"rollout", "rolloutStrategy", "remediation"} {
			if spec[field] != nil {
				t.Errorf("spec.%s exists", field)
			}
		}
		if spec["version"] == nil {
			t.Error("spec has no version, so this looked in the wrong place")
		}
	})
}

func contractLabel(t *testing.T, plural string, crd object) {
	served, stored := versions(crd)
	label := textAt(crd, "metadata", "labels", "cluster.x-k8s.io/v1beta2")
	listed := strings.Split(label, "_")
	for _, version := range listed {
		if !slices.Contains(served, version) {
			t.Errorf("%s is labelled %q and serves %v", plural, label, served)
		}
	}
	if !slices.Contains(listed, stored) || stored != "v1beta1" {
		t.Errorf("%s is labelled %q and stores %s", plural, label, stored)
	}
	if old := at(crd, "metadata", "labels", "cluster.x-k8s.io/v1beta1"); old != nil {
		t.Errorf("%s has the label of the old contract, too: Cluster API then picks either", plural)
	}
}

func oneSchema(t *testing.T, plural string, crd object) {
	if strategy := textAt(crd, "spec", "conversion", "strategy"); strategy != "None" {
		t.Errorf("%s is converted by %s", plural, strategy)
	}
	served, _ := versions(crd)
	slices.Sort(served)
	if !reflect.DeepEqual(served, []string{"v1alpha4", "v1beta1"}) {
		t.Errorf("%s serves %v", plural, served)
	}
	if !reflect.DeepEqual(undescribed(schemaOf(crd, "v1alpha4")), undescribed(schemaOf(crd, "v1beta1"))) {
		t.Errorf("%s differs between v1alpha4 and v1beta1", plural)
	}
}

// undescribed is a schema without its texts, which only the newer version has.
func undescribed(value any) any {
	switch v := value.(type) {
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = undescribed(v[i])
		}
		return out
	case object:
		out := object{}
		for key, inner := range v {
			if _, text := inner.(string); key != "description" || !text {
				out[key] = undescribed(inner)
			}
		}
		return out
	}
	return value
}

func noReplicas(t *testing.T, crd object) {
	list, _ := at(crd, "spec", "versions").([]any)
	for _, v := range list {
		if at(v, "subresources", "scale") != nil || at(v, "subresources", "status") == nil {
			t.Errorf("the subresources of %s are %v", textAt(v, "name"), at(v, "subresources"))
		}
	}
	root := schemaOf(crd, "v1beta1")
	if at(root, "properties", "spec", "properties", "replicas") != nil {
		t.Error("spec.replicas exists")
	}
	for _, field := range []string{"selector", "replicas", "readyReplicas", "availableReplicas", "upToDateReplicas", "updatedReplicas", "unavailableReplicas"} {
		if at(root, "properties", "status", "properties", field) != nil {
			t.Errorf("status.%s exists", field)
		}
	}
}

// roundTrip creates an object of every kind that nobody works on and reads it again.
func roundTrip(t *testing.T, w *world) {
	w.namespace(t, "kinds")
	for plural, spec := range map[string]object{
		"azuremanagedclustertemplates":      {"template": object{"spec": object{}}},
		"azuremanagedcontrolplanetemplates": {"template": object{"spec": object{"location": "westeurope", "version": "v1.34.1", "dnsServiceIP": "10.0.0.10"}}},
		"azuremanagedmachinepooltemplates":  {"template": object{"spec": object{"mode": "User", "sku": "Standard_D2s_v3"}}},
		"azureclusteridentities":            {"type": "WorkloadIdentity", "clientID": "c", "tenantID": "t"},
		"azuremanagedclusters":              {"subscriptionID": "00000000-0000-0000-0000-000000000000"},
		"azuremanagedcontrolplanes":         {"location": "westeurope", "version": "v1.34.1", "additionalTags": object{"a": "b"}},
		"azuremanagedmachinepools":          {"mode": "User", "sku": "Standard_D2s_v3", "nodeLabels": object{"a": "b"}},
	} {
		resource := schema.GroupVersionResource{Group: group, Version: "v1beta1", Resource: plural}
		sent := object{"apiVersion": infra, "kind": kindOf[plural], "metadata": object{"name": "one", "namespace": "kinds", "labels": object{"a": "b"}}, "spec": spec}
		if _, err := w.Kube.Resource(resource).Namespace("kinds").Create(t.Context(), &unstructured.Unstructured{Object: sent}, metav1.CreateOptions{}); err != nil {
			t.Errorf("%s: %v", plural, err)
			continue
		}
		read, err := w.Kube.Resource(resource).Namespace("kinds").Get(t.Context(), "one", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if missing := lost(sent, read.Object); len(missing) > 0 {
			t.Errorf("%s lost %v", plural, missing)
		}
	}
}

// lost are the fields of an object that another does not have the same way.
func lost(sent, read any, path ...string) (out []string) {
	fields, ok := sent.(object)
	if !ok {
		if fmt.Sprint(sent) != fmt.Sprint(read) {
			return []string{fmt.Sprintf("%s: %v became %v", strings.Join(path, "."), sent, read)}
		}
		return nil
	}
	for key, value := range fields {
		out = append(out, lost(value, at(read, key), append(slices.Clone(path), key)...)...)
	}
	return out
}

// allowed asks the API server whether somebody may do something.
func (w *world) allowed(t *testing.T, user string, attributes object) bool {
	t.Helper()
	review := &unstructured.Unstructured{Object: object{
		"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": object{"user": user, "resourceAttributes": attributes},
	}}
	answer, err := w.Kube.Resource(schema.GroupVersionResource{Group: "authorization.k8s.io", Version: "v1", Resource: "subjectaccessreviews"}).Create(t.Context(), review, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return at(answer.Object, "status", "allowed") == true
}

const (
	clusterAPIUser = "system:serviceaccount:capi-system:capi-manager"
	managerUser    = "system:serviceaccount:capaks-system:capaks-manager"
)

func clusterAPIRights(t *testing.T, w *world) {
	for plural := range kindOf {
		for _, verb := range []string{"create", "delete", "get", "list", "patch", "update", "watch"} {
			if !w.allowed(t, clusterAPIUser, object{"group": group, "resource": plural, "verb": verb, "namespace": "default"}) {
				t.Errorf("it may not %s %s", verb, plural)
			}
		}
	}
	if w.allowed(t, clusterAPIUser, object{"group": "example.com", "resource": "widgets", "verb": "get", "namespace": "default"}) {
		t.Error("it may do everything, so this shows nothing")
	}
}

// finalizerRights: the API server runs with the admission plugin OwnerReferencesPermissionEnforcement, as hardened ones do.
func finalizerRights(t *testing.T, w *world) {
	as := func(user string) dynamic.ResourceInterface {
		config, err := w.Box.RESTConfig()
		if err != nil {
			t.Fatal(err)
		}
		config.Impersonate = rest.ImpersonationConfig{UserName: user, Groups: []string{"system:authenticated"}}
		kube, err := dynamic.NewForConfig(config)
		if err != nil {
			t.Fatal(err)
		}
		return kube.Resource(schema.GroupVersionResource{Version: "v1", Resource: "secrets"}).Namespace("default")
	}
	owned := func(name string) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: object{"apiVersion": "v1", "kind": "Secret", "metadata": object{"name": name, "namespace": "default",
			"ownerReferences": []any{object{"apiVersion": infra, "kind": "AzureManagedControlPlane", "name": "nobody", "uid": "00000000-0000-0000-0000-000000000001", "blockOwnerDeletion": true}}}}}
	}
	dry := metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}
	if _, err := as(managerUser).Create(t.Context(), owned("by-the-manager"), dry); err != nil {
		t.Errorf("the manager is refused: %v", err)
	}
	for _, a := range []object{
		{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": object{"name": "secrets-only", "namespace": "default"},
			"rules": []any{object{"apiGroups": []any{""}, "resources": []any{"secrets"}, "verbs": []any{"create"}}}},
		{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": object{"name": "secrets-only", "namespace": "default"},
			"roleRef":  object{"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "secrets-only"},
			"subjects": []any{object{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "somebody"}}},
	} {
		resource := schema.GroupVersionResource{Group: "rbac.authorization.k8s.io", Version: "v1", Resource: strings.ToLower(textAt(a, "kind")) + "s"}
		if _, err := w.Kube.Resource(resource).Namespace("default").Create(t.Context(), &unstructured.Unstructured{Object: a}, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	until(t, limit, func() string {
		_, err := as("somebody").Create(t.Context(), owned("by-somebody"), dry)
		// The role takes a moment to count; then the plugin is what still refuses.
		return unless(err != nil && strings.Contains(err.Error(), "blockOwnerDeletion"), "somebody without the right is not refused for it: %v", err)
	})
}
