package azuresim_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/capaks/capaks/azuresim"
	"github.com/capaks/capaks/azuresim/world"
)

// The envelopes an error can come in.
const (
	flat     = "flat"     // the AKS provider's own
	gateway  = "gateway"  // wrapped, marked as made by the front door
	provider = "provider" // wrapped, not marked
)

func (a answer) dialect() string {
	switch _, wrapped := a.Body["error"].(map[string]any); {
	case !wrapped:
		return flat
	case a.Header.Get("x-ms-failure-cause") == "gateway":
		return gateway
	}
	return provider
}

const (
	pool1   = cluster + "/agentPools/user1"
	subnets = network + "virtualNetworks/v/subnets/"
)

// ask is one request as the default principal.
func (m *sim) ask(method, path, version, body string) answer {
	m.t.Helper()
	a, err := m.try(m.pipe, method, path, version, body)
	if err != nil {
		m.t.Fatal(err)
	}
	return a
}

func (m *sim) putPool(properties string) answer {
	m.t.Helper()
	return m.ask("PUT", pool1, aksVersion, `{"properties":{`+properties+`}}`)
}

func (m *sim) putCluster(properties string) answer {
	m.t.Helper()
	return m.ask("PUT", cluster, aksVersion, `{"location":"westus2","properties":{`+properties+`}}`)
}

// newPool asks for a pool of one machine.
func (m *sim) newPool(properties string) answer {
	m.t.Helper()
	return m.ask("PUT", cluster+"/agentPools/new1", aksVersion, `{"properties":{"count":1,"vmSize":"Standard_D2s_v3"`+properties+`}}`)
}

// paved makes a network with subnets of every kind that AKS refuses.
func (m *sim) paved() {
	m.t.Helper()
	m.do(201, "PUT", network+"routeTables/r", netVersion, `{"location":"westus2"}`)
	m.clock.Advance(time.Minute)
	m.do(201, "PUT", network+"virtualNetworks/v", netVersion, `{"location":"westus2","properties":{"addressSpace":{"addressPrefixes":["10.0.0.0/8"]},"subnets":[
	 {"name":"routed","properties":{"addressPrefix":"10.242.0.0/24","routeTable":{"id":"`+network+`routeTables/r"}}},
	 {"name":"small","properties":{"addressPrefix":"10.240.0.0/28"}},{"name":"services","properties":{"addressPrefix":"10.0.4.0/24"}},
	 {"name":"lent","properties":{"addressPrefix":"10.241.0.0/24","delegations":[{"name":"d","properties":{"serviceName":"Microsoft.Web/serverFarms"}}]}}]}}`)
}

