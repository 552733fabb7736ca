package webhook_test

import (
	"encoding/base64"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/google/go-cmp/cmp"

	"github.com/capaks/capaks/api/v1beta1"
)

const publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKk5o1v3GJHfdGYI4/6/lmKyq5lWhEXgv4VCgPhYCzfV someone@example.com"

type controlPlaneChange = func(*v1beta1.AzureManagedControlPlane)

func TestControlPlaneDefaults(t *testing.T) {
	a := live(t)
	cp := controlPlane(a.namespace, "first", func(cp *v1beta1.AzureManagedControlPlane) {
		cp.Spec.Version = "1.33.4"
		cp.Spec.IdentityRef = &corev1.ObjectReference{Name: "someone"}
	})
	a.create(t, cp)
	vnet := &v1beta1.VirtualNetwork{Name: "first", CIDRBlock: "10.0.0.0/8", Subnet: &v1beta1.Subnet{Name: "first", CIDRBlock: "10.240.0.0/16"}}
	want := v1beta1.AzureManagedControlPlaneSpec{
		Version: "v1.33.4", DNSPrefix: "first",
		AzureManagedControlPlaneClassSpec: v1beta1.AzureManagedControlPlaneClassSpec{
			Location: "southcentralus", NetworkPlugin: "azure", LoadBalancerSKU: "Standard", VirtualNetwork: vnet,
			EnablePreviewFeatures: ptr(false),
			IdentityRef:           &corev1.ObjectReference{APIVersion: "infrastructure.cluster.x-k8s.io/v1beta1", Kind: "AzureClusterIdentity", Name: "someone", Namespace: a.namespace},
		},
	}
	if diff := cmp.Diff(want, cp.Spec); diff != "" {
		t.Errorf("before the Cluster is known: -want +got\n%s", diff)
	}
	accepted(t, change(t, a, cp, func(cp *v1beta1.AzureManagedControlPlane) {
		cp.Labels = map[string]string{clusterv1.ClusterNameLabel: "my-cluster"}
	}))
	want.ResourceGroupName, want.NodeResourceGroupName, vnet.ResourceGroup = "my-cluster", "MC_my-cluster_first_southcentralus", "my-cluster"
	if diff := cmp.Diff(want, cp.Spec); diff != "" {
		t.Errorf("once the Cluster is known: -want +got\n%s", diff)
	}
}

// What was written is sent again as it was written, the way a GitOps tool does, and nothing may change or be refused.
func TestControlPlaneReapplied(t *testing.T) {
	a := live(t)
	manifests := map[string]string{
		"minimal": `{}`,
		"overlay": `{networkPluginMode: overlay}`,
		"own-key": `{sshPublicKey: ""}`,
		"paid":    `{sku: {tier: Paid}}`,
		"string":  `{sku: Free}`,
		"identity": `
identityRef: {apiVersion: infrastructure.cluster.x-k8s.io/v1beta1, kind: AzureClusterIdentity, name: someone}`,
		"fleet-and-extensions": `
fleetsMember: {managerName: fleet, managerResourceGroup: fleets}
extensions: [{name: shop, extensionType: contoso.shop, plan: {product: shop, publisher: contoso}, scope: {scopeType: Cluster, releaseNamespace: shop}}]`,
		"addons-and-security": `
identity: {userAssignedIdentityResourceID: /i, type: UserAssigned}
addonProfiles: [{name: azurepolicy, enabled: true}]
securityProfile: {azureKeyVaultKms: {enabled: true, keyID: k}, imageCleaner: {enabled: false}}
httpProxyConfig: {httpProxy: "http://p:3128/", noProxy: [a, b]}`,
		"network": `
virtualNetwork: {name: own, resourceGroup: net, subnet: {name: nodes, serviceEndpoints: [{service: Microsoft.Storage, locations: ["*"]}]}}`,
	}
	for name, text := range manifests {
		t.Run(name, func(t *testing.T) {
			manifest := func() *unstructured.Unstructured {
				spec := map[string]any{}
				if err := yaml.Unmarshal([]byte(text), &spec); err != nil {
					t.Fatal(err)
				}
				spec["location"], spec["version"] = "southcentralus", "1.33.4"
				u := &unstructured.Unstructured{Object: map[string]any{"spec": spec}}
				u.SetGroupVersionKind(v1beta1.GroupVersion.WithKind("AzureManagedControlPlane"))
				u.SetNamespace(a.namespace)
				u.SetName(name)
				u.SetLabels(map[string]string{clusterv1.ClusterNameLabel: "my-cluster"})
				return u
			}
			apply := func() *unstructured.Unstructured {
				u := manifest()
				if err := a.Apply(t.Context(), client.ApplyConfigurationFromUnstructured(u), client.FieldOwner("someone"), client.ForceOwnership); err != nil {
					t.Fatal(err)
				}
				return u
			}
			first := apply()
			again := apply()
			if first.GetResourceVersion() != again.GetResourceVersion() {
				t.Errorf("applied again, it changed: -first +again\n%s", cmp.Diff(first.Object, again.Object))
			}
			replaced := manifest()
			replaced.SetResourceVersion(first.GetResourceVersion())
			if err := a.Update(t.Context(), replaced); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(first.Object["spec"], replaced.Object["spec"]); diff != "" {
				t.Errorf("replaced, it changed: -first +again\n%s", diff)
			}
		})
	}
}

