package webhook_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/yaml"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/sandbox"
	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

// underClusterAPI is an API server with Cluster API's own controllers, webhooks and conversions, and the garbage
// collector; of this provider there are only the CRDs and the webhooks, so that nothing hides what they answer.
func underClusterAPI(t *testing.T) *api {
	t.Helper()
	bin := sandboxtest.BinDir(t, "kube-controller-manager", "cluster-api-manager", "cluster-api-components.yaml")
	box := sandboxtest.Up(t, sandbox.Options{
		BinDir: bin, Provider: os.DirFS(filepath.Join("..", "..", "config")),
		Without: []string{sandbox.AzureSim, sandbox.Manager},
	})
	config, err := box.RESTConfig()
	if err != nil {
		t.Fatal(err)
	}
	hooks := webhookOptions()
	if err := hooks.Install(config); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := hooks.Cleanup(); err != nil {
			t.Error(err)
		}
	})
	stop, err := serve(config, hooks)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return connect(t, config)
}

func webhookOptions() envtest.WebhookInstallOptions {
	return envtest.WebhookInstallOptions{
		Paths:            []string{filepath.Join("..", "..", "config", "webhook", "manifests.yaml")},
		LocalServingHost: "127.0.0.1",
	}
}

// fromYAML reads objects as a user would write them.
func (a *api) fromYAML(t *testing.T, text string) []*unstructured.Unstructured {
	t.Helper()
	var objects []*unstructured.Unstructured
	for _, document := range strings.Split(text, "\n---\n") {
		u := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(document), &u.Object); err != nil {
			t.Fatal(err)
		}
		u.SetNamespace(a.namespace)
		objects = append(objects, u)
	}
	return objects
}

// eventually waits for something Cluster API does.
func eventually(t *testing.T, what string, condition func(context.Context) bool) {
	t.Helper()
	err := wait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, patience, true, func(ctx context.Context) (bool, error) {
		return condition(ctx), nil
	})
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

const withOldGroup = `
apiVersion: cluster.x-k8s.io/v1beta1
kind: Cluster
metadata:
  name: tenant
spec:
  clusterNetwork:
    services:
      cidrBlocks:
      - 192.168.0.0/16
  controlPlaneRef:
    apiVersion: exp.infrastructure.cluster.x-k8s.io/v1beta1
    kind: AzureManagedControlPlane
    name: tenant
  infrastructureRef:
    apiVersion: exp.infrastructure.cluster.x-k8s.io/v1beta1
    kind: AzureManagedCluster
    name: tenant
`

const wholeCluster = `
apiVersion: cluster.x-k8s.io/v1beta1
kind: Cluster
metadata:
  name: my-cluster
spec:
  clusterNetwork:
    services:
      cidrBlocks:
      - 192.168.0.0/16
  controlPlaneRef:
    apiVersion: infrastructure.cluster.x-k8s.io/v1beta1
    kind: AzureManagedControlPlane
    name: my-cluster-control-plane
  infrastructureRef:
    apiVersion: infrastructure.cluster.x-k8s.io/v1beta1
    kind: AzureManagedCluster
    name: my-cluster
---
apiVersion: infrastructure.cluster.x-k8s.io/v1beta1
kind: AzureManagedControlPlane
metadata:
  name: my-cluster-control-plane
spec:
  location: southcentralus
  subscriptionID: 00000000-0000-0000-0000-000000000000
  version: v1.33.4
---
apiVersion: infrastructure.cluster.x-k8s.io/v1beta1
kind: AzureManagedCluster
metadata:
  name: my-cluster
spec:
  subscriptionID: 00000000-0000-0000-0000-000000000000
---
apiVersion: infrastructure.cluster.x-k8s.io/v1beta1
kind: AzureManagedMachinePool
metadata:
  name: agentpool0
spec:
  mode: System
  sku: Standard_D2s_v3
---
` + machinePoolV1Beta1 + `
  name: agentpool0
` + machinePoolSpec

const machinePoolV1Beta1 = `apiVersion: cluster.x-k8s.io/v1beta1
kind: MachinePool
metadata:`

const machinePoolSpec = `spec:
  clusterName: my-cluster
  replicas: 1
  template:
    spec:
      bootstrap:
        dataSecretName: ""
      clusterName: my-cluster
      infrastructureRef:
        apiVersion: infrastructure.cluster.x-k8s.io/v1beta1
        kind: AzureManagedMachinePool
        name: agentpool0
      version: v1.33.4
`

