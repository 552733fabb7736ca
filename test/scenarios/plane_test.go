package scenarios

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/tools/cache"

	"github.com/capaks/capaks/internal/sandbox"
	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

const (
	infraGroup = "infrastructure.cluster.x-k8s.io"
	coreGroup  = "cluster.x-k8s.io"
)

// kinds are those a scenario can name. What the manager works on is watched.
var kinds = map[string]schema.GroupVersionResource{
	"Cluster":                          {Group: coreGroup, Version: "v1beta1", Resource: "clusters"},
	"ClusterClass":                     {Group: coreGroup, Version: "v1beta1", Resource: "clusterclasses"},
	"MachinePool":                      {Group: coreGroup, Version: "v1beta1", Resource: "machinepools"},
	"AzureManagedControlPlane":         {Group: infraGroup, Version: "v1beta1", Resource: "azuremanagedcontrolplanes"},
	"AzureManagedCluster":              {Group: infraGroup, Version: "v1beta1", Resource: "azuremanagedclusters"},
	"AzureManagedMachinePool":          {Group: infraGroup, Version: "v1beta1", Resource: "azuremanagedmachinepools"},
	"AzureManagedControlPlaneTemplate": {Group: infraGroup, Version: "v1beta1", Resource: "azuremanagedcontrolplanetemplates"},
	"AzureManagedClusterTemplate":      {Group: infraGroup, Version: "v1beta1", Resource: "azuremanagedclustertemplates"},
	"AzureManagedMachinePoolTemplate":  {Group: infraGroup, Version: "v1beta1", Resource: "azuremanagedmachinepooltemplates"},
	"ConfigMap":                        {Version: "v1", Resource: "configmaps"},
	"Event":                            {Group: "events.k8s.io", Version: "v1", Resource: "events"},
}

var watched = []string{"Cluster", "MachinePool", "AzureManagedControlPlane", "AzureManagedCluster", "AzureManagedMachinePool", "ConfigMap", "Event"}

// plane is a management plane with an emulated Azure.
type plane struct {
	box   *sandbox.Sandbox
	kube  dynamic.Interface
	azure *sandboxtest.Azure
	store map[string]cache.GenericLister

	mu     sync.Mutex
	change chan struct{} // closed when a watched object changes
}

func start(t *testing.T) *plane {
	t.Helper()
	bin := os.Getenv("CAPAKS_BIN")
	if bin == "" {
		bin = sandboxtest.BinDir(t, "kube-controller-manager", "cluster-api-manager", "cluster-api-components.yaml", "azuresim", "manager")
	}
	// What no listing shows (groups, networks, the resources beside a cluster) is read again every few seconds here.
	const resync = "--sync-period=10s"
	// An operation takes a fraction of a second; what is looked at again after a time is looked at often.
	const quick = "--durations=managedCluster=400ms,agentPool=400ms,unchanged=200ms,resourceGroup.delete=200ms,network=0s,fleet=200ms,extension=300ms,compute=0s,registration=0s"
	p := &plane{store: map[string]cache.GenericLister{}, change: make(chan struct{})}
	p.box = sandboxtest.Up(t, sandbox.Options{
		BinDir: bin, AzureSimArgs: []string{quick, "--throttle-scale=0"},
		ManagerArgs: []string{"--fleet-interval=1s", "--throttle-factor=100", "--concurrency=40", resync},
	})
	config, err := p.box.RESTConfig()
	if err != nil {
		t.Fatal(err)
	}
	config.QPS, config.Burst = 500, 500
	if p.kube, err = dynamic.NewForConfig(config); err != nil {
		t.Fatal(err)
	}
	if p.azure, err = sandboxtest.NewAzure(p.box); err != nil {
		t.Fatal(err)
	}
	p.watch(t)
	return p
}

// watch keeps copies of the objects, so that waiting asks nothing.
func (p *plane) watch(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	factory := dynamicinformer.NewDynamicSharedInformerFactory(p.kube, 0)
	for _, kind := range watched {
		informer := factory.ForResource(kinds[kind])
		p.store[kind] = informer.Lister()
		_, err := informer.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc: func(any) { p.changed() }, UpdateFunc: func(any, any) { p.changed() }, DeleteFunc: func(any) { p.changed() },
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	t.Cleanup(func() { cancel(); factory.Shutdown() })
}

func (p *plane) changed() {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.change)
	p.change = make(chan struct{})
}

func (p *plane) next() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.change
}

// get is an object as it was seen last, nil where there is none.
func (p *plane) get(kind, namespace, name string) *unstructured.Unstructured {
	o, err := p.store[kind].ByNamespace(namespace).Get(name)
	if err != nil {
		return nil
	}
	u, _ := o.(*unstructured.Unstructured)
	return u
}

// limit is how long anything may take on a busy machine.
const limit = 90 * time.Second

// until asks again whenever something changes, and once in a while because Azure tells nobody, until the answer is "".
func until(t *testing.T, limit time.Duration, next func() <-chan struct{}, missing func() string) {
	t.Helper()
	over := time.After(limit)
	tick := time.NewTicker(700 * time.Millisecond)
	defer tick.Stop()
	for {
		var change <-chan struct{}
		if next != nil {
			change = next()
		}
		last := missing()
		if last == "" {
			return
		}
		select {
		case <-change:
		case <-tick.C:
		case <-over:
			t.Fatalf("not after %s: %s", limit, last)
		}
	}
}

// condition is "True" or "False Reason", and the message.
func condition(o *unstructured.Unstructured, kind string) (state, message string) {
	if o == nil {
		return "missing", ""
	}
	list, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
	for _, c := range list {
		fields, _ := c.(object)
		if fields["type"] != kind {
			continue
		}
		state, _ = fields["status"].(string)
		if state != "True" {
			state += " " + fmt.Sprint(fields["reason"])
		}
		return state, fmt.Sprint(fields["message"])
	}
	return "missing", ""
}

// events are the notes of the manager's events in a namespace, by their names.
func (p *plane) events(namespace string) map[string]string {
	out := map[string]string{}
	list, err := p.store["Event"].ByNamespace(namespace).List(everything)
	if err != nil {
		return out
	}
	for _, o := range list {
		if e, ok := o.(*unstructured.Unstructured); ok && e.Object["reportingController"] == "capaks" {
			out[e.GetName()] = fmt.Sprint(e.Object["reason"], ": ", e.Object["note"])
		}
	}
	return out
}

func about(name string) func(request) bool {
	name = strings.ToLower(name)
	return func(r request) bool {
		path := strings.ToLower(r.Path) + "/"
		return strings.Contains(path, "/resourcegroups/"+name+"/") || strings.Contains(path, "/resourcegroups/"+name+"?") ||
			strings.Contains(path, "/resourcegroups/mc_"+name+"_") || strings.Contains(path, "/resourcegroups/"+name+"-shared/")
	}
}
