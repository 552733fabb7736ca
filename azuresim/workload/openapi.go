package workload

import (
	"net/http"
	"strings"

	openapi_v2 "github.com/google/gnostic-models/openapiv2"
	"google.golang.org/protobuf/proto"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// The OpenAPI documents name the paths and no schemas: kubectl looks there for
// whether the server validates fields (it does) and then leaves that to it.
// Without schemas `kubectl explain` has nothing to tell.

func (c *cluster) serveOpenAPI(w http.ResponseWriter, r *http.Request, parts []string) {
	c.mu.RLock()
	kinds := c.kinds()
	version := "v" + bareVersion(c.spec.Version)
	c.mu.RUnlock()
	switch {
	case len(parts) == 2 && parts[1] == "v2":
		serveOpenAPIv2(w, r, version)
	case len(parts) == 2 && parts[1] == "v3":
		paths := object{}
		for _, k := range kinds {
			paths[apiPath(k.gvk.GroupVersion())] = object{"serverRelativeURL": "/openapi/v3/" + apiPath(k.gvk.GroupVersion())}
		}
		writeJSON(w, http.StatusOK, object{"paths": paths})
	case len(parts) > 2 && parts[1] == "v3":
		c.serveOpenAPIv3(w, kinds, strings.Join(parts[2:], "/"), version)
	default:
		writeError(w, notFoundPath())
	}
}

func apiPath(gv schema.GroupVersion) string {
	if gv.Group == "" {
		return "api/" + gv.Version
	}
	return "apis/" + gv.Group + "/" + gv.Version
}

func serveOpenAPIv2(w http.ResponseWriter, r *http.Request, version string) {
	if !strings.Contains(r.Header.Get("Accept"), "proto-openapi.spec.v2") {
		writeJSON(w, http.StatusOK, object{"swagger": "2.0", "info": object{"title": "Kubernetes", "version": version}, "paths": object{}, "definitions": object{}})
		return
	}
	body, err := proto.Marshal(&openapi_v2.Document{
		Swagger: "2.0", Info: &openapi_v2.Info{Title: "Kubernetes", Version: version},
		Paths: &openapi_v2.Paths{}, Definitions: &openapi_v2.Definitions{},
	})
	if err != nil {
		writeError(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/com.github.proto-openapi.spec.v2.v1.0+protobuf")
	writeRaw(w, http.StatusOK, body)
}

func (c *cluster) serveOpenAPIv3(w http.ResponseWriter, kinds []*kind, path, version string) {
	paths := object{}
	for _, k := range kinds {
		if apiPath(k.gvk.GroupVersion()) == path {
			at := "/" + path + "/"
			if k.namespaced {
				at += "namespaces/{namespace}/"
			}
			paths[at+k.plural+"/{name}"] = patchOperation(k.gvk)
		}
	}
	if len(paths) == 0 {
		writeError(w, notFoundPath())
		return
	}
	writeJSON(w, http.StatusOK, object{"openapi": "3.0.0", "info": object{"title": "Kubernetes", "version": version}, "paths": paths, "components": object{"schemas": object{}}})
}

func patchOperation(gvk schema.GroupVersionKind) object {
	parameter := func(name string) object {
		return object{"name": name, "in": "query", "schema": object{"type": "string"}}
	}
	return object{"patch": object{
		"parameters":                      []any{parameter("dryRun"), parameter("fieldManager"), parameter("fieldValidation")},
		"responses":                       object{"200": object{"description": "OK"}},
		"x-kubernetes-action":             "patch",
		"x-kubernetes-group-version-kind": object{"group": gvk.Group, "version": gvk.Version, "kind": gvk.Kind},
	}}
}
