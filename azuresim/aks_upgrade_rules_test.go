package azuresim_test

import (
	"strings"
	"testing"
	"time"

	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/capaks/capaks/azuresim"
)

// A new minor is refused while an API it does not have was written with in the last twelve hours.
func TestDeprecatedAPIBlocksUpgrade(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.cluster()
	const minor, patch = `{"location":"westus2","properties":{"kubernetesVersion":"1.35.4"}}`, `{"location":"westus2","properties":{"kubernetesVersion":"1.34.5"}}`
	use := func(verb, more string) {
		m.outside("deprecated-api", cluster, `,"api":"flowcontrol.apiserver.k8s.io.flowschemas.v1beta3","verb":"`+verb+`"`+more)
	}
	force := func(until time.Time) string {
		return `{"location":"westus2","properties":{"kubernetesVersion":"1.35.4","upgradeSettings":{"overrideSettings":{"forceUpgrade":true,"until":"` + until.Format(time.RFC3339) + `"}}}}`
	}
	use("list", "")                     // reading breaks nothing
	use("patch", `,"removedIn":"1.36"`) // a later upgrade's business
	use("update", `,"lastSeen":"2026-11-01T12:00:00Z"`)
	a := m.refused(400, "ValidationError", "Control Plane upgrade is blocked due to recent usage of a Kubernetes API deprecated in the specified version.", "PUT", cluster, aksVersion, minor)
	m.wantEqual(a, "subcode", "UpgradeBlockedOnDeprecatedAPIUsage")
	if want := "Usage details: 1 error occurred:\n\t* usage has been detected on API flowcontrol.apiserver.k8s.io.flowschemas.v1beta3, and was recently seen at: 2026-11-01 12:00:00 +0000 UTC, which will be removed in 1.35\n\n"; !strings.HasSuffix(a.message(), want) {
		t.Errorf("message %q", a.message())
	}
	m.refused(400, "ValidationError", "", "PUT", cluster, aksVersion, force(m.clock.Now().Add(-time.Minute)))
	m.controlRefused("POST", "outside", `{"kind":"auto-upgrade","id":"`+cluster+`","version":"1.35.4"}`, "ValidationError", "recent usage")
	m.do(200, "PUT", cluster, aksVersion, patch) // the same minor has the API
	m.clock.Advance(time.Minute)
	m.do(200, "PUT", cluster, aksVersion, force(m.clock.Now().Add(time.Hour)))
	m.clock.Advance(time.Minute)
	m.wantEqual(m.succeeded(cluster), "properties.currentKubernetesVersion", "1.35.4")
	m.clock.Advance(13 * time.Hour)
	m.do(200, "PUT", cluster, aksVersion, `{"location":"westus2","properties":{"kubernetesVersion":"1.36.0"}}`) // all uses are long ago
	m.controlRefused("POST", "outside", `{"kind":"deprecated-api","id":"`+cluster+`"}`, "api", "flowschemas")
	m.controlRefused("POST", "outside", `{"kind":"deprecated-api","id":"`+cluster+`/agentPools/sys","api":"x"}`, "agentPools", "managedClusters")
}

