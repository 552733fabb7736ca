package aks

import (
	"fmt"
	"maps"
	"net/http"
	"strings"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/spec"
)

// Properties only the service sets. A client may send them back; AKS ignores them.
var clusterReadOnly = []string{
	"provisioningState", "maxAgentPools", "currentKubernetesVersion", "fqdn", "privateFQDN", "azurePortalFQDN", "resourceUID", "status", "powerState",
	"oidcIssuerProfile.issuerURL", "networkProfile.loadBalancerProfile.effectiveOutboundIPs", "networkProfile.natGatewayProfile.effectiveOutboundIPs",
}

var poolReadOnly = []string{"provisioningState", "currentOrchestratorVersion", "eTag", "status", "nodeImageVersion", "localDNSProfile.state"}

// checkBody refuses what the provider cannot decode or what the description forbids.
func checkBody(typ string, rq *arm.Request) error {
	if rq.Body == nil {
		return arm.GatewayError(http.StatusBadRequest, "InvalidRequestContent", "The request content was invalid and could not be deserialized: 'the body is empty'.")
	}
	if unknown := spec.Unknown(typ, rq.APIVersion, rq.Body); len(unknown) > 0 {
		name := unknown[0][strings.LastIndexByte(unknown[0], '.')+1:]
		return badRequest("UnmarshalError", "", "UnmarshalEntity encountered error: json: unknown field \"%s\" Check that the field is in the right location, is spelled correctly, and is supported in the API version. Visit aka.ms/aks/apiversions for more API version information..", name)
	}
	for _, finding := range spec.Refusals(spec.Validate(typ, rq.APIVersion, rq.Body)) {
		kind, rest, _ := strings.Cut(finding, ": ")
		path, text, _ := strings.Cut(rest, ": ")
		parameter := strings.TrimPrefix(path, "properties.")
		if kind != spec.KindType && ownText(path) {
			continue
		}
		switch kind {
		case spec.KindType:
			return badRequest("UnmarshalError", "", "UnmarshalEntity encountered error: json: cannot unmarshal field %s: %s.", path, text)
		case spec.KindRange, spec.KindLength, spec.KindPattern:
			return badRequest("InvalidParameter", parameter, "The value of parameter %s is invalid. Error details: %s. Please see https://aka.ms/aks-naming-rules for more details.", parameter, text)
		}
	}
	return checkValues(typ, rq.Body)
}

// ownText says that the provider's rule for a property, with its recorded text, comes later.
func ownText(path string) bool {
	name := path[strings.LastIndexByte(path, '.')+1:]
	switch name {
	case "dnsPrefix", "maxPods", "osDiskSizeGB":
		return true
	case "name", "count":
		return strings.Contains(path, "agentPoolProfiles[") || path == "properties.count"
	}
	return false
}

// clean copies a body without nulls and read-only properties.
func clean(body arm.Object, readOnly []string) arm.Object {
	out := withoutNulls(body).(arm.Object)
	for _, k := range []string{"id", "name", "type", "eTag", "etag", "systemData"} {
		delete(out, k)
	}
	props := arm.Map(out, "properties")
	if props == nil {
		props = arm.Object{}
		out["properties"] = props
	}
	for _, path := range readOnly {
		arm.Remove(props, path)
	}
	arm.Remove(out, "identity.principalId")
	arm.Remove(out, "identity.tenantId")
	return out
}

// cleanPool is clean for a profile inside a cluster.
func cleanPool(profile arm.Object) arm.Object {
	out := withoutNulls(profile).(arm.Object)
	delete(out, "name")
	for _, path := range poolReadOnly {
		arm.Remove(out, path)
	}
	return out
}

