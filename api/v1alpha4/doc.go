// Package v1alpha4 is the version old manifests and the documentation of the earlier provider use. It is served and
// deprecated, and has the schema of v1beta1: its kinds embed those of v1beta1, its CRD versions are copies, and the API
// server converts by changing apiVersion. Nothing may be declared here but the kinds themselves.
//
// The manager works with v1beta1 only; these types are for programs that read old manifests.
//
// +kubebuilder:object:generate=true
// +groupName=infrastructure.cluster.x-k8s.io
package v1alpha4

//go:generate ../../bin/controller-gen object paths=.
