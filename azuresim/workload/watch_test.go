package workload

import (
	"bufio"
	"encoding/json"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"
)

// next reads one event, or fails after some seconds.
func next(t *testing.T, w watch.Interface) watch.Event {
	t.Helper()
	select {
	case e, open := <-w.ResultChan():
		if !open {
			t.Fatal("the watch ended")
		}
		return e
	case <-time.After(10 * time.Second):
		t.Fatal("no event")
	}
	return watch.Event{}
}

func nameOf(t *testing.T, e watch.Event) string {
	t.Helper()
	m, ok := e.Object.(metav1.Object)
	if !ok {
		t.Fatalf("event %s carries %T: %v", e.Type, e.Object, e.Object)
	}
	return string(e.Type) + " " + m.GetName()
}

func TestWatchFollowsASelection(t *testing.T) {
	_, access := start(t, Options{})
	ctx := testContext(t)
	maps := typedClient(t, certConfig(access)).CoreV1().ConfigMaps("default")
	list, err := maps.List(ctx, metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	// All of this happens before the watch starts: it is replayed.
	if _, err := maps.Create(ctx, configMap("a", nil), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := maps.Create(ctx, configMap("b", nil), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	label := func(value string) {
		if _, err := maps.Patch(ctx, "a", types.MergePatchType, []byte(`{"metadata":{"labels":{"app":"`+value+`"}}}`), metav1.PatchOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	label("other")
	w, err := maps.Watch(ctx, metav1.ListOptions{ResourceVersion: list.ResourceVersion, LabelSelector: "app=a"})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	want := []string{"ADDED a", "DELETED a"}
	label("a")
	if _, err := maps.Patch(ctx, "a", types.MergePatchType, []byte(`{"data":{"x":"1"}}`), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := maps.Delete(ctx, "a", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	want = append(want, "ADDED a", "MODIFIED a", "DELETED a")
	var got []string
	for range want {
		got = append(got, nameOf(t, next(t, w)))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestWatchListBookmark(t *testing.T) {
	m, access := start(t, Options{})
	setNodes(t, m, testNode("nodepool1", 0))
	req, err := http.NewRequest(http.MethodGet, "https://"+access.Address+"/api/v1/nodes?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+access.AdminToken)
	resp, err := httpClient(access).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var got []string
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() { // ends by itself: timeoutSeconds
		var e struct {
			Type   string
			Object metav1.PartialObjectMetadata
		}
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		got = append(got, e.Type+" "+e.Object.Kind+" "+e.Object.Name+e.Object.Annotations[initialEvents])
	}
	want := []string{"ADDED Node aks-nodepool1-12345678-vmss000000", "BOOKMARK Node true"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestWatchFromUnknownVersions(t *testing.T) {
	_, access := start(t, Options{})
	ctx := testContext(t)
	maps := typedClient(t, certConfig(access)).CoreV1().ConfigMaps("default")
	first, err := maps.Create(ctx, configMap("a", nil), metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range historyLimit + 1 {
		patch := []byte(`{"data":{"i":"` + time.Duration(i).String() + `"}}`)
		if _, err := maps.Patch(ctx, "a", types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	for name, rv := range map[string]string{"forgotten": first.ResourceVersion, "future": "999999"} {
		w, err := maps.Watch(ctx, metav1.ListOptions{ResourceVersion: rv})
		if err != nil {
			t.Fatal(err)
		}
		if e := next(t, w); !apierrors.IsResourceExpired(apierrors.FromObject(e.Object)) {
			t.Errorf("%s resourceVersion: %v, want 410", name, e)
		}
		w.Stop()
	}
	bad := metav1.ListOptions{Watch: true, ResourceVersion: "x"}
	if _, err := maps.Watch(ctx, bad); !apierrors.IsBadRequest(err) {
		t.Errorf("resourceVersion=x: %v, want 400", err)
	}
	yes := true
	if _, err := maps.Watch(ctx, metav1.ListOptions{SendInitialEvents: &yes}); !apierrors.IsBadRequest(err) {
		t.Errorf("sendInitialEvents without a match: %v, want 400", err)
	}
}

// client-go lists through a watch by default; a reflector that falls back to
// LIST would hide a missing bookmark, so the requests are counted.
func TestInformerUsesWatchList(t *testing.T) {
	m, access := start(t, Options{})
	setNodes(t, m, testNode("nodepool1", 0), testNode("nodepool1", 1))
	ctx := testContext(t)
	var lists, watches counter
	config := certConfig(access)
	config.Wrap(func(inner http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.URL.Query().Get("watch") != "" {
				watches.add()
			} else {
				lists.add()
			}
			return inner.RoundTrip(r)
		})
	})
	factory := informers.NewSharedInformerFactory(typedClient(t, config), 0)
	events := make(chan string, 16)
	informer := factory.Core().V1().Nodes().Informer()
	if _, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { events <- "add " + o.(*corev1.Node).Name },
		UpdateFunc: func(_, o any) { events <- "update " + o.(*corev1.Node).Name },
		DeleteFunc: func(o any) { events <- "delete " + o.(*corev1.Node).Name },
	}); err != nil {
		t.Fatal(err)
	}
	factory.Start(ctx.Done())
	if !cache.WaitForCacheSync(ctx.Done(), informer.HasSynced) {
		t.Fatal("the informer did not sync")
	}
	if lists.value() != 0 || watches.value() != 1 {
		t.Errorf("%d lists and %d watches, want one watch", lists.value(), watches.value())
	}
	notReady := testNode("nodepool1", 1)
	notReady.Ready = false
	got := map[string]bool{<-events: true, <-events: true}
	setNodes(t, m, notReady, testNode("nodepool1", 2))
	for range 3 {
		select {
		case e := <-events:
			got[e] = true
		case <-ctx.Done():
			t.Fatalf("events so far: %v", got)
		}
	}
	name := func(i int) string { return testNode("nodepool1", i).Name }
	want := map[string]bool{"add " + name(0): true, "add " + name(1): true, "delete " + name(0): true, "update " + name(1): true, "add " + name(2): true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// Writers that retry on conflict lose no update, and a watch sees every one.
func TestConcurrentWriters(t *testing.T) {
	_, access := start(t, Options{})
	ctx := testContext(t)
	maps := typedClient(t, certConfig(access)).CoreV1().ConfigMaps("default")
	made, err := maps.Create(ctx, configMap("n", map[string]string{"n": "0"}), metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	w, err := maps.Watch(ctx, metav1.ListOptions{ResourceVersion: made.ResourceVersion})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	const writers, rounds = 4, 10
	var group errgroup.Group
	for range writers {
		group.Go(func() error {
			for range rounds {
				for {
					cm, err := maps.Get(ctx, "n", metav1.GetOptions{})
					if err != nil {
						return err
					}
					n, err := strconv.Atoi(cm.Data["n"])
					if err != nil {
						return err
					}
					cm.Data["n"] = strconv.Itoa(n + 1)
					if _, err = maps.Update(ctx, cm, metav1.UpdateOptions{}); err == nil {
						break
					}
					if !apierrors.IsConflict(err) {
						return err
					}
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	for i := 1; i <= writers*rounds; i++ {
		if got := next(t, w).Object.(*corev1.ConfigMap).Data["n"]; got != strconv.Itoa(i) {
			t.Fatalf("event %d says %s", i, got)
		}
	}
}
