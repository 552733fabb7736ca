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
func (r *Reconciler) azureClient(ctx context.Context, a *aggregate) (*arm.Client, error) {
	cp := a.controlPlane
	cloud, err := arm.CloudFrom(cp.Spec.AzureEnvironment, r.Azure.Endpoints)
	if err != nil {
		return nil, &credentialProblem{"InvalidEnvironment", "spec.azureEnvironment: " + err.Error()}
	}
	spec := identity.Spec{}
	if cp.Spec.IdentityRef != nil {
		if spec, err = r.identitySpec(ctx, cp); err != nil {
			return nil, err
		}
	}
	credential, err := r.Azure.Identities.Credential(spec, cloud, r.Azure.Transport)
	if err != nil {
		return nil, &credentialProblem{"InvalidIdentity", err.Error()}
	}
	return r.Azure.Clients.Client(credential, cloud)
}

func (r *Reconciler) identitySpec(ctx context.Context, cp *v1beta1.AzureManagedControlPlane) (identity.Spec, error) {
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
	if object.DeletionTimestamp == nil && cp.DeletionTimestamp == nil && controllerutil.AddFinalizer(object, identityFinalizer(cp)) {
		if err := r.Client.Update(ctx, object); err != nil {
			return identity.Spec{}, err
		}
	}
	spec := identity.Spec{
		Type: string(object.Spec.Type), TenantID: object.Spec.TenantID, ClientID: object.Spec.ClientID,
		CertificatePath: object.Spec.CertPath, ResourceID: object.Spec.ResourceID,
	}
	return spec, r.readSecret(ctx, object, &spec)
}

// readSecret puts the secret part of an identity into the spec, for the types that have one.
func (r *Reconciler) readSecret(ctx context.Context, object *v1beta1.AzureClusterIdentity, spec *identity.Spec) error {
	switch object.Spec.Type {
	case v1beta1.ServicePrincipal, v1beta1.ManualServicePrincipal:
	case v1beta1.ServicePrincipalCertificate:
		if object.Spec.CertPath != "" {
			return nil
		}
	default:
		return nil
	}
	ref := object.Spec.ClientSecret
	if ref.Namespace == "" {
		ref.Namespace = object.Namespace
	}
	secret := &corev1.Secret{}
	if err := r.Client.Get(ctx, secretKey(ref.Namespace, ref.Name), secret); apierrors.IsNotFound(err) {
		return &credentialProblem{"SecretNotFound", fmt.Sprintf("AzureClusterIdentity %s/%s: spec.clientSecret names Secret %s/%s, which does not exist: create it", object.Namespace, object.Name, ref.Namespace, ref.Name)}
	} else if err != nil {
		return err
	}
	spec.SetSecret(secret.Data)
	if err := spec.Validate(); err != nil {
		return &credentialProblem{"SecretIncomplete", fmt.Sprintf("Secret %s/%s, used by AzureClusterIdentity %s/%s: %v", ref.Namespace, ref.Name, object.Namespace, object.Name, err)}
	}
	return nil
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
