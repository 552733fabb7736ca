package front

import (
	"net/http"
	"slices"
	"strings"

	"github.com/capaks/capaks/azuresim/arm"
)

// OperationLists is GET /providers/{namespace}/operations for every namespace added so far: what roles can allow, as
// every resource provider lists it. It is made of the routes, so it cannot promise what is not served.
func (g *Gateway) OperationLists() []arm.Route {
	operations, versions := map[string][]string{}, map[string][]string{}
	for _, routes := range g.routes {
		for _, r := range routes {
			namespace := namespaceOf(r.Type)
			if r.Verb != "" {
				operations[namespace] = append(operations[namespace], r.Type+"/"+r.Verb)
			}
			versions[namespace] = append(versions[namespace], r.versions...)
		}
	}
	var out []arm.Route
	for namespace, names := range operations {
		slices.Sort(names)
		names = slices.Compact(names)
		out = append(out, arm.Route{
			Method: http.MethodGet, Path: "/providers/" + namespace + "/operations", Type: namespace + "/operations", Versions: slices.Compact(slices.Sorted(slices.Values(versions[namespace]))),
			Handler: func(rq *arm.Request) (*arm.Response, error) { return listOperations(rq, namespace, names), nil },
		})
	}
	return out
}

func listOperations(rq *arm.Request, namespace string, names []string) *arm.Response {
	value := make([]arm.Object, len(names))
	for i, name := range names {
		parts := strings.Split(strings.TrimPrefix(name, namespace+"/"), "/")
		verb := parts[len(parts)-1]
		resource := parts[:len(parts)-1]
		if verb == "action" {
			verb, resource = parts[len(parts)-2], parts[:len(parts)-2]
		}
		value[i] = arm.Object{"name": name, "display": arm.Object{
			"provider": namespace, "resource": strings.Join(resource, "/"), "operation": verb, "description": verb + " " + strings.Join(resource, "/"),
		}}
	}
	return arm.Respond(http.StatusOK, arm.Page(rq, value))
}
