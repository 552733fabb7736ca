package webhook_test

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/resource"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/aks"
)

type nodePoolChange = func(*v1beta1.AzureManagedMachinePool)

func TestNodePoolDefaults(t *testing.T) {
	a := live(t)
	for name, c := range map[string]struct {
		change nodePoolChange
		want   string
	}{
		"agentpool0": {nil, "agentpool0"},
		"given":      {func(p *v1beta1.AzureManagedMachinePool) { p.Spec.Name = "other" }, "other"},
		"topo-system-xlpxl": {func(p *v1beta1.AzureManagedMachinePool) {
			p.Labels = map[string]string{clusterv1.ClusterTopologyMachinePoolNameLabel: "system"}
		}, "system"},
		"wintop-xlpxl": {func(p *v1beta1.AzureManagedMachinePool) {
			p.Labels = map[string]string{clusterv1.ClusterTopologyMachinePoolNameLabel: "win"}
			p.Spec.OSType, p.Spec.Mode = "Windows", v1beta1.NodePoolModeUser
		}, "win"},
		"topo-mp-0-xlpxl": {func(p *v1beta1.AzureManagedMachinePool) {
			p.Labels = map[string]string{clusterv1.ClusterTopologyMachinePoolNameLabel: "mp-0"}
		}, aks.LegalPoolName("mp-0", "Linux")},
		"my-cluster-mp-0-x7k2p": {nil, "myclustehoel"},
		"averylongpoolname":     {nil, aks.LegalPoolName("averylongpoolname", "Linux")},
		"windows1": {func(p *v1beta1.AzureManagedMachinePool) {
			p.Spec.OSType, p.Spec.Mode = "Windows", v1beta1.NodePoolModeUser
		}, "wi48p1"},
	} {
		t.Run(name, func(t *testing.T) {
			p := nodePool(a.namespace, name, v1beta1.NodePoolModeSystem)
			if c.change != nil {
				c.change(p)
			}
			mode := string(p.Spec.Mode)
			a.create(t, p)
			check := func(when string) {
				t.Helper()
				if p.Spec.Name != c.want || p.Labels[v1beta1.AgentPoolModeLabel] != mode {
					t.Errorf("%s: spec.name %q and mode label %q, want %q and %q", when, p.Spec.Name, p.Labels[v1beta1.AgentPoolModeLabel], c.want, mode)
				}
			}
			check("created")
			accepted(t, change(t, a, p, func(p *v1beta1.AzureManagedMachinePool) {
				p.Spec.Name, p.Labels = "", nil
				p.Spec.NodeLabels = map[string]string{"a": "b"}
			}))
			check("replaced without what was filled in")
		})
	}
}

func TestNodePoolRefused(t *testing.T) {
	a := live(t)
	a.create(t, cluster(a.namespace, "c"), machinePool(a.namespace, "c", "taken"), machinePool(a.namespace, "c", "second"),
		nodePool(a.namespace, "taken", v1beta1.NodePoolModeUser))
	for name, c := range map[string]struct {
		object string
		change nodePoolChange
		want   []string
	}{
		"spec.name":   {"p", func(p *v1beta1.AzureManagedMachinePool) { p.Spec.Name = "Big" }, []string{"spec.name", "Big", "lower-case"}},
		"same name":   {"second", func(p *v1beta1.AzureManagedMachinePool) { p.Spec.Name = "taken" }, []string{"spec.name", "taken", "choose another spec.name"}},
		"label key":   {"p", func(p *v1beta1.AzureManagedMachinePool) { p.Spec.NodeLabels = map[string]string{"a b": "c"} }, []string{"spec.nodeLabels", "a b", "key of a label"}},
		"label value": {"p", func(p *v1beta1.AzureManagedMachinePool) { p.Spec.NodeLabels = map[string]string{"a": "b c"} }, []string{"spec.nodeLabels[a]", "b c", "value of a label"}},
		"taint": {"p", func(p *v1beta1.AzureManagedMachinePool) {
			p.Spec.Taints = []v1beta1.Taint{{Key: "a=b", Effect: "NoSchedule"}}
		},
			[]string{"spec.taints[0].key", "a=b", "key of a taint"}},
		"patch": {"p", func(p *v1beta1.AzureManagedMachinePool) {
			p.Spec.ASOManagedClustersAgentPoolPatches = []string{"[1]"}
		}, []string{"spec.asoManagedClustersAgentPoolPatches[0]", "is not an object"}},
		"no system node": {"p", func(p *v1beta1.AzureManagedMachinePool) {
			p.Spec.Mode, p.Spec.Scaling = v1beta1.NodePoolModeSystem, &v1beta1.Scaling{MinSize: ptr(int32(0)), MaxSize: ptr(int32(3))}
		}, []string{"spec.scaling.minSize", "1 or more"}},
		"windows linux": {"p", func(p *v1beta1.AzureManagedMachinePool) {
			p.Spec.OSType, p.Spec.LinuxOSConfig = "Windows", &v1beta1.LinuxOSConfig{}
		}, []string{"spec.linuxOSConfig", "Windows", "remove linuxOSConfig"}},
		"system spot": {"p", func(p *v1beta1.AzureManagedMachinePool) {
			p.Spec.Mode, p.Spec.ScaleSetPriority = v1beta1.NodePoolModeSystem, "Spot"
		}, []string{"scaleSetPriority", "Spot", "mode to User"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := nodePool(a.namespace, c.object, v1beta1.NodePoolModeUser)
			if c.change != nil {
				c.change(p)
			}
			refused(t, a.Create(t.Context(), p), c.want...)
		})
	}
	a.warnings.take()
	p := nodePool(a.namespace, "second", v1beta1.NodePoolModeUser, func(p *v1beta1.AzureManagedMachinePool) { p.Spec.SpotMaxPrice = ptr(resource.MustParse("0.05")) })
	accepted(t, a.Create(t.Context(), p))
	if got := a.warnings.take(); !strings.Contains(got, "spec.spotMaxPrice") || !strings.Contains(got, "no effect") {
		t.Errorf("warnings: %q", got)
	}
}