// refusals are the documented errors a request can be answered with, each by its natural cause. All start from a
// cluster with the pools sys and user1 at 1.34.1.
var refusals = []struct {
	name          string
	status        int
	dialect       string
	code, message string
	cause         func(m *sim) answer
}{
	{"cluster busy", 409, flat, "OperationNotAllowed", "Operation is not allowed: Another operation (Updating) is in progress, please wait for it to finish before starting a new operation. See https://aka.ms/aks-pending-operation", func(m *sim) answer {
		m.putCluster(`"autoScalerProfile":{"expander":"random"}`)
		return m.putPool(`"count":2`)
	}},
	{"pool busy", 409, flat, "OperationNotAllowed", "Another agentpool operation (user1 - Scaling) is in progress", func(m *sim) answer {
		m.putPool(`"count":2`)
		return m.putCluster(``)
	}},
	{"starting", 409, flat, "OperationNotAllowed", "managed cluster is in Provisioning State(Starting) and Power State(Stopped), starting cannot be performed", func(m *sim) answer {
		m.ask("POST", cluster+"/stop", aksVersion, "")
		m.clock.Advance(time.Minute)
		m.ask("POST", cluster+"/start", aksVersion, "")
		return m.ask("POST", cluster+"/start", aksVersion, "")
	}},
	{"pool going", 409, flat, "OperationNotAllowed", "Unable to perform 'Scaling' operation on 'user1' since deletion was issued", func(m *sim) answer {
		m.ask("DELETE", pool1, aksVersion, "")
		return m.putPool(`"count":2`)
	}},
	{"skipped minor", 400, flat, "OperationNotAllowed", "Upgrading Kubernetes version 1.34.1 to 1.36.0 is not allowed. Available upgrades: [1.34.5 1.35.", func(m *sim) answer { return m.putCluster(`"kubernetesVersion":"1.36.0"`) }},
	{"cluster bucket", 429, flat, "Throttled", "The PutManagedClusterHandler.PUT request limit has been exceeded for SubID='" + world.SubscriptionA + "', please retry again in", func(m *sim) (a answer) {
		for range 21 {
			a = m.putCluster(`"nonsense":1`)
		}
		return a
	}},
	{"pool bucket", 429, flat, "Throttled", "The PutAgentPoolHandler.PUT request limit has been exceeded for agentpool " + pool1, func(m *sim) (a answer) {
		for range 21 {
			a = m.putPool(`"nonsense":1`)
		}
		return a
	}},
	{"subscription bucket", 429, gateway, "SubscriptionRequestsThrottled", "Number of 'read' requests for subscription '" + world.SubscriptionA + "'", func(m *sim) (a answer) {
		for range 251 {
			a = m.ask("GET", group, rgVersion, "")
		}
		return a
	}},
	{"size not offered", 400, flat, "SkuNotAvailable", "Standard_D8s_v3", func(m *sim) answer {
		m.s.AddWorld(world.World{Restrictions: []world.Restriction{{Size: "Standard_D8s_v3", Location: "westus2"}}})
		return m.newPool(`,"vmSize":"Standard_D8s_v3"`)
	}},
	{"zone not offered", 400, flat, "AvailabilityZoneNotSupported", "'7'", func(m *sim) answer { return m.newPool(`,"availabilityZones":["7"]`) }},
	{"unknown version", 400, flat, "K8sVersionNotSupported", "Managed cluster c1 is on version 1.35.99 which is not supported in this region. Please use [az aks get-versions]", func(m *sim) answer { return m.putCluster(`"kubernetesVersion":"1.35.99"`) }},
	{"unknown pool version", 400, flat, "AgentPoolK8sVersionNotSupported", "Version 1.20.99 is not supported in this region", func(m *sim) answer { return m.newPool(`,"orchestratorVersion":"1.20.99"`) }},
	{"older pool version", 400, flat, "AgentPoolUpgradeVersionNotAllowed", "Upgrade agent pool version from 1.34.1 to 1.33.", func(m *sim) answer { return m.putPool(`"orchestratorVersion":"1.33"`) }},
	{"pool too old", 400, flat, "NodePoolMcVersionIncompatible", "Node pool version 1.29.", func(m *sim) answer { return m.newPool(`,"orchestratorVersion":"1.29"`) }},
	{"fixed property", 400, flat, "PropertyChangeNotAllowed", "Changing property 'agentPoolProfile.vmSize' is not allowed.", func(m *sim) answer { return m.putPool(`"vmSize":"Standard_D4s_v3"`) }},
	{"pool through the cluster", 400, flat, "BadRequest", "A new agent pool was introduced. Adding agent pools to an existing cluster is not allowed through managed cluster operations", func(m *sim) answer {
		return m.putCluster(`"agentPoolProfiles":[{"name":"other","mode":"User","count":1}]`)
	}},
	{"count of the autoscaler", 400, flat, "InvalidParameter", "Cannot manually scale AgentPool 'user1' of an AKS cluster with cluster autoscaler enabled", func(m *sim) answer {
		m.putPool(`"enableAutoScaling":true,"minCount":1,"maxCount":3,"count":1`)
		m.clock.Advance(time.Minute)
		return m.putPool(`"count":2`)
	}},
	{"deprecated API", 400, flat, "ValidationError", "Control Plane upgrade is blocked due to recent usage of a Kubernetes API deprecated", func(m *sim) answer {
		m.outside("deprecated-api", cluster, `,"api":"flowcontrol.apiserver.k8s.io.flowschemas.v1beta3"`)
		return m.putCluster(`"kubernetesVersion":"1.35"`)
	}},
	{"no local accounts", 400, flat, "BadRequest", "Getting static credential is not allowed because this cluster is set to disable local accounts.", func(m *sim) answer {
		m.putCluster(`"aadProfile":{"managed":true},"disableLocalAccounts":true`)
		m.clock.Advance(time.Minute)
		return m.ask("POST", cluster+"/listClusterAdminCredential", aksVersion, "")
	}},
	{"subnet too small", 400, flat, "InsufficientSubnetSize", "Pre-allocated IPs", func(m *sim) answer { return m.newPool(`,"vnetSubnetID":"` + subnets + `small"`) }},
	{"subnet of services", 400, flat, "ServiceCidrOverlapExistingSubnetsCidr", "10.0.4.0/24", func(m *sim) answer { return m.newPool(`,"vnetSubnetID":"` + subnets + `services"`) }},
	{"delegated subnet", 400, flat, "SubnetIsDelegated", "delegated", func(m *sim) answer { return m.newPool(`,"vnetSubnetID":"` + subnets + `lent"`) }},
	{"network not ready", 400, flat, "VirtualNetworkNotInSucceededState", "virtualNetworks/v", func(m *sim) answer {
		m.outside("portal-edit", network+"virtualNetworks/v", `,"merge":{"properties":{"provisioningState":"Failed"}}`)
		return m.newPool(`,"vnetSubnetID":"` + subnets + `routed"`)
	}},
	{"route table in use", 400, provider, "InUseRouteTableCannotBeDeleted", "r", func(m *sim) answer { return m.ask("DELETE", network+"routeTables/r", netVersion, "") }},
	{"foreign subnet", 403, gateway, "LinkedAuthorizationFailed", "Microsoft.Network/virtualNetworks/subnets/join/action", func(m *sim) answer {
		m.s.AddWorld(world.World{Roles: []world.RoleAssignment{{Principal: world.ClientNobody, Role: "Contributor", Scope: cluster}}})
		a, err := m.try(m.pipeline(m.secret(world.TenantA, world.ClientNobody, world.SecretNobody)), "PUT", cluster+"/agentPools/new1", aksVersion,
			`{"properties":{"count":1,"vmSize":"Standard_D2s_v3","vnetSubnetID":"`+subnets+`routed"}}`)
		if err != nil {
			m.t.Fatal(err)
		}
		return a
	}},
	{"provider not registered", 409, gateway, "MissingSubscriptionRegistration", "Microsoft.ContainerService", func(m *sim) answer {
		m.s.AddWorld(world.World{Subscriptions: []world.Subscription{{ID: world.SubscriptionA, TenantID: world.TenantA, Unregistered: []string{"Microsoft.ContainerService"}}}})
		return m.putCluster(``)
	}},
}

