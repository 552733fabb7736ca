package preview

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/jsonmergepatch"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/capaks/capaks/api/v1beta1"
)

// Refusal is an object that the API server would not take.
type Refusal struct {
	Object  string `json:"object"`
	Message string `json:"message"`
}

// kinds are those a plan depends on; anything else in a file does not change it.
var kinds = map[string]bool{"Cluster": true, "MachinePool": true, "AzureManagedControlPlane": true, "AzureManagedCluster": true,
	"AzureManagedMachinePool": true, "AzureClusterIdentity": true, "Secret": true}

// Declare takes a manifest for what the API server would make of it, defaults included. What would be refused is an answer, not
// an error.
func (p *Preview) Declare(ctx context.Context, manifest *unstructured.Unstructured) (*Refusal, error) {
	if !kinds[manifest.GetKind()] {
		return nil, nil
	}
	if manifest.GetNamespace() == "" {
		manifest = manifest.DeepCopy()
		manifest.SetNamespace(p.Namespace)
	}
	stored, err := p.dryRun(ctx, manifest)
	if status, ok := err.(apierrors.APIStatus); ok && !apierrors.IsServerTimeout(err) && !apierrors.IsInternalError(err) {
		return &Refusal{Object: nameOf(manifest), Message: status.Status().Message}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", nameOf(manifest), err)
	}
	object, err := typed(stored)
	if err != nil || object == nil {
		return nil, err
	}
	p.declared = append(p.declared, object)
	return nil, p.view.put(object)
}

func nameOf(o *unstructured.Unstructured) string {
	return o.GetKind() + " " + o.GetNamespace() + "/" + o.GetName()
}

// dryRun asks the API server what would be stored. An object that kubectl applied before is merged as kubectl would, so that a
// field that left the file leaves the object; any other as its owner would with server-side apply.
func (p *Preview) dryRun(ctx context.Context, manifest *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	live := &unstructured.Unstructured{}
	live.SetGroupVersionKind(manifest.GroupVersionKind())
	err := p.kube.Get(ctx, client.ObjectKeyFromObject(manifest), live)
	if apierrors.IsNotFound(err) {
		created := manifest.DeepCopy()
		return created, p.kube.Create(ctx, created, client.DryRunAll)
	}
	if err != nil {
		return nil, err
	}
	if last := live.GetAnnotations()[corev1.LastAppliedConfigAnnotation]; last != "" {
		patch, err := threeWay([]byte(last), manifest, live)
		if err != nil {
			return nil, err
		}
		return live, p.kube.Patch(ctx, live, client.RawPatch(types.MergePatchType, patch), client.DryRunAll)
	}
	applied := manifest.DeepCopy()
	applied.SetManagedFields(nil)
	applied.SetResourceVersion("")
	config := client.ApplyConfigurationFromUnstructured(applied)
	err = p.kube.Apply(ctx, config, client.ForceOwnership, client.FieldOwner(p.fieldOwner(live)), client.DryRunAll)
	return applied, err
}

// threeWay is the patch that kubectl apply would send.
func threeWay(last []byte, manifest, live *unstructured.Unstructured) ([]byte, error) {
	// kubectl notes a manifest without annotations as one with none; taken literally, that would take away those of others.
	content := manifest.DeepCopy().Object
	if _, found, _ := unstructured.NestedMap(content, "metadata", "annotations"); !found {
		if err := unstructured.SetNestedMap(content, map[string]any{}, "metadata", "annotations"); err != nil {
			return nil, err
		}
	}
	modified, err := json.Marshal(content)
	if err != nil {
		return nil, err
	}
	current, err := json.Marshal(live.Object)
	if err != nil {
		return nil, err
	}
	return jsonmergepatch.CreateThreeWayJSONMergePatch(last, modified, current)
}

// fieldOwner is who applied the object before: what left the file can only be taken away by the same.
func (p *Preview) fieldOwner(live *unstructured.Unstructured) string {
	if p.FieldManager != "" {
		return p.FieldManager
	}
	for _, entry := range live.GetManagedFields() {
		if entry.Operation == metav1.ManagedFieldsOperationApply && entry.Subresource == "" && !strings.HasPrefix(entry.Manager, "capi-") {
			return entry.Manager
		}
	}
	return "kubectl"
}

// typed is an object in the version that the controller reads; nil for one it does not.
func typed(o *unstructured.Unstructured) (client.Object, error) {
	decode := func(into client.Object) (client.Object, error) {
		return into, runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, into)
	}
	gvk := o.GroupVersionKind()
	switch gvk.Group {
	case clusterv1.GroupVersion.Group:
		return coreTyped(o, decode)
	case v1beta1.GroupVersion.Group:
		// All versions served have one schema.
		o.SetAPIVersion(v1beta1.GroupVersion.String())
		switch gvk.Kind {
		case "AzureManagedControlPlane":
			return decode(&v1beta1.AzureManagedControlPlane{})
		case "AzureManagedCluster":
			return decode(&v1beta1.AzureManagedCluster{})
		case "AzureManagedMachinePool":
			return decode(&v1beta1.AzureManagedMachinePool{})
		case "AzureClusterIdentity":
			return decode(&v1beta1.AzureClusterIdentity{})
		}
	case "":
		if gvk.Kind == "Secret" {
			return decode(&corev1.Secret{})
		}
	}
	return nil, nil
}

// coreTyped reads Cluster API's objects. An older version of them means the same, as far as a plan looks at it: only references are
// written in another way.
func coreTyped(o *unstructured.Unstructured, decode func(client.Object) (client.Object, error)) (client.Object, error) {
	if o.GetAPIVersion() != clusterv1.GroupVersion.String() {
		unstructured.RemoveNestedField(o.Object, "status")
		unstructured.RemoveNestedField(o.Object, "spec", "topology")
		for _, path := range references {
			if version, found, _ := unstructured.NestedString(o.Object, append(slices.Clone(path), "apiVersion")...); found {
				group, _, _ := strings.Cut(version, "/")
				if err := unstructured.SetNestedField(o.Object, group, append(slices.Clone(path), "apiGroup")...); err != nil {
					return nil, err
				}
			}
		}
		o.SetAPIVersion(clusterv1.GroupVersion.String())
	}
	switch o.GetKind() {
	case "Cluster":
		return decode(&clusterv1.Cluster{})
	case "MachinePool":
		return decode(&clusterv1.MachinePool{})
	}
	return nil, nil
}

// references of Cluster API's objects to ours.
var references = [][]string{{"spec", "controlPlaneRef"}, {"spec", "infrastructureRef"}, {"spec", "template", "spec", "infrastructureRef"}}
