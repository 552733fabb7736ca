package contract

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

// upgrade raises the version of control plane and pools in one go.
func upgrade(t *testing.T, w *world) {
	since := w.Azure.Last(t)
	w.Patch(t, controlPlaneKind, mainName, mainName, `{"spec":{"version":"v1.35.1"}}`)
	for _, pool := range []string{"system", "user"} {
		w.Patch(t, machinePoolKind, mainName, pool, `{"spec":{"template":{"spec":{"version":"v1.35.1"}}}}`)
	}
	until(t, limit, func() string {
		rolling, message := condition(w.now(controlPlaneKind, mainName, mainName), "RollingOut")
		version := textAt(w.now(infraPoolKind, mainName, "user"), "status", "version")
		return unless(rolling == "False NotRollingOut" && version == "v1.35.1", "RollingOut is %s (%s), and the pool has %s", rolling, message, version)
	})
	w.awaitRunning(t, mainName, "system", "user")
	rule(t, "CP5", "after an upgrade status tells the new version", func(t *testing.T) {
		until(t, limit, func() string {
			return unless(textAt(w.now(controlPlaneKind, mainName, mainName), "status", "version") == "v1.35.1", "it does not")
		})
		tellsVersion(t, w, w.now(controlPlaneKind, mainName, mainName), w.now(clusterKind, mainName, mainName), "v1.35.1")
	})
	rule(t, "CP8", "an upgrade is RollingOut on the control plane and on the Cluster, until it is done", func(t *testing.T) {
		w.await(t, clusterKind, mainName, mainName, "RollingOut", "False NotRollingOut")
		var said string
		for _, one := range w.revisions(clusterKind, mainName, mainName) {
			if state, message := condition(one.object, "RollingOut"); state == "True" {
				said = message
			}
		}
		if !strings.Contains(said, "AzureManagedControlPlane "+mainName+": ") || !strings.Contains(said, "1.35.1") {
			t.Errorf("the Cluster said %q", said)
		}
	})
	rule(t, "MP7", "a version of the MachinePool becomes that of the agent pool", func(t *testing.T) {
		id := clusterID(mainName) + "/agentPools/user"
		sent := w.Azure.Requests(t, since, func(r sandboxtest.Request) bool { return r.To(id) && r.Write() })
		if len(sent) != 1 || textAt(sent[0].Body, "properties", "orchestratorVersion") != "1.35.1" {
			t.Errorf("sent %v", sent)
		}
		out, err := w.Workload(t, mainName, mainName, "get", "nodes", "--output=jsonpath={.items[*].status.nodeInfo.kubeletVersion}")
		if err != nil || strings.Count(out, "v1.35.1") != 3 {
			t.Errorf("the nodes run %q (%v)", out, err)
		}
	})
}

// deletion deletes the Cluster and looks at the order in which its parts went.
func deletion(t *testing.T, w *world) {
	since := w.Azure.Last(t)
	w.remove(t, mainName)
	deleted := func(kind, name string) (asked, gone uint64) {
		revisions := w.revisions(kind, mainName, name)
		return first(revisions, func(o object) bool { return textAt(o, "metadata", "deletionTimestamp") != "" }), end(revisions)
	}
	rule(t, "M", "pools go first, then the control plane, then the infrastructure, then the Cluster", func(t *testing.T) {
		cpAsked, cpGone := deleted(controlPlaneKind, mainName)
		icAsked, icGone := deleted(infraClusterKind, mainName)
		_, clusterGone := deleted(clusterKind, mainName)
		for _, pool := range []string{"system", "user"} {
			_, poolGone := deleted(infraPoolKind, pool)
			_, mpGone := deleted(machinePoolKind, pool)
			if poolGone == 0 || poolGone > mpGone || mpGone > cpAsked {
				t.Errorf("pool %s was gone in revision %d, its MachinePool in %d, and the control plane's deletion began in %d", pool, poolGone, mpGone, cpAsked)
			}
		}
		if icAsked == 0 {
			icAsked = icGone // nothing of ours holds it
		}
		if cpAsked == 0 || cpAsked > cpGone || cpGone > icAsked || icGone > clusterGone {
			t.Errorf("control plane %d to %d, infrastructure %d to %d, Cluster %d", cpAsked, cpGone, icAsked, icGone, clusterGone)
		}
		for _, reason := range []string{"WaitingForWorkersDeletion", "WaitingForControlPlaneDeletion"} {
			if !slices.ContainsFunc(w.revisions(clusterKind, mainName, mainName), func(one revision) bool { return reasonOf(one.object, "Deleting") == reason }) {
				t.Errorf("the Cluster's deletion never said %s", reason)
			}
		}
	})
	rule(t, "M", "the last System pool lets go when its Cluster does, and one request deletes it all", func(t *testing.T) {
		deletes := w.Azure.Requests(t, since, about(mainName), func(r sandboxtest.Request) bool { return r.Method == http.MethodDelete && r.About("/managedClusters/") })
		if len(deletes) != 1 || !deletes[0].To(clusterID(mainName)) {
			t.Errorf("deleted with %v", deletes)
		}
		if left := w.Azure.Resources(t, "/resourceGroups/"+mainName+"/"); len(left) > 0 {
			t.Errorf("Azure still has %v", left)
		}
	})
	rule(t, "M", "nothing of what was made stays", func(t *testing.T) {
		until(t, limit, func() string {
			left := strings.TrimSpace(w.Kubectl(t, "get", "secrets,configmaps,cluster-api", "--namespace="+mainName, "--output=name"))
			return unless(left == "", "there are %s", left)
		})
	})
}

func reasonOf(o object, conditionType string) string {
	list, _ := at(o, "status", "conditions").([]any)
	for _, c := range list {
		if textAt(c, "type") == conditionType {
			return textAt(c, "reason")
		}
	}
	return ""
}
