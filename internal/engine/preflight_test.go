package engine_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/azuresim"
	"github.com/capaks/capaks/azuresim/world"
	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/arm"
	"github.com/capaks/capaks/internal/engine"
)

// placeReads are the requests about what a place offers, since a number of requests.
func (r *rig) placeReads(from int) (reads []string) {
	for _, request := range r.requests(from, false) {
		for _, part := range []string{"kubernetesVersions", "Microsoft.Compute/skus", "/usages", "/providers/Microsoft.ContainerService", "/permissions"} {
			if strings.Contains(request, part+"?") {
				reads = append(reads, request)
			}
		}
	}
	return reads
}

// heldFor steps until the creation is held, and wants nothing to have been written.
func (r *rig) heldFor(reason string, says ...string) engine.Report {
	r.t.Helper()
	before := len(r.azure.Requests())
	report := r.step()
	if report.Hold == nil || report.Hold.Reason != reason || report.Error != nil {
		r.t.Fatalf("hold %+v, error %+v, want %s", report.Hold, report.Error, reason)
	}
	for _, part := range says {
		if !strings.Contains(report.Hold.Message, part) {
			r.t.Errorf("%q does not say %q", report.Hold.Message, part)
		}
	}
	if writes := r.requests(before, true); len(writes) > 0 {
		r.t.Errorf("written all the same: %v", writes)
	}
	if report.Requeue <= 0 || report.Requeue > 5*time.Minute {
		r.t.Errorf("comes back after %s", report.Requeue)
	}
	return report
}

func TestQuotaIsMissedBeforeAnythingIsCreatedAndNoticedWhenItComes(t *testing.T) {
	r := newRig(t)
	quota := func(limit int64) {
		r.azure.AddWorld(world.World{Quotas: []world.Quota{{Family: "standardDSv3Family", Location: "southcentralus", Limit: limit}}})
	}
	quota(7)
	report := r.heldFor("QuotaExceeded", "8 more vCPUs", "7 of its limit of 7", "southcentralus")
	idle := len(r.azure.Requests())
	for range 3 {
		r.step()
	}
	if extra := r.requests(idle, false); len(extra) > 0 {
		t.Errorf("a held cluster asks at every step: %v", extra)
	}
	quota(6)
	r.in.ControlPlane.Generation++
	if report = r.step(); report.Requeue > 5*time.Second {
		t.Fatalf("a changed spec is looked at after %s", report.Requeue)
	}
	r.clock.Advance(report.Requeue)
	report = r.heldFor("QuotaExceeded", "6 of its limit of 6")
	quota(12)
	r.clock.Advance(report.Requeue)
	r.settle()
	r.wantEvents("Create resourceGroup foo-bar", "Create virtualNetwork my-cluster", "Create managedCluster my-cluster")
	idle = len(r.azure.Requests())
	r.clock.Advance(time.Hour)
	r.step()
	if reads := r.placeReads(idle); len(reads) > 0 {
		t.Errorf("an idle cluster asks what its place offers: %v", reads)
	}
	r.noClientErrors()
}

func TestAPlaceIsAskedOnceForAllClusters(t *testing.T) {
	r := newRig(t)
	for _, name := range []string{"one", "two", "three"} {
		in := quickstart(r.azure.Env()["AZURE_SUBSCRIPTION_ID"])
		in.ControlPlane.Name, in.Cluster.Name, in.ControlPlane.Spec.ResourceGroupName = name, name, name
		report := r.engine.Step(t.Context(), engine.Request{Owner: "default/" + name, Client: r.client, Inputs: in})
		if len(report.Sent) == 0 || report.Error != nil {
			t.Fatalf("%s: sent %v, hold %+v, error %+v", name, report.Sent, report.Hold, report.Error)
		}
	}
	if reads := r.placeReads(0); len(reads) != len(aks.PlaceParts) {
		t.Errorf("%d reads for three clusters, want %d:\n%s", len(reads), len(aks.PlaceParts), strings.Join(reads, "\n"))
	}
	r.noClientErrors()
}

