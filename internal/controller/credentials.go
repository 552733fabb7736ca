package controller

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/arm"
	"github.com/capaks/capaks/internal/identity"
)

// credentialProblem says why there are no usable credentials, as a condition reason and a message with the way out.
type credentialProblem struct{ reason, message string }

func (p *credentialProblem) Error() string { return p.message }

// azureClient is the ARM client for a control plane's identity. Whether the namespace may use the identity is
// decided before any secret is read.
func (r *Reconciler) azureClient(ctx context.Context, a *aggregate) (*arm.Client, *identity.Credential, error) {
	cp := a.controlPlane
	cloud, err := arm.CloudFrom(cp.Spec.AzureEnvironment, r.Azure.Endpoints)
	if err != nil {
		return nil, nil, &credentialProblem{"InvalidEnvironment", "spec.azureEnvironment: " + err.Error()}
	}
	spec := identity.Spec{}
	if cp.Spec.IdentityRef != nil {
		if spec, err = r.identitySpec(ctx, a); err != nil {
			return nil, nil, err
		}
	}
	credential, err := r.Azure.Identities.Credential(spec, cloud, r.Azure.Transport)
	if err != nil {
		return nil, nil, &credentialProblem{"InvalidIdentity", err.Error()}
	}
	azure, err := r.Azure.Clients.Client(credential, cloud)
	return azure, credential, err
}

func (r *Reconciler) identitySpec(ctx context.Context, a *aggregate) (identity.Spec, error) {
	cp := a.controlPlane
	key := client.ObjectKey{Namespace: identityNamespace(cp), Name: cp.Spec.IdentityRef.Name}
	object := &v1beta1.AzureClusterIdentity{}
	if err := r.Client.Get(ctx, key, object); apierrors.IsNotFound(err) {
		return identity.Spec{}, &credentialProblem{"IdentityNotFound", fmt.Sprintf("spec.identityRef: AzureClusterIdentity %s does not exist: create it, or correct name and namespace", key)}
	} else if err != nil {
		return identity.Spec{}, err
	}
	allowed, err := r.namespaceAllowed(ctx, object, cp.Namespace)
	if err != nil {
		return identity.Spec{}, err
	}
	if !allowed {
		return identity.Spec{}, &credentialProblem{"NamespaceNotAllowedByIdentity", fmt.Sprintf("AzureClusterIdentity %s may not be used from namespace %q: add the namespace to its spec.allowedNamespaces, or use another identity", key, cp.Namespace)}
	}
	a.identity = object
	var spec identity.Spec
	spec, a.source, a.sourceVersion, err = r.secretOf(ctx, object)
	return spec, err
}

// holdIdentity keeps the identity that a control plane uses from being deleted under it.
func (r *Reconciler) holdIdentity(ctx context.Context, a *aggregate) error {
	object, cp := a.identity, a.controlPlane
	if object == nil || object.DeletionTimestamp != nil || cp.DeletionTimestamp != nil {
		return nil
	}
	before := object.DeepCopy()
	if !controllerutil.AddFinalizer(object, identityFinalizer(cp)) {
		return nil
	}
	return r.Client.Patch(ctx, object, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}))
}

// managersOwn: cluster templates always make an identity, and with their short list of variables nobody says which. Its tenant does
// not count, since AZURE_TENANT_ID is set in many a shell for other reasons.
func managersOwn(object *v1beta1.AzureClusterIdentity) bool {
	return object.Spec.Type == v1beta1.WorkloadIdentity && object.Spec.ClientID == ""
}

// secretOf is an identity with its secret part, where that is kept, and which version of it was read.
func (r *Reconciler) secretOf(ctx context.Context, object *v1beta1.AzureClusterIdentity) (identity.Spec, credentialSource, string, error) {
	if managersOwn(object) {
		return identity.Spec{Type: identity.ManagerIdentity}, credentialSource{}, "", nil
	}
	spec := identity.Spec{
		Type: string(object.Spec.Type), TenantID: object.Spec.TenantID, ClientID: object.Spec.ClientID,
		CertificatePath: object.Spec.CertPath, ResourceID: object.Spec.ResourceID, CloudType: object.Spec.UserAssignedIdentityCredentialsCloudType,
	}
	if object.Spec.Type == v1beta1.UserAssignedIdentityCredential {
		spec.CertificatePath = object.Spec.UserAssignedIdentityCredentialsPath
	}
	if path := r.Azure.Identities.File(spec); path != "" {
		return spec, credentialSource{path: path}, fileVersion(path), nil
	}
	switch object.Spec.Type {
	case v1beta1.ServicePrincipal, v1beta1.ManualServicePrincipal, v1beta1.ServicePrincipalCertificate:
		key, version, err := r.readSecret(ctx, object, &spec)
		return spec, credentialSource{secret: key}, version, err
	}
	return spec, credentialSource{}, "", nil
}

