package network

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/tracked"
)

// defaultRules are the rules every security group has, as recorded.
var defaultRules = []struct {
	name, description, source, destination, access, direction string
	priority                                                  int64
}{
	{"AllowVnetInBound", "Allow inbound traffic from all VMs in VNET", "VirtualNetwork", "VirtualNetwork", "Allow", "Inbound", 65000},
	{"AllowAzureLoadBalancerInBound", "Allow inbound traffic from azure load balancer", "AzureLoadBalancer", "*", "Allow", "Inbound", 65001},
	{"DenyAllInBound", "Deny all inbound traffic", "*", "*", "Deny", "Inbound", 65500},
	{"AllowVnetOutBound", "Allow outbound traffic from all VMs to all VMs in VNET", "VirtualNetwork", "VirtualNetwork", "Allow", "Outbound", 65000},
	{"AllowInternetOutBound", "Allow outbound traffic from all VMs to Internet", "*", "Internet", "Allow", "Outbound", 65001},
	{"DenyAllOutBound", "Deny all outbound traffic", "*", "*", "Deny", "Outbound", 65500},
}

// ruleLists are shown even when empty.
var ruleLists = []string{"sourcePortRanges", "destinationPortRanges", "sourceAddressPrefixes", "destinationAddressPrefixes"}

func (p *Provider) securityGroups() []*tracked.Type {
	var lists []tracked.Default
	for _, l := range ruleLists {
		lists = append(lists, tracked.Default{Path: "properties." + l, Value: []any{}})
	}
	return []*tracked.Type{
		p.resource(tracked.Type{
			Name: "networkSecurityGroups", Operation: "NetworkSecurityGroup", Life: p.life("1", "1", "1", "2", "2", "4"),
			ReadOnly: []string{resourceGUID, "properties.subnets", "properties.networkInterfaces", "properties.defaultSecurityRules"},
			Embedded: []tracked.Embedded{{Property: "securityRules", Type: namespace + "networkSecurityGroups/securityRules"}},
			View:     p.viewSecurityGroup, InUse: p.securityGroupInUse,
		}),
		p.resource(tracked.Type{
			Name: "networkSecurityGroups/securityRules", Operation: "SecurityRule", Proxy: true, Parallel: true, Life: p.life("1", "1", "1", "2", "2", "4"),
			Defaults: lists, Prepare: prepareRule,
		}),
		p.resource(tracked.Type{
			Name: "applicationSecurityGroups", Operation: "ApplicationSecurityGroup", Life: p.life("1", "10", "1"),
			InUse: func(rq *arm.Request, r *fabric.Resource) error {
				if users := p.others(rq, r, p.userIDs(r.ID)); len(users) > 0 {
					return badRequest("InUseApplicationSecurityGroupCannotBeDeleted", "Application security group %s cannot be deleted because it is in use by the following resources: %s.", r.ID, strings.Join(users, ", "))
				}
				return nil
			},
		}),
	}
}

func (p *Provider) viewSecurityGroup(_ string, r *fabric.Resource, doc arm.Object) {
	rules := []any{}
	for _, d := range defaultRules {
		props := arm.Object{
			"provisioningState": r.State, "description": d.description, "protocol": "*", "sourcePortRange": "*", "destinationPortRange": "*",
			"sourceAddressPrefix": d.source, "destinationAddressPrefix": d.destination, "access": d.access, "priority": d.priority, "direction": d.direction,
		}
		for _, l := range ruleLists {
			props[l] = []any{}
		}
		rules = append(rules, arm.Object{"name": d.name, "id": r.ID + "/defaultSecurityRules/" + d.name, "etag": r.ETag, "type": r.Type + "/defaultSecurityRules", "properties": props})
	}
	arm.Put(doc, "properties.defaultSecurityRules", rules)
	showUsers(doc, "properties.subnets", p.userIDs(r.ID, "virtualNetworks/subnets"))
	showUsers(doc, "properties.networkInterfaces", p.userIDs(r.ID, "networkInterfaces"))
}

func (p *Provider) securityGroupInUse(rq *arm.Request, r *fabric.Resource) error {
	users := p.others(rq, r, p.userIDs(r.ID))
	if len(users) == 0 {
		return nil
	}
	return badRequest("InUseNetworkSecurityGroupCannotBeDeleted", "Network security group %s cannot be deleted because it is in use by the following resources: %s. In order to delete the Network security group, remove the association with the resource(s). To learn how to do this, see aka.ms/deletensg.", r.ID, strings.Join(users, ", "))
}

// prepareRule checks what decides about a rule's place and meaning.
func prepareRule(w *tracked.Write) error {
	priority, ok := arm.Int(w.Body, "properties.priority")
	direction := arm.Str(w.Body, "properties.direction")
	switch {
	case !ok || priority < 100 || priority > 4096:
		return badRequest("SecurityRuleInvalidPriority", "Security rule %s has invalid Priority. Value provided: %d Allowed range 100-4096.", w.ID, priority)
	case !slices.Contains([]string{"Inbound", "Outbound"}, direction):
		return badRequest("InvalidRequestFormat", "Cannot parse the request. Security rule '%s' has no direction.", w.ID.Name())
	case arm.Str(w.Body, "properties.access") == "" || arm.Str(w.Body, "properties.protocol") == "":
		return badRequest("SecurityRuleParameterContainsUnsupportedValue", "Security rule parameter access or protocol for rule with Id %s is missing.", w.ID)
	}
	for _, each := range []struct{ one, many, what string }{
		{"sourcePortRange", "sourcePortRanges", "SourcePortRange"}, {"destinationPortRange", "destinationPortRanges", "DestinationPortRange"},
	} {
		if arm.Str(w.Body, "properties."+each.one) == "" && len(arm.List(w.Body, "properties."+each.many)) == 0 {
			return badRequest("SecurityRuleInvalidPortRange", "Security rule has invalid Port range. Value provided: %s. Value should be an integer OR integer range with '-' delimiter. Valid range 0-65535.", each.what)
		}
	}
	for _, s := range w.Siblings {
		if other, _ := arm.Int(s.Body, "properties.priority"); other == priority && arm.Str(s.Body, "properties.direction") == direction {
			return badRequest("SecurityRuleConflict", "%s", fmt.Sprintf("Security rule %s conflicts with rule %s. Rules cannot have the same Priority and Direction. To learn more, see aka.ms/nsgrules.", w.ID.Name(), s.Name))
		}
	}
	return nil
}
