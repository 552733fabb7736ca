package aks

import (
	"slices"
	"time"
)

// errorTable maps Azure error codes to their meaning. Codes and texts are those AKS, ARM, Entra ID and the compute and
// network providers answer with. Rows about a status alone stand last: any code is better than none.
var errorTable = slices.Concat(busyRows, throttledRows, quotaRows, signInRows, accessRows, versionRows, requestRows, networkRows, nodeRows, goneRows, anyRows)

// Hints that several rows share.
const (
	moreQuota     = "ask for more quota in the subscription and region, or use a smaller size or count"
	offered       = "list the versions on offer: az aks get-versions --location <location>"
	undrained     = "remove what blocks the drain (often a PodDisruptionBudget)"
	offerAKS      = "set spec.location to a region that offers AKS"
	largerSubnet  = "use a larger subnet, fewer nodes or a smaller maxPods"
	oneSystemPool = "AKS keeps at least one System pool: give another pool mode System first"
	azureFailed   = "a fault inside Azure; if it lasts, give the correlation id to Azure support"
	noWayOut      = "nodes could not start: check outbound connectivity and DNS from the node subnet"
	fixRequest    = "this is a mistake of the provider and not of the spec: report it with this message"
)

// Busy: one operation at a time per cluster, and observations that are out of date by the time they are used.
var busyRows = []ErrorRow{
	{0, "OperationNotAllowed", `(?i)another (\w+ )?operation`, OutcomeWait, "WaitingForOperation", "", shortPause, nil},
	{0, "OperationNotAllowed", `(?i)is in Provisioning State\((Starting|Stopping|Updating|Upgrading|Creating|Scaling|Deleting|Canceling)`, OutcomeWait, "WaitingForOperation", "", shortPause, nil},
	{0, "OperationNotAllowed", `(?i)Power State\(Stopped\)|cluster is stopped`, OutcomeWait, "Stopped", "start the cluster; AKS changes nothing of a stopped one", time.Minute, nil},
	{0, "OperationNotAllowed", `(?i)since deletion was issued`, OutcomeWait, "WaitingForOperation", "", shortPause, nil},
	{0, "EtagMismatch", ``, OutcomeReplan, "ChangedMeanwhile", "", 2 * time.Second, nil},
	{412, "", ``, OutcomeReplan, "ChangedMeanwhile", "", 2 * time.Second, nil},
	{0, "AKSOperationPreemptedByDelete", ``, OutcomeReplan, "OperationPreempted", "", shortPause, nil},
	{0, "AKSOperationPreempted", ``, OutcomeReplan, "OperationPreempted", "", shortPause, nil},
	{0, "OriginalEtagNotExpect", ``, OutcomeReplan, "OperationPreempted", "", shortPause, nil},
	{0, "NotLatestOperation", ``, OutcomeReplan, "OperationPreempted", "", shortPause, nil},
	{0, "ResourceGroupBeingDeleted", ``, OutcomeWait, "ResourceGroupBeingDeleted", "the resource group is being deleted; it is created again when that has finished", shortPause, nil},
	{0, "AnotherOperationInProgress", ``, OutcomeWait, "WaitingForOperation", "", shortPause, nil},
	{0, "RetryableErrorDueToAnotherOperation", ``, OutcomeWait, "WaitingForOperation", "", shortPause, nil},
	{0, "ReferencedResourceNotProvisioned", ``, OutcomeWait, "WaitingForOperation", "", shortPause, nil},
	{0, "RetryableError", ``, OutcomeWait, "WaitingForOperation", "", shortPause, nil},
	{0, "VirtualNetworkNotInSucceededState", ``, OutcomeWait, "WaitingForOperation", "", shortPause, nil},
	{0, "ParentResourceNotFound", ``, OutcomeReplan, "ChangedMeanwhile", "", shortPause, nil},
}

