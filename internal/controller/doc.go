// Package controller connects Kubernetes with the engine: it gathers the objects that describe one AKS cluster,
// lets the engine make a step, and writes status, conditions, secrets and events from the engine's report.
//
// There is one work-queue key per AKS cluster (its AzureManagedControlPlane). The package must not decide what is
// sent to Azure, and nothing but this package writes the provider's objects.
package controller
