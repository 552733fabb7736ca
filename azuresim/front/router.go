package front

import (
	"net/http"
	"slices"
	"strings"

	"github.com/capaks/capaks/azuresim/arm"
)

type route struct {
	arm.Route
	segments []string
	versions []string // accepted api-versions, oldest first
}

// routeKey is what two routes must share to compete for a request: the method, the number of segments (any for a
// pattern that starts with anyScope) and the last literal, which stands last or just before a name.
type routeKey struct {
	method   string
	segments int
	literal  string
}

const anyNumber = -1

// Add registers a provider's table.
func (g *Gateway) Add(table ...arm.Route) {
	if g.routes == nil {
		g.routes = map[routeKey][]*route{}
		g.types = map[string]*typeInfo{}
	}
	for _, r := range table {
		added := &route{r, strings.Split(strings.Trim(r.Path, "/"), "/"), supported(r)}
		key := added.key()
		g.routes[key] = append(g.routes[key], added)
		g.addType(added)
	}
}

func (r *route) key() routeKey {
	key := routeKey{method: r.Method, segments: len(r.segments)}
	if r.segments[0] == anyScope {
		key.segments = anyNumber
	}
	for _, s := range slices.Backward(r.segments) {
		if !strings.HasPrefix(s, "{") {
			key.literal = strings.ToLower(s)
			break
		}
	}
	return key
}

// match finds the route of a request. Literals compare without case and win over captures; a fixed scope wins over any.
func (g *Gateway) match(method, path string) (*route, map[string]string) {
	segments := strings.Split(strings.Trim(path, "/"), "/")
	var best *route
	var bestParams map[string]string
	for back := 1; back <= min(3, len(segments)); back++ { // the last literal of a pattern is among the last three segments
		literal := strings.ToLower(segments[len(segments)-back])
		for _, n := range []int{len(segments), anyNumber} {
			for _, r := range g.routes[routeKey{method, n, literal}] {
				params, ok := capture(r.segments, segments)
				if ok && (best == nil || specificity(r, params) > specificity(best, bestParams)) {
					best, bestParams = r, params
				}
			}
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
		if g.types[strings.ToLower(namespace+"/"+strings.Join(types, "/"))] != nil {
			return notAllowed(r)
		}
		if g.hasNamespace(namespace) {
			return arm.GatewayError(http.StatusNotFound, "InvalidResourceType", "The resource type '%s' could not be found in the namespace '%s' for api version '%s'.", strings.Join(types, "/"), namespace, apiVersion(r))
		}
		return arm.GatewayError(http.StatusNotFound, "InvalidResourceNamespace", "The resource namespace '%s' is invalid.", namespace)
	}
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut} {
		if other, _ := g.match(method, r.URL.Path); other != nil {
			return notAllowed(r)
		}
	}
	return arm.GatewayError(http.StatusNotFound, "NotFound", "No HTTP resource was found that matches the request URI '%s'.", r.URL.Path)
}

func notAllowed(r *http.Request) error {
	return arm.GatewayError(http.StatusMethodNotAllowed, "MethodNotAllowed", "The requested resource does not support http method '%s'.", r.Method)
}

// Forward hands a change that ARM itself was asked for (tags, for instance) to the provider of the resource, as ARM
// does. found is false when the provider has no such call. It runs inside the request it belongs to.
func (g *Gateway) Forward(rq *arm.Request, method string, id arm.ID, body arm.Object) (resp *arm.Response, found bool, err error) {
	match, params := g.match(method, id.String())
	if match == nil {
		return nil, false, nil
	}
	next := *rq
	next.Method, next.Path, next.Params, next.Body, next.ID = method, id.String(), params, body, id
	next.Header, next.Query = http.Header{}, nil
	next.APIVersion = newestStable(match.versions)
	resp, err = match.Handler(&next)
	return resp, true, err
}

func newestStable(versions []string) string {
	for _, v := range slices.Backward(versions) {
		if !strings.Contains(v, "preview") {
			return v
		}
	}
	return versions[len(versions)-1]
}
