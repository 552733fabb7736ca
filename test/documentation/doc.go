// Package documented says what becomes of every configuration the Managed Clusters documentation shows, as a table, and checks the
// table against any API server with the kinds of Cluster API and of this provider.
//
// It must not store anything in that API server: every object is sent as a dry run. It must not repeat rules of the provider; what it
// expects is what the documentation's reader is told.
//
// It is not called documentation, like its directory, because the go command ignores files of a package of that name.
package documented
