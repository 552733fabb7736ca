package takeover

import (
	"context"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/capaks/capaks/api/v1beta1"
)

func pause(ctx context.Context, t *Takeover, s *state) error {
	before := s.cluster.DeepCopy()
	s.cluster.Spec.Paused = new(true)
	s.cluster.Annotations = with(s.cluster.Annotations, pausedAnnotation, "true")
	return t.Kube.Patch(ctx, s.cluster, locked(before))
}

func resume(ctx context.Context, t *Takeover, s *state) error {
	before := s.cluster.DeepCopy()
	s.cluster.Spec.Paused = nil
	delete(s.cluster.Annotations, pausedAnnotation)
	return t.Kube.Patch(ctx, s.cluster, locked(before))
}

// skip tells Azure Service Operator to leave Azure alone. All objects are told before the first of them goes.
func skip(ctx context.Context, t *Takeover, s *state) error {
	for _, o := range s.operated {
		if o.skipped() {
			continue
		}
		if err := t.backUp(ctx, o); err != nil {
			return err
		}
		before := o.DeepCopy()
		if o.Annotations[pausedPolicyAnnotation] == "" {
			o.Annotations = with(o.Annotations, pausedPolicyAnnotation, either(o.Annotations[policyAnnotation], policyManage))
		}
		o.Annotations = with(with(o.Annotations, policyAnnotation, policySkip), markAnnotation, s.cluster.Name)
		if err := t.Kube.Patch(ctx, o.PartialObjectMetadata, locked(before)); err != nil {
			return fmt.Errorf("%s %s/%s cannot be set to %s, and nothing was removed: %w; where a webhook of Azure Service Operator does not answer, let the operator run (Deployment %s)",
				o.Kind, o.Namespace, o.Name, policySkip, err, operatorManager)
		}
	}
	return nil
}

// release deletes the objects of Azure Service Operator. Each is read once more: without its policy it must not go. The finalizer
// is taken off first, so that nobody acts on the deletion, and what has children that stay does not go at all: the garbage collector
// would delete them. It cannot be told to orphan them, because it is stuck for as long as a kind's conversion webhook does not answer.
func release(ctx context.Context, t *Takeover, s *state) error {
	if i := slices.IndexFunc(s.operated, func(o operated) bool { return !o.skipped() }); i >= 0 {
		return fmt.Errorf("%s has lost the policy %s", s.operated[i], policySkip)
	}
	if err := t.keepIssuer(ctx, s); err != nil {
		return err
	}
	for _, o := range s.operated {
		if err := t.backUp(ctx, o); err != nil {
			return err
		}
		if err := t.releaseOne(ctx, s, o); err != nil {
			return fmt.Errorf("%s %s/%s: %w", o.Kind, o.Namespace, o.Name, err)
		}
	}
	return t.deleteSecrets(ctx, s)
}

// attempts is how often an object is taken up again that the operator changes meanwhile.
const attempts = 10

func (t *Takeover) releaseOne(ctx context.Context, s *state, o operated) error {
	var err error
	for range attempts {
		if err = t.tryRelease(ctx, s, o); !apierrors.IsConflict(err) {
			return client.IgnoreNotFound(err)
		}
	}
	return fmt.Errorf("something changes it all the time; stop Azure Service Operator (Deployment %s) and run this again: %w", operatorManager, err)
}

func (t *Takeover) tryRelease(ctx context.Context, s *state, o operated) error {
	current := operated{&metav1.PartialObjectMetadata{}}
	current.SetGroupVersionKind(o.GroupVersionKind())
	if err := t.Kube.Get(ctx, client.ObjectKeyFromObject(o), current.PartialObjectMetadata); err != nil {
		return err
	}
	if !current.skipped() {
		return fmt.Errorf("annotation %s is %s again, and deleting it would delete in Azure: find out who sets it, and run this again", policyAnnotation, orDefault(current.Annotations[policyAnnotation]))
	}
	kept := slices.DeleteFunc(slices.Clone(current.Finalizers), func(f string) bool { return strings.HasPrefix(f, operatorFinalizer) })
	if len(kept) != len(current.Finalizers) || len(current.OwnerReferences) > 0 || current.Annotations[markAnnotation] != s.cluster.Name {
		before := current.DeepCopy()
		current.Finalizers, current.OwnerReferences = kept, nil
		current.Annotations = with(current.Annotations, markAnnotation, s.cluster.Name)
		if err := t.Kube.Patch(ctx, current.PartialObjectMetadata, locked(before)); err != nil {
			return err
		}
	}
	if current.DeletionTimestamp != nil {
		return nil
	}
	uid, version, background := current.UID, current.ResourceVersion, metav1.DeletePropagationBackground
	return t.Kube.Delete(ctx, current.PartialObjectMetadata, &client.DeleteOptions{
		Preconditions: &metav1.Preconditions{UID: &uid, ResourceVersion: &version}, PropagationPolicy: &background})
}