var throttledRows = []ErrorRow{
	{0, "SubscriptionRequestsThrottled", ``, OutcomeWait, "Throttled", "", time.Minute, nil},
	{0, "Throttled", ``, OutcomeWait, "Throttled", "", time.Minute, nil},
	{0, "OperationNotAllowed", `(?i)too many requests have been received`, OutcomeWait, "Throttled", "", time.Minute, nil},
	{0, "TooManyRequests", ``, OutcomeWait, "Throttled", "", time.Minute, nil},
	{429, "", ``, OutcomeWait, "Throttled", "", time.Minute, nil},
}

// Quota and capacity: cured outside of the spec, or by a change of it.
var quotaRows = []ErrorRow{
	{0, "QuotaExceeded", ``, OutcomeSlowRetry, "QuotaExceeded", moreQuota, slowPause, quotaFacts},
	{0, "ErrCode_InsufficientVCPUQuota", ``, OutcomeSlowRetry, "QuotaExceeded", moreQuota, slowPause, quotaFacts},
	{0, "OperationNotAllowed", `(?i)exceeding (approved|quota)|quota limits`, OutcomeSlowRetry, "QuotaExceeded", moreQuota, slowPause, quotaFacts},
	{0, "ManagedClusterCountExceedsQuotaLimit", ``, OutcomeSlowRetry, "QuotaExceeded", "ask for a higher cluster limit, or use another region or subscription", slowPause, quotaFacts},
	{0, "PublicIPCountLimitReached", ``, OutcomeSlowRetry, "QuotaExceeded", "ask for more public IP addresses in the subscription and region", slowPause, quotaFacts},
	{0, "SkuNotAvailable", ``, OutcomeSlowRetry, "SkuNotAvailable", "choose a size that is offered in this region and these zones", slowPause, placeFacts},
	{0, "BadRequest", `(?i)The VM size of \S+ is not allowed in your subscription`, OutcomeTerminal, "SkuNotAvailable", "choose a size that the subscription may use in this region", 0, placeFacts},
	{0, "AvailabilityZoneNotSupported", ``, OutcomeTerminal, "AvailabilityZoneNotSupported", "choose zones that this size has in this region", 0, placeFacts},
	{0, "ZonalAllocationFailed", ``, OutcomeSlowRetry, "AllocationFailed", "Azure has no capacity for this size in this zone; try another zone or size", slowPause, placeFacts},
	{0, "AllocationFailed", ``, OutcomeSlowRetry, "AllocationFailed", "Azure has no capacity for this size; try another size or region", slowPause, placeFacts},
	{0, "OverconstrainedAllocationRequest", ``, OutcomeSlowRetry, "AllocationFailed", "Azure cannot place this size under these constraints; relax zones or size", slowPause, placeFacts},
	{0, "AksCapacityHeavyUsage", ``, OutcomeSlowRetry, "AllocationFailed", "the region is short of AKS capacity; use another region or wait", slowPause, nil},
}

// Rights and credentials: repaired outside, noticed by asking again.
var accessRows = []ErrorRow{
	{0, "AuthorizationFailed", ``, OutcomeSlowRetry, "AuthorizationFailed", "give the identity the missing role (Contributor on the subscription or resource group)", time.Minute, nil},
	{0, "LinkedAuthorizationFailed", ``, OutcomeSlowRetry, "LinkedAuthorizationFailed", "give the identity the named action on the linked resource, for example Network Contributor on the subnet", time.Minute, nil},
	{0, "CustomKubeletIdentityMissingPermissionError", ``, OutcomeSlowRetry, "CustomKubeletIdentityMissingPermissionError", "give the cluster's identity the role Managed Identity Operator on the kubelet identity", time.Minute, nil},
	{0, "FailedIdentityOperation", ``, OutcomeSlowRetry, "FailedIdentityOperation", "check that the user-assigned identities of the spec exist and may be assigned", time.Minute, nil},
	{0, "ReconcileMSICredentialError", ``, OutcomeSlowRetry, "ReconcileMSICredentialError", "check that the identities of the cluster exist; otherwise a fault inside Azure", slowPause, nil},
	{0, "RequestDisallowedByPolicy", ``, OutcomeSlowRetry, "RequestDisallowedByPolicy", "change the spec so that the named Azure Policy accepts it, or exempt the resource", slowPause, policyFacts},
	{0, "SubscriptionNotFound", ``, OutcomeSlowRetry, "SubscriptionNotFound", "check spec.subscriptionID, and that the identity has a role in that subscription", time.Minute, nil},
	{0, "MissingSubscriptionRegistration", ``, OutcomeSlowRetry, "MissingSubscriptionRegistration", "register the resource provider in the subscription: az provider register --namespace Microsoft.ContainerService", time.Minute, nil},
	{401, "", ``, OutcomeSlowRetry, "AuthenticationFailed", "check the identity's tenant, client and secret", time.Minute, nil},
	{403, "", ``, OutcomeSlowRetry, "AuthorizationFailed", "give the identity the missing role", time.Minute, nil},
}

