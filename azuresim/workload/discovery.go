package workload

import (
	"net/http"
	"sort"
	"strings"

	apidiscoveryv2 "k8s.io/api/apidiscovery/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/version"
)

const groupsMedia = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"

var (
	objectVerbs = []string{"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"}
	statusVerbs = []string{"get", "patch", "update"}
	createVerb  = []string{"create"}
)

// serveDiscovery answers /api, /apis, /apis/<group>, /api/v1 and
// /apis/<group>/<version>.
func (c *cluster) serveDiscovery(w http.ResponseWriter, r *http.Request, parts []string) bool {
	c.mu.RLock()
	kinds := append(c.kinds(), reviewKinds...)
	c.mu.RUnlock()
	shape, err := accepted(r.Header.Get("Accept"))
	if err != nil {
		writeError(w, err)
		return true
	}
	core := parts[0] == "api"
	switch {
	case len(parts) == 1 && shape == groupsForm:
		w.Header().Set("Content-Type", groupsMedia)
		writeJSON(w, http.StatusOK, aggregated(kinds, core))
	case len(parts) == 1 && core:
		writeJSON(w, http.StatusOK, metav1.APIVersions{TypeMeta: metav1.TypeMeta{Kind: "APIVersions"}, Versions: []string{"v1"}})
	case len(parts) == 1:
		writeJSON(w, http.StatusOK, metav1.APIGroupList{TypeMeta: metav1.TypeMeta{Kind: "APIGroupList", APIVersion: "v1"}, Groups: groups(kinds)})
	case core:
		return writeResources(w, kinds, schema.GroupVersion{Version: parts[1]})
	case len(parts) == 2:
		for _, g := range groups(kinds) {
			if g.Name == parts[1] {
				g.TypeMeta = metav1.TypeMeta{Kind: "APIGroup", APIVersion: "v1"}
				writeJSON(w, http.StatusOK, g)
				return true
			}
		}
		return false
	default:
		return writeResources(w, kinds, schema.GroupVersion{Group: parts[1], Version: parts[2]})
	}
	return true
}

// groupVersions are the served versions of each named group, the preferred
// one first, and the groups in the order of the kinds.
func groupVersions(kinds []*kind) (order []string, versions map[string][]string) {
	versions = map[string][]string{}
	for _, k := range kinds {
		group, v := k.gvk.Group, k.gvk.Version
		if versions[group] == nil {
			order = append(order, group)
		}
		if !contains(versions[group], v) {
			versions[group] = append(versions[group], v)
		}
	}
	for _, vs := range versions {
		sort.Slice(vs, func(i, j int) bool { return version.CompareKubeAwareVersionStrings(vs[i], vs[j]) > 0 })
	}
	return order, versions
}

func contains(list []string, s string) bool {
	for _, item := range list {
		if item == s {
			return true
		}
	}
	return false
}

func groups(kinds []*kind) []metav1.APIGroup {
	order, versions := groupVersions(kinds)
	var all []metav1.APIGroup
	for _, name := range order {
		if name == "" {
			continue
		}
		g := metav1.APIGroup{Name: name}
		for _, v := range versions[name] {
			g.Versions = append(g.Versions, metav1.GroupVersionForDiscovery{GroupVersion: name + "/" + v, Version: v})
		}
		g.PreferredVersion = g.Versions[0]
		all = append(all, g)
	}
	return all
}

