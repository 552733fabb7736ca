package takeover

import (
	"context"
	"fmt"
	"strings"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// earlierRuns says why the earlier provider counts as running, or nothing. A Deployment without replicas may leave a manager that
// is still on its way out, which its lease tells.
func (t *Takeover) earlierRuns(ctx context.Context) (string, error) {
	deployments := &appsv1.DeploymentList{}
	if err := t.Kube.List(ctx, deployments); err != nil {
		return "", err
	}
	idle := map[string]bool{} // namespaces where it runs without its controllers for AKS
	for i := range deployments.Items {
		d := &deployments.Items[i]
		if d.Name != earlierManager {
			continue
		}
		if withoutPools(d) {
			idle[d.Namespace] = true
			continue
		}
		if wanted := d.Spec.Replicas == nil || *d.Spec.Replicas > 0; wanted || d.Status.Replicas > 0 {
			return fmt.Sprintf("the earlier provider runs: Deployment %s/%s has %d replicas; scale it to zero and run this again:\n"+
				"  kubectl scale deployment -n %s %s --replicas=0", d.Namespace, d.Name, max(d.Status.Replicas, 1), d.Namespace, d.Name), nil
		}
	}
	leases := &coordinationv1.LeaseList{}
	if err := t.Kube.List(ctx, leases); err != nil {
		return "", err
	}
	for i := range leases.Items {
		l := &leases.Items[i]
		if l.Name != earlierLease || idle[l.Namespace] {
			continue
		}
		if ends := leaseEnds(l); ends.After(t.Now()) {
			return fmt.Sprintf("the earlier provider runs: %q holds Lease %s/%s until %s unless it renews it; stop it, wait for that moment and run this again",
				*l.Spec.HolderIdentity, l.Namespace, l.Name, ends.UTC().Format(time.RFC3339)), nil
		}
	}
	return "", nil
}

// withoutPools tells a manager whose controllers for AKS are off: all of them depend on the feature gate MachinePool.
func withoutPools(d *appsv1.Deployment) bool {
	for _, container := range d.Spec.Template.Spec.Containers {
		for _, arg := range container.Args {
			if strings.Contains(arg, "feature-gates") && strings.Contains(arg, "MachinePool=false") {
				return true
			}
		}
	}
	return false
}

// leaseEnds is when a lease runs out; zero for one that nobody holds.
func leaseEnds(l *coordinationv1.Lease) time.Time {
	s := l.Spec
	if s.HolderIdentity == nil || *s.HolderIdentity == "" || s.RenewTime == nil || s.LeaseDurationSeconds == nil {
		return time.Time{}
	}
	return s.RenewTime.Add(time.Duration(*s.LeaseDurationSeconds) * time.Second)
}

// notInstalled says what is missing before this provider can go on with the objects, or nothing.
func (t *Takeover) notInstalled(ctx context.Context) (string, error) {
	const name = "azuremanagedcontrolplanes.infrastructure.cluster.x-k8s.io"
	crd := &apiextensionsv1.CustomResourceDefinition{}
	if err := t.Kube.Get(ctx, client.ObjectKey{Name: name}, crd); err != nil {
		return "", fmt.Errorf("CustomResourceDefinition %s: %w", name, err)
	}
	if !ours(crd) {
		return "CustomResourceDefinition " + name + " is that of the earlier provider", nil
	}
	left, err := t.leftWebhooks(ctx)
	if err != nil || len(left) == 0 {
		return "", err
	}
	return fmt.Sprintf("webhooks of the earlier provider are left, and refuse every change of its kinds while it does not run: %s", strings.Join(left, ", ")), nil
}

// ours tells our CustomResourceDefinition from the earlier one: only ours has raw properties.
func ours(crd *apiextensionsv1.CustomResourceDefinition) bool {
	for _, version := range crd.Spec.Versions {
		if version.Storage && version.Schema != nil && version.Schema.OpenAPIV3Schema != nil {
			_, ok := version.Schema.OpenAPIV3Schema.Properties["spec"].Properties["passthrough"]
			return ok
		}
	}
	return false
}

func (t *Takeover) leftWebhooks(ctx context.Context) ([]string, error) {
	var left []string
	mutating := &admissionv1.MutatingWebhookConfigurationList{}
	if err := t.Kube.List(ctx, mutating); err != nil {
		return nil, err
	}
	for i := range mutating.Items {
		for _, webhook := range mutating.Items[i].Webhooks {
			if name := mutating.Items[i].Name; strings.HasPrefix(name, earlierWebhooks) && aboutAKS(webhook.Rules) {
				left = append(left, "mutatingwebhookconfiguration "+name)
				break
			}
		}
	}
	validating := &admissionv1.ValidatingWebhookConfigurationList{}
	if err := t.Kube.List(ctx, validating); err != nil {
		return nil, err
	}
	for i := range validating.Items {
		for _, webhook := range validating.Items[i].Webhooks {
			if name := validating.Items[i].Name; strings.HasPrefix(name, earlierWebhooks) && aboutAKS(webhook.Rules) {
				left = append(left, "validatingwebhookconfiguration "+name)
				break
			}
		}
	}
	return left, nil
}

func aboutAKS(rules []admissionv1.RuleWithOperations) bool {
	for _, rule := range rules {
		for _, resource := range rule.Resources {
			if strings.HasPrefix(resource, "azuremanaged") || strings.HasPrefix(resource, "azureclusteridentit") || resource == "*" {
				return true
			}
		}
	}
	return false
}
