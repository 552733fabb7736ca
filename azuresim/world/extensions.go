package world

import (
	"strings"
)

// Extension is a cluster extension type with the version that is installed today and the namespace it goes to.
type Extension struct {
	Name      string `json:"name"`
	Version   string `json:"version"`
	Namespace string `json:"namespace,omitempty"`
}

// defaultExtensions are extension types for AKS. The version of Flux is the recorded one of March 2025.
func defaultExtensions() []Extension {
	return []Extension{
		{"microsoft.flux", "1.15.1", "flux-system"}, {"microsoft.dapr", "1.14.4", "dapr-system"}, {"microsoft.azuremonitor.containers", "3.1.25", "kube-system"}, {"microsoft.dataprotection.kubernetes", "0.0.3009", "dataprotection-microsoft"},
		{"microsoft.azurekeyvaultsecretsprovider", "1.7.2", "kube-system"}, {"microsoft.policyinsights", "1.10.1", "kube-system"},
	}
}

// Extension finds an extension type; one that is not listed exists too, at version 1.0.0 and in its own namespace.
func (w *World) Extension(name string) Extension {
	for _, e := range w.Extensions {
		if strings.EqualFold(e.Name, name) {
			return e
		}
	}
	return Extension{Name: name, Version: "1.0.0", Namespace: strings.ReplaceAll(strings.ToLower(name), ".", "-")}
}

// Repository is a Flux source outside of Azure. One that is not listed exists too, at a made-up commit, and applies.
type Repository struct {
	URL    string `json:"url"`
	Commit string `json:"commit,omitempty"`
	// Failure is what Flux reports when it applies the manifests.
	Failure string `json:"failure,omitempty"`
}

// Repository finds a source by its address.
func (w *World) Repository(url string) Repository {
	for _, r := range w.Repositories {
		if r.URL == url {
			return r
		}
	}
	return Repository{URL: url}
}
