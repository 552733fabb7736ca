// Package imported writes the objects that describe an AKS cluster as Azure has it.
//
// What it writes is checked with the plan itself: a field that would change something in Azure is left out and told of. The package
// must not do I/O, and must not put a secret into a manifest.
package imported

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/armfield"
	"github.com/capaks/capaks/internal/fieldset"
	"github.com/capaks/capaks/internal/plan"
)

// Source is what Azure has of a cluster.
type Source struct {
	Subscription, Group string
	// Cluster is the managed cluster, Pools are its agent pools, each as it was read by itself.
	Cluster fieldset.Object
	Pools   []fieldset.Object
	// ResourceGroup and Network are the group and the network of the nodes; the latter does not exist where AKS made one.
	ResourceGroup, Network plan.Observed
}

// Options say what is not in Azure.
type Options struct {
	Namespace string
	// Policy is a value of the policy annotation.
	Policy string
	// Identity names an AzureClusterIdentity of the namespace; the manager's own credentials when empty.
	Identity string
	// Now is only compared.
	Now time.Time
}

// Result are the objects, and what they do not say.
type Result struct {
	Objects []map[string]any
	Notes   []string
}

// objects are those of one cluster.
type objects struct {
	cluster *clusterv1.Cluster
	infra   *v1beta1.AzureManagedCluster
	cp      *v1beta1.AzureManagedControlPlane
	pools   []poolObjects
	ssh     string
	notes   []string
}

type poolObjects struct {
	machines *clusterv1.MachinePool
	pool     *v1beta1.AzureManagedMachinePool
}

var objectName = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)

// Of writes the objects of a cluster.
func Of(s Source, o Options) (Result, error) {
	name := text(s.Cluster, "name")
	if !objectName.MatchString(name) {
		return Result{}, fmt.Errorf("the AKS cluster is called %q, and an object of Kubernetes cannot be: only lower-case letters, digits and hyphens", name)
	}
	all := &objects{}
	if err := all.controlPlane(s, o, name); err != nil {
		return Result{}, err
	}
	for _, pool := range s.Pools {
		if err := all.pool(o, name, pool); err != nil {
			return Result{}, err
		}
	}
	all.network(s)
	if err := all.spelled("azuremanagedcontrolplanes", "managedCluster "+name, &all.cp.Spec); err != nil {
		return Result{}, err
	}
	for _, p := range all.pools {
		if err := all.spelled("azuremanagedmachinepools", "agentPool "+p.pool.Spec.Name, &p.pool.Spec); err != nil {
			return Result{}, err
		}
	}
	all.fit(s, o.Now)
	return all.result()
}

func (a *objects) controlPlane(s Source, o Options, name string) error {
	meta := metav1.ObjectMeta{Name: name, Namespace: o.Namespace}
	a.cp = &v1beta1.AzureManagedControlPlane{TypeMeta: infraType("AzureManagedControlPlane"), ObjectMeta: *meta.DeepCopy()}
	spec := &a.cp.Spec
	if err := armfield.Decode(s.Cluster, spec); err != nil {
		return err
	}
	spec.SubscriptionID, spec.ResourceGroupName = s.Subscription, s.Group
	spec.NodeResourceGroupName = text(s.Cluster, "properties", "nodeResourceGroup")
	spec.Version = aks.NormalVersion(text(s.Cluster, "properties", "currentKubernetesVersion"))
	if spec.Version == "" {
		spec.Version = aks.NormalVersion(text(s.Cluster, "properties", "kubernetesVersion"))
	}
	if spec.Identity == nil || spec.Identity.Type != v1beta1.ManagedIdentityUserAssigned {
		spec.KubeletUserAssignedIdentity = "" // AKS made it
	}
	for key := range spec.AdditionalTags {
		if strings.HasPrefix(key, v1beta1.OwnerTagPrefix) || key == v1beta1.RoleTag {
			delete(spec.AdditionalTags, key)
		}
	}
	if o.Identity != "" {
		spec.IdentityRef = &corev1.ObjectReference{APIVersion: v1beta1.GroupVersion.String(), Kind: "AzureClusterIdentity", Name: o.Identity}
	}
	// Also where it is only observed: then nothing differs, and the policy is all that changes later.
	a.cp.Annotations = map[string]string{v1beta1.PolicyAnnotation: o.Policy, v1beta1.AdoptAnnotation: "true"}
	if client := text(s.Cluster, "properties", "servicePrincipalProfile", "clientId"); client != "" && client != "msi" {
		a.notes = append(a.notes, "the cluster signs in as a service principal ("+client+"), for which there is no field: it stays so")
	}
	keys, _ := fieldset.Get(s.Cluster, fieldset.ParsePath("properties.linuxProfile.ssh.publicKeys"))
	if list, _ := keys.([]any); len(list) > 0 {
		first, _ := list[0].(fieldset.Object)
		a.ssh = strings.TrimSpace(text(first, "keyData"))
	}
	if admin := text(s.Cluster, "properties", "linuxProfile", "adminUsername"); admin != "" && admin != aks.AdminUsername {
		spec.SSHPublicKey = nil
		a.notes = append(a.notes, "the administrator of the nodes is called "+admin+", for which there is no field: it and its SSH keys stay")
	}
	a.infra = &v1beta1.AzureManagedCluster{TypeMeta: infraType("AzureManagedCluster"), ObjectMeta: *meta.DeepCopy()}
	a.cluster = &clusterv1.Cluster{TypeMeta: metav1.TypeMeta{APIVersion: clusterv1.GroupVersion.String(), Kind: "Cluster"}, ObjectMeta: *meta.DeepCopy()}
	a.cluster.Spec.ControlPlaneRef = ref("AzureManagedControlPlane", name)
	a.cluster.Spec.InfrastructureRef = ref("AzureManagedCluster", name)
	network := &a.cluster.Spec.ClusterNetwork
	network.Services.CIDRBlocks = ranges(s.Cluster, "serviceCidr")
	network.Pods.CIDRBlocks = ranges(s.Cluster, "podCidr")
	return nil
}

