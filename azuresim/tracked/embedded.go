package tracked

import (
	"net/http"
	"strings"

	"github.com/capaks/capaks/azuresim/arm"
)

// prepareChildren drafts the children that the body of a parent lists. A list that is sent replaces what there is; what
// an absent one means depends on the type and the api-version.
func (p *Provider) prepareChildren(w *Write, e Embedded, sent map[string]any) error {
	raw, there := sent[e.Property]
	list, isList := raw.([]any)
	keep := e.Always || !there && e.KeepsAbsent != "" && w.Request.APIVersion >= e.KeepsAbsent
	if !isList && keep { // null is an empty list, unless the children can only be deleted one by one
		return nil
	}
	t := p.Type(e.Type)
	named := map[string]bool{}
	var drafts []*Write
	var bodies []arm.Object
	for _, item := range list {
		body, _ := item.(map[string]any)
		name := arm.Str(body, "name")
		if name == "" {
			return arm.ProviderError(http.StatusBadRequest, "InvalidRequestFormat", "Cannot parse the request. An element of '%s' has no name.", e.Property)
		}
		child := w.ID.Child(t.Name[strings.LastIndexByte(t.Name, '/')+1:], name)
		named[child.Key()] = true
		drafts = append(drafts, &Write{Request: w.Request, Type: t, ID: child, Stored: p.Fabric.Get(child.String()), Parent: w.Body, region: w.region})
		bodies = append(bodies, body)
	}
	for i, d := range drafts {
		for _, before := range drafts[:i] {
			d.Siblings = append(d.Siblings, Sibling{before.ID.Name(), before.Body})
		}
		if err := p.prepare(d, bodies[i]); err != nil {
			return err
		}
	}
	if w.Stored != nil {
		for _, old := range p.Fabric.Children(w.Stored.ID, e.Type) {
			if named[old.ARMID().Key()] {
				continue
			}
			if t.InUse != nil {
				if err := t.InUse(w.Request, old); err != nil {
					return err
				}
			}
			w.dropped = append(w.dropped, old)
		}
	}
	w.children = append(w.children, drafts...)
	return nil
}
