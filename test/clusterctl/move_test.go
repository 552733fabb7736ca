package clusterctl

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

const containerService = "2026-05-01"

// about lets requests about anything of a cluster pass.
func about(name string) func(sandboxtest.Request) bool {
	return func(r sandboxtest.Request) bool {
		return r.About("/resourcegroups/"+name+"/") || r.About("/resourcegroups/"+name+"?") || r.About("/resourcegroups/mc_"+name+"_")
	}
}

// identified are the variables of a cluster with an identity of its own, whose Secret is labelled so that it moves.
var identified = map[string]string{
	"CLUSTER_IDENTITY_NAME": "person", "CLUSTER_IDENTITY_TYPE": "ServicePrincipal", "AZURE_TENANT_ID": sandboxtest.Tenant,
	"AZURE_CLIENT_ID_USER_ASSIGNED_IDENTITY": sandboxtest.Person, "AZURE_CLUSTER_IDENTITY_SECRET_NAME": "person",
}

// TestMove moves a cluster to another management plane while Azure is working on a pool. Azure sees no write of it; what was begun
// on one side ends on the other.
func TestMove(t *testing.T) {
	t.Parallel()
	const name = "moving"
	from, to := home(t), away(t)
	from.Apply(t, secretOfPerson(name))
	create(t, from, name, identified)
	endpoint := at(from.Get(t, "cluster.cluster.x-k8s.io", name, name), "spec", "controlPlaneEndpoint", "host")

	pool := clusterID(name) + "/agentPools/pool1"
	from.Azure.Control(t, http.MethodPost, "faults", object{"method": "PUT", "pathRegex": pool, "operationTakes": "1h", "times": 1})
	from.Patch(t, "machinepool.cluster.x-k8s.io", name, name+"-pool1", `{"spec":{"replicas":5}}`)
	from.AwaitCondition(t, "azuremanagedcontrolplane", name, name, "Synced", "False OperationInProgress")
	mark := from.Azure.Last(t)

	run{kubeconfig: from.Box.Kubeconfig(), args: []string{"move", "--namespace=" + name, "--to-kubeconfig=" + to.Box.Kubeconfig()}}.must(t)
	if left := from.Kubectl(t, "get", "cluster-api,secrets", "--namespace="+name, "--output=name"); strings.TrimSpace(left) != "" {
		t.Errorf("left behind:\n%s", left)
	}
	to.AwaitCondition(t, "azuremanagedcontrolplane", name, name, "Available", "True")
	to.AwaitCondition(t, "azuremanagedcontrolplane", name, name, "Synced", "False OperationInProgress")
	to.AwaitCondition(t, "azureclusteridentity", name, "person", "CredentialsValid", "True")
	noWrites(t, from.Azure, mark, name)

	from.Azure.Control(t, http.MethodPost, "operations", object{"id": pool, "finish": true})
	available(t, to, name, name)
	sandboxtest.Until(t, limit, func() string {
		replicas := at(to.Get(t, "machinepool.cluster.x-k8s.io", name, name+"-pool1"), "status", "replicas")
		return sandboxtest.Unless(replicas == "5", "pool1 has %s machines, want 5", replicas)
	})
	if got := at(to.Get(t, "cluster.cluster.x-k8s.io", name, name), "spec", "controlPlaneEndpoint", "host"); got != endpoint || got == "" {
		t.Errorf("the endpoint is %q, was %q", got, endpoint)
	}
	noWrites(t, from.Azure, mark, name)

	// It is no copy: what is changed here reaches Azure, and what is deleted here goes.
	to.Patch(t, "machinepool.cluster.x-k8s.io", name, name+"-pool1", `{"spec":{"replicas":1}}`)
	sandboxtest.Until(t, limit, func() string {
		count := at(from.Azure.ARM(t, http.MethodGet, pool, containerService, nil), "properties", "count")
		return sandboxtest.Unless(count == "1", "pool1 has %s machines in Azure, want 1", count)
	})
}

// noWrites fails for every write about a cluster.
func noWrites(t *testing.T, azure *sandboxtest.Azure, since int, name string) {
	t.Helper()
	for _, r := range azure.Requests(t, since, about(name), sandboxtest.Request.Write) {
		t.Errorf("a write: %s", r)
	}
}

// TestMoveInCreation: clusterctl does not move what is not there yet, and nothing happens to it.
func TestMoveInCreation(t *testing.T) {
	t.Parallel()
	const name = "unfinished"
	from, to := home(t), away(t)
	from.Azure.Control(t, http.MethodPost, "faults", object{"method": "PUT", "pathRegex": "/managedClusters/" + name + "$", "operationTakes": "1h", "times": 1})
	from.Apply(t, "apiVersion: v1\nkind: Namespace\nmetadata: {name: "+name+"}\n")
	from.Apply(t, generate(t, repository(t, nil), "aks", name, name, nil))
	from.AwaitCondition(t, "azuremanagedcontrolplane", name, name, "Synced", "False OperationInProgress")
	mark := from.Azure.Last(t)
	_, said, err := run{kubeconfig: from.Box.Kubeconfig(), args: []string{"move", "--namespace=" + name, "--to-kubeconfig=" + to.Box.Kubeconfig()}}.try(t)
	if err == nil || !strings.Contains(said, name) {
		t.Errorf("%v: %s", err, said)
	}
	from.Azure.Control(t, http.MethodPost, "operations", object{"id": clusterID(name), "finish": true})
	available(t, from, name, name)
	noWrites(t, from.Azure, mark, name)
}

// TestMoveThroughFiles backs a cluster up and restores it elsewhere. The Secret of its identity has no label, so it is not in the files;
// the other side says so, and goes on when it is there.
func TestMoveThroughFiles(t *testing.T) {
	t.Parallel()
	const name = "filed"
	from, to := home(t), away(t)
	from.Apply(t, strings.ReplaceAll(secretOfPerson(name), `{clusterctl.cluster.x-k8s.io/move-hierarchy: "true"}`, "{}"))
	create(t, from, name, identified)
	mark, dir := from.Azure.Last(t), t.TempDir()
	run{kubeconfig: from.Box.Kubeconfig(), args: []string{"move", "--namespace=" + name, "--to-directory=" + dir}}.must(t)
	files, err := os.ReadDir(dir)
	if err != nil || len(files) < 8 {
		t.Errorf("%d files (%v)", len(files), err)
	}
	// Two management planes must not work on one cluster; what comes out of the files is not paused.
	from.Patch(t, "cluster.cluster.x-k8s.io", name, name, `{"spec":{"paused":true}}`)
	to.Apply(t, "apiVersion: v1\nkind: Namespace\nmetadata: {name: "+name+"}\n")
	run{kubeconfig: to.Box.Kubeconfig(), args: []string{"move", "--from-directory=" + dir}}.must(t)
	if why := to.AwaitCondition(t, "azuremanagedcontrolplane", name, name, "CredentialsValid", "False SecretNotFound"); !strings.Contains(why, name+"/person") {
		t.Errorf("it does not say which Secret: %s", why)
	}
	to.Apply(t, secretOfPerson(name))
	available(t, to, name, name)
	noWrites(t, from.Azure, mark, name)
}
