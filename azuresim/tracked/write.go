package tracked

import (
	"net/http"
	"reflect"
	"strings"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/resources"
	"github.com/capaks/capaks/azuresim/spec"
)

// envelope are the members of a document that are not part of the stored body.
var envelope = []string{"id", "name", "type", "etag", "location", "systemData"}

// put serves PUT. What the api-version does not describe is never stored: no answer of Azure repeats it.
func (p *Provider) put(t *Type, rq *arm.Request) (*arm.Response, error) {
	return p.write(t, rq, spec.Filter(t.Name, rq.APIVersion, rq.Body))
}

// patch serves PATCH: tags, or a merge where the type allows it.
func (p *Provider) patch(t *Type, rq *arm.Request) (*arm.Response, error) {
	r, err := p.find(t, rq)
	if err != nil {
		return nil, err
	}
	if t.MergePatch {
		sent := arm.Merge(p.writable(t, r), spec.Filter(t.Name, rq.APIVersion, rq.Body))
		if !t.Proxy {
			sent["location"] = r.Location
		}
		return p.write(t, rq, sent)
	}
	tags := arm.Map(rq.Body, "tags")
	if err := resources.CheckTags(tags); err != nil {
		return nil, err
	}
	if err := p.precondition(t, rq, r); err != nil {
		return nil, err
	}
	if err := p.busy(t, rq, r.ARMID()); err != nil {
		return nil, err
	}
	if tags != nil {
		r.Body["tags"] = arm.Copy(tags)
	}
	p.touch(t, r)
	return p.answer(t, rq, http.StatusOK, r), nil
}

// writable is a stored body as a client would send it again, with its embedded children.
func (p *Provider) writable(t *Type, r *fabric.Resource) arm.Object {
	body := arm.Copy(r.Body)
	for _, e := range t.Embedded {
		list := []any{}
		for _, child := range p.Fabric.Children(r.ID, e.Type) {
			sent := p.writable(p.Type(e.Type), child)
			sent["name"] = child.Name
			list = append(list, sent)
		}
		arm.Put(body, "properties."+e.Property, list)
	}
	return body
}

func (p *Provider) write(t *Type, rq *arm.Request, sent arm.Object) (*arm.Response, error) {
	w, err := p.draft(t, rq, sent)
	if err != nil {
		return nil, err
	}
	status, state, create := t.Life.Updated, t.Life.Updating, w.Stored == nil
	if create {
		status, state = t.Life.Created, t.Life.Creating
	}
	if w.Instant || t.Life.Duration == nil {
		state = fabric.Succeeded
	}
	r := p.store(w, state)
	p.touch(t, r)
	if t.Life.Duration == nil {
		if t.Ended != nil {
			t.Ended(r, nil)
		}
		return p.answer(t, rq, status, r), nil
	}
	d, retry := t.duration(), t.Life.WriteRetry
	if w.Instant {
		d, retry = 0, ""
	}
	op := p.start(rq, t, p.putKind(), "Put", state, r, d)
	if w.Instant {
		p.Fabric.End(op, fabric.Succeeded, nil)
		if t.Ended != nil {
			t.Ended(r, nil)
		}
	}
	resp := p.answer(t, rq, status, r)
	if t.Life.Bodiless {
		resp.Body = arm.Object{}
	}
	return t.accepted(rq, resp, op, retry, t.Life.WriteResult), nil
}

// Put stores a resource as its provider does on its own account, for another service: the type's rules apply, but
// nothing has to be waited for.
func (p *Provider) Put(id arm.ID, location string, body arm.Object) (*fabric.Resource, error) {
	t := p.Type(id.Type())
	rq := &arm.Request{Method: http.MethodPut, ID: id, APIVersion: newest, Now: p.Fabric.Clock.Now().UTC()}
	w := &Write{Request: rq, Type: t, ID: p.spelling(id), Stored: p.Fabric.Get(id.String()), location: location, region: location}
	p.family(w)
	if err := p.prepare(w, body); err != nil {
		return nil, err
	}
	r := p.store(w, fabric.Succeeded)
	if t.Ended != nil {
		t.Ended(r, nil)
	}
	p.touch(t, r)
	return r, nil
}

// newest sorts after every api-version.
const newest = "9999"

// draft checks a write in ARM's order: parent, place, tags, precondition, what is going on, and then the type's rules.
func (p *Provider) draft(t *Type, rq *arm.Request, sent arm.Object) (*Write, error) {
	if err := p.parentThere(t, rq.ID, "write"); err != nil {
		return nil, err
	}
	w := &Write{Request: rq, Type: t, ID: p.spelling(rq.ID), Stored: p.Fabric.Get(rq.ID.String())}
	if err := p.place(w, sent); err != nil {
		return nil, err
	}
	if err := resources.CheckTags(arm.Map(sent, "tags")); err != nil {
		return nil, err
	}
	if err := p.precondition(t, rq, w.Stored); err != nil {
		return nil, err
	}
	if err := p.busy(t, rq, w.ID); err != nil {
		return nil, err
	}
	p.family(w)
	return w, p.prepare(w, sent)
}

// family tells a write about its parent and siblings.
func (p *Provider) family(w *Write) {
	parent := p.Fabric.Get(w.ID.Parent().String())
	if parent == nil || len(w.ID.Names) == 1 {
		return
	}
	w.Parent = parent.Body
	if root := p.root(w.ID); w.region == "" && root != nil {
		w.region = root.Location
	}
	for _, s := range p.Fabric.Children(parent.ID, w.Type.Name) {
		if s != w.Stored {
			w.Siblings = append(w.Siblings, Sibling{s.Name, s.Body})
		}
	}
}

