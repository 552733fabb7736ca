package webhook

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/aks"
)

// +kubebuilder:webhook:path=/mutate-infrastructure-cluster-x-k8s-io-v1beta1-azuremanagedmachinepool,mutating=true,failurePolicy=fail,matchPolicy=Equivalent,sideEffects=None,admissionReviewVersions=v1,groups=infrastructure.cluster.x-k8s.io,resources=azuremanagedmachinepools,verbs=create;update,versions=v1beta1,name=default.azuremanagedmachinepool.infrastructure.cluster.x-k8s.io,patch=`{"matchConditions":[{"name":"not-terminating","expression":"!has(object.metadata.deletionTimestamp)"}]}`
// +kubebuilder:webhook:path=/validate-infrastructure-cluster-x-k8s-io-v1beta1-azuremanagedmachinepool,mutating=false,failurePolicy=fail,matchPolicy=Equivalent,sideEffects=None,admissionReviewVersions=v1,groups=infrastructure.cluster.x-k8s.io,resources=azuremanagedmachinepools,verbs=create;update;delete,versions=v1beta1,name=validation.azuremanagedmachinepool.infrastructure.cluster.x-k8s.io,patch=`{"matchConditions":[{"name":"not-terminating","expression":"!has((request.operation == 'DELETE' ? oldObject : object).metadata.deletionTimestamp)"},{"name":"spec-or-policy-changes","expression":"request.operation != 'UPDATE' || object.spec != oldObject.spec || object.metadata.?annotations[?'infrastructure.cluster.x-k8s.io/policy'] != oldObject.metadata.?annotations[?'infrastructure.cluster.x-k8s.io/policy'] || object.metadata.?annotations[?'infrastructure.cluster.x-k8s.io/deletion-protection'] != oldObject.metadata.?annotations[?'infrastructure.cluster.x-k8s.io/deletion-protection']"}]}`

type nodePoolDefaulter struct {
	decoder admission.Decoder
}

// Default gives a new pool its name in Azure and repeats the mode as a label.
func (d *nodePoolDefaulter) Default(ctx context.Context, object *v1beta1.AzureManagedMachinePool) error {
	old := &v1beta1.AzureManagedMachinePool{}
	update, err := oldObject(ctx, d.decoder, old)
	if err != nil {
		return err
	}
	switch {
	case object.Spec.Name != "":
	case update:
		object.Spec.Name = old.Spec.Name
	default:
		object.Spec.Name = defaultPoolName(object)
	}
	labelMode(object, object.Spec.Mode)
	return nil
}

// labelMode repeats the mode of a pool as a label.
func labelMode(object metav1.Object, mode v1beta1.NodePoolMode) {
	if mode == "" {
		return
	}
	labels := object.GetLabels()
	if labels == nil {
		labels = map[string]string{}
	}
	labels[v1beta1.AgentPoolModeLabel] = string(mode)
	object.SetLabels(labels)
}

// defaultPoolName is the name a topology gives the pool, or else the object's name: that one ends in random characters in a
// topology. Where AKS takes neither, it is one made of them, which no other pool of the Cluster gets.
func defaultPoolName(object *v1beta1.AzureManagedMachinePool) string {
	topology := object.Labels[clusterv1.ClusterTopologyMachinePoolNameLabel]
	for _, name := range []string{topology, object.Name} {
		if name != "" && aks.LegalPoolName(name, object.Spec.OSType) == name {
			return name
		}
	}
	if topology == "" && object.Name == "" {
		return "" // generateName: the name comes later
	}
	return aks.LegalPoolName(cmp.Or(topology, object.Name), object.Spec.OSType)
}

type nodePoolValidator struct {
	lookup
}

func (v *nodePoolValidator) ValidateCreate(ctx context.Context, object *v1beta1.AzureManagedMachinePool) (admission.Warnings, error) {
	problems := append(nodePoolProblems(&object.Spec), policyProblems(object)...)
	problems = append(problems, passthroughProblems(aks.PoolPassthrough(object), field.NewPath("spec"))...)
	cluster, err := v.clusterNameOfPool(ctx, object)
	if err != nil {
		return nil, err
	}
	unchecked, err := v.rawPoolWarnings(ctx, object, cluster)
	if err != nil {
		return nil, err
	}
	twin, err := v.twin(ctx, object, cluster)
	if err != nil {
		return nil, err
	}
	if twin != "" {
		problems = append(problems, field.Invalid(field.NewPath("spec", "name"), aks.PoolName(object),
			fmt.Sprintf("is the name in Azure of %s %q of the same Cluster: choose another spec.name, or leave it out to get a name of its own (in a ClusterClass: leave it out of the template)", kindNodePool, twin)))
	}
	return append(nodePoolWarnings(&object.Spec), unchecked...), v.answer(object, problems)
}

