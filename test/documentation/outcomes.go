package documented

// Layer is what has to run for a verdict: the API server with the CRDs alone, Cluster API's webhooks, or this provider's.
type Layer int

// Layers, each with those before it.
const (
	Schema Layer = iota
	ClusterAPI
	Provider
)

// Verdict is what becomes of one object. The zero value but Kind and Name is: accepted.
type Verdict struct {
	Kind, Name string
	// Refused are texts that the error names. None means the object is accepted.
	Refused []string
	// Warned are texts that the warnings name.
	Warned []string
	// By is what refuses or warns.
	By Layer
}

// Outcome is what becomes of one block of YAML in the documentation.
type Outcome struct {
	// Heading is the last heading before the block.
	Heading string
	// Examples are the manifests of this project, ready to apply, for the same configuration.
	Examples []string
	// Written is the block as it stands there, Converted what `capaks convert` makes of it. An empty Converted means: the same.
	Written, Converted []Verdict
	// Changes is the number of changes convert makes, Notes what it tells the author.
	Changes int
	Notes   []string
}

// Variables are the values of the variables in the documentation's manifests and in our cluster templates: those the documentation lists,
// the name and namespace of an identity for multi-tenancy, a group for the flavor with Entra ID, and the name
// of a class.
var Variables = map[string]string{
	"CLUSTER_NAME":               "my-cluster",
	"CLUSTER_IDENTITY_NAME":      "my-identity",
	"CLUSTER_IDENTITY_NAMESPACE": "default",
	"CLUSTER_CLASS_NAME":         "my-class",
	"ADMIN_GROUP_OBJECT_ID":      "00000000-0000-0000-0000-0000000000aa",
	"AZURE_LOCATION":             "southcentralus",
	"AZURE_SUBSCRIPTION_ID":      "00000000-0000-0000-0000-000000000000",
	"AZURE_NODE_MACHINE_TYPE":    "Standard_D2s_v3",
	"KUBERNETES_VERSION":         "v1.19.6",
	"WORKER_MACHINE_COUNT":       "2",
}

const plane = "AzureManagedControlPlane"

// Outcomes is the table, in the order of the documentation.
func Outcomes() []Outcome {
	noBootstrap := []string{"spec.template.spec.bootstrap"}
	wayOut := []string{"exp.infrastructure.cluster.x-k8s.io", "capaks convert"}
	return []Outcome{
		{
			Heading: "Specification", Examples: []string{"quickstart.yaml"},
			Written: []Verdict{
				{Kind: "Cluster", Name: "my-cluster"},
				{Kind: plane, Name: "my-cluster-control-plane"}, // sku: Free, a bare string
				{Kind: "AzureManagedCluster", Name: "my-cluster"},
				{Kind: "MachinePool", Name: "agentpool0", Refused: noBootstrap, By: ClusterAPI},
				{Kind: "AzureManagedMachinePool", Name: "agentpool0"},
				{Kind: "MachinePool", Name: "agentpool1", Refused: noBootstrap, By: ClusterAPI},
				{Kind: "AzureManagedMachinePool", Name: "agentpool1"},
			},
			Converted: []Verdict{
				{Kind: "Cluster", Name: "my-cluster"},
				{Kind: plane, Name: "my-cluster-control-plane"},
				{Kind: "AzureManagedCluster", Name: "my-cluster"},
				{Kind: "MachinePool", Name: "agentpool0"}, {Kind: "AzureManagedMachinePool", Name: "agentpool0"},
				{Kind: "MachinePool", Name: "agentpool1"}, {Kind: "AzureManagedMachinePool", Name: "agentpool1"},
			},
			Changes: 3, Notes: []string{"infrastructureRef.namespace", "infrastructureRef.namespace"},
		},
		{
			Heading: "Multitenancy", Examples: []string{"documentation/multi-tenancy.yaml"},
			Written: []Verdict{
				{Kind: "Cluster", Name: "my-cluster", Refused: wayOut, By: Provider},
				{Kind: plane, Name: "my-cluster", Refused: []string{"no matches for kind", "exp.infrastructure.cluster.x-k8s.io"}},
			},
			Converted: []Verdict{{Kind: "Cluster", Name: "my-cluster"}, {Kind: plane, Name: "my-cluster"}},
			Changes:   3,
		},
		{
			Heading: "AKS Managed Azure Active Directory Integration", Examples: []string{"documentation/aad.yaml"},
			Written: []Verdict{
				{Kind: plane, Name: "my-cluster-control-plane", Warned: []string{"adminGroupObjectIDs", "917056a9-8eb5-439c-g679-b34901ade75h"}, By: Provider},
			},
			Notes: []string{"917056a9-8eb5-439c-g679-b34901ade75h"},
		},
		{
			Heading: "Use a public Standard Load Balancer",
			Examples: []string{
				"documentation/load-balancer-managed.yaml", "documentation/load-balancer-prefixes.yaml", "documentation/load-balancer-ips.yaml",
			},
			Written: []Verdict{{Kind: plane, Name: "my-cluster-control-plane", Refused: outboundKinds}},
			Notes:   []string{"managedOutboundIPs, outboundIPPrefixes, outboundIPs"},
		},
		{
			Heading:  "Secure access to the API server using authorized IP address ranges",
			Examples: []string{"documentation/authorized-ip-ranges.yaml", "documentation/private-cluster.yaml"},
			Written: []Verdict{
				{Kind: plane, Name: "my-cluster-control-plane", Warned: []string{"v1alpha4", "privateDNSZone"}, By: Provider},
			},
			Converted: []Verdict{{Kind: plane, Name: "my-cluster-control-plane", Warned: []string{"privateDNSZone"}, By: Provider}},
			Changes:   1, Notes: []string{"privateDNSZone"},
		},
		{
			Heading:  "Troubleshooting",
			Examples: []string{"documentation/recovery.yaml", "documentation/recovery-machinepool.yaml"},
			Written:  []Verdict{{Kind: "MachinePool", Name: "agentpool0"}, {Kind: "MachinePool", Name: "agentpool2"}},
		},
	}
}

// outboundKinds is what the refusal of more than one kind of outbound address names.
var outboundKinds = []string{"loadBalancerProfile", "managedOutboundIPs", "outboundIPPrefixes", "outboundIPs", "Keep one"}

// Refusals are the manifests of this project that are there to be refused.
var Refusals = map[string][]Verdict{
	"documentation/load-balancer-refused.yaml": {{Kind: plane, Name: "load-balancer-refused", Refused: outboundKinds}},
}
