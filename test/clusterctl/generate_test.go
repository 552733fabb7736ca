package clusterctl

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

// TestGenerateProvider needs no cluster.
func TestGenerateProvider(t *testing.T) {
	t.Parallel()
	config := repository(t, nil)
	described := run{config: config, args: []string{"generate", "provider", "--infrastructure=azure:" + version, "--describe"}}.must(t)
	if missing := lacks(described, "azure", version, "InfrastructureProvider", "capaks-system", "localhost/capaks/manager:"+version, "EXP_AKS", "EXP_MACHINE_POOL"); missing != nil {
		t.Errorf("it lacks %q:\n%s", missing, described)
	}
	out, _, err := run{config: config, args: []string{"generate", "provider", "--infrastructure=azure:" + version, "--target-namespace=elsewhere"}, variables: map[string]string{"EXP_AKS": "false"}}.try(t)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objects(t, out) {
		kind, name, namespace := at(o, "kind"), at(o, "metadata", "name"), at(o, "metadata", "namespace")
		switch {
		case kind == "Namespace" && name != "elsewhere":
			t.Errorf("Namespace %s", name)
		case !slices.Contains(clusterScoped, kind) && namespace != "elsewhere":
			t.Errorf("%s %s is in namespace %q", kind, name, namespace)
		}
	}
	// What clusterctl does not rename must not be there: a name of the namespace in a text.
	if strings.Contains(out, "capaks-system") {
		t.Error("capaks-system is named somewhere although the provider goes elsewhere")
	}
	if !strings.Contains(out, "AKS=false,MachinePool=true") {
		t.Error("EXP_AKS=false does not arrive at the manager")
	}
	_, said, err := run{config: config, args: []string{"generate", "provider", "--infrastructure=azure:v1.99.0"}}.try(t)
	if err == nil || !strings.Contains(said, "v1.99.0") {
		t.Errorf("a version that does not exist: %v, %s", err, said)
	}
}

// flavor is a template, what it needs beside the documented variables, and what must exist beforehand.
type flavor struct {
	name, template string
	variables      map[string]string
	before         string // manifest
	kinds          []string
	required       []string
}

var everyCluster = []string{"Cluster", "AzureManagedControlPlane", "AzureManagedCluster", "MachinePool", "AzureManagedMachinePool", "MachinePool", "AzureManagedMachinePool"}

var alwaysRequired = []string{"AZURE_LOCATION", "AZURE_NODE_MACHINE_TYPE", "AZURE_SUBSCRIPTION_ID", "KUBERNETES_VERSION"}

func flavors() []flavor {
	identified := append(slices.Clone(everyCluster), "AzureClusterIdentity")
	return []flavor{
		// The variables that the Managed Clusters documentation lists, and no others.
		{name: "documented", template: "aks", kinds: identified, required: alwaysRequired, variables: map[string]string{"WORKER_MACHINE_COUNT": "2", "AZURE_RESOURCE_GROUP": "documented"}},
		// Those that users have set since identities are in the template; the shell of most knows AZURE_TENANT_ID, too.
		{name: "identified", template: "aks", kinds: identified, before: secretOfPerson("identified"), variables: map[string]string{
			"CLUSTER_IDENTITY_NAME": "person", "CLUSTER_IDENTITY_TYPE": "ServicePrincipal", "AZURE_TENANT_ID": sandboxtest.Tenant,
			"AZURE_CLIENT_ID_USER_ASSIGNED_IDENTITY": sandboxtest.Person, "AZURE_CLUSTER_IDENTITY_SECRET_NAME": "person",
		}},
		{name: "tenant-only", template: "aks", kinds: identified, variables: map[string]string{"AZURE_TENANT_ID": sandboxtest.Tenant}},
		{name: "entra", template: "aks-aad", kinds: identified, required: append([]string{"ADMIN_GROUP_OBJECT_ID"}, alwaysRequired...), variables: map[string]string{"ADMIN_GROUP_OBJECT_ID": "99999999-0000-4000-8000-000000000009"}},
		{
			name: "tenancy", template: "aks-multi-tenancy", kinds: everyCluster, before: secretOfPerson("shared") + identityOfPerson("shared"),
			required:  append(slices.Clone(alwaysRequired), "CLUSTER_IDENTITY_NAME", "CLUSTER_IDENTITY_NAMESPACE"),
			variables: map[string]string{"CLUSTER_IDENTITY_NAME": "person", "CLUSTER_IDENTITY_NAMESPACE": "shared"},
		},
	}
}

