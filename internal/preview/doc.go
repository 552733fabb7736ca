// Package preview tells what the manager would send to Azure for clusters as they are declared, or as manifests would declare them.
//
// It decides nothing: the plan is that of the controller, and whether a manifest is legal is said by the API server, which is asked
// with dry runs. It must not change anything, neither in the management cluster nor in Azure.
package preview
