package aks

import (
	"testing"
	"time"
)

// diagnosisCases are texts AKS, ARM, Entra ID, compute and network answer with, one or more for each row of the table.
var diagnosisCases = []struct {
	name    string
	err     AzureError
	outcome Outcome
	reason  string
}{
	{"cluster busy", AzureError{Status: 409, Code: "OperationNotAllowed", Message: "Operation is not allowed: Another operation (Updating) is in progress, please wait for it to finish before starting a new operation."}, OutcomeWait, "WaitingForOperation"},
	{"pool busy", AzureError{Status: 409, Code: "OperationNotAllowed", Message: "Operation is not allowed: Another agentpool operation (nodepool1 - Creating) is in progress"}, OutcomeWait, "WaitingForOperation"},
	{"starting", AzureError{Status: 400, Code: "OperationNotAllowed", Message: "managed cluster is in Provisioning State(Starting) and Power State(Running), starting cannot be performed"}, OutcomeWait, "WaitingForOperation"},
	{"going away", AzureError{Status: 409, Code: "OperationNotAllowed", Message: "Unable to perform 'Scaling' operation since deletion was issued"}, OutcomeWait, "WaitingForOperation"},
	{"race at save", AzureError{Status: 409, Code: "EtagMismatch", Message: "Operation is not allowed: Another operation is in progress"}, OutcomeReplan, "ChangedMeanwhile"},
	{"stale eTag", AzureError{Status: 412, Code: "PreconditionFailed"}, OutcomeReplan, "ChangedMeanwhile"},
	{"preempted", AzureError{Code: "AKSOperationPreempted"}, OutcomeReplan, "OperationPreempted"},
	{"preempted by delete", AzureError{Code: "AKSOperationPreemptedByDelete"}, OutcomeReplan, "OperationPreempted"},
	{"preempted, older code", AzureError{Code: "OriginalEtagNotExpect"}, OutcomeReplan, "OperationPreempted"},
	{"superseded", AzureError{Code: "NotLatestOperation"}, OutcomeReplan, "OperationPreempted"},
	{"group going away", AzureError{Status: 409, Code: "ResourceGroupBeingDeleted"}, OutcomeWait, "ResourceGroupBeingDeleted"},
	{"network busy", AzureError{Status: 409, Code: "AnotherOperationInProgress"}, OutcomeWait, "WaitingForOperation"},
	{"network busy 429", AzureError{Status: 429, Code: "RetryableErrorDueToAnotherOperation"}, OutcomeWait, "WaitingForOperation"},
	{"network retryable", AzureError{Status: 429, Code: "RetryableError"}, OutcomeWait, "WaitingForOperation"},
	{"network reference", AzureError{Status: 429, Code: "ReferencedResourceNotProvisioned"}, OutcomeWait, "WaitingForOperation"},
	{"network state", AzureError{Status: 400, Code: "VirtualNetworkNotInSucceededState"}, OutcomeWait, "WaitingForOperation"},
	{"parent gone", AzureError{Status: 404, Code: "ParentResourceNotFound"}, OutcomeReplan, "ChangedMeanwhile"},
	{"ARM throttle", AzureError{Status: 429, Code: "SubscriptionRequestsThrottled"}, OutcomeWait, "Throttled"},
	{"AKS throttle", AzureError{Status: 429, Code: "Throttled"}, OutcomeWait, "Throttled"},
	{"compute throttle", AzureError{Status: 429, Code: "OperationNotAllowed", Message: "The server rejected the request because too many requests have been received for this subscription."}, OutcomeWait, "Throttled"},
	{"nested throttle", AzureError{Status: 400, Code: "X", Codes: []string{"X", "TooManyRequests"}}, OutcomeWait, "Throttled"},
	{"any 429", AzureError{Status: 429, Code: "Whatever"}, OutcomeWait, "Throttled"},
	{"quota wrapped", AzureError{Code: "CreateVMSSAgentPoolFailed", Codes: []string{"CreateVMSSAgentPoolFailed", "QuotaExceeded"}, Message: "Operation results in exceeding quota limits of Core."}, OutcomeSlowRetry, "QuotaExceeded"},
	{"vCPU quota", AzureError{Status: 400, Code: "ErrCode_InsufficientVCPUQuota"}, OutcomeSlowRetry, "QuotaExceeded"},
	{"family quota", AzureError{Status: 409, Code: "OperationNotAllowed", Message: "Operation could not be completed as it results in exceeding approved standardDLSv5Family Cores quota"}, OutcomeSlowRetry, "QuotaExceeded"},
	{"cluster quota", AzureError{Status: 400, Code: "ManagedClusterCountExceedsQuotaLimit"}, OutcomeSlowRetry, "QuotaExceeded"},
	{"public IPs", AzureError{Code: "PublicIPCountLimitReached"}, OutcomeSlowRetry, "QuotaExceeded"},
	{"size", AzureError{Status: 409, Code: "SkuNotAvailable"}, OutcomeSlowRetry, "SkuNotAvailable"},
	{"zone", AzureError{Code: "ZonalAllocationFailed"}, OutcomeSlowRetry, "AllocationFailed"},
	{"capacity", AzureError{Code: "AllocationFailed"}, OutcomeSlowRetry, "AllocationFailed"},
	{"constraints", AzureError{Code: "OverconstrainedAllocationRequest"}, OutcomeSlowRetry, "AllocationFailed"},
	{"region", AzureError{Code: "AksCapacityHeavyUsage"}, OutcomeSlowRetry, "AllocationFailed"},
	{"role", AzureError{Status: 403, Code: "AuthorizationFailed"}, OutcomeSlowRetry, "AuthorizationFailed"},
	{"linked role", AzureError{Status: 403, Code: "LinkedAuthorizationFailed"}, OutcomeSlowRetry, "LinkedAuthorizationFailed"},
	{"policy", AzureError{Status: 403, Code: "RequestDisallowedByPolicy"}, OutcomeSlowRetry, "RequestDisallowedByPolicy"},
	{"subscription", AzureError{Status: 404, Code: "SubscriptionNotFound"}, OutcomeSlowRetry, "SubscriptionNotFound"},
	{"registration", AzureError{Status: 409, Code: "MissingSubscriptionRegistration"}, OutcomeSlowRetry, "MissingSubscriptionRegistration"},
	{"wrong secret", AzureError{Status: 401, Code: "AADSTS7000215"}, OutcomeSlowRetry, "InvalidClientSecret"},
	{"expired secret", AzureError{Status: 401, Code: "AADSTS7000222"}, OutcomeSlowRetry, "ClientSecretExpired"},
	{"unknown client", AzureError{Status: 400, Code: "AADSTS700016"}, OutcomeSlowRetry, "UnknownClient"},
	{"unknown tenant", AzureError{Status: 400, Code: "AADSTS90002"}, OutcomeSlowRetry, "UnknownTenant"},
	{"any 401", AzureError{Status: 401, Code: "InvalidAuthenticationToken"}, OutcomeSlowRetry, "AuthenticationFailed"},
	{"any 403", AzureError{Status: 403, Code: "Forbidden"}, OutcomeSlowRetry, "AuthorizationFailed"},
	{"version", AzureError{Status: 400, Code: "K8sVersionNotSupported"}, OutcomeTerminal, "K8sVersionNotSupported"},
	{"pool version", AzureError{Status: 400, Code: "AgentPoolK8sVersionNotSupported"}, OutcomeTerminal, "AgentPoolK8sVersionNotSupported"},
	{"pool step", AzureError{Status: 400, Code: "AgentPoolUpgradeVersionNotAllowed"}, OutcomeTerminal, "AgentPoolUpgradeVersionNotAllowed"},
	{"pool skew", AzureError{Status: 400, Code: "NodePoolMcVersionIncompatible"}, OutcomeTerminal, "NodePoolMcVersionIncompatible"},
	{"skipped minor", AzureError{Status: 400, Code: "OperationNotAllowed", Message: "Upgrading Kubernetes version 1.28.12 to 1.30.2 is not allowed. Available upgrades: [1.29.7]."}, OutcomeTerminal, "UpgradeNotAllowed"},
	{"downgrade", AzureError{Status: 400, Code: "OperationNotAllowed", Message: "Downgrading Kubernetes version 1.29.1 to 1.28.1 is not allowed. Available upgrades: []."}, OutcomeTerminal, "DowngradeNotAllowed"},
	{"deprecated API", AzureError{Status: 400, Code: "ValidationError", Message: "Control Plane upgrade is blocked due to recent usage of a Kubernetes API deprecated in the specified version."}, OutcomeSlowRetry, "UpgradeBlockedOnDeprecatedAPIUsage"},
	{"deprecated API, subcode", AzureError{Status: 400, Code: "UpgradeBlockedOnDeprecatedAPIUsage"}, OutcomeSlowRetry, "UpgradeBlockedOnDeprecatedAPIUsage"},
	{"drain", AzureError{Code: "UpgradeFailed"}, OutcomeSlowRetry, "UpgradeFailed"},
	{"drain, older code", AzureError{Code: "PodDrainFailure"}, OutcomeSlowRetry, "UpgradeFailed"},
	{"budget", AzureError{Code: "UnsatisfiablePDB"}, OutcomeSlowRetry, "UnsatisfiablePDB"},
	{"immutable", AzureError{Status: 400, Code: "PropertyChangeNotAllowed", Target: "properties.vmSize"}, OutcomeTerminal, "PropertyChangeNotAllowed"},
	{"other location", AzureError{Status: 409, Code: "InvalidResourceLocation"}, OutcomeTerminal, "InvalidResourceLocation"},
	{"group in other location", AzureError{Status: 409, Code: "InvalidResourceGroupLocation"}, OutcomeTerminal, "InvalidResourceGroupLocation"},
	{"group's region", AzureError{Status: 400, Code: "LocationNotAvailableForResourceGroup"}, OutcomeTerminal, "LocationNotAvailable"},
	{"no such location", AzureError{Status: 400, Code: "LocationNotAvailableForResourceType"}, OutcomeTerminal, "LocationNotAvailable"},
	{"no such location, RP", AzureError{Status: 400, Code: "NoRegisteredProviderFound"}, OutcomeTerminal, "LocationNotAvailable"},
	{"subnet full", AzureError{Code: "SubnetIsFull"}, OutcomeSlowRetry, "SubnetIsFull"},
	{"subnet small", AzureError{Status: 400, Code: "InsufficientSubnetSize"}, OutcomeTerminal, "InsufficientSubnetSize"},
	{"overlap", AzureError{Status: 400, Code: "ServiceCidrOverlapExistingSubnetsCidr"}, OutcomeTerminal, "ServiceCidrOverlap"},
	{"delegated", AzureError{Status: 400, Code: "SubnetIsDelegated"}, OutcomeTerminal, "SubnetIsDelegated"},
	{"reference", AzureError{Status: 400, Code: "InvalidResourceReference"}, OutcomeTerminal, "InvalidResourceReference"},
	{"subnet in use", AzureError{Status: 400, Code: "InUseSubnetCannotBeDeleted"}, OutcomeSlowRetry, "InUseSubnetCannotBeDeleted"},
	{"zones", AzureError{Status: 400, Code: "AvailabilityZoneNotSupported"}, OutcomeTerminal, "AvailabilityZoneNotSupported"},
	{"in use", AzureError{Status: 409, Code: "CannotDeleteResource"}, OutcomeSlowRetry, "CannotDeleteResource"},
	{"locked", AzureError{Status: 409, Code: "ScopeLocked"}, OutcomeSlowRetry, "ScopeLocked"},
	{"parameter", AzureError{Status: 400, Code: "InvalidParameter"}, OutcomeTerminal, "InvalidParameter"},
	{"unknown property", AzureError{Status: 400, Code: "UnmarshalError"}, OutcomeTerminal, "UnmarshalError"},
	{"bad request", AzureError{Status: 400, Code: "BadRequest"}, OutcomeTerminal, "BadRequest"},
	{"any 400", AzureError{Status: 400, Code: "SomethingNew"}, OutcomeTerminal, "SomethingNew"},
	{"any 409", AzureError{Status: 409, Code: "Conflict"}, OutcomeWait, "Conflict"},
	{"node bootstrap", AzureError{Code: "VMExtensionError_OutboundConnFail"}, OutcomeSlowRetry, "VMExtensionError_OutboundConnFail"},
	{"group gone", AzureError{Status: 404, Code: "ResourceGroupNotFound"}, OutcomeReplan, "ChangedMeanwhile"},
	{"resource gone", AzureError{Status: 404, Code: "ResourceNotFound"}, OutcomeReplan, "ChangedMeanwhile"},
	{"any 404", AzureError{Status: 404, Code: "NotFound"}, OutcomeReplan, "ChangedMeanwhile"},
	{"no answer", AzureError{Code: "Unreachable"}, OutcomeRetry, "AzureUnreachable"},
}

