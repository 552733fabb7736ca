package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestLastSystemPoolStaysAndAStuckOneRecovers: AKS keeps a System pool, so the MachinePool of the last one is not deleted in the first
// place; one that is stuck all the same is recovered as examples/documentation/recovery.md says, word for word.
func TestLastSystemPoolStaysAndAStuckOneRecovers(t *testing.T) {
	t.Parallel()
	p := disturbed(t)
	examples := filepath.Join("..", "..", "examples", "documentation")
	manifest, err := os.ReadFile(filepath.Join(examples, "recovery.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	p.apply(t, string(manifest))
	c := cluster{namespace: "recovery", name: "recovery"}
	p.awaitCondition(t, creation, clusters, c.namespace, c.name, "Available", "True", "")
	running := func(machinePool string) {
		t.Helper()
		eventually(t, time.Minute, func() string {
			mp := p.get(t, machinePools, c.namespace, machinePool)
			return unless(text(mp, "status", "phase") == "Running" && len(slice(mp.Object, "status", "nodeRefs")) == 1, machinePool+" is "+text(mp, "status", "phase"))
		})
	}
	running("agentpool0")
	since := p.azure.Last(t)

	remove := []string{"delete", "machinepool.cluster.x-k8s.io", "agentpool0", "--namespace=recovery", "--wait=false"}
	if out, err := p.box.Kubectl(t.Context(), remove...); err == nil || len(lacks(err.Error(), "last System pool", "agentpool0", "delete the Cluster")) > 0 {
		t.Fatalf("the MachinePool of the last System pool should not be deleted, with a reason: %v %s", err, out)
	}
	if at := text(p.get(t, machinePools, c.namespace, "agentpool0"), "metadata", "deletionTimestamp"); at != "" {
		t.Fatalf("the refused deletion left the deletionTimestamp %s", at)
	}

	p.getStuck(t, c.namespace, "agentpool0", remove)
	stands := func() string {
		pool := p.get(t, infraPools, c.namespace, "agentpool0")
		if pool == nil || pool.GetDeletionTimestamp() != nil {
			return "the AzureManagedMachinePool is being deleted"
		}
		return ""
	}
	always(t, 3*time.Second, stands)
	p.runSteps(t, examples, "recovery.md")
	eventually(t, time.Minute, func() string {
		return unless(p.get(t, machinePools, c.namespace, "agentpool0") == nil, "the old MachinePool is still there")
	})
	running("agentpool2")
	if wrong := stands(); wrong != "" {
		t.Error(wrong)
	}
	if wrote := p.azure.Requests(t, since, request.Write); len(wrote) > 0 {
		t.Errorf("the recovery wrote %v in Azure", wrote)
	}

	p.remove(t, c)
	p.awaitGone(t, time.Minute, c.namespace, machinePools, controlPlanes, infraClusters, infraPools, secrets)
	if left := p.azure.Resources(t, "/resourceGroups/recovery/"); len(left) > 0 {
		t.Errorf("Azure still has %v", left)
	}
}

// getStuck brings a MachinePool into the state an earlier release left it in: no webhook kept it, but Cluster API may not delete its pool.
func (p *plane) getStuck(t *testing.T, namespace, name string, remove []string) {
	t.Helper()
	p.withoutWebhook(t, "validation.machinepool.", func() {
		eventually(t, time.Minute, func() string {
			if _, err := p.box.Kubectl(t.Context(), remove...); err != nil {
				return err.Error() // a webhook that is gone works on for a moment
			}
			return ""
		})
	})
	eventually(t, time.Minute, func() string {
		phase := text(p.get(t, machinePools, namespace, name), "status", "phase")
		return unless(phase == "Deleting", "the MachinePool is "+phase)
	})
}

// withoutWebhook does something that one of our validating webhooks would refuse.
func (p *plane) withoutWebhook(t *testing.T, prefix string, do func()) {
	t.Helper()
	const configuration = "validating-webhook-configuration"
	var saved struct {
		Webhooks []map[string]any `json:"webhooks"`
	}
	if err := json.Unmarshal([]byte(p.kubectl(t, "get", "validatingwebhookconfiguration", configuration, "-o", "json")), &saved); err != nil {
		t.Fatal(err)
	}
	set := func(webhooks []map[string]any) {
		t.Helper()
		merge, err := json.Marshal(map[string]any{"webhooks": webhooks})
		if err != nil {
			t.Fatal(err)
		}
		p.kubectl(t, "patch", "validatingwebhookconfiguration", configuration, "--type=merge", "--patch="+string(merge))
	}
	others := slices.DeleteFunc(slices.Clone(saved.Webhooks), func(w map[string]any) bool { return strings.HasPrefix(str(w["name"]), prefix) })
	if len(others) != len(saved.Webhooks)-1 {
		t.Fatalf("%s has not one webhook %s*", configuration, prefix)
	}
	set(others)
	defer set(saved.Webhooks)
	do()
}

var shellBlock = regexp.MustCompile("(?s)```sh\n(.*?)```")

// runSteps runs the shell blocks of a text in their order, in its directory.
func (p *plane) runSteps(t *testing.T, dir, file string) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		t.Fatal(err)
	}
	script := "set -eu\n"
	for _, block := range shellBlock.FindAllStringSubmatch(string(raw), -1) {
		script += block[1]
	}
	bin, err := filepath.Abs(p.bin)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-c", script)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "KUBECONFIG="+p.box.Kubeconfig(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// TestAutoscalerOwnsTheCount: with a range of its own, the pool's count is AKS's business, and MachinePool.spec.replicas follows it.
func TestAutoscalerOwnsTheCount(t *testing.T) {
	t.Parallel()
	p := crowded(t)
	p.namespace(t, "autoscaled")
	c := small("autoscaled", "autoscaled")
	scaling := object{"minSize": 1, "maxSize": 5}
	c.pools = append(c.pools, pool{name: "scaled", mode: "User", replicas: 2, spec: object{"scaling": scaling}})
	p.apply(t, c.manifest())
	p.awaitAvailable(t, c)
	eventually(t, 30*time.Second, func() string {
		mp := p.get(t, machinePools, c.namespace, c.poolObject("scaled"))
		return unless(mp.GetAnnotations()["cluster.x-k8s.io/replicas-managed-by"] != "", "the MachinePool does not say who owns its replicas")
	})
	p.azure.edit(t, c.poolID("scaled"), object{"properties": object{"count": 4}})
	eventually(t, time.Minute, func() string {
		got := text(p.get(t, machinePools, c.namespace, c.poolObject("scaled")), "spec", "replicas")
		return unless(got == "4", "MachinePool.spec.replicas is "+got+", and AKS has 4 nodes")
	})
	p.awaitPool(t, c, "scaled", 4)
	// Somebody writes a count of their own: it is AKS's all the same.
	p.kubectl(t, "scale", "machinepool.cluster.x-k8s.io", c.poolObject("scaled"), "--namespace="+c.namespace, "--replicas=1")
	eventually(t, 30*time.Second, func() string {
		got := text(p.get(t, machinePools, c.namespace, c.poolObject("scaled")), "spec", "replicas")
		return unless(got == "4", "MachinePool.spec.replicas stays "+got)
	})
	changes := func(r request) bool { return r.IfNoneMatch == "" } // a slow apply may bring the pool after the cluster's create
	if wrote := p.azure.Requests(t, 0, request.Write, about(c.poolID("scaled")+"?"), changes); len(wrote) > 0 {
		t.Errorf("the pool was written: %v", wrote)
	}
	p.remove(t, c)
	p.azure.expectCleanLog(t, c.mentions)
}

// TestDriftIsRepairedOnce: what was declared is put back when somebody changes it in Azure; what was not is theirs.
func TestDriftIsRepairedOnce(t *testing.T) {
	t.Parallel()
	p := crowded(t)
	p.namespace(t, "drift")
	c := small("drift", "drift")
	c.controlPlane = object{
		"additionalTags":         object{"team": "blue"},
		"apiServerAccessProfile": object{"authorizedIPRanges": []string{"12.34.56.78/32"}},
	}
	p.apply(t, c.manifest())
	p.awaitAvailable(t, c)
	p.awaitSynced(t, c)
	since := p.azure.Last(t)
	p.azure.edit(t, c.id(), object{
		"tags":       object{"team": "red", "cost-center": "4711"},
		"properties": object{"apiServerAccessProfile": object{"authorizedIPRanges": []string{"0.0.0.0/0"}}},
	})
	eventually(t, time.Minute, func() string {
		body := p.azure.Get(t, c.id(), containerService)
		ranges, _, _ := nested(body, "properties", "apiServerAccessProfile", "authorizedIPRanges")
		tags, _ := body["tags"].(map[string]any)
		if fmt.Sprint(ranges) != "[12.34.56.78/32]" || tags["team"] != "blue" {
			return fmt.Sprintf("in Azure the ranges are %v and the tags %v", ranges, tags)
		}
		if tags["cost-center"] != "4711" {
			t.Fatalf("the tag somebody else set is gone: %v", tags)
		}
		return ""
	})
	eventually(t, 30*time.Second, func() string { return unless(!p.azure.running(t, c.id()), "the repair has not ended") })
	always(t, 12*time.Second, func() string {
		if wrote := p.azure.Requests(t, since, request.Write, c.mentions); len(wrote) != 1 {
			return fmt.Sprintf("the repair took %v, want one request", wrote)
		}
		return ""
	})
	if tags, _ := p.azure.Get(t, c.id(), containerService)["tags"].(map[string]any); tags["cost-center"] != "4711" {
		t.Errorf("the tag somebody else set is gone: %v", tags)
	}
	p.remove(t, c)
	p.azure.expectCleanLog(t, c.mentions)
}

// TestGeneratedSSHKeyIsMadeOnce: an empty sshPublicKey asks for a key, which stays the same however often the manifest is applied.
func TestGeneratedSSHKeyIsMadeOnce(t *testing.T) {
	t.Parallel()
	p := crowded(t)
	p.namespace(t, "ssh")
	c := small("ssh", "ssh")
	p.apply(t, c.manifest())
	p.awaitAvailable(t, c)
	p.awaitSynced(t, c)
	key := func() string {
		secret := p.get(t, secrets, c.namespace, c.name+"-ssh-key")
		if secret == nil {
			t.Fatal("there is no Secret with the key")
		}
		if text(secret, "data", "ssh-privatekey") == "" {
			t.Error("nobody holds the private half")
		}
		return strings.TrimSpace(string(decode(t, text(secret, "data", "ssh-publickey"))))
	}
	made := key()
	sent := p.azure.Requests(t, 0, puts(c.id()))
	if len(sent) != 1 || !strings.Contains(fmt.Sprint(sent[0].Body), made) {
		t.Errorf("the generated key %q was not sent with the one create: %v", made, sent)
	}
	since := p.azure.Last(t)
	for range 2 {
		p.apply(t, c.manifest())
	}
	always(t, 5*time.Second, func() string {
		if wrote := p.azure.Requests(t, since, request.Write, c.mentions); len(wrote) > 0 || key() != made {
			return fmt.Sprintf("applying again wrote %v, and the key is %q", wrote, key())
		}
		return ""
	})
	p.remove(t, c)
	p.awaitGone(t, 30*time.Second, c.namespace, secrets)
	if asked := p.azure.Requests(t, since, c.mentions, func(r request) bool { return r.Method == http.MethodPut }); len(asked) > 0 {
		t.Errorf("deleting wrote %v", asked)
	}
}
