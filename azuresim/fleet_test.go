package azuresim_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/capaks/capaks/azuresim"
	"github.com/capaks/capaks/azuresim/entra"
)

const (
	fleetVersion = "2025-03-01"
	fleetPath    = group + "/providers/Microsoft.ContainerService/fleets/f1"
	secondMC     = group + "/providers/Microsoft.ContainerService/managedClusters/c2"
)

// fleet creates a fleet without a hub.
func (m *sim) fleet() {
	m.t.Helper()
	m.do(201, "PUT", fleetPath, fleetVersion, `{"location":"westus2"}`)
	m.clock.Advance(30 * time.Second)
}

// member lets a cluster join, in a group unless that is "".
func (m *sim) member(name, clusterID, group string) {
	m.t.Helper()
	body := fmt.Sprintf(`{"properties":{"clusterResourceId":%q,"group":%q}}`, clusterID, group)
	m.do(201, "PUT", fleetPath+"/members/"+name, fleetVersion, strings.Replace(body, `,"group":""`, "", 1))
	m.clock.Advance(30 * time.Second)
}

func TestFleet(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	a := m.do(201, "PUT", fleetPath, fleetVersion, `{"location":"West US 2","tags":{"a":"1"},"properties":{"hubProfile":{"dnsPrefix":"hub"}}}`)
	m.wantEqual(a, "properties.provisioningState", "Creating")
	m.wantEqual(a, "properties.hubProfile.fqdn", nil)
	if a.Header.Get("Location") != "" || a.Header.Get("Azure-AsyncOperation") == "" {
		t.Errorf("headers: %v", a.Header)
	}
	m.refused(400, "BadRequest", "no hub", "POST", fleetPath+"/listCredentials", fleetVersion, "")
	m.refused(409, "OperationNotAllowed", "in progress", "PUT", fleetPath, fleetVersion, `{"location":"westus2"}`)
	m.clock.Advance(30 * time.Second)
	m.wantEqual(m.do(200, "GET", a.Header.Get("Azure-AsyncOperation"), "", ""), "status", "Succeeded")
	got := m.do(200, "GET", fleetPath, fleetVersion, "")
	if got.Header.Get("Fleet-Configuration-Version") == "" || !strings.HasPrefix(fmt.Sprint(got.get("properties.hubProfile.fqdn")), "hub-") || !strings.HasPrefix(fmt.Sprint(got.get("eTag")), `"`) {
		t.Errorf("fleet: %v %s", got.Header, got.Raw)
	}
	m.wantEqual(got, "properties.hubProfile.kubernetesVersion", "1.34.5")
	if got.get("properties.status.lastOperationId") == nil || m.do(200, "GET", fleetPath, "2023-03-15-preview", "").get("properties.status") != nil {
		t.Error("the status is for api-versions from 2025-03-01 on")
	}

	m.refused(412, "PreconditionFailed", "does not match", "PUT", fleetPath, fleetVersion, `{"location":"westus2"}`, "If-Match", `"nonsense"`)
	m.refused(400, "BadRequest", "dnsPrefix", "PUT", fleetPath, fleetVersion, `{"location":"westus2","properties":{"hubProfile":{"dnsPrefix":"other"}}}`)
	m.refused(409, "InvalidResourceLocation", "westus2", "PUT", fleetPath, fleetVersion, `{"location":"eastus"}`)
	m.refused(400, "BadRequest", "lower-case", "PUT", strings.Replace(fleetPath, "f1", "F_1", 1), fleetVersion, `{"location":"westus2"}`)
	m.refused(400, "NoRegisteredProviderFound", "fleets", "GET", fleetPath, "2025-02-01", "")

	p := m.do(202, "PATCH", fleetPath, fleetVersion, `{"tags":{"b":"2"}}`, "If-Match", got.get("eTag").(string))
	m.do(202, "GET", p.Header.Get("Location"), "", "")
	m.clock.Advance(5 * time.Second)
	done := m.do(200, "GET", p.Header.Get("Location"), "", "")
	m.wantEqual(done, "tags.b", "2")
	m.wantEqual(done, "tags.a", nil)
	for _, scope := range []string{sub, group} {
		if list := m.do(200, "GET", scope+"/providers/Microsoft.ContainerService/fleets", fleetVersion, ""); len(list.Body["value"].([]any)) != 1 {
			t.Errorf("list of %s: %s", scope, list.Raw)
		}
	}

	gone := m.do(202, "DELETE", fleetPath, fleetVersion, "")
	m.wantEqual(gone, "properties.provisioningState", "Deleting")
	m.do(202, "GET", gone.Header.Get("Location"), "", "")
	m.clock.Advance(30 * time.Second)
	m.do(204, "GET", gone.Header.Get("Location"), "", "")
	m.do(204, "DELETE", fleetPath, fleetVersion, "")
	m.refused(404, "ResourceNotFound", "fleets/f1", "GET", fleetPath, fleetVersion, "")
}