func TestDiagnose(t *testing.T) {
	hit := map[int]bool{}
	for _, c := range diagnosisCases {
		t.Run(c.name, func(t *testing.T) {
			d := Diagnose(c.err)
			if d.Outcome != c.outcome || d.Reason != c.reason {
				t.Errorf("Diagnose(%+v) = %s %s, want %s %s", c.err, d.Outcome, d.Reason, c.outcome, c.reason)
			}
			codes := c.err.Codes
			if len(codes) == 0 {
				codes = []string{c.err.Code}
			}
			hit[findRow(c.err, codes)] = true
		})
	}
	for i, row := range errorTable {
		if !hit[i] {
			t.Errorf("row %d (%d %s %s) has no case", i, row.status, row.code, row.message)
		}
	}
}

func TestDiagnoseWithoutRow(t *testing.T) {
	if d := Diagnose(AzureError{Status: 503, Code: "ServiceUnavailable", RetryAfter: time.Minute}); d.Outcome != OutcomeRetry || d.Pause != time.Minute {
		t.Errorf("a 5xx: %+v, want Retry after a minute", d)
	}
	if d := Diagnose(AzureError{Code: "Brand/New Failure"}); d.Outcome != OutcomeSlowRetry || d.Reason != "BrandNewFailure" {
		t.Errorf("an operation that failed: %+v, want SlowRetry BrandNewFailure", d)
	}
	if d := Diagnose(AzureError{Status: 429, Code: "Throttled", RetryAfter: 7 * time.Second}); d.Pause != 7*time.Second {
		t.Errorf("Retry-After is not respected: %+v", d)
	}
}
