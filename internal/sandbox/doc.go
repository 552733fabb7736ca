// Package sandbox runs a whole management plane on one machine, without containers and without a kubelet: etcd,
// kube-apiserver, the few controllers of kube-controller-manager nothing can be deleted without, Cluster API's core
// manager, the Azure emulator and this project's manager, as ordinary child processes on loopback ports.
//
// It must not know anything about AKS: components are command lines, and clusters are read through the management API
// the way a person with kubectl reads them. It must not touch a process it did not start.
package sandbox
