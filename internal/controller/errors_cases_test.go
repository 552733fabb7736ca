package controller

import "encoding/json"

// errorCase is one answer of Azure and what a person reads on the object because of it.
type errorCase struct {
	name string
	// when is the request that is answered, see errorRig.provoke.
	when   string
	status int // of the answer; 0 for the document of an operation that failed
	body   string
	reason string
	// next is when the same is sent again: a duration, "never", "soon" (a problem that is not about one goal), "replan" (at
	// once, from a new observation: nothing is shown) or "change" (when the cluster changes).
	next string
	// says are parts of the message that must be there beside code, message, target and correlation id.
	says []string
}

// flat is an error as the AKS resource provider writes it, wrapped one as ARM and most providers do.
func flat(code, message, target string) string {
	body := map[string]any{"code": code, "details": nil, "message": message, "subcode": ""}
	if target != "" {
		body["target"] = target
	}
	return text(body)
}

func wrapped(code, message string) string {
	return text(map[string]any{"error": map[string]any{"code": code, "message": message}})
}

// inside is an AKS error around the one that matters.
func inside(code, message, innerCode, innerMessage, innerTarget string) string {
	detail := map[string]any{"code": innerCode, "message": innerMessage}
	if innerTarget != "" {
		detail["target"] = innerTarget
	}
	return text(map[string]any{"code": code, "details": []any{detail}, "message": message, "subcode": ""})
}

func subcode(code, message, sub string) string {
	return text(map[string]any{"code": code, "details": nil, "message": message, "subcode": sub})
}

// failed is the document of an operation that failed.
func failed(code, message string) string {
	return text(map[string]any{"name": "0a1b", "status": "Failed", "startTime": "2026-01-02T03:04:05.1234567Z", "endTime": "2026-01-02T03:09:05.1234567Z",
		"error": map[string]any{"code": code, "message": message}})
}

func failedInside(code, message, innerCode, innerMessage string) string {
	return text(map[string]any{"name": "0a1b", "status": "Failed", "error": map[string]any{"code": code, "message": message,
		"details": []any{map[string]any{"code": innerCode, "message": innerMessage}}}})
}

// entra is an error of Microsoft Entra ID.
func entra(code, description string) string {
	return text(map[string]any{"error": "invalid_client", "error_description": code + ": " + description +
		" Trace ID: 3ffd1c3c-0000-4f5a-9d3a-1f2e3d4c5b00 Correlation ID: 2b9e6e1c-1111-4b1e-8c5d-0123456789ab Timestamp: 2026-01-02 03:04:05Z"})
}

