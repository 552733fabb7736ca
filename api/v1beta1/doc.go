// Package v1beta1 holds the API of the AKS provider: AzureManagedControlPlane, AzureManagedCluster,
// AzureManagedMachinePool, their templates and AzureClusterIdentity.
//
// A field is declared once, here: its Go and JSON names, its documentation (the comment is what a user reads in
// `kubectl explain`), its validation markers, and an `arm` tag with the property of the Azure resource it stands
// for and how it may change. CRDs, templates, reference documentation, request bodies, import, diff and
// immutability rules are derived from that; see internal/armfield for the tag's grammar.
//
// The package must not hold logic: no defaults in code, no validation in code, nothing that knows Azure.
//
// +kubebuilder:object:generate=true
// +groupName=infrastructure.cluster.x-k8s.io
package v1beta1
