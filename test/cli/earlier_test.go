package cli_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

const sshKey = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC7 someone@example.com"

// earlier is a cluster as the earlier provider left it: in Azure, and in the management cluster with the objects of Azure Service
// Operator. The Cluster and its control plane have different names, as in the documentation.
type earlier struct{ namespace, name string }

func (e earlier) controlPlane() string { return e.name + "-control-plane" }
func (e earlier) group() string        { return subscription + "/resourceGroups/" + e.name }
func (e earlier) network() string {
	return e.group() + "/providers/Microsoft.Network/virtualNetworks/" + e.controlPlane()
}
func (e earlier) subnet() string { return e.network() + "/subnets/" + e.controlPlane() }
func (e earlier) id() string {
	return e.group() + "/providers/Microsoft.ContainerService/managedClusters/" + e.controlPlane()
}
func (e earlier) pool(n string) string   { return e.id() + "/agentPools/" + n }
func (e earlier) object(n string) string { return e.name + "-" + n }

func (e earlier) tags(name string) object {
	return object{"sigs.k8s.io_cluster-api-provider-azure_cluster_" + e.name: "owned", "sigs.k8s.io_cluster-api-provider-azure_role": "common", "Name": name, "team": "a"}
}

// azure makes what the earlier provider asked Azure for, each resource by a request of its own. Pools it put once more, which changed nothing.
func (e earlier) azure(t *testing.T, a *sandboxtest.Azure) {
	t.Helper()
	a.ARM(t, http.MethodPut, e.group(), resources, object{"location": "westeurope", "tags": e.tags(e.name)})
	a.ARM(t, http.MethodPut, e.network(), network, object{"location": "westeurope", "tags": e.tags(e.controlPlane()),
		"properties": object{"addressSpace": object{"addressPrefixes": []string{"10.0.0.0/8"}}}})
	settled(t, a, e.network(), network)
	a.ARM(t, http.MethodPut, e.subnet(), network, object{"properties": object{"addressPrefix": "10.240.0.0/16", "addressPrefixes": []string{"10.240.0.0/16"}}})
	settled(t, a, e.subnet(), network)
	pools := []object{e.poolProperties("pool0", "System"), e.poolProperties("pool1", "User")}
	a.ARM(t, http.MethodPut, e.id(), containerService, object{
		"location": "westeurope", "tags": e.tags(e.controlPlane()), "identity": object{"type": "SystemAssigned"}, "sku": object{"name": "Base", "tier": "Free"},
		"properties": object{
			"dnsPrefix": e.controlPlane(), "enableRBAC": true, "kubernetesVersion": "1.34.1", "nodeResourceGroup": "MC_" + e.name + "_" + e.controlPlane() + "_westeurope",
			"servicePrincipalProfile": object{"clientId": "msi"}, "oidcIssuerProfile": object{"enabled": true},
			"linuxProfile":      object{"adminUsername": "azureuser", "ssh": object{"publicKeys": []any{object{"keyData": sshKey}}}},
			"networkProfile":    object{"networkPlugin": "azure", "loadBalancerSku": "standard", "serviceCidr": "192.168.0.0/16", "dnsServiceIP": "192.168.0.10"},
			"autoScalerProfile": object{"expander": "random", "scan-interval": "10s", "balance-similar-node-groups": "false"},
			"agentPoolProfiles": pools,
		}})
	settled(t, a, e.id(), containerService)
}

func (e earlier) poolProperties(name, mode string) object {
	p := object{"name": name, "mode": mode, "vmSize": "Standard_D2s_v3", "osDiskSizeGB": 0, "osDiskType": "Managed", "osType": "Linux", "count": 2,
		"enableAutoScaling": false, "type": "VirtualMachineScaleSets", "orchestratorVersion": "1.34.1", "vnetSubnetID": e.subnet(), "scaleDownMode": "Delete"}
	if mode == "User" {
		p["enableAutoScaling"], p["minCount"], p["maxCount"] = true, 1, 4
		p["nodeLabels"], p["nodeTaints"] = object{"type": "shared"}, []string{"type=shared:NoSchedule"}
	}
	return p
}

func settled(t *testing.T, a *sandboxtest.Azure, id, apiVersion string) {
	t.Helper()
	until(t, limit, func() string {
		state := textAt(a.Get(t, id, apiVersion), "properties", "provisioningState")
		return unless(state == "Succeeded", "%s is %s", id, state)
	})
}