// Versions and upgrades.
var versionRows = []ErrorRow{
	{0, "K8sVersionNotSupported", ``, OutcomeTerminal, "K8sVersionNotSupported", offered, 0, offerFacts},
	{0, "BadRequest", `(?i)version \S+ .*(is )?not supported in this region`, OutcomeTerminal, "K8sVersionNotSupported", offered, 0, offerFacts},
	{0, "AgentPoolK8sVersionNotSupported", ``, OutcomeTerminal, "AgentPoolK8sVersionNotSupported", offered, 0, offerFacts},
	{0, "AgentPoolUpgradeVersionNotAllowed", ``, OutcomeTerminal, "AgentPoolUpgradeVersionNotAllowed", "raise the pool one minor version at a time, not beyond the control plane", 0, offerFacts},
	{0, "NodePoolMcVersionIncompatible", ``, OutcomeTerminal, "NodePoolMcVersionIncompatible", "keep pools at or below the control plane, at most three minor versions behind", 0, nil},
	{0, "NotAllAgentPoolOrchestratorVersionSpecifiedAndUnchanged", ``, OutcomeTerminal, "NotAllAgentPoolOrchestratorVersionSpecifiedAndUnchanged", fixRequest, 0, nil},
	{0, "OperationNotAllowed", `(?i)^Upgrading Kubernetes version`, OutcomeTerminal, "UpgradeNotAllowed", "upgrade one minor version at a time", 0, offerFacts},
	{0, "OperationNotAllowed", `(?i)^Downgrading Kubernetes version`, OutcomeTerminal, "DowngradeNotAllowed", "AKS cannot go back; set the version to what runs or newer", 0, offerFacts},
	{0, "UpgradeBlockedOnDeprecatedAPIUsage", ``, OutcomeSlowRetry, "UpgradeBlockedOnDeprecatedAPIUsage", "stop using the named API; AKS looks back 12 hours. Or set upgradeSettings.overrideSettings.forceUpgrade", longPause, usageFacts},
	{0, "ValidationError", `(?i)deprecated|usage has been detected on API`, OutcomeSlowRetry, "UpgradeBlockedOnDeprecatedAPIUsage", "stop using the named API; AKS looks back 12 hours. Or set upgradeSettings.overrideSettings.forceUpgrade", longPause, usageFacts},
	{0, "UpgradeFailed", ``, OutcomeSlowRetry, "UpgradeFailed", undrained, slowPause, drainFacts},
	{0, "PodDrainFailure", ``, OutcomeSlowRetry, "UpgradeFailed", undrained, slowPause, drainFacts},
	{0, "UnsatisfiablePDB", ``, OutcomeSlowRetry, "UnsatisfiablePDB", "change the named PodDisruptionBudget so that one pod may be disrupted", slowPause, drainFacts},
}

