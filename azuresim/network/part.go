package network

import (
	"strings"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
)

// part is a list in a document whose elements have ids but are no resources: frontends of a load balancer, ip
// configurations.
type part struct {
	property string
	segment  string // in ids, when it is not the property
	defaults arm.Object
	settled  bool // shown as Succeeded even while the resource is being updated
}

func (p part) in() string {
	if p.segment != "" {
		return p.segment
	}
	return p.property
}

func elements(o arm.Object, property string) []arm.Object {
	var out []arm.Object
	for _, raw := range arm.List(o, "properties."+property) {
		if e, ok := raw.(map[string]any); ok {
			out = append(out, e)
		}
	}
	return out
}

// prepare fills what the elements leave out and drops what only answers show.
func (p part) prepare(body arm.Object) error {
	arm.Default(body, "properties."+p.property, []any{})
	for i, e := range elements(body, p.property) {
		if arm.Str(e, "name") == "" {
			return badRequest("InvalidRequestFormat", "Cannot parse the request. Element %d of '%s' has no name.", i, p.property)
		}
		for _, k := range []string{"id", "etag", "type"} {
			delete(e, k)
		}
		if arm.Map(e, "properties") == nil {
			e["properties"] = arm.Object{}
		}
		arm.Remove(e, "properties.provisioningState")
		for k, v := range p.defaults {
			arm.Default(e, "properties."+k, arm.Copy(v))
		}
	}
	return nil
}

func (p part) show(typ string, r *fabric.Resource, doc arm.Object) {
	state := r.State
	if p.settled {
		state = fabric.Succeeded
	}
	for _, e := range elements(doc, p.property) {
		e["id"] = r.ID + "/" + p.in() + "/" + arm.Str(e, "name")
		e["etag"] = r.ETag
		e["type"] = typ + "/" + p.in()
		arm.Put(e, "properties.provisioningState", state)
	}
}

// showPointing shows on the elements of a list which elements of other lists of the same document name them.
func showPointing(doc arm.Object, property string, lists ...string) {
	for _, target := range elements(doc, property) {
		for _, list := range lists {
			var users []string
			for _, e := range elements(doc, list) {
				named := false
				walk(e["properties"], func(id string) { named = named || strings.EqualFold(id, arm.Str(target, "id")) })
				if named {
					users = append(users, arm.Str(e, "id"))
				}
			}
			showUsers(target, "properties."+list, users)
		}
	}
}

// ids makes a list of references.
func ids(list []string) []any {
	out := make([]any, len(list))
	for i, id := range list {
		out[i] = arm.Object{"id": id}
	}
	return out
}

// shout spells an id as the network provider stores references from outside: group and names in capitals, the types
// as they are.
func shout(text string) string {
	seg := strings.Split(text, "/")
	for i := 4; i < len(seg); i += 2 {
		if !strings.EqualFold(seg[i-1], "providers") {
			seg[i] = strings.ToUpper(seg[i])
		}
	}
	return strings.Join(seg, "/")
}
