package workload

import (
	"encoding/json"
	"errors"
	"net"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func reload(t *testing.T, s State) State {
	t.Helper()
	raw, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var out State
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestRestore(t *testing.T) {
	m, access := start(t, Options{})
	ctx := testContext(t)
	setNodes(t, m, testNode("nodepool1", 0))
	createWidgetCRD(ctx, t, access)
	if _, err := dynamicClient(t, certConfig(access)).Resource(widgets).Namespace("default").Create(ctx, widget("v1", 1), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	made, err := typedClient(t, certConfig(access)).CoreV1().ConfigMaps("default").Create(ctx, configMap("a", nil), metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	m.Close()
	saved := reload(t, m.State())

	again := New(Options{})
	t.Cleanup(again.Close)
	if err := again.Restore(saved); err != nil {
		t.Fatal(err)
	}
	restored, ok := again.Access(testID)
	if diff := cmp.Diff(access, restored); !ok || diff != "" {
		t.Errorf("access (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(saved, reload(t, again.State())); diff != "" {
		t.Errorf("state does not round-trip:\n%s", diff)
	}
	client := typedClient(t, certConfig(access)) // the old kubeconfig
	got, err := client.CoreV1().ConfigMaps("default").Get(ctx, "a", metav1.GetOptions{})
	if diff := cmp.Diff(made, got); err != nil || diff != "" {
		t.Errorf("object (-before +after), %v:\n%s", err, diff)
	}
	if _, err := dynamicClient(t, certConfig(access)).Resource(widgets).Namespace("default").Get(ctx, "w", metav1.GetOptions{}); err != nil {
		t.Errorf("custom object: %v", err)
	}
	w, err := client.CoreV1().ConfigMaps("").Watch(ctx, metav1.ListOptions{ResourceVersion: "1"})
	if err != nil {
		t.Fatal(err)
	}
	if e := next(t, w); !apierrors.IsResourceExpired(apierrors.FromObject(e.Object)) {
		t.Errorf("watch from before the restart: %v, want 410", e)
	}
	before := again.State().Clusters[testID].ResourceVersion
	setNodes(t, again, testNode("nodepool1", 0))
	if after := again.State().Clusters[testID].ResourceVersion; after != before {
		t.Errorf("the same nodes after a restart were written again: %d -> %d", before, after)
	}
	if err := again.Restore(saved); err == nil {
		t.Error("restoring over running clusters succeeded")
	}
}

func TestRestoreStopped(t *testing.T) {
	m, access := start(t, Options{})
	if err := m.SetAvailable(testID, false); err != nil {
		t.Fatal(err)
	}
	m.Close()
	again := New(Options{})
	t.Cleanup(again.Close)
	if err := again.Restore(reload(t, m.State())); err != nil {
		t.Fatal(err)
	}
	if _, err := net.Dial("tcp", access.Address); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dialling a cluster that was stopped before the restart: %v, want connection refused", err)
	}
	if err := again.SetAvailable(testID, true); err != nil {
		t.Fatal(err)
	}
	if _, err := typedClient(t, certConfig(access)).CoreV1().Nodes().List(testContext(t), metav1.ListOptions{}); err != nil {
		t.Error(err)
	}
}

func TestRestoreWithPortTaken(t *testing.T) {
	m, access := start(t, Options{})
	m.Close()
	squatter, err := net.Listen("tcp", access.Address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = squatter.Close() }()
	again := New(Options{})
	t.Cleanup(again.Close)
	if err := again.Restore(reload(t, m.State())); err != nil {
		t.Fatal(err)
	}
	moved, _ := again.Access(testID)
	if moved.Address == access.Address {
		t.Fatalf("still at %s", moved.Address)
	}
	if _, err := typedClient(t, certConfig(moved)).CoreV1().Nodes().List(testContext(t), metav1.ListOptions{}); err != nil {
		t.Error(err)
	}
}

func TestOnChange(t *testing.T) {
	var mu sync.Mutex
	var m *Manager
	changes := 0
	m = New(Options{OnChange: func(id string) {
		if _, ok := m.ClusterState(id); !ok { // asking from within must not lock up
			t.Errorf("no state of %q", id)
		}
		mu.Lock()
		defer mu.Unlock()
		changes++
	}})
	t.Cleanup(m.Close)
	access, err := m.EnsureCluster(testID, testCluster)
	if err != nil {
		t.Fatal(err)
	}
	ctx, client := testContext(t), typedClient(t, certConfig(access))
	steps := []struct {
		name string
		do   func() error
		want int
	}{
		{"create", func() error {
			_, err := client.CoreV1().ConfigMaps("default").Create(ctx, configMap("a", nil), metav1.CreateOptions{})
			return err
		}, 1},
		{"read", func() error { _, err := client.CoreV1().ConfigMaps("").List(ctx, metav1.ListOptions{}); return err }, 0},
		{"nodes", func() error { return m.SetNodes(testID, []Node{testNode("p", 0), testNode("p", 1)}) }, 1},
		{"same nodes", func() error { return m.SetNodes(testID, []Node{testNode("p", 0), testNode("p", 1)}) }, 0},
		{"same cluster", func() error { _, err := m.EnsureCluster(testID, testCluster); return err }, 0},
		{"upgrade", func() error {
			_, err := m.EnsureCluster(testID, Cluster{Name: "prod", Version: "1.35.0", FQDN: testCluster.FQDN})
			return err
		}, 1},
		{"rotate", func() error { _, err := m.Rotate(testID); return err }, 1},
		{"stop", func() error { return m.SetAvailable(testID, false) }, 1},
	}
	for _, step := range steps {
		mu.Lock()
		changes = 0
		mu.Unlock()
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		if changes != step.want {
			t.Errorf("%s: %d notifications, want %d", step.name, changes, step.want)
		}
		mu.Unlock()
	}
}
