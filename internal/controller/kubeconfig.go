package controller

import (
	"context"
	"maps"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/cluster-api/util/secret"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/capaks/capaks/internal/engine"
)

// credentialETagAnnotation on the kubeconfig Secret tells which state of the AKS cluster its credentials belong to.
const credentialETagAnnotation = "infrastructure.cluster.x-k8s.io/credential-etag"

// storedKubeconfigETag is empty when there is no usable kubeconfig Secret.
func (r *Reconciler) storedKubeconfigETag(ctx context.Context, cluster *clusterv1.Cluster) (string, error) {
	stored := &corev1.Secret{}
	err := r.Client.Get(ctx, kubeconfigKey(cluster), stored)
	if apierrors.IsNotFound(err) {
		return "", nil
	}
	if err != nil || len(stored.Data[secret.KubeconfigDataName]) == 0 || stored.Labels[clusterv1.ClusterNameLabel] != cluster.Name {
		return "", err
	}
	return stored.Annotations[credentialETagAnnotation], nil
}

// storeKubeconfig writes the Secret Cluster API reads: it finds it by name, and only with the cluster label.
func (r *Reconciler) storeKubeconfig(ctx context.Context, a *aggregate, kubeconfig *engine.Kubeconfig) error {
	key := kubeconfigKey(a.cluster)
	stored := &corev1.Secret{}
	err := r.Client.Get(ctx, key, stored)
	if client.IgnoreNotFound(err) != nil {
		return err
	}
	missing := apierrors.IsNotFound(err)
	before := stored.DeepCopy()
	if missing {
		stored = &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name}, Type: clusterv1.ClusterSecretType}
	}
	stored.Labels = with(stored.Labels, clusterv1.ClusterNameLabel, a.cluster.Name)
	stored.Annotations = with(stored.Annotations, credentialETagAnnotation, kubeconfig.ETag)
	stored.OwnerReferences = []metav1.OwnerReference{ownerReference(a.controlPlane)}
	stored.Data = map[string][]byte{secret.KubeconfigDataName: kubeconfig.Value}
	if missing {
		return r.Client.Create(ctx, stored)
	}
	return r.Client.Patch(ctx, stored, client.MergeFrom(before))
}

func kubeconfigKey(cluster *clusterv1.Cluster) client.ObjectKey {
	return secretKey(cluster.Namespace, secret.Name(cluster.Name, secret.Kubeconfig))
}

func with(m map[string]string, key, value string) map[string]string {
	out := maps.Clone(m)
	if out == nil {
		out = map[string]string{}
	}
	out[key] = value
	return out
}
