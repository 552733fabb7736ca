package front

import (
	"net/http"
	"strings"

	"github.com/capaks/capaks/azuresim/arm"
)

type route struct {
	arm.Route
	segments []string
}

// Add registers a provider's table.
func (g *Gateway) Add(table ...arm.Route) {
	if g.types == nil {
		g.types = map[string]string{}
	}
	for _, r := range table {
		g.routes = append(g.routes, route{r, strings.Split(strings.Trim(r.Path, "/"), "/")})
		g.types[strings.ToLower(r.Type)] = r.Type
	}
}

// match finds the route of a request. Literals compare without case and win over captures; a fixed scope wins over any.
func (g *Gateway) match(method, path string) (*route, map[string]string) {
	segments := strings.Split(strings.Trim(path, "/"), "/")
	var best *route
	var bestParams map[string]string
	for i := range g.routes {
		r := &g.routes[i]
		if r.Method != method {
			continue
		}
		params, ok := capture(r.segments, segments)
		if ok && (best == nil || specificity(r, params) > specificity(best, bestParams)) {
			best, bestParams = r, params
		}
	}
	return best, bestParams
}

// specificity grows with the literals of a pattern.
func specificity(r *route, params map[string]string) int { return len(r.segments) - len(params) }

// anyScope as the first segment of a pattern takes whatever comes before the rest: extension resources (a role
// assignment, an extension) can be attached to any resource.
const anyScope = "{scope*}"

func capture(pattern, segments []string) (map[string]string, bool) {
	var params map[string]string
	if pattern[0] == anyScope {
		n := len(segments) - len(pattern) + 1
		if n < 0 {
			return nil, false
		}
		params = map[string]string{"scope": "/" + strings.Join(segments[:n], "/")}
		pattern, segments = pattern[1:], segments[n:]
	}
	if len(pattern) != len(segments) {
		return nil, false
	}
	for i, p := range pattern {
		if strings.HasPrefix(p, "{") {
			if params == nil {
				params = map[string]string{}
			}
			params[strings.Trim(p, "{}")] = segments[i]
		} else if !strings.EqualFold(p, segments[i]) {
			return nil, false
		}
	}
	return params, true
}

// targetID builds the id a route addresses, in the spelling of the route's table with the caller's names.
func targetID(r *route, params map[string]string) arm.ID {
	var seg []string
	for _, s := range r.segments {
		if s == anyScope {
			seg = append(seg, strings.Trim(params["scope"], "/"))
			continue
		}
		if strings.HasPrefix(s, "{") {
			s = params[strings.Trim(s, "{}")]
		}
		seg = append(seg, s)
	}
	seg = strings.Split(strings.Join(seg, "/"), "/")
	for n := len(seg); n > 0; n-- {
		if id, ok := arm.ParseID(strings.Join(seg[:n], "/")); ok {
			return id
		}
	}
	return arm.ID{}
}

// noRoute says why nothing serves the request, as ARM does.
func (g *Gateway) noRoute(r *http.Request) error {
	seg := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	for i := len(seg) - 2; i >= 0; i-- {
		if !strings.EqualFold(seg[i], "providers") {
			continue
		}
		namespace, rest := seg[i+1], seg[i+2:]
		var types []string
		for j := 0; j < len(rest); j += 2 {
			types = append(types, rest[j])
		}
		for typ := range g.types {
			if strings.HasPrefix(typ, strings.ToLower(namespace)+"/") {
				return arm.GatewayError(http.StatusNotFound, "InvalidResourceType", "The resource type '%s' could not be found in the namespace '%s' for api version '%s'.", strings.Join(types, "/"), namespace, apiVersion(r))
			}
		}
		return arm.GatewayError(http.StatusNotFound, "InvalidResourceNamespace", "The resource namespace '%s' is invalid.", namespace)
	}
	return arm.GatewayError(http.StatusNotFound, "NotFound", "No HTTP resource was found that matches the request URI '%s'.", r.URL.Path)
}
