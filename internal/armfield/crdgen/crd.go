package main

import (
	"encoding/json"
	"fmt"
	"slices"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/capaks/capaks/api/v1beta1"
)

// kind is one of the kinds of the API.
type kind struct {
	name string
	spec any
	// wayOut is what a person can do who needs another value of a field that is fixed.
	wayOut string
	// unless is CEL about the new spec under which what is fixed may be changed after all, except for the fields in never.
	unless string
	never  []string
	// running kinds have a status that says whether their resource exists and is as wanted.
	running bool
	// template kinds get no rules about changes: Cluster API tries out changes of templates in a dry run, which a rule of
	// the CRD cannot tell from the real thing. Their webhook does that.
	template bool
}

const (
	newCluster  = "create a new cluster"
	newPool     = "create another AzureManagedMachinePool with its MachinePool, and delete this one"
	rotatePool  = "give the new one with replacement.strategy Rotate, or create another pool and delete this one"
	newIdentity = "create another AzureClusterIdentity"
)

var kinds = []kind{
	{name: "AzureManagedControlPlane", spec: v1beta1.AzureManagedControlPlaneSpec{}, wayOut: newCluster, running: true},
	{name: "AzureManagedCluster", spec: v1beta1.AzureManagedClusterSpec{}, wayOut: newCluster},
	{name: "AzureManagedMachinePool", spec: v1beta1.AzureManagedMachinePoolSpec{}, wayOut: rotatePool,
		unless: "self.?replacement.?strategy.orValue('') == 'Rotate'", never: []string{"name", "osType"}, running: true},
	{name: "AzureClusterIdentity", spec: v1beta1.AzureClusterIdentitySpec{}, wayOut: newIdentity},
	{name: "AzureManagedControlPlaneTemplate", spec: v1beta1.AzureManagedControlPlaneTemplateResourceSpec{}, template: true},
	{name: "AzureManagedClusterTemplate", spec: v1beta1.AzureManagedClusterTemplateResourceSpec{}, template: true},
	{name: "AzureManagedMachinePoolTemplate", spec: v1beta1.AzureManagedMachinePoolClassSpec{}, template: true},
}

// Served versions: both have the same schema, so no conversion is needed.
const (
	contractLabel  = "cluster.x-k8s.io/v1beta2"
	storageVersion = "v1beta1"
	oldVersion     = "v1alpha4"
)

// complete adds to a CRD everything controller-gen leaves out.
func complete(crd *apiextensionsv1.CustomResourceDefinition) error {
	i := slices.IndexFunc(kinds, func(k kind) bool { return k.name == crd.Spec.Names.Kind })
	// controller-gen may have made a bare version of the embedded types in api/v1alpha4; the copy below replaces it.
	j := slices.IndexFunc(crd.Spec.Versions, func(v apiextensionsv1.CustomResourceDefinitionVersion) bool { return v.Name == storageVersion })
	if i < 0 || j < 0 || crd.Labels[contractLabel] != "" {
		return fmt.Errorf("kind %s, version %s, as made by controller-gen is expected; run controller-gen first", crd.Spec.Names.Kind, storageVersion)
	}
	k := kinds[i]
	version := &crd.Spec.Versions[j]
	root := version.Schema.OpenAPIV3Schema

	if err := bothFormsOfSKU(root, k); err != nil {
		return err
	}
	limitReference(root, k)
	tolerateOldConditions(root)
	if !k.template {
		immutabilityRules(root, k)
	}
	label(crd)

	old := *version.DeepCopy()
	old.Name, old.Storage, old.Deprecated = oldVersion, false, true
	withoutDescriptions(old.Schema.OpenAPIV3Schema)
	warning := fmt.Sprintf("%s/%s %s is deprecated; use %s/%s", crd.Spec.Group, oldVersion, k.name, crd.Spec.Group, storageVersion)
	old.DeprecationWarning = &warning
	crd.Spec.Versions = []apiextensionsv1.CustomResourceDefinitionVersion{old, *version}
	crd.Spec.Conversion = &apiextensionsv1.CustomResourceConversion{Strategy: apiextensionsv1.NoneConverter}
	return nil
}

// withoutDescriptions keeps the deprecated version short: an object that is applied by kubectl repeats itself in an
// annotation, which may have 256 KiB, and the texts are those of the other version.
func withoutDescriptions(schema *apiextensionsv1.JSONSchemaProps) {
	schema.Description = ""
	for name, p := range schema.Properties {
		withoutDescriptions(&p)
		schema.Properties[name] = p
	}
	if schema.Items != nil && schema.Items.Schema != nil {
		withoutDescriptions(schema.Items.Schema)
	}
	if schema.AdditionalProperties != nil && schema.AdditionalProperties.Schema != nil {
		withoutDescriptions(schema.AdditionalProperties.Schema)
	}
}

