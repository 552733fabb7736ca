package webhook

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/validation/field"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/aks"
)

// +kubebuilder:webhook:path=/mutate-infrastructure-cluster-x-k8s-io-v1beta1-azuremanagedcontrolplane,mutating=true,failurePolicy=fail,matchPolicy=Equivalent,sideEffects=None,admissionReviewVersions=v1,groups=infrastructure.cluster.x-k8s.io,resources=azuremanagedcontrolplanes,verbs=create;update,versions=v1beta1,name=default.azuremanagedcontrolplane.infrastructure.cluster.x-k8s.io,patch=`{"matchConditions":[{"name":"not-terminating","expression":"!has(object.metadata.deletionTimestamp)"}]}`
// +kubebuilder:webhook:path=/validate-infrastructure-cluster-x-k8s-io-v1beta1-azuremanagedcontrolplane,mutating=false,failurePolicy=fail,matchPolicy=Equivalent,sideEffects=None,admissionReviewVersions=v1,groups=infrastructure.cluster.x-k8s.io,resources=azuremanagedcontrolplanes,verbs=create;update;delete,versions=v1beta1,name=validation.azuremanagedcontrolplane.infrastructure.cluster.x-k8s.io,patch=`{"matchConditions":[{"name":"not-terminating","expression":"!has((request.operation == 'DELETE' ? oldObject : object).metadata.deletionTimestamp)"},{"name":"spec-or-policy-changes","expression":"request.operation != 'UPDATE' || object.spec != oldObject.spec || object.metadata.?annotations[?'infrastructure.cluster.x-k8s.io/policy'] != oldObject.metadata.?annotations[?'infrastructure.cluster.x-k8s.io/policy'] || object.metadata.?annotations[?'infrastructure.cluster.x-k8s.io/deletion-protection'] != oldObject.metadata.?annotations[?'infrastructure.cluster.x-k8s.io/deletion-protection']"}]}`

type controlPlaneDefaulter struct {
	decoder admission.Decoder
}

// Default fills in what the schema cannot. What was filled in before is taken over from the stored object: `kubectl
// replace`, or a GitOps tool that sends the manifest as it was written, leaves it out, and it must not change.
func (d *controlPlaneDefaulter) Default(ctx context.Context, cp *v1beta1.AzureManagedControlPlane) error {
	old := &v1beta1.AzureManagedControlPlane{}
	update, err := oldObject(ctx, d.decoder, old)
	if err != nil {
		return err
	}
	spec := &cp.Spec
	if spec.SKU != nil && spec.SKU.Tier == "" {
		return unknownTier(ctx, cp.Name)
	}
	if update {
		keepDefaults(spec, &old.Spec)
	}
	defaultClass(&spec.AzureManagedControlPlaneClassSpec)
	if ref := spec.IdentityRef; ref != nil && ref.Namespace == "" {
		ref.Namespace = cp.Namespace
	}
	spec.Version = aks.NormalVersion(spec.Version)
	// Once the AKS cluster exists its names are facts: what was left open is derived again by every reader, and adding it
	// now could only be wrong. Nor is there anything to derive from a name the API server has yet to generate.
	if old.Status.ResourceID == "" && cp.Name != "" {
		aks.DefaultControlPlane(spec, cp.Name, clusterName(cp))
	}
	return nil
}

// unknownTier is the answer to a sku that has no tier. The CRD would say so, too, but not show what was written: our types
// have no place for it.
func unknownTier(ctx context.Context, name string) error {
	var written struct {
		Spec struct {
			SKU any `json:"sku"`
		} `json:"spec"`
	}
	if req, err := admission.RequestFromContext(ctx); err == nil {
		_ = json.Unmarshal(req.Object.Raw, &written) // it was read once already
	}
	return invalid(v1beta1.GroupVersion.WithKind(kindControlPlane).GroupKind(), name, field.ErrorList{
		field.Invalid(field.NewPath("spec", "sku"), written.Spec.SKU, "names no tier: write Free, Standard or Premium, as sku: Standard or sku: {tier: Standard}"),
	})
}