// What was filled in stays, also where it would be filled in differently now.
func TestControlPlaneDefaultsAreKept(t *testing.T) {
	a := live(t)
	written := func(mutate ...controlPlaneChange) *v1beta1.AzureManagedControlPlane {
		return controlPlane(a.namespace, "kept", append(mutate, func(cp *v1beta1.AzureManagedControlPlane) {
			cp.Labels = map[string]string{clusterv1.ClusterNameLabel: "my-cluster"}
		})...)
	}
	cp := written(func(cp *v1beta1.AzureManagedControlPlane) {
		cp.Spec.VirtualNetwork = &v1beta1.VirtualNetwork{Subnet: &v1beta1.Subnet{ServiceEndpoints: []v1beta1.ServiceEndpoint{{Service: "Microsoft.Storage", Locations: []string{"*"}}}}}
	})
	a.create(t, cp)
	want := *cp.Spec.DeepCopy()
	want.VirtualNetwork.Subnet.ServiceEndpoints = nil
	replace := func(when string, mutate ...controlPlaneChange) {
		t.Helper()
		again := written(mutate...)
		again.ResourceVersion = cp.ResourceVersion
		if err := a.Update(t.Context(), again); err != nil {
			t.Fatalf("%s: %v", when, err)
		}
		if diff := cmp.Diff(want, again.Spec); diff != "" {
			t.Errorf("%s: -want +got\n%s", when, diff)
		}
		cp = again
	}
	want.NetworkPluginMode = "overlay"
	overlay := func(cp *v1beta1.AzureManagedControlPlane) { cp.Spec.NetworkPluginMode = "overlay" }
	replace("with overlay, which has another default network", overlay)
	cp.Status.ResourceID = "/subscriptions/s/resourceGroups/my-cluster/providers/Microsoft.ContainerService/managedClusters/kept"
	if err := a.Status().Update(t.Context(), cp); err != nil {
		t.Fatal(err)
	}
	replace("once the cluster exists, and nothing is derived any more", overlay)
	replace("with a network without names", overlay, func(cp *v1beta1.AzureManagedControlPlane) { cp.Spec.VirtualNetwork = &v1beta1.VirtualNetwork{} })
}

// Once the AKS cluster exists, defaults that were never stored are not added: the CRD holds names to what exists.
func TestControlPlaneOfExistingCluster(t *testing.T) {
	a := live(t)
	cp := controlPlane(a.namespace, "existing")
	a.create(t, cp)
	cp.Status.ResourceID = "/subscriptions/s/resourceGroups/elsewhere/providers/Microsoft.ContainerService/managedClusters/existing"
	if err := a.Status().Update(t.Context(), cp); err != nil {
		t.Fatal(err)
	}
	accepted(t, change(t, a, cp, func(cp *v1beta1.AzureManagedControlPlane) {
		cp.Labels = map[string]string{clusterv1.ClusterNameLabel: "my-cluster"}
	}))
	if cp.Spec.ResourceGroupName != "" {
		t.Errorf("resourceGroupName became %q", cp.Spec.ResourceGroupName)
	}
}

