package control

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/world"
)

// Service is the emulated service that has a life of its own: it keeps machines in line with what is stored and does
// things nobody asked for. Its functions run under the fabric's lock; an error says why the service would not do it.
type Service interface {
	// Resync follows a change of a stored resource.
	Resync(r *fabric.Resource)
	// Removed follows the disappearance of a resource.
	Removed(r *fabric.Resource)
	// AutoUpgrade starts the upgrade of a cluster; "" is the version the service would choose.
	AutoUpgrade(r *fabric.Resource, version string) error
	// UpgradeNodeImage starts bringing the machines of a cluster or pool to the newest image.
	UpgradeNodeImage(r *fabric.Resource) error
	// Autoscale brings a pool to a number of machines.
	Autoscale(r *fabric.Resource, count int64) error
	// LoseNode makes a node of a cluster or pool NotReady, Ready again or Gone; "" is the newest node.
	LoseNode(r *fabric.Resource, node, state string) error
	// UseDeprecatedAPI is somebody using an API of a cluster; removedIn is the first minor without it, "" the next.
	UseDeprecatedAPI(r *fabric.Resource, api, verb, removedIn string, lastSeen time.Time) error
}

// change is a change of the world behind the clients' backs.
type change struct {
	Kind      string            `json:"kind"`
	ID        string            `json:"id"`
	Merge     json.RawMessage   `json:"merge"`
	Tags      map[string]string `json:"tags"`
	Remediate bool              `json:"remediate"`
	Version   string            `json:"version"`
	Count     *int64            `json:"count"`
	Node      string            `json:"node"`
	State     string            `json:"state"`
	API       string            `json:"api"`
	Verb      string            `json:"verb"`
	LastSeen  time.Time         `json:"lastSeen"`
	RemovedIn string            `json:"removedIn"`
}

// kinds lists the fields each kind takes beside kind and id.
var kinds = map[string][]string{
	"portal-edit": {"merge"}, "delete": nil, "policy-tags": {"tags", "remediate"}, "auto-upgrade": {"version"},
	"node-image-upgrade": nil, "autoscaler": {"count"}, "node-loss": {"node", "state"},
	"deprecated-api": {"api", "verb", "lastSeen", "removedIn"},
}

// outside does what people and services other than the client do in Azure.
func (a *API) outside(w http.ResponseWriter, r *http.Request) error {
	raw, err := readAll(r)
	if err != nil {
		return err
	}
	var c change
	if err := strict(raw, &c); err != nil {
		return err
	}
	if err := c.check(raw); err != nil {
		return err
	}
	a.Fabric.Clock.FireDue()
	if c.Kind == "policy-tags" {
		if err := a.assignPolicy(c); err != nil {
			return err
		}
		return reply(w, a.World.Get().Policies)
	}
	var out arm.Object
	err = a.onResource(c.ID, func(res *fabric.Resource) error {
		var err error
		out, err = a.apply(c, res)
		return err
	})
	if err != nil {
		return err
	}
	return reply(w, out)
}

// check refuses a kind that does not exist and fields that belong to another.
func (c *change) check(raw []byte) error {
	takes, ok := kinds[c.Kind]
	if !ok {
		return fmt.Errorf("kind %q does not exist; the kinds are %s", c.Kind, strings.Join(slices.Sorted(maps.Keys(kinds)), ", "))
	}
	var sent map[string]json.RawMessage
	if err := json.Unmarshal(raw, &sent); err != nil {
		return err
	}
	takes = append([]string{"kind", "id"}, takes...)
	for _, name := range slices.Sorted(maps.Keys(sent)) {
		if !slices.Contains(takes, name) {
			return fmt.Errorf("kind %q has no field %q; it takes %s", c.Kind, name, strings.Join(takes, ", "))
		}
	}
	switch {
	case c.ID == "":
		return fmt.Errorf(`field "id" is missing; GET /_azuresim/state lists the resources`)
	case c.Kind == "portal-edit" && c.Merge == nil:
		return fmt.Errorf(`kind "portal-edit" needs "merge", a JSON merge patch on the document`)
	case c.Kind == "policy-tags" && c.Tags == nil:
		return fmt.Errorf(`kind "policy-tags" needs "tags"; an empty object takes the policy away`)
	case c.Kind == "autoscaler" && c.Count == nil:
		return fmt.Errorf(`kind "autoscaler" needs "count", the number of nodes the pool shall have`)
	case c.Kind == "deprecated-api" && c.API == "":
		return fmt.Errorf(`kind "deprecated-api" needs "api", such as "flowcontrol.apiserver.k8s.io.flowschemas.v1beta3"`)
	}
	return nil
}

