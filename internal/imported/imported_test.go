package imported_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/fieldset"
	"github.com/capaks/capaks/internal/imported"
)

// byHand is a cluster as somebody made it with other tools.
func byHand(name, administrator string) imported.Source {
	return imported.Source{Subscription: "00000000-0000-0000-0000-000000000000", Group: "theirs",
		ResourceGroup: aks.ObservedResource(fieldset.Object{"location": "westeurope", "properties": fieldset.Object{"provisioningState": "Succeeded"}}),
		Cluster: fieldset.Object{"name": name, "location": "westeurope", "tags": fieldset.Object{"team": "a"}, "identity": fieldset.Object{"type": "SystemAssigned"},
			"sku": fieldset.Object{"name": "Base", "tier": "Free"},
			"properties": fieldset.Object{"provisioningState": "Succeeded", "kubernetesVersion": "1.34", "currentKubernetesVersion": "1.34.1", "dnsPrefix": "theirs", "enableRBAC": true,
				"nodeResourceGroup":       "MC_theirs",
				"agentPoolProfiles":       []any{fieldset.Object{"name": "nodepool1", "mode": "System", "provisioningState": "Succeeded"}},
				"linuxProfile":            fieldset.Object{"adminUsername": administrator, "ssh": fieldset.Object{"publicKeys": []any{fieldset.Object{"keyData": "ssh-rsa AAAA"}}}},
				"servicePrincipalProfile": fieldset.Object{"clientId": "msi"},
				"networkProfile": fieldset.Object{"networkPlugin": "azure", "networkPolicy": "none", "loadBalancerSku": "standard", "serviceCidr": "10.0.0.0/16", "dnsServiceIP": "10.0.0.10",
					"serviceCidrs": []any{"10.0.0.0/16"}}}},
		Pools: []fieldset.Object{{"name": "nodepool1", "properties": fieldset.Object{"provisioningState": "Succeeded", "mode": "System", "vmSize": "Standard_D2s_v3", "count": int64(3),
			"type": "VirtualMachineScaleSets", "osType": "Linux", "osSKU": "Ubuntu", "osDiskSizeGB": int64(128), "maxPods": int64(30), "enableAutoScaling": false, "scaleDownMode": "Delete",
			"orchestratorVersion": "1.34", "currentOrchestratorVersion": "1.34.1"}}}}
}

func TestOf(t *testing.T) {
	options := imported.Options{Namespace: "team-a", Policy: "observe", Identity: "reader", Now: time.Unix(0, 0)}
	for _, tc := range []struct {
		name, administrator string
		key                 any
		notes               []string
	}{
		{"as this provider would", "azureuser", "c3NoLXJzYSBBQUFB", []string{`spec.networkPolicy of managedCluster theirs is left out: it has no value for "none"`}},
		{"with another administrator", "root2", nil, []string{`spec.networkPolicy of managedCluster theirs is left out: it has no value for "none"`,
			"the administrator of the nodes is called root2, for which there is no field: it and its SSH keys stay"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			result, err := imported.Of(byHand("theirs", tc.administrator), options)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tc.notes, result.Notes); d != "" {
				t.Errorf("notes (-want +got):\n%s", d)
			}
			var kinds []any
			for _, o := range result.Objects {
				kinds = append(kinds, o["kind"])
			}
			if d := cmp.Diff([]any{"Cluster", "AzureManagedCluster", "AzureManagedControlPlane", "MachinePool", "AzureManagedMachinePool"}, kinds); d != "" {
				t.Fatalf("kinds (-want +got):\n%s", d)
			}
			spec, _ := result.Objects[2]["spec"].(map[string]any)
			if spec["version"] != "v1.34.1" || spec["sshPublicKey"] != tc.key {
				t.Errorf("version %v, key %v; want v1.34.1, %v", spec["version"], spec["sshPublicKey"], tc.key)
			}
		})
	}
	if _, err := imported.Of(byHand("Theirs_1", "azureuser"), options); err == nil || !strings.Contains(err.Error(), "Theirs_1") {
		t.Errorf("a name that Kubernetes does not take: %v", err)
	}
}