// secretOfPerson is a namespace with the password of the emulated world's own principal.
func secretOfPerson(namespace string) string {
	return `---
apiVersion: v1
kind: Namespace
metadata: {name: ` + namespace + `}
---
apiVersion: v1
kind: Secret
metadata:
  name: person
  namespace: ` + namespace + `
  labels: {clusterctl.cluster.x-k8s.io/move-hierarchy: "true"}
stringData: {clientSecret: ` + sandboxtest.PersonSecret + `}
`
}

func identityOfPerson(namespace string) string {
	return `---
apiVersion: infrastructure.cluster.x-k8s.io/v1beta1
kind: AzureClusterIdentity
metadata: {name: person, namespace: ` + namespace + `}
spec:
  type: ServicePrincipal
  tenantID: ` + sandboxtest.Tenant + `
  clientID: ` + sandboxtest.Person + `
  clientSecret: {name: person}
  allowedNamespaces: {}
`
}

// TestFlavors generates a cluster of every flavor and waits until it is available.
func TestFlavors(t *testing.T) {
	t.Parallel()
	p, config := home(t), repository(t, nil)
	covered := map[string]bool{}
	for _, f := range flavors() {
		covered["cluster-template-"+f.template+".yaml"] = true
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			f.check(t, p, config)
		})
	}
	t.Run("verbatim", func(t *testing.T) { checkVerbatim(t, p, config) })
	for _, template := range []string{"aks-clusterclass", "aks-topology"} { // TestClusterClassFlavors
		covered["cluster-template-"+template+".yaml"] = true
	}
	for _, file := range names(t, filepath.Join(released(t), "infrastructure-azure", version)) {
		if strings.HasPrefix(file, "cluster-template-") && !covered[file] {
			t.Errorf("no cluster is generated from %s here", file)
		}
	}
}

// checkVerbatim is the command of the Managed Clusters documentation with its variables, where clusterctl init was run before.
func checkVerbatim(t *testing.T, p *plane, config string) {
	out, said, err := run{
		config: config, kubeconfig: p.Box.Kubeconfig(), args: []string{"generate", "cluster", "my-cluster", "--kubernetes-version=v1.19.6", "--flavor=aks"},
		variables: map[string]string{
			"CLUSTER_NAME": "my-cluster", "WORKER_MACHINE_COUNT": "2", "KUBERNETES_VERSION": "v1.19.6", "AZURE_LOCATION": location, "AZURE_RESOURCE_GROUP": "my-cluster",
			"AZURE_SUBSCRIPTION_ID": sandboxtest.Subscription, "AZURE_NODE_MACHINE_TYPE": machineType, "EXP_MACHINE_POOL": "true", "EXP_AKS": "true",
		},
	}.try(t)
	if err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	if same := generate(t, config, "aks", "default", "my-cluster", map[string]string{"KUBERNETES_VERSION": "v1.19.6", "WORKER_MACHINE_COUNT": "2"}); out != same {
		t.Errorf("it is not what the other way of asking gives:\n%s", same)
	}
}

func (f flavor) check(t *testing.T, p *plane, config string) {
	if f.required != nil {
		f.checkVariables(t, config)
	}
	cluster := f.name + "-cluster"
	p.Apply(t, "apiVersion: v1\nkind: Namespace\nmetadata: {name: "+f.name+"}\n"+f.before)
	manifest := generate(t, config, f.template, f.name, cluster, f.variables)
	var kinds []string
	for _, o := range objects(t, manifest) {
		kinds = append(kinds, at(o, "kind"))
		if at(o, "metadata", "namespace") != f.name {
			t.Errorf("%s %s is in namespace %q", at(o, "kind"), at(o, "metadata", "name"), at(o, "metadata", "namespace"))
		}
	}
	if !slices.Equal(slices.Sorted(slices.Values(kinds)), slices.Sorted(slices.Values(f.kinds))) {
		t.Errorf("the template makes %q, want %q", kinds, f.kinds)
	}
	p.Apply(t, manifest)
	available(t, p, f.name, cluster)
}