// readSecret puts the Secret's part of an identity into the spec.
func (r *Reconciler) readSecret(ctx context.Context, object *v1beta1.AzureClusterIdentity, spec *identity.Spec) (key client.ObjectKey, version string, err error) {
	ref := object.Spec.ClientSecret
	if ref.Namespace == "" {
		ref.Namespace = object.Namespace
	}
	secret, key := &corev1.Secret{}, secretKey(ref.Namespace, ref.Name)
	if err := r.Client.Get(ctx, key, secret); apierrors.IsNotFound(err) {
		return key, "", &credentialProblem{"SecretNotFound", fmt.Sprintf("AzureClusterIdentity %s/%s: spec.clientSecret names Secret %s/%s, which does not exist: create it", object.Namespace, object.Name, ref.Namespace, ref.Name)}
	} else if err != nil {
		return key, "", err
	}
	spec.SetSecret(secret.Data)
	if err := spec.Validate(); err != nil {
		return key, secret.ResourceVersion, &credentialProblem{"SecretIncomplete", fmt.Sprintf("Secret %s/%s, used by AzureClusterIdentity %s/%s: %v", ref.Namespace, ref.Name, object.Namespace, object.Name, err)}
	}
	return key, secret.ResourceVersion, nil
}

// namespaceAllowed: nil allows nobody, an empty object everybody, otherwise the list or the selector.
func (r *Reconciler) namespaceAllowed(ctx context.Context, object *v1beta1.AzureClusterIdentity, namespace string) (bool, error) {
	allowed := object.Spec.AllowedNamespaces
	if allowed == nil {
		return false, nil
	}
	if len(allowed.NamespaceList) == 0 && allowed.Selector == nil {
		return true, nil
	}
	if slices.Contains(allowed.NamespaceList, namespace) {
		return true, nil
	}
	selector, err := metav1.LabelSelectorAsSelector(allowed.Selector)
	if err != nil {
		return false, &credentialProblem{"InvalidIdentity", fmt.Sprintf("AzureClusterIdentity %s/%s: spec.allowedNamespaces.selector: %v", object.Namespace, object.Name, err)}
	}
	if selector.Empty() {
		return false, nil
	}
	ns := &metav1.PartialObjectMetadata{}
	ns.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Namespace"))
	if err := r.Reader.Get(ctx, client.ObjectKey{Name: namespace}, ns); err != nil {
		return false, err
	}
	return selector.Matches(labels.Set(ns.Labels)), nil
}

// identityFinalizer keeps an identity while this control plane uses it.
func identityFinalizer(cp *v1beta1.AzureManagedControlPlane) string {
	return hashedFinalizer(cp.Namespace + "/" + cp.Name)
}

// formerIdentityFinalizer is what earlier installations set; only removed, never added.
func formerIdentityFinalizer(cp *v1beta1.AzureManagedControlPlane) string {
	return hashedFinalizer(cp.Namespace + "-" + cp.Name)
}

func hashedFinalizer(name string) string {
	sum := sha256.Sum224([]byte(name))
	return v1beta1.IdentityFinalizerPrefix + hex.EncodeToString(sum[:])
}

// releaseIdentities removes the finalizer from identities this control plane does not use (any more).
func (r *Reconciler) releaseIdentities(ctx context.Context, cp *v1beta1.AzureManagedControlPlane, all bool) error {
	identities := &v1beta1.AzureClusterIdentityList{}
	if err := r.Client.List(ctx, identities); err != nil {
		return err
	}
	for i := range identities.Items {
		object := &identities.Items[i]
		used := !all && cp.Spec.IdentityRef != nil && object.Name == cp.Spec.IdentityRef.Name && object.Namespace == identityNamespace(cp)
		if used {
			continue
		}
		before := object.DeepCopy()
		removed := controllerutil.RemoveFinalizer(object, identityFinalizer(cp))
		if controllerutil.RemoveFinalizer(object, formerIdentityFinalizer(cp)) || removed {
			if err := r.Client.Patch(ctx, object, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})); client.IgnoreNotFound(err) != nil {
				return err
			}
		}
	}
	return nil
}

// awaitReload comes back as soon as refused credentials, or such as end soon, are replaced.
func (r *Reconciler) awaitReload(key client.ObjectKey, a *aggregate, o outcome) {
	v := o.credentialsVerdict()
	if o.report.TokenError == nil && (v.ok() && v.reason != reasonExpiresSoon || v.status == metav1.ConditionUnknown) {
		r.Reloads.forget(key.String())
		return
	}
	r.Reloads.await(a.source, a.sourceVersion, key.String(), func() { r.Wake(key) })
	if ref := a.controlPlane.Spec.IdentityRef; ref != nil && o.ran && !v.ok() {
		r.identityRefused(client.ObjectKey{Namespace: identityNamespace(a.controlPlane), Name: ref.Name})
	}
}
