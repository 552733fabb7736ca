package takeover

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/capaks/capaks/api/v1beta1"
)

// operatorSecrets are the Secrets that the earlier provider wrote for Azure Service Operator, and this for it: copies of the credentials
// of the identity and of the kubeconfigs.
func operatorSecrets(cluster *clusterv1.Cluster) []client.Object {
	var secrets []client.Object
	for _, suffix := range []string{"-aso-secret", "-aso-kubeconfig", "-user-aso-kubeconfig"} {
		secrets = append(secrets, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, Name: cluster.Name + suffix}})
	}
	return secrets
}

// keepIssuer lets the ConfigMap with the OIDC issuer, from which federated credentials are set up, outlive its owner; this provider
// writes the same one.
func (t *Takeover) keepIssuer(ctx context.Context, s *state) error {
	object := &corev1.ConfigMap{}
	err := t.Kube.Get(ctx, client.ObjectKey{Namespace: s.cluster.Namespace, Name: s.cluster.Name + "-aso-oidc-issuer-profile"}, object)
	if err != nil || len(object.OwnerReferences) == 0 {
		return client.IgnoreNotFound(err)
	}
	before := object.DeepCopy()
	object.OwnerReferences = nil
	return t.Kube.Patch(ctx, object, locked(before))
}

// earlierIdentityFinalizers are those by which the earlier provider held the identity for this control plane, in both forms it had.
func (s *state) earlierIdentityFinalizers() []string {
	if s.identity == nil {
		return nil
	}
	name := s.controlPlane.Namespace + "-" + s.controlPlane.Name
	sum := sha256.Sum224([]byte(name))
	earlier := []string{v1beta1.IdentityFinalizerPrefix + hex.EncodeToString(sum[:]), v1beta1.IdentityFinalizerPrefix + name}
	return slices.DeleteFunc(earlier, func(f string) bool { return !slices.Contains(s.identity.Finalizers, f) })
}

// backUp writes an object into the directory of backups as it was when a takeover first came to it.
func (t *Takeover) backUp(ctx context.Context, o operated) error {
	if t.Backup == "" {
		return nil
	}
	file := filepath.Join(t.Backup, o.Namespace, strings.ToLower(o.Kind)+"-"+o.Name+".yaml")
	if _, err := os.Stat(file); err == nil {
		return nil
	}
	whole := &unstructured.Unstructured{}
	whole.SetGroupVersionKind(o.GroupVersionKind())
	if err := t.Kube.Get(ctx, client.ObjectKeyFromObject(o), whole); err != nil {
		return err
	}
	whole.SetManagedFields(nil)
	text, err := yaml.Marshal(whole.Object)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o600)
}
