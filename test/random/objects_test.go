package random_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/engine"
	"github.com/capaks/capaks/internal/fieldset"
)

// edit is one thing a person changes. A list of edits is all there is to repeat a run.
type edit struct {
	// Object is "cluster", or the name of a pool.
	Object string `json:"object"`
	// Do is set, drop, version, replicas, add (a pool with Value as its spec) or remove (the pool).
	Do    string `json:"do"`
	Path  string `json:"path,omitempty"`
	Value any    `json:"value,omitempty"`
}

func (e edit) String() string {
	raw, err := json.Marshal(e)
	if err != nil {
		return err.Error()
	}
	return string(raw)
}

const theCluster = "cluster"

// objects are those of one cluster in the API server, and what a controller would keep with them.
type objects struct {
	ctx          context.Context
	namespace    string
	subscription string
	cp           *v1beta1.AzureManagedControlPlane
	pools        []*pool
	owned        aks.Owned
	// changed names the objects that were edited since all was as declared.
	changed map[string]bool
}

type pool struct {
	name     string
	object   *v1beta1.AzureManagedMachinePool
	mp       *clusterv1.MachinePool
	owned    *fieldset.Set
	deleting bool
}

const startVersion = "v1.33.4"

// newObjects makes a namespace with the objects of a small cluster, changed by the edits as far as they are legal; it
// answers with those that were.
func newObjects(ctx context.Context, subscription string, edits []edit) (*objects, []edit, error) {
	ns := &corev1.Namespace{}
	ns.GenerateName = "random-"
	if err := kube.Create(ctx, ns); err != nil {
		return nil, nil, err
	}
	w := &objects{ctx: ctx, namespace: ns.Name, subscription: subscription, changed: map[string]bool{}}
	cluster := &clusterv1.Cluster{}
	cluster.Name, cluster.Namespace = "c", w.namespace
	cluster.Spec.ClusterNetwork.Services.CIDRBlocks = []string{"192.168.0.0/16"}
	cluster.Spec.ControlPlaneRef = clusterv1.ContractVersionedObjectReference{APIGroup: v1beta1.GroupVersion.Group, Kind: "AzureManagedControlPlane", Name: "c"}
	cluster.Spec.InfrastructureRef = clusterv1.ContractVersionedObjectReference{APIGroup: v1beta1.GroupVersion.Group, Kind: "AzureManagedCluster", Name: "c"}
	if err := kube.Create(ctx, cluster); err != nil {
		return nil, nil, err
	}
	base := object("AzureManagedControlPlane", w.namespace, "c", map[string]any{"location": "westeurope", "subscriptionID": subscription, "version": startVersion, "networkPlugin": "azure"})
	legal, err := w.store(base, true, only(edits, theCluster))
	if err != nil {
		return nil, nil, err
	}
	if err := w.read(); err != nil {
		return nil, nil, err
	}
	for _, name := range []string{"sys", "user"} {
		mode := map[string]string{"sys": "System", "user": "User"}[name]
		more, err := w.addPool(name, map[string]any{"mode": mode, "sku": "Standard_D4ds_v5"}, only(edits, name))
		if err != nil {
			return nil, nil, err
		}
		legal = append(legal, more...)
	}
	return w, legal, nil
}

func only(edits []edit, object string) []edit {
	return slices.DeleteFunc(slices.Clone(edits), func(e edit) bool { return e.Object != object })
}

func object(kind, namespace, name string, spec map[string]any) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{"spec": spec}}
	u.SetGroupVersionKind(v1beta1.GroupVersion.WithKind(kind))
	u.SetNamespace(namespace)
	u.SetName(name)
	return u
}