func writeResources(w http.ResponseWriter, kinds []*kind, gv schema.GroupVersion) bool {
	list := metav1.APIResourceList{TypeMeta: metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"}, GroupVersion: gv.String()}
	for _, k := range kinds {
		if k.gvk.GroupVersion() != gv {
			continue
		}
		list.APIResources = append(list.APIResources, metav1.APIResource{
			Name: k.plural, SingularName: k.singular, Namespaced: k.namespaced, Kind: k.gvk.Kind,
			Verbs: k.verbs(), ShortNames: k.short, Categories: k.categories,
		})
		for _, sub := range k.subresources() {
			list.APIResources = append(list.APIResources, metav1.APIResource{
				Name: k.plural + "/" + sub.name, Namespaced: k.namespaced, Kind: sub.kind.Kind,
				Group: sub.kind.Group, Version: sub.kind.Version, Verbs: sub.verbs,
			})
		}
	}
	if len(list.APIResources) == 0 {
		return false
	}
	writeJSON(w, http.StatusOK, list)
	return true
}

func (k *kind) verbs() []string {
	if reviews[k.gvr()] != nil {
		return createVerb
	}
	return objectVerbs
}

type subresource struct {
	name  string
	kind  schema.GroupVersionKind
	verbs []string
}

func (k *kind) subresources() (subs []subresource) {
	if k.status {
		subs = append(subs, subresource{"status", k.gvk, statusVerbs})
	}
	if k.scale {
		subs = append(subs, subresource{"scale", scaleKind.gvk, statusVerbs})
	}
	if k.is("", "pods") {
		subs = append(subs,
			subresource{"binding", schema.GroupVersionKind{Version: "v1", Kind: "Binding"}, createVerb},
			subresource{"eviction", schema.GroupVersionKind{Group: "policy", Version: "v1", Kind: "Eviction"}, createVerb},
			subresource{"log", k.gvk, []string{"get"}})
	}
	return subs
}

// aggregated is the one-request discovery of Kubernetes 1.30 and later.
func aggregated(kinds []*kind, core bool) apidiscoveryv2.APIGroupDiscoveryList {
	doc := apidiscoveryv2.APIGroupDiscoveryList{
		TypeMeta: metav1.TypeMeta{Kind: "APIGroupDiscoveryList", APIVersion: "apidiscovery.k8s.io/v2"},
		Items:    []apidiscoveryv2.APIGroupDiscovery{},
	}
	order, versions := groupVersions(kinds)
	for _, name := range order {
		if (name == "") != core {
			continue
		}
		g := apidiscoveryv2.APIGroupDiscovery{ObjectMeta: metav1.ObjectMeta{Name: name}}
		for _, v := range versions[name] {
			gv := schema.GroupVersion{Group: name, Version: v}
			g.Versions = append(g.Versions, apidiscoveryv2.APIVersionDiscovery{
				Version: v, Freshness: apidiscoveryv2.DiscoveryFreshnessCurrent, Resources: discovered(kinds, gv)})
		}
		doc.Items = append(doc.Items, g)
	}
	return doc
}

func discovered(kinds []*kind, gv schema.GroupVersion) (resources []apidiscoveryv2.APIResourceDiscovery) {
	for _, k := range kinds {
		if k.gvk.GroupVersion() != gv {
			continue
		}
		gvk := metav1.GroupVersionKind(k.gvk)
		d := apidiscoveryv2.APIResourceDiscovery{
			Resource: k.plural, SingularResource: k.singular, ResponseKind: &gvk, Scope: apidiscoveryv2.ScopeCluster,
			Verbs: k.verbs(), ShortNames: k.short, Categories: k.categories,
		}
		if k.namespaced {
			d.Scope = apidiscoveryv2.ScopeNamespace
		}
		for _, sub := range k.subresources() {
			response := metav1.GroupVersionKind(sub.kind)
			d.Subresources = append(d.Subresources, apidiscoveryv2.APISubresourceDiscovery{Subresource: sub.name, ResponseKind: &response, Verbs: sub.verbs})
		}
		resources = append(resources, d)
	}
	return resources
}

// rootPaths is the answer to GET /, which Cluster API uses as its probe.
func (c *cluster) rootPaths() []string {
	c.mu.RLock()
	kinds := append(c.kinds(), reviewKinds...)
	c.mu.RUnlock()
	paths := []string{"/api", "/api/v1", "/apis"}
	for _, g := range groups(kinds) {
		paths = append(paths, "/apis/"+g.Name)
		for _, v := range g.Versions {
			paths = append(paths, "/apis/"+v.GroupVersion)
		}
	}
	paths = append(paths, "/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/readyz", "/version")
	sort.Slice(paths, func(i, j int) bool { return strings.Compare(paths[i], paths[j]) < 0 })
	return paths
}
