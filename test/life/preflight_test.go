package life

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

// held applies a cluster and waits until the checks before its creation hold it, with nothing written to Azure.
func (p *plane) held(t *testing.T, c cluster, reason string, says ...string) {
	t.Helper()
	p.Apply(t, c.manifest())
	t.Cleanup(func() { p.azure.clean(t, c) })
	message := p.AwaitCondition(t, controlPlane, c.name, c.name, "PreflightPassed", "False "+reason)
	for _, part := range says {
		if !strings.Contains(message, part) {
			t.Errorf("PreflightPassed says %q, want %q in it", message, part)
		}
	}
	if state, message := condition(p.Get(t, controlPlane, c.name, c.name), "Synced"); state != "False "+reason {
		t.Errorf("Synced is %s (%s)", state, message)
	}
	until(t, limit, func() string {
		events := joined(p.Events(t, c.name))
		return unless(strings.Contains(events, "Warning "+c.name+" "+reason), "events: %s", events)
	})
	for _, r := range p.azure.writes(t, 0, c) {
		if strings.Contains(r.Path, "/managedClusters/") {
			t.Errorf("written to a cluster that is held: %s", r)
		}
	}
}

func (p *plane) quota(t *testing.T, location, family string, vCPUs int) {
	t.Helper()
	p.azure.Control(t, http.MethodPost, "quotas", object{"location": location, "family": family, "limit": vCPUs})
}

func TestAClusterWaitsForQuotaAndIsCreatedWhenThereIsSome(t *testing.T) {
	p := life(t, "operations")
	c := cluster{name: "needs-quota", version: "v1.34.1", spec: object{"location": "uksouth"}, pools: []pool{{name: "system", mode: "System", replicas: 3}}}
	p.Kubectl(t, "create", "namespace", c.name)
	p.quota(t, "uksouth", "standardDSv3Family", 4)
	p.held(t, c, "QuotaExceeded", "standardDSv3Family", "uksouth", "6 more vCPUs", "4 of its limit of 4 are free", "AzurePerVMQuotaLimits")

	p.Kill(t)
	p.quota(t, "uksouth", "standardDSv3Family", 5)
	p.Restart(t)
	until(t, limit, func() string {
		_, message := condition(p.Get(t, controlPlane, c.name, c.name), "PreflightPassed")
		return unless(strings.Contains(message, "5 of its limit of 5 are free"), "PreflightPassed says %q after a restart", message)
	})
	p.quota(t, "uksouth", "standardDSv3Family", 6)
	// It is looked at again every few minutes; a change of the spec need not wait for that.
	p.Patch(t, controlPlane, c.name, c.name, `{"spec":{"additionalTags":{"quota":"granted"}}}`)
	p.Settled(t, c.name, c.name)
	p.AwaitCondition(t, controlPlane, c.name, c.name, "PreflightPassed", "True")
	if events := joined(p.Events(t, c.name)); !strings.Contains(events, "PreflightDoubts") || !strings.Contains(events, "maxSurge") {
		t.Errorf("six vCPUs are too few for an upgrade, and no event says so:\n%s", events)
	}

	p.Patch(t, machinePool, c.name, "system", `{"spec":{"replicas":4}}`)
	message := p.AwaitCondition(t, infraPool, c.name, "system", "Ready", "False QuotaExceeded")
	if !strings.Contains(message, "2 more vCPUs") {
		t.Errorf("the pool says %q", message)
	}
	p.Patch(t, machinePool, c.name, "system", `{"spec":{"replicas":3}}`)
	p.Settled(t, c.name, c.name)
	if puts := slices.DeleteFunc(p.azure.writes(t, 0, c), func(r request) bool { return !r.To(c.id()) && !r.To(c.poolID("system")) }); len(puts) != 1 {
		t.Errorf("requests about cluster and pool: want one,\n%s", joined(puts))
	}
}

func TestASizeThatAZoneDoesNotHave(t *testing.T) {
	p := life(t, "operations")
	c := cluster{name: "needs-zone", version: "v1.34.1", spec: object{"location": "francecentral"},
		pools: []pool{{name: "system", mode: "System", replicas: 1, spec: object{"availabilityZones": []string{"1", "3"}}}}}
	p.Kubectl(t, "create", "namespace", c.name)
	p.azure.Control(t, http.MethodPut, "world", object{"restrictions": []object{{"size": "Standard_D2s_v3", "location": "francecentral", "zones": []string{"3"}}}})
	p.held(t, c, "AvailabilityZoneNotSupported", "spec.availabilityZones 3 of pool system", "zones [1, 2]")
	// The zones of a pool are fixed: another one takes its place.
	c.pools = []pool{{name: "zoned", mode: "System", replicas: 1, spec: object{"availabilityZones": []string{"1", "2"}}}}
	p.Apply(t, c.manifest())
	p.Kubectl(t, "delete", machinePool, "system", "--namespace="+c.name)
	p.Settled(t, c.name, c.name)
}

func TestABroughtNetworkNeedsARole(t *testing.T) {
	p := life(t, "operations")
	const client = "aaaaaaaa-0000-4000-8000-00000000d001"
	network := subscription + "/resourceGroups/needs-role-network"
	vnet := network + "/providers/Microsoft.Network/virtualNetworks/theirs"
	put := func(id, version string, body object) {
		t.Helper()
		p.azure.ARM(t, http.MethodPut, id, version, body)
	}
	put(network, "2021-04-01", object{"location": "westeurope"})
	put(vnet, "2021-02-01", object{"location": "westeurope", "properties": object{"addressSpace": object{"addressPrefixes": []string{"10.1.0.0/16"}},
		"subnets": []object{{"name": "nodes", "properties": object{"addressPrefix": "10.1.0.0/24"}}}}})
	role := func(name, scope string) {
		t.Helper()
		p.azure.Control(t, http.MethodPut, "world", object{"roleAssignments": []object{{"principal": client, "role": name, "scope": scope}}})
	}
	p.azure.Control(t, http.MethodPut, "world", object{"principals": []object{{"tenantId": tenant, "clientId": client, "secret": "azuresim-secret-d"}}})
	role("Reader", subscription)
	c := cluster{name: "needs-role", version: "v1.34.1", pools: []pool{{name: "system", mode: "System", replicas: 1}}, spec: object{
		"identityRef":    object{"apiVersion": infraVersion, "kind": "AzureClusterIdentity", "name": "person", "namespace": "needs-role"},
		"virtualNetwork": object{"name": "theirs", "resourceGroup": "needs-role-network", "cidrBlock": "10.1.0.0/16", "subnet": object{"name": "nodes", "cidrBlock": "10.1.0.0/24"}},
	}}
	p.Kubectl(t, "create", "namespace", c.name)
	p.Apply(t, sandboxtest.Documents(
		object{"apiVersion": "v1", "kind": "Secret", "metadata": c.meta("person"), "stringData": object{"clientSecret": "azuresim-secret-d"}},
		object{"apiVersion": infraVersion, "kind": "AzureClusterIdentity", "metadata": c.meta("person"), "spec": object{"type": "ServicePrincipal", "tenantID": tenant,
			"clientID": client, "clientSecret": object{"name": "person", "namespace": c.name}, "allowedNamespaces": object{"list": []string{c.name}}}},
	))
	p.held(t, c, "LinkedAuthorizationFailed", vnet+"/subnets/nodes", "Microsoft.Network/virtualNetworks/subnets/join/action", "Network Contributor")
	role("Network Contributor", vnet+"/subnets/nodes")
	role("Contributor", subscription)
	p.Kill(t)
	p.Restart(t)
	p.Settled(t, c.name, c.name)
}
