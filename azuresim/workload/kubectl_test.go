package workload

import (
	"bytes"
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// kubectl runs the real binary with a home of its own.
type kubectl struct {
	t          *testing.T
	bin        string
	kubeconfig string
}

func newKubectl(t *testing.T, a Access) *kubectl {
	if testing.Short() {
		t.Skip("no kubectl runs with -short")
	}
	bin, err := filepath.Abs(filepath.Join("..", "..", "bin", "kubectl"))
	if err == nil {
		_, err = os.Stat(bin)
	}
	if err != nil {
		t.Skipf("no kubectl in bin/ of the repository: %v", err)
	}
	config, err := yaml.Marshal(object{
		"apiVersion": "v1", "kind": "Config", "current-context": "prod-admin",
		"clusters": []any{object{"name": "prod", "cluster": object{
			"server": "https://" + a.Address, "certificate-authority-data": base64.StdEncoding.EncodeToString(a.CAPEM)}}},
		"users": []any{object{"name": "clusterAdmin", "user": object{
			"client-certificate-data": base64.StdEncoding.EncodeToString(a.AdminCertPEM),
			"client-key-data":         base64.StdEncoding.EncodeToString(a.AdminKeyPEM)}}},
		"contexts": []any{object{"name": "prod-admin", "context": object{"cluster": "prod", "user": "clusterAdmin"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(path, config, 0o600); err != nil {
		t.Fatal(err)
	}
	return &kubectl{t: t, bin: bin, kubeconfig: path}
}

func (k *kubectl) try(stdin string, args ...string) (string, error) {
	cmd := exec.Command(k.bin, append([]string{"--request-timeout=20s"}, args...)...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+k.kubeconfig, "HOME="+filepath.Dir(k.kubeconfig))
	cmd.Stdin = strings.NewReader(stdin)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

// run fails the test unless kubectl succeeds and prints all of want.
func (k *kubectl) run(stdin, args string, want ...string) {
	k.t.Helper()
	out, err := k.try(stdin, strings.Fields(args)...)
	if err != nil {
		k.t.Errorf("kubectl %s: %v\n%s", args, err, out)
	}
	for _, w := range want {
		if !strings.Contains(out, w) {
			k.t.Errorf("kubectl %s: no %q in\n%s", args, w, out)
		}
	}
}

func (k *kubectl) refuse(stdin, args string, want string) {
	k.t.Helper()
	out, err := k.try(stdin, strings.Fields(args)...)
	if err == nil || !strings.Contains(out, want) {
		k.t.Errorf("kubectl %s: err %v, want a failure with %q:\n%s", args, err, want, out)
	}
}

const (
	configMapYAML = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {colour: blue}\n"
	crdYAML       = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {kind: Widget, plural: widgets, singular: widget, shortNames: [wd]}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
    additionalPrinterColumns: [{name: Size, type: integer, jsonPath: .spec.size}]
  - name: v1alpha1
    served: true
    storage: false
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
`
	widgetYAML = "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: big}\nspec: {size: 7}\n"
)

func TestKubectl(t *testing.T) {
	m, access := start(t, Options{})
	setNodes(t, m, testNode("nodepool1", 0), testNode("nodepool1", 1))
	k := newKubectl(t, access)

	k.run("", "version", "Server Version: v1.34.2")
	k.run("", "get nodes", "NAME", "STATUS", "ROLES", "AGE", "VERSION", "aks-nodepool1-12345678-vmss000001", "Ready", "v1.34.2")
	k.run("", "get nodes -o wide", "INTERNAL-IP", "10.224.0.4", "OS-IMAGE", "Ubuntu 24.04.3 LTS", "KERNEL-VERSION", "containerd://")
	k.run("", "describe node aks-nodepool1-12345678-vmss000000", "ProviderID:", "KubeletReady")
	k.run("", "get all -A", "service/kubernetes")
	k.run("", "api-resources", "deployments", "leases", "customresourcedefinitions")
	k.run("", "auth whoami", "masterclient", "system:masters")
	k.run("", "auth can-i create pods", "yes")
	k.run("", "get --raw /readyz", "ok")

	k.run(configMapYAML, "apply -f -", "configmap/settings created")
	k.run(strings.Replace(configMapYAML, "blue", "red", 1), "apply -f -", "configmap/settings configured")
	k.run(strings.Replace(configMapYAML, "blue", "red", 1), "diff -f -")
	k.run("", "get cm settings -o jsonpath={.data.colour}", "red")
	k.refuse(configMapYAML+"wrong: 1\n", "apply -f -", `unknown field "wrong"`)
	k.run(configMapYAML, "apply --server-side --field-manager=other --force-conflicts -f -", "serverside-applied")
	k.run("", "label cm settings a=b", "labeled")
	k.run("", "annotate cm settings a=b", "annotated")
	k.run("", "delete cm settings", "deleted")

	k.run("", "create namespace shop", "created")
	k.run("", "create deployment web --image=nginx -n shop --replicas=2", "created")
	k.run("", "get deployment -n shop", "READY", "0/2")
	k.run("", "scale deployment web -n shop --replicas=5", "scaled")
	k.run("", "get deployment web -n shop -o jsonpath={.spec.replicas}", "5")
	k.run("", "set image deployment/web nginx=nginx:2 -n shop", "image updated")
	k.run("", "delete namespace shop", "deleted")
	k.refuse("", "get namespace shop", "NotFound")

	k.run(crdYAML, "apply -f -", "created")
	k.run("", "wait --for=condition=Established crd/widgets.example.com", "condition met")
	k.run(widgetYAML, "apply -f -", "widget.example.com/big created")
	k.run("", "get wd", "SIZE", "7")
	k.run("", "get widgets.v1alpha1.example.com big -o jsonpath={.apiVersion}", "example.com/v1alpha1")
	k.run(strings.Replace(widgetYAML, "7", "8", 1), "apply -f -", "configured")
	k.run("", "delete crd widgets.example.com", "deleted")
	k.refuse("", "get --raw /apis/example.com/v1/widgets", "could not find the requested resource")
}

func TestKubectlDrain(t *testing.T) {
	m, access := start(t, Options{})
	node := testNode("nodepool1", 0)
	setNodes(t, m, node)
	k := newKubectl(t, access)
	ctx, client := testContext(t), typedClient(t, certConfig(access))
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "web", Labels: map[string]string{"app": "web"}},
		Spec:       corev1.PodSpec{NodeName: node.Name, Containers: []corev1.Container{{Name: "c", Image: "nginx"}}},
	}
	if _, err := client.CoreV1().Pods("default").Create(ctx, pod, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	k.run("", "get pods -o wide", "web", "Pending", node.Name)
	k.run("", "cordon "+node.Name, "cordoned")
	k.run("", "get nodes", "Ready,SchedulingDisabled")
	k.run("", "drain "+node.Name+" --force --timeout=20s", "evicted", "drained")
	k.run("", "uncordon "+node.Name, "uncordoned")
	pods, err := client.CoreV1().Pods("default").List(ctx, metav1.ListOptions{FieldSelector: "spec.nodeName=" + node.Name})
	if err != nil || len(pods.Items) != 0 {
		t.Fatalf("pods after drain: %v, %v", pods.Items, err)
	}
}
