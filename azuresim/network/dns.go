package network

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/tracked"
)

const (
	privateZone = "Microsoft.Network/privateDnsZones"
	publicZone  = "Microsoft.Network/dnszones"
	zoneLinks   = "Microsoft.Network/privateDnsZones/virtualNetworkLinks"
)

var privateZoneVersions = []string{"2018-09-01", "2020-01-01", "2020-06-01", "2024-06-01"}

// recordTypes are the kinds of record sets, with the property that holds the records.
var recordTypes = []struct{ typ, property string }{
	{"A", "aRecords"}, {"AAAA", "aaaaRecords"}, {"CNAME", "cnameRecord"}, {"MX", "mxRecords"}, {"PTR", "ptrRecords"}, {"SOA", "soaRecord"}, {"SRV", "srvRecords"}, {"TXT", "txtRecords"},
	{"NS", "NSRecords"}, {"CAA", "caaRecords"},
}

// zoneLife is how the private DNS service answers: 202 without a document, and a status that is itself a 202 until
// the operation has ended.
func (p *Provider) zoneLife(etag func() string) tracked.Life {
	const operations = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network/"
	return tracked.Life{
		Created: http.StatusAccepted, Updated: http.StatusAccepted, Deleted: http.StatusAccepted, Absent: http.StatusNoContent, Bodiless: true, Thorough: true, WriteResult: true,
		Duration: p.Duration, Creating: "Creating", Updating: "Updating", Deleting: "Deleting",
		Status: operations + "privateDnsOperationStatuses/{operation}", Result: operations + "privateDnsOperationResults/{operation}",
		Token:      "FrontEndAsyncOperation;{name};{operation}_{operation}",
		WriteRetry: "30", DeleteRetry: "30", Polls: []string{"30"}, ETag: etag, Orphan: func(verb string, id arm.ID) error { return arm.ParentNotFound(verb, id) },
		Poll: pollZone, Header: aspNet,
	}
}

func pollZone(c *tracked.Provider, rq *arm.Request, op *fabric.Operation, result bool) (*arm.Response, error) {
	id, _ := arm.ParseID(op.Resource)
	t := c.Type(id.Type())
	body := arm.Object{"status": op.Status}
	switch r := c.Fabric.Get(op.Resource); {
	case op.Running() && result:
		return c.StillRunning(t, rq, op, nil), nil
	case op.Running():
		return c.StillRunning(t, rq, op, body), nil
	case op.Error != nil:
		body["error"] = op.Error
	case result && r != nil:
		return arm.Respond(http.StatusOK, c.View(rq.APIVersion, r)), nil
	}
	return arm.Respond(http.StatusOK, body), nil
}

// aspNet are headers both DNS services send.
func aspNet(_ *arm.Request, resp *arm.Response) {
	resp.With("X-Powered-By", "ASP.NET").With("X-AspNet-Version", "4.0.30319")
}

func bareETag() string { return uuid.NewString() }

func quotedETag() string { return `"` + uuid.NewString() + `"` }

// recordLife: record sets are written at once.
func recordLife(header func(*arm.Request, *arm.Response)) tracked.Life {
	return tracked.Life{
		Created: http.StatusCreated, Updated: http.StatusOK, Deleted: http.StatusOK, Absent: http.StatusNoContent, ETag: bareETag, Header: header, GroupFirst: groupFirst,
		Orphan: func(verb string, id arm.ID) error { return arm.ParentNotFound(verb, id) },
	}
}

