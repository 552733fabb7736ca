package webhook_test

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/capaks/capaks/api/v1beta1"
)

func TestTemplates(t *testing.T) {
	a := live(t)
	cp := &v1beta1.AzureManagedControlPlaneTemplate{ObjectMeta: metav1.ObjectMeta{Namespace: a.namespace, Name: "t"}}
	cp.Spec.Template.Spec.Location, cp.Spec.Template.Spec.Version = "westeurope", "1.33.4"
	cp.Spec.Template.Spec.SKU = &v1beta1.SKU{Tier: v1beta1.TierPaid}
	cp.Spec.Template.Spec.LoadBalancerSKU = "Basic"
	a.create(t, cp)
	if got := a.warnings.take(); !strings.Contains(got, "spec.template.spec.loadBalancerSKU") {
		t.Errorf("warnings: %q", got)
	}
	if spec := cp.Spec.Template.Spec; spec.Version != "v1.33.4" || spec.SKU.Tier != v1beta1.TierStandard || spec.VirtualNetwork != nil {
		t.Errorf("defaulted to %+v", spec)
	}
	move := func(cp *v1beta1.AzureManagedControlPlaneTemplate) { cp.Spec.Template.Spec.Location = "northeurope" }
	refused(t, change(t, a, cp, move), "spec.template.spec.location", "westeurope", "northeurope", "new template")
	accepted(t, change(t, a, cp, func(cp *v1beta1.AzureManagedControlPlaneTemplate) {
		cp.Labels = map[string]string{"a": "b"}
		cp.Spec.Template.Spec.AdditionalTags = map[string]string{"a": "b"}
	}))

	p := &v1beta1.AzureManagedMachinePoolTemplate{ObjectMeta: metav1.ObjectMeta{Namespace: a.namespace, Name: "t"}}
	p.Spec.Template.Spec.Mode, p.Spec.Template.Spec.SKU, p.Spec.Template.Spec.Name = v1beta1.NodePoolModeUser, "Standard_D2s_v3", "one"
	a.create(t, p)
	if got := a.warnings.take(); !strings.Contains(got, "spec.template.spec.name") {
		t.Errorf("warnings: %q", got)
	}
	larger := func(p *v1beta1.AzureManagedMachinePoolTemplate) { p.Spec.Template.Spec.SKU = "Standard_D8s_v3" }
	refused(t, change(t, a, p, larger), "spec.template.spec.sku", "Standard_D2s_v3", "Standard_D8s_v3", "new template")

	// Cluster API's topology controller may try.
	a.read(t, p)
	larger(p)
	refused(t, a.Update(t.Context(), p.DeepCopy(), client.DryRunAll), "spec.template.spec.sku")
	p.Annotations = map[string]string{clusterv1.TopologyDryRunAnnotation: ""}
	accepted(t, a.Update(t.Context(), p.DeepCopy(), client.DryRunAll))
	refused(t, a.Update(t.Context(), p), "spec.template.spec.sku")
}

func TestIdentity(t *testing.T) {
	a := live(t)
	identity := func(name string, kind v1beta1.IdentityType, mutate ...func(*v1beta1.AzureClusterIdentitySpec)) *v1beta1.AzureClusterIdentity {
		i := &v1beta1.AzureClusterIdentity{ObjectMeta: metav1.ObjectMeta{Namespace: a.namespace, Name: name}}
		i.Spec = v1beta1.AzureClusterIdentitySpec{Type: kind, TenantID: subscription, ClientID: subscription, AllowedNamespaces: &v1beta1.AllowedNamespaces{}}
		for _, m := range mutate {
			m(&i.Spec)
		}
		return i
	}
	secret := func(s *v1beta1.AzureClusterIdentitySpec) { s.ClientSecret = corev1.SecretReference{Name: "sp"} }

	for _, kind := range []v1beta1.IdentityType{v1beta1.ServicePrincipal, v1beta1.ManualServicePrincipal, v1beta1.ServicePrincipalCertificate} {
		refused(t, a.Create(t.Context(), identity("i", kind)), "spec.clientSecret.name", string(kind), "name of a Secret")
	}
	refused(t, a.Create(t.Context(), identity("i", v1beta1.WorkloadIdentity, func(s *v1beta1.AzureClusterIdentitySpec) { s.TenantID = "" })), "spec.tenantID", "Required")

	a.warnings.take()
	sp := identity("sp", v1beta1.ServicePrincipal, secret)
	a.create(t, sp, identity("cert", v1beta1.ServicePrincipalCertificate, func(s *v1beta1.AzureClusterIdentitySpec) { s.CertPath = "/cert.pem" }), identity("wi", v1beta1.WorkloadIdentity))
	if got := a.warnings.take(); got != "" {
		t.Errorf("warned: %s", got)
	}
	if got := sp.Spec.ClientSecret.Namespace; got != a.namespace {
		t.Errorf("the Secret is looked for in %q", got)
	}
	refused(t, change(t, a, sp, func(i *v1beta1.AzureClusterIdentity) { i.Spec.ClientSecret = corev1.SecretReference{} }), "spec.clientSecret.name")

	a.create(t, identity("unusable", v1beta1.UserAssignedIdentityCredential, func(s *v1beta1.AzureClusterIdentitySpec) { s.AllowedNamespaces, s.ClientID = nil, "me" }))
	got := a.warnings.take()
	for _, part := range []string{"UserAssignedIdentityCredential", "spec.allowedNamespaces", `spec.clientID "me"`} {
		if !strings.Contains(got, part) {
			t.Errorf("the warnings lack %q: %s", part, got)
		}
	}
}