func TestControlPlaneRefused(t *testing.T) {
	a := live(t)
	a.create(t, cluster(a.namespace, "c"), infraCluster(a.namespace, "c", subscription),
		cluster(a.namespace, "noservices", func(c *clusterv1.Cluster) { c.Spec.ClusterNetwork = clusterv1.ClusterNetwork{} }),
		cluster(a.namespace, "two", func(c *clusterv1.Cluster) {
			c.Spec.ClusterNetwork.Services.CIDRBlocks = []string{"192.168.0.0/16", "fd00::/108"}
		}),
		cluster(a.namespace, "same", func(c *clusterv1.Cluster) {
			c.Spec.ClusterNetwork.Services.CIDRBlocks = []string{"192.168.0.0/16", "172.20.0.0/16"}
		}),
		cluster(a.namespace, "badservices", func(c *clusterv1.Cluster) { c.Spec.ClusterNetwork.Services.CIDRBlocks = []string{"192.168.0.0"} }),
		cluster(a.namespace, "large", func(c *clusterv1.Cluster) { c.Spec.ClusterNetwork.Services.CIDRBlocks = []string{"172.0.0.0/8"} }),
		cluster(a.namespace, "pods", func(c *clusterv1.Cluster) { c.Spec.ClusterNetwork.Pods.CIDRBlocks = []string{"192.168.128.0/17"} }),
	)
	subnet := func(vnet, subnet string) controlPlaneChange {
		return func(cp *v1beta1.AzureManagedControlPlane) {
			cp.Spec.VirtualNetwork = &v1beta1.VirtualNetwork{CIDRBlock: vnet, Subnet: &v1beta1.Subnet{CIDRBlock: subnet}}
		}
	}
	dns := func(ip string) controlPlaneChange {
		return func(cp *v1beta1.AzureManagedControlPlane) { cp.Spec.DNSServiceIP = ip }
	}
	dualStack := func(cp *v1beta1.AzureManagedControlPlane) { cp.Spec.IPFamilies = []string{"IPv4", "IPv6"} }
	key := func(value string) controlPlaneChange {
		return func(cp *v1beta1.AzureManagedControlPlane) { cp.Spec.SSHPublicKey = ptr(value) }
	}
	for name, c := range map[string]struct {
		cluster string
		change  controlPlaneChange
		want    []string
	}{
		"key not base64": {"c", key(publicKey), []string{"spec.sshPublicKey", "ssh-ed25519", "is not base64", "base64-encoded"}},
		"key not a key":  {"c", key(base64.StdEncoding.EncodeToString([]byte("hello"))), []string{"spec.sshPublicKey", "aGVsbG8=", "not of a public SSH key"}},
		"two keys":       {"c", key(base64.StdEncoding.EncodeToString([]byte(publicKey + "\n" + publicKey))), []string{"spec.sshPublicKey", "more than one line"}},
		"version":        {"c", func(cp *v1beta1.AzureManagedControlPlane) { cp.Spec.Version = "latest" }, []string{"spec.version", `"latest"`, "for example v1.33.4"}},
		"name":           {"c", func(cp *v1beta1.AzureManagedControlPlane) { cp.Name = "my-windows" }, []string{"metadata.name", "my-windows", "choose a name"}},
		"identity kind": {"c", func(cp *v1beta1.AzureManagedControlPlane) {
			cp.Spec.IdentityRef = &corev1.ObjectReference{Kind: "Secret", Name: "x"}
		}, []string{"identityRef.kind", "Secret", "write AzureClusterIdentity"}},
		"dns outside":          {"c", dns("10.0.0.10"), []string{"spec.dnsServiceIP", "10.0.0.10", `"192.168.0.0/16"`, `Cluster "c"`, "remove dnsServiceIP"}},
		"dns network":          {"c", dns("192.168.0.0"), []string{"spec.dnsServiceIP", "first address"}},
		"dns first":            {"c", dns("192.168.0.1"), []string{"spec.dnsServiceIP", "first address"}},
		"dns without range":    {"noservices", dns("10.0.0.10"), []string{"spec.dnsServiceIP", `Cluster "noservices" has none`, "remove dnsServiceIP"}},
		"two service ranges":   {"two", nil, []string{"spec.clusterNetwork.services.cidrBlocks", `Cluster "two"`, "2 ranges", "keep one"}},
		"two ranges of a kind": {"same", dualStack, []string{"spec.clusterNetwork.services.cidrBlocks", "2 ranges", "one of IPv4 and one of IPv6"}},
		"support plan": {"c", func(cp *v1beta1.AzureManagedControlPlane) {
			cp.Spec.SKU, cp.Spec.SupportPlan = &v1beta1.SKU{Tier: v1beta1.TierStandard}, "AKSLongTermSupport"
		}, []string{"spec.supportPlan", "AKSLongTermSupport", "set sku to Premium"}},
		"patch": {"c", func(cp *v1beta1.AzureManagedControlPlane) {
			cp.Spec.ASOManagedClusterPatches = []string{"{}", "spec: x"}
		}, []string{"spec.asoManagedClusterPatches[1]", "spec: x", "write a merge patch"}},
		"services not a CIDR": {"badservices", nil, []string{"spec.clusterNetwork.services.cidrBlocks", `"192.168.0.0" is not an address range`}},
		"services too large":  {"large", nil, []string{`"172.0.0.0/8" is too large`, "/12", "172.30.0.0/16"}},
		"pods over services": {"pods", func(cp *v1beta1.AzureManagedControlPlane) { cp.Spec.NetworkPluginMode = "overlay" },
			[]string{"spec.clusterNetwork.services.cidrBlocks", "overlaps spec.clusterNetwork.pods.cidrBlocks", `"192.168.128.0/17"`}},
		"subnet over services": {"c", subnet("192.168.0.0/16", "192.168.4.0/24"), []string{"spec.virtualNetwork.subnet.cidrBlock", "192.168.4.0/24", `"192.168.0.0/16"`, "do not overlap"}},
		"subnet reserved":      {"c", subnet("172.16.0.0/12", "172.31.4.0/24"), []string{"spec.virtualNetwork.subnet.cidrBlock", "172.31.0.0/16", "choose another range"}},
		"subnet outside":       {"c", subnet("10.1.0.0/16", "10.0.0.0/8"), []string{"spec.virtualNetwork", "10.0.0.0/8", "10.1.0.0/16"}},
		"subscription": {"c", func(cp *v1beta1.AzureManagedControlPlane) {
			cp.Spec.SubscriptionID = "22222222-2222-2222-2222-222222222222"
		},
			[]string{"spec.subscriptionID", "22222222", subscription, `AzureManagedCluster "c"`, "give both the same"}},
		"default subscription": {"c", nil, []string{"spec.subscriptionID", defaultSubscription, subscription}},
	} {
		t.Run(name, func(t *testing.T) {
			cp := controlPlane(a.namespace, c.cluster)
			if c.cluster == "c" && name != "default subscription" {
				cp.Spec.SubscriptionID = strings.ToUpper(subscription)
			}
			if c.change != nil {
				c.change(cp)
			}
			refused(t, a.Create(t.Context(), cp), c.want...)
		})
	}
	good := controlPlane(a.namespace, "c", key(base64.StdEncoding.EncodeToString([]byte(publicKey+"\n"))), dns("192.168.0.10"))
	good.Spec.SubscriptionID = subscription
	accepted(t, a.Create(t.Context(), good))
	accepted(t, a.Create(t.Context(), controlPlane(a.namespace, "two", dualStack)))
}