func (p *Provider) privateZones() []*tracked.Type {
	limits := arm.Object{"maxNumberOfRecordSets": int64(25000), "maxNumberOfVirtualNetworkLinks": int64(1000), "maxNumberOfVirtualNetworkLinksWithRegistration": int64(100)}
	out := []*tracked.Type{
		{
			Name: privateZone, Operation: "PrivateDnsZone", Global: true, Versions: privateZoneVersions, Life: p.zoneLife(bareETag), MergePatch: true,
			Since: map[string]string{"properties.internalId": "2024-06-01"},
			Prepare: func(w *tracked.Write) error {
				if err := checkZoneName(w); err != nil {
					return err
				}
				id := base64.StdEncoding.EncodeToString([]byte("ImmutableZoneIdentity;" + uuid.NewString() + ";0"))
				w.Body["properties"] = arm.Object{}
				w.Once("properties.internalId", func() any { return id })
				return nil
			},
			Accepted: p.startOfAuthority,
			View: func(_ string, r *fabric.Resource, doc arm.Object) {
				links := p.Fabric.Children(r.ID, zoneLinks)
				registering := slices.DeleteFunc(slices.Clone(links), func(l *fabric.Resource) bool { return !arm.Bool(l.Body, "properties.registrationEnabled") })
				for k, v := range limits {
					arm.Put(doc, "properties."+k, v)
				}
				arm.Put(doc, "properties.numberOfRecordSets", int64(len(p.Fabric.Children(r.ID, ""))-len(links)))
				arm.Put(doc, "properties.numberOfVirtualNetworkLinks", int64(len(links)))
				arm.Put(doc, "properties.numberOfVirtualNetworkLinksWithRegistration", int64(len(registering)))
			},
			InUse: p.zoneInUse,
		},
		{
			Name: zoneLinks, Operation: "VirtualNetworkLink", Global: true, Versions: privateZoneVersions, Life: p.zoneLife(quotedETag), MergePatch: true,
			ReadOnly: []string{"properties.virtualNetworkLinkState"},
			Defaults: []tracked.Default{{Path: "properties.registrationEnabled", Value: false}},
			Prepare: func(w *tracked.Write) error {
				if arm.Str(w.Body, "properties.virtualNetwork.id") == "" {
					return arm.ProviderError(http.StatusBadRequest, "BadRequest", "The virtual network of the link '%s' is missing.", w.ID.Name())
				}
				return nil
			},
			View: func(_ string, r *fabric.Resource, doc arm.Object) {
				state := "Completed"
				if r.State != fabric.Succeeded {
					state = "InProgress"
				}
				arm.Put(doc, "properties.virtualNetworkLinkState", state)
			},
		},
	}
	for _, r := range recordTypes[:8] {
		out = append(out, p.recordSet(privateZone+"/"+r.typ, r.property, privateZoneVersions, aspNet, func(doc arm.Object) {
			arm.Put(doc, "properties.isAutoRegistered", false)
		}))
	}
	return out
}

// zoneInUse: the gateway itself refuses to delete a zone with links.
func (p *Provider) zoneInUse(rq *arm.Request, r *fabric.Resource) error {
	links := p.Fabric.Children(r.ID, zoneLinks)
	if len(links) == 0 || rq.ID.Provider == "" {
		return nil
	}
	var names []string
	for _, l := range links {
		id := l.ARMID()
		names = append(names, "'"+id.Provider+"/"+id.Types[0]+"/"+id.Names[0]+"/"+id.Types[1]+"/"+id.Names[1]+"'")
	}
	return arm.GatewayError(http.StatusConflict, "CannotDeleteResource", "Cannot delete resource while nested resources exist. Some existing nested resource IDs include: %s. Please delete all nested resources before deleting this resource.", strings.Join(names, ", "))
}

// startOfAuthority is the record set every private zone begins with.
func (p *Provider) startOfAuthority(w *tracked.Write, r *fabric.Resource) {
	if w.Stored != nil {
		return
	}
	soa := arm.Object{"email": "azureprivatedns-host.microsoft.com", "expireTime": int64(2419200), "host": "azureprivatedns.net", "minimumTtl": int64(10), "refreshTime": int64(3600), "retryTime": int64(300), "serialNumber": int64(1)}
	_, _ = p.Put(r.ARMID().Child("SOA", "@"), "", arm.Object{"properties": arm.Object{"ttl": int64(3600), "soaRecord": soa}}) // the body is well formed
}

// recordSet is one kind of record set. Its type says which records it may have.
func (p *Provider) recordSet(name, property string, versions []string, header func(*arm.Request, *arm.Response), view func(arm.Object)) *tracked.Type {
	kind := name[strings.LastIndexByte(name, '/')+1:]
	return &tracked.Type{
		Name: name, Proxy: true, Versions: versions, Life: noState(recordLife(header)), MergePatch: true,
		ReadOnly: []string{"properties.fqdn", "properties.isAutoRegistered"},
		Prepare: func(w *tracked.Write) error {
			for k := range arm.Map(w.Body, "properties") {
				if strings.EqualFold(k, property) {
					return nil
				}
			}
			return arm.ProviderError(http.StatusBadRequest, "BadRequest", "The resource record '%s' of type %s has no records.", w.ID.Name(), kind)
		},
		InUse: func(_ *arm.Request, r *fabric.Resource) error {
			if kind == "SOA" || r.Name == "@" && kind == "NS" {
				return arm.ProviderError(http.StatusBadRequest, "BadRequest", "RecordSets of type '%s' with name '@' cannot be deleted.", kind)
			}
			return nil
		},
		View: func(_ string, r *fabric.Resource, doc arm.Object) {
			fqdn := r.ARMID().Parent().Name() + "."
			if r.Name != "@" {
				fqdn = r.Name + "." + fqdn
			}
			arm.Put(doc, "properties.fqdn", fqdn)
			view(doc)
		},
		NotFound: func(id arm.ID) error {
			return arm.ProviderError(http.StatusNotFound, "NotFound", "The resource record '%s' does not exist in resource group '%s' of subscription '%s'.", id.Name(), id.ResourceGroup, id.Subscription)
		},
	}
}