// The request as written can never work.
var requestRows = []ErrorRow{
	{0, "PropertyChangeNotAllowed", ``, OutcomeTerminal, "PropertyChangeNotAllowed", "AKS cannot change this property; set it back, or replace the pool or cluster", 0, nil},
	{0, "BadRequest", `(?i)A new agent pool was introduced`, OutcomeTerminal, "BadRequest", fixRequest, 0, nil},
	{0, "BadRequest", `(?i)static credential is not allowed`, OutcomeTerminal, "LocalAccountsDisabled", "no admin kubeconfig exists while disableLocalAccounts is true: set it to false, or sign in with Microsoft Entra ID", 0, nil},
	{0, "InvalidParameter", `(?i)Cannot manually scale AgentPool`, OutcomeReplan, "ChangedMeanwhile", "the cluster autoscaler owns the count of this pool", shortPause, nil},
	{0, "MustDefineAtLeastOneSystemPool", ``, OutcomeTerminal, "MustDefineAtLeastOneSystemPool", oneSystemPool, 0, nil},
	{0, "OperationNotAllowed", `(?i)at least one agent pool`, OutcomeTerminal, "LastAgentPool", oneSystemPool, 0, nil},
	{0, "WindowsAgentPoolNameTooLong", ``, OutcomeTerminal, "WindowsAgentPoolNameTooLong", "give the pool a spec.name of at most 6 characters", 0, nil},
	{0, "InvalidResourceName", ``, OutcomeTerminal, "InvalidResourceName", "", 0, nil},
	{0, "InvalidResourceLocation", ``, OutcomeTerminal, "InvalidResourceLocation", "the resource exists in another location; use that location or another name", 0, nil},
	{0, "InvalidResourceGroupLocation", ``, OutcomeTerminal, "InvalidResourceGroupLocation", "the resource group exists in another location; use that location or another resource group", 0, nil},
	{0, "LocationNotAvailableForResourceGroup", ``, OutcomeTerminal, "LocationNotAvailable", offerAKS, 0, nil},
	{0, "LocationNotAvailableForResourceType", ``, OutcomeTerminal, "LocationNotAvailable", offerAKS, 0, nil},
	{0, "NoRegisteredProviderFound", ``, OutcomeTerminal, "LocationNotAvailable", offerAKS + "; where spec.passthrough.apiVersion is given, check it, too", 0, nil},
	{0, "MissingApiVersionParameter", ``, OutcomeTerminal, "MissingApiVersionParameter", fixRequest, 0, nil},
	{0, "InvalidApiVersionParameter", ``, OutcomeTerminal, "InvalidApiVersionParameter", "this cloud does not know the api-version: use one of those Azure names", 0, nil},
	{0, "CannotDeleteResource", ``, OutcomeSlowRetry, "CannotDeleteResource", "remove the lock or the resources that still use it", slowPause, nil},
	{0, "ResourceGroupDeletionBlocked", ``, OutcomeSlowRetry, "ResourceGroupDeletionBlocked", "remove the lock or the resources that still use it", slowPause, nil},
	{0, "ScopeLocked", ``, OutcomeSlowRetry, "ScopeLocked", "remove the delete lock from the scope", slowPause, nil},
	{0, "UnmarshalError", ``, OutcomeTerminal, "UnmarshalError", "AKS does not know the named property in this api-version: correct its spelling, or choose an api-version that has it", 0, nil},
	{0, "InvalidParameter", ``, OutcomeTerminal, "InvalidParameter", "", 0, nil},
}

// Networks around the cluster.
var networkRows = []ErrorRow{
	{0, "SubnetIsFull", ``, OutcomeSlowRetry, "SubnetIsFull", largerSubnet, slowPause, subnetFacts},
	{0, "InsufficientSubnetSize", ``, OutcomeTerminal, "InsufficientSubnetSize", largerSubnet, 0, subnetFacts},
	{0, "ServiceCidrOverlapExistingSubnetsCidr", ``, OutcomeTerminal, "ServiceCidrOverlap", "choose service and subnet ranges that do not overlap", 0, nil},
	{0, "SubnetIsDelegated", ``, OutcomeTerminal, "SubnetIsDelegated", "use a subnet without delegations", 0, nil},
	{0, "InvalidResourceReference", ``, OutcomeTerminal, "InvalidResourceReference", "check that the named network resource exists", 0, nil},
	{0, "InUseSubnetCannotBeDeleted", ``, OutcomeSlowRetry, "InUseSubnetCannotBeDeleted", "remove what else uses the subnet", time.Minute, nil},
	{0, "InUseRouteTableCannotBeDeleted", ``, OutcomeSlowRetry, "InUseRouteTableCannotBeDeleted", "take the route table from the subnets that still use it", time.Minute, nil},
	{0, "CreateOrUpdateVirtualNetworkLinkFailed", ``, OutcomeSlowRetry, "CreateOrUpdateVirtualNetworkLinkFailed", "check that the private DNS zone has no other link to this network, and that the cluster's identity may write to the zone", slowPause, nil},
	{0, "ReconcileStandardLoadBalancerError", ``, OutcomeSlowRetry, "ReconcileStandardLoadBalancerError", "check the outbound addresses and prefixes of loadBalancerProfile, and the limit of public IP addresses", slowPause, nil},
}

