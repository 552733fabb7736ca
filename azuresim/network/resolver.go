package network

import (
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/tracked"
)

// resolvers are private DNS resolvers and their forwarding rules, a service with its own manners.
func (p *Provider) resolvers() []*tracked.Type {
	const operations = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network/locations/{location}/"
	versions := []string{"2020-04-01-preview", "2022-07-01", "2025-05-01"}
	activity := func(_ *arm.Request, resp *arm.Response) { resp.With("x-ms-activity-id", uuid.NewString()) }
	life := tracked.Life{
		Created: http.StatusAccepted, Updated: http.StatusAccepted, Deleted: http.StatusAccepted, Absent: http.StatusNoContent, Bodiless: true, Thorough: true, WriteResult: true,
		Duration: p.Duration, Creating: "Creating", Updating: "Updating", Deleting: "Deleting", Poll: pollResolver, Header: activity, QuietETag: true,
		Status: operations + "dnsResolverOperationStatuses/{operation}", Result: operations + "dnsResolverOperationResults/{operation}",
		Token:      `{"OperationType":"{name}","OperationId":"{operation}"}`,
		WriteRetry: "5", DeleteRetry: "5", Polls: []string{""}, ETag: quotedETag, Orphan: func(verb string, id arm.ID) error { return arm.ParentNotFound(verb, id) },
	}
	rule := tracked.Life{
		Created: http.StatusCreated, Updated: http.StatusOK, Deleted: http.StatusOK, Absent: http.StatusNoContent, ETag: quotedETag, QuietETag: true, Header: activity, Orphan: life.Orphan, GroupFirst: groupFirst,
	}
	declare := func(name, operation string, t tracked.Type) *tracked.Type {
		t.Name, t.Operation, t.Versions, t.MergePatch = namespace+name, operation, versions, true
		if t.Life.Created == 0 {
			t.Life = life
		}
		prepare := t.Prepare
		t.Prepare = func(w *tracked.Write) error {
			if len(t.ReadOnly) > 0 {
				w.Once(resourceGUID, newGUID)
			}
			p.conflict(w)
			if prepare != nil {
				return prepare(w)
			}
			return nil
		}
		view := t.View
		t.View = func(v string, r *fabric.Resource, doc arm.Object) {
			doc["systemData"] = arm.Object{"createdAt": stamp(r.Created), "createdByType": "User", "lastModifiedAt": stamp(r.Changed), "lastModifiedByType": "User"}
			if view != nil {
				view(v, r, doc)
			}
		}
		return &t
	}
	guid := []string{resourceGUID}
	return []*tracked.Type{
		declare("dnsResolvers", "DnsResolver", tracked.Type{ReadOnly: guid, View: func(_ string, _ *fabric.Resource, doc arm.Object) {
			arm.Put(doc, "properties.dnsResolverState", "Connected")
		}}),
		declare("dnsResolvers/inboundEndpoints", "InboundEndpoint", tracked.Type{ReadOnly: guid, Prepare: p.prepareInbound}),
		declare("dnsResolvers/outboundEndpoints", "OutboundEndpoint", tracked.Type{ReadOnly: guid}),
		declare("dnsForwardingRulesets", "DnsForwardingRuleset", tracked.Type{ReadOnly: guid}),
		declare("dnsForwardingRulesets/forwardingRules", "ForwardingRule", tracked.Type{Proxy: true, Life: rule}),
		declare("dnsForwardingRulesets/virtualNetworkLinks", "VirtualNetworkLink", tracked.Type{Proxy: true}),
	}
}

// conflict lets a write fail at its end, as recorded, when something it stands on is being changed meanwhile.
func (p *Provider) conflict(w *tracked.Write) {
	walk(w.Body["properties"], func(id string) {
		for target, ok := arm.ParseID(id); ok && len(target.Names) > 0; target = target.Parent() {
			t := p.core.Type(target.Type())
			if t != nil && t.Life.Status == w.Type.Life.Status && p.Fabric.RunningOn(target.String()) != nil && w.Request.FailOperation == nil {
				w.Request.FailOperation = &arm.OperationError{Code: "Conflict", Message: "Another operation is pending on the specified resource."}
			}
		}
	})
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.0000000Z") }

// prepareInbound gives an inbound endpoint its addresses.
func (p *Provider) prepareInbound(w *tracked.Write) error {
	for _, raw := range arm.List(w.Body, "properties.ipConfigurations") {
		c, _ := raw.(map[string]any)
		config := arm.Object{"properties": arm.Object{"subnet": arm.Get(c, "subnet")}}
		if arm.Str(c, "privateIpAllocationMethod") == "Static" {
			continue
		}
		if err := p.privateAddress(w, config); err != nil {
			return err
		}
		c["privateIpAddress"] = arm.Str(config, "properties.privateIPAddress")
	}
	return nil
}

func pollResolver(c *tracked.Provider, rq *arm.Request, op *fabric.Operation, result bool) (*arm.Response, error) {
	id, _ := arm.ParseID(op.Resource)
	t := c.Type(id.Type())
	if result {
		switch r := c.Fabric.Get(op.Resource); {
		case op.Running():
			return c.StillRunning(t, rq, op, nil), nil
		case r != nil && op.Error == nil:
			return arm.Respond(http.StatusOK, c.View(rq.APIVersion, r)), nil
		}
	}
	body := arm.Object{"id": t.OperationPath(t.Life.Status, op), "name": t.Token(op), "startTime": stamp(op.Start), "status": op.Status}
	if !op.Running() {
		body["endTime"] = stamp(op.End)
	}
	if op.Error != nil {
		body["error"] = arm.Object{"details": nil, "code": op.Error.Code, "message": op.Error.Message, "target": nil}
	}
	return arm.Respond(http.StatusOK, body), nil
}