// store creates or updates an object with all edits if that is legal, and else with as many of them as are.
func (w *objects) store(u *unstructured.Unstructured, create bool, edits []edit) ([]edit, error) {
	write := func(u *unstructured.Unstructured, dry bool) error {
		u = u.DeepCopy()
		var options []client.CreateOption
		var updates []client.UpdateOption
		if dry {
			options, updates = append(options, client.DryRunAll), append(updates, client.DryRunAll)
		}
		if create {
			return kube.Create(w.ctx, u, options...)
		}
		return kube.Update(w.ctx, u, updates...)
	}
	whole := u.DeepCopy()
	for _, e := range edits {
		e.apply(whole)
	}
	err := write(whole, false)
	if err == nil || !refused(err) || len(edits) == 0 {
		return edits, err
	}
	var legal []edit
	for _, e := range edits {
		next := u.DeepCopy()
		e.apply(next)
		if err := write(next, true); err == nil {
			u, legal = next, append(legal, e)
		} else if !refused(err) {
			return nil, err
		}
	}
	return legal, write(u, false)
}

// refused tells a refusal by schema, rules or webhooks from everything else.
func refused(err error) bool {
	return apierrors.IsInvalid(err) || apierrors.IsForbidden(err) || apierrors.IsBadRequest(err) || strings.Contains(err.Error(), "strict decoding")
}

func (e edit) apply(u *unstructured.Unstructured) {
	path := append([]string{"spec"}, strings.Split(e.Path, ".")...)
	if e.Do == "drop" {
		unstructured.RemoveNestedField(u.Object, path...)
		return
	}
	_ = unstructured.SetNestedField(u.Object, runtime.DeepCopyJSONValue(e.Value), path...) // a path through a scalar is refused by the schema anyway
}

// apply carries out a set of edits in the API server, as far as they are legal, and answers with those that were.
func (w *objects) apply(edits []edit) ([]edit, error) {
	var legal []edit
	for len(edits) > 0 {
		e := edits[0]
		var done []edit
		var err error
		switch e.Do {
		case "set", "drop":
			n := slices.IndexFunc(edits, func(o edit) bool { return o.Object != e.Object || o.Do != "set" && o.Do != "drop" })
			if n < 0 {
				n = len(edits)
			}
			done, err = w.change(e.Object, edits[:n])
			edits = edits[n:]
		default:
			if err = w.act(e); err == nil {
				done = []edit{e}
			} else if refused(err) || apierrors.IsNotFound(err) {
				err = nil
			}
			edits = edits[1:]
		}
		if err != nil {
			return nil, err
		}
		legal = append(legal, done...)
	}
	return legal, w.read()
}

func (w *objects) change(name string, edits []edit) ([]edit, error) {
	kind, key := "AzureManagedControlPlane", "c"
	if name != theCluster {
		if p := w.pool(name); p == nil || p.deleting {
			return nil, nil
		}
		kind, key = "AzureManagedMachinePool", name
	}
	u := object(kind, w.namespace, key, nil)
	if err := kube.Get(w.ctx, client.ObjectKeyFromObject(u), u); err != nil {
		return nil, err
	}
	w.changed[name] = true
	return w.store(u, false, edits)
}

// act carries out an edit that is not about a field of ours.
func (w *objects) act(e edit) error {
	p := w.pool(e.Object)
	if e.Do == "add" {
		if p != nil {
			return apierrors.NewBadRequest("a pool of that name exists")
		}
		spec, _ := e.Value.(map[string]any)
		_, err := w.addPool(e.Object, runtime.DeepCopyJSON(spec), nil)
		return err
	}
	if p == nil || p.deleting {
		return apierrors.NewBadRequest("there is no such pool")
	}
	w.changed[e.Object] = true
	switch e.Do {
	case "replicas":
		n, _ := e.Value.(int64)
		p.mp.Spec.Replicas = new(int32(n))
	case "version":
		p.mp.Spec.Template.Spec.Version, _ = e.Value.(string)
	case "remove":
		if err := kube.Delete(w.ctx, p.object.DeepCopy()); err != nil {
			return err
		}
		p.deleting = true
		return client.IgnoreNotFound(kube.Delete(w.ctx, p.mp))
	}
	err := kube.Update(w.ctx, p.mp)
	if err != nil {
		return errors.Join(err, kube.Get(w.ctx, client.ObjectKeyFromObject(p.mp), p.mp))
	}
	return nil
}

