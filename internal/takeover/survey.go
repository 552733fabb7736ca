package takeover

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/capaks/capaks/api/v1beta1"
)

// state is everything about one cluster that a stage decides by, read anew for each stage.
type state struct {
	cluster      *clusterv1.Cluster
	controlPlane *v1beta1.AzureManagedControlPlane
	pools        []v1beta1.AzureManagedMachinePool
	// identity is nil where the control plane names none.
	identity *v1beta1.AzureClusterIdentity
	// operated are the objects of Azure Service Operator that were made for the cluster, in the order in which they go.
	operated []operated
	// children are objects of somebody's own that one of those owns.
	children []string
}

// operated is an object of Azure Service Operator; its content is not needed.
type operated struct{ *metav1.PartialObjectMetadata }

func (o operated) String() string { return o.Kind + " " + o.Name }

func (o operated) skipped() bool { return o.Annotations[policyAnnotation] == policySkip }

// survey reads what there is of a cluster.
func (t *Takeover) survey(ctx context.Context, key client.ObjectKey) (*state, error) {
	s := &state{cluster: &clusterv1.Cluster{}, controlPlane: &v1beta1.AzureManagedControlPlane{}}
	if err := t.Kube.Get(ctx, key, s.cluster); err != nil {
		return nil, err
	}
	if err := t.Kube.Get(ctx, client.ObjectKey{Namespace: key.Namespace, Name: s.cluster.Spec.ControlPlaneRef.Name}, s.controlPlane); err != nil {
		return nil, err
	}
	pools := &v1beta1.AzureManagedMachinePoolList{}
	if err := t.Kube.List(ctx, pools, client.InNamespace(key.Namespace), client.MatchingLabels{clusterv1.ClusterNameLabel: key.Name}); err != nil {
		return nil, err
	}
	s.pools = pools.Items
	if ref := s.controlPlane.Spec.IdentityRef; ref != nil {
		identity := &v1beta1.AzureClusterIdentity{}
		err := t.Kube.Get(ctx, client.ObjectKey{Namespace: cmp.Or(ref.Namespace, key.Namespace), Name: ref.Name}, identity)
		if client.IgnoreNotFound(err) != nil {
			return nil, err
		}
		if err == nil {
			s.identity = identity
		}
	}
	return s, t.findOperated(ctx, s)
}

// findOperated finds the objects of Azure Service Operator that the earlier provider made for a cluster, and whose they own.
func (t *Takeover) findOperated(ctx context.Context, s *state) error {
	kinds, err := t.operatorKinds(ctx)
	if err != nil {
		return err
	}
	var others []operated
	for _, kind := range kinds {
		list := &metav1.PartialObjectMetadataList{}
		list.SetGroupVersionKind(kind.GroupVersion().WithKind(kind.Kind + "List"))
		if err := t.Kube.List(ctx, list, client.InNamespace(s.cluster.Namespace)); err != nil {
			if apierrors.IsNotFound(err) || meta.IsNoMatchError(err) {
				continue // the kind has just been removed
			}
			return fmt.Errorf("objects %s of namespace %s: %w", kind.GroupKind(), s.cluster.Namespace, err)
		}
		for i := range list.Items {
			item := &list.Items[i]
			item.SetGroupVersionKind(kind)
			if s.made(item) {
				s.operated = append(s.operated, operated{item})
			} else {
				others = append(others, operated{item})
			}
		}
	}
	for _, o := range others {
		if i := slices.IndexFunc(s.operated, func(p operated) bool { return owns(p, o) }); i >= 0 {
			s.children = append(s.children, fmt.Sprintf("%s (owned by %s)", o, s.operated[i]))
		}
	}
	slices.SortFunc(s.operated, func(a, b operated) int {
		return cmp.Or(cmp.Compare(rank[a.Kind], rank[b.Kind]), strings.Compare(a.Kind, b.Kind), strings.Compare(a.Name, b.Name))
	})
	return nil
}

func owns(owner, o operated) bool {
	return slices.ContainsFunc(o.OwnerReferences, func(r metav1.OwnerReference) bool { return r.UID == owner.UID })
}

// made tells whether the earlier provider made an object for the cluster. It goes by the owner's kind and name, as the earlier
// provider does, because a move or a restore gives the owner another uid. Anything else in the namespace is somebody's own.
func (s *state) made(o *metav1.PartialObjectMetadata) bool {
	if o.Annotations[markAnnotation] == s.cluster.Name || o.Labels[ownedLabelPrefix] == s.cluster.Name {
		return true
	}
	return slices.ContainsFunc(o.OwnerReferences, func(r metav1.OwnerReference) bool {
		group, _ := schema.ParseGroupVersion(r.APIVersion)
		return group.Group == infraGroup && owningKinds[r.Kind] && s.has(r.Kind, r.Name)
	})
}

func (s *state) has(kind, name string) bool {
	switch kind {
	case "AzureManagedControlPlane":
		return name == s.controlPlane.Name
	case "AzureManagedMachinePool":
		return slices.ContainsFunc(s.pools, func(p v1beta1.AzureManagedMachinePool) bool { return p.Name == name })
	case "AzureManagedCluster":
		return name == s.cluster.Spec.InfrastructureRef.Name
	}
	return false
}

// operatorKinds are the kinds of Azure Service Operator that are installed, each in the version it is stored in: reading any other
// version goes through a webhook of the operator, which may not run any more.
func (t *Takeover) operatorKinds(ctx context.Context) ([]schema.GroupVersionKind, error) {
	names := &metav1.PartialObjectMetadataList{}
	names.SetGroupVersionKind(apiextensionsv1.SchemeGroupVersion.WithKind("CustomResourceDefinitionList"))
	if err := t.Kube.List(ctx, names); err != nil {
		return nil, err
	}
	var kinds []schema.GroupVersionKind
	for i := range names.Items {
		_, group, _ := strings.Cut(names.Items[i].Name, ".")
		if !operatorGroups[group] {
			continue
		}
		crd := &apiextensionsv1.CustomResourceDefinition{}
		if err := t.Kube.Get(ctx, client.ObjectKey{Name: names.Items[i].Name}, crd); err != nil {
			if apierrors.IsNotFound(err) {
				continue
			}
			return nil, err
		}
		kind := schema.GroupVersionKind{Group: group, Kind: crd.Spec.Names.Kind}
		for _, version := range crd.Spec.Versions {
			if version.Served && (version.Storage || kind.Version == "") {
				kind.Version = version.Name
			}
		}
		kinds = append(kinds, kind)
	}
	return kinds, nil
}