func TestControlPlaneVersion(t *testing.T) {
	a := live(t)
	cp := controlPlane(a.namespace, "versions", func(cp *v1beta1.AzureManagedControlPlane) { cp.Spec.Version = "v1.32.6" })
	a.create(t, cp)
	to := func(version string) error {
		return change(t, a, cp, func(cp *v1beta1.AzureManagedControlPlane) { cp.Spec.Version = version })
	}
	refused(t, to("v1.32.5"), "version", "v1.32.5", "v1.32.6")
	refused(t, to("v1.32.6-rc.1"), "spec.version", "v1.32.6-rc.1", "write v1.32.6 or a newer version")
	accepted(t, to("1.32.6"))
	a.read(t, cp)
	cp.Status.Version = "v1.33.2"
	if err := a.Status().Update(t.Context(), cp); err != nil {
		t.Fatal(err)
	}
	refused(t, to("v1.33.1"), "spec.version", "v1.33.1", "write v1.33.2 or a newer version")
	accepted(t, change(t, a, cp, func(cp *v1beta1.AzureManagedControlPlane) { cp.Spec.AdditionalTags = map[string]string{"a": "b"} }))
	accepted(t, to("v1.33.2"))
	a.warnings.take()
	accepted(t, to("v1.34.0"))
	if got := a.warnings.take(); !strings.Contains(got, "whether AKS offers it is checked before anything is sent") {
		t.Errorf("warnings %q", got)
	}
	a.read(t, cp)
	cp.Status.AvailableUpgrades = &v1beta1.AvailableUpgrades{CheckedAt: metav1.Now(), Versions: []string{"v1.33.5", "v1.34.1"}}
	if err := a.Status().Update(t.Context(), cp); err != nil {
		t.Fatal(err)
	}
	refused(t, to("v1.34.2"), "spec.version", "v1.34.2", "cannot be reached from v1.33.2", "on offer are v1.33.5, v1.34.1")
	accepted(t, to("v1.34"))
	accepted(t, to("v1.34.1"))
}