// injected are the documented errors whose cause lies outside what is emulated: the wire, Azure's capacity and the
// machines' bootstrapping. A fault rule of the control API makes them, in the place where Azure does.
var injected = []struct {
	status  int // 0: an operation fails
	dialect string
	code    string
	message string
}{
	{409, provider, "OperationNotAllowed", "Operation could not be completed as it results in exceeding approved standardDLSv5Family Cores quota. Current Limit: 100, Current Usage: 56, Additional Required: 64"},
	{429, provider, "OperationNotAllowed", "The server rejected the request because too many requests have been received for this subscription."},
	{400, flat, "AksCapacityHeavyUsage", "AKS is experiencing heavy usage in region westus2. See aka.ms/akscapacityheavyusage"},
	{403, provider, "RequestDisallowedByPolicy", "Resource 'c1' was disallowed by policy."},
	{0, "", "AKSOperationPreempted", "This operation has been preempted by another operation with ID 1"},
	{0, "", "AKSOperationPreemptedByDelete", "This operation has been preempted by Deleting operation."},
	{0, "", "ZonalAllocationFailed", "We do not have sufficient capacity for the requested VM size in this zone."},
	{0, "", "AllocationFailed", "The VM allocation failed due to an internal error."},
	{0, "", "OverconstrainedAllocationRequest", "The VM cannot be allocated, because the condition is too restrictive."},
	{0, "", "SubnetIsFull", "Subnet s does not have enough capacity for 3 IP addresses."},
	{0, "", "PublicIPCountLimitReached", "Cannot create more than 20 public IP addresses for this subscription in this region."},
	{0, "", "CreateOrUpdateVirtualNetworkLinkFailed", "Failed to create or update virtual network link."},
	{0, "", "VMExtensionError_OutboundConnFail", "Unable to establish outbound connection from agents."},
	{0, "", "VMExtensionError_K8SAPIServerConnFail", "Unable to establish connection from agents to Kubernetes API server."},
	{0, "", "VMExtensionError_K8SAPIServerDNSLookupFail", "Agents are unable to resolve Kubernetes API server name."},
	{0, "", "VMExtensionError_CNIDownloadTimeout", "Timed out downloading CNI."},
	{0, "", "VMExtensionProvisioningTimeout", "Provisioning of VM extension has timed out."},
	{0, "", "ProvisioningControlPlaneError", "Retriable: false"},
	{0, "", "ControlPlaneProvisioningInternalError", "Internal error."},
	{0, "", "ReconcileMSICredentialError", "Reconcile MSI credential failed."},
	{0, "", "ReconcileStandardLoadBalancerError", "Reconcile standard load balancer failed. Retriable: false"},
}

