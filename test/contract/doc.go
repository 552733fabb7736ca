// Package contract shows, rule by rule, that the provider keeps Cluster API's contract: on a real API server, with Cluster API's own
// controllers, by what anybody with kubectl can see. docs/reference/contract.md is the list of rules with the test of each.
//
// It must not look into the manager or call its packages; what the manager does in Azure is another package's business.
package contract
