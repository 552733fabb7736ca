// Package webhook holds the admission webhooks: defaults that depend on other fields or names, and the rules that the
// schema and the CEL rules of the CRDs cannot say because they need another object, a parser, or a warning.
//
// The package must not repeat what a CRD says, must not talk to Azure, must not invent values (the same object always
// gets the same defaults; dry runs of Cluster API's topology controller depend on it), and must not refuse an update for
// something that was wrong before it: Cluster API and our own controller patch labels, owners and finalizers of objects
// whose specs they did not write.
package webhook
