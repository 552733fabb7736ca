package webhook

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/aks"
)

// controlPlaneWarnings are for what is accepted, because manifests in use have it, but is probably not what was meant.
func controlPlaneWarnings(spec *v1beta1.AzureManagedControlPlaneSpec) admission.Warnings {
	warnings := append(accessWarnings(spec.APIServerAccessProfile), loginWarnings(&spec.AzureManagedControlPlaneClassSpec)...)
	if spec.AADProfile != nil {
		for i, id := range spec.AADProfile.AdminGroupObjectIDs {
			if !isUUID(id) {
				warnings = append(warnings, fmt.Sprintf("spec.aadProfile.adminGroupObjectIDs[%d] %q is not an object id of Microsoft Entra ID (a UUID): "+
					"Azure will refuse it or find no group; look it up with `az ad group show --query id`", i, id))
			}
		}
	}
	if spec.KubeletUserAssignedIdentity != "" && (spec.Identity == nil || spec.Identity.Type != v1beta1.ManagedIdentityUserAssigned) {
		warnings = append(warnings, fmt.Sprintf("spec.kubeletUserAssignedIdentity %q needs an identity of the control plane that can assign it, and Azure will refuse it: "+
			"set identity.type to UserAssigned", spec.KubeletUserAssignedIdentity))
	}
	if expired := aks.ExpiredOverride(spec.UpgradeSettings, time.Now()); expired != "" {
		warnings = append(warnings, "spec."+expired)
	}
	warnings = append(warnings, addonWarnings(spec.AddonProfiles)...)
	warnings = append(warnings, subnetWarnings(spec.VirtualNetwork)...)
	return append(warnings, retirementWarnings(&spec.AzureManagedControlPlaneClassSpec)...)
}

// addons are the names AKS knows. They are no enum of the CRD: AKS adds names without a new api-version.
var addons = []string{
	"aciConnectorLinux", "ACCSGXDevicePlugin", "azureDefender", "azureKeyvaultSecretsProvider", "azurepolicy", "extensionManager", "gitops",
	"httpApplicationRouting", "ingressApplicationGateway", "kubeDashboard", "omsagent", "openServiceMesh",
}

func addonWarnings(profiles []v1beta1.AddonProfile) admission.Warnings {
	var warnings admission.Warnings
	for _, addon := range profiles {
		known := func(name string) bool { return strings.EqualFold(name, addon.Name) }
		if !slices.ContainsFunc(addons, known) {
			warnings = append(warnings, fmt.Sprintf("spec.addonProfiles has %q, which is not an add-on known here, and Azure may refuse it: known are %s",
				addon.Name, strings.Join(addons, ", ")))
		}
	}
	return warnings
}

func accessWarnings(access *v1beta1.APIServerAccessProfile) admission.Warnings {
	if access == nil {
		return nil
	}
	var warnings admission.Warnings
	private := access.EnablePrivateCluster != nil && *access.EnablePrivateCluster
	if access.PrivateDNSZone != "" && !private {
		warnings = append(warnings, fmt.Sprintf("spec.apiServerAccessProfile.privateDNSZone %q has no effect: the cluster is not private; "+
			"set enablePrivateCluster to true, or remove privateDNSZone", access.PrivateDNSZone))
	}
	if access.EnablePrivateClusterPublicFQDN != nil && *access.EnablePrivateClusterPublicFQDN && !private {
		warnings = append(warnings, "spec.apiServerAccessProfile.enablePrivateClusterPublicFQDN true has no effect: the cluster is not private; "+
			"set enablePrivateCluster to true when you create it, or remove enablePrivateClusterPublicFQDN")
	}
	ranges := strings.Join(access.AuthorizedIPRanges, ", ")
	switch {
	case ranges == "":
	case private:
		warnings = append(warnings, fmt.Sprintf("spec.apiServerAccessProfile.authorizedIPRanges [%s] is for public API servers, and the cluster is private: "+
			"remove authorizedIPRanges", ranges))
	case slices.ContainsFunc(access.AuthorizedIPRanges, everybody):
		warnings = append(warnings, fmt.Sprintf("spec.apiServerAccessProfile.authorizedIPRanges [%s] keeps nobody out: name the ranges that may reach the API server, "+
			"or remove authorizedIPRanges to let everybody in", ranges))
	default:
		warnings = append(warnings, fmt.Sprintf("spec.apiServerAccessProfile.authorizedIPRanges [%s] must include the address the management cluster reaches "+
			"the internet from, or Cluster API loses sight of the cluster", ranges))
	}
	return warnings
}

// everybody tells whether a range is all of the internet.
func everybody(cidr string) bool {
	prefix, err := netip.ParsePrefix(cidr)
	return err == nil && prefix.Bits() == 0
}

// retirementWarnings are for values Azure takes back.
func retirementWarnings(spec *v1beta1.AzureManagedControlPlaneClassSpec) admission.Warnings {
	var warnings admission.Warnings
	if spec.LoadBalancerSKU == "Basic" {
		warnings = append(warnings, `spec.loadBalancerSKU "Basic" was retired by Azure in September 2025 and new clusters with it are refused: use Standard`)
	}
	if spec.NetworkPlugin == "kubenet" {
		warnings = append(warnings, `spec.networkPlugin "kubenet" is retired by AKS in March 2028: use azure with networkPluginMode overlay for new clusters`)
	}
	if pods := spec.PodIdentityProfile; pods != nil && pods.Enabled != nil && *pods.Enabled {
		warnings = append(warnings, "spec.podIdentityProfile is not supported by Azure since September 2025: use securityProfile.workloadIdentity")
	}
	return warnings
}

func isUUID(s string) bool {
	_, err := uuid.Parse(s)
	return err == nil && len(s) == 36
}