// defaultClass fills in what control planes and their templates share.
func defaultClass(spec *v1beta1.AzureManagedControlPlaneClassSpec) {
	if ref := spec.IdentityRef; ref != nil {
		keep(&ref.APIVersion, v1beta1.GroupVersion.String())
		keep(&ref.Kind, "AzureClusterIdentity")
	}
}

// keepDefaults takes over what DefaultControlPlane filled in earlier.
func keepDefaults(spec, old *v1beta1.AzureManagedControlPlaneSpec) {
	keep(&spec.ResourceGroupName, old.ResourceGroupName)
	keep(&spec.NodeResourceGroupName, old.NodeResourceGroupName)
	if spec.FQDNSubdomain == "" { // else it was not filled in, but given, and can be taken back
		keep(&spec.DNSPrefix, old.DNSPrefix)
	}
	if spec.FleetsMember != nil && old.FleetsMember != nil {
		keep(&spec.FleetsMember.Name, old.FleetsMember.Name)
	}
	keepPlans(spec.Extensions, old.Extensions)
	if old.VirtualNetwork == nil {
		return
	}
	if spec.VirtualNetwork == nil {
		spec.VirtualNetwork = old.VirtualNetwork.DeepCopy()
		if subnet := spec.VirtualNetwork.Subnet; subnet != nil {
			subnet.ServiceEndpoints, subnet.PrivateEndpoints = nil, nil // given by the user, not by us: leaving them out removes them
		}
		return
	}
	vnet, before := spec.VirtualNetwork, old.VirtualNetwork
	keep(&vnet.Name, before.Name)
	keep(&vnet.ResourceGroup, before.ResourceGroup)
	keep(&vnet.CIDRBlock, before.CIDRBlock)
	if before.Subnet == nil {
		return
	}
	if vnet.Subnet == nil {
		vnet.Subnet = &v1beta1.Subnet{}
	}
	keep(&vnet.Subnet.Name, before.Subnet.Name)
	keep(&vnet.Subnet.CIDRBlock, before.Subnet.CIDRBlock)
}

// keepPlans takes over the names of plans: lists are sent as a whole, so whoever changes anything in one of extensions leaves
// out what was filled in.
func keepPlans(extensions, old []v1beta1.Extension) {
	for _, extension := range extensions {
		i := slices.IndexFunc(old, func(before v1beta1.Extension) bool { return before.Name == extension.Name })
		if i >= 0 && extension.Plan != nil && old[i].Plan != nil {
			keep(&extension.Plan.Name, old[i].Plan.Name)
		}
	}
}

func keep(value *string, before string) {
	if *value == "" {
		*value = before
	}
}

type controlPlaneValidator struct {
	lookup
	subscription string
}

func (v *controlPlaneValidator) ValidateCreate(ctx context.Context, cp *v1beta1.AzureManagedControlPlane) (admission.Warnings, error) {
	problems := append(controlPlaneProblems(&cp.Spec), policyProblems(cp)...)
	problems = append(problems, passthroughProblems(aks.ControlPlanePassthrough(cp, clusterName(cp)), field.NewPath("spec"))...)
	warnings := append(controlPlaneWarnings(&cp.Spec), rawWarnings(cp)...)
	cluster, err := v.clusterReferringTo(ctx, cp, kindControlPlane)
	if err != nil {
		return nil, err
	}
	around, more, err := v.surroundings(ctx, cp, cluster)
	if err != nil {
		return nil, err
	}
	newer, err := v.newerPools(ctx, cp, cluster)
	if err != nil {
		return nil, err
	}
	around = append(around, newer...)
	if cluster != nil && paused(cluster) {
		// `clusterctl move` creates what works elsewhere already, under a paused Cluster and without status.
		for _, problem := range around {
			more = append(more, problem.Error())
		}
		around = nil
	}
	return append(warnings, more...), invalid(v1beta1.GroupVersion.WithKind(kindControlPlane).GroupKind(), cp.Name, append(problems, around...))
}