func TestExperimentalGroup(t *testing.T) {
	a := live(t)
	old := func(c *clusterv1.Cluster) {
		c.Spec.ControlPlaneRef.APIGroup = "exp.infrastructure.cluster.x-k8s.io"
		c.Spec.InfrastructureRef.APIGroup = "exp.infrastructure.cluster.x-k8s.io"
	}
	way := "change group to infrastructure.cluster.x-k8s.io, or run: capaks convert -f FILE"
	refused(t, a.Create(t.Context(), cluster(a.namespace, "c", old)), "spec.controlPlaneRef.apiGroup", "spec.infrastructureRef.apiGroup", "exp.infrastructure", way)
	c := cluster(a.namespace, "c")
	a.create(t, c)
	refused(t, change(t, a, c, old), "spec.controlPlaneRef.apiGroup", way)
	refused(t, a.Create(t.Context(), machinePool(a.namespace, "c", "p", func(mp *clusterv1.MachinePool) {
		mp.Spec.Template.Spec.InfrastructureRef.APIGroup = "exp.infrastructure.cluster.x-k8s.io"
	})), "spec.template.spec.infrastructureRef.apiGroup", way)
}

// Objects of other providers, and changes that do not matter, never meet our webhooks.
func TestNarrowing(t *testing.T) {
	a := live(t)
	a.create(t, cluster(a.namespace, "aks"), controlPlane(a.namespace, "aks"))
	ours, _ := createPool(t, a, "aks", "p", v1beta1.NodePoolModeUser)
	before := asked(t)
	other := func(c *clusterv1.Cluster) {
		c.Spec.ControlPlaneRef = clusterv1.ContractVersionedObjectReference{APIGroup: "controlplane.cluster.x-k8s.io", Kind: "KubeadmControlPlane", Name: "x"}
		c.Spec.InfrastructureRef = clusterv1.ContractVersionedObjectReference{APIGroup: v1beta1.GroupName, Kind: "DockerCluster", Name: "x"}
	}
	otherPool := func(mp *clusterv1.MachinePool) {
		mp.Spec.Template.Spec.InfrastructureRef = clusterv1.ContractVersionedObjectReference{APIGroup: v1beta1.GroupName, Kind: "DockerMachinePool", Name: "x"}
	}
	c, mp := cluster(a.namespace, "docker", other), machinePool(a.namespace, "docker", "x", otherPool)
	a.create(t, c, mp)
	accepted(t, change(t, a, c, func(c *clusterv1.Cluster) { c.Spec.Paused = ptr(true) }))
	accepted(t, change(t, a, mp, func(mp *clusterv1.MachinePool) { mp.Spec.Template.Spec.Version = "v1.99.0" }))
	accepted(t, change(t, a, ours, func(mp *clusterv1.MachinePool) { mp.Spec.Replicas = ptr(int32(7)) }))
	accepted(t, a.Delete(t.Context(), mp))
	accepted(t, a.Delete(t.Context(), c))
	if after := asked(t); after != before {
		t.Errorf("the webhooks for Cluster and MachinePool were asked %v times", after-before)
	}
	accepted(t, change(t, a, ours, func(mp *clusterv1.MachinePool) { mp.Spec.Template.Spec.Version = "v1.33.3" }))
	if after := asked(t); after != before+1 {
		t.Errorf("a version was changed, and the webhook was asked %v times", after-before)
	}
}

// asked counts the requests to the webhooks for kinds of Cluster API.
func asked(t *testing.T) float64 {
	t.Helper()
	families, err := metrics.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, family := range families {
		if family.GetName() != "controller_runtime_webhook_requests_total" {
			continue
		}
		for _, metric := range family.GetMetric() {
			for _, label := range metric.GetLabel() {
				if label.GetName() == "webhook" && strings.HasPrefix(label.GetValue(), "/validate-cluster-x-k8s-io") {
					sum += metric.GetCounter().GetValue()
				}
			}
		}
	}
	return sum
}
