package sandbox

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"golang.org/x/sync/errgroup"
)

// serviceAccount is the identity a manager would have in a cluster.
type serviceAccount struct{ namespace, name string }

var (
	clusterAPIAccount = serviceAccount{"capi-system", "capi-manager"}
	managerAccount    = serviceAccount{managerNamespace, "capaks-manager"}
)

func (a serviceAccount) user() string {
	return "system:serviceaccount:" + a.namespace + ":" + a.name
}

func (a serviceAccount) groups() []string {
	return []string{"system:serviceaccounts", "system:serviceaccounts:" + a.namespace}
}

// resources maps the kinds of components files to their resources; there is no need to ask the server for so few.
var resources = map[string]schema.GroupVersionResource{
	"Namespace":                      {Version: "v1", Resource: "namespaces"},
	"ServiceAccount":                 {Version: "v1", Resource: "serviceaccounts"},
	"Role":                           {Group: rbacv1.GroupName, Version: "v1", Resource: "roles"},
	"RoleBinding":                    {Group: rbacv1.GroupName, Version: "v1", Resource: "rolebindings"},
	"ClusterRole":                    {Group: rbacv1.GroupName, Version: "v1", Resource: "clusterroles"},
	"ClusterRoleBinding":             {Group: rbacv1.GroupName, Version: "v1", Resource: "clusterrolebindings"},
	"CustomResourceDefinition":       {Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"},
	"MutatingWebhookConfiguration":   {Group: "admissionregistration.k8s.io", Version: "v1", Resource: "mutatingwebhookconfigurations"},
	"ValidatingWebhookConfiguration": {Group: "admissionregistration.k8s.io", Version: "v1", Resource: "validatingwebhookconfigurations"},
}

// fieldOwner is the manager of the fields the sandbox applies.
const fieldOwner = "capaks-sandbox"

// installer puts the manifests of both managers into the API server.
type installer struct {
	sandbox              *Sandbox
	client               dynamic.Interface
	core                 kubernetes.Interface
	clusterAPI, provider *bundle
}

func (s *Sandbox) clusterAPIEndpoint() endpoint {
	return endpoint{url: "https://" + loopback(s.state.Ports[portClusterAPIWebhook]), ca: s.authority.pem}
}

func (s *Sandbox) managerEndpoint() endpoint {
	return endpoint{url: "https://" + loopback(s.state.Ports[portManagerWebhook]), ca: s.authority.pem}
}

// RESTConfig is the administrator's configuration for a client of the management API. It does not throttle on its side.
func (s *Sandbox) RESTConfig() (*rest.Config, error) {
	config, err := clientcmd.BuildConfigFromFlags("", s.Kubeconfig())
	if err != nil {
		return nil, err
	}
	config.QPS = -1
	config.WarningHandler = rest.NoWarnings{}
	return config, nil
}

func (s *Sandbox) newInstaller() (*installer, error) {
	config, err := s.RESTConfig()
	if err != nil {
		return nil, err
	}
	i := &installer{sandbox: s, clusterAPI: &bundle{}}
	if i.client, err = dynamic.NewForConfig(config); err != nil {
		return nil, err
	}
	if i.core, err = kubernetes.NewForConfig(config); err != nil {
		return nil, err
	}
	if s.options.with(ClusterAPI) {
		if i.clusterAPI, err = clusterAPIBundle(s.clusterAPIEndpoint(), s.options.clusterAPIManifests(), s.options.kubeadmBootstrapCRDs()); err != nil {
			return nil, err
		}
	}
	if i.provider, err = providerBundle(s.options.Provider, s.managerEndpoint()); err != nil {
		return nil, err
	}
	extra, err := parse(s.options.ExtraCRDs)
	if err != nil {
		return nil, fmt.Errorf("extra CRDs: %w", err)
	}
	return i, i.provider.sortInto(extra, s.managerEndpoint())
}

// definitions installs CRDs and rights and returns when every kind can be used.
func (i *installer) definitions(ctx context.Context) error {
	began := time.Now()
	crds := append(slices.Clone(i.clusterAPI.crds), i.provider.crds...)
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(4)
	for _, crd := range crds {
		group.Go(func() error {
			if err := i.apply(groupCtx, crd); err != nil {
				return err
			}
			return i.awaitEstablished(groupCtx, crd.GetName())
		})
	}
	group.Go(func() error { return i.rights(groupCtx) })
	if err := group.Wait(); err != nil {
		return err
	}
	i.sandbox.logf("%d CRDs are served (%s)", len(crds), since(began))
	return nil
}

// rights installs everything between CRDs and webhooks, and binds the managers' roles to the users of their client certificates.
// Cluster API's own binding names an aggregated role, which only a controller that does not run here would fill.
func (i *installer) rights(ctx context.Context) error {
	objects := append([]*unstructured.Unstructured{namespace(managerNamespace)}, i.clusterAPI.others...)
	for _, object := range i.provider.others {
		// The provider's bindings name service accounts as kustomize will rename them; only its rules matter here, those of its own
		// namespace included.
		switch object.GetKind() {
		case "ClusterRole":
			objects = append(objects, object)
		case "Role":
			object.SetNamespace(managerNamespace)
			objects = append(objects, object)
		}
	}
	for _, object := range slices.Clone(objects) {
		account := managerAccount
		if slices.Contains(i.clusterAPI.others, object) {
			account = clusterAPIAccount
		}
		switch {
		case object.GetKind() == "ClusterRole":
			objects = append(objects, binding(object.GetName(), account))
		case object.GetKind() == "Role" && account == managerAccount:
			objects = append(objects, roleBinding(object.GetName(), account))
		}
	}
	if len(i.provider.others) == 0 {
		objects = append(objects, binding("cluster-admin", managerAccount))
	}
	for _, object := range objects {
		if err := i.apply(ctx, object); err != nil {
			return err
		}
	}
	return nil
}

func namespace(name string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": name}}}
}

func binding(role string, to serviceAccount) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
		"metadata": map[string]any{"name": "capaks-sandbox:" + to.namespace + ":" + role},
		"roleRef":  map[string]any{"apiGroup": rbacv1.GroupName, "kind": "ClusterRole", "name": role},
		"subjects": []any{map[string]any{"kind": "User", "apiGroup": rbacv1.GroupName, "name": to.user()}},
	}}
}

