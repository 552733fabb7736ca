package aks

import (
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
)

// Infrastructure is what AKS asks of its neighbours for the node resource group: the resources there are ordinary ones
// that anybody can read. Nil functions leave the group to the scale sets.
type Infrastructure struct {
	// Put makes or changes a network resource.
	Put func(id arm.ID, location string, body arm.Object) (*fabric.Resource, error)
	// Identity makes a user-assigned identity and returns its client and object id.
	Identity func(id arm.ID, location string) (clientID, objectID string)
}

const (
	networkNamespace = "Microsoft.Network"
	loadBalancerName = "kubernetes" // the cloud provider's name for it
	outboundPool     = "aksOutboundBackendPool"
)

// part is the id of a resource in the node resource group.
func (p *Provider) part(c *fabric.Resource, namespace, typ, name string) arm.ID {
	id := p.nodeGroupID(c)
	id.Provider, id.Types, id.Names = namespace, []string{typ}, []string{name}
	return id
}

// put makes a network resource with the cluster's tags.
func (p *Provider) put(c *fabric.Resource, typ, name string, body arm.Object) error {
	return p.putTagged(c, p.part(c, networkNamespace, typ, name), c.Location, body)
}

func (p *Provider) putTagged(c *fabric.Resource, id arm.ID, location string, body arm.Object) error {
	if tags := arm.Map(c.Body, "tags"); tags != nil {
		merged := arm.Copy(tags)
		for k, v := range arm.Map(body, "tags") {
			merged[k] = v
		}
		body["tags"] = merged
	}
	_, err := p.Infrastructure.Put(id, location, body)
	return err
}

func reference(id arm.ID) arm.Object { return arm.Object{"id": id.String()} }

// furnish fills a new node resource group: the nodes' identity, their security group and, unless the nodes go into a
// subnet of the user, a network.
func (p *Provider) furnish(c *fabric.Resource) {
	if p.Infrastructure.Identity != nil && arm.Str(c.Body, "properties.identityProfile.kubeletidentity.resourceId") == "" {
		k := private(c)
		k.KubeletClient, k.KubeletObject = p.Infrastructure.Identity(p.part(c, "Microsoft.ManagedIdentity", "userAssignedIdentities", c.Name+"-agentpool"), c.Location)
	}
	if p.Infrastructure.Put == nil {
		return
	}
	suffix := private(c).ScaleSetSuffix
	group, table := "aks-agentpool-"+suffix+"-nsg", "aks-agentpool-"+suffix+"-routetable"
	_ = p.put(c, "networkSecurityGroups", group, arm.Object{}) // a resource of its own making: nothing in it can be refused
	kubenet := arm.Str(c.Body, "properties.networkProfile.networkPlugin") == "kubenet"
	if kubenet {
		_ = p.put(c, "routeTables", table, arm.Object{})
	}
	if len(p.broughtSubnets(c)) > 0 {
		return
	}
	subnet := arm.Object{"addressPrefix": nodeSubnet, "networkSecurityGroup": reference(p.part(c, networkNamespace, "networkSecurityGroups", group))}
	if kubenet {
		subnet["routeTable"] = reference(p.part(c, networkNamespace, "routeTables", table))
	}
	id := p.nodeSubnetID(c)
	_ = p.put(c, "virtualNetworks", id.Parent().Name(), arm.Object{"properties": arm.Object{
		"addressSpace": arm.Object{"addressPrefixes": []any{nodeNetwork}}, "subnets": []any{arm.Object{"name": id.Name(), "properties": subnet}},
	}})
}

// The address space of a network AKS makes itself; the nodes' addresses (scale) are from its subnet.
const (
	nodeNetwork = "10.224.0.0/12"
	nodeSubnet  = "10.224.0.0/16"
)

// broughtSubnets are the user's subnets the nodes are in.
func (p *Provider) broughtSubnets(c *fabric.Resource) []string {
	var out []string
	for _, pool := range p.pools(c) {
		if id := arm.Str(pool.Body, "properties.vnetSubnetID"); id != "" {
			out = append(out, id)
		}
	}
	return out
}

// connectOutbound makes the managed public addresses, and what sends the cluster's traffic out through them.
func (p *Provider) connectOutbound(c *fabric.Resource) error {
	p.outboundIPs(c)
	if p.Infrastructure.Put == nil {
		return nil
	}
	for _, name := range managedAddresses(c) {
		if p.Fabric.Get(p.part(c, networkNamespace, "publicIPAddresses", name).String()) != nil {
			continue
		}
		err := p.put(c, "publicIPAddresses", name, arm.Object{
			"sku":        arm.Object{"name": "Standard"},
			"properties": arm.Object{"publicIPAllocationMethod": "Static", "idleTimeoutInMinutes": int64(30)},
			"tags":       arm.Object{"aks-managed-cluster-name": c.Name, "aks-managed-cluster-rg": c.ARMID().ResourceGroup, "aks-managed-type": "aks-slb-managed-outbound-ip"},
		})
		if err != nil {
			return err
		}
	}
	var err error
	switch {
	case arm.Map(c.Body, natProfile+".managedOutboundIPProfile") != nil:
		err = p.translate(c)
	case arm.Map(c.Body, balancerProfile) != nil:
		err = p.balance(c)
	}
	p.dropUnused(c)
	return err
}