// A MachinePool may come after its pool; then it is the one that is refused.
func TestMachinePoolOfTwin(t *testing.T) {
	a := live(t)
	a.create(t, cluster(a.namespace, "c"), nodePool(a.namespace, "one", v1beta1.NodePoolModeUser),
		nodePool(a.namespace, "two", v1beta1.NodePoolModeUser, func(p *v1beta1.AzureManagedMachinePool) { p.Spec.Name = "one" }),
		machinePool(a.namespace, "c", "one"))
	refused(t, a.Create(t.Context(), machinePool(a.namespace, "c", "two")), "spec.template.spec.infrastructureRef.name", `"two"`, `AzureManagedMachinePool "one"`, "another spec.name")
	a.create(t, cluster(a.namespace, "d"))
	accepted(t, a.Create(t.Context(), machinePool(a.namespace, "d", "two")))
}

func TestMachinePoolVersion(t *testing.T) {
	a := live(t)
	cp := controlPlane(a.namespace, "c")
	a.create(t, cluster(a.namespace, "c"), cp)
	version := func(v string) func(*clusterv1.MachinePool) {
		return func(mp *clusterv1.MachinePool) { mp.Spec.Template.Spec.Version = v }
	}
	refused(t, a.Create(t.Context(), machinePool(a.namespace, "c", "p", version("v1.34.0"))),
		"spec.template.spec.version", "v1.34.0", `"v1.33.4"`, `AzureManagedControlPlane "c"`, "raise that one first")
	mp := machinePool(a.namespace, "c", "p")
	accepted(t, a.Create(t.Context(), mp))
	refused(t, change(t, a, mp, version("v1.33.5")), "spec.template.spec.version", "v1.33.5", `"v1.33.4"`)
	accepted(t, change(t, a, cp, func(cp *v1beta1.AzureManagedControlPlane) { cp.Spec.Version = "v1.34.0" }))
	accepted(t, change(t, a, mp, version("v1.34.0")))

	// AKS upgraded the control plane by itself: what runs counts.
	a.read(t, cp)
	cp.Status.Version = "v1.34.2"
	if err := a.Status().Update(t.Context(), cp); err != nil {
		t.Fatal(err)
	}
	accepted(t, change(t, a, mp, version("v1.34.2")))

	// `clusterctl move` restores specs without status, under a paused Cluster.
	a.create(t, cluster(a.namespace, "moved", func(c *clusterv1.Cluster) { c.Spec.Paused = ptr(true) }), controlPlane(a.namespace, "moved"))
	accepted(t, a.Create(t.Context(), machinePool(a.namespace, "moved", "q", version("v1.34.2"))))
	// Whichever order a file has, one of the two is refused.
	accepted(t, a.Create(t.Context(), machinePool(a.namespace, "late", "r", version("v1.34.0"))))
	a.create(t, cluster(a.namespace, "late"))
	refused(t, a.Create(t.Context(), controlPlane(a.namespace, "late")), "spec.version", "v1.33.4", `"v1.34.0" of MachinePool "r"`)
	accepted(t, a.Create(t.Context(), controlPlane(a.namespace, "late", func(cp *v1beta1.AzureManagedControlPlane) { cp.Spec.Version = "v1.34.0" })))
}
