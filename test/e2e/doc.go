// Package e2e tells the stories of the people who use this project, against the real programs: etcd, kube-apiserver, Cluster API,
// the manager and the Azure emulator, all as processes on loopback. Every story reads what kubectl and the emulator's request log show.
//
// It must not look inside the provider: neither its packages nor its memory. What a story asserts, a person could see.
package e2e
