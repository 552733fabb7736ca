package aks

import (
	"regexp"
	"strings"
	"time"
)

// Outcome is what an Azure error means for the goal that met it.
type Outcome string

const (
	// OutcomeWait: Azure is busy; the same request is right later. Never shown as an error.
	OutcomeWait Outcome = "Wait"
	// OutcomeTerminal: the request is refused until the spec or Azure changes.
	OutcomeTerminal Outcome = "Terminal"
	// OutcomeSlowRetry: somebody or something outside (quota, capacity, a role assignment) must change; the
	// same goal is sent again with long pauses.
	OutcomeSlowRetry Outcome = "SlowRetry"
	// OutcomeReplan: the observation was stale; observe again and decide anew.
	OutcomeReplan Outcome = "Replan"
	// OutcomeRetry: a passing fault; ordinary back-off.
	OutcomeRetry Outcome = "Retry"
)

// AzureError is an error answer of ARM or of the AKS resource provider, or the error of a failed operation.
type AzureError struct {
	// Status is the HTTP status, 0 for the error of an operation.
	Status        int
	Code, Message string
	// Codes are Code and every code nested in the error, outermost first: AKS wraps the code that matters
	// (QuotaExceeded) in one that does not (CreateVMSSAgentPoolFailed).
	Codes         []string
	Target        string
	CorrelationID string
	RetryAfter    time.Duration
}

// Diagnosis says what an Azure error means and what a person can do about it.
type Diagnosis struct {
	Outcome Outcome
	// Reason is the condition reason: Azure's code, or ours where Azure's code says nothing.
	Reason string
	// Hint is the way out, empty where Azure's own message already says it.
	Hint string
	// Pause is how long to wait before the next attempt where Azure names no time.
	Pause time.Duration
}

// errorRow is one line of the error table. The first row whose status (0 = any), code (folded) and message
// pattern fit is used.
type errorRow struct {
	status  int
	code    string
	message string
	Diagnosis
}

const (
	shortPause = 10 * time.Second
	slowPause  = 5 * time.Minute
	longPause  = 30 * time.Minute
)