func (v *controlPlaneValidator) ValidateUpdate(ctx context.Context, old, cp *v1beta1.AzureManagedControlPlane) (admission.Warnings, error) {
	if !cp.DeletionTimestamp.IsZero() {
		return nil, nil
	}
	problems := added(policyProblems(old), policyProblems(cp))
	if apiequality.Semantic.DeepEqual(old.Spec, cp.Spec) {
		return nil, invalid(v1beta1.GroupVersion.WithKind(kindControlPlane).GroupKind(), cp.Name, problems)
	}
	problems = append(problems, added(controlPlaneProblems(&old.Spec), controlPlaneProblems(&cp.Spec))...)
	problems = append(problems, added(passthroughProblems(aks.ControlPlanePassthrough(old, clusterName(old)), field.NewPath("spec")),
		passthroughProblems(aks.ControlPlanePassthrough(cp, clusterName(cp)), field.NewPath("spec")))...)
	refused, doubts := versionProblems(old, cp, time.Now())
	problems = append(problems, refused...)
	problems = append(problems, takenBack(old, old.Status.ObservedGeneration, old.Status.Conditions, old.Spec, cp.Spec, "create a new cluster")...)
	warnings := append(controlPlaneWarnings(&cp.Spec), rawWarnings(cp)...)
	warnings = append(warnings, doubts...)
	if networkChanged(&old.Spec, &cp.Spec) || old.Spec.SubscriptionID != cp.Spec.SubscriptionID {
		cluster, err := v.clusterReferringTo(ctx, cp, kindControlPlane)
		if err != nil {
			return nil, err
		}
		around, more, err := v.surroundings(ctx, cp, cluster)
		if err != nil {
			return nil, err
		}
		problems, warnings = append(problems, around...), append(warnings, more...)
	}
	return warnings, invalid(v1beta1.GroupVersion.WithKind(kindControlPlane).GroupKind(), cp.Name, problems)
}

func (v *controlPlaneValidator) ValidateDelete(_ context.Context, cp *v1beta1.AzureManagedControlPlane) (admission.Warnings, error) {
	if goesAnyway(cp) {
		return nil, nil
	}
	return nil, protected(kindControlPlane, cp)
}

// surroundings are the problems with the Cluster and the AzureManagedCluster, as far as they exist already. Whichever is
// created last meets the others.
func (v *controlPlaneValidator) surroundings(ctx context.Context, cp *v1beta1.AzureManagedControlPlane, cluster *clusterv1.Cluster) (field.ErrorList, admission.Warnings, error) {
	if cluster == nil {
		return nil, nil, nil
	}
	problems, warnings := networkProblems(&cp.Spec, cluster)
	infra, err := v.infraCluster(ctx, cluster)
	if err != nil || infra == nil {
		return problems, warnings, err
	}
	mine := cp.Spec.SubscriptionID
	keep(&mine, v.subscription)
	if theirs := infra.Spec.SubscriptionID; differ(mine, theirs) {
		problems = append(problems, field.Invalid(field.NewPath("spec", "subscriptionID"), mine,
			fmt.Sprintf("differs from spec.subscriptionID %q of %s %q, which belongs to the same Cluster: give both the same value, or remove it there",
				theirs, kindInfraCluster, infra.Name)))
	}
	return problems, warnings, nil
}

// newerPools are the problems with MachinePools that were created before their control plane.
func (v *controlPlaneValidator) newerPools(ctx context.Context, cp *v1beta1.AzureManagedControlPlane, cluster *clusterv1.Cluster) (field.ErrorList, error) {
	if cluster == nil {
		return nil, nil
	}
	byPool, err := v.machinePools(ctx, cp.Namespace)
	if err != nil {
		return nil, err
	}
	var problems field.ErrorList
	for _, name := range slices.Sorted(maps.Keys(byPool)) {
		for _, mp := range byPool[name] {
			version := mp.Spec.Template.Spec.Version
			if mp.Spec.ClusterName == cluster.Name && version != "" && aks.CompareVersions(version, cp.Spec.Version) > 0 {
				problems = append(problems, field.Invalid(field.NewPath("spec", "version"), cp.Spec.Version,
					fmt.Sprintf("is older than spec.template.spec.version %q of MachinePool %q, and a pool cannot be newer: write that version here, or lower it there", version, mp.Name)))
			}
		}
	}
	return problems, nil
}