// ranges are the two properties AKS has for ranges of one or two families.
func ranges(cluster fieldset.Object, property string) []string {
	list, _ := fieldset.Get(cluster, fieldset.Path{"properties", "networkProfile", property + "s"})
	items, _ := list.([]any)
	var out []string
	for _, item := range items {
		if s, ok := item.(string); ok {
			out = append(out, s)
		}
	}
	if one := text(cluster, "properties", "networkProfile", property); len(out) == 0 && one != "" {
		return []string{one}
	}
	return out
}

func (a *objects) pool(o Options, cluster string, body fieldset.Object) error {
	name := text(body, "name")
	meta := metav1.ObjectMeta{Name: cluster + "-" + name, Namespace: o.Namespace}
	pool := &v1beta1.AzureManagedMachinePool{TypeMeta: infraType("AzureManagedMachinePool"), ObjectMeta: *meta.DeepCopy()}
	if err := armfield.Decode(body, &pool.Spec); err != nil {
		return err
	}
	pool.Spec.Name, pool.Spec.PowerState = name, ""
	if on, _ := fieldset.Get(body, fieldset.ParsePath("properties.enableAutoScaling")); on != true {
		pool.Spec.Scaling = nil
	}
	machines := &clusterv1.MachinePool{TypeMeta: metav1.TypeMeta{APIVersion: clusterv1.GroupVersion.String(), Kind: "MachinePool"}, ObjectMeta: *meta.DeepCopy()}
	machines.Spec.ClusterName = cluster
	if count, ok := number(body, "properties", "count"); ok {
		machines.Spec.Replicas = new(int32(count))
	}
	template := &machines.Spec.Template.Spec
	template.ClusterName, template.Bootstrap.DataSecretName, template.InfrastructureRef = cluster, new(""), ref("AzureManagedMachinePool", pool.Name)
	template.Version = aks.NormalVersion(text(body, "properties", "currentOrchestratorVersion"))
	if template.Version == "" {
		template.Version = aks.NormalVersion(text(body, "properties", "orchestratorVersion"))
	}
	a.pools = append(a.pools, poolObjects{machines, pool})
	return nil
}

// network says which subnet is that of the cluster: that of the first System pool. A pool in another one names it.
func (a *objects) network(s Source) {
	subnet := ""
	for _, p := range a.pools {
		if subnet == "" || p.pool.Spec.Mode == v1beta1.NodePoolModeSystem {
			subnet = p.pool.Spec.VnetSubnetID
		}
		if p.pool.Spec.Mode == v1beta1.NodePoolModeSystem {
			break
		}
	}
	parts := subnetParts.FindStringSubmatch(subnet)
	if parts == nil {
		return // made by AKS
	}
	a.cp.Spec.VirtualNetwork = &v1beta1.VirtualNetwork{ResourceGroup: parts[1], Name: parts[2], Subnet: &v1beta1.Subnet{Name: parts[3]}}
	if prefixes, _ := fieldset.Get(s.Network.Body, fieldset.ParsePath("properties.addressSpace.addressPrefixes")); prefixes != nil {
		if list, _ := prefixes.([]any); len(list) > 0 {
			a.cp.Spec.VirtualNetwork.CIDRBlock, _ = list[0].(string)
		}
	}
	subnets, _ := fieldset.Get(s.Network.Body, fieldset.ParsePath("properties.subnets"))
	list, _ := subnets.([]any)
	for _, item := range list {
		if o, _ := item.(fieldset.Object); strings.EqualFold(text(o, "name"), parts[3]) {
			a.cp.Spec.VirtualNetwork.Subnet.CIDRBlock = text(o, "properties", "addressPrefix")
		}
	}
	for _, p := range a.pools {
		if aks.SameID(p.pool.Spec.VnetSubnetID, subnet) {
			p.pool.Spec.VnetSubnetID = ""
		}
	}
}

var subnetParts = regexp.MustCompile(`(?i)^/subscriptions/[^/]+/resourceGroups/([^/]+)/providers/Microsoft\.Network/virtualNetworks/([^/]+)/subnets/([^/]+)$`)

