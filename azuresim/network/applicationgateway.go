package network

import (
	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/tracked"
)

// applicationGateways are what AKS's ingress add-on works with.
func (p *Provider) applicationGateways() []*tracked.Type {
	set := func(name string, v any) tracked.Default { return tracked.Default{Path: "properties." + name, Value: v} }
	defaults := []tracked.Default{set("sku.family", "Generation_1")}
	for _, empty := range []string{
		"sslCertificates", "trustedRootCertificates", "trustedClientCertificates", "sslProfiles", "loadDistributionPolicies", "backendSettingsCollection", "listeners", "urlPathMaps", "routingRules",
		"probes", "rewriteRuleSets", "redirectConfigurations", "privateLinkConfigurations", "privateEndpointConnections",
	} {
		defaults = append(defaults, set(empty, []any{}))
	}
	firewall := p.life("", "10", "1")
	return []*tracked.Type{
		p.resource(tracked.Type{
			Name: "applicationGateways", Operation: "ApplicationGateway", Life: p.life("5", "10", "1", "2", "2", "4", "4", "8", "8", "16", "16", "10"), Defaults: defaults,
			ReadOnly: []string{resourceGUID, "properties.operationalState"}, View: viewApplicationGateway, Ended: p.allocateUsed,
			Prepare: func(w *tracked.Write) error {
				if firewall := arm.Map(w.Body, "properties.webApplicationFirewallConfiguration"); firewall != nil {
					for k, v := range map[string]any{"disabledRuleGroups": []any{}, "fileUploadLimitInMb": int64(100), "maxRequestBodySizeInKb": int64(128), "requestBodyCheck": true} {
						arm.Default(firewall, k, v)
					}
				}
				return nil
			},
		},
			part{property: "gatewayIPConfigurations"}, part{property: "frontendIPConfigurations", defaults: arm.Object{"privateIPAllocationMethod": "Dynamic"}}, part{property: "frontendPorts"},
			part{property: "backendAddressPools", defaults: arm.Object{"backendAddresses": []any{}}}, part{property: "backendHttpSettingsCollection", defaults: arm.Object{"requestTimeout": int64(30)}},
			part{property: "httpListeners", defaults: arm.Object{"requireServerNameIndication": false}}, part{property: "requestRoutingRules"},
		),
		p.resource(tracked.Type{
			Name: "ApplicationGatewayWebApplicationFirewallPolicies", Operation: "WebApplicationFirewallPolicy", Life: firewall, Prepare: prepareFirewall, ReadOnly: []string{"properties.applicationGateways"},
			View: func(_ string, r *fabric.Resource, doc arm.Object) {
				showUsers(doc, "properties.applicationGateways", p.userIDs(r.ID, "applicationGateways"))
			},
		}),
	}
}

func viewApplicationGateway(_ string, r *fabric.Resource, doc arm.Object) {
	state := "Running"
	if r.State != fabric.Succeeded {
		state = "Stopped"
	}
	arm.Put(doc, "properties.operationalState", state)
	showPointing(doc, "frontendIPConfigurations", "httpListeners")
	showPointing(doc, "frontendPorts", "httpListeners")
	for _, list := range []string{"backendAddressPools", "backendHttpSettingsCollection", "httpListeners"} {
		showPointing(doc, list, "requestRoutingRules")
	}
}

// prepareFirewall fills what the parts of a firewall policy leave out.
func prepareFirewall(w *tracked.Write) error {
	for path, v := range map[string]any{
		"policySettings.requestBodyInspectLimitInKB": int64(128), "policySettings.fileUploadEnforcement": true, "policySettings.requestBodyEnforcement": true,
		"customRules": []any{}, "managedRules.exclusions": []any{},
	} {
		arm.Default(w.Body, "properties."+path, v)
	}
	for _, rule := range elements(w.Body, "customRules") {
		arm.Default(rule, "skippedManagedRuleSets", []any{})
		arm.Default(rule, "state", "Enabled")
		for _, raw := range arm.List(rule, "matchConditions") {
			if condition, ok := raw.(map[string]any); ok {
				arm.Default(condition, "transforms", []any{})
			}
		}
	}
	for _, set := range elements(w.Body, "managedRules.managedRuleSets") {
		arm.Default(set, "ruleGroupOverrides", []any{})
	}
	return nil
}