// differ tells whether two subscriptions are both known and not the same.
func differ(a, b string) bool {
	return a != "" && b != "" && !strings.EqualFold(a, b)
}

// controlPlaneProblems are those a control plane has by itself.
func controlPlaneProblems(spec *v1beta1.AzureManagedControlPlaneSpec) field.ErrorList {
	var problems field.ErrorList
	if key := spec.SSHPublicKey; key != nil && *key != "" {
		if err := parseKey(*key); err != nil {
			problems = append(problems, field.Invalid(field.NewPath("spec", "sshPublicKey"), shortened(*key),
				err.Error()+`: write one line of an authorized_keys file, base64-encoded (base64 -w0 < ~/.ssh/id_rsa.pub), "" for a generated key, or leave it out`))
		}
	}
	return append(problems, classProblems(&spec.AzureManagedControlPlaneClassSpec, field.NewPath("spec"))...)
}

// classProblems are those control planes and their templates can have.
func classProblems(spec *v1beta1.AzureManagedControlPlaneClassSpec, path *field.Path) field.ErrorList {
	problems := append(tagProblems(spec.AdditionalTags, path.Child("additionalTags")), patchProblems(spec.ASOManagedClusterPatches, path.Child("asoManagedClusterPatches"))...)
	problems = append(problems, outboundProblems(spec, path)...)
	problems = append(problems, loginProblems(spec, path)...)
	// The CRD cannot look into sku, which may be a string or an object.
	if spec.SupportPlan == "AKSLongTermSupport" && (spec.SKU == nil || spec.SKU.Tier != v1beta1.TierPremium) {
		problems = append(problems, field.Invalid(path.Child("supportPlan"), spec.SupportPlan,
			"needs the tier Premium: set sku to Premium, or supportPlan to KubernetesOfficial"))
	}
	if metrics := spec.MetricsProfile; metrics != nil && metrics.CostAnalysis != nil && metrics.CostAnalysis.Enabled &&
		(spec.SKU == nil || spec.SKU.Tier != v1beta1.TierStandard && spec.SKU.Tier != v1beta1.TierPremium && spec.SKU.Tier != v1beta1.TierPaid) {
		problems = append(problems, field.Invalid(path.Child("metricsProfile", "costAnalysis", "enabled"), true,
			"needs the tier Standard or Premium: set sku to Standard, or remove costAnalysis"))
	}
	return problems
}

// patchProblems are those of merge patches, in JSON or YAML.
func patchProblems(patches []string, path *field.Path) field.ErrorList {
	var problems field.ErrorList
	for i, patch := range patches {
		if _, err := aks.ParsePatch(patch); err != nil {
			problems = append(problems, field.Invalid(path.Index(i), shortened(patch), err.Error()+`: write a merge patch, for example {"spec": {"supportPlan": "KubernetesOfficial"}}`))
		}
	}
	return problems
}

func parseKey(encoded string) error {
	line, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return fmt.Errorf("is not base64 (%w)", err)
	}
	if _, _, _, rest, err := ssh.ParseAuthorizedKey(line); err != nil {
		return fmt.Errorf("is base64, but not of a public SSH key")
	} else if len(strings.TrimSpace(string(rest))) > 0 {
		return fmt.Errorf("is base64 of more than one line, and AKS takes one key")
	}
	return nil
}

func shortened(value string) string {
	const enough = 40
	if len(value) <= enough {
		return value
	}
	return value[:enough] + "..."
}