// SubnetOf is the id of the network of a subnet; empty for what is no subnet.
func SubnetOf(subnet string) (network string) {
	if subnetParts.MatchString(subnet) {
		return subnet[:strings.Index(strings.ToLower(subnet), "/subnets/")]
	}
	return ""
}

// fit leaves out what would change something in Azure, until nothing does.
func (a *objects) fit(s Source, now time.Time) {
	for range 5 {
		left := false
		for _, action := range a.decide(s, now).Actions {
			if action.Verb == plan.None {
				continue
			}
			for _, change := range action.Changes {
				left = a.leaveOut(action, change) || left
			}
		}
		if !left {
			break
		}
	}
	for _, action := range a.decide(s, now).Actions {
		if action.Verb != plan.None {
			a.notes = append(a.notes, "differs, and no field can say it: "+action.Line())
		}
	}
}

// decide is the plan for the objects as they are, were they managed.
func (a *objects) decide(s Source, now time.Time) aks.Decision {
	cp := a.cp.DeepCopy()
	cp.Annotations = map[string]string{v1beta1.AdoptAnnotation: "true"}
	key := a.ssh
	if cp.Spec.SSHPublicKey == nil {
		key = "" // left out: the nodes keep theirs
	}
	in := aks.Inputs{ControlPlane: cp, InfraCluster: a.infra, SSHPublicKey: key,
		Cluster: aks.Cluster{Name: a.cluster.Name, Namespace: a.cluster.Namespace, ServiceCIDRs: a.cluster.Spec.ClusterNetwork.Services.CIDRBlocks, PodCIDRs: a.cluster.Spec.ClusterNetwork.Pods.CIDRBlocks}}
	obs := aks.Observation{Time: now, ResourceGroup: s.ResourceGroup, NetworkGroup: s.ResourceGroup, VirtualNetwork: s.Network,
		Cluster: aks.ObservedResource(s.Cluster), PoolDetails: map[string]plan.Observed{}}
	for i, p := range a.pools {
		in.Pools = append(in.Pools, aks.Pool{Object: p.pool, MachinePool: p.machines.Name, Replicas: p.machines.Spec.Replicas, Version: p.machines.Spec.Template.Spec.Version})
		obs.PoolDetails[p.pool.Spec.Name] = aks.ObservedResource(s.Pools[i])
	}
	return aks.Decide(in, obs, now)
}

// leaveOut takes the field behind a change out of its object; it answers false where there is none.
func (a *objects) leaveOut(action plan.Action, change plan.Change) bool {
	switch action.Kind {
	case aks.KindManagedCluster:
		return a.without(action, change, &a.cp.Spec)
	case aks.KindAgentPool:
		for _, p := range a.pools {
			if p.pool.Spec.Name == action.Name {
				return a.without(action, change, &p.pool.Spec)
			}
		}
	}
	return false
}

func (a *objects) without(action plan.Action, change plan.Change, spec any) bool {
	for _, field := range armfield.Table(spec) {
		path := field.Path().String()
		if field.ARMPath == "" || path != change.Path && !strings.HasPrefix(change.Path, path+".") {
			continue
		}
		if _, ok := field.Get(spec); !ok {
			continue
		}
		content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(spec)
		if err != nil {
			return false
		}
		unstructured.RemoveNestedField(content, strings.Split(field.JSONPath, ".")...)
		if clearSpec(spec); runtime.DefaultUnstructuredConverter.FromUnstructured(content, spec) != nil {
			return false
		}
		a.notes = append(a.notes, fmt.Sprintf("spec.%s of %s %s is left out: it would be sent, because %s", field.JSONPath, action.Kind, action.Name, change))
		return true
	}
	return false
}

func clearSpec(spec any) {
	switch s := spec.(type) {
	case *v1beta1.AzureManagedControlPlaneSpec:
		*s = v1beta1.AzureManagedControlPlaneSpec{}
	case *v1beta1.AzureManagedMachinePoolSpec:
		*s = v1beta1.AzureManagedMachinePoolSpec{}
	}
}

func (a *objects) result() (Result, error) {
	list := []any{a.cluster, a.infra, a.cp}
	for _, p := range a.pools {
		list = append(list, p.machines, p.pool)
	}
	slices.Sort(a.notes)
	r := Result{Notes: slices.Compact(a.notes)}
	for _, object := range list {
		content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
		if err != nil {
			return r, err
		}
		delete(content, "status")
		unstructured.RemoveNestedField(content, "metadata", "creationTimestamp")
		r.Objects = append(r.Objects, content)
	}
	return r, nil
}

func infraType(kind string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: v1beta1.GroupVersion.String(), Kind: kind}
}

func ref(kind, name string) clusterv1.ContractVersionedObjectReference {
	return clusterv1.ContractVersionedObjectReference{APIGroup: v1beta1.GroupVersion.Group, Kind: kind, Name: name}
}

func text(o fieldset.Object, path ...string) string {
	value, _ := fieldset.Get(o, path)
	s, _ := value.(string)
	return s
}

func number(o fieldset.Object, path ...string) (int64, bool) {
	value, _ := fieldset.Get(o, path)
	switch n := value.(type) {
	case int64:
		return n, true
	case float64:
		return int64(n), true
	}
	return 0, false
}