// Every error users of AKS report can be met here: where Azure has a cause for it that is emulated, by that cause, and
// otherwise by a fault rule. UpgradeFailed and PodDrainFailure (aks_drain_test.go), QuotaExceeded (background_test.go),
// UnsatisfiablePDB (aks_upgrade_rules_test.go) and AADSTS7000222 (entra_test.go) have tests of their own.
func TestEveryDocumentedErrorCode(t *testing.T) {
	for _, c := range refusals {
		t.Run(c.code+" "+strings.ReplaceAll(c.name, " ", "-"), func(t *testing.T) {
			m := start(t, azuresim.Options{})
			m.cluster()
			m.paved()
			m.clock.Advance(time.Minute)
			a := c.cause(m)
			if a.Status != c.status || a.dialect() != c.dialect || a.Code() != c.code || !strings.Contains(a.message(), c.message) {
				t.Errorf("got %d %s %s %q\nwant %d %s %s containing %q", a.Status, a.dialect(), a.Code(), a.message(), c.status, c.dialect, c.code, c.message)
			}
		})
	}
	for _, c := range injected {
		t.Run(c.code, func(t *testing.T) {
			m := start(t, azuresim.Options{})
			m.cluster()
			rule := map[string]any{"method": http.MethodPut, "pathRegex": "/agentPools/user1$", "times": 1}
			if c.status == 0 {
				rule["failOperation"] = map[string]any{"code": c.code, "message": c.message}
			} else {
				rule["status"], rule["code"], rule["message"], rule["flat"] = c.status, c.code, c.message, c.dialect == flat
			}
			raw, err := json.Marshal(rule)
			if err != nil {
				t.Fatal(err)
			}
			m.control("POST", "faults", string(raw))
			a := m.putPool(`"count":2`)
			if c.status != 0 {
				if a.Status != c.status || a.dialect() != c.dialect || a.Code() != c.code || a.message() != c.message {
					t.Errorf("got %d %s %s %q", a.Status, a.dialect(), a.Code(), a.message())
				}
				m.putPool(`"count":2`)
				m.clock.Advance(time.Minute)
				m.succeeded(pool1) // the rule is used up
				return
			}
			m.clock.Advance(time.Minute)
			m.failed(a, c.code, c.message)
			pool := m.do(200, "GET", pool1, aksVersion, "")
			m.wantEqual(pool, "properties.provisioningState", "Failed")
			m.wantEqual(pool, "properties.status.provisioningError.code", c.code)
		})
	}
}
