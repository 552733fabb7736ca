package e2e

import (
	"strings"
	"testing"
)

// TestBadInputIsRefusedWithTheWayOut: what is refused before it is stored names the field, the value and the way out.
func TestBadInputIsRefusedWithTheWayOut(t *testing.T) {
	t.Parallel()
	p := crowded(t)
	p.namespace(t, "admission")
	// What changes of existing objects are compared with. The Cluster is paused: nothing of it reaches Azure.
	stored := small("admission", "stored")
	p.apply(t, paused(stored))

	fresh := func(controlPlane object, pools ...pool) string {
		c := small("admission", "fresh")
		c.controlPlane = controlPlane
		if len(pools) > 0 {
			c.pools = pools
		}
		return c.manifest()
	}
	changed := func(controlPlane object) string {
		c := stored
		c.controlPlane = controlPlane
		return paused(c)
	}
	system := func(spec object) pool { return pool{name: "system", mode: "System", replicas: 1, spec: spec} }
	outbound := "/subscriptions/" + subscriptionA + "/resourceGroups/g/providers/Microsoft.Network/"
	for name, c := range map[string]struct {
		manifest string
		names    []string
	}{
		"malformed version":    {fresh(object{"version": "1.34"}), []string{"spec.version", `1.34"`, "for example v1.33.4"}},
		"version not a number": {fresh(object{"version": "latest"}), []string{"spec.version", `"latest"`, "for example v1.33.4"}},
		"pool name with capitals": {
			fresh(nil, system(object{"name": "Pool_1"})), []string{"spec.name", `"Pool_1"`, "lower-case letters and digits", "12 characters"},
		},
		"pool name too long": {
			fresh(nil, system(object{"name": "averylongpoolname"})), []string{"spec.name", `"averylongpoolname"`, "12 characters"},
		},
		"object name as pool name": {
			fresh(nil, system(object{"name": ""})), []string{"fresh-system", "spec.name"},
		},
		"too many outbound addresses": {
			fresh(object{"loadBalancerProfile": object{"managedOutboundIPs": 101}}), []string{"spec.loadBalancerProfile.managedOutboundIPs", "101", "100"},
		},
		"too many ports": {
			fresh(object{"loadBalancerProfile": object{"allocatedOutboundPorts": 64001}}), []string{"spec.loadBalancerProfile.allocatedOutboundPorts", "64001", "64000"},
		},
		"idle time too short": {
			fresh(object{"loadBalancerProfile": object{"idleTimeoutInMinutes": 3}}), []string{"spec.loadBalancerProfile.idleTimeoutInMinutes", "3", "4"},
		},
		"disk too large": {fresh(nil, system(object{"osDiskSizeGB": 2049})), []string{"spec.osDiskSizeGB", "2049", "2048"}},
		"authorized range is no range": {
			fresh(object{"apiServerAccessProfile": object{"authorizedIPRanges": []string{"12.34.56.78/33"}}}),
			[]string{"spec.apiServerAccessProfile.authorizedIPRanges", `"12.34.56.78/33"`, "for example 12.34.56.78/32"},
		},
		"subnet is no range": {
			fresh(object{"virtualNetwork": object{"subnet": object{"cidrBlock": "10.240.0.0"}}}),
			[]string{"spec.virtualNetwork.subnet.cidrBlock", `"10.240.0.0"`, "for example 10.240.0.0/16"},
		},
		"subnet overlaps the services": {
			fresh(object{"virtualNetwork": object{"cidrBlock": "192.168.0.0/16", "subnet": object{"cidrBlock": "192.168.4.0/24"}}}),
			[]string{"spec.virtualNetwork.subnet.cidrBlock", `"192.168.4.0/24"`, "spec.clusterNetwork.services.cidrBlocks", `"192.168.0.0/16"`, "choose ranges that do not overlap"},
		},
		"service range is no range": {
			strings.Replace(fresh(nil), "192.168.0.0/16", "192.168.0.0/99", 1), []string{"spec.clusterNetwork.services.cidrBlocks", "192.168.0.0/99"},
		},
		"DNS address outside the services": {
			fresh(object{"dnsServiceIP": "10.0.0.10"}),
			[]string{"spec.dnsServiceIP", `"10.0.0.10"`, `"192.168.0.0/16"`, "choose an address inside it, or remove dnsServiceIP"},
		},
		"three kinds of outbound address": {
			fresh(object{"loadBalancerProfile": object{
				"managedOutboundIPs": 2, "outboundIPPrefixes": []string{outbound + "publicIPPrefixes/p"}, "outboundIPs": []string{outbound + "publicIPAddresses/a"},
			}}),
			[]string{"spec.loadBalancerProfile", "managedOutboundIPs 2", "publicIPPrefixes/p", "publicIPAddresses/a", "Keep one"},
		},
		"unknown tier": {fresh(object{"sku": "Expensive"}), []string{"spec.sku", "Expensive", "Free, Standard or Premium"}},
		"identity that is none": {
			fresh(object{"identityRef": object{"apiVersion": "v1", "kind": "Secret", "name": "credentials"}}),
			[]string{"spec.identityRef.kind", `"Secret"`, "AzureClusterIdentity"},
		},
		"key that is none": {fresh(object{"sshPublicKey": "bm90IGEga2V5"}), []string{"spec.sshPublicKey", "bm90IGEga2V5", "base64 -w0"}},
		"group of the old documentation": {
			strings.Replace(fresh(nil), infraGroup+"/v1beta1\n    kind: AzureManagedControlPlane", "exp."+infraGroup+"/v1beta1\n    kind: AzureManagedControlPlane", 1),
			[]string{"spec.controlPlaneRef", `"exp.infrastructure.cluster.x-k8s.io"`, "capaks convert -f"},
		},
		"immutable location": {changed(object{"location": "eastus"}), []string{"spec.location", "eastus", "southcentralus"}},
		"immutable network plugin": {
			changed(object{"networkPlugin": "kubenet"}), []string{"spec.networkPlugin", "kubenet", "azure"},
		},
		"immutable resource group": {changed(object{"resourceGroupName": "another"}), []string{"spec.resourceGroupName", "another"}},
		"downgrade":                {changed(object{"version": "v1.33.4"}), []string{"spec.version", "v1.33.4", "v1.34.1"}},
		"another subscription":     {changed(object{"subscriptionID": subscriptionDocs}), []string{"spec.subscriptionID", subscriptionDocs}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := p.tryApply(t, c.manifest, "--dry-run=server")
			if err == nil {
				t.Fatalf("it was accepted:\n%s", out)
			}
			if missing := lacks(err.Error(), c.names...); len(missing) > 0 {
				t.Errorf("the refusal does not name %q: %v", missing, err)
			}
		})
	}
	t.Run("pool newer than its control plane", func(t *testing.T) {
		t.Parallel()
		running := small("admission", "stored")
		p.patch(t, "cluster.cluster.x-k8s.io", "admission", "stored", `{"metadata":{"labels":{"seen":"true"}}}`)
		// A paused Cluster may be one that just moved here, so the rule waits until it is not.
		p.namespace(t, "admission-newer")
		running.namespace = "admission-newer"
		p.apply(t, running.manifest())
		_, err := p.tryApply(t, documents(running.poolObjects(pool{name: "newer", mode: "User", replicas: 1, version: "v1.35.1"}, "")...), "--dry-run=server")
		if err == nil {
			t.Fatal("it was accepted")
		}
		if missing := lacks(err.Error(), "spec.template.spec.version", `"v1.35.1"`, `"v1.34.1"`, "raise that one first"); len(missing) > 0 {
			t.Errorf("the refusal does not name %q: %v", missing, err)
		}
		p.remove(t, running)
	})
	t.Cleanup(func() {
		if wrote := p.azure.requests(t, 0, stored.mentions); len(wrote) > 0 {
			t.Errorf("something of it reached Azure: %v", wrote)
		}
	})
}

// paused is the manifest with the Cluster paused from the beginning.
func paused(c cluster) string {
	return strings.Replace(c.manifest(), "spec:\n  clusterNetwork:", "spec:\n  paused: true\n  clusterNetwork:", 1)
}
