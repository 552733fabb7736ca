// Package clusterctl drives the provider with the clusterctl binary, as its users do, without a network: the release that
// `make release` writes, every flavor of it up to a cluster that is available, describe, init, move and upgrade.
//
// It must not repeat what clusterctl does; what it knows of clusterctl is its command line and its output.
package clusterctl
