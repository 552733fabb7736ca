package workload

import (
	"sort"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var crds = builtin(apiextensionsv1.GroupName, "customresourcedefinitions")

// kindsOf are the kinds that a CustomResourceDefinition adds, one per served
// version. Schemas are not enforced: what a client writes is stored.
func kindsOf(crd *apiextensionsv1.CustomResourceDefinition) []*kind {
	storage := ""
	for _, v := range crd.Spec.Versions {
		if v.Storage {
			storage = v.Name
		}
	}
	var kinds []*kind
	for _, v := range crd.Spec.Versions {
		if !v.Served {
			continue
		}
		names := crd.Spec.Names
		k := &kind{
			gvk:        schema.GroupVersionKind{Group: crd.Spec.Group, Version: v.Name, Kind: names.Kind},
			plural:     names.Plural,
			singular:   names.Singular,
			short:      names.ShortNames,
			categories: names.Categories,
			namespaced: crd.Spec.Scope == apiextensionsv1.NamespaceScoped,
			status:     v.Subresources != nil && v.Subresources.Status != nil,
			generation: true,
			custom:     true,
			storage:    storage,
			converted:  len(crd.Spec.Versions) > 1,
			columns:    customColumns(v.AdditionalPrinterColumns),
		}
		if k.singular == "" {
			k.singular = strings.ToLower(k.gvk.Kind)
		}
		kinds = append(kinds, k)
	}
	return kinds
}

// readCRDs brings the served custom kinds in line with the stored CRDs; the
// caller holds mu.
func (c *cluster) readCRDs() {
	c.custom = map[schema.GroupVersionResource]*kind{}
	for _, raw := range c.table(crds.gr()).items {
		var crd apiextensionsv1.CustomResourceDefinition
		if err := fromObject(decode(raw), &crd); err != nil {
			continue // cannot happen: normalise has decoded it before
		}
		for _, k := range kindsOf(&crd) {
			c.custom[k.gvr()] = k
		}
	}
}

// establish fills the status that the apiextensions controllers of a real API
// server would write: every CRD is accepted at once.
func establish(obj object, now metav1.Time) {
	var crd apiextensionsv1.CustomResourceDefinition
	if fromObject(obj, &crd) != nil {
		return
	}
	if crd.Spec.Names.Singular == "" {
		crd.Spec.Names.Singular = strings.ToLower(crd.Spec.Names.Kind)
	}
	if crd.Spec.Names.ListKind == "" {
		crd.Spec.Names.ListKind = crd.Spec.Names.Kind + "List"
	}
	if crd.Spec.Conversion == nil {
		crd.Spec.Conversion = &apiextensionsv1.CustomResourceConversion{Strategy: apiextensionsv1.NoneConverter}
	}
	stored := map[string]bool{}
	for _, v := range crd.Status.StoredVersions {
		stored[v] = true
	}
	for _, v := range crd.Spec.Versions {
		if v.Storage && !stored[v.Name] {
			crd.Status.StoredVersions = append(crd.Status.StoredVersions, v.Name)
		}
	}
	crd.Status.AcceptedNames = crd.Spec.Names
	if len(crd.Status.Conditions) == 0 {
		crd.Status.Conditions = []apiextensionsv1.CustomResourceDefinitionCondition{
			{Type: apiextensionsv1.NamesAccepted, Status: apiextensionsv1.ConditionTrue, LastTransitionTime: now, Reason: "NoConflicts", Message: "no conflicts found"},
			{Type: apiextensionsv1.Established, Status: apiextensionsv1.ConditionTrue, LastTransitionTime: now, Reason: "InitialNamesAccepted", Message: "the initial names have been accepted"},
		}
	}
	full, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&crd)
	if err != nil {
		return
	}
	obj["spec"], obj["status"] = full["spec"], full["status"]
}

func fromObject(obj object, into any) error {
	return runtime.DefaultUnstructuredConverter.FromUnstructured(obj, into)
}

func sortedKeys[K comparable, V any](m map[K]V, less func(a, b K) bool) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Slice(keys, func(i, j int) bool { return less(keys[i], keys[j]) })
	return keys
}