const (
	balancerProfile = "properties.networkProfile.loadBalancerProfile"
	natProfile      = "properties.networkProfile.natGatewayProfile"
)

// managedAddresses are the names of the addresses the service keeps for the cluster.
func managedAddresses(c *fabric.Resource) []string {
	if arm.Map(c.Body, balancerProfile+".managedOutboundIPs") == nil && arm.Map(c.Body, natProfile+".managedOutboundIPProfile") == nil {
		return nil // the user brings addresses, or there are none
	}
	return private(c).OutboundIPs
}

// translate keeps the NAT gateway of the cluster's own subnet.
func (p *Provider) translate(c *fabric.Resource) error {
	profile := arm.Map(c.Body, natProfile)
	idle, _ := arm.Int(profile, "idleTimeoutInMinutes")
	id := p.part(c, networkNamespace, "natGateways", "aks-natgateway-"+private(c).ScaleSetSuffix)
	body := arm.Object{"sku": arm.Object{"name": "Standard"}, "properties": arm.Object{"idleTimeoutInMinutes": idle, "publicIpAddresses": effectiveOutbound(c, profile)}}
	if err := p.putTagged(c, id, c.Location, body); err != nil {
		return err
	}
	subnet := p.Fabric.Get(p.nodeSubnetID(c).String())
	if subnet == nil {
		return nil
	}
	changed := arm.Copy(subnet.Body)
	arm.Put(changed, "properties.natGateway", reference(id))
	_, err := p.Infrastructure.Put(subnet.ARMID(), "", changed)
	return err
}

// nodeSubnetID is the subnet of the network AKS makes itself.
func (p *Provider) nodeSubnetID(c *fabric.Resource) arm.ID {
	return p.part(c, networkNamespace, "virtualNetworks", "aks-vnet-"+private(c).ScaleSetSuffix).Child("subnets", "aks-subnet")
}

// balance gives the cluster's load balancer one frontend per outbound address.
func (p *Provider) balance(c *fabric.Resource) error {
	balancer := p.part(c, networkNamespace, "loadBalancers", loadBalancerName)
	var frontends, used []any
	profile := arm.Map(c.Body, balancerProfile)
	for _, raw := range effectiveOutbound(c, profile) {
		ip, _ := raw.(map[string]any)
		id, ok := arm.ParseID(arm.Str(ip, "id"))
		if !ok || p.Fabric.Get(id.String()) == nil {
			continue
		}
		frontends = append(frontends, arm.Object{"name": id.Name(), "properties": arm.Object{"publicIPAddress": reference(id)}})
		used = append(used, arm.Object{"id": balancer.String() + "/frontendIPConfigurations/" + id.Name()})
	}
	ports, idle := int64(0), int64(30)
	if n, ok := arm.Int(profile, "allocatedOutboundPorts"); ok {
		ports = n
	}
	if n, ok := arm.Int(profile, "idleTimeoutInMinutes"); ok {
		idle = n
	}
	return p.put(c, "loadBalancers", loadBalancerName, arm.Object{"sku": arm.Object{"name": "Standard"}, "properties": arm.Object{
		"frontendIPConfigurations": frontends,
		"backendAddressPools":      []any{arm.Object{"name": outboundPool}, arm.Object{"name": loadBalancerName}},
		"outboundRules": []any{arm.Object{"name": "aksOutboundRule", "properties": arm.Object{
			"frontendIPConfigurations": used, "backendAddressPool": arm.Object{"id": balancer.String() + "/backendAddressPools/" + outboundPool},
			"protocol": "All", "allocatedOutboundPorts": ports, "idleTimeoutInMinutes": idle, "enableTcpReset": true,
		}}},
	}})
}

// effectiveOutbound lists the addresses the cluster's traffic leaves from: the user's and the managed ones.
func effectiveOutbound(c *fabric.Resource, profile arm.Object) []any {
	ips := []any{}
	for _, ip := range arm.List(profile, "outboundIPs.publicIPs") {
		ips = append(ips, arm.Copy(ip))
	}
	if profile["managedOutboundIPs"] != nil || profile["managedOutboundIPProfile"] != nil {
		group := "/subscriptions/" + c.ARMID().Subscription + "/resourceGroups/" + arm.Str(c.Body, "properties.nodeResourceGroup")
		for _, name := range private(c).OutboundIPs {
			ips = append(ips, arm.Object{"id": group + "/providers/Microsoft.Network/publicIPAddresses/" + name})
		}
	}
	return ips
}

