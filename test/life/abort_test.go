package life

import (
	"net/http"
	"strings"
	"testing"
)

const abortAnnotation = "infrastructure.cluster.x-k8s.io/abort"

func TestARunningUpgradeIsAbortedAndNotTriedAgain(t *testing.T) {
	p := life(t, "operations")
	c := cluster{name: "aborts", version: "v1.34.1", pools: []pool{{name: "system", mode: "System", replicas: 1}}}
	p.create(t, c)
	p.azure.Control(t, http.MethodPost, "faults", object{"method": "PUT", "pathRegex": "managedClusters/aborts$", "times": 1, "operationTakes": "30m"})
	p.Patch(t, controlPlane, c.name, c.name, `{"spec":{"version":"v1.35.1"}}`)
	var operation object
	until(t, limit, func() string {
		operation, _ = at(p.Get(t, controlPlane, c.name, c.name), "status", "operation").(object)
		return unless(textAt(operation, "name") != "" && textAt(operation, "percentComplete") != "", "operation is %v", operation)
	})
	t.Logf("kubectl get %s:\n%s", controlPlane, p.Kubectl(t, "get", controlPlane, "--namespace="+c.name))
	if table := p.Kubectl(t, "get", controlPlane, "--namespace="+c.name); !strings.Contains(table, "ELAPSED") || !strings.Contains(table, "OPERATION") {
		t.Errorf("the table has no progress:\n%s", table)
	}
	t.Logf("kubectl get %s:\n%s", infraPool, p.Kubectl(t, "get", infraPool, "--namespace="+c.name))

	annotate := func(value string) {
		p.Kubectl(t, "annotate", "--overwrite", "--namespace="+c.name, controlPlane, c.name, value)
	}
	annotate(abortAnnotation + "=another-operation")
	until(t, limit, func() string {
		_, message := condition(p.Get(t, controlPlane, c.name, c.name), "Synced")
		return unless(strings.Contains(message, "nothing is aborted") && strings.Contains(message, textAt(operation, "name")), "Synced says %q", message)
	})
	annotate(abortAnnotation + "=" + textAt(operation, "name"))
	p.Kill(t)
	p.Restart(t)
	message := p.AwaitCondition(t, controlPlane, c.name, c.name, "Synced", "False Aborted")
	if !strings.Contains(message, "until the spec changes or the annotation is removed") {
		t.Errorf("Synced says %q", message)
	}
	if state := textAt(p.azure.get(t, c.id()), "properties", "provisioningState"); state != "Canceled" {
		t.Errorf("the cluster is %s", state)
	}
	before := p.azure.Last(t)
	p.Kill(t)
	p.Restart(t)
	until(t, limit, func() string {
		return unless(len(p.azure.Requests(t, before, c.about)) > 0, "the manager has not looked at the cluster since it was started")
	})
	p.AwaitCondition(t, controlPlane, c.name, c.name, "Synced", "False Aborted")
	for _, r := range p.azure.writes(t, before, c) {
		t.Errorf("the goal was sent again: %s", r)
	}
	if aborts := p.azure.Requests(t, 0, func(r request) bool { return r.To(c.id() + "/abort") }); len(aborts) != 1 {
		t.Errorf("requests to abort:\n%s", joined(aborts))
	}

	// The annotation stays, as it does in Git; the next change is carried out.
	p.Patch(t, controlPlane, c.name, c.name, `{"spec":{"additionalTags":{"after":"abort"}}}`)
	p.Settled(t, c.name, c.name)
	if version := textAt(p.azure.get(t, c.id()), "properties", "currentKubernetesVersion"); !strings.HasPrefix(version, "1.35.") {
		t.Errorf("the cluster runs %s", version)
	}
	if events := joined(p.Events(t, c.name)); strings.Count(events, "Aborting") > 1 {
		t.Errorf("events:\n%s", events)
	}
}
