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
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"

	"github.com/capaks/capaks/api/v1beta1"
)

// sshKeyBits is the least AKS takes; a longer key would hold up the first request by the better part of a second.
const sshKeyBits = 2048

// sshPublicKey is the authorized_keys line for the nodes. An empty spec.sshPublicKey asks for a key of the
// cluster's own: it is made once and kept, private half included, in a Secret, so that the spec can be applied
// again and again and somebody holds the key.
func (r *Reconciler) sshPublicKey(ctx context.Context, a *aggregate) (string, error) {
	declared := a.controlPlane.Spec.SSHPublicKey
	if declared == nil {
		return "", nil
	}
	if *declared != "" {
		line, err := base64.StdEncoding.DecodeString(*declared)
		if err != nil {
			return "", fmt.Errorf("spec.sshPublicKey is not base64: %w", err)
		}
		return strings.TrimSpace(string(line)), nil
	}
	key := secretKey(a.controlPlane.Namespace, a.controlPlane.Name+"-ssh-key")
	secret := &corev1.Secret{}
	err := r.Client.Get(ctx, key, secret)
	if err == nil {
		return strings.TrimSpace(string(secret.Data["ssh-publickey"])), nil
	}
	if !apierrors.IsNotFound(err) || a.controlPlane.DeletionTimestamp != nil {
		return "", err
	}
	secret, err = newSSHKey(a.controlPlane, a.cluster.Name, key.Name)
	if err != nil {
		return "", err
	}
	if err := r.Client.Create(ctx, secret); err != nil {
		return "", err
	}
	return strings.TrimSpace(string(secret.Data["ssh-publickey"])), nil
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