// Failed operations: node bootstrap and internal errors; the same goal is worth sending again, slowly.
var nodeRows = []ErrorRow{
	{0, "VMExtensionError_OutboundConnFail", ``, OutcomeSlowRetry, "", "nodes cannot reach the internet: allow the endpoints AKS needs in firewall, route table and network security group", slowPause, nil},
	{0, "VMExtensionError_K8SAPIServerDNSLookupFail", ``, OutcomeSlowRetry, "", "nodes cannot resolve the API server's name: check the DNS servers of the network and its link to the private DNS zone", slowPause, nil},
	{0, "VMExtensionError_K8SAPIServerConnFail", ``, OutcomeSlowRetry, "", "nodes cannot reach the API server: check routes, network security groups and authorized address ranges", slowPause, nil},
	{0, "VMExtensionError_CNIDownloadTimeout", ``, OutcomeSlowRetry, "", "nodes cannot download the network plug-in: allow the endpoints AKS needs", slowPause, nil},
	{0, "K8SAPIServerConnFail*", ``, OutcomeSlowRetry, "", "nodes cannot reach the API server: check routes, network security groups and authorized address ranges", slowPause, nil},
	{0, "K8SAPIServerDNSLookupFail*", ``, OutcomeSlowRetry, "", "nodes cannot resolve the API server's name: check the DNS servers of the network and its link to the private DNS zone", slowPause, nil},
	{0, "VMExtension*", ``, OutcomeSlowRetry, "", noWayOut, slowPause, nil},
	{0, "ProvisioningControlPlaneError", ``, OutcomeSlowRetry, "", azureFailed, slowPause, nil},
	{0, "ControlPlaneProvisioningInternalError", ``, OutcomeSlowRetry, "", azureFailed, slowPause, nil},
	{0, "CreateVMSSAgentPoolFailed", ``, OutcomeSlowRetry, "", azureFailed, slowPause, nil},
	{0, "ReconcileVMSSAgentPoolFailed", ``, OutcomeSlowRetry, "", azureFailed, slowPause, nil},
	{0, "ResourceOperationFailure", ``, OutcomeSlowRetry, "", azureFailed, slowPause, nil},
	{0, "OperationCanceled", ``, OutcomeSlowRetry, "OperationCanceled", "somebody aborted the operation", slowPause, nil},
}

// What was there is not any more.
var goneRows = []ErrorRow{
	{0, "ResourceGroupNotFound", ``, OutcomeReplan, "ChangedMeanwhile", "", shortPause, nil},
	{0, "ResourceNotFound", ``, OutcomeReplan, "ChangedMeanwhile", "", shortPause, nil},
	{404, "", ``, OutcomeReplan, "ChangedMeanwhile", "", shortPause, nil},
	{0, "Unreachable", ``, OutcomeRetry, "AzureUnreachable", "check the network path and proxy settings from the manager to Azure", 0, nil},
}

// Codes nobody has seen yet, and those that say no more than their status.
var anyRows = []ErrorRow{
	{0, "BadRequest", ``, OutcomeTerminal, "BadRequest", "", 0, nil},
	{400, "", ``, OutcomeTerminal, "", "", 0, nil},
	{409, "", ``, OutcomeWait, "", "", shortPause, nil},
}