func noState(l tracked.Life) tracked.Life {
	l.NoState = true
	return l
}

// recordSetRoutes list the record sets of all types of a zone.
func (p *Provider) recordSetRoutes() []arm.Route {
	var out []arm.Route
	for _, zone := range []string{privateZone, publicZone} {
		t := p.core.Type(zone)
		for _, all := range []string{"ALL", "recordsets"} {
			out = append(out, arm.Route{
				Method: http.MethodGet, Path: "/subscriptions/{sub}/resourceGroups/{rg}/providers/" + zone + "/{zone}/" + all, Type: zone, Verb: "read", Versions: t.Versions,
				Handler: func(rq *arm.Request) (*arm.Response, error) {
					if p.Fabric.Get(rq.ID.String()) == nil {
						return nil, arm.ResourceNotFound(rq.ID)
					}
					var value []arm.Object
					for _, r := range p.Fabric.Children(rq.ID.String(), "") {
						if !strings.EqualFold(r.Type, zoneLinks) {
							value = append(value, p.core.View(rq.APIVersion, r))
						}
					}
					return arm.Respond(http.StatusOK, arm.Page(rq, value)), nil
				},
			})
		}
	}
	return out
}

// publicZones are public DNS zones. Their ids are spelled dnszones whatever the caller writes.
func (p *Provider) publicZones() []*tracked.Type {
	versions := []string{"2016-04-01", "2017-10-01", "2018-05-01", "2023-07-01-preview"}
	header := func(_ *arm.Request, resp *arm.Response) { resp.With("X-Powered-By", "ASP.NET") }
	life := noState(recordLife(header))
	// The older service's own text, recorded for its zones only.
	life.Orphan = func(_ string, id arm.ID) error {
		return arm.GatewayError(http.StatusNotFound, "ParentResourceNotFound", "Can not perform requested operation on nested resource. Parent resource '%s' not found.", id.Parent().Name())
	}
	out := []*tracked.Type{{
		Name: publicZone, Global: true, Versions: versions, Life: life,
		Defaults: []tracked.Default{{Path: "tags", Value: arm.Object{}}},
		Prepare: func(w *tracked.Write) error {
			w.Body["properties"] = arm.Object{}
			return checkZoneName(w)
		},
		Accepted: func(w *tracked.Write, r *fabric.Resource) {
			if w.Stored == nil {
				soa := arm.Object{"email": "azuredns-hostmaster.microsoft.com", "expireTime": int64(2419200), "host": nameServers[0], "minimumTTL": int64(300), "refreshTime": int64(3600), "retryTime": int64(300), "serialNumber": int64(1)}
				_, _ = p.Put(r.ARMID().Child("SOA", "@"), "", arm.Object{"properties": arm.Object{"TTL": int64(3600), "SOARecord": soa}})
				var records []any
				for _, s := range nameServers {
					records = append(records, arm.Object{"nsdname": s})
				}
				_, _ = p.Put(r.ARMID().Child("NS", "@"), "", arm.Object{"properties": arm.Object{"TTL": int64(172800), "NSRecords": records}})
			}
		},
		View: func(_ string, r *fabric.Resource, doc arm.Object) {
			doc["properties"] = arm.Object{"maxNumberOfRecordSets": int64(10000), "maxNumberOfRecordsPerRecordSet": nil, "nameServers": nameServers, "numberOfRecordSets": int64(len(p.Fabric.Children(r.ID, ""))), "zoneType": "Public"}
		},
	}}
	for _, r := range recordTypes {
		set := p.recordSet(publicZone+"/"+r.typ, r.property, versions, header, func(doc arm.Object) {
			arm.Default(doc, "properties.targetResource", arm.Object{})
			arm.Put(doc, "properties.provisioningState", "Succeeded")
		})
		set.Life.Orphan = life.Orphan
		out = append(out, set)
	}
	return out
}

var nameServers = []string{"ns1-03.azure-dns.com.", "ns2-03.azure-dns.net.", "ns3-03.azure-dns.org.", "ns4-03.azure-dns.info."}
