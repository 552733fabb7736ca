// Package takeover hands AKS clusters that the earlier provider (CAPZ, with Azure Service Operator) reconciled over to this one: the
// Kubernetes objects stay, and nothing is sent to Azure.
//
// What is to be done follows from what is there, never from a note about how far an earlier run came: each stage looks, and
// says that it is done, what it would do, or what keeps it. So a takeover can be interrupted anywhere and be run again.
//
// The package must not send anything to Azure, must not delete an object of Azure Service Operator that is not told to leave Azure
// alone, and must not touch objects that the earlier provider did not make.
package takeover
