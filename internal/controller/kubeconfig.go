package controller

import (
	"context"
	"maps"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/cluster-api/util/secret"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/engine"
)

// Annotations on the kubeconfig Secrets. What they say is remembered over a restart and a move of the management cluster, because
// it is stored with what it is about.
const (
	// credentialETagAnnotation tells which state of the AKS cluster the credentials belong to.
	credentialETagAnnotation = "infrastructure.cluster.x-k8s.io/credential-etag"
	// Of a token: whose it is, when it is replaced and when it stops working.
	credentialIdentityAnnotation = "infrastructure.cluster.x-k8s.io/credential-identity"
	credentialRefreshAnnotation  = "infrastructure.cluster.x-k8s.io/credential-refresh"
	credentialExpiresAnnotation  = "infrastructure.cluster.x-k8s.io/credential-expires"
)

// userKubeconfig is the purpose in the name of the Secret with the kubeconfig of people.
const userKubeconfig secret.Purpose = "kubeconfig-user"

// storedCredentials reads what the Secrets say about themselves.
func (r *Reconciler) storedCredentials(ctx context.Context, a *aggregate) (aks.StoredCredentials, error) {
	stored := aks.StoredCredentials{}
	object, err := r.kubeconfigSecret(ctx, a, secret.Kubeconfig)
	if err != nil {
		return stored, err
	}
	if object != nil {
		marks := object.Annotations
		stored.ETag = marks[credentialETagAnnotation]
		stored.Token = aks.TokenMark{
			Identity: marks[credentialIdentityAnnotation], Refresh: timeOf(marks[credentialRefreshAnnotation]), Expires: timeOf(marks[credentialExpiresAnnotation]),
		}
	}
	if profile := a.controlPlane.Spec.AADProfile; profile == nil || profile.Managed == nil || !*profile.Managed {
		return stored, nil
	}
	if object, err = r.kubeconfigSecret(ctx, a, userKubeconfig); err == nil && object != nil {
		stored.UserETag = object.Annotations[credentialETagAnnotation]
	}
	return stored, err
}

// kubeconfigSecret is nil when there is no usable one: with credentials, that Cluster API sees and that goes and moves with its owner.
func (r *Reconciler) kubeconfigSecret(ctx context.Context, a *aggregate, purpose secret.Purpose) (*corev1.Secret, error) {
	stored := &corev1.Secret{}
	err := r.Client.Get(ctx, kubeconfigKey(a.cluster, purpose), stored)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil || len(stored.Data[secret.KubeconfigDataName]) == 0 || stored.Labels[clusterv1.ClusterNameLabel] != a.cluster.Name ||
		own(stored, a.controlPlane) {
		return nil, err
	}
	return stored, nil
}

// storeKubeconfig writes one of the Secrets. Cluster API finds its own by name, and only with the cluster label.
func (r *Reconciler) storeKubeconfig(ctx context.Context, a *aggregate, purpose secret.Purpose, kubeconfig *engine.Kubeconfig) error {
	key := kubeconfigKey(a.cluster, purpose)
	stored := &corev1.Secret{}
	err := r.Client.Get(ctx, key, stored)
	missing := apierrors.IsNotFound(err)
	if err != nil && (!missing || kubeconfig.Value == nil) {
		return err // a token alone makes no kubeconfig: the next look finds none stored, and asks for all of it
	}
	file := kubeconfig.Value
	if file == nil {
		file = stored.Data[secret.KubeconfigDataName]
	}
	if kubeconfig.Token != nil {
		if file, err = aks.TokenKubeconfig(file, kubeconfig.Token.Value); err != nil {
			return err
		}
	}
	before := stored.DeepCopy()
	if missing {
		stored = &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name}, Type: clusterv1.ClusterSecretType}
	}
	stored.Labels = with(stored.Labels, clusterv1.ClusterNameLabel, a.cluster.Name)
	stored.Annotations = credentialMarks(stored.Annotations, kubeconfig)
	own(stored, a.controlPlane)
	stored.Data = map[string][]byte{secret.KubeconfigDataName: file}
	if missing {
		return r.Client.Create(ctx, stored)
	}
	return r.Client.Patch(ctx, stored, client.MergeFrom(before))
}

func credentialMarks(marks map[string]string, kubeconfig *engine.Kubeconfig) map[string]string {
	marks = with(marks, credentialETagAnnotation, kubeconfig.ETag)
	delete(marks, credentialIdentityAnnotation)
	delete(marks, credentialRefreshAnnotation)
	delete(marks, credentialExpiresAnnotation)
	if token := kubeconfig.Token; token != nil {
		marks[credentialIdentityAnnotation] = token.Mark.Identity
		marks[credentialRefreshAnnotation] = token.Mark.Refresh.UTC().Format(time.RFC3339)
		marks[credentialExpiresAnnotation] = token.Mark.Expires.UTC().Format(time.RFC3339)
	}
	return marks
}

// storeKubeconfigs stores what the engine brought.
func (r *Reconciler) storeKubeconfigs(ctx context.Context, a *aggregate, o *outcome) error {
	if file := o.report.UserKubeconfig; file != nil {
		if err := r.storeKubeconfig(ctx, a, userKubeconfig, file); err != nil {
			return err
		}
	}
	if file := o.report.Kubeconfig; file != nil {
		if err := r.storeKubeconfig(ctx, a, secret.Kubeconfig, file); err != nil {
			return err
		}
		o.kubeconfigSafe = true
	}
	return nil
}

func kubeconfigKey(cluster *clusterv1.Cluster, purpose secret.Purpose) client.ObjectKey {
	return secretKey(cluster.Namespace, secret.Name(cluster.Name, purpose))
}

// timeOf is zero for what is no time: an annotation that somebody spoiled is one that says nothing.
func timeOf(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}
	}
	return t
}

func with(m map[string]string, key, value string) map[string]string {
	out := maps.Clone(m)
	if out == nil {
		out = map[string]string{}
	}
	out[key] = value
	return out
}

// kubeconfigVerdict: the management cluster can log in, and people can where they are meant to.
func (o outcome) kubeconfigVerdict() verdict {
	r := o.report
	switch e := r.KubeconfigError; {
	case r.TokenError != nil:
		d := aks.Diagnose(*r.TokenError)
		return lasting(d.Reason, "no token for the cluster: "+explain(*r.TokenError, d), "; tried again within 5m"+correlation(r.TokenError.CorrelationID))
	case e != nil && (e.Code == aks.ReasonNoCredentials || e.Code == aks.ReasonTenantMismatch):
		return bad(e.Code, e.Message)
	case e != nil:
		return refusedVerdict(*e)
	case !o.kubeconfigSafe:
		return bad("NotStored", "the credentials of the workload cluster are not stored yet")
	case r.UserKubeconfigError != nil:
		refused := refusedVerdict(*r.UserKubeconfigError)
		return well("UserKubeconfigRefused", "people have no kubeconfig: "+refused.message)
	}
	return good
}
