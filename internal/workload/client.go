package workload

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/capaks/capaks/internal/aks"
)

const (
	// PoolLabel is the label AKS gives the nodes of a pool.
	PoolLabel = "kubernetes.azure.com/agentpool"
	// CordonedAnnotation marks a node that this provider cordoned, so that it takes back its own cordon and nobody else's.
	CordonedAnnotation = "infrastructure.cluster.x-k8s.io/cordoned"
	// patience is for an API server that may not be reachable from here at all, as that of a private cluster.
	patience = 10 * time.Second
)

// Client is the Kubernetes API of one workload cluster.
type Client struct {
	kube client.Client
}

// New makes a client of a kubeconfig. It sends nothing.
func New(kubeconfig []byte) (*Client, error) {
	config, err := clientcmd.RESTConfigFromKubeConfig(kubeconfig)
	if err != nil {
		return nil, err
	}
	return newClient(config)
}

func newClient(config *rest.Config) (*Client, error) {
	scheme := runtime.NewScheme()
	if err := errors.Join(corev1.AddToScheme(scheme), policyv1.AddToScheme(scheme)); err != nil {
		return nil, err
	}
	// The few kinds are known, so nothing has to be discovered.
	mapper := meta.NewDefaultRESTMapper([]schema.GroupVersion{corev1.SchemeGroupVersion, policyv1.SchemeGroupVersion})
	mapper.Add(corev1.SchemeGroupVersion.WithKind("Node"), meta.RESTScopeRoot)
	mapper.Add(corev1.SchemeGroupVersion.WithKind("Pod"), meta.RESTScopeNamespace)
	mapper.Add(policyv1.SchemeGroupVersion.WithKind("PodDisruptionBudget"), meta.RESTScopeNamespace)
	config = rest.CopyConfig(config)
	config.Timeout, config.ContentType, config.UserAgent = patience, "application/json", "capaks"
	config.QPS, config.Burst = 20, 50
	kube, err := client.New(config, client.Options{Scheme: scheme, Mapper: mapper})
	return &Client{kube: kube}, err
}

// Budgets are all disruption budgets of the cluster.
func (c *Client) Budgets(ctx context.Context) ([]aks.Budget, error) {
	all, err := c.budgets(ctx)
	budgets := make([]aks.Budget, len(all))
	for i := range all {
		budgets[i] = budgetOf(&all[i])
	}
	return budgets, err
}

func (c *Client) budgets(ctx context.Context) ([]policyv1.PodDisruptionBudget, error) {
	list := &policyv1.PodDisruptionBudgetList{}
	err := c.kube.List(ctx, list)
	return list.Items, reach(err)
}

func budgetOf(b *policyv1.PodDisruptionBudget) aks.Budget {
	return aks.Budget{Namespace: b.Namespace, Name: b.Name, DisruptionsAllowed: b.Status.DisruptionsAllowed,
		Healthy: b.Status.CurrentHealthy, Desired: b.Status.DesiredHealthy, Expected: b.Status.ExpectedPods}
}

// Cordon keeps new pods off a node, or takes the cordon back.
func (c *Client) Cordon(ctx context.Context, name string, cordon bool) error {
	mark := "null"
	if cordon {
		mark = `"true"`
	}
	patch := fmt.Sprintf(`{"metadata":{"annotations":{%q:%s}},"spec":{"unschedulable":%t}}`, CordonedAnnotation, mark, cordon)
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}
	err := c.kube.Patch(ctx, node, client.RawPatch("application/merge-patch+json", []byte(patch)))
	return reach(client.IgnoreNotFound(err))
}

// Evict asks a pod to leave its node. It answers false when a disruption budget has no room for that now.
func (c *Client) Evict(ctx context.Context, p aks.Pod) (bool, error) {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: p.Namespace, Name: p.Name}}
	eviction := &policyv1.Eviction{}
	if uid := p.UID; uid != "" {
		// Another pod of that name, of a StatefulSet for example, is on another node already.
		eviction.DeleteOptions = &metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(uid)}
	}
	err := c.kube.SubResource("eviction").Create(ctx, pod, eviction)
	switch {
	case apierrors.IsTooManyRequests(err):
		return false, nil
	case apierrors.IsNotFound(err), apierrors.IsConflict(err):
		return true, nil
	}
	return err == nil, reach(err)
}

// UnreachableError says that the Kubernetes API of a cluster did not answer, or not to these credentials.
type UnreachableError struct{ Cause error }

func (e *UnreachableError) Error() string {
	return "the Kubernetes API of the cluster cannot be used from here: " + e.Cause.Error()
}

func (e *UnreachableError) Unwrap() error { return e.Cause }

// reach tells an API server that cannot be used from one that refuses a request.
func reach(err error) error {
	if err == nil {
		return nil
	}
	if network, ok := errors.AsType[*url.Error](err); ok || apierrors.IsUnauthorized(err) || apierrors.IsForbidden(err) ||
		apierrors.IsServiceUnavailable(err) || apierrors.IsTimeout(err) || apierrors.IsServerTimeout(err) {
		if ok {
			err = network.Err // without the address, whose port and query change from call to call
		}
		return &UnreachableError{err}
	}
	return err
}