func TestPlacesAndVersionsThatAreNotToBeHad(t *testing.T) {
	cases := map[string]struct {
		prepare func(*rig)
		reason  string
		says    string
	}{
		"version": {func(r *rig) { r.in.ControlPlane.Spec.Version = "v1.99.0" }, "K8sVersionNotSupported", "az aks get-versions"},
		"size":    {func(r *rig) { r.in.Pools[1].Object.Spec.SKU = "Standard_Nothing" }, "SkuNotAvailable", "Standard_Nothing"},
		"zone": {func(r *rig) {
			r.in.Pools[1].Object.Spec.AvailabilityZones = []string{"1", "2"}
			r.azure.AddWorld(world.World{Restrictions: []world.Restriction{{Size: "Standard_D2s_v3", Location: "southcentralus", Zones: []string{"2"}}}})
		}, "AvailabilityZoneNotSupported", "zones [1, 3]"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			c.prepare(r)
			r.heldFor(c.reason, c.says)
			r.in.ControlPlane.Annotations = map[string]string{v1beta1.PreflightAnnotation: v1beta1.PreflightSkip}
			before := len(r.azure.Requests())
			if report := r.step(); len(r.placeReads(before)) > 0 || len(report.Sent) == 0 {
				t.Errorf("with skip: sent %v, asked %v", report.Sent, r.placeReads(before))
			}
		})
	}
}

// Nothing is held back because a question was refused.
func TestRefusedQuestionsAreDoubts(t *testing.T) {
	r := newRig(t)
	r.fault(azuresim.Fault{PathRegex: "/usages$|/skus$|kubernetesVersions$|/providers/Microsoft.ContainerService$", Status: 403, Code: "AuthorizationFailed", Message: "You may not."})
	report := r.step()
	if want := "vCPU quotas of southcentralus could not be checked: AuthorizationFailed"; !strings.Contains(report.Doubts, want) {
		t.Errorf("doubts are %q, want %q", report.Doubts, want)
	}
	r.settle()
	r.noClientErrors()
}

func TestAPoolWithoutQuotaIsNotSent(t *testing.T) {
	r := newRig(t)
	r.settle()
	r.events = nil
	quota := func(limit int64) {
		r.azure.AddWorld(world.World{Quotas: []world.Quota{{Family: "cores", Location: "southcentralus", Limit: limit}}})
	}
	quota(10)
	r.in.Pools = append(r.in.Pools, pool("pool2", v1beta1.NodePoolModeUser))
	report := r.step()
	if report.Hold == nil || report.Hold.Reason != "QuotaExceeded" || report.Hold.Kind != aks.KindAgentPool {
		t.Fatalf("hold = %+v, want one of the pool", report.Hold)
	}
	quota(12)
	r.clock.Advance(report.Requeue)
	r.settle()
	r.wantEvents("Create agentPool pool2")
	r.noClientErrors()
}

func TestBroughtNetworkWithoutARight(t *testing.T) {
	r := newRig(t)
	owner := r.client
	put := func(id, version string, body map[string]any) {
		t.Helper()
		if _, err := owner.Put(t.Context(), id, version, body, arm.Precondition{}); err != nil {
			t.Fatal(err)
		}
		r.clock.Advance(time.Minute)
	}
	r.in.ControlPlane.Spec.VirtualNetwork = &v1beta1.VirtualNetwork{Name: "theirs", ResourceGroup: "network", Subnet: &v1beta1.Subnet{Name: "nodes"}}
	n := aks.NamesOf(r.in)
	put(n.NetworkGroupID, aks.ResourcesAPIVersion, map[string]any{"location": "southcentralus"})
	put(n.NetworkID, aks.NetworkAPIVersion, map[string]any{"location": "southcentralus", "properties": map[string]any{
		"addressSpace": map[string]any{"addressPrefixes": []any{"10.1.0.0/16"}},
		"subnets":      []any{map[string]any{"name": "nodes", "properties": map[string]any{"addressPrefix": "10.1.0.0/20"}}}}})
	const nobody = "aaaaaaaa-0000-4000-8000-000000000003"
	env := r.azure.Env()
	env["AZURE_CLIENT_ID"], env["AZURE_CLIENT_SECRET"] = nobody, "azuresim-secret-nobody"
	r.client = r.newClient(env)
	r.azure.AddWorld(world.World{Roles: []world.RoleAssignment{
		{Principal: nobody, Role: "Reader", Scope: "/subscriptions/" + n.Subscription},
		{Principal: nobody, Role: "Contributor", Scope: n.GroupID},
	}})
	report := r.heldFor("LinkedAuthorizationFailed", "subnets/join/action", "Network Contributor", n.SubnetID)
	r.azure.AddWorld(world.World{Roles: []world.RoleAssignment{{Principal: nobody, Role: "Network Contributor", Scope: n.SubnetID}, {Principal: nobody, Role: "Contributor", Scope: "/subscriptions/" + n.Subscription}}})
	r.clock.Advance(report.Requeue)
	r.settle()
	for _, request := range r.azure.Requests() {
		if request.Method != http.MethodGet && request.Status >= 400 {
			t.Errorf("%s %s: %d %s", request.Method, request.Path, request.Status, request.ErrorCode)
		}
	}
}