func TestUnderClusterAPI(t *testing.T) {
	if testing.Short() {
		t.Skip("needs an API server: not with -short")
	}
	a := underClusterAPI(t)
	t.Run("a Cluster of the old group is refused before it is stored", func(t *testing.T) {
		tenant := a.fromYAML(t, withOldGroup)[0]
		refused(t, a.Create(t.Context(), tenant), "exp.infrastructure.cluster.x-k8s.io", "change group to infrastructure.cluster.x-k8s.io, or run: capaks convert -f FILE")
		gone(t, a, &clusterv1.Cluster{ObjectMeta: objectMeta(a.namespace, "tenant")})
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(schema.GroupVersionKind{Group: "cluster.x-k8s.io", Version: "v1beta1", Kind: "ClusterList"})
		accepted(t, a.List(t.Context(), list))
	})

	objects := a.fromYAML(t, wholeCluster)
	for _, object := range objects {
		a.create(t, object)
	}
	mp := objects[len(objects)-1] // as v1beta1
	cp := &v1beta1.AzureManagedControlPlane{ObjectMeta: objectMeta(a.namespace, "my-cluster-control-plane")}
	pool := &v1beta1.AzureManagedMachinePool{ObjectMeta: objectMeta(a.namespace, "agentpool0")}
	eventually(t, "Cluster API adopts the objects", func(ctx context.Context) bool {
		a.read(t, cp)
		a.read(t, pool)
		return cp.Labels[clusterv1.ClusterNameLabel] != "" && len(pool.OwnerReferences) > 0
	})
	if cp.Spec.ResourceGroupName != "my-cluster" || cp.Spec.NodeResourceGroupName != "MC_my-cluster_my-cluster-control-plane_southcentralus" {
		t.Errorf("adopted with resource groups %q and %q", cp.Spec.ResourceGroupName, cp.Spec.NodeResourceGroupName)
	}

	t.Run("requests in v1beta1 meet the rules", func(t *testing.T) {
		refused(t, change(t, a, mp.DeepCopy(), func(mp *unstructured.Unstructured) {
			_ = unstructured.SetNestedField(mp.Object, "v1.34.0", "spec", "template", "spec", "version")
		}), "spec.template.spec.version", "v1.34.0", "v1.33.4")
		refusedAndUntouched(t, a, mp.DeepCopy())
		refusedAndUntouched(t, a, pool)
	})
	t.Run("a stuck MachinePool is recovered as documented", func(t *testing.T) { recoverStuck(t, a, mp, pool) })
	t.Run("deleting the Cluster deletes everything", func(t *testing.T) {
		c := &clusterv1.Cluster{ObjectMeta: objectMeta(a.namespace, "my-cluster")}
		accepted(t, a.Delete(t.Context(), c))
		eventually(t, "the Cluster goes", func(ctx context.Context) bool {
			return apierrors.IsNotFound(a.Get(ctx, client.ObjectKeyFromObject(c), c))
		})
		gone(t, a, pool)
		gone(t, a, cp)
	})
}

// recoverStuck gets a MachinePool stuck in its deletion and follows the troubleshooting section of the documentation.
func recoverStuck(t *testing.T, a *api, mp *unstructured.Unstructured, pool *v1beta1.AzureManagedMachinePool) {
	stuck := &clusterv1.MachinePool{ObjectMeta: objectMeta(a.namespace, "agentpool0")}
	terminate(t, a, stuck)
	if stuck.DeletionTimestamp.IsZero() || len(stuck.Finalizers) == 0 {
		t.Fatalf("it is not stuck: %v", stuck.ObjectMeta)
	}
	refusedAndUntouched(t, a, pool)

	replacement := a.fromYAML(t, machinePoolV1Beta1+"\n  name: agentpool2\n"+machinePoolSpec)[0]
	accepted(t, a.Create(t.Context(), replacement))
	accepted(t, change(t, a, pool, func(p *v1beta1.AzureManagedMachinePool) {
		for i := range p.OwnerReferences {
			if p.OwnerReferences[i].Kind == "MachinePool" {
				p.OwnerReferences[i].Name, p.OwnerReferences[i].UID = replacement.GetName(), replacement.GetUID()
			}
		}
	}))
	old := mp.DeepCopy()
	eventually(t, "the finalizers go", func(ctx context.Context) bool { // Cluster API writes the object, too
		if err := a.Get(ctx, client.ObjectKeyFromObject(old), old); err != nil {
			return true
		}
		old.SetFinalizers(nil)
		return a.Update(ctx, old) == nil
	})
	gone(t, a, stuck)
	a.read(t, pool)
	if !pool.DeletionTimestamp.IsZero() {
		t.Error("the pool went with the old MachinePool")
	}
	refusedAndUntouched(t, a, replacement)
}