// errorTable maps Azure error codes to their meaning. Codes and texts are those AKS, ARM, Entra ID and the
// compute and network providers answer with; each row has a test.
var errorTable = []errorRow{
	// Busy: one operation at a time per cluster.
	{0, "OperationNotAllowed", `(?i)another (agentpool )?operation`, Diagnosis{OutcomeWait, "WaitingForOperation", "", shortPause}},
	{0, "OperationNotAllowed", `(?i)is in Provisioning State\((Starting|Stopping|Updating|Upgrading|Creating)`, Diagnosis{OutcomeWait, "WaitingForOperation", "", shortPause}},
	{0, "OperationNotAllowed", `(?i)since deletion was issued`, Diagnosis{OutcomeWait, "WaitingForOperation", "", shortPause}},
	{0, "EtagMismatch", ``, Diagnosis{OutcomeReplan, "ChangedMeanwhile", "", 2 * time.Second}},
	{412, "", ``, Diagnosis{OutcomeReplan, "ChangedMeanwhile", "", 2 * time.Second}},
	{0, "AKSOperationPreemptedByDelete", ``, Diagnosis{OutcomeReplan, "OperationPreempted", "", shortPause}},
	{0, "AKSOperationPreempted", ``, Diagnosis{OutcomeReplan, "OperationPreempted", "", shortPause}},
	{0, "OriginalEtagNotExpect", ``, Diagnosis{OutcomeReplan, "OperationPreempted", "", shortPause}},
	{0, "NotLatestOperation", ``, Diagnosis{OutcomeReplan, "OperationPreempted", "", shortPause}},
	{0, "ResourceGroupBeingDeleted", ``, Diagnosis{OutcomeWait, "ResourceGroupBeingDeleted", "the resource group is being deleted; it is created again when that has finished", shortPause}},
	{0, "AnotherOperationInProgress", ``, Diagnosis{OutcomeWait, "WaitingForOperation", "", shortPause}},
	{0, "RetryableErrorDueToAnotherOperation", ``, Diagnosis{OutcomeWait, "WaitingForOperation", "", shortPause}},
	{0, "RetryableError", ``, Diagnosis{OutcomeWait, "WaitingForOperation", "", shortPause}},
	{0, "ReferencedResourceNotProvisioned", ``, Diagnosis{OutcomeWait, "WaitingForOperation", "", shortPause}},
	{0, "VirtualNetworkNotInSucceededState", ``, Diagnosis{OutcomeWait, "WaitingForOperation", "", shortPause}},
	{0, "ParentResourceNotFound", ``, Diagnosis{OutcomeReplan, "ChangedMeanwhile", "", shortPause}},
	// Throttled.
	{0, "SubscriptionRequestsThrottled", ``, Diagnosis{OutcomeWait, "Throttled", "", time.Minute}},
	{0, "Throttled", ``, Diagnosis{OutcomeWait, "Throttled", "", time.Minute}},
	{0, "OperationNotAllowed", `(?i)too many requests`, Diagnosis{OutcomeWait, "Throttled", "", time.Minute}},
	{0, "TooManyRequests", ``, Diagnosis{OutcomeWait, "Throttled", "", time.Minute}},
	{429, "", ``, Diagnosis{OutcomeWait, "Throttled", "", time.Minute}},
	// Quota and capacity.
	{0, "QuotaExceeded", ``, Diagnosis{OutcomeSlowRetry, "QuotaExceeded", "ask for more quota in the subscription and region, or use a smaller size or count", slowPause}},
	{0, "ErrCode_InsufficientVCPUQuota", ``, Diagnosis{OutcomeSlowRetry, "QuotaExceeded", "ask for more vCPU quota in the subscription and region, or use a smaller size or count", slowPause}},
	{0, "OperationNotAllowed", `(?i)exceeding (approved|quota)|quota limits`, Diagnosis{OutcomeSlowRetry, "QuotaExceeded", "ask for more quota in the subscription and region, or use a smaller size or count", slowPause}},
	{0, "ManagedClusterCountExceedsQuotaLimit", ``, Diagnosis{OutcomeSlowRetry, "QuotaExceeded", "ask for a higher cluster limit, or use another region or subscription", slowPause}},
	{0, "PublicIPCountLimitReached", ``, Diagnosis{OutcomeSlowRetry, "QuotaExceeded", "ask for more public IP addresses in the subscription and region", slowPause}},
	{0, "SkuNotAvailable", ``, Diagnosis{OutcomeSlowRetry, "SkuNotAvailable", "choose a size that is offered in this region and these zones", slowPause}},
	{0, "ZonalAllocationFailed", ``, Diagnosis{OutcomeSlowRetry, "AllocationFailed", "Azure has no capacity for this size in this zone; try another zone or size", slowPause}},
	{0, "AllocationFailed", ``, Diagnosis{OutcomeSlowRetry, "AllocationFailed", "Azure has no capacity for this size; try another size or region", slowPause}},
	{0, "OverconstrainedAllocationRequest", ``, Diagnosis{OutcomeSlowRetry, "AllocationFailed", "Azure cannot place this size under these constraints; relax zones or size", slowPause}},
	{0, "AksCapacityHeavyUsage", ``, Diagnosis{OutcomeSlowRetry, "AllocationFailed", "the region is short of AKS capacity; use another region or wait", slowPause}},
	// Rights and credentials: repaired outside, noticed by asking again.
	{0, "AuthorizationFailed", ``, Diagnosis{OutcomeSlowRetry, "AuthorizationFailed", "give the identity the missing role (Contributor on the subscription or resource group)", time.Minute}},
	{0, "LinkedAuthorizationFailed", ``, Diagnosis{OutcomeSlowRetry, "LinkedAuthorizationFailed", "give the identity the named action on the linked resource, for example Network Contributor on the subnet", time.Minute}},
	{0, "RequestDisallowedByPolicy", ``, Diagnosis{OutcomeSlowRetry, "RequestDisallowedByPolicy", "change the spec so that the named Azure Policy accepts it, or exempt the resource", slowPause}},
	{0, "SubscriptionNotFound", ``, Diagnosis{OutcomeSlowRetry, "SubscriptionNotFound", "check spec.subscriptionID, and that the identity has a role in that subscription", time.Minute}},
	{0, "MissingSubscriptionRegistration", ``, Diagnosis{OutcomeSlowRetry, "MissingSubscriptionRegistration", "register the resource provider in the subscription: az provider register --namespace Microsoft.ContainerService", time.Minute}},
	{0, "AADSTS7000215", ``, Diagnosis{OutcomeSlowRetry, "InvalidClientSecret", "put the current client secret into the Secret that the identity names", time.Minute}},
	{0, "AADSTS7000222", ``, Diagnosis{OutcomeSlowRetry, "ClientSecretExpired", "create a new client secret and put it into the Secret that the identity names", time.Minute}},
	{0, "AADSTS700016", ``, Diagnosis{OutcomeSlowRetry, "UnknownClient", "check clientID and tenantID of the AzureClusterIdentity", time.Minute}},
	{0, "AADSTS90002", ``, Diagnosis{OutcomeSlowRetry, "UnknownTenant", "check tenantID of the AzureClusterIdentity", time.Minute}},
	{401, "", ``, Diagnosis{OutcomeSlowRetry, "AuthenticationFailed", "check the identity's tenant, client and secret", time.Minute}},
	{403, "", ``, Diagnosis{OutcomeSlowRetry, "AuthorizationFailed", "give the identity the missing role", time.Minute}},
	// Versions.
	{0, "K8sVersionNotSupported", ``, Diagnosis{OutcomeTerminal, "K8sVersionNotSupported", "list the versions on offer: az aks get-versions --location <location>", 0}},
	{0, "AgentPoolK8sVersionNotSupported", ``, Diagnosis{OutcomeTerminal, "AgentPoolK8sVersionNotSupported", "list the versions on offer: az aks get-versions --location <location>", 0}},
	{0, "AgentPoolUpgradeVersionNotAllowed", ``, Diagnosis{OutcomeTerminal, "AgentPoolUpgradeVersionNotAllowed", "raise the pool one minor version at a time, not beyond the control plane", 0}},
	{0, "NodePoolMcVersionIncompatible", ``, Diagnosis{OutcomeTerminal, "NodePoolMcVersionIncompatible", "keep pools at or below the control plane, at most three minor versions behind", 0}},
	{0, "OperationNotAllowed", `(?i)^Upgrading Kubernetes version`, Diagnosis{OutcomeTerminal, "UpgradeNotAllowed", "upgrade one minor version at a time", 0}},
	{0, "OperationNotAllowed", `(?i)^Downgrading Kubernetes version`, Diagnosis{OutcomeTerminal, "DowngradeNotAllowed", "AKS cannot go back; set the version to what runs or newer", 0}},
	{0, "ValidationError", `(?i)deprecated`, Diagnosis{OutcomeSlowRetry, "UpgradeBlockedOnDeprecatedAPIUsage", "stop using the named API; AKS looks back 12 hours", longPause}},
	{0, "UpgradeBlockedOnDeprecatedAPIUsage", ``, Diagnosis{OutcomeSlowRetry, "UpgradeBlockedOnDeprecatedAPIUsage", "stop using the named API; AKS looks back 12 hours", longPause}},
	{0, "UpgradeFailed", ``, Diagnosis{OutcomeSlowRetry, "UpgradeFailed", "remove what blocks the drain (often a PodDisruptionBudget); the same upgrade is sent again", slowPause}},
	{0, "PodDrainFailure", ``, Diagnosis{OutcomeSlowRetry, "UpgradeFailed", "remove what blocks the drain (often a PodDisruptionBudget); the same upgrade is sent again", slowPause}},
	{0, "UnsatisfiablePDB", ``, Diagnosis{OutcomeSlowRetry, "UnsatisfiablePDB", "change the named PodDisruptionBudget so that one pod may be disrupted", slowPause}},
	// The request as written can never work.
	{0, "PropertyChangeNotAllowed", ``, Diagnosis{OutcomeTerminal, "PropertyChangeNotAllowed", "AKS cannot change this property; set it back, or replace the pool or cluster", 0}},
	{0, "InvalidResourceLocation", ``, Diagnosis{OutcomeTerminal, "InvalidResourceLocation", "the resource exists in another location; use that location or another name", 0}},
	{0, "InvalidResourceGroupLocation", ``, Diagnosis{OutcomeTerminal, "InvalidResourceGroupLocation", "the resource group exists in another location; use that location or another resource group", 0}},
	{0, "LocationNotAvailableForResourceGroup", ``, Diagnosis{OutcomeTerminal, "LocationNotAvailable", "set spec.location to a region that offers AKS", 0}},
	{0, "LocationNotAvailableForResourceType", ``, Diagnosis{OutcomeTerminal, "LocationNotAvailable", "set spec.location to a region that offers AKS", 0}},
	{0, "NoRegisteredProviderFound", ``, Diagnosis{OutcomeTerminal, "LocationNotAvailable", "set spec.location to a region that offers AKS", 0}},
	{0, "SubnetIsFull", ``, Diagnosis{OutcomeSlowRetry, "SubnetIsFull", "use a larger subnet, fewer nodes or a smaller maxPods", slowPause}},
	{0, "InsufficientSubnetSize", ``, Diagnosis{OutcomeTerminal, "InsufficientSubnetSize", "use a larger subnet, fewer nodes or a smaller maxPods", 0}},
	{0, "ServiceCidrOverlapExistingSubnetsCidr", ``, Diagnosis{OutcomeTerminal, "ServiceCidrOverlap", "choose service and subnet ranges that do not overlap", 0}},
	{0, "SubnetIsDelegated", ``, Diagnosis{OutcomeTerminal, "SubnetIsDelegated", "use a subnet without delegations", 0}},
	{0, "InvalidResourceReference", ``, Diagnosis{OutcomeTerminal, "InvalidResourceReference", "check that the named network resource exists", 0}},
	{0, "InUseSubnetCannotBeDeleted", ``, Diagnosis{OutcomeSlowRetry, "InUseSubnetCannotBeDeleted", "remove what else uses the subnet", time.Minute}},
	{0, "AvailabilityZoneNotSupported", ``, Diagnosis{OutcomeTerminal, "AvailabilityZoneNotSupported", "choose zones that this size has in this region", 0}},
	{0, "CannotDeleteResource", ``, Diagnosis{OutcomeSlowRetry, "CannotDeleteResource", "remove the lock or the resources that still use it", slowPause}},
	{0, "ScopeLocked", ``, Diagnosis{OutcomeSlowRetry, "ScopeLocked", "remove the delete lock from the scope", slowPause}},
	{0, "InvalidParameter", ``, Diagnosis{OutcomeTerminal, "InvalidParameter", "", 0}},
	{0, "UnmarshalError", ``, Diagnosis{OutcomeTerminal, "UnmarshalError", "", 0}},
	{0, "BadRequest", ``, Diagnosis{OutcomeTerminal, "BadRequest", "", 0}},
	{400, "", ``, Diagnosis{OutcomeTerminal, "", "", 0}},
	{409, "", ``, Diagnosis{OutcomeWait, "", "", shortPause}},
	// Failed operations: node bootstrap and internal errors; the same goal is worth sending again, slowly.
	{0, "VMExtension*", ``, Diagnosis{OutcomeSlowRetry, "", "nodes could not start: check outbound connectivity and DNS from the node subnet", slowPause}},
	{0, "ResourceGroupNotFound", ``, Diagnosis{OutcomeReplan, "ChangedMeanwhile", "", shortPause}},
	{0, "ResourceNotFound", ``, Diagnosis{OutcomeReplan, "ChangedMeanwhile", "", shortPause}},
	{404, "", ``, Diagnosis{OutcomeReplan, "ChangedMeanwhile", "", shortPause}},
	{0, "Unreachable", ``, Diagnosis{OutcomeRetry, "AzureUnreachable", "check the network path and proxy settings from the manager to Azure", 0}},
}