// The hub's kubeconfig leads to an API server, which wants a token of Entra ID.
func TestFleetHub(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	m.do(201, "PUT", fleetPath, fleetVersion, `{"location":"westus2","properties":{"hubProfile":{}}}`)
	m.clock.Advance(30 * time.Second)
	a := m.do(200, "POST", fleetPath+"/listCredentials", fleetVersion, "")
	raw, err := base64.StdEncoding.DecodeString(a.Body["kubeconfigs"].([]any)[0].(map[string]any)["value"].(string))
	if err != nil {
		t.Fatal(err)
	}
	config, err := clientcmd.RESTConfigFromKubeConfig(raw)
	if err != nil {
		t.Fatal(err)
	}
	token, err := m.cred.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{entra.KubernetesServer + "/.default"}})
	if err != nil {
		t.Fatal(err)
	}
	config = rest.AnonymousClientConfig(config) // in place of kubelogin
	config.BearerToken = token.Token
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := client.Discovery().ServerVersion(); err != nil || v.GitVersion != "v1.34.5" {
		t.Errorf("hub: %v %v", v, err)
	}
}

// Joining takes the cluster through an update (recorded), which blocks others and comes later when it is busy.
func TestFleetMembers(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	m.fleet()
	member := fleetPath + "/members/m1"
	body := fmt.Sprintf(`{"properties":{"clusterResourceId":%q}}`, cluster)
	m.refused(404, "ResourceNotFound", "c1", "PUT", member, fleetVersion, body)
	m.do(201, "PUT", cluster, aksVersion, twoPools)
	m.clock.Advance(20 * time.Second)
	a := m.do(201, "PUT", member, fleetVersion, body)
	m.wantEqual(a, "properties.provisioningState", "Joining")
	m.wantEqual(m.do(200, "GET", cluster, aksVersion, ""), "properties.provisioningState", "Creating")
	m.clock.Advance(10 * time.Second)
	m.wantEqual(m.do(200, "GET", cluster, aksVersion, ""), "properties.provisioningState", "Updating")
	m.refused(409, "OperationNotAllowed", "Updating", "PUT", cluster, aksVersion, strings.Replace(twoPools, `"count":2`, `"count":3`, 1))
	m.clock.Advance(30 * time.Second)
	m.succeeded(cluster)
	m.wantEqual(m.do(200, "GET", member, fleetVersion, ""), "properties.provisioningState", "Succeeded")

	m.refused(409, "OperationNotAllowed", "already a member", "PUT", fleetPath+"/members/again", fleetVersion, body)
	m.refused(400, "BadRequest", "not allowed", "PUT", member, fleetVersion, fmt.Sprintf(`{"properties":{"clusterResourceId":%q}}`, secondMC))
	p := m.do(202, "PATCH", member, fleetVersion, `{"properties":{"group":"staging"}}`)
	m.clock.Advance(5 * time.Second)
	m.wantEqual(m.do(200, "GET", p.Header.Get("Location"), "", ""), "properties.group", "staging")
	if list := m.do(200, "GET", fleetPath+"/members", fleetVersion, ""); len(list.Body["value"].([]any)) != 1 {
		t.Errorf("members: %s", list.Raw)
	}
	gone := m.do(202, "DELETE", member, fleetVersion, "")
	m.wantEqual(gone, "properties.provisioningState", "Leaving")
	m.clock.Advance(30 * time.Second)
	m.do(204, "GET", gone.Header.Get("Location"), "", "")
	m.refused(404, "ResourceNotFound", "Could not find the given resource", "GET", member, fleetVersion, "")
	m.succeeded(cluster)
	m.refused(404, "ParentResourceNotFound", "fleets/members", "DELETE", strings.Replace(member, "/Rg1/", "/nogroup/", 1), fleetVersion, "")
}

// The deletion of a group takes fleets and clusters along.
func TestFleetGoesWithItsGroup(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.twoMembers()
	m.do(202, "DELETE", group, rgVersion, "")
	m.wantEqual(m.do(200, "GET", fleetPath, fleetVersion, ""), "properties.provisioningState", "Deleting")
	m.clock.Advance(2 * time.Minute)
	m.do(404, "GET", group, rgVersion, "")
	m.refused(404, "ParentResourceNotFound", "fleets/updateRuns", "DELETE", runPath, fleetVersion, "")
	m.refused(404, "ResourceGroupNotFound", "Rg1", "DELETE", fleetPath, fleetVersion, "")
}
