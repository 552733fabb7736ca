package azuresim_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// kube is a client of the cluster whose credentials were answered as raw.
func (p *process) kube(raw string) kubernetes.Interface {
	p.t.Helper()
	var answer struct{ Kubeconfigs []struct{ Value string } }
	if err := json.Unmarshal([]byte(raw), &answer); err != nil || len(answer.Kubeconfigs) != 1 {
		p.t.Fatalf("no kubeconfig in %s", raw)
	}
	file, err := base64.StdEncoding.DecodeString(answer.Kubeconfigs[0].Value)
	if err != nil {
		p.t.Fatal(err)
	}
	config, err := clientcmd.RESTConfigFromKubeConfig(file)
	if err != nil {
		p.t.Fatal(err)
	}
	config.QPS = -1
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		p.t.Fatal(err)
	}
	return client
}

// objectWriters each make a ConfigMap, change it and delete it, over and over, until nobody answers.
type objectWriters struct {
	t       *testing.T
	told    []int // the last version each was told is stored
	running sync.WaitGroup
}

// version of a writer: every tenth of them is a deletion.
func deletion(version int) bool { return version%10 == 0 }

func (w *objectWriters) write(kube kubernetes.Interface, n, version int) error {
	maps, name := kube.CoreV1().ConfigMaps("default"), fmt.Sprintf("writer-%d", n)
	doc := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}, Data: map[string]string{"version": strconv.Itoa(version)}}
	var err error
	switch {
	case deletion(version):
		err = maps.Delete(context.Background(), name, metav1.DeleteOptions{})
	case version == 1 || deletion(version-1):
		_, err = maps.Create(context.Background(), doc, metav1.CreateOptions{})
	default:
		_, err = maps.Update(context.Background(), doc, metav1.UpdateOptions{})
	}
	return err
}

// start returns when each of n writers has had enough answers.
func (w *objectWriters) start(kube kubernetes.Interface, n, enough int) {
	w.told = make([]int, n)
	busy := make(chan bool, n)
	for i := range n {
		w.running.Go(func() {
			for version := 1; ; version++ {
				if err := w.write(kube, i, version); err != nil {
					if apierrors.ReasonForError(err) != metav1.StatusReasonUnknown {
						w.t.Errorf("writer %d: %v", i, err)
					}
					if version <= enough {
						busy <- true
					}
					return // this one was never answered
				}
				if w.told[i] = version; version == enough {
					busy <- true
				}
			}
		})
	}
	for range n {
		<-busy
	}
}

// check compares what they were told with what there is now; the one write that was not answered may have happened.
func (w *objectWriters) check(kube kubernetes.Interface) {
	w.t.Helper()
	for i, told := range w.told {
		now := "gone"
		doc, err := kube.CoreV1().ConfigMaps("default").Get(w.t.Context(), fmt.Sprintf("writer-%d", i), metav1.GetOptions{})
		if err == nil {
			now = doc.Data["version"]
		} else if !apierrors.IsNotFound(err) {
			w.t.Fatal(err)
		}
		want := map[string]bool{}
		for _, version := range []int{told, told + 1} {
			if deletion(version) {
				want["gone"] = true
			} else {
				want[strconv.Itoa(version)] = true
			}
		}
		if !want[now] {
			w.t.Errorf("writer %d was told version %d, now it is %s", i, told, now)
		}
	}
}

// What a cluster's API server answered before a SIGKILL is there again afterwards, too.
func TestKillWorkload(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program")
	}
	program, dir := buildProgram(t), t.TempDir()
	p := run(t, program, dir)
	p.makeCluster()
	credentials := p.credentials()
	w := &objectWriters{t: t}
	for range 3 { // killed where the last whole state is of another age each time
		w.start(p.kube(credentials), 6, 25)
		p.kill()
		w.running.Wait()
		p = run(t, program, dir)
		if p.credentials() != credentials {
			t.Fatal("the credentials are not those that were handed out")
		}
		kube := p.kube(credentials)
		w.check(kube)
		if err := kube.CoreV1().ConfigMaps("default").DeleteCollection(t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{}); err != nil {
			t.Fatal(err)
		}
	}
}

// makeCluster makes a group and a cluster.
func (p *process) makeCluster() {
	p.t.Helper()
	for _, c := range []struct{ path, version, body string }{{group, rgVersion, `{"location":"westus2"}`}, {cluster, aksVersion, twoPools}} {
		if status, raw, err := p.send(http.MethodPut, c.path, c.version, c.body); err != nil || status != http.StatusCreated {
			p.t.Fatal(status, raw, err)
		}
	}
}
