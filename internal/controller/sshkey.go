package controller

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"strings"

	"golang.org/x/crypto/ssh"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/capaks/capaks/api/v1beta1"
)

// sshKeyBits is the least AKS takes; a longer key would hold up the first request by the better part of a second.
const sshKeyBits = 2048

// sshPublicKey is the authorized_keys line for the nodes. An empty spec.sshPublicKey asks for a key of the
// cluster's own: it is made once and kept, private half included, in a Secret, so that the spec can be applied
// again and again and somebody holds the key.
func (r *Reconciler) sshPublicKey(ctx context.Context, a *aggregate) (string, error) {
	if declared := a.controlPlane.Spec.SSHPublicKey; declared == nil || *declared != "" {
		line, _, err := r.knownSSHPublicKey(ctx, a)
		return line, err
	}
	secret, err := r.storedSSHKey(ctx, a)
	switch {
	case err != nil || secret == nil && a.controlPlane.DeletionTimestamp != nil:
		return "", err
	case secret == nil:
		if secret, err = newSSHKey(a.controlPlane, a.cluster.Name, sshKeyName(a.controlPlane).Name); err == nil {
			err = r.Client.Create(ctx, secret)
		}
	default:
		if before := secret.DeepCopy(); own(secret, a.controlPlane) {
			err = r.Client.Patch(ctx, secret, client.MergeFrom(before))
		}
	}
	if err != nil {
		return "", err
	}
	return sshLine(secret), nil
}

// storedSSHKey is nil when there is none.
func (r *Reconciler) storedSSHKey(ctx context.Context, a *aggregate) (*corev1.Secret, error) {
	secret := &corev1.Secret{}
	err := r.Client.Get(ctx, sshKeyName(a.controlPlane), secret)
	if err != nil {
		return nil, client.IgnoreNotFound(err)
	}
	return secret, nil
}

func sshLine(secret *corev1.Secret) string {
	return strings.TrimSpace(string(secret.Data["ssh-publickey"]))
}

func sshKeyName(cp *v1beta1.AzureManagedControlPlane) client.ObjectKey {
	return secretKey(cp.Namespace, cp.Name+"-ssh-key")
}

// knownSSHPublicKey is the line for the nodes as far as it is known without making a key.
func (r *Reconciler) knownSSHPublicKey(ctx context.Context, a *aggregate) (line string, known bool, err error) {
	declared := a.controlPlane.Spec.SSHPublicKey
	if declared == nil {
		return "", true, nil
	}
	if *declared != "" {
		line, err := base64.StdEncoding.DecodeString(*declared)
		if err != nil {
			return "", false, fmt.Errorf("spec.sshPublicKey is not base64: %w", err)
		}
		return strings.TrimSpace(string(line)), true, nil
	}
	secret, err := r.storedSSHKey(ctx, a)
	if secret == nil {
		return "", false, err
	}
	return sshLine(secret), true, nil
}

func newSSHKey(cp *v1beta1.AzureManagedControlPlane, clusterName, name string) (*corev1.Secret, error) {
	private, err := rsa.GenerateKey(rand.Reader, sshKeyBits)
	if err != nil {
		return nil, err
	}
	public, err := ssh.NewPublicKey(&private.PublicKey)
	if err != nil {
		return nil, err
	}
	block, err := ssh.MarshalPrivateKey(private, clusterName)
	if err != nil {
		return nil, err
	}
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: cp.Namespace, Name: name,
			Labels:          map[string]string{clusterv1.ClusterNameLabel: clusterName},
			OwnerReferences: []metav1.OwnerReference{ownerReference(cp)},
		},
		Type: corev1.SecretTypeSSHAuth,
		Data: map[string][]byte{
			corev1.SSHAuthPrivateKey: pem.EncodeToMemory(block),
			"ssh-publickey":          ssh.MarshalAuthorizedKey(public),
		},
	}, nil
}