func text(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

const (
	pending     = "please wait for it to finish before starting a new operation. See https://aka.ms/aks-pending-operation for more details"
	policyText  = `Resource 'c' was disallowed by policy. Policy identifiers: '[{"policyAssignment":{"name":"Require a cost centre","id":"/subscriptions/s/providers/Microsoft.Authorization/policyAssignments/bc5f"},"policyDefinition":{"name":"Require a tag on resources","id":"/providers/Microsoft.Authorization/policyDefinitions/9667"}}]'.`
	drainText   = "Drain node aks-pool0-12345678-vmss000001 failed when evicting pod web-7d4b9 failed with Too Many Requests error. This is often caused by a restrictive Pod Disruption Budget (PDB) policy. See https://aka.ms/aks/debugdrainfailures. Original error: Cannot evict pod as it would violate the pod's disruption budget.. PDB debug info: shop/web-7d4b9 blocked by pdb web-pdb with 0 unready pods."
	usageText   = "Control Plane upgrade is blocked due to recent usage of a Kubernetes API deprecated in the specified version. Please refer to https://kubernetes.io/docs/reference/using-api/deprecation-guide to migrate the usage. To bypass this error, set forceUpgrade in upgradeSettings.overrideSettings. Usage details: 1 error occurred:\n\t* usage has been detected on API flowcontrol.apiserver.k8s.io.prioritylevelconfigurations.v1beta1 verb watch, and was recently seen at: {seen} +0000 UTC, which will be removed in 1.35\n\n"
	familyQuota = "Operation could not be completed as it results in exceeding approved standardDLSv5Family Cores quota. Additional details - Deployment Model: Resource Manager, Location: westus2, Current Limit: 100, Current Usage: 56, Additional Required: 64, (Minimum) New Limit Required: 120."
	coreQuota   = "Operation results in exceeding quota limits of Core. Maximum allowed: 450, Current in use: 449, Additional requested: 8. Please read more about quota increase at https://aka.ms/AzurePerVMQuotaLimits."
)

// errorCases are the texts AKS, ARM, Entra ID, compute, network and Azure Policy answer with: one or more for each row of
// the error table.
var errorCases = []errorCase{
	// Busy.
	{"cluster busy", "cluster", 409, flat("OperationNotAllowed", "Operation is not allowed: Another operation (Updating) is in progress, "+pending, ""), "WaitingForOperation", "soon", nil},
	{"pool busy", "pool", 409, flat("OperationNotAllowed", "Operation is not allowed: Another agentpool operation (pool0 - Creating) is in progress, "+pending, ""), "WaitingForOperation", "soon", nil},
	{"pool's cluster busy", "pool", 409, flat("OperationNotAllowed", "Managed Cluster operation is not allowed: Another operation (Upgrading) is in progress on agent pool (pool0)", ""), "WaitingForOperation", "soon", nil},
	{"cluster starting", "cluster", 400, flat("OperationNotAllowed", "managed cluster is in Provisioning State(Starting) and Power State(Running), starting cannot be performed", ""), "WaitingForOperation", "soon", nil},
	{"cluster stopped", "cluster", 400, flat("OperationNotAllowed", "managed cluster is in Provisioning State(Succeeded) and Power State(Stopped), stopping cannot be performed", ""), "Stopped", "soon", []string{"start the cluster"}},
	{"pool going away", "pool", 409, flat("OperationNotAllowed", "Unable to perform 'Scaling' operation since deletion was issued", ""), "WaitingForOperation", "soon", nil},
	{"race at save", "cluster", 409, inside("EtagMismatch", "Failed to save managed cluster c in subscription s, resource group g. Operation is not allowed: Another operation is in progress", "Unspecified", "rpc error: code = FailedPrecondition desc = Etag mismatched", ""), "ChangedMeanwhile", "replan", nil},
	{"stale eTag", "pool", 412, flat("PreconditionFailed", "The condition specified using HTTP conditional header(s) is not met.", ""), "ChangedMeanwhile", "replan", nil},
	{"preempted by a deletion", "operation", 0, failed("AKSOperationPreemptedByDelete", "This operation has been preempted by Deleting operation."), "OperationPreempted", "10s", nil},
	{"preempted", "operation", 0, failed("AKSOperationPreempted", "This operation has been preempted by another operation with ID 5f0e."), "OperationPreempted", "10s", nil},
	{"preempted, older code", "operation", 0, failed("OriginalEtagNotExpect", "This operation has been preempted by Deleting operation"), "OperationPreempted", "10s", nil},
	{"superseded", "operation", 0, failed("NotLatestOperation", "The operation is not the latest one."), "OperationPreempted", "10s", nil},
	{"group going away", "create", 409, wrapped("ResourceGroupBeingDeleted", "The resource group 'g' is in deprovisioning state and cannot perform this operation."), "ResourceGroupBeingDeleted", "soon", []string{"it is created again"}},
	{"network busy", "network", 409, wrapped("AnotherOperationInProgress", "Another operation on this or dependent resource is in progress."), "WaitingForOperation", "soon", nil},
	{"network busy, 429", "network", 429, wrapped("RetryableErrorDueToAnotherOperation", "Operation PutVirtualNetworkOperation is canceled: another operation is running."), "WaitingForOperation", "soon", nil},
	{"network reference", "network", 429, `{"error":{"code":"RetryableError","message":"A retryable error occurred.","details":[{"code":"ReferencedResourceNotProvisioned","message":"Cannot proceed with operation because resource /x used by resource /y is not in Succeeded state."}]}}`, "WaitingForOperation", "soon", nil},
	{"network retryable", "network", 429, wrapped("RetryableError", "The operation was canceled; try again."), "WaitingForOperation", "soon", nil},
	{"network's state", "create", 400, flat("VirtualNetworkNotInSucceededState", "Set virtual network ownership failed. The virtual network is in Updating state.", ""), "WaitingForOperation", "soon", nil},
	{"parent gone", "pool", 404, wrapped("ParentResourceNotFound", "Failed to perform 'write' on resource(s) of type 'managedClusters/agentPools', because the parent resource 'c' could not be found."), "ChangedMeanwhile", "replan", nil},
	// Throttled.
	{"ARM throttles", "read", 429, wrapped("SubscriptionRequestsThrottled", "Number of 'read' requests for subscription 's' actor 'a' exceeded. Please try again after '17' seconds after additional tokens are available."), "Throttled", "soon", nil},
	{"AKS throttles", "cluster", 429, flat("Throttled", "The PutManagedClusterHandler.PUT request limit has been exceeded for SubID='s', please retry again in 36 seconds.", ""), "Throttled", "36s", nil},
	{"compute throttles", "pool", 429, flat("OperationNotAllowed", "The server rejected the request because too many requests have been received for this subscription.", ""), "Throttled", "1m", nil},
	{"compute throttles, inside", "pool operation", 0, failedInside("ScaleVMSSAgentPoolFailed", "Unable to scale.", "TooManyRequests", "The request rate is too high."), "Throttled", "1m", []string{"(TooManyRequests: The request rate is too high.)"}},
	{"any 429", "cluster", 429, wrapped("Busy", "Too busy."), "Throttled", "1m", nil},
	// Quota and capacity.
	{"core quota", "operation", 0, failedInside("CreateVMSSAgentPoolFailed", "Unable to create agent pool.", "QuotaExceeded", coreQuota), "QuotaExceeded", "5m", []string{"limit 450, in use 449, requested 8, short by 7: ask for more quota"}},
	{"quota in the text", "pool operation", 0, failed("ReconcileVMSSAgentPoolFailed", `Unable to create the scale set: Code="QuotaExceeded" Message="Insufficient vcpu quota requested 6, remaining 4 for family standardDCSv2Family for region westeurope."`), "QuotaExceeded", "5m", []string{"family standardDCSv2Family, region westeurope, left 4, requested 6, short by 2"}},
	{"vCPU quota", "create", 400, flat("ErrCode_InsufficientVCPUQuota", "Insufficient regional vcpu quota left for location westus2. left regional vcpu quota 6, requested quota 8. If you want to increase the quota, please follow this instruction: https://learn.microsoft.com/azure/quotas.", ""), "QuotaExceeded", "5m", []string{"left 6, requested 8, short by 2"}},
	{"family quota", "pool", 409, wrapped("OperationNotAllowed", familyQuota), "QuotaExceeded", "5m", []string{"family standardDLSv5Family, region westus2, limit 100, in use 56, requested 64, short by 20"}},
	{"cluster quota", "create", 400, flat("ManagedClusterCountExceedsQuotaLimit", "Operation results in exceeding quota limits for managed clusters. Maximum allowed: 100, Current usage: 100, Additional requested: 1.", ""), "QuotaExceeded", "5m", []string{"limit 100, in use 100, requested 1, short by 1"}},
	{"public addresses", "operation", 0, failed("PublicIPCountLimitReached", "Cannot create more than 20 public IP addresses for this subscription in this region."), "QuotaExceeded", "5m", nil},
	{"size", "operation", 0, failed("SkuNotAvailable", "The requested VM size for resource 'Following SKUs have failed for Capacity Restrictions: Standard_D2s_v5' is currently not available in location 'eastus'. Please try another size or deploy to a different location or different zone. See https://aka.ms/azureskunotavailable for details."), "SkuNotAvailable", "5m", []string{"size Standard_D2s_v5, location eastus: choose a size"}},
	{"size in a zone", "pool operation", 0, failed("SkuNotAvailable", "The requested size for resource '/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachineScaleSets/v' is currently not available in location 'westeurope' zones '2' for subscription 's'."), "SkuNotAvailable", "5m", []string{"location westeurope, zones 2"}},
	{"size not allowed", "create", 400, flat("BadRequest", "The VM size of Standard_M128 is not allowed in your subscription in location 'westus'. The available VM sizes are 'Standard_B2s,Standard_D2s_v3'", "agentPoolProfile.vmSize"), "SkuNotAvailable", "never", []string{"size Standard_M128, location westus"}},
	{"zones", "create", 400, flat("AvailabilityZoneNotSupported", "The zone(s) '2' for resource 'system' is not supported. The supported zones for location 'germanywestcentral' are '1,3'", "agentPoolProfile.availabilityZone"), "AvailabilityZoneNotSupported", "never", []string{"location germanywestcentral, zones 2, zones on offer 1, 3: choose zones"}},
	{"zone is full", "pool operation", 0, failed("ZonalAllocationFailed", "We do not have sufficient capacity for the requested VM size in this zone."), "AllocationFailed", "5m", nil},
	{"region is full", "pool operation", 0, failed("AllocationFailed", "Allocation failed. We do not have sufficient capacity for the requested VM size in this region."), "AllocationFailed", "5m", nil},
	{"constraints", "pool operation", 0, failed("OverconstrainedAllocationRequest", "Create or update request failed: the VM cannot be allocated, because the condition is too restrictive."), "AllocationFailed", "5m", nil},
	{"AKS is full", "create", 400, flat("AksCapacityHeavyUsage", "AKS is experiencing heavy usage in region westus. See https://aka.ms/akscapacityheavyusage", ""), "AllocationFailed", "5m", nil},
	// Rights and credentials.
	{"no right", "cluster", 403, wrapped("AuthorizationFailed", "The client 'a' with object id 'o' does not have authorization to perform action 'Microsoft.ContainerService/managedClusters/write' over scope '/s' or the scope is invalid. If access was recently granted, please refresh your credentials."), "AuthorizationFailed", "1m", []string{"Contributor"}},
	{"no right on the subnet", "create", 403, wrapped("LinkedAuthorizationFailed", "The client 'a' has permission to perform action 'Microsoft.ContainerService/managedClusters/write' on scope '/s', however, it does not have permission to perform action 'Microsoft.Network/virtualNetworks/subnets/join/action' on the linked scope(s) '/subnet'."), "LinkedAuthorizationFailed", "1m", nil},
	{"no right on the kubelet identity", "create", 400, flat("CustomKubeletIdentityMissingPermissionError", "The cluster using user-assigned managed identity must be granted 'Managed Identity Operator' role to assign kubelet identity.", ""), "CustomKubeletIdentityMissingPermissionError", "1m", nil},
	{"no such identity", "create", 400, `{"error":{"code":"FailedIdentityOperation","message":"Identity operation for resource '/a' failed with error 'Failed to perform resource identity operation. Status: 'BadRequest'. Response: '{\"error\":{\"code\":\"BadRequest\",\"message\":\"Resource '/mi' was not found.\"}}'.'."}}`, "FailedIdentityOperation", "1m", []string{"Resource '/mi' was not found."}},
	{"identity inside Azure", "operation", 0, failed("ReconcileMSICredentialError", "Reconcile MSI credential failed. Retriable: false"), "ReconcileMSICredentialError", "5m", nil},
	{"policy, names in the text", "create", 403, wrapped("RequestDisallowedByPolicy", policyText), "RequestDisallowedByPolicy", "5m", []string{"assignment Require a cost centre, definition Require a tag on resources: change the spec"}},
	{"policy, names beside the text", "pool", 403, `{"error":{"code":"RequestDisallowedByPolicy","target":"pool0","message":"Resource 'pool0' was disallowed by policy. Reasons: 'Sizes of series D only.'. See error details for policy resource IDs.","additionalInfo":[{"type":"PolicyViolation","info":{"policyAssignmentDisplayName":"Sizes","policyDefinitionDisplayName":"Allowed sizes","policyAssignmentName":"a1"}}]}}`, "RequestDisallowedByPolicy", "5m", []string{"assignment Sizes, Allowed sizes"}},
	{"policy, inside", "create", 400, `{"error":{"code":"ResourceValidationFailed","message":"Resource validation failed, see details for more information.","details":[{"code":"RequestDisallowedByPolicy","target":"c","message":"Resource 'c' was disallowed by policy. Reasons: 'No.'"}]}}`, "RequestDisallowedByPolicy", "5m", []string{"(target c)"}},
	{"no such subscription", "read", 404, wrapped("SubscriptionNotFound", "The subscription 's' could not be found."), "SubscriptionNotFound", "soon", []string{"spec.subscriptionID"}},
	{"provider not registered", "create", 409, wrapped("MissingSubscriptionRegistration", "The subscription is not registered to use namespace 'Microsoft.ContainerService'."), "MissingSubscriptionRegistration", "1m", []string{"az provider register"}},
	{"wrong secret", "sign-in", 401, entra("AADSTS7000215", "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value."), "InvalidClientSecret", "soon", nil},
	{"expired secret", "sign-in", 401, entra("AADSTS7000222", "The provided client secret keys for app 'a' are expired."), "ClientSecretExpired", "soon", nil},
	{"unknown client", "sign-in", 400, entra("AADSTS700016", "Application with identifier 'a' was not found in the directory 't'."), "UnknownClient", "soon", nil},
	{"unknown tenant", "sign-in", 400, entra("AADSTS90002", "Tenant 't' not found."), "UnknownTenant", "soon", nil},
	{"expired certificate", "sign-in", 401, entra("AADSTS700027", "The key used is expired."), "CertificateExpired", "soon", nil},
	{"unknown certificate", "sign-in", 401, entra("AADSTS700027", "The certificate with identifier used to sign the client assertion is not registered on application."), "CertificateRefused", "soon", nil},
	{"old assertion", "sign-in", 401, entra("AADSTS700024", "Client assertion is not within its valid time range."), "AssertionExpired", "soon", nil},
	{"federated: issuer", "sign-in", 401, entra("AADSTS700211", "No matching federated identity record found for presented assertion issuer 'https://i'."), "FederatedCredentialMissing", "soon", nil},
	{"federated: audience", "sign-in", 401, entra("AADSTS700212", "No matching federated identity record found for presented assertion audience 'a'."), "FederatedCredentialMissing", "soon", nil},
	{"federated: subject", "sign-in", 401, entra("AADSTS700213", "No matching federated identity record found for presented assertion subject 's'."), "FederatedCredentialMissing", "soon", nil},
	{"federated: none", "sign-in", 400, entra("AADSTS70021", "No matching federated identity record found for presented assertion."), "FederatedCredentialMissing", "soon", nil},
	{"disabled application", "sign-in", 401, entra("AADSTS7000112", "Application 'a' is disabled."), "ApplicationDisabled", "soon", nil},
	{"conditional access", "sign-in", 400, entra("AADSTS53003", "Access has been blocked by Conditional Access policies."), "SignInBlocked", "soon", nil},
	{"nothing known by that name", "sign-in", 400, entra("AADSTS500011", "The resource principal named r was not found in the tenant named t."), "ResourceNotInTenant", "soon", nil},
	{"token refused", "read", 401, wrapped("InvalidAuthenticationTokenTenant", "The access token is from the wrong issuer."), "AuthenticationFailed", "soon", nil},
	{"token expired", "cluster", 401, wrapped("ExpiredAuthenticationToken", "The access token expiry UTC time '1/2/2026 3:04:05 AM' is earlier than current UTC time '1/2/2026 4:04:05 AM'."), "AuthenticationFailed", "1m", nil},
	{"no header", "read", 401, wrapped("AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing."), "AuthenticationFailed", "soon", nil},
	{"any 403", "cluster", 403, wrapped("Forbidden", "Not for you."), "AuthorizationFailed", "1m", nil},
	// Versions.
	{"version", "cluster", 400, flat("K8sVersionNotSupported", "Managed cluster c is on version 1.25.6 which is not supported in this region. Please use [az aks get-versions] command to get the supported version list in this region. For more information, please check https://aka.ms/supported-version-list", ""), "K8sVersionNotSupported", "never", []string{"az aks get-versions"}},
	{"version, older code", "create", 400, flat("BadRequest", "Version 1.19.3 is not supported in this region. Please use [az aks get-versions] command to get the supported version list in this region.", "kubernetesVersion"), "K8sVersionNotSupported", "never", nil},
	{"pool version", "pool", 400, flat("AgentPoolK8sVersionNotSupported", "Version 1.20.7 is not supported in this region. Please use [az aks get-versions] command to get the supported version list in this region.", ""), "AgentPoolK8sVersionNotSupported", "never", nil},
	{"pool step", "pool", 400, flat("AgentPoolUpgradeVersionNotAllowed", "Upgrade agent pool version from 1.22.2 to 1.24.2 is not allowed, you can only upgrade one minor version at a time. Please use [az aks get-upgrades] command to get the supported upgrade versions.", ""), "AgentPoolUpgradeVersionNotAllowed", "never", nil},
	{"pool behind", "cluster", 400, flat("NodePoolMcVersionIncompatible", "Node pool version 1.24.9 and control plane version 1.29.15 is incompatible. Minor version of node pool cannot be more than 3 versions less than control plane's version.", ""), "NodePoolMcVersionIncompatible", "never", nil},
	{"pool ahead", "pool", 400, flat("NodePoolMcVersionIncompatible", "Node pool version 1.20.5 and control plane version 1.19.9 are incompatible. Minor version of node pool version 20 is bigger than control plane version 19.", ""), "NodePoolMcVersionIncompatible", "never", nil},
	{"pool versions in a cluster request", "cluster", 400, flat("NotAllAgentPoolOrchestratorVersionSpecifiedAndUnchanged", "Using managed cluster api, all Agent pools' OrchestratorVersion must be all specified or all unspecified.", ""), "NotAllAgentPoolOrchestratorVersionSpecifiedAndUnchanged", "never", []string{"mistake of the provider"}},
	{"skipped minor", "cluster", 400, flat("OperationNotAllowed", "Upgrading Kubernetes version 1.28.12 to 1.30.2 is not allowed. Available upgrades: [1.29.7 1.29.9]. Please see https://aka.ms/aks-supported-k8s-ver for version details.", ""), "UpgradeNotAllowed", "never", []string{"versions on offer 1.29.7, 1.29.9: upgrade one minor version at a time"}},
	{"downgrade", "cluster", 400, flat("OperationNotAllowed", "Downgrading Kubernetes version 1.29.1 to 1.28.1 is not allowed. Available upgrades: [1.29.7,1.30.1].", ""), "DowngradeNotAllowed", "never", []string{"versions on offer 1.29.7, 1.30.1"}},
	{"deprecated API", "cluster", 400, subcode("ValidationError", usageText, "UpgradeBlockedOnDeprecatedAPIUsage"), "UpgradeBlockedOnDeprecatedAPIUsage", "10h", []string{"API flowcontrol.apiserver.k8s.io.prioritylevelconfigurations.v1beta1, verb watch, last seen {seen}, removed in 1.35"}},
	{"deprecated API, older", "cluster", 400, flat("ValidationError", "1 error occurred: \n\t* usage has been detected on API apps.v1beta1, which will be removed in 1.35\n\n", ""), "UpgradeBlockedOnDeprecatedAPIUsage", "30m", []string{"API apps.v1beta1"}},
	{"drain", "operation", 0, failed("UpgradeFailed", drainText), "UpgradeFailed", "5m", []string{"node aks-pool0-12345678-vmss000001, pod shop/web-7d4b9, budget web-pdb, unready pods 0: remove what blocks the drain"}},
	{"drain, inside", "pool operation", 0, failedInside("ReconcileVMSSAgentPoolFailed", "Unable to upgrade.", "PodDrainFailure", drainText), "UpgradeFailed", "5m", []string{"budget web-pdb"}},
	{"budget", "pool operation", 0, failed("UnsatisfiablePDB", "1 error occurred: PDB shop/web-pdb has maxUnavailable == 0, can't proceed with put operation."), "UnsatisfiablePDB", "5m", nil},
	// Requests that never work.
	{"immutable", "pool", 400, flat("PropertyChangeNotAllowed", "Changing property 'agentPoolProfile.OSSKU' is not allowed.", "agentPoolProfile.OSSKU"), "PropertyChangeNotAllowed", "never", []string{"(target agentPoolProfile.OSSKU)"}},
	{"new pool in a cluster request", "cluster", 400, flat("BadRequest", "A new agent pool was introduced. Adding agent pools to an existing cluster is not allowed through managed cluster operations. For agent pool specific change, please use per agent pool operations: https://aka.ms/agent-pool-rest-api", "agentPoolProfiles"), "BadRequest", "never", []string{"mistake of the provider"}},
	{"no admin credentials", "kubeconfig", 400, flat("BadRequest", "Getting static credential is not allowed because this cluster is set to disable local accounts.", ""), "LocalAccountsDisabled", "change", []string{"disableLocalAccounts"}},
	{"autoscaler came between", "pool", 400, flat("InvalidParameter", "Cannot manually scale AgentPool 'pool0' of an AKS cluster with cluster autoscaler enabled.", "agentPoolProfile.count"), "ChangedMeanwhile", "replan", nil},
	{"last System pool", "delete pool", 400, flat("MustDefineAtLeastOneSystemPool", "Must define at least one system pool.", ""), "MustDefineAtLeastOneSystemPool", "never", nil},
	{"last pool", "delete pool", 400, flat("OperationNotAllowed", "There has to be at least one agent pool.", ""), "LastAgentPool", "never", nil},
	{"Windows name", "pool", 400, flat("WindowsAgentPoolNameTooLong", "Windows agent pool name can not be longer than 6 characters.", ""), "WindowsAgentPoolNameTooLong", "never", nil},
	{"resource name", "create", 400, wrapped("InvalidResourceName", "Resource name c_ is invalid."), "InvalidResourceName", "never", nil},
	{"other location", "create", 409, wrapped("InvalidResourceLocation", "The resource 'c' already exists in location 'eastus' in resource group 'g'. A resource with the same name cannot be created in location 'westus'. Please select a new resource name."), "InvalidResourceLocation", "never", nil},
	{"group in other location", "group", 409, wrapped("InvalidResourceGroupLocation", "Invalid resource group location 'westus'. The Resource group already exists in location 'eastus'."), "InvalidResourceGroupLocation", "never", nil},
	{"group's region", "group", 400, wrapped("LocationNotAvailableForResourceGroup", "The provided location 'mars' is not available for resource group."), "LocationNotAvailable", "never", nil},
	{"no such location", "create", 400, wrapped("LocationNotAvailableForResourceType", "The provided location 'mars' is not available for resource type 'Microsoft.ContainerService/managedClusters'."), "LocationNotAvailable", "never", nil},
	{"no such location, provider", "create", 400, wrapped("NoRegisteredProviderFound", "No registered resource provider found for location 'mars' and API version '2026-05-01' for type 'managedClusters'."), "LocationNotAvailable", "never", nil},
	{"no api-version", "cluster", 400, wrapped("MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required for all requests."), "MissingApiVersionParameter", "never", nil},
	{"unknown api-version", "group", 400, wrapped("InvalidApiVersionParameter", "The api-version '2030-01-01' is invalid. The supported versions are '2022-01-01,2024-01-01'."), "InvalidApiVersionParameter", "never", nil},
	{"in use", "delete cluster", 409, wrapped("CannotDeleteResource", "Cannot delete resource while nested resources exist."), "CannotDeleteResource", "5m", nil},
	{"group cannot go", "delete cluster", 409, wrapped("ResourceGroupDeletionBlocked", "Deletion of resource group 'g' failed as resources with identifiers '/x' could not be deleted."), "ResourceGroupDeletionBlocked", "5m", nil},
	{"locked", "delete cluster", 409, wrapped("ScopeLocked", "The scope '/s' cannot perform delete operation because following scope(s) are locked: '/g'. Please remove the lock and try again."), "ScopeLocked", "5m", nil},
	{"unknown property", "cluster", 400, flat("UnmarshalError", `UnmarshalEntity encountered error: json: unknown field "x" Check that the field is in the right location, is spelled correctly, and is supported in the API version. Visit aka.ms/aks/apiversions for more API version information..`, ""), "UnmarshalError", "never", []string{"spelling"}},
	{"parameter", "create", 400, flat("InvalidParameter", "The value of parameter dnsPrefix is invalid. Error details: DNS prefix '' is invalid.", "dnsPrefix"), "InvalidParameter", "never", []string{"(target dnsPrefix)"}},
	{"count", "pool", 400, flat("InvalidParameter", "Required parameter properties.count is missing (null).", "properties.count"), "InvalidParameter", "never", nil},
	// Networks.
	{"subnet full", "pool operation", 0, failed("SubnetIsFull", "Subnet aks-subnet with address prefix 10.0.0.0/28 does not have enough capacity for 30 IP addresses."), "SubnetIsFull", "5m", []string{"subnet aks-subnet, range 10.0.0.0/28, needed addresses 30: use a larger subnet"}},
	{"subnet small", "create", 400, flat("InsufficientSubnetSize", "Pre-allocated IPs 327 exceeds IPs available 250 in Subnet Cidr 10.10.1.0/24, Subnet Name aks-subnet. http://aka.ms/aks/insufficientsubnetsize", ""), "InsufficientSubnetSize", "never", []string{"subnet aks-subnet, range 10.10.1.0/24, needed addresses 327, free addresses 250"}},
	{"overlap", "create", 400, flat("ServiceCidrOverlapExistingSubnetsCidr", "The specified service CIDR 10.0.0.0/16 is conflicted with an existing subnet CIDR 10.0.0.0/24", "networkProfile.serviceCIDR"), "ServiceCidrOverlap", "never", nil},
	{"delegated", "create", 400, flat("SubnetIsDelegated", "Subnet /subnet is delegated to Microsoft.Web/serverFarms.", ""), "SubnetIsDelegated", "never", nil},
	{"reference", "network", 400, wrapped("InvalidResourceReference", "Resource /nsg referenced by resource /vnet was not found."), "InvalidResourceReference", "never", nil},
	{"subnet in use", "network", 400, wrapped("InUseSubnetCannotBeDeleted", "Subnet s is in use by /nic and cannot be deleted."), "InUseSubnetCannotBeDeleted", "1m", nil},
	{"route table in use", "delete cluster", 400, wrapped("InUseRouteTableCannotBeDeleted", "Route table aks-agentpool-routetable is in use and cannot be deleted."), "InUseRouteTableCannotBeDeleted", "1m", nil},
	{"zone link", "operation", 0, failed("CreateOrUpdateVirtualNetworkLinkFailed", "Create or update virtual network link failed. A virtual network cannot be linked to multiple zones with overlapping namespaces."), "CreateOrUpdateVirtualNetworkLinkFailed", "5m", nil},
	{"load balancer", "operation", 0, failed("ReconcileStandardLoadBalancerError", "Reconcile standard load balancer failed. Retriable: false"), "ReconcileStandardLoadBalancerError", "5m", nil},
	// Nodes and faults inside Azure.
	{"no way out", "operation", 0, failed("VMExtensionError_OutboundConnFail", "Unable to establish outbound connection from agents."), "VMExtensionError_OutboundConnFail", "5m", nil},
	{"no name", "operation", 0, failed("VMExtensionError_K8SAPIServerDNSLookupFail", "Agents are unable to resolve Kubernetes API server name."), "VMExtensionError_K8SAPIServerDNSLookupFail", "5m", []string{"DNS"}},
	{"no API server", "operation", 0, failed("VMExtensionError_K8SAPIServerConnFail", "Unable to establish connection from agents to Kubernetes API server."), "VMExtensionError_K8SAPIServerConnFail", "5m", nil},
	{"no plug-in", "operation", 0, failed("VMExtensionError_CNIDownloadTimeout", "Timed out while downloading CNI."), "VMExtensionError_CNIDownloadTimeout", "5m", nil},
	{"no API server, short code", "operation", 0, failed("K8SAPIServerConnFailed", "Agents cannot connect."), "K8SAPIServerConnFailed", "5m", nil},
	{"no name, short code", "operation", 0, failed("K8SAPIServerDNSLookupFailed", "Agents cannot resolve."), "K8SAPIServerDNSLookupFailed", "5m", nil},
	{"node start timed out", "pool operation", 0, failed("VMExtensionProvisioningTimeout", "Provisioning of VM extension vmssCSE has timed out."), "VMExtensionProvisioningTimeout", "5m", nil},
	{"node start failed", "pool operation", 0, failed("VMExtensionProvisioningError", "VM has reported a failure when processing extension 'vmssCSE'."), "VMExtensionProvisioningError", "5m", nil},
	{"control plane", "operation", 0, failed("ProvisioningControlPlaneError", "Provisioning of control plane failed."), "ProvisioningControlPlaneError", "5m", []string{"Azure support"}},
	{"control plane, internal", "operation", 0, failed("ControlPlaneProvisioningInternalError", "Internal server error."), "ControlPlaneProvisioningInternalError", "5m", nil},
	{"scale set made", "pool operation", 0, failed("CreateVMSSAgentPoolFailed", "Unable to create."), "CreateVMSSAgentPoolFailed", "5m", nil},
	{"scale set changed", "pool operation", 0, failed("ReconcileVMSSAgentPoolFailed", "Unable to reconcile."), "ReconcileVMSSAgentPoolFailed", "5m", nil},
	{"resource", "operation", 0, failed("ResourceOperationFailure", "The resource operation completed with terminal provisioning state 'Failed'."), "ResourceOperationFailure", "5m", nil},
	{"aborted", "operation", 0, `{"name":"0a1b","status":"Canceled"}`, "OperationCanceled", "5m", nil},
	// Gone.
	{"group gone", "cluster", 404, wrapped("ResourceGroupNotFound", "Resource group 'g' could not be found."), "ChangedMeanwhile", "replan", nil},
	{"cluster gone", "delete pool", 410, wrapped("ResourceNotFound", "The Resource 'Microsoft.ContainerService/managedClusters/c' under resource group 'g' was not found."), "ChangedMeanwhile", "replan", nil},
	{"any 404", "pool", 404, subcode("NotFound", "Could not find the agentpool: pool0 in subscription: s, resourceGroup: g, resourceName: c.", "GetAgentPool_NotFound"), "ChangedMeanwhile", "replan", nil},
	{"no answer", "unreachable", 0, "", "AzureUnreachable", "soon", []string{"network path"}},
	// Nothing but a status.
	{"bad request", "create", 400, flat("BadRequest", "Something is wrong.", ""), "BadRequest", "never", nil},
	{"any 400", "cluster", 400, flat("SomethingNew", "Something new is wrong.", "properties.new"), "SomethingNew", "never", []string{"(target properties.new)"}},
	{"any 409", "cluster", 409, wrapped("Conflict", "Not now."), "Conflict", "soon", nil},
	// No row.
	{"no row, request", "cluster", 503, wrapped("ServiceUnavailable", "The service is unavailable."), "ServiceUnavailable", "soon", nil},
	{"no row, operation", "operation", 0, failed("Brand/New Failure", "Nobody knows."), "BrandNewFailure", "5m", nil},
}