// TestClusterClassFlavors: a class and a cluster of it, and a cluster of the class that clusterctl adds by itself.
func TestClusterClassFlavors(t *testing.T) {
	t.Parallel()
	p, config := home(t), repository(t, nil)
	own := map[string]string{"CLUSTER_CLASS_NAME": "own-class"}
	for _, name := range []string{"class", "added"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p.Apply(t, "apiVersion: v1\nkind: Namespace\nmetadata: {name: "+name+"}\n")
			variables := map[string]string{}
			if name == "class" {
				variables = own
				p.Apply(t, generate(t, config, "aks-clusterclass", name, "unused", own))
			}
			// clusterctl asks the management cluster which classes there are.
			manifest := generateAt(t, p.Box.Kubeconfig(), config, "aks-topology", name, name+"-cluster", variables)
			if adds := strings.Contains(manifest, "kind: ClusterClass"); adds != (name == "added") {
				t.Errorf("clusterctl adds a class: %t", adds)
			}
			p.Apply(t, manifest)
			available(t, p, name, name+"-cluster")
		})
	}
}

// checkVariables: what has no default is listed, and named when it is missing.
func (f flavor) checkVariables(t *testing.T, config string) {
	args := []string{"generate", "cluster", "my-cluster", "--infrastructure=azure:" + version, "--flavor=" + f.template, "--target-namespace=default"}
	listed := run{config: config, args: append(args, "--list-variables")}.must(t)
	required, _, _ := strings.Cut(listed, "Optional")
	if missing := lacks(required, f.required...); missing != nil || strings.Count(required, "  - ") != len(f.required) {
		t.Errorf("required are to be %q:\n%s", f.required, required)
	}
	_, said, err := run{config: config, args: append(args, "--kubernetes-version="+kubernetesVersion), variables: map[string]string{"AZURE_LOCATION": location}}.try(t)
	if err == nil || !strings.Contains(said, "AZURE_NODE_MACHINE_TYPE, AZURE_SUBSCRIPTION_ID") {
		t.Errorf("without variables: %v, %s", err, said)
	}
}

// generate is the manifest of a cluster, made without a management cluster.
func generate(t testing.TB, config, template, namespace, cluster string, variables map[string]string) string {
	t.Helper()
	return generateAt(t, "", config, template, namespace, cluster, variables)
}

func generateAt(t testing.TB, kubeconfig, config, template, namespace, cluster string, variables map[string]string) string {
	t.Helper()
	out, said, err := run{
		config: config, kubeconfig: kubeconfig, variables: documented(variables),
		args: []string{"generate", "cluster", cluster, "--infrastructure=azure:" + version, "--flavor=" + template, "--target-namespace=" + namespace},
	}.try(t)
	if err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	return out
}

// available waits until a cluster is, with all pools running and everything as declared.
func available(t testing.TB, p *plane, namespace, cluster string) {
	t.Helper()
	p.AwaitCondition(t, "cluster.cluster.x-k8s.io", namespace, cluster, "Available", "True")
	sandboxtest.Until(t, limit, func() string {
		phases := p.Kubectl(t, "get", "machinepools.cluster.x-k8s.io", "--namespace="+namespace, "--output=jsonpath={.items[*].status.phase}")
		for phase := range strings.FieldsSeq(phases) {
			if phase != "Running" {
				return "the machine pools of " + cluster + " are " + phases
			}
		}
		return sandboxtest.Unless(phases != "", "%s has no machine pools", cluster)
	})
	name := at(p.Get(t, "cluster.cluster.x-k8s.io", namespace, cluster), "spec", "controlPlaneRef", "name")
	p.AwaitCondition(t, "azuremanagedcontrolplane", namespace, name, "Synced", "True")
}
