package workload

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func declare(t *testing.T, m *Manager, version string) {
	t.Helper()
	if err := m.Declare(testID, Cluster{Name: "prod", Version: version, FQDN: testCluster.FQDN}); err != nil {
		t.Fatal(err)
	}
}

// ages is how old the nodes of the cluster are; asking wakes it.
func ages(t *testing.T, m *Manager) map[string]string {
	t.Helper()
	nodes, err := typedClient(t, certConfig(must(m.Access(testID)))).CoreV1().Nodes().List(testContext(t), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, n := range nodes.Items {
		out[n.Name] = m.opts.Now().Sub(n.CreationTimestamp.Time).String()
	}
	return out
}

// Until somebody wants access a cluster has neither listener nor credentials nor objects; then it is what it would
// have been all along, ages included, also over a restart.
func TestAsleep(t *testing.T) {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	opts := Options{Now: func() time.Time { return now }}
	m := New(opts)
	t.Cleanup(m.Close)
	declare(t, m, "1.34.2")
	now = now.Add(time.Hour)
	setNodes(t, m, testNode("a", 0))
	now = now.Add(time.Hour)
	declare(t, m, "1.35.0")
	setNodes(t, m, testNode("a", 0), testNode("a", 1))
	if access, err := m.Rotate(testID); err != nil || access.AdminToken != "" {
		t.Errorf("rotating what is not there: %v %v", access, err)
	}
	c := m.clusters[testID]
	if m.Awake(testID) || c.listener != nil || c.creds != nil || len(c.tables) != 0 || len(c.nodes) != 0 {
		t.Error("a cluster nobody asked for is awake")
	}
	if diff := cmp.Diff(ClusterState{Cluster: c.spec, Life: c.life, Asleep: now.Add(-2 * time.Hour)}, m.State().Clusters[testID]); diff != "" {
		t.Errorf("state (-want +got):\n%s", diff)
	}
	saved := reload(t, m.State())
	if diff := cmp.Diff(map[string]string{testNode("a", 0).Name: "1h0m0s", testNode("a", 1).Name: "0s"}, ages(t, m)); diff != "" {
		t.Errorf("ages (-want +got):\n%s", diff)
	}
	if v, err := typedClient(t, certConfig(must(m.Access(testID)))).Discovery().ServerVersion(); err != nil || v.GitVersion != "v1.35.0" || !m.Awake(testID) {
		t.Errorf("version %v %v", v, err)
	}

	again := New(opts)
	t.Cleanup(again.Close)
	if err := again.Restore(saved); err != nil {
		t.Fatal(err)
	}
	if again.Awake(testID) {
		t.Error("a restart woke the cluster")
	}
	setNodes(t, again, testNode("a", 0)) // how long it has been there is not known, only that it has
	if diff := cmp.Diff(map[string]string{testNode("a", 0).Name: "2h0m0s"}, ages(t, again)); diff != "" {
		t.Errorf("ages after a restart (-want +got):\n%s", diff)
	}
}

func must(a Access, _ bool) Access { return a }

// A cluster that is stopped before anybody asked for it stays silent when somebody does.
func TestAsleepAndStopped(t *testing.T) {
	m := New(Options{})
	t.Cleanup(m.Close)
	if err := m.Declare(testID, testCluster); err != nil {
		t.Fatal(err)
	}
	if err := m.SetAvailable(testID, false); err != nil {
		t.Fatal(err)
	}
	if _, ok := m.Access(testID); !ok || m.clusters[testID].listener != nil {
		t.Error("a stopped cluster listens, or has no credentials")
	}
	if err := m.SetAvailable(testID, true); err != nil {
		t.Fatal(err)
	}
	if _, err := typedClient(t, certConfig(must(m.Access(testID)))).Discovery().ServerVersion(); err != nil {
		t.Error(err)
	}
}