func TestControlPlaneWarnings(t *testing.T) {
	a := live(t)
	a.create(t, cluster(a.namespace, "overlap"))
	access := func(access v1beta1.APIServerAccessProfile) controlPlaneChange {
		return func(cp *v1beta1.AzureManagedControlPlane) { cp.Spec.APIServerAccessProfile = &access }
	}
	for name, c := range map[string]struct {
		change controlPlaneChange
		want   []string
	}{
		"zone": {access(v1beta1.APIServerAccessProfile{PrivateDNSZone: "None", EnablePrivateCluster: ptr(false)}),
			[]string{"spec.apiServerAccessProfile.privateDNSZone", `"None"`, "set enablePrivateCluster"}},
		"ranges":         {access(v1beta1.APIServerAccessProfile{AuthorizedIPRanges: []string{"12.34.56.78/32"}}), []string{"authorizedIPRanges", "12.34.56.78/32", "management cluster"}},
		"private-ranges": {access(v1beta1.APIServerAccessProfile{AuthorizedIPRanges: []string{"12.34.56.78/32"}, EnablePrivateCluster: ptr(true)}), []string{"authorizedIPRanges", "is private"}},
		"group": {func(cp *v1beta1.AzureManagedControlPlane) {
			cp.Spec.AADProfile = &v1beta1.AADProfile{Managed: ptr(true), AdminGroupObjectIDs: []string{"917056a9-8eb5-439c-g679-b34901ade75h"}}
		}, []string{"spec.aadProfile.adminGroupObjectIDs[0]", "917056a9-8eb5-439c-g679-b34901ade75h", "az ad group show"}},
		"basic":   {func(cp *v1beta1.AzureManagedControlPlane) { cp.Spec.LoadBalancerSKU = "Basic" }, []string{"spec.loadBalancerSKU", "Basic", "use Standard"}},
		"kubenet": {func(cp *v1beta1.AzureManagedControlPlane) { cp.Spec.NetworkPlugin = "kubenet" }, []string{"spec.networkPlugin", "kubenet", "overlay"}},
		"overlap": {func(cp *v1beta1.AzureManagedControlPlane) {
			cp.Spec.VirtualNetwork = &v1beta1.VirtualNetwork{CIDRBlock: "192.0.0.0/8", Subnet: &v1beta1.Subnet{CIDRBlock: "192.167.0.0/16"}}
		}, []string{"spec.virtualNetwork.cidrBlock", "192.0.0.0/8", `Cluster "overlap"`}},
		"kubelet": {func(cp *v1beta1.AzureManagedControlPlane) { cp.Spec.KubeletUserAssignedIdentity = "/id" },
			[]string{"spec.kubeletUserAssignedIdentity", "/id", "set identity.type to UserAssigned"}},
		"addon": {func(cp *v1beta1.AzureManagedControlPlane) {
			cp.Spec.AddonProfiles = []v1beta1.AddonProfile{{Name: "azurePolicy", Enabled: true}, {Name: "azurepolice", Enabled: true}}
		}, []string{"spec.addonProfiles", `"azurepolice"`, "known are"}},
		"pod-identity": {func(cp *v1beta1.AzureManagedControlPlane) {
			cp.Spec.PodIdentityProfile = &v1beta1.PodIdentityProfile{Enabled: ptr(true)}
		}, []string{"spec.podIdentityProfile", "workloadIdentity"}},
		"plain": {nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			cp := controlPlane(a.namespace, name)
			if c.change != nil {
				c.change(cp)
			}
			a.create(t, cp)
			got := a.warnings.take()
			for _, part := range c.want {
				if !strings.Contains(got, part) {
					t.Errorf("the warnings lack %q: %s", part, got)
				}
			}
			if c.want == nil && got != "" {
				t.Errorf("warned: %s", got)
			}
			accepted(t, change(t, a, cp, func(cp *v1beta1.AzureManagedControlPlane) { cp.Annotations = map[string]string{"a": "b"} }))
			if got := a.warnings.take(); got != "" {
				t.Errorf("warned about an unchanged spec: %s", got)
			}
		})
	}
}

