package network

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/tracked"
)

// references remembers who names whom, so that both ends of a reference can show it. It follows the fabric and is
// never stored.
type references struct {
	from map[string]map[string]*fabric.Resource // lower-case target -> those that name it
	to   map[string][]string                    // lower-case id -> what it names
}

// naming are the members whose value is the id of another resource.
var naming = []string{"id", "privateLinkServiceId", "privateDnsZoneId"}

func walk(v any, visit func(id string)) {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			if s, ok := x.(string); ok && slices.Contains(naming, k) && strings.HasPrefix(s, "/subscriptions/") {
				visit(s)
			}
			walk(x, visit)
		}
	case []any:
		for _, x := range v {
			walk(x, visit)
		}
	}
}

func (x *references) add(r *fabric.Resource) {
	if x.from == nil {
		x.from, x.to = map[string]map[string]*fabric.Resource{}, map[string][]string{}
	}
	x.remove(r)
	key := strings.ToLower(r.ID)
	walk(r.Body["properties"], func(id string) {
		id = strings.ToLower(id)
		if x.from[id] == nil {
			x.from[id] = map[string]*fabric.Resource{}
		}
		x.from[id][key] = r
		x.to[key] = append(x.to[key], id)
	})
}

func (x *references) remove(r *fabric.Resource) {
	key := strings.ToLower(r.ID)
	for _, id := range x.to[key] {
		delete(x.from[id], key)
		if len(x.from[id]) == 0 {
			delete(x.from, id)
		}
	}
	delete(x.to, key)
}

// users lists the resources of the given types that name id, oldest first; no types means all.
func (p *Provider) users(id string, types ...string) []*fabric.Resource {
	var out []*fabric.Resource
	for _, r := range p.refs.from[strings.ToLower(id)] {
		if len(types) == 0 || slices.ContainsFunc(types, func(t string) bool { return strings.EqualFold(r.Type, namespace+t) }) {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b *fabric.Resource) int { return cmp.Compare(a.Seq, b.Seq) })
	return out
}

func (p *Provider) userIDs(id string, types ...string) []string {
	var out []string
	for _, r := range p.users(id, types...) {
		out = append(out, r.ID)
	}
	return out
}

// standing are the lists whose elements stand in subnets and on public addresses.
var standing = []string{"ipConfigurations", "frontendIPConfigurations", "gatewayIPConfigurations"}

// configurations lists the elements, over all resources, that name id.
func (p *Provider) configurations(id string) []string {
	var out []string
	for _, r := range p.users(id) {
		for _, property := range standing {
			segment := property
			if strings.EqualFold(r.Type, namespace+"bastionHosts") {
				segment = bastionSegment
			}
			for _, e := range elements(r.Body, property) {
				named := false
				walk(e["properties"], func(target string) { named = named || strings.EqualFold(target, id) })
				if named {
					out = append(out, r.ID+"/"+segment+"/"+arm.Str(e, "name"))
				}
			}
		}
	}
	slices.Sort(out) // as recorded
	return out
}

// showUsers puts a list of references into a document, if there are any.
func showUsers(doc arm.Object, path string, list []string) {
	arm.Remove(doc, path)
	if len(list) > 0 {
		arm.Put(doc, path, ids(list))
	}
}

// resolve refuses references to resources of this provider that are not there or not ready.
func (p *Provider) resolve(w *tracked.Write) error {
	var err error
	seen := map[string]bool{}
	walk(w.Body["properties"], func(text string) {
		if err != nil || seen[text] {
			return
		}
		seen[text] = true
		err = p.resolveOne(w, text)
	})
	return err
}

func (p *Provider) resolveOne(w *tracked.Write, text string) error {
	id, ok := arm.ParseID(text)
	if !ok || p.World.Get().Subscription(id.Subscription) == nil {
		return nil
	}
	for p.core.Type(id.Type()) == nil { // an element names the resource it is part of
		if len(id.Names) < 2 {
			return nil // not a type of this provider
		}
		id = id.Parent()
	}
	if id.Key() == w.ID.Key() || strings.HasPrefix(w.ID.Key(), id.Key()+"/") {
		return nil
	}
	r := p.Fabric.Get(id.String())
	switch {
	case r == nil && strings.EqualFold(w.Type.Name, namespace+"natGateways"):
		return tracked.NotFound(shouted(text)) // recorded: only NAT gateways say it this way
	case r == nil:
		return badRequest("InvalidResourceReference", "Resource %s referenced by resource %s was not found. Please make sure that the referenced resource exists, and that both resources are in the same region.", text, w.ID)
	case r.State == fabric.Succeeded || r.State == fabric.Failed:
		return nil
	}
	name := "unknown"
	if ops := p.Fabric.Operations(r.ID); len(ops) > 0 {
		name = tracked.OperationName(ops[0])
	}
	return retryable("ReferencedResourceNotProvisioned", "Cannot proceed with operation because resource %s used by resource %s is not in Succeeded state. Resource is in %s state and the last operation that updated/is updating the resource is %s.", r.ID, w.ID, r.State, name)
}

func shouted(text string) arm.ID {
	id, _ := arm.ParseID(shout(text))
	return id
}

// others lists the users that stand in the way of a deletion: a group's own deletion takes those in the group along.
func (p *Provider) others(rq *arm.Request, r *fabric.Resource, users []string) []string {
	if rq.Method != http.MethodDelete || rq.ID.Provider != "" {
		return users
	}
	return slices.DeleteFunc(users, func(user string) bool {
		id, _ := arm.ParseID(user)
		if id.Group().Key() == r.ARMID().Group().Key() {
			return true
		}
		group := p.Fabric.Get(id.Group().String())
		owner := arm.ID{}
		if group != nil {
			owner, _ = arm.ParseID(group.ManagedBy) // a cluster's node resource group goes with the cluster
		}
		return owner.ResourceGroup != "" && owner.Group().Key() == r.ARMID().Group().Key()
	})
}