// A budget that never has room is found before an upgrade begins.
func TestUnsatisfiableBudget(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.cluster()
	none := intstr.FromInt32(0)
	budgets := m.kube().PolicyV1().PodDisruptionBudgets("default")
	if _, err := budgets.Create(t.Context(), &policyv1.PodDisruptionBudget{ObjectMeta: metav1.ObjectMeta{Name: "never"}, Spec: policyv1.PodDisruptionBudgetSpec{MaxUnavailable: &none}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	const text = "1 error occurred:\n\t* PDB default/never has maxUnavailable == 0 can't proceed with put operation"
	m.refused(400, "UnsatisfiablePDB", text, "PUT", cluster, aksVersion, upgrade)
	m.refused(400, "UnsatisfiablePDB", text, "POST", cluster+"/agentPools/sys/upgradeNodeImageVersion", aksVersion, "")
	m.do(200, "PUT", cluster+"/agentPools/user1", aksVersion, `{"properties":{"count":2}}`) // no upgrade
	m.clock.Advance(time.Minute)
	m.succeeded(cluster + "/agentPools/user1")
	if err := budgets.Delete(t.Context(), "never", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	m.do(200, "PUT", cluster, aksVersion, upgrade)
}

// Once the deletion of a pool has begun nothing else can be asked of it.
func TestPoolBeingDeleted(t *testing.T) {
	m := start(t, azuresim.Options{Durations: map[string]time.Duration{"agentPool.delete": 2 * time.Hour}})
	m.cluster()
	pool := cluster + "/agentPools/user1"
	m.do(202, "DELETE", pool, aksVersion, "")
	began := m.clock.Now().UTC().Format(time.RFC3339)
	m.clock.Advance(30*time.Minute + 28*time.Second)
	m.refused(409, "OperationNotAllowed", "Unable to perform 'Scaling' operation on 'user1' since deletion was issued on 'user1'. The only allowed operation is deletion once deletion has started. The delete operation started at '"+began+"' and elapsed time is: '00:30:28' (RFC3339 format)", "PUT", pool, aksVersion, `{"properties":{"count":2}}`)
	m.refused(409, "OperationNotAllowed", "Unable to perform 'Updating' operation", "PUT", pool, aksVersion, `{"properties":{"nodeLabels":{"a":"b"}}}`)
	m.do(202, "DELETE", pool, aksVersion, "")
}

// A cluster whose traffic follows the user's routes needs a route table on the subnets of its nodes.
func TestUserDefinedRouting(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	m.do(201, "PUT", network+"routeTables/r", netVersion, `{"location":"westus2"}`)
	m.clock.Advance(time.Minute)
	m.do(201, "PUT", network+"virtualNetworks/v", netVersion, `{"location":"westus2","properties":{"addressSpace":{"addressPrefixes":["10.0.0.0/8"]},"subnets":[
	 {"name":"routed","properties":{"addressPrefix":"10.240.0.0/22","routeTable":{"id":"`+network+`routeTables/r"}}},{"name":"bare","properties":{"addressPrefix":"10.241.0.0/22"}}]}}`)
	m.clock.Advance(time.Minute)
	body := func(outbound, subnet string) string {
		return `{"location":"westus2","identity":{"type":"SystemAssigned"},"properties":{"dnsPrefix":"c","networkProfile":{"networkPlugin":"azure","outboundType":"` + outbound + `"},
		 "agentPoolProfiles":[{"name":"sys","mode":"System","count":1,"vmSize":"Standard_D2s_v3","vnetSubnetID":"` + network + `virtualNetworks/v/subnets/` + subnet + `"}]}}`
	}
	const code, text = "ExistingRouteTableNotAssociatedWithSubnet", "An existing route table has not been associated with subnet "
	m.refused(400, code, text+network+"virtualNetworks/v/subnets/bare. Please update the route table association", "PUT", cluster, aksVersion, body("userDefinedRouting", "bare"))
	m.do(201, "PUT", cluster, aksVersion, body("userDefinedRouting", "routed"))
	m.clock.Advance(time.Minute)
	m.refused(400, code, "subnets/bare", "PUT", cluster+"/agentPools/p2", aksVersion, `{"properties":{"count":1,"vmSize":"Standard_D2s_v3","vnetSubnetID":"`+network+`virtualNetworks/v/subnets/bare"}}`)
	other := strings.Replace(cluster, "/c1", "/c2", 1)
	m.do(201, "PUT", other, aksVersion, body("loadBalancer", "bare"))
	m.clock.Advance(time.Minute)
	m.refused(400, code, "subnets/bare", "PUT", other, aksVersion, `{"location":"westus2","properties":{"networkProfile":{"outboundType":"userDefinedRouting"}}}`)
}

// The identities a cluster gets must exist.
func TestUnknownIdentities(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	identity := group + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/"
	body := func(kubelet string) string {
		return `{"location":"westus2","identity":{"type":"UserAssigned","userAssignedIdentities":{"` + identity + `plane":{}}},"properties":{"dnsPrefix":"c",` + kubelet +
			`"agentPoolProfiles":[{"name":"sys","mode":"System","count":1,"vmSize":"Standard_D2s_v3"}]}}`
	}
	a := m.refused(400, "FailedIdentityOperation", "Identity operation for resource '"+cluster+"' failed", "PUT", cluster, aksVersion, body(""))
	if a.Header.Get("x-ms-failure-cause") != "gateway" || !strings.Contains(a.message(), "userAssignedIdentities/plane' was not found") {
		t.Errorf("the gateway looks for identities, and names what it misses: %v %s", a.Header, a.Raw)
	}
	m.do(201, "PUT", identity+"plane", "2024-11-30", `{"location":"westus2"}`)
	m.refused(400, "BadRequest", "userAssignedIdentities/nodes' was not found", "PUT", cluster, aksVersion, body(`"identityProfile":{"kubeletidentity":{"resourceId":"`+identity+`nodes"}},`))
	m.do(201, "PUT", cluster, aksVersion, body(""))
	m.clock.Advance(time.Minute)
	m.do(200, "PUT", cluster, aksVersion, string(m.succeeded(cluster).Raw))
}
