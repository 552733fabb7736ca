// Package insights emulates the part of Microsoft.Insights that clusters have: diagnostic settings on any resource.
// It must not collect anything; a setting is only a document.
package insights

import (
	"net/http"
	"slices"
	"strings"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/tracked"
	"github.com/capaks/capaks/azuresim/world"
)

const (
	settingType  = "Microsoft.Insights/diagnosticSettings"
	categoryType = "Microsoft.Insights/diagnosticSettingsCategories"
	settingLimit = 5
)

var versions = []string{"2017-05-01-preview", "2021-05-01-preview"}

// sinks are the properties that name where logs and metrics go.
var sinks = []string{"storageAccountId", "serviceBusRuleId", "workspaceId", "eventHubAuthorizationRuleId", "eventHubName", "marketplacePartnerId"}

// clusterLogs are the log categories of a managed cluster; other resources take any.
var clusterLogs = []string{
	"kube-apiserver", "kube-audit", "kube-audit-admin", "kube-controller-manager", "kube-scheduler", "cluster-autoscaler", "cloud-controller-manager", "guard", "csi-azuredisk-controller", "csi-azurefile-controller",
	"csi-snapshot-controller",
}

// Provider serves Microsoft.Insights.
type Provider struct {
	tracked.Provider
}

// New declares the types.
func New(f *fabric.Fabric, w *world.Holder) *Provider {
	p := &Provider{tracked.Provider{Namespace: "Microsoft.Insights", Fabric: f, World: w}}
	p.Types = []*tracked.Type{{
		Name: settingType, Versions: versions, Under: "{scope*}", Proxy: true, Operation: "DiagnosticSetting",
		Life:    tracked.Life{Created: http.StatusOK, Updated: http.StatusOK, Deleted: http.StatusOK, Absent: http.StatusNoContent, NoState: true},
		Prepare: p.prepare, View: view,
		NotFound: func(id arm.ID) error {
			return arm.ProviderError(http.StatusNotFound, "ResourceNotFound", "The diagnostic setting '%s' of resource '%s' was not found.", id.Name(), strings.ToLower(id.Parent().String()))
		},
	}}
	return p
}

// Routes adds the categories, which are read-only.
func (p *Provider) Routes() []arm.Route {
	const path = "{scope*}/providers/Microsoft.Insights/diagnosticSettingsCategories"
	return append(p.Provider.Routes(),
		arm.Route{Method: http.MethodGet, Path: path, Type: categoryType, Verb: "read", Versions: versions, Handler: p.listCategories},
		arm.Route{Method: http.MethodGet, Path: path + "/{category}", Type: categoryType, Verb: "read", Versions: versions, Handler: p.getCategory},
	)
}

func isCluster(id arm.ID) bool {
	return strings.EqualFold(id.Type(), "Microsoft.ContainerService/managedClusters")
}

func bad(format string, args ...any) error {
	return arm.ProviderError(http.StatusBadRequest, "BadRequest", format, args...)
}

// prepare applies the service's rules: somewhere to go, known categories, no sink twice for a category, five settings.
func (p *Provider) prepare(w *tracked.Write) error {
	props := arm.Map(w.Body, "properties")
	if !slices.ContainsFunc(sinks, func(s string) bool { return arm.Str(props, s) != "" }) {
		return bad("At least one data sink needs to be specified.")
	}
	parent := w.ID.Parent()
	for _, log := range entries(props, "logs") {
		name := arm.Str(log, "category")
		if name != "" && isCluster(parent) && !slices.Contains(clusterLogs, name) {
			return bad("Category '%s' is not supported.", name)
		}
	}
	others := 0
	for _, other := range p.Fabric.Children(parent.String(), settingType) {
		if other == w.Stored {
			continue
		}
		others++
		if sink, category := shared(props, arm.Map(other.Body, "properties")); sink != "" {
			return arm.ProviderError(http.StatusConflict, "Conflict", "Data sink '%s' is already used in diagnostic setting '%s' for category '%s'. Data sinks can't be reused in different settings on the same category for the same resource.", sink, other.Name, category)
		}
	}
	if others >= settingLimit {
		return bad("The limit of %d diagnostic settings was reached. To create new diagnostic setting, delete an existing one.", settingLimit)
	}
	for kind, defaults := range map[string]arm.Object{"logs": {"category": nil, "categoryGroup": nil}, "metrics": {"category": nil}} {
		list := []any{}
		for _, e := range entries(props, kind) {
			for k, v := range defaults {
				if e[k] == nil {
					e[k] = v
				}
			}
			arm.Default(e, "retentionPolicy", arm.Object{"enabled": false, "days": int64(0)})
			list = append(list, e)
		}
		props[kind] = list
	}
	return nil
}

