package controller

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// issuerURLKey is where workloads of existing installations look for the issuer.
const issuerURLKey = "oidc-issuer-profile-url"

// issuerKey is the ConfigMap of a cluster's issuer. Its name is that of existing installations, whose documentation
// people have followed.
func issuerKey(cluster *clusterv1.Cluster) client.ObjectKey {
	return client.ObjectKey{Namespace: cluster.Namespace, Name: cluster.Name + "-aso-oidc-issuer-profile"}
}

// storeIssuer keeps the URL of the OIDC issuer in a ConfigMap, from which whoever sets up federated credentials reads it.
// The ConfigMap goes with the control plane.
func (r *Reconciler) storeIssuer(ctx context.Context, a *aggregate, o outcome) error {
	url, profile := o.report.Facts.OIDCIssuerURL, a.controlPlane.Spec.OIDCIssuerProfile
	if url == "" || o.deleting || profile == nil || profile.Enabled == nil || !*profile.Enabled {
		return nil
	}
	key := issuerKey(a.cluster)
	stored := &corev1.ConfigMap{}
	err := r.Client.Get(ctx, key, stored)
	if apierrors.IsNotFound(err) {
		stored.Namespace, stored.Name = key.Namespace, key.Name
		fillIssuer(stored, a, url)
		return r.Client.Create(ctx, stored)
	}
	if err != nil {
		return err
	}
	before := stored.DeepCopy()
	if !fillIssuer(stored, a, url) {
		return nil
	}
	return r.Client.Patch(ctx, stored, client.MergeFrom(before))
}

// fillIssuer answers whether anything differed. What others keep in the ConfigMap stays, and so does another owner: then
// it was made by an installation before this one.
func fillIssuer(stored *corev1.ConfigMap, a *aggregate, url string) bool {
	if !own(stored, a.controlPlane) && stored.Data[issuerURLKey] == url && stored.Labels[clusterv1.ClusterNameLabel] == a.cluster.Name {
		return false
	}
	stored.Labels = with(stored.Labels, clusterv1.ClusterNameLabel, a.cluster.Name)
	stored.Data = with(stored.Data, issuerURLKey, url)
	return true
}
