// Package clusterclass tells what happens to AKS clusters that are made from a ClusterClass, with Cluster API's own topology controllers: the
// samples and flavors become clusters; variables, pools, versions and classes change; what cannot be is said; nothing is written
// when nothing changes.
//
// It must not look inside the provider, and must not write what the topology controller writes.
package clusterclass
