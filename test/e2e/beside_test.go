package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"
)

const (
	fleetVersion           = "2024-04-01"
	extensionVersion       = "2023-05-01"
	privateEndpointVersion = "2024-05-01"
)

var configMaps = schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}

// besideTheCluster is the control plane's spec in the documentation's page about it.
func besideTheCluster(t *testing.T) object {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "docs", "beside-the-cluster.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, block, found := strings.Cut(string(raw), "```yaml\n")
	block, _, closed := strings.Cut(block, "```")
	var fragment struct{ Spec object }
	if err := yaml.UnmarshalStrict([]byte(block), &fragment); err != nil || !found || !closed {
		t.Fatalf("the page's example: %v", err)
	}
	return fragment.Spec
}

// TestEverythingBesideTheCluster is the documentation's page: made with the cluster, changed, refused, dropped, and what is left to its deletion.
func TestEverythingBesideTheCluster(t *testing.T) {
	t.Parallel()
	p := crowded(t)
	p.namespace(t, "beside")
	const fleets = "/subscriptions/" + subscriptionA + "/resourceGroups/fleets"
	p.azure.ARM(t, http.MethodPut, fleets, resourcesVersion, object{"location": "southcentralus"})
	p.azure.ARM(t, http.MethodPut, fleets+"/providers/Microsoft.ContainerService/fleets/my-fleet", fleetVersion, object{"location": "southcentralus"})

	c := small("beside", "surrounded")
	c.controlPlane = besideTheCluster(t)
	p.apply(t, c.manifest())
	p.awaitAvailable(t, c)
	eventually(t, 3*time.Minute, func() string { return p.notSynced(t, c) })

	member, flux := fleets+"/providers/Microsoft.ContainerService/fleets/my-fleet/members/surrounded", c.id()+"/providers/Microsoft.KubernetesConfiguration/extensions/flux"
	endpoint, window := c.groupID()+"/providers/Microsoft.Network/privateEndpoints/secrets", c.id()+"/maintenanceConfigurations/aksManagedNodeOSUpgradeSchedule"
	versions := map[string]string{member: fleetVersion, flux: extensionVersion, endpoint: privateEndpointVersion, window: containerService}
	for _, wanted := range []struct {
		id, path string
		want     any
	}{
		{member, "properties.clusterResourceId", c.id()},
		{member, "properties.group", "canary"},
		{flux, "properties.scope.cluster.releaseNamespace", "flux-system"},
		{flux, "properties.provisioningState", "Succeeded"},
		{endpoint, "properties.subnet.id", c.groupID() + "/providers/Microsoft.Network/virtualNetworks/surrounded/subnets/surrounded"},
		{window, "properties.maintenanceWindow.durationHours", int64(4)},
	} {
		if got, _, _ := nested(p.azure.Get(t, wanted.id, versions[wanted.id]), strings.Split(wanted.path, ".")...); got != wanted.want {
			t.Errorf("%s of %s is %v, want %v", wanted.path, wanted.id, got, wanted.want)
		}
	}
	for _, kind := range []string{"FleetReady", "AKSExtensionsReady", "PrivateEndpointsReady", "MaintenanceConfigurationsReady"} {
		p.awaitCondition(t, 10*time.Second, controlPlanes, c.namespace, c.name, kind, "True", "")
	}
	cp := p.get(t, controlPlanes, c.namespace, c.name)
	issuer := p.get(t, configMaps, c.namespace, c.name+"-aso-oidc-issuer-profile")
	if url := text(cp, "status", "oidcIssuerProfile", "issuerURL"); url == "" || text(issuer, "data", "oidc-issuer-profile-url") != url {
		t.Errorf("the ConfigMap says %q, the status %q", text(issuer, "data", "oidc-issuer-profile-url"), url)
	}
	p.quiet(t, c, 5*time.Second)

	p.changeBeside(t, c, flux)
	p.patch(t, "azuremanagedcontrolplane", c.namespace, c.name, `{"spec":{"extensions":null,"maintenanceConfigurations":null}}`)
	eventually(t, time.Minute, func() string { return p.notSynced(t, c) })
	for _, id := range []string{flux, window} {
		if left := p.azure.Resources(t, id); len(left) > 0 {
			t.Errorf("dropped from the spec and still there: %v", left)
		}
	}
	if status, reason, _ := condition(p.get(t, controlPlanes, c.namespace, c.name), "AKSExtensionsReady"); status != "" {
		t.Errorf("AKSExtensionsReady is %s %s, though no extension is declared", status, reason)
	}

	p.remove(t, c)
	for _, id := range []string{member, endpoint, c.groupID() + "/"} {
		if left := p.azure.Resources(t, id); len(left) > 0 {
			t.Errorf("the cluster is gone and left %v", left)
		}
	}
	eventually(t, time.Minute, func() string {
		return unless(p.get(t, configMaps, c.namespace, c.name+"-aso-oidc-issuer-profile") == nil, "the issuer's ConfigMap outlives the control plane")
	})
	var removals []string
	for _, r := range p.azure.Requests(t, 0, func(r request) bool { return r.Method == http.MethodDelete && r.Accepted() }) {
		for _, id := range []string{member, endpoint, c.id()} {
			if r.About(id + "?") {
				removals = append(removals, id[strings.LastIndex(id, "/")+1:])
			}
		}
	}
	if got := strings.Join(removals, " "); got != "surrounded secrets surrounded" && got != "secrets surrounded surrounded" {
		t.Errorf("deleted were, in this order, %q; want member and endpoint before the cluster", got)
	}
	p.azure.expectCleanLog(t, c.mentions)
	p.azure.expectCleanLog(t, about("/fleets/my-fleet/"))
}

// changeBeside lets an operation fail, which is told on the object and tried again.
func (p *plane) changeBeside(t *testing.T, c cluster, flux string) {
	t.Helper()
	p.azure.fault(t, object{"method": "PUT", "pathRegex": flux + "$", "times": 1, "failOperation": object{"code": "ExtensionOperationFailed", "message": "helm upgrade timed out"}})
	p.patch(t, "azuremanagedcontrolplane", c.namespace, c.name, `{"spec":{"extensions":[{"name":"flux","extensionType":"microsoft.flux","configurationSettings":{"helm-controller.enabled":"false"},`+
		`"scope":{"scopeType":"Cluster","releaseNamespace":"flux-system"}}]}}`)
	message := p.awaitCondition(t, time.Minute, controlPlanes, c.namespace, c.name, "AKSExtensionsReady", "False", "ExtensionOperationFailed")
	if missing := lacks(message, "extension flux", "helm upgrade timed out", "sent again at"); len(missing) > 0 {
		t.Errorf("the condition does not say %q: %s", missing, message)
	}
	if status, reason, _ := condition(p.get(t, controlPlanes, c.namespace, c.name), "Available"); status != "True" {
		t.Errorf("Available is %s %s, because an extension failed", status, reason)
	}
	if notes := p.warnings(t, c.namespace, c.name, "ExtensionOperationFailed"); len(notes) != 1 {
		t.Errorf("events about it are %q, want one", notes)
	}
}

// notSynced says what Synced waits for, or nothing.
func (p *plane) notSynced(t *testing.T, c cluster) string {
	t.Helper()
	cp := p.get(t, controlPlanes, c.namespace, c.name)
	status, reason, message := condition(cp, "Synced")
	if status == "True" && text(cp, "metadata", "generation") == text(cp, "status", "observedGeneration") {
		return ""
	}
	return "Synced is " + status + " " + reason + " (" + message + ")"
}