// operatorFinalizer begins the finalizer by which Azure Service Operator acts on deletions.
const operatorFinalizer = "serviceoperator.azure.com/"

// deleteSecrets takes away the copies of credentials that only Azure Service Operator read or wrote.
func (t *Takeover) deleteSecrets(ctx context.Context, s *state) error {
	for _, o := range operatorSecrets(s.cluster) {
		if err := t.Kube.Delete(ctx, o); client.IgnoreNotFound(err) != nil {
			return err
		}
	}
	return nil
}

func lookCleaned(_ context.Context, _ *Takeover, s *state) (finding, error) {
	f := finding{done: true}
	add := func(format string, args ...any) {
		f.done = false
		f.todo = append(f.todo, fmt.Sprintf(format, args...))
	}
	for _, object := range s.annotated() {
		if _, there := object.GetAnnotations()[blockMove]; there {
			add("%s loses annotation %s", describe(object), blockMove)
		}
	}
	if slices.Contains(s.controlPlane.Finalizers, v1beta1.LegacyControlPlaneFinalizer) {
		add("AzureManagedControlPlane %s loses finalizer %s", s.controlPlane.Name, v1beta1.LegacyControlPlaneFinalizer)
	}
	for _, finalizer := range s.earlierIdentityFinalizers() {
		add("AzureClusterIdentity %s loses finalizer %s", s.identity.Name, finalizer)
	}
	return f, nil
}

// clean removes what only the earlier provider looks at. It goes through the webhooks of this provider, and so comes after it is installed.
func clean(ctx context.Context, t *Takeover, s *state) error {
	for _, object := range s.annotated() {
		before, ok := object.DeepCopyObject().(client.Object)
		if !ok {
			continue
		}
		annotations := object.GetAnnotations()
		delete(annotations, blockMove)
		object.SetAnnotations(annotations)
		if object == client.Object(s.controlPlane) {
			drop(object, v1beta1.LegacyControlPlaneFinalizer)
		}
		if err := t.Kube.Patch(ctx, object, locked(before)); err != nil {
			return fmt.Errorf("%s: %w", describe(object), err)
		}
	}
	earlier := s.earlierIdentityFinalizers()
	if len(earlier) == 0 {
		return nil
	}
	before := s.identity.DeepCopy()
	for _, finalizer := range earlier {
		drop(s.identity, finalizer)
	}
	return t.Kube.Patch(ctx, s.identity, locked(before))
}

func drop(object client.Object, finalizer string) {
	object.SetFinalizers(slices.DeleteFunc(object.GetFinalizers(), func(f string) bool { return f == finalizer }))
}

// annotated are the objects that may carry annotations of the earlier provider.
func (s *state) annotated() []client.Object {
	objects := []client.Object{s.controlPlane}
	for i := range s.pools {
		objects = append(objects, &s.pools[i])
	}
	return objects
}

func describe(object client.Object) string {
	if _, ok := object.(*v1beta1.AzureManagedControlPlane); ok {
		return "AzureManagedControlPlane " + object.GetName()
	}
	return "AzureManagedMachinePool " + object.GetName()
}

// locked is a patch that is refused when somebody else has changed the object since it was read.
func locked(before client.Object) client.Patch {
	return client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
}

func with(m map[string]string, key, value string) map[string]string {
	if m == nil {
		m = map[string]string{}
	}
	m[key] = value
	return m
}

func either(a, b string) string {
	if a == "" {
		return b
	}
	return a
}
