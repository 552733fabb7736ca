package aks

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utiljson "k8s.io/apimachinery/pkg/util/json"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/fieldset"
	"github.com/capaks/capaks/internal/plan"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var testTime = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

const testSubscription = "00000000-0000-0000-0000-000000000000"

// quickstart are the inputs of the documentation's example.
func quickstart() Inputs {
	cp := &v1beta1.AzureManagedControlPlane{ObjectMeta: metav1.ObjectMeta{Name: "my-cluster-control-plane", Namespace: "default"}}
	cp.Spec.Location = "southcentralus"
	cp.Spec.ResourceGroupName = "foo-bar"
	cp.Spec.SubscriptionID = testSubscription
	cp.Spec.Version = "v1.34.1"
	cp.Spec.NetworkPolicy = "azure"
	cp.Spec.NetworkPlugin = "azure"
	cp.Spec.LoadBalancerSKU = "Standard"
	cp.Spec.SKU = &v1beta1.SKU{Tier: v1beta1.TierFree}
	return Inputs{
		Cluster:      Cluster{Name: "my-cluster", Namespace: "default", ServiceCIDRs: []string{"192.168.0.0/16"}},
		ControlPlane: cp,
		Pools: []Pool{
			testPool("agentpool0", v1beta1.NodePoolModeSystem, "Standard_D2s_v3", 512, 2),
			testPool("agentpool1", v1beta1.NodePoolModeUser, "Standard_D2s_v4", 1024, 2),
		},
	}
}

func testPool(name string, mode v1beta1.NodePoolMode, size string, disk, replicas int32) Pool {
	object := &v1beta1.AzureManagedMachinePool{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "default"}}
	object.Spec.Mode = mode
	object.Spec.SKU = size
	object.Spec.OSDiskSizeGB = &disk
	return Pool{Object: object, MachinePool: name, Replicas: &replicas, Version: "v1.34.1"}
}

// accept plays Azure for an accepted request: the body becomes the resource, finished.
func accept(obs *Observation, action plan.Action) {
	body := fieldset.Overlay(fieldset.Object{}, action.Body)
	fieldset.Put(body, fieldset.Path{"properties", "provisioningState"}, "Succeeded")
	switch action.Kind {
	case KindResourceGroup:
		obs.ResourceGroup, obs.NetworkGroup = ObservedResource(body), ObservedResource(body)
	case KindVirtualNetwork:
		obs.VirtualNetwork = ObservedResource(body)
	case KindManagedCluster:
		version := stringAt(body, "properties", "kubernetesVersion")
		fieldset.Put(body, fieldset.ParsePath("properties.currentKubernetesVersion"), version)
		for _, pool := range inlineProfiles(body) {
			pool["provisioningState"] = "Succeeded"
			pool["currentOrchestratorVersion"] = pool["orchestratorVersion"]
		}
		obs.Cluster = ObservedResource(body)
	case KindAgentPool:
		acceptPool(obs, action, body)
	}
	obs.Time = testTime
}

func acceptPool(obs *Observation, action plan.Action, body fieldset.Object) {
	inline, _ := body["properties"].(fieldset.Object)
	inline["name"] = action.Name
	if v, ok := inline["orchestratorVersion"]; ok {
		inline["currentOrchestratorVersion"] = v
	}
	list := []any{}
	for _, profile := range inlineProfiles(obs.Cluster.Body) {
		if profile["name"] != action.Name {
			list = append(list, profile)
		}
	}
	if action.Verb != plan.Delete {
		list = append(list, inline)
	}
	fieldset.Put(obs.Cluster.Body, fieldset.ParsePath("properties.agentPoolProfiles"), list)
	delete(obs.PoolDetails, action.Name)
}

// converge carries out decisions until nothing is left to send, and returns what was sent.
func converge(t *testing.T, in *Inputs, obs *Observation) []plan.Action {
	t.Helper()
	var sent []plan.Action
	for range 20 {
		d := Decide(*in, *obs, testTime)
		if d.NeedUpgrades {
			obs.Upgrades = offersFor(*obs)
			continue
		}
		for _, name := range d.NeedPools {
			if obs.PoolDetails == nil {
				obs.PoolDetails = map[string]plan.Observed{}
			}
			obs.PoolDetails[name] = observedPool(*obs, name)
		}
		if len(d.NeedPools) > 0 {
			continue
		}
		if d.Next == nil {
			return sent
		}
		sent = append(sent, *d.Next)
		accept(obs, *d.Next)
		remember(in, *d.Next)
	}
	t.Fatal("does not converge in 20 requests")
	return nil
}

func remember(in *Inputs, action plan.Action) {
	switch action.Kind {
	case KindResourceGroup:
		in.Owned.ResourceGroup = action.Owned
	case KindVirtualNetwork:
		in.Owned.VirtualNetwork = action.Owned
	case KindManagedCluster:
		in.Owned.ManagedCluster = action.Owned
	case KindAgentPool:
		for i := range in.Pools {
			if PoolName(in.Pools[i].Object) == action.Name {
				in.Pools[i].Owned = action.Owned
			}
		}
	}
}

// golden compares a document with testdata/name.
func golden(t *testing.T, name string, document any) {
	t.Helper()
	got, err := json.MarshalIndent(document, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var g, w any
	if err := utiljson.Unmarshal(got, &g); err != nil {
		t.Fatal(err)
	}
	if err := utiljson.Unmarshal(want, &w); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(w, g); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", file, diff)
	}
}