// spelling keeps the names of existing parents as they were created.
func (p *Provider) spelling(id arm.ID) arm.ID {
	if parent := p.Fabric.Get(id.Parent().String()); parent != nil && len(id.Names) > 1 {
		return parent.ARMID().Child(id.Types[len(id.Types)-1], id.Name())
	}
	return id
}

// place checks and sets the location.
func (p *Provider) place(w *Write, sent arm.Object) error {
	if w.Type.Proxy {
		return nil
	}
	location := arm.Location(arm.Str(sent, "location"))
	switch {
	case location == "":
		return arm.GatewayError(http.StatusBadRequest, "LocationRequired", "The location property is required for this definition.")
	case w.Type.Global != (location == "global") || !w.Type.Global && !p.World.Get().HasLocation(location):
		offered := strings.Join(p.World.Get().Locations, ",")
		if w.Type.Global {
			offered = "global"
		}
		return arm.GatewayError(http.StatusBadRequest, "LocationNotAvailableForResourceType", "The provided location '%s' is not available for resource type '%s'. List of available regions for the resource type is '%s'.", location, w.Type.Name, offered)
	case w.Stored != nil && w.Stored.Location != location:
		return arm.GatewayError(http.StatusConflict, "InvalidResourceLocation", "The resource '%s' already exists in location '%s' in resource group '%s'. A resource with the same name cannot be created in location '%s'. Please select a new resource name.", w.Stored.Name, w.Stored.Location, w.ID.ResourceGroup, location)
	}
	w.location, w.region = location, location
	return nil
}

// busy refuses a write while something else of the same tree is being changed.
func (p *Provider) busy(t *Type, rq *arm.Request, id arm.ID) error {
	root := p.root(id)
	if t.Life.Busy == nil || root == nil {
		return nil
	}
	key := strings.ToLower(root.ID)
	for _, op := range p.Fabric.Running() {
		on := strings.ToLower(op.Resource)
		if on != key && !strings.HasPrefix(on, key+"/") {
			continue
		}
		if t.Parallel && on != id.Key() && op.Kind != p.deleteKind() {
			continue
		}
		if err := t.Life.Busy(rq, op, root); err != nil {
			return err
		}
	}
	return nil
}

// prepare fills the draft and its embedded children and applies the types' rules.
func (p *Provider) prepare(w *Write, sent arm.Object) error {
	t := w.Type
	w.Body = arm.Copy(sent)
	if w.Body == nil {
		w.Body = arm.Object{}
	}
	for _, k := range envelope {
		delete(w.Body, k)
	}
	for k, v := range w.Body {
		if v == nil {
			delete(w.Body, k)
		}
	}
	if arm.Map(w.Body, "properties") == nil {
		w.Body["properties"] = arm.Object{}
	}
	arm.Remove(w.Body, "properties.provisioningState")
	for _, path := range t.ReadOnly {
		arm.Remove(w.Body, path)
		if w.Stored != nil {
			if old := arm.Get(w.Stored.Body, path); old != nil {
				arm.Put(w.Body, path, old)
			}
		}
	}
	for _, d := range t.Defaults {
		if w.Request.APIVersion >= d.Since {
			arm.Default(w.Body, d.Path, arm.Copy(d.Value))
		}
	}
	sentChildren := map[string]any{}
	for _, e := range t.Embedded {
		if v, ok := arm.Map(sent, "properties")[e.Property]; ok {
			sentChildren[e.Property] = v
		}
		arm.Remove(w.Body, "properties."+e.Property)
	}
	if t.Prepare != nil {
		if err := t.Prepare(w); err != nil {
			return err
		}
	}
	for _, e := range t.Embedded {
		if err := p.prepareChildren(w, e, sentChildren); err != nil {
			return err
		}
	}
	w.Instant = w.Instant || !t.Life.Thorough && w.unchanged()
	return nil
}

// unchanged says that a write changes at most tags.
func (w *Write) unchanged() bool {
	if w.Stored == nil || len(w.dropped) > 0 {
		return false
	}
	for _, c := range w.children {
		if !c.unchanged() {
			return false
		}
	}
	for _, k := range keysOf(w.Stored.Body, w.Body) {
		if k != "tags" && !reflect.DeepEqual(w.Stored.Body[k], w.Body[k]) {
			return false
		}
	}
	return true
}

func keysOf(objects ...arm.Object) []string {
	var keys []string
	for _, o := range objects {
		for k := range o {
			keys = append(keys, k)
		}
	}
	return keys
}

// store applies an accepted write.
func (p *Provider) store(w *Write, state string) *fabric.Resource {
	r := w.Stored
	if r == nil {
		r = p.Fabric.Create(w.ID, w.location, w.Body)
	}
	r.Body, r.State = w.Body, state
	p.Fabric.Save(r)
	for _, old := range w.dropped {
		p.Fabric.Drop(old)
	}
	for _, child := range w.children {
		childState := state
		if child.Instant || child.unchanged() {
			childState = fabric.Succeeded
		}
		p.store(child, childState)
	}
	if w.Type.Accepted != nil {
		w.Type.Accepted(w, r)
	}
	return r
}