// objects are the declared objects as the earlier provider's webhooks left them, with its finalizers and annotations.
func (e earlier) objects() []object {
	ref := func(kind, name string) object {
		return object{"apiGroup": "infrastructure.cluster.x-k8s.io", "kind": kind, "name": name}
	}
	const infra = "infrastructure.cluster.x-k8s.io/v1beta1"
	labels := object{"cluster.x-k8s.io/cluster-name": e.name}
	sum := sha256.Sum224([]byte(e.namespace + "-" + e.controlPlane()))
	list := []object{
		{"apiVersion": "v1", "kind": "Secret", "metadata": e.meta("identity-secret", nil), "stringData": object{"clientSecret": sandboxtest.PersonSecret}},
		{"apiVersion": infra, "kind": "AzureClusterIdentity", "metadata": object{"name": "identity", "namespace": e.namespace,
			"finalizers": []string{"azuremanagedcontrolplane.infrastructure.cluster.x-k8s.io/" + hex.EncodeToString(sum[:])}},
			"spec": object{"type": "ServicePrincipal", "tenantID": sandboxtest.Tenant, "clientID": sandboxtest.Person, "allowedNamespaces": object{},
				"clientSecret": object{"name": "identity-secret", "namespace": e.namespace}}},
		{"apiVersion": "cluster.x-k8s.io/v1beta2", "kind": "Cluster", "metadata": e.meta(e.name, nil), "spec": object{
			"clusterNetwork":  object{"services": object{"cidrBlocks": []string{"192.168.0.0/16"}}},
			"controlPlaneRef": ref("AzureManagedControlPlane", e.controlPlane()), "infrastructureRef": ref("AzureManagedCluster", e.name)}},
		{"apiVersion": infra, "kind": "AzureManagedCluster", "metadata": e.meta(e.name, labels), "spec": object{}},
		{"apiVersion": infra, "kind": "AzureManagedControlPlane", "metadata": object{"name": e.controlPlane(), "namespace": e.namespace, "labels": labels,
			"finalizers":  []string{"azuremanagedcontrolplane.infrastructure.cluster.x-k8s.io", "azurecluster.infrastructure.cluster.x-k8s.io"},
			"annotations": object{"clusterctl.cluster.x-k8s.io/block-move": "true"}},
			"spec": object{
				"location": "westeurope", "resourceGroupName": e.name, "nodeResourceGroupName": "MC_" + e.name + "_" + e.controlPlane() + "_westeurope",
				"subscriptionID": sandboxtest.Subscription, "version": "v1.34.1", "dnsPrefix": e.controlPlane(), "networkPlugin": "azure", "loadBalancerSKU": "Standard",
				"sshPublicKey": base64.StdEncoding.EncodeToString([]byte(sshKey + "\n")), "sku": object{"tier": "Free"}, "oidcIssuerProfile": object{"enabled": true},
				"identity": object{"type": "SystemAssigned"}, "enablePreviewFeatures": false, "additionalTags": object{"team": "a"}, "dnsServiceIP": "192.168.0.10",
				"autoscalerProfile": object{"expander": "random", "scanInterval": "10s", "balanceSimilarNodeGroups": "false"},
				"identityRef":       object{"apiVersion": infra, "kind": "AzureClusterIdentity", "name": "identity", "namespace": e.namespace},
				"virtualNetwork": object{"name": e.controlPlane(), "resourceGroup": e.name, "cidrBlock": "10.0.0.0/8",
					"subnet": object{"name": e.controlPlane(), "cidrBlock": "10.240.0.0/16"}}}},
	}
	for _, p := range []struct {
		name, mode string
		spec       object
	}{
		{"pool0", "System", object{}},
		{"pool1", "User", object{"scaling": object{"minSize": 1, "maxSize": 4}, "nodeLabels": object{"type": "shared"}, "taints": []any{object{"key": "type", "value": "shared", "effect": "NoSchedule"}}}},
	} {
		annotations := object{}
		if p.mode == "User" {
			annotations["cluster.x-k8s.io/replicas-managed-by"] = "true"
		}
		spec := object{"name": p.name, "mode": p.mode, "sku": "Standard_D2s_v3", "osDiskType": "Managed", "osType": "Linux", "scaleDownMode": "Delete", "subnetName": e.controlPlane()}
		for k, v := range p.spec {
			spec[k] = v
		}
		list = append(list,
			object{"apiVersion": "cluster.x-k8s.io/v1beta2", "kind": "MachinePool", "metadata": object{"name": e.object(p.name), "namespace": e.namespace, "annotations": annotations},
				"spec": object{"clusterName": e.name, "replicas": 2, "template": object{"spec": object{"bootstrap": object{"dataSecretName": ""}, "clusterName": e.name,
					"version": "v1.34.1", "infrastructureRef": ref("AzureManagedMachinePool", e.object(p.name))}}}},
			object{"apiVersion": infra, "kind": "AzureManagedMachinePool", "metadata": object{"name": e.object(p.name), "namespace": e.namespace,
				"labels":      object{"cluster.x-k8s.io/cluster-name": e.name, "azuremanagedmachinepool.infrastructure.cluster.x-k8s.io/agentpoolmode": p.mode},
				"finalizers":  []string{"azurecluster.infrastructure.cluster.x-k8s.io"},
				"annotations": object{"clusterctl.cluster.x-k8s.io/block-move": "true"}}, "spec": spec})
	}
	return list
}