func entries(props arm.Object, kind string) []arm.Object {
	var out []arm.Object
	for _, raw := range arm.List(props, kind) {
		if e, ok := raw.(map[string]any); ok {
			out = append(out, e)
		}
	}
	return out
}

// shared finds a sink that two settings use for the same category.
func shared(a, b arm.Object) (sink, category string) {
	for _, s := range sinks {
		id := arm.Str(a, s)
		if id == "" || s == "eventHubName" || !strings.EqualFold(id, arm.Str(b, s)) {
			continue
		}
		for _, kind := range []string{"logs", "metrics"} {
			for _, x := range entries(a, kind) {
				for _, y := range entries(b, kind) {
					if name := arm.Str(x, "category"); name != "" && name == arm.Str(y, "category") && arm.Bool(x, "enabled") && arm.Bool(y, "enabled") {
						return id, name
					}
				}
			}
		}
	}
	return "", ""
}

// view spells the id in lower case but for the setting's name, as the service does, and shows every property.
func view(_ string, r *fabric.Resource, doc arm.Object) {
	doc["id"] = strings.ToLower(r.ARMID().Parent().String()) + "/providers/microsoft.insights/diagnosticSettings/" + r.Name
	for _, k := range []string{"location", "kind", "tags", "identity"} {
		doc[k] = nil
	}
	props := arm.Map(doc, "properties")
	for _, k := range append([]string{"logAnalyticsDestinationType"}, sinks...) {
		if props[k] == nil && k != "marketplacePartnerId" {
			props[k] = nil
		}
	}
}

func (p *Provider) categories(rq *arm.Request) []arm.Object {
	scope, _ := arm.ParseID(rq.Params["scope"])
	out := []arm.Object{}
	add := func(name, kind string, groups []string) {
		out = append(out, arm.Object{"id": strings.ToLower(scope.String()) + "/providers/microsoft.insights/diagnosticSettingsCategories/" + name, "type": "microsoft.insights/diagnosticSettingsCategories", "name": name,
			"location": nil, "kind": nil, "tags": nil, "identity": nil, "properties": arm.Object{"categoryType": kind, "categoryGroups": groups}})
	}
	if isCluster(scope) {
		for _, name := range clusterLogs {
			groups := []string{"allLogs"}
			if strings.HasPrefix(name, "kube-audit") {
				groups = append(groups, "audit")
			}
			add(name, "Logs", groups)
		}
	}
	add("AllMetrics", "Metrics", nil)
	return out
}

func (p *Provider) listCategories(rq *arm.Request) (*arm.Response, error) {
	return arm.Respond(http.StatusOK, arm.Page(rq, p.categories(rq))), nil
}

func (p *Provider) getCategory(rq *arm.Request) (*arm.Response, error) {
	for _, c := range p.categories(rq) {
		if strings.EqualFold(c["name"].(string), rq.Params["category"]) {
			return arm.Respond(http.StatusOK, c), nil
		}
	}
	return nil, arm.ProviderError(http.StatusNotFound, "NotFound", "The category '%s' was not found.", rq.Params["category"])
}
