package tracked

import (
	"net/http"
	"strings"
	"time"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/world"
)

// Provider serves the declared types of one namespace.
type Provider struct {
	Namespace string
	Fabric    *fabric.Fabric
	World     *world.Holder
	Types     []*Type

	byName map[string]*Type
	polls  map[string]int // how often a running operation has been asked for
}

// Register hooks the provider into the fabric. It must run before state is loaded.
func (p *Provider) Register() {
	p.byName, p.polls = map[string]*Type{}, map[string]int{}
	for _, t := range p.Types {
		p.byName[strings.ToLower(t.Name)] = t
		if t.Life.Duration != nil {
			p.Fabric.RegisterDelete(t.Name, p.deleteWithGroup)
		}
	}
	p.Fabric.Register(p.putKind(), fabric.Kind{Done: p.written})
	p.Fabric.Register(p.deleteKind(), fabric.Kind{Done: p.deleted})
}

func (p *Provider) putKind() string    { return "Put " + p.Namespace }
func (p *Provider) deleteKind() string { return "Delete " + p.Namespace }

// Type finds a declaration by name, nil if there is none.
func (p *Provider) Type(name string) *Type { return p.byName[strings.ToLower(name)] }

const (
	subscriptionPath = "/subscriptions/{sub}"
	groupPath        = subscriptionPath + "/resourceGroups/{rg}"
)

// Routes is the table of all declared types and of their operations' polling addresses.
func (p *Provider) Routes() []arm.Route {
	var out []arm.Route
	polling := map[string]bool{}
	for _, t := range p.Types {
		out = append(out, p.typeRoutes(t)...)
		for i, pattern := range []string{t.Life.Status, t.Life.Result} {
			route := pollRoute(t, pattern)
			if pattern == "" || polling[route] {
				continue
			}
			polling[route] = true
			out = append(out, arm.Route{Method: http.MethodGet, Path: route, Type: t.Name, Versions: t.Versions, AnyGroup: true, Handler: p.poll(t, i == 1)})
		}
	}
	return out
}

func (p *Provider) typeRoutes(t *Type) []arm.Route {
	collection, item := t.paths()
	verbs := []struct {
		method, path, verb string
		handler            func(*Type, *arm.Request) (*arm.Response, error)
	}{
		{http.MethodGet, item, "read", p.get}, {http.MethodPut, item, "write", p.put},
		{http.MethodPatch, item, "write", p.patch}, {http.MethodDelete, item, "delete", p.remove}, {http.MethodGet, collection, "read", p.list},
	}
	if t.Under == "" && !t.nested() {
		verbs = append(verbs, verbs[len(verbs)-1])
		verbs[len(verbs)-1].path = strings.Replace(collection, groupPath, subscriptionPath, 1)
	}
	var out []arm.Route
	for _, v := range verbs {
		if v.method == http.MethodPatch && t.Proxy && !t.MergePatch {
			continue
		}
		out = append(out, arm.Route{Method: v.method, Path: v.path, Type: t.Name, Verb: v.verb, Versions: t.Versions, AnyGroup: v.method == http.MethodDelete && t.Life.GroupFirst != "" && t.nested(), Handler: func(rq *arm.Request) (*arm.Response, error) {
			resp, err := v.handler(t, rq)
			if err == nil && t.Life.Header != nil {
				t.Life.Header(rq, resp)
			}
			return resp, err
		}})
	}
	return out
}

// nested types live inside another resource.
func (t *Type) nested() bool { return strings.Count(t.Name, "/") > 1 }

// paths are the patterns of a type's collection and of one resource.
func (t *Type) paths() (collection, item string) {
	under := t.Under
	if under == "" {
		under = groupPath
	}
	namespace, types, _ := strings.Cut(t.Name, "/")
	item = under + "/providers/" + namespace
	for segment := range strings.SplitSeq(types, "/") {
		collection = item + "/" + segment
		item = collection + "/{" + segment + "Name}"
	}
	return collection, item
}

func pollRoute(t *Type, pattern string) string {
	_, item := t.paths()
	return strings.NewReplacer("{subscription}", "{sub}", "{group}", "{rg}", "{resource}", item).Replace(pattern)
}

// root is the top-level resource a resource belongs to; operations, busyness and shared etags belong to it.
func (p *Provider) root(id arm.ID) *fabric.Resource {
	for len(id.Names) > 1 {
		id = id.Parent()
	}
	return p.Fabric.Get(id.String())
}

// tree lists a resource and everything below it.
func (p *Provider) tree(r *fabric.Resource) []*fabric.Resource {
	out := []*fabric.Resource{r}
	for _, child := range p.Fabric.Children(r.ID, "") {
		if child.ARMID().Scope == "" || r.ARMID().Scope != "" {
			out = append(out, p.tree(child)...)
		}
	}
	return out
}

// touch gives a changed resource a new etag.
func (p *Provider) touch(t *Type, r *fabric.Resource) {
	if t.Life.ETag == nil {
		p.Fabric.Save(r)
		return
	}
	touched := []*fabric.Resource{r}
	if root := p.root(r.ARMID()); t.Life.SharedETag && root != nil {
		touched = p.tree(root)
	}
	etag := t.Life.ETag()
	for _, each := range touched {
		each.ETag = etag
		p.Fabric.Save(each)
	}
}

// duration is zero for types whose writes happen at once.
func (t *Type) duration() time.Duration {
	if t.Life.Duration == nil {
		return 0
	}
	return max(t.Life.Duration(), time.Millisecond)
}