// roleBinding is a binding in the namespace of the account.
func roleBinding(role string, to serviceAccount) *unstructured.Unstructured {
	object := binding(role, to)
	object.SetKind("RoleBinding")
	object.SetNamespace(to.namespace)
	object.Object["roleRef"] = map[string]any{"apiGroup": rbacv1.GroupName, "kind": "Role", "name": role}
	return object
}

func (i *installer) apply(ctx context.Context, object *unstructured.Unstructured) error {
	resource, known := resources[object.GetKind()]
	if !known {
		return fmt.Errorf("cannot install %s %s: the sandbox has no use for this kind", object.GetKind(), object.GetName())
	}
	var target dynamic.ResourceInterface = i.client.Resource(resource)
	if object.GetNamespace() != "" {
		target = i.client.Resource(resource).Namespace(object.GetNamespace())
	}
	// On a busy machine the API server gives up on a large CRD after a minute, and the next try finds it half done.
	for try := 1; ; try++ {
		_, err := target.Apply(ctx, object.GetName(), object, metav1.ApplyOptions{FieldManager: fieldOwner, Force: true})
		if err == nil {
			return nil
		}
		if try == applyTries || !apierrors.IsTimeout(err) && !apierrors.IsServerTimeout(err) {
			return fmt.Errorf("install %s %s: %w", object.GetKind(), object.GetName(), err)
		}
	}
}

// applyTries is how often an object is applied that the API server had no time for.
const applyTries = 4

func (i *installer) awaitEstablished(ctx context.Context, name string) error {
	var last string
	err := wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		crd, err := i.client.Resource(resources["CustomResourceDefinition"]).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return false, err
		}
		// The list is null until the API server has looked at the CRD.
		found, _, _ := unstructured.NestedFieldNoCopy(crd.Object, "status", "conditions")
		conditions, _ := found.([]any)
		for _, c := range conditions {
			condition, _ := c.(map[string]any)
			if condition["type"] == "Established" && condition["status"] == "True" {
				return true, nil
			}
			if condition["status"] == "False" {
				last = fmt.Sprint(condition["message"])
			}
		}
		return false, nil
	})
	if err != nil {
		return fmt.Errorf("CRD %s is not established (%s): %w", name, last, err)
	}
	return nil
}

// webhooks installs the webhook configurations and returns when the API server acts on them: it learns of a new one a moment after
// having stored it, and what is applied in that moment would be neither defaulted nor checked.
func (i *installer) webhooks(ctx context.Context) error {
	var objects []*unstructured.Unstructured
	if i.sandbox.options.with(Manager) {
		objects = i.provider.webhooks
	}
	// Cluster API's come last, because it is them that the probes below ask: whatever was stored before is expected to be in force by then.
	for _, object := range append(objects, i.clusterAPI.webhooks...) {
		if err := i.apply(ctx, object); err != nil {
			return err
		}
	}
	if !i.sandbox.options.with(ClusterAPI) {
		return nil
	}
	return wait.PollUntilContextTimeout(ctx, 20*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		defaulted, err := i.dryRun(ctx, probePool(true))
		if apierrors.IsInternalError(err) {
			return false, nil // a webhook that was too slow on a busy machine: ask again
		}
		if err != nil {
			return false, fmt.Errorf("probe of Cluster API's webhooks: %w", err)
		}
		version, _, _ := unstructured.NestedString(defaulted.Object, "spec", "template", "spec", "version")
		if version != "v1.30.0" {
			return false, nil
		}
		_, err = i.dryRun(ctx, probePool(false))
		if err != nil && (!apierrors.IsInvalid(err) && !strings.Contains(err.Error(), "admission webhook")) {
			return false, fmt.Errorf("probe of Cluster API's webhooks: %w", err)
		}
		return err != nil, nil
	})
}

func (i *installer) dryRun(ctx context.Context, object *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	pools := schema.GroupVersionResource{Group: "cluster.x-k8s.io", Version: "v1beta2", Resource: "machinepools"}
	return i.client.Resource(pools).Namespace("default").Create(ctx, object, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
}

// probePool is a MachinePool that Cluster API's mutating webhook changes (it adds the v to the version) and, without bootstrap, its
// validating webhook refuses. It is only ever sent as a dry run.
func probePool(valid bool) *unstructured.Unstructured {
	bootstrap := map[string]any{}
	if valid {
		bootstrap["dataSecretName"] = ""
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "cluster.x-k8s.io/v1beta2", "kind": "MachinePool",
		"metadata": map[string]any{"name": "capaks-sandbox-probe", "namespace": "default"},
		"spec": map[string]any{
			"clusterName": "capaks-sandbox-probe",
			"template": map[string]any{"spec": map[string]any{
				"clusterName": "capaks-sandbox-probe", "version": "1.30.0", "bootstrap": bootstrap,
				"infrastructureRef": map[string]any{
					"apiGroup": "infrastructure.cluster.x-k8s.io", "kind": "AzureManagedMachinePool", "name": "capaks-sandbox-probe",
				},
			}},
		},
	}}
}