// What is wrong already must not stop Cluster API from putting its label on.
func TestControlPlaneAdopted(t *testing.T) {
	a := live(t)
	cp := controlPlane(a.namespace, "c", func(cp *v1beta1.AzureManagedControlPlane) { cp.Spec.DNSServiceIP = "10.0.0.10" })
	a.create(t, cp, cluster(a.namespace, "c"), infraCluster(a.namespace, "c", ""))
	accepted(t, change(t, a, cp, func(cp *v1beta1.AzureManagedControlPlane) {
		cp.Labels = map[string]string{clusterv1.ClusterNameLabel: "c"}
	}))
}

// What `clusterctl move` brings works already; it comes under a paused Cluster.
func TestControlPlaneMoved(t *testing.T) {
	a := live(t)
	a.create(t, cluster(a.namespace, "c", func(c *clusterv1.Cluster) { c.Spec.Paused = ptr(true) }))
	a.warnings.take()
	a.create(t, controlPlane(a.namespace, "c", func(cp *v1beta1.AzureManagedControlPlane) { cp.Spec.DNSServiceIP = "10.0.0.10" }))
	if got := a.warnings.take(); !strings.Contains(got, "spec.dnsServiceIP") {
		t.Errorf("warnings: %q", got)
	}
}

// The same rules hold for the old version of the API, which the documentation uses in one place.
func TestControlPlaneInOldVersion(t *testing.T) {
	a := live(t)
	old := withSKU(a, "old", "Free")
	old.SetAPIVersion("infrastructure.cluster.x-k8s.io/v1alpha4")
	_ = unstructured.SetNestedField(old.Object, "1.21.2", "spec", "version")
	_ = unstructured.SetNestedMap(old.Object, map[string]any{
		"authorizedIPRanges": []any{"12.34.56.78/32"}, "enablePrivateCluster": false, "privateDNSZone": "None", "enablePrivateClusterPublicFQDN": false,
	}, "spec", "apiServerAccessProfile")
	a.create(t, old)
	got := a.warnings.take()
	if !strings.Contains(got, "spec.apiServerAccessProfile.privateDNSZone") {
		t.Errorf("warnings: %q", got)
	}
	if version, _, _ := unstructured.NestedString(old.Object, "spec", "version"); version != "v1.21.2" {
		t.Errorf("version %q", version)
	}
	refused(t, change(t, a, old, func(u *unstructured.Unstructured) {
		_ = unstructured.SetNestedField(u.Object, "1.21.1-rc.0", "spec", "version")
	}), "spec.version", "v1.21.1-rc.0")
}

func TestInfraClusterSubscription(t *testing.T) {
	a := live(t)
	named := controlPlane(a.namespace, "named", func(cp *v1beta1.AzureManagedControlPlane) { cp.Spec.SubscriptionID = subscription })
	a.create(t, cluster(a.namespace, "named"), named, cluster(a.namespace, "unnamed"), controlPlane(a.namespace, "unnamed"))
	other := "22222222-2222-2222-2222-222222222222"
	refused(t, a.Create(t.Context(), infraCluster(a.namespace, "named", other)), "spec.subscriptionID", other, subscription, `AzureManagedControlPlane "named"`, "give both the same")
	refused(t, a.Create(t.Context(), infraCluster(a.namespace, "unnamed", other)), "spec.subscriptionID", other, defaultSubscription, "of the manager")
	later := infraCluster(a.namespace, "named", "")
	a.create(t, later)
	refused(t, change(t, a, later, func(c *v1beta1.AzureManagedCluster) { c.Spec.SubscriptionID = other }), "spec.subscriptionID", other, subscription)
	accepted(t, change(t, a, later, func(c *v1beta1.AzureManagedCluster) { c.Spec.SubscriptionID = subscription }))
	accepted(t, a.Create(t.Context(), infraCluster(a.namespace, "unnamed", defaultSubscription)))
	accepted(t, a.Create(t.Context(), infraCluster(a.namespace, "alone", other)))
}
