package documented_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/capaks/capaks/internal/sandbox"
)

// checkRecovery brings a MachinePool into the state that the documentation's troubleshooting section describes and does what
// recovery.md says, word for word.
func checkRecovery(ctx context.Context, t *testing.T, box *sandbox.Sandbox, bin string) {
	kubectl := func(args ...string) string {
		t.Helper()
		out, err := box.Kubectl(ctx, args...)
		if err != nil {
			t.Fatalf("kubectl %s: %v", strings.Join(args, " "), err)
		}
		return out
	}
	in := func(args ...string) []string { return append([]string{"--namespace=recovery"}, args...) }
	kubectl("apply", "-f", filepath.Join(examples, "documentation/recovery.yaml"))
	kubectl(in("wait", "--for=jsonpath={.metadata.ownerReferences[0].name}=agentpool0", "--timeout=1m", "azuremanagedmachinepool/agentpool0")...)

	remove := in("delete", "machinepool", "agentpool0", "--wait=false")
	if out, err := box.Kubectl(ctx, remove...); err == nil || !strings.Contains(err.Error()+out, "last System pool") {
		t.Fatalf("the MachinePool of the last System pool should not be deleted: %v: %s", err, out)
	}
	withoutMachinePoolWebhook(ctx, t, box, func() {
		// A webhook that is gone works on for a moment.
		err := wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
			_, err := box.Kubectl(ctx, remove...)
			return err == nil, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		kubectl(in("wait", "--for=jsonpath={.status.phase}=Deleting", "--timeout=1m", "machinepool/agentpool0")...)
	})
	deletion := in("get", "azuremanagedmachinepool", "agentpool0", "-o", "jsonpath={.metadata.deletionTimestamp}")
	if at := kubectl(deletion...); at != "" {
		t.Fatalf("the AzureManagedMachinePool is being deleted since %s: nothing is stuck", at)
	}

	runSteps(ctx, t, box, bin)

	kubectl(in("wait", "--for=delete", "--timeout=1m", "machinepool/agentpool0")...)
	if at := kubectl(deletion...); at != "" {
		t.Errorf("the AzureManagedMachinePool was deleted (%s)", at)
	}
	if owners := kubectl(in("get", "azuremanagedmachinepool", "agentpool0", "-o", "jsonpath={.metadata.ownerReferences[*].name}")...); owners != "agentpool2" {
		t.Errorf("owners of the AzureManagedMachinePool are %q, want agentpool2", owners)
	}
	kubectl(in("wait", "--for=jsonpath={.status.phase}=Provisioning", "--timeout=1m", "machinepool/agentpool2")...)
}

// withoutMachinePoolWebhook does something that this provider's webhook for MachinePools would refuse, as earlier releases did not.
func withoutMachinePoolWebhook(ctx context.Context, t *testing.T, box *sandbox.Sandbox, do func()) {
	t.Helper()
	const configuration = "validating-webhook-configuration"
	saved, err := box.Kubectl(ctx, "get", "validatingwebhookconfiguration", configuration, "-o", "json")
	if err != nil {
		t.Fatal(err)
	}
	var object map[string]any
	if err := json.Unmarshal([]byte(saved), &object); err != nil {
		t.Fatal(err)
	}
	all, _ := object["webhooks"].([]any)
	others := slices.DeleteFunc(slices.Clone(all), func(webhook any) bool {
		name, _ := webhook.(map[string]any)["name"].(string)
		return strings.HasPrefix(name, "validation.machinepool.")
	})
	if len(others) != len(all)-1 {
		t.Fatalf("%s has no webhook for MachinePools", configuration)
	}
	set := func(webhooks []any) {
		patch, err := json.Marshal(map[string]any{"webhooks": webhooks})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := box.Kubectl(ctx, "patch", "validatingwebhookconfiguration", configuration, "--type=merge", "-p", string(patch)); err != nil {
			t.Fatal(err)
		}
	}
	set(others)
	do()
	set(all)
}

var shell = regexp.MustCompile("(?s)```sh\n(.*?)```")

// runSteps runs the shell blocks of recovery.md in their order, in one shell and in its directory, with the kubectl of bin.
func runSteps(ctx context.Context, t *testing.T, box *sandbox.Sandbox, bin string) {
	t.Helper()
	dir := filepath.Join(examples, "documentation")
	script := "set -eu\n"
	for _, block := range shell.FindAllStringSubmatch(string(read(t, filepath.Join(dir, "recovery.md"))), -1) {
		script += block[1]
	}
	if strings.Count(script, "kubectl") < 4 {
		t.Fatalf("recovery.md has lost its steps:\n%s", script)
	}
	bin, err := filepath.Abs(bin)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, "bash", "-c", script)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "KUBECONFIG="+box.Kubeconfig(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