func (w *objects) addPool(name string, spec map[string]any, edits []edit) ([]edit, error) {
	mp := &clusterv1.MachinePool{}
	mp.Name, mp.Namespace = name, w.namespace
	mp.Spec.ClusterName, mp.Spec.Template.Spec.ClusterName = "c", "c"
	mp.Spec.Replicas = new(int32(1))
	mp.Spec.Template.Spec.Version = w.cp.Spec.Version
	mp.Spec.Template.Spec.Bootstrap.DataSecretName = new("")
	mp.Spec.Template.Spec.InfrastructureRef = clusterv1.ContractVersionedObjectReference{APIGroup: v1beta1.GroupVersion.Group, Kind: "AzureManagedMachinePool", Name: name}
	u := object("AzureManagedMachinePool", w.namespace, name, spec)
	u.SetLabels(map[string]string{clusterv1.ClusterNameLabel: "c"})
	legal, err := w.store(u, true, edits)
	if err != nil {
		return nil, err
	}
	if err := kube.Create(w.ctx, mp); err != nil {
		return nil, err
	}
	w.pools = append(w.pools, &pool{name: name, mp: mp, object: &v1beta1.AzureManagedMachinePool{}})
	w.changed[name] = true
	return legal, w.read()
}

func (w *objects) pool(name string) *pool {
	for _, p := range w.pools {
		if p.name == name {
			return p
		}
	}
	return nil
}

// read takes over what the API server has.
func (w *objects) read() error {
	cp := &v1beta1.AzureManagedControlPlane{}
	if err := kube.Get(w.ctx, client.ObjectKey{Namespace: w.namespace, Name: "c"}, cp); err != nil {
		return err
	}
	w.cp = cp
	for _, p := range w.pools {
		if p.deleting {
			continue
		}
		object := &v1beta1.AzureManagedMachinePool{}
		if err := kube.Get(w.ctx, client.ObjectKey{Namespace: w.namespace, Name: p.name}, object); err != nil {
			return err
		}
		p.object = object
	}
	return nil
}

// inputs are what a controller would gather.
func (w *objects) inputs() aks.Inputs {
	in := aks.Inputs{
		Cluster:      aks.Cluster{Name: "c", Namespace: w.namespace, ServiceCIDRs: []string{"192.168.0.0/16"}},
		ControlPlane: w.cp, Owned: w.owned, SpecChanged: w.changed[theCluster],
	}
	for _, p := range w.pools {
		in.Pools = append(in.Pools, aks.Pool{Object: p.object, MachinePool: p.name, Replicas: p.mp.Spec.Replicas, Version: p.mp.Spec.Template.Spec.Version,
			ReplicasManaged: p.mp.Annotations[clusterv1.ReplicasManagedByAnnotation] != "", Owned: p.owned, Deleting: p.deleting, SpecChanged: w.changed[p.name]})
	}
	return in
}

// keep takes note of what a controller would keep in annotations.
func (w *objects) keep(report engine.Report) {
	w.owned = w.owned.Merge(report.Owned)
	for _, p := range w.pools {
		if action, ok := report.OwnedPools[aks.PoolName(p.object)]; ok {
			p.owned = action.Owned
		}
	}
	if !report.Done {
		return
	}
	w.changed = map[string]bool{}
	w.pools = slices.DeleteFunc(w.pools, func(p *pool) bool { return p.deleting })
}

// settled writes what the rules of the schema and the webhooks look at: what exists and what runs.
func (w *objects) settled(report engine.Report) error {
	w.cp.Status.ResourceID, w.cp.Status.Version = report.Facts.ResourceID, aks.ReportedVersion(report.Facts.Version)
	if err := kube.Status().Update(w.ctx, w.cp); err != nil {
		return fmt.Errorf("status of the control plane: %w", err)
	}
	for _, p := range w.pools {
		p.object.Status.ResourceID = report.Names.PoolID(p.object)
		if err := kube.Status().Update(w.ctx, p.object); err != nil {
			return fmt.Errorf("status of pool %s: %w", p.name, err)
		}
	}
	return w.read()
}
