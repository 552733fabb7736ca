package preview

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/controller"
	"github.com/capaks/capaks/internal/engine"
	"github.com/capaks/capaks/internal/fleet"
)

// Options of a Preview.
type Options struct {
	// Namespace is that of objects that name none.
	Namespace string
	// OwnCredentials signs in to Azure as the caller, not with the identities of clusters.
	OwnCredentials bool
	// FieldManager is who applies the manifests with server-side apply; found out by itself when empty.
	FieldManager string
}

// Preview looks at clusters of one management cluster.
type Preview struct {
	Options
	kube       client.Client
	view       *overlay
	reconciler *controller.Reconciler
	declared   []client.Object
}

// New makes a Preview. The client's own writes are dry runs only.
func New(kube client.Client, azure *controller.Azure, options Options) *Preview {
	view := newOverlay(kube)
	return &Preview{Options: options, kube: kube, view: view, reconciler: &controller.Reconciler{
		Client: view, Reader: view, Azure: azure, Engine: engine.New(engine.Options{Fleet: fleet.New(fleet.Options{Interval: listedFor})}),
	}}
}

// listedFor is how long clusters share a listing of their subscription: long enough for a fleet, and not so long that a second look
// sees what the first saw.
const listedFor = 5 * time.Second

// Cluster is the plan of one cluster.
type Cluster struct {
	client.ObjectKey // of the control plane
	controller.ClusterPlan
}

// Plan is the plan of the AKS cluster that a control plane declares.
func (p *Preview) Plan(ctx context.Context, key client.ObjectKey) (Cluster, error) {
	c := Cluster{ObjectKey: key}
	cp := &v1beta1.AzureManagedControlPlane{}
	err := p.view.Get(ctx, key, cp)
	if apierrors.IsNotFound(err) {
		c.Reason, c.Problem = "ControlPlaneMissing", fmt.Sprintf("AzureManagedControlPlane %s does not exist: create it, or correct spec.controlPlaneRef of the Cluster", key)
		return c, nil
	}
	if err != nil {
		return c, err
	}
	if err := p.adoptByCluster(ctx, cp); err != nil {
		return c, err
	}
	c.ClusterPlan, err = p.reconciler.Plan(ctx, cp, controller.PlanOptions{OwnCredentials: p.OwnCredentials})
	return c, err
}

// adoptByCluster gives a control plane that is only declared the owner that Cluster API would.
func (p *Preview) adoptByCluster(ctx context.Context, cp *v1beta1.AzureManagedControlPlane) error {
	if slices.ContainsFunc(cp.OwnerReferences, func(r metav1.OwnerReference) bool { return r.Kind == "Cluster" }) {
		return nil
	}
	clusters := &clusterv1.ClusterList{}
	if err := p.view.List(ctx, clusters, client.InNamespace(cp.Namespace)); err != nil {
		return err
	}
	for i := range clusters.Items {
		cluster := &clusters.Items[i]
		if ref := cluster.Spec.ControlPlaneRef; ref.Kind == "AzureManagedControlPlane" && ref.Name == cp.Name {
			cp.OwnerReferences = append(cp.OwnerReferences, metav1.OwnerReference{
				APIVersion: clusterv1.GroupVersion.String(), Kind: "Cluster", Name: cluster.Name, UID: cluster.UID})
		}
	}
	return nil
}

// ControlPlanes are those of the named Clusters of a namespace, or of all of them; an empty namespace stands for all.
func (p *Preview) ControlPlanes(ctx context.Context, namespace string, names []string) ([]client.ObjectKey, error) {
	clusters := &clusterv1.ClusterList{}
	if err := p.view.List(ctx, clusters, client.InNamespace(namespace)); err != nil {
		return nil, err
	}
	var keys []client.ObjectKey
	var known []string
	missing := slices.Clone(names)
	for i := range clusters.Items {
		cluster := &clusters.Items[i]
		if cluster.Spec.ControlPlaneRef.Kind != "AzureManagedControlPlane" {
			continue
		}
		known = append(known, cluster.Name)
		missing = slices.DeleteFunc(missing, func(name string) bool { return name == cluster.Name })
		if len(names) == 0 || slices.Contains(names, cluster.Name) {
			keys = append(keys, client.ObjectKey{Namespace: cluster.Namespace, Name: cluster.Spec.ControlPlaneRef.Name})
		}
	}
	if len(missing) > 0 {
		where := "namespace " + namespace
		if namespace == "" {
			where = "any namespace"
		}
		return nil, fmt.Errorf("%s has no Cluster %s with an AzureManagedControlPlane: there is %s", where, strings.Join(missing, ", "), orNone(known))
	}
	sortKeys(keys)
	return keys, nil
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

func sortKeys(keys []client.ObjectKey) {
	slices.SortFunc(keys, func(a, b client.ObjectKey) int { return strings.Compare(a.String(), b.String()) })
}

// Declared are the control planes of the clusters that the manifests given to Declare are about.
func (p *Preview) Declared(ctx context.Context) ([]client.ObjectKey, error) {
	found := map[client.ObjectKey]bool{}
	for _, object := range p.declared {
		key, err := p.controlPlaneOf(ctx, object)
		if err != nil {
			return nil, err
		}
		if key.Name != "" {
			found[key] = true
		}
	}
	keys := make([]client.ObjectKey, 0, len(found))
	for key := range found {
		keys = append(keys, key)
	}
	sortKeys(keys)
	return keys, nil
}

// controlPlaneOf is the control plane of the cluster that an object belongs to; empty for one that belongs to none.
func (p *Preview) controlPlaneOf(ctx context.Context, object client.Object) (client.ObjectKey, error) {
	name := object.GetLabels()[clusterv1.ClusterNameLabel]
	switch o := object.(type) {
	case *v1beta1.AzureManagedControlPlane:
		return client.ObjectKeyFromObject(o), nil
	case *clusterv1.Cluster:
		name = o.Name
	case *clusterv1.MachinePool:
		name = o.Spec.ClusterName
	case *v1beta1.AzureManagedMachinePool:
		pools := &clusterv1.MachinePoolList{}
		if err := p.view.List(ctx, pools, client.InNamespace(o.Namespace)); err != nil {
			return client.ObjectKey{}, err
		}
		for i := range pools.Items {
			if ref := pools.Items[i].Spec.Template.Spec.InfrastructureRef; ref.Kind == "AzureManagedMachinePool" && ref.Name == o.Name {
				name = pools.Items[i].Spec.ClusterName
			}
		}
	case *v1beta1.AzureManagedCluster:
		for _, owner := range o.OwnerReferences {
			if owner.Kind == "Cluster" {
				name = owner.Name
			}
		}
	}
	if name == "" {
		return client.ObjectKey{}, nil
	}
	cluster := &clusterv1.Cluster{}
	err := p.view.Get(ctx, client.ObjectKey{Namespace: object.GetNamespace(), Name: name}, cluster)
	if err != nil || cluster.Spec.ControlPlaneRef.Kind != "AzureManagedControlPlane" {
		return client.ObjectKey{}, client.IgnoreNotFound(err)
	}
	return client.ObjectKey{Namespace: cluster.Namespace, Name: cluster.Spec.ControlPlaneRef.Name}, nil
}