// withoutNulls copies a value without null and "", which both mean "not set" to the service; an empty tag or label
// is a value.
func withoutNulls(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, x := range v {
			switch {
			case x == nil || x == "":
			case k == "tags" || k == "nodeLabels" || k == "config":
				out[k] = arm.Copy(x)
			default:
				out[k] = withoutNulls(x)
			}
		}
		return out
	case []any:
		out := make([]any, 0, len(v))
		for _, x := range v {
			out = append(out, withoutNulls(x))
		}
		return out
	}
	return v
}

// replaced are the maps that a PUT replaces as a whole instead of merging into them. That the settings of an add-on
// (config) and the zones of a node's DNS are among them is assumed: they are maps with free keys, like labels and tags.
var replaced = map[string]bool{
	"tags": true, "nodeLabels": true, "autoScalerProfile": true, "userAssignedIdentities": true,
	"config": true, "kubeDNSOverrides": true, "vnetDNSOverrides": true,
}

// merge overlays what was sent on what is stored. Objects merge, everything else replaces.
func merge(stored, sent arm.Object) arm.Object {
	out := arm.Copy(stored)
	if out == nil {
		out = arm.Object{}
	}
	for k, v := range sent {
		m, isMap := v.(map[string]any)
		old, wasMap := out[k].(map[string]any)
		if isMap && wasMap && !replaced[k] {
			out[k] = merge(old, m)
		} else {
			out[k] = arm.Copy(v)
		}
	}
	return out
}

// outboundKinds are alternatives: sending one drops the others.
var outboundKinds = []string{"managedOutboundIPs", "outboundIPs", "outboundIPPrefixes"}

func mergeCluster(stored, sent arm.Object) arm.Object {
	out := merge(stored, sent)
	if sent["tags"] == nil { // assumed: a cluster PUT without tags clears them
		delete(out, "tags")
	}
	for one, list := range map[string]string{"podCidr": "podCidrs", "serviceCidr": "serviceCidrs"} { // two names for the same range
		n := arm.Map(sent, "properties.networkProfile")
		switch {
		case n[one] != nil && n[list] == nil:
			arm.Put(out, "properties.networkProfile."+list, []any{n[one]})
		case n[one] == nil && len(arm.List(n, list)) > 0:
			arm.Put(out, "properties.networkProfile."+one, arm.List(n, list)[0])
		}
	}
	lb := arm.Map(sent, "properties.networkProfile.loadBalancerProfile")
	for _, kind := range outboundKinds {
		if lb[kind] == nil {
			continue
		}
		for _, other := range outboundKinds {
			if lb[other] == nil {
				arm.Remove(out, "properties.networkProfile.loadBalancerProfile."+other)
			}
		}
	}
	if props := arm.Map(out, "properties"); props != nil {
		defaultPrivate(props)
		forgetSecrets(props)
		if n := arm.Map(props, "networkProfile"); n != nil {
			defaultOutbound(n)
		}
	}
	dropEmptyTags(out)
	return out
}

func mergePool(stored, sent arm.Object) arm.Object {
	out := merge(stored, sent)
	if auto, ok := sent["enableAutoScaling"].(bool); ok && !auto {
		for _, k := range []string{"minCount", "maxCount"} {
			if sent[k] == nil {
				delete(out, k)
			}
		}
	}
	if arm.Bool(out, "enableAutoScaling") && out["count"] == nil {
		out["count"] = out["minCount"]
	}
	return out
}

// dropEmpty removes empty maps and lists a client may send but never reads back.
func dropEmpty(props arm.Object) {
	maps.DeleteFunc(props, func(k string, v any) bool {
		switch v := v.(type) {
		case map[string]any:
			return len(v) == 0 && (k == "tags" || k == "nodeLabels")
		case []any:
			return len(v) == 0
		}
		return false
	})
}

func dropEmptyTags(o arm.Object) {
	if t, ok := o["tags"].(map[string]any); ok && len(t) == 0 {
		delete(o, "tags")
	}
}

func text(v any) string {
	if v == nil {
		return ""
	}
	return strings.ToLower(fmt.Sprint(v))
}