func (e earlier) meta(name string, labels object) object {
	m := object{"name": name, "namespace": e.namespace}
	if labels != nil {
		m["labels"] = labels
	}
	return m
}

// operated are the objects of Azure Service Operator, with the owners that Kubernetes knows by now.
func (e earlier) operated(t *testing.T, p *plane) []object {
	t.Helper()
	owner := func(kind, name string) object {
		uid := sandboxtest.TextAt(p.Get(t, strings.ToLower(kind), e.namespace, name), "metadata", "uid")
		return object{"apiVersion": "infrastructure.cluster.x-k8s.io/v1beta1", "kind": kind, "name": name, "uid": uid, "controller": true, "blockOwnerDeletion": true}
	}
	made := func(group, kind, name string, by object) object {
		return object{"apiVersion": group + ".azure.com/v1api20240901storage", "kind": kind, "metadata": object{
			"name": name, "namespace": e.namespace, "labels": object{"cluster.x-k8s.io/cluster-name": e.name}, "finalizers": []string{"serviceoperator.azure.com/finalizer"},
			"annotations":     object{"serviceoperator.azure.com/reconcile-policy": "manage", "serviceoperator.azure.com/credential-from": e.name + "-aso-secret"},
			"ownerReferences": []any{by}}, "spec": object{"azureName": name}}
	}
	cp := owner("AzureManagedControlPlane", e.controlPlane())
	return []object{
		made("resources", "ResourceGroup", e.name, cp), made("network", "VirtualNetwork", e.controlPlane(), cp),
		made("network", "VirtualNetworksSubnet", e.controlPlane()+"-"+e.controlPlane(), cp), made("containerservice", "ManagedCluster", e.controlPlane(), cp),
		made("containerservice", "ManagedClustersAgentPool", e.object("pool0"), owner("AzureManagedMachinePool", e.object("pool0"))),
		made("containerservice", "ManagedClustersAgentPool", e.object("pool1"), owner("AzureManagedMachinePool", e.object("pool1"))),
		{"apiVersion": "v1", "kind": "Secret", "metadata": e.meta(e.name+"-aso-secret", object{e.name: "owned"}), "stringData": object{"AZURE_CLIENT_SECRET": "x"}},
		// Somebody's own, in the same namespace: nobody touches it.
		{"apiVersion": "resources.azure.com/v1api20240901storage", "kind": "ResourceGroup", "metadata": object{"name": "of-somebody", "namespace": e.namespace,
			"finalizers": []string{"serviceoperator.azure.com/finalizer"}}, "spec": object{}},
	}
}

// reported is the status that the earlier provider wrote, conditions of the old form included.
const reported = `{"status":{"ready":true,"initialized":true,"version":"v1.34.1","conditions":[
 {"type":"Ready","status":"True","lastTransitionTime":"2026-01-01T00:00:00Z"},
 {"type":"VNetReady","status":"True","lastTransitionTime":"2026-01-01T00:00:00Z"},
 {"type":"PrivateEndpointsReady","status":"True","lastTransitionTime":"2026-01-01T00:00:00Z"},
 {"type":"ManagedClusterRunning","status":"False","severity":"Info","reason":"Creating","message":"managedcluster","lastTransitionTime":"2026-01-01T00:00:00Z"}]}}`

// create puts everything of the cluster where the earlier provider had it.
func (e earlier) create(t *testing.T, p *plane) {
	t.Helper()
	e.azure(t, p.Azure)
	t.Log("the cluster is in Azure")
	p.Kubectl(t, "create", "namespace", e.namespace)
	p.Apply(t, sandboxtest.Documents(e.objects()...))
	for _, kind := range []string{"azuremanagedcontrolplane", "azuremanagedmachinepool"} {
		for _, name := range []string{e.controlPlane(), e.object("pool0"), e.object("pool1")} {
			if p.Get(t, kind, e.namespace, name) == nil {
				continue
			}
			sandboxtest.Until(t, sandboxtest.Limit, func() string {
				owners := sandboxtest.TextAt(p.Get(t, kind, e.namespace, name), "metadata", "ownerReferences")
				return sandboxtest.Unless(owners != "", "Cluster API has not set the owner of %s", name)
			})
			p.Kubectl(t, "patch", kind, name, "--namespace="+e.namespace, "--subresource=status", "--type=merge", "--patch="+reported)
		}
	}
	p.Kubectl(t, "patch", "azuremanagedcluster", e.name, "--namespace="+e.namespace, "--subresource=status", "--type=merge", `--patch={"status":{"ready":true}}`)
	p.Apply(t, sandboxtest.Documents(e.operated(t, p)...))
	t.Log("its objects are in the management cluster")
}

func (p *plane) applyFile(t *testing.T, name string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	p.Apply(t, string(text))
}
