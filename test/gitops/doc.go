// Package gitops checks what a GitOps tool sees of this provider: that applying the same manifests again is no change, whoever applies
// them and whatever happened in between, which fields of a user's objects the manager writes, and that the Argo CD and Flux examples say
// of real objects what is true of them. It has no code but its tests, and must not know how the manager works.
package gitops