func (a *API) apply(c change, res *fabric.Resource) (arm.Object, error) {
	var err error
	switch c.Kind {
	case "portal-edit":
		return a.edit(res, c.Merge)
	case "delete":
		a.remove(res)
		return arm.Object{}, nil
	case "auto-upgrade":
		err = a.Service.AutoUpgrade(res, c.Version)
	case "node-image-upgrade":
		err = a.Service.UpgradeNodeImage(res)
	case "autoscaler":
		err = a.Service.Autoscale(res, *c.Count)
	case "node-loss":
		err = a.Service.LoseNode(res, c.Node, c.State)
	case "deprecated-api":
		if c.LastSeen.IsZero() {
			c.LastSeen = a.Fabric.Clock.Now().UTC()
		}
		err = a.Service.UseDeprecatedAPI(res, c.API, cmp.Or(c.Verb, "update"), c.RemovedIn, c.LastSeen)
	}
	return arm.Copy(res.Body), err
}

// onResource runs a change of one resource under the lock.
func (a *API) onResource(id string, fn func(*fabric.Resource) error) error {
	return a.Fabric.Do(func() error {
		res := a.Fabric.Get(id)
		if res == nil {
			return fmt.Errorf("there is no resource %q; GET /_azuresim/state lists them", id)
		}
		return fn(res)
	})
}

// edit merges into a stored resource without any of Azure's checks.
func (a *API) edit(res *fabric.Resource, merge json.RawMessage) (arm.Object, error) {
	patch, err := object(merge)
	if err != nil {
		return nil, err
	}
	if state := arm.Str(patch, "properties.provisioningState"); state != "" {
		res.State = state
		arm.Remove(patch, "properties.provisioningState")
	}
	res.Body = arm.Merge(res.Body, patch)
	a.changed(res)
	return arm.Copy(res.Body), nil
}

func (a *API) changed(res *fabric.Resource) {
	res.ETag = newETag(res.ETag)
	a.Fabric.Save(res)
	a.Service.Resync(res)
}

func (a *API) remove(res *fabric.Resource) {
	a.Fabric.Drop(res)
	a.Service.Removed(res)
}

// newETag keeps the shape of the old one: network resources write weak etags, AKS bare ones.
func newETag(old string) string {
	if strings.HasPrefix(old, "W/") {
		return `W/"` + uuid.NewString() + `"`
	}
	return uuid.NewString()
}

// assignPolicy makes every later write at a scope carry tags. What exists stays as it is, as with Azure Policy, unless
// a remediation is asked for.
func (a *API) assignPolicy(c change) error {
	scope, ok := arm.ParseID(c.ID)
	if !ok {
		return fmt.Errorf("id %q is not the id of a subscription, a resource group or a resource", c.ID)
	}
	if err := a.addToWorld(world.World{Policies: []world.TagPolicy{{Scope: scope.String(), Tags: c.Tags}}}); err != nil || !c.Remediate {
		return err
	}
	return a.Fabric.Do(func() error {
		for _, res := range a.Fabric.List(scope.Subscription, "") {
			forced := a.World.Get().PolicyTags(res.ID)
			if res.Location == "" || !strings.HasPrefix(strings.ToLower(res.ID)+"/", scope.Key()+"/") || len(forced) == 0 {
				continue
			}
			tags := arm.Merge(nil, arm.Map(res.Body, "tags"))
			for k, v := range forced {
				tags[k] = v
			}
			res.Body["tags"] = tags
			a.changed(res)
		}
		return nil
	})
}

// resource is the older form of portal-edit and delete: {"id": …, "merge": {…}} or {"id": …, "delete": true}.
func (a *API) resource(w http.ResponseWriter, r *http.Request) error {
	var how struct {
		ID     string          `json:"id"`
		Merge  json.RawMessage `json:"merge"`
		Delete bool            `json:"delete"`
	}
	if err := read(r, &how); err != nil {
		return err
	}
	if how.Delete == (how.Merge != nil) {
		return fmt.Errorf(`say either "merge": {…} or "delete": true`)
	}
	var out arm.Object
	err := a.onResource(how.ID, func(res *fabric.Resource) error {
		if how.Delete {
			a.remove(res)
			return nil
		}
		var err error
		out, err = a.edit(res, how.Merge)
		return err
	})
	if err != nil {
		return err
	}
	return reply(w, out)
}
