package network

import (
	"net/http"
	"strings"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/tracked"
)

const profileType = "Microsoft.Network/trafficManagerProfiles"

// endpointKinds are the types of a profile's endpoints.
var endpointKinds = []string{"azureEndpoints", "externalEndpoints", "nestedEndpoints"}

// trafficManagers are DNS load balancers: a service of its own that writes everything at once, and null where it has nothing.
func (p *Provider) trafficManagers() []*tracked.Type {
	versions := []string{"2017-05-01", "2018-04-01", "2018-08-01", "2022-04-01", "2022-04-01-preview"}
	life := tracked.Life{
		Created: http.StatusCreated, Updated: http.StatusOK, Deleted: http.StatusOK, Absent: http.StatusNoContent, NoState: true, Header: aspNet, GroupFirst: groupFirst,
		Orphan: func(verb string, id arm.ID) error { // in lower case, as recorded
			id.Types = []string{strings.ToLower(id.Types[0]), strings.ToLower(id.Types[1])}
			return arm.ParentNotFound(verb, id)
		},
	}
	set := func(name string, v any) tracked.Default { return tracked.Default{Path: "properties." + name, Value: v} }
	out := []*tracked.Type{{
		Name: profileType, Global: true, Versions: versions, Life: life, MergePatch: true, ReadOnly: []string{"properties.dnsConfig.fqdn", "properties.endpoints"},
		Defaults: []tracked.Default{
			set("profileStatus", "Enabled"), set("dnsConfig.ttl", int64(0)), set("trafficViewEnrollmentStatus", "Disabled"),
			set("monitorConfig.intervalInSeconds", int64(30)), set("monitorConfig.toleratedNumberOfFailures", int64(3)), set("monitorConfig.timeoutInSeconds", int64(10)),
		},
		Prepare: func(w *tracked.Write) error {
			name := arm.Str(w.Body, "properties.dnsConfig.relativeName")
			if name == "" {
				return arm.ProviderError(http.StatusBadRequest, "BadRequest", "The 'relativeName' of the DNS configuration of profile '%s' is missing.", w.ID.Name())
			}
			arm.Put(w.Body, "properties.dnsConfig.fqdn", strings.ToLower(name)+".trafficmanager.net")
			return nil
		},
		View: p.viewProfile,
		Answer: func(rq *arm.Request, _ *fabric.Resource, doc arm.Object) {
			if rq.Method == http.MethodGet { // only reads show that there are no tags
				arm.Default(doc, "tags", arm.Object{})
			}
		},
	}}
	for _, kind := range endpointKinds {
		out = append(out, &tracked.Type{
			Name: profileType + "/" + kind, Proxy: true, Versions: versions, Life: life, MergePatch: true,
			Defaults: []tracked.Default{set("endpointStatus", "Enabled"), set("weight", int64(1)), set("alwaysServe", "Disabled")},
			ReadOnly: []string{"properties.endpointMonitorStatus"}, Prepare: p.prepareEndpoint, View: viewTrafficEndpoint,
		})
	}
	return out
}

func (p *Provider) profileEndpoints(profile string) []*fabric.Resource {
	var out []*fabric.Resource
	for _, kind := range endpointKinds {
		out = append(out, p.Fabric.Children(profile, profileType+"/"+kind)...)
	}
	return out
}

func (p *Provider) viewProfile(apiVersion string, r *fabric.Resource, doc arm.Object) {
	list := []any{}
	for _, e := range p.profileEndpoints(r.ID) {
		list = append(list, p.core.View(apiVersion, e))
	}
	status := "Inactive" // until there is an endpoint to watch
	if len(list) > 0 {
		status = "Online"
	}
	arm.Put(doc, "properties.endpoints", list)
	arm.Put(doc, "properties.monitorConfig.profileMonitorStatus", status)
	nullAbsent(doc, "maxReturn", "monitorConfig.path")
}

// nullAbsent writes null for properties without a value.
func nullAbsent(doc arm.Object, properties ...string) {
	for _, name := range properties {
		if arm.Get(doc, "properties."+name) == nil {
			arm.Put(doc, "properties."+name, nil)
		}
	}
}

// prepareEndpoint finds what an endpoint leads to and gives it the next priority.
func (p *Provider) prepareEndpoint(w *tracked.Write) error {
	w.Once("properties.priority", func() any { return int64(len(p.profileEndpoints(w.ID.Parent().String())) + 1) })
	nested := strings.HasSuffix(w.Type.Name, "nestedEndpoints")
	if nested {
		for k, v := range map[string]int64{"minChildEndpoints": 1, "minChildEndpointsIPv4": 0, "minChildEndpointsIPv6": 0} {
			arm.Default(w.Body, "properties."+k, v)
		}
	}
	if id := arm.Str(w.Body, "properties.targetResourceId"); id != "" {
		target := p.Fabric.Get(id)
		if target == nil {
			return arm.ProviderError(http.StatusBadRequest, "BadRequest", "The target resource '%s' of endpoint '%s' was not found.", id, w.ID.Name())
		}
		fqdn := "properties.dnsSettings.fqdn"
		if nested {
			fqdn = "properties.dnsConfig.fqdn"
		} else {
			arm.Put(w.Body, "properties.endpointLocation", target.Location)
		}
		arm.Put(w.Body, "properties.target", arm.Str(target.Body, fqdn))
	}
	return nil
}

func viewTrafficEndpoint(_ string, r *fabric.Resource, doc arm.Object) {
	status := "Unmonitored"
	if strings.HasSuffix(r.Type, "nestedEndpoints") {
		status = "Stopped"
	}
	arm.Put(doc, "properties.endpointMonitorStatus", status)
	if location := arm.Str(doc, "properties.endpointLocation"); location != "" {
		arm.Put(doc, "properties.endpointLocation", displayName(location))
	}
	nullAbsent(doc, "targetResourceId", "minChildEndpoints", "target")
}

// regions are the words region names are made of; a display name separates and capitalises them.
var regions = []string{"south", "north", "east", "west", "central", "southeast", "northeast", "us", "europe", "asia", "australia", "brazil", "canada", "france", "germany", "india", "japan", "korea", "norway", "sweden", "switzerland", "uae", "uk", "africa"}

// displayName is "West US 2" of "westus2".
func displayName(location string) string {
	rest := strings.ToLower(location)
	var words []string
	for rest != "" {
		word := ""
		for _, r := range regions {
			if strings.HasPrefix(rest, r) && len(r) > len(word) {
				word = r
			}
		}
		if word == "" {
			words = append(words, rest)
			break
		}
		rest = strings.TrimPrefix(rest, word)
		if len(word) <= 3 {
			words = append(words, strings.ToUpper(word))
		} else {
			words = append(words, strings.ToUpper(word[:1])+word[1:])
		}
	}
	return strings.Join(words, " ")
}
