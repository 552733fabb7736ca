package network

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/tracked"
)

// choices are the properties that are one of a few values, by type, as the REST reference lists them.
var choices = map[string]map[string][]string{
	"publicIPAddresses": {
		"properties.publicIPAllocationMethod": {"Static", "Dynamic"}, "properties.publicIPAddressVersion": {"IPv4", "IPv6"}, "sku.name": {"Basic", "Standard", "StandardV2"},
		"sku.tier": {"Regional", "Global"},
	},
	"publicIPPrefixes":       {"properties.publicIPAddressVersion": {"IPv4", "IPv6"}, "sku.name": {"Standard", "StandardV2"}, "sku.tier": {"Regional", "Global"}},
	"natGateways":            {"sku.name": {"Standard", "StandardV2"}},
	"routeTables/routes":     {"properties.nextHopType": {"VirtualNetworkGateway", "VnetLocal", "Internet", "VirtualAppliance", "None"}},
	"virtualNetworks":        {"properties.privateEndpointVNetPolicies": {"Disabled", "Basic"}},
	"virtualNetworkGateways": {"properties.gatewayType": {"Vpn", "ExpressRoute", "LocalGateway"}, "properties.vpnType": {"PolicyBased", "RouteBased"}},
	"networkSecurityGroups/securityRules": {
		"properties.protocol": {"Tcp", "Udp", "Icmp", "Esp", "Ah", "*"}, "properties.access": {"Allow", "Deny"}, "properties.direction": {"Inbound", "Outbound"},
	},
	"virtualNetworks/subnets": {
		"properties.privateEndpointNetworkPolicies":    {"Enabled", "Disabled", "NetworkSecurityGroupEnabled", "RouteTableEnabled"},
		"properties.privateLinkServiceNetworkPolicies": {"Enabled", "Disabled"},
	},
	"loadBalancers": {"sku.name": {"Basic", "Standard", "Gateway"}, "sku.tier": {"Regional", "Global"}},
}

// limits are the numbers with bounds, both included.
var limits = map[string]map[string][2]int64{
	"publicIPAddresses": {"properties.idleTimeoutInMinutes": {4, 30}},
	"natGateways":       {"properties.idleTimeoutInMinutes": {4, 120}},
}

// checkValues refuses what the provider cannot read. Values compare without case and are stored as Azure spells them.
func checkValues(w *tracked.Write) error {
	name := strings.TrimPrefix(w.Type.Name, namespace)
	for _, path := range slices.Sorted(maps.Keys(choices[name])) {
		value, known := arm.Str(w.Body, path), choices[name][path]
		i := slices.IndexFunc(known, func(v string) bool { return strings.EqualFold(v, value) })
		switch {
		case value == "":
		case i < 0:
			err := badRequest("InvalidRequestFormat", "Cannot parse the request.")
			err.Details = []arm.Detail{{Code: "InvalidJson", Message: fmt.Sprintf("Error converting value \"%s\" to one of %s. Path '%s'.", value, strings.Join(known, ", "), path)}}
			return err
		default:
			arm.Put(w.Body, path, known[i])
		}
	}
	for path, bounds := range limits[name] {
		if n, ok := arm.Int(w.Body, path); ok && (n < bounds[0] || n > bounds[1]) {
			return badRequest("InvalidIdleTimeout", "The value %d of %s of resource %s is out of range. It must be between %d and %d.", n, path[strings.LastIndexByte(path, '.')+1:], w.ID, bounds[0], bounds[1])
		}
	}
	return nil
}

// zoneLabel is one label of a zone's name; those of services begin with an underscore.
var zoneLabel = regexp.MustCompile(`^[A-Za-z0-9_]([-A-Za-z0-9_]{0,61}[A-Za-z0-9_])?$`)

// checkZoneName refuses names no zone can have.
func checkZoneName(w *tracked.Write) error {
	name := w.ID.Name()
	refuse := func(format string) error { return arm.ProviderError(http.StatusBadRequest, "BadRequest", format, name) }
	labels := strings.Split(name, ".")
	switch {
	case len(name) > 253 || slices.ContainsFunc(labels, func(l string) bool { return !zoneLabel.MatchString(l) }):
		return refuse("The zone name '%s' is invalid. Its labels consist of letters, digits, '-' and '_', and neither begin nor end with '-'.")
	case len(labels) < 2: // text observed
		return refuse("The zone name '%s' does not have enough labels. Zone names must have two or more labels.")
	}
	return nil
}
