// Package config embeds the CRDs, so that tests, the sandbox and the command-line tool use exactly what is released. It
// must hold no other code.
package config

import "embed"

// CRDs are the custom resource definitions, one file for each kind, in crd/bases.
//
//go:embed crd/bases/*.yaml
var CRDs embed.FS

// Manifests are the CRDs, the rights and the webhooks of the manager, as `make generate` writes them.
//
//go:embed crd/bases/*.yaml rbac/role.yaml webhook/manifests.yaml
var Manifests embed.FS
