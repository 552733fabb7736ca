package e2e

import (
	"fmt"
	"net/http"
	"reflect"
	"testing"
	"time"
)

// TestBroughtNetworkAndGroupAreNeverTouched: a network in another resource group, and the resource group itself, made by somebody else.
func TestBroughtNetworkAndGroupAreNeverTouched(t *testing.T) {
	t.Parallel()
	p := crowded(t)
	p.namespace(t, "brought")
	const groups = "/subscriptions/" + subscriptionA + "/resourceGroups/"
	const network = groups + "brought-network/providers/Microsoft.Network/virtualNetworks/corporate"
	tags := object{"owner": "network team"}
	p.azure.ARM(t, http.MethodPut, groups+"brought-network", resourcesVersion, object{"location": "eastus", "tags": tags})
	p.azure.ARM(t, http.MethodPut, groups+"brought-group", resourcesVersion, object{"location": "eastus", "tags": tags})
	p.azure.ARM(t, http.MethodPut, network, networkVersion, object{"location": "southcentralus", "tags": tags, "properties": object{
		"addressSpace": object{"addressPrefixes": []string{"10.0.0.0/16"}},
		"subnets":      []object{{"name": "nodes", "properties": object{"addressPrefix": "10.0.1.0/24"}}, {"name": "others", "properties": object{"addressPrefix": "10.0.2.0/24"}}},
	}})
	eventually(t, 10*time.Second, func() string {
		return unless(str(p.azure.Get(t, network, networkVersion)["properties"].(map[string]any)["provisioningState"]) == "Succeeded", "the network is not ready")
	})
	before := describe(p.azure.Get(t, network, networkVersion))

	c := small("brought", "in-brought-group")
	c.group = "brought-group"
	c.controlPlane = object{"virtualNetwork": object{
		"name": "corporate", "resourceGroup": "brought-network", "cidrBlock": "10.0.0.0/16", "subnet": object{"name": "nodes", "cidrBlock": "10.0.1.0/24"},
	}}
	p.apply(t, c.manifest())
	p.awaitAvailable(t, c)
	profiles, _, _ := nested(p.azure.Get(t, c.id(), containerService), "properties", "agentPoolProfiles")
	if list, _ := profiles.([]any); len(list) != 1 || str(list[0].(map[string]any)["vnetSubnetID"]) != network+"/subnets/nodes" {
		t.Errorf("the nodes are not in the brought subnet: %v", profiles)
	}
	p.patch(t, "azuremanagedcontrolplane", c.namespace, c.name, `{"spec":{"additionalTags":{"team":"blue"}}}`)
	p.awaitSynced(t, c)
	p.remove(t, c)

	if after := describe(p.azure.Get(t, network, networkVersion)); !reflect.DeepEqual(before, after) {
		t.Errorf("the network was\n%v\nand is\n%v", before, after)
	}
	for _, id := range []string{groups + "brought-network", groups + "brought-group"} {
		if got := p.azure.Get(t, id, resourcesVersion); !reflect.DeepEqual(got["tags"], map[string]any(tags)) {
			t.Errorf("%s has the tags %v", id, got["tags"])
		}
		if wrote := p.azure.Requests(t, 0, request.Write, about(id+"?")); len(wrote) > 0 {
			t.Errorf("the brought resource group was written: %v", wrote)
		}
	}
	if wrote := p.azure.Requests(t, 0, request.Write, about("/resourceGroups/brought-network/")); len(wrote) > 0 {
		t.Errorf("the brought network was written: %v", wrote)
	}
	if left := p.azure.Resources(t, "/resourceGroups/brought-group/"); len(left) != 1 {
		t.Errorf("beside the brought group itself there is %v", left)
	}
	p.azure.expectCleanLog(t, c.mentions)
}

// describe is what a person would compare: an etag changes whenever a machine comes or goes.
func describe(network map[string]any) []any {
	space, _, _ := nested(network, "properties", "addressSpace")
	list, _, _ := nested(network, "properties", "subnets")
	out := []any{network["tags"], space}
	subnets, _ := list.([]any)
	for _, s := range subnets {
		prefix, _, _ := nested(s.(map[string]any), "properties", "addressPrefix")
		out = append(out, s.(map[string]any)["name"], prefix)
	}
	return out
}

func unless(ok bool, what string) string {
	if ok {
		return ""
	}
	return what
}

// TestForeignClusterOfThatNameIsLeftAlone: it exists already and was not made for this object.
func TestForeignClusterOfThatNameIsLeftAlone(t *testing.T) {
	t.Parallel()
	p := crowded(t)
	p.namespace(t, "foreign")
	c := small("foreign", "taken")
	p.azure.ARM(t, http.MethodPut, c.groupID(), resourcesVersion, object{"location": "southcentralus"})
	p.azure.ARM(t, http.MethodPut, c.id(), containerService, object{
		"location": "southcentralus", "identity": object{"type": "SystemAssigned"}, "tags": object{"owner": "somebody else"},
		"properties": object{"dnsPrefix": "theirs", "agentPoolProfiles": []object{{"name": "theirs", "mode": "System", "count": 1, "vmSize": "Standard_D2s_v3"}}},
	})
	eventually(t, 30*time.Second, func() string { return unless(!p.azure.running(t, c.id()), "the foreign cluster is not ready") })
	before := p.azure.Get(t, c.id(), containerService)

	p.apply(t, c.manifest())
	message := p.awaitCondition(t, time.Minute, controlPlanes, c.namespace, c.name, "Synced", "False", "AlreadyExists")
	if missing := lacks(message, "taken", "already exists", "choose another name"); len(missing) > 0 {
		t.Errorf("the condition does not name %q: %s", missing, message)
	}
	p.awaitCondition(t, 10*time.Second, controlPlanes, c.namespace, c.name, "Ready", "False", "AlreadyExists")
	p.quiet(t, c, 15*time.Second)
	if notes := p.warnings(t, c.namespace, c.name, "AlreadyExists"); len(notes) != 1 {
		t.Errorf("events about it are %q, want one", notes)
	}
	if got := p.get(t, secrets, c.namespace, c.name+"-kubeconfig"); got != nil {
		t.Error("the credentials of the foreign cluster were taken")
	}
	p.remove(t, c)
	if wrote := p.azure.Requests(t, 0, c.mentions, func(r request) bool { return r.Method != http.MethodGet }); len(wrote) > 0 {
		t.Errorf("something was asked of the foreign cluster: %v", wrote)
	}
	if after := p.azure.Get(t, c.id(), containerService); !reflect.DeepEqual(before, after) {
		t.Errorf("the foreign cluster was\n%v\nand is\n%v", before, after)
	}
}

// quiet fails when a cluster that cannot go on is hammered.
func (p *plane) quiet(t *testing.T, c cluster, span time.Duration) {
	t.Helper()
	const enough = 3
	// While the objects of one apply arrive, each of them is a reason to look again.
	eventually(t, time.Minute, func() string {
		sent := p.azure.Requests(t, 0, c.mentions)
		if len(sent) == 0 || time.Since(sent[len(sent)-1].Time) > 4*time.Second {
			return ""
		}
		return fmt.Sprintf("requests have not become rare: %v", sent)
	})
	since := p.azure.Last(t)
	always(t, span, func() string {
		if sent := p.azure.Requests(t, since, c.mentions); len(sent) > enough {
			return fmt.Sprintf("%d requests in less than %s, want at most %d: %v", len(sent), span, enough, sent)
		}
		return ""
	})
}
