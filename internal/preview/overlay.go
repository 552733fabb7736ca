package preview

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
)

// errWrites is what anybody gets who tries to write through a preview: a mistake in this program, not of its user.
var errWrites = errors.New("a preview writes nothing")

// overlay is the management cluster with some objects as manifests would make them.
type overlay struct {
	client.Client
	objects map[overlayKey]client.Object
}

type overlayKey struct {
	kind string
	client.ObjectKey
}

func newOverlay(kube client.Client) *overlay {
	return &overlay{Client: kube, objects: map[overlayKey]client.Object{}}
}

func (o *overlay) put(object client.Object) error {
	kind, err := apiutil.GVKForObject(object, o.Scheme())
	if err != nil {
		return err
	}
	o.objects[overlayKey{kind.Kind, client.ObjectKeyFromObject(object)}] = object
	return nil
}

// Get is the declared object where there is one, and else that of the management cluster.
func (o *overlay) Get(ctx context.Context, key client.ObjectKey, into client.Object, options ...client.GetOption) error {
	kind, err := apiutil.GVKForObject(into, o.Scheme())
	if err != nil {
		return err
	}
	declared, ok := o.objects[overlayKey{kind.Kind, key}]
	if !ok {
		return o.Client.Get(ctx, key, into, options...)
	}
	return copyInto(declared, into)
}

func copyInto(from runtime.Object, into client.Object) error {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(from)
	if err != nil {
		return err
	}
	return runtime.DefaultUnstructuredConverter.FromUnstructured(content, into)
}

// List is what the management cluster has, with the declared objects in their places or added.
func (o *overlay) List(ctx context.Context, list client.ObjectList, options ...client.ListOption) error {
	if err := o.Client.List(ctx, list, options...); err != nil {
		return err
	}
	kind, err := apiutil.GVKForObject(list, o.Scheme())
	if err != nil {
		return err
	}
	filter := (&client.ListOptions{}).ApplyOptions(options)
	items, err := meta.ExtractList(list)
	if err != nil {
		return err
	}
	kept := items[:0]
	for _, item := range items {
		object, ok := item.(client.Object)
		if !ok {
			return fmt.Errorf("%T is no object", item)
		}
		if _, declared := o.objects[overlayKey{itemKind(kind.Kind), client.ObjectKeyFromObject(object)}]; !declared {
			kept = append(kept, item)
		}
	}
	for key, object := range o.objects {
		if key.kind == itemKind(kind.Kind) && (filter.Namespace == "" || filter.Namespace == key.Namespace) && selected(filter.LabelSelector, object) {
			kept = append(kept, object.DeepCopyObject())
		}
	}
	return meta.SetList(list, kept)
}

func itemKind(list string) string { return list[:len(list)-len("List")] }

func selected(selector labels.Selector, object client.Object) bool {
	return selector == nil || selector.Matches(labels.Set(object.GetLabels()))
}

// Create and all other writes are refused.
func (*overlay) Create(context.Context, client.Object, ...client.CreateOption) error {
	return errWrites
}

// Delete is refused.
func (*overlay) Delete(context.Context, client.Object, ...client.DeleteOption) error {
	return errWrites
}

// Update is refused.
func (*overlay) Update(context.Context, client.Object, ...client.UpdateOption) error {
	return errWrites
}

// Patch is refused.
func (*overlay) Patch(context.Context, client.Object, client.Patch, ...client.PatchOption) error {
	return errWrites
}

// Apply is refused.
func (*overlay) Apply(context.Context, runtime.ApplyConfiguration, ...client.ApplyOption) error {
	return errWrites
}

// DeleteAllOf is refused.
func (*overlay) DeleteAllOf(context.Context, client.Object, ...client.DeleteAllOfOption) error {
	return errWrites
}

// Status has no writer either: none of the parts a preview is made of asks for one.
func (*overlay) Status() client.SubResourceWriter { return nil }