func (v *nodePoolValidator) ValidateUpdate(ctx context.Context, old, object *v1beta1.AzureManagedMachinePool) (admission.Warnings, error) {
	if !object.DeletionTimestamp.IsZero() {
		return nil, nil
	}
	problems := added(policyProblems(old), policyProblems(object))
	if apiequality.Semantic.DeepEqual(old.Spec, object.Spec) {
		return nil, v.answer(object, problems)
	}
	if old.Spec.Mode == v1beta1.NodePoolModeSystem && object.Spec.Mode != v1beta1.NodePoolModeSystem {
		cluster, err := v.clusterNameOfPool(ctx, object)
		if err != nil {
			return nil, err
		}
		if err := v.refuseIfLast(ctx, object.Namespace, cluster, object.Name, "make it a User pool (spec.mode)"); err != nil {
			return nil, err
		}
	}
	problems = append(problems, added(nodePoolProblems(&old.Spec), nodePoolProblems(&object.Spec))...)
	problems = append(problems, added(passthroughProblems(aks.PoolPassthrough(old), field.NewPath("spec")),
		passthroughProblems(aks.PoolPassthrough(object), field.NewPath("spec")))...)
	kept, err := v.takenBack(ctx, old, object)
	if err != nil {
		return nil, err
	}
	problems = append(problems, kept...)
	unchecked, err := v.changedRawPoolWarnings(ctx, old, object)
	if err != nil {
		return nil, err
	}
	return append(nodePoolWarnings(&object.Spec), unchecked...), v.answer(object, problems)
}

func (v *nodePoolValidator) ValidateDelete(ctx context.Context, object *v1beta1.AzureManagedMachinePool) (admission.Warnings, error) {
	return nil, v.nodePoolDeletion(ctx, object)
}

func (v *nodePoolValidator) answer(object *v1beta1.AzureManagedMachinePool, problems field.ErrorList) error {
	return invalid(v1beta1.GroupVersion.WithKind(kindNodePool).GroupKind(), object.Name, problems)
}

// twin is another pool of the same Cluster with the same name in Azure, where the two would fight over one agent pool.
func (l lookup) twin(ctx context.Context, object *v1beta1.AzureManagedMachinePool, cluster string) (string, error) {
	if cluster == "" {
		return "", nil
	}
	pools, err := l.pools(ctx, object.Namespace, cluster)
	if err != nil {
		return "", err
	}
	for _, other := range pools {
		if other.object.Name != object.Name && aks.DeclaresAgentPool(other.object, aks.PoolName(object)) {
			return other.object.Name, nil
		}
	}
	return "", nil
}

// nodePoolProblems are those a pool has by itself.
func nodePoolProblems(spec *v1beta1.AzureManagedMachinePoolSpec) field.ErrorList {
	var problems field.ErrorList
	path := field.NewPath("spec")
	for _, key := range slices.Sorted(maps.Keys(spec.NodeLabels)) {
		value := spec.NodeLabels[key]
		for _, why := range validation.IsQualifiedName(key) {
			problems = append(problems, field.Invalid(path.Child("nodeLabels"), key, "is not a key of a label: "+why))
		}
		for _, why := range validation.IsValidLabelValue(value) {
			problems = append(problems, field.Invalid(path.Child("nodeLabels").Key(key), value, "is not a value of a label: "+why))
		}
	}
	for i, taint := range spec.Taints {
		for _, why := range validation.IsQualifiedName(taint.Key) {
			problems = append(problems, field.Invalid(path.Child("taints").Index(i).Child("key"), taint.Key, "is not a key of a taint: "+why))
		}
		for _, why := range validation.IsValidLabelValue(taint.Value) {
			problems = append(problems, field.Invalid(path.Child("taints").Index(i).Child("value"), taint.Value, "is not a value of a taint: "+why))
		}
	}
	if scaling := spec.Scaling; scaling != nil && scaling.MinSize != nil && *scaling.MinSize == 0 && spec.Mode == v1beta1.NodePoolModeSystem {
		problems = append(problems, field.Invalid(path.Child("scaling", "minSize"), *scaling.MinSize, "a System pool always has a node: write 1 or more, or change mode to User"))
	}
	if spec.LinuxOSConfig != nil && spec.OSType == "Windows" {
		problems = append(problems, field.Forbidden(path.Child("linuxOSConfig"), `osType is "Windows": remove linuxOSConfig, or change osType to Linux`))
	}
	problems = append(problems, tagProblems(spec.AdditionalTags, path.Child("additionalTags"))...)
	return append(problems, patchProblems(spec.ASOManagedClustersAgentPoolPatches, path.Child("asoManagedClustersAgentPoolPatches"))...)
}

// leastKeepaliveInterval is where AKS's range of net.ipv4.tcp_keepalive_intvl begins; manifests in use have less.
const leastKeepaliveInterval = 10

func nodePoolWarnings(spec *v1beta1.AzureManagedMachinePoolSpec) admission.Warnings {
	var warnings admission.Warnings
	if price := spec.SpotMaxPrice; price != nil && spec.ScaleSetPriority != "Spot" {
		warnings = append(warnings, fmt.Sprintf("spec.spotMaxPrice %s has no effect: it is for Spot machines; set scaleSetPriority to Spot, or remove spotMaxPrice",
			strconv.FormatFloat(price.AsApproximateFloat64(), 'g', -1, 64)))
	}
	if linux := spec.LinuxOSConfig; linux != nil && linux.Sysctls != nil && linux.Sysctls.NetIPv4TCPkeepaliveIntvl != nil {
		if interval := *linux.Sysctls.NetIPv4TCPkeepaliveIntvl; interval < leastKeepaliveInterval {
			warnings = append(warnings, fmt.Sprintf("spec.linuxOSConfig.sysctls.netIpv4TCPkeepaliveIntvl %d is less than the %d AKS asks for, and Azure will refuse it: "+
				"write %d to 90", interval, leastKeepaliveInterval, leastKeepaliveInterval))
		}
	}
	return warnings
}
