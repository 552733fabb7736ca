package aks

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/fieldset"
)

// full are the inputs of testdata/full.yaml.
func full(t *testing.T) Inputs {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "full.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	in := Inputs{
		Cluster: Cluster{Name: "full", Namespace: "default",
			ServiceCIDRs: []string{"10.0.0.0/16", "fd12:3456:789a:1::/108"}, PodCIDRs: []string{"192.168.0.0/16", "fd12:3456:789a::/64"}},
		ControlPlane: &v1beta1.AzureManagedControlPlane{},
		SSHPublicKey: "ssh-rsa AAAA",
	}
	documents := bytes.Split(text, []byte("\n---\n"))
	if err := yaml.UnmarshalStrict(documents[0], in.ControlPlane); err != nil {
		t.Fatal(err)
	}
	for _, document := range documents[1:] {
		object := &v1beta1.AzureManagedMachinePool{}
		if err := yaml.UnmarshalStrict(document, object); err != nil {
			t.Fatal(err)
		}
		in.Pools = append(in.Pools, Pool{Object: object, MachinePool: object.Name, Replicas: new(int32(3)), Version: "v1.34.1"})
	}
	return in
}

// What is declared is sent, is valid, and is what Azure then has: nothing is left to send.
func TestFullFeaturedCluster(t *testing.T) {
	in, obs := full(t), Observation{}
	late := in.Pools[2:]
	in.Pools = in.Pools[:2]
	sent := converge(t, &in, &obs)
	wantLines(t, sent, "Create resourceGroup full", "Create virtualNetwork full", "Create managedCluster full")
	golden(t, "full-virtualnetwork.json", sent[1].Body)
	golden(t, "full-managedcluster.json", sent[2].Body)
	validate(t, sent[1])
	validate(t, sent[2])

	in.Pools = append(in.Pools, late...)
	sent = converge(t, &in, &obs)
	wantLines(t, sent, "Create agentPool win")
	golden(t, "full-agentpool.json", sent[0].Body)
	validate(t, sent[0])
}

// The preview api-version is data: it goes with requests about the cluster and its pools, and with nothing else.
func TestPreviewFeatures(t *testing.T) {
	in, obs := full(t), Observation{}
	in.ControlPlane.Spec.EnablePreviewFeatures = new(true)
	for _, action := range converge(t, &in, &obs) {
		if preview := action.APIVersion == ContainerServicePreviewAPIVersion; preview != isAKS(action.Kind) {
			t.Errorf("%s is sent with api-version %s", action.Line(), action.APIVersion)
		}
	}
}

// Azure spells the keys of some maps its own way, and answers with more than was sent.
func TestAnswersInAnotherSpelling(t *testing.T) {
	in, obs := full(t), Observation{}
	converge(t, &in, &obs)
	body := obs.Cluster.Body
	id := in.ControlPlane.Spec.Identity.UserAssignedIdentityResourceID
	fieldset.Put(body, fieldset.Path{"identity", "userAssignedIdentities"}, fieldset.Object{
		"/SUBSCRIPTIONS" + id[len("/subscriptions"):]: fieldset.Object{"clientId": "c", "principalId": "p"}})
	addon, _ := fieldset.Get(body, fieldset.ParsePath("properties.addonProfiles.azurepolicy"))
	fieldset.Put(body, fieldset.ParsePath("properties.addonProfiles"), fieldset.Object{
		"azurePolicy":                  addon,
		"azureKeyvaultSecretsProvider": fieldset.Object{"enabled": true, "config": fieldset.Object{"enableSecretRotation": "true"}, "identity": fieldset.Object{"clientId": "c"}},
		"omsagent":                     fieldset.Object{"enabled": false},
	})
	fieldset.Put(body, fieldset.ParsePath("properties.identityProfile.kubeletidentity.clientId"), "c")
	if sent := converge(t, &in, &obs); len(sent) > 0 {
		t.Errorf("sent %s", sent[0].Line())
	}
}

// An identity that is exchanged goes out of the map it is the key of; one that others put there stays.
func TestExchangedIdentity(t *testing.T) {
	in, obs := full(t), Observation{}
	in.Pools = in.Pools[:2]
	converge(t, &in, &obs)
	identities := fieldset.Path{"identity", "userAssignedIdentities"}
	fieldset.Put(obs.Cluster.Body, identities.Child("/foreign"), fieldset.Object{"clientId": "c"})
	in.ControlPlane.Spec.Identity.UserAssignedIdentityResourceID = "/other"
	sent := converge(t, &in, &obs)
	wantLines(t, sent, "Update managedCluster full")
	validate(t, sent[0])
	got, _ := fieldset.Get(sent[0].Body, identities)
	if diff := cmp.Diff(fieldset.Object{"/other": fieldset.Object{}, "/foreign": fieldset.Object{}}, got); diff != "" {
		t.Errorf("identities (-want +got):\n%s", diff)
	}

	in.ControlPlane.Spec.Identity = nil
	sent = converge(t, &in, &obs)
	wantLines(t, sent, "Update managedCluster full")
	if kind := stringAt(sent[0].Body, "identity", "type"); kind != "SystemAssigned" {
		t.Errorf("identity.type is %q", kind)
	}
	if got, _ := fieldset.Get(sent[0].Body, identities.Child("/other")); got != nil {
		t.Errorf("the identity that was dropped is still sent: %v", got)
	}
}
