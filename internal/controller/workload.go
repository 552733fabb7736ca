package controller

import (
	"context"
	"errors"

	corev1 "k8s.io/api/core/v1"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/cluster-api/util/secret"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/workload"
)

// workloadAPI is the Kubernetes API of one cluster. Nothing is read or connected before it is used, which is rare: while
// agent pools are replaced, and when an upgrade is stuck.
type workloadAPI struct {
	reader  client.Reader
	cluster *clusterv1.Cluster
	client  *workload.Client
}

func (r *Reconciler) workload(cluster *clusterv1.Cluster) *workloadAPI {
	return &workloadAPI{reader: r.Client, cluster: cluster}
}

// connect makes a client of the kubeconfig in the Secret that Cluster API reads, too.
func (w *workloadAPI) connect(ctx context.Context) (*workload.Client, error) {
	if w.client != nil {
		return w.client, nil
	}
	stored := &corev1.Secret{}
	if err := w.reader.Get(ctx, kubeconfigKey(w.cluster, secret.Kubeconfig), stored); client.IgnoreNotFound(err) != nil {
		return nil, err
	}
	kubeconfig := stored.Data[secret.KubeconfigDataName]
	if len(kubeconfig) == 0 {
		return nil, errors.New("there is no kubeconfig of the cluster in Secret " + kubeconfigKey(w.cluster, secret.Kubeconfig).String())
	}
	var err error
	w.client, err = workload.New(kubeconfig)
	return w.client, err
}

// Nodes are the nodes of an agent pool.
func (w *workloadAPI) Nodes(ctx context.Context, pool string, pods bool) ([]aks.Node, error) {
	c, err := w.connect(ctx)
	if err != nil {
		return nil, err
	}
	return c.Nodes(ctx, pool, pods)
}

// Cordon keeps new pods off a node, or takes that back.
func (w *workloadAPI) Cordon(ctx context.Context, node string, cordon bool) error {
	c, err := w.connect(ctx)
	if err != nil {
		return err
	}
	return c.Cordon(ctx, node, cordon)
}

// Evict asks a pod to leave its node.
func (w *workloadAPI) Evict(ctx context.Context, pod aks.Pod) (bool, error) {
	c, err := w.connect(ctx)
	if err != nil {
		return false, err
	}
	return c.Evict(ctx, pod)
}

// Budgets are the disruption budgets of the cluster.
func (w *workloadAPI) Budgets(ctx context.Context) ([]aks.Budget, error) {
	c, err := w.connect(ctx)
	if err != nil {
		return nil, err
	}
	return c.Budgets(ctx)
}