// label says which contract of Cluster API the versions fulfil, and lets clusterctl move take identities along.
func label(crd *apiextensionsv1.CustomResourceDefinition) {
	if crd.Labels == nil {
		crd.Labels = map[string]string{}
	}
	crd.Labels[contractLabel] = oldVersion + "_" + storageVersion
	if crd.Spec.Names.Kind == "AzureClusterIdentity" {
		crd.Labels["clusterctl.cluster.x-k8s.io/move-hierarchy"] = "true"
	}
}

// specSchema is the schema of the spec; for a template that of the object made from it.
func specSchema(root *apiextensionsv1.JSONSchemaProps, k kind) *apiextensionsv1.JSONSchemaProps {
	path := []string{"spec"}
	if k.template {
		path = []string{"spec", "template", "spec"}
	}
	return at(root, path...)
}

// items stands in a path for the items of a list.
const items = "[]"

// at finds a property; a change of what it points to must be put back with put.
func at(schema *apiextensionsv1.JSONSchemaProps, path ...string) *apiextensionsv1.JSONSchemaProps {
	for _, name := range path {
		if name == items {
			if schema.Items == nil {
				return nil
			}
			schema = schema.Items.Schema
			continue
		}
		next, ok := schema.Properties[name]
		if !ok {
			return nil
		}
		schema = &next
	}
	return schema
}

// put replaces a property.
func put(schema *apiextensionsv1.JSONSchemaProps, value apiextensionsv1.JSONSchemaProps, path ...string) {
	switch {
	case path[0] == items && len(path) == 1:
		schema.Items.Schema = &value
		return
	case path[0] == items:
		put(schema.Items.Schema, value, path[1:]...)
		return
	case len(path) == 1:
		schema.Properties[path[0]] = value
		return
	}
	next := schema.Properties[path[0]]
	put(&next, value, path[1:]...)
	schema.Properties[path[0]] = next
}

// bothFormsOfSKU lets sku be a string or an object. A property without a type accepts both, also by server-side apply;
// the enum lists every complete value, because nothing else in OpenAPI and CEL looks into a property without a type.
// See docs/decisions/0001-sku-as-string.md.
func bothFormsOfSKU(root *apiextensionsv1.JSONSchemaProps, k kind) error {
	spec := specSchema(root, k)
	sku, ok := spec.Properties["sku"]
	if !ok || sku.Type != "object" {
		return nil
	}
	tiers := []v1beta1.SKUTier{v1beta1.TierFree, v1beta1.TierPaid, v1beta1.TierStandard, v1beta1.TierPremium}
	forms := []v1beta1.SKU{{Bare: true}, {}, {Name: v1beta1.SKUNameBase}, {Name: v1beta1.SKUNameAutomatic}}
	var values []apiextensionsv1.JSON
	for _, form := range forms {
		for _, form.Tier = range tiers {
			raw, err := json.Marshal(form)
			if err != nil {
				return err
			}
			values = append(values, apiextensionsv1.JSON{Raw: raw})
		}
	}
	yes := true
	sku = apiextensionsv1.JSONSchemaProps{
		Description:            sku.Description,
		XPreserveUnknownFields: &yes,
		Enum:                   values,
	}
	path := []string{"spec", "sku"}
	if k.template {
		path = []string{"spec", "template", "spec", "sku"}
	}
	put(root, sku, path...)
	return nil
}

// maxReference is the longest name there is in Kubernetes, with room for an API group and version.
const maxReference = 317

// limitReference bounds the strings of identityRef, a type of Kubernetes without limits: the API server refuses rules
// about strings that could be arbitrarily long.
func limitReference(root *apiextensionsv1.JSONSchemaProps, k kind) {
	ref := at(specSchema(root, k), "identityRef")
	if ref == nil {
		return
	}
	for name, p := range ref.Properties {
		limit := int64(maxReference)
		p.MaxLength = &limit
		ref.Properties[name] = p
	}
}

// tolerateOldConditions accepts conditions as the earlier provider stored them: no reason and no message where the
// status is True, and a severity, which is dropped. Without this the first status update of such an object would be
// refused until every condition was rewritten, and a typed client writes empty strings where there is nothing.
func tolerateOldConditions(root *apiextensionsv1.JSONSchemaProps) {
	conditions := at(root, "status", "conditions")
	if conditions == nil {
		return
	}
	items := conditions.Items.Schema
	items.Required = []string{"type", "status"}
	reason := items.Properties["reason"]
	reason.MinLength = nil
	reason.Pattern = `^([A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?)?$`
	items.Properties["reason"] = reason
	changed := items.Properties["lastTransitionTime"]
	changed.Nullable = true
	items.Properties["lastTransitionTime"] = changed
	put(root, *conditions, "status", "conditions")
}