// Diagnose says what an Azure error means. An error no row knows is retried slowly when it ended an operation,
// and with ordinary back-off when a request met it.
func Diagnose(e AzureError) Diagnosis {
	codes := e.Codes
	if len(codes) == 0 {
		codes = []string{e.Code}
	}
	if row := findRow(e, codes); row >= 0 {
		d := errorTable[row].Diagnosis
		if d.Reason == "" {
			d.Reason = reasonOf(e.Code)
		}
		if e.RetryAfter > 0 {
			d.Pause = e.RetryAfter
		}
		return d
	}
	if e.Status == 0 {
		return Diagnosis{Outcome: OutcomeSlowRetry, Reason: reasonOf(e.Code), Pause: slowPause}
	}
	return Diagnosis{Outcome: OutcomeRetry, Reason: reasonOf(e.Code), Pause: e.RetryAfter}
}

// findRow is the index of the row that fits, or -1.
func findRow(e AzureError, codes []string) int {
	for i, row := range errorTable {
		for _, code := range codes {
			if row.matches(e, code) {
				return i
			}
		}
	}
	return -1
}

func (r errorRow) matches(e AzureError, code string) bool {
	if r.status != 0 && r.status != e.Status {
		return false
	}
	if prefix, ok := strings.CutSuffix(r.code, "*"); ok {
		if !strings.HasPrefix(strings.ToLower(code), strings.ToLower(prefix)) {
			return false
		}
	} else if r.code != "" && !strings.EqualFold(r.code, code) {
		return false
	}
	return r.message == "" || regexp.MustCompile(r.message).MatchString(e.Message)
}

var notReason = regexp.MustCompile(`[^A-Za-z0-9_]`)

// reasonOf makes Azure's code fit the syntax of a condition reason.
func reasonOf(code string) string {
	reason := notReason.ReplaceAllString(code, "")
	if reason == "" || !(reason[0] >= 'A' && reason[0] <= 'Z' || reason[0] >= 'a' && reason[0] <= 'z') {
		return "AzureError"
	}
	return reason
}