// dropUnused takes away managed addresses that are no longer wanted.
func (p *Provider) dropUnused(c *fabric.Resource) {
	for _, ip := range p.Fabric.Children(p.nodeGroupID(c).String(), "Microsoft.Network/publicIPAddresses") {
		managed := arm.Str(ip.Body, "tags.aks-managed-type") == "aks-slb-managed-outbound-ip"
		if managed && !slices.ContainsFunc(managedAddresses(c), func(n string) bool { return strings.EqualFold(n, ip.Name) }) {
			p.Fabric.Drop(ip)
		}
	}
}

// connectPrivately gives a private cluster's API server its address in the nodes' network: a private endpoint and, if
// the service keeps the zone, the name.
func (p *Provider) connectPrivately(c *fabric.Resource) error {
	host, zone, ok := strings.Cut(arm.Str(c.Body, "properties.privateFQDN"), ".")
	if p.Infrastructure.Put == nil || !isPrivate(c) || !ok || arm.Bool(c.Body, "properties.apiServerAccessProfile.enableVnetIntegration") {
		return nil
	}
	subnet := p.nodeSubnetID(c)
	if brought := p.broughtSubnets(c); len(brought) > 0 {
		subnet, _ = arm.ParseID(brought[0])
	}
	connection := arm.Object{"name": "kube-apiserver", "properties": arm.Object{"privateLinkServiceId": c.ID, "groupIds": []any{management}}}
	endpoint := p.part(c, networkNamespace, "privateEndpoints", "kube-apiserver")
	if p.Fabric.Get(endpoint.String()) == nil {
		if err := p.putTagged(c, endpoint, c.Location, arm.Object{"properties": arm.Object{"subnet": reference(subnet), "privateLinkServiceConnections": []any{connection}}}); err != nil {
			return err
		}
	}
	if mode := arm.Str(c.Body, "properties.apiServerAccessProfile.privateDNSZone"); mode != "" && !strings.EqualFold(mode, "system") {
		return nil
	}
	id := p.part(c, networkNamespace, "privateDnsZones", zone)
	if p.Fabric.Get(id.String()) != nil {
		return nil
	}
	if err := p.putTagged(c, id, "global", arm.Object{}); err != nil {
		return err
	}
	link := arm.Object{"properties": arm.Object{"registrationEnabled": false, "virtualNetwork": reference(subnet.Parent())}}
	if err := p.putTagged(c, id.Child("virtualNetworkLinks", c.Name+"-"+uuid.NewString()[:8]), "global", link); err != nil {
		return err
	}
	address := ""
	if r := p.Fabric.Get(endpoint.String()); r != nil {
		for _, raw := range arm.List(r.Body, "properties.customDnsConfigs") {
			config, _ := raw.(map[string]any)
			address, _ = append(arm.List(config, "ipAddresses"), "")[0].(string)
		}
	}
	_, err := p.Infrastructure.Put(id.Child("A", host), "", arm.Object{"properties": arm.Object{"ttl": int64(300), "aRecords": []any{arm.Object{"ipv4Address": address}}}})
	return err
}

// Connected keeps a cluster's private endpoint connections in step with the endpoints that lead to it; a nil connection
// means that the endpoint is gone.
func (p *Provider) Connected(endpoint *fabric.Resource, connection arm.Object) {
	name := endpoint.Name + "." + guidOf("connection", endpoint.ID)
	if connection == nil {
		for _, c := range p.Fabric.List(endpoint.ARMID().Subscription, connectionType) {
			if strings.EqualFold(arm.Str(c.Body, "properties.privateEndpoint.id"), endpoint.ID) {
				p.Fabric.Drop(c)
			}
		}
		return
	}
	c := p.Fabric.Get(arm.Str(connection, "properties.privateLinkServiceId"))
	if c == nil || !strings.EqualFold(c.Type, ClusterType) {
		return
	}
	id := c.ARMID().Child("privateEndpointConnections", name)
	if p.Fabric.Get(id.String()) != nil {
		return // whether it is approved is the cluster's business from now on
	}
	r := p.Fabric.Create(id, "", arm.Object{"properties": arm.Object{
		"privateEndpoint": arm.Object{"id": endpoint.ID}, "groupIds": arm.List(connection, "properties.groupIds"),
		"privateLinkServiceConnectionState": arm.Copy(arm.Map(connection, "properties.privateLinkServiceConnectionState")),
	}})
	r.State = "Succeeded"
	p.Fabric.Save(r)
}

// connect is what a successful create or update of a cluster does to its node resource group beside the machines.
func (p *Provider) connect(c *fabric.Resource) *arm.OperationError {
	for _, step := range []func(*fabric.Resource) error{p.connectOutbound, p.connectPrivately} {
		if err := step(c); err != nil {
			return operationError(err)
		}
	}
	return nil
}

// operationError turns a refusal into the error of an operation.
func operationError(err error) *arm.OperationError {
	if e, ok := err.(*arm.Error); ok {
		return &arm.OperationError{Code: e.Code, Message: e.Message, Target: e.Target, Details: e.Details}
	}
	return &arm.OperationError{Code: "InternalOperationError", Message: err.Error()}
}
