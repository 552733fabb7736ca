package e2e

import (
	"strings"
	"testing"

	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

// refused is a document that is refused, and what the refusal names: the field, the value and the way out.
type refused struct {
	manifest string
	names    []string
}

// TestBadInputIsRefusedWithTheWayOut: what is refused before it is stored names the field, the value and the way out.
func TestBadInputIsRefusedWithTheWayOut(t *testing.T) {
	t.Parallel()
	p := crowded(t)
	p.namespace(t, "admission")
	// What changes, and other objects, are compared with. The first is paused, so nothing of it reaches Azure.
	stored := small("admission", "stored")
	overlap, dns, newer := cluster{namespace: "admission", name: "overlap"}, cluster{namespace: "admission", name: "dns"}, cluster{namespace: "admission", name: "newer"}
	p.apply(t, strings.Join([]string{
		paused(stored.manifest()), documentOf(overlap, "Cluster"), documentOf(dns, "Cluster"), documentOf(newer, "Cluster"), documentOf(newer, "AzureManagedControlPlane"),
	}, "---\n"))

	t.Run("created", func(t *testing.T) {
		t.Parallel()
		table := refusedCreations(overlap, dns, newer)
		var all []string
		for name, c := range table {
			all = append(all, strings.ReplaceAll(c.manifest, "NAME", name))
		}
		out, err := p.tryApply(t, strings.Join(all, "---\n"), "--dry-run=server")
		if err == nil {
			t.Fatalf("all was accepted:\n%s", out)
		}
		if strings.Contains(out, "dry run") {
			t.Errorf("something was accepted:\n%s", out)
		}
		for name, c := range table {
			about := paragraph(err.Error(), `"`+name+`"`)
			if missing := lacks(about, c.names...); len(missing) > 0 {
				t.Errorf("%s: the refusal does not name %q: %s", name, missing, orElse(about, err.Error()))
			}
		}
	})
	for name, c := range map[string]struct {
		change object
		names  []string
	}{
		"location":       {object{"location": "eastus"}, []string{"spec.location", `"eastus"`, `"southcentralus"`, "fixed"}},
		"network plugin": {object{"networkPlugin": "kubenet"}, []string{"spec.networkPlugin", "kubenet", `"azure"`, "fixed"}},
		"resource group": {object{"resourceGroupName": "another"}, []string{"spec.resourceGroupName", `"another"`, `"stored"`, "fixed"}},
		"subscription":   {object{"subscriptionID": subscriptionDocs}, []string{"spec.subscriptionID", subscriptionDocs, subscriptionA}},
		"downgrade":      {object{"version": "v1.33.4"}, []string{"spec.version", "v1.33.4", "v1.34.1", "can only rise"}},
	} {
		t.Run("changed "+name, func(t *testing.T) {
			t.Parallel()
			declared := stored
			declared.controlPlane = c.change
			out, err := p.tryApply(t, documentOf(declared, "AzureManagedControlPlane"), "--dry-run=server")
			if err == nil {
				t.Fatalf("it was accepted:\n%s", out)
			}
			if missing := lacks(err.Error(), c.names...); len(missing) > 0 {
				t.Errorf("the refusal does not name %q: %v", missing, err)
			}
		})
	}
	t.Cleanup(func() {
		if wrote := p.azure.Requests(t, 0, stored.mentions); len(wrote) > 0 {
			t.Errorf("something of it reached Azure: %v", wrote)
		}
	})
}

// refusedCreations are single documents, by the name of their object, which stands as NAME in them.
func refusedCreations(overlap, dns, newer cluster) map[string]refused {
	plane := func(spec object) string {
		return documentOf(cluster{namespace: "admission", name: "NAME", controlPlane: spec}, "AzureManagedControlPlane")
	}
	system := func(spec object) string {
		c := cluster{namespace: "admission", name: "any"}
		objects := c.poolObjects(pool{name: "system", mode: "System", replicas: 1, spec: spec}, "v1.34.1")
		objects[1]["metadata"].(object)["name"] = "NAME"
		return sandboxtest.Documents(objects[1])
	}
	balancer := func(profile object) string { return plane(object{"loadBalancerProfile": profile}) }
	outbound := "/subscriptions/" + subscriptionA + "/resourceGroups/g/providers/Microsoft.Network/"
	overlap.controlPlane = object{"virtualNetwork": object{"cidrBlock": "192.168.0.0/16", "subnet": object{"cidrBlock": "192.168.4.0/24"}}}
	dns.controlPlane = object{"dnsServiceIP": "10.0.0.10"}
	return map[string]refused{
		"malformed-version":    {plane(object{"version": "1.34.x"}), []string{"spec.version", `1.34.x"`, "for example v1.33.4"}},
		"no-version":           {plane(object{"version": "latest"}), []string{"spec.version", `"latest"`, "for example v1.33.4"}},
		"pool-with-capitals":   {system(object{"name": "Pool_1"}), []string{"spec.name", `"Pool_1"`, "lower-case letters and digits", "12 characters"}},
		"pool-too-long":        {system(object{"name": "averylongpoolname"}), []string{"spec.name", `"averylongpoolname"`, "12 characters"}},
		"pool-with-large-disk": {system(object{"osDiskSizeGB": 2049}), []string{"spec.osDiskSizeGB", "2049", "2048"}},
		"many-addresses":       {balancer(object{"managedOutboundIPs": 101}), []string{"spec.loadBalancerProfile.managedOutboundIPs", "101", "100"}},
		"many-ports":           {balancer(object{"allocatedOutboundPorts": 64001}), []string{"spec.loadBalancerProfile.allocatedOutboundPorts", "64001", "64000"}},
		"short-idle-time":      {balancer(object{"idleTimeoutInMinutes": 3}), []string{"spec.loadBalancerProfile.idleTimeoutInMinutes", "3", "4"}},
		"three-kinds": {
			balancer(object{"managedOutboundIPs": 2, "outboundIPPrefixes": []string{outbound + "publicIPPrefixes/p"}, "outboundIPs": []string{outbound + "publicIPAddresses/a"}}),
			[]string{"spec.loadBalancerProfile", "managedOutboundIPs 2", "publicIPPrefixes/p", "publicIPAddresses/a", "Keep one"},
		},
		"authorized-range": {
			plane(object{"apiServerAccessProfile": object{"authorizedIPRanges": []string{"12.34.56.78/33"}}}),
			[]string{"spec.apiServerAccessProfile.authorizedIPRanges", `"12.34.56.78/33"`, "for example 12.34.56.78/32"},
		},
		"subnet": {
			plane(object{"virtualNetwork": object{"subnet": object{"cidrBlock": "10.240.0.0"}}}),
			[]string{"spec.virtualNetwork.subnet.cidrBlock", `"10.240.0.0"`, "for example 10.240.0.0/16"},
		},
		"overlap": {
			documentOf(overlap, "AzureManagedControlPlane"),
			[]string{"spec.virtualNetwork.subnet.cidrBlock", `"192.168.4.0/24"`, "spec.clusterNetwork.services.cidrBlocks", `"192.168.0.0/16"`, "choose ranges that do not overlap"},
		},
		"dns": {
			documentOf(dns, "AzureManagedControlPlane"),
			[]string{"spec.dnsServiceIP", `"10.0.0.10"`, `"192.168.0.0/16"`, "choose an address inside it, or remove dnsServiceIP"},
		},
		"services": {
			strings.Replace(documentOf(cluster{namespace: "admission", name: "services"}, "Cluster"), "192.168.0.0/16", "192.168.0.0/99", 1),
			[]string{"spec.clusterNetwork.services.cidrBlocks", "192.168.0.0/99"},
		},
		"unknown-tier": {plane(object{"sku": "Expensive"}), []string{"spec.sku", "Expensive", `"Standard"`}},
		"identity": {
			plane(object{"identityRef": object{"apiVersion": "v1", "kind": "Secret", "name": "credentials"}}),
			[]string{"spec.identityRef.kind", `"Secret"`, "write AzureClusterIdentity"},
		},
		"key": {plane(object{"sshPublicKey": "bm90IGEga2V5"}), []string{"spec.sshPublicKey", "bm90IGEga2V5", "base64 -w0"}},
		"old-group": {
			strings.ReplaceAll(documentOf(cluster{namespace: "admission", name: "old-group"}, "Cluster"), infraGroup, "exp."+infraGroup),
			[]string{"spec.controlPlaneRef", `"exp.infrastructure.cluster.x-k8s.io"`, "capaks convert -f"},
		},
		"newer-pool": {
			sandboxtest.Documents(newer.poolObjects(pool{name: "pool", mode: "User", replicas: 1, version: "v1.35.1"}, "")[0]),
			[]string{"spec.template.spec.version", `"v1.35.1"`, `"v1.34.1"`, "raise that one first"},
		},
	}
}

// documentOf is the one document of a cluster's manifest with a kind.
func documentOf(c cluster, kind string) string {
	for _, doc := range strings.Split(c.manifest(), "---\n") {
		if strings.Contains(doc, "\nkind: "+kind+"\n") {
			return doc
		}
	}
	return ""
}

// paragraph is what kubectl says about one object: the line that names it, and the indented or listed ones below.
func paragraph(text, name string) string {
	var out []string
	inside := false
	for line := range strings.Lines(text) {
		switch {
		case strings.HasPrefix(line, "The ") || strings.HasPrefix(line, "Error from server"):
			inside = strings.Contains(line, name)
		case strings.HasPrefix(line, "Warning: "):
			inside = false
		}
		if inside {
			out = append(out, line)
		}
	}
	return strings.Join(out, "")
}

// paused is a manifest with its Cluster paused from the beginning.
func paused(manifest string) string {
	return strings.Replace(manifest, "spec:\n  clusterNetwork:", "spec:\n  paused: true\n  clusterNetwork:", 1)
}
