package e2e

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/capaks/capaks/internal/sandbox"
)

// TestCreateSurvivesTheDeathOfEveryPart kills the manager, Azure and the API server in the middle of one create.
func TestCreateSurvivesTheDeathOfEveryPart(t *testing.T) {
	t.Parallel()
	p := disturbed(t)
	p.namespace(t, "killed")
	c := small("killed", "killed")
	p.apply(t, c.manifest())
	// Azure's clock stands still in the middle of the create, however long the parts take to come back.
	eventually(t, time.Minute, func() string {
		return unless(len(p.azure.Requests(t, 0, puts(c.id()), request.Accepted)) == 1, "the cluster was not sent to Azure")
	})
	p.azure.Control(t, http.MethodPost, "clock", object{"pause": true})
	for _, component := range []string{sandbox.Manager, sandbox.APIServer, sandbox.AzureSim} {
		if !p.azure.running(t, c.id()) {
			t.Fatalf("the cluster was ready before %s was killed: this is not the middle of a create", component)
		}
		if err := p.box.Kill(component); err != nil {
			t.Fatal(err)
		}
		p.restart(t, component)
	}
	p.azure.Control(t, http.MethodPost, "clock", object{"resume": true})
	p.awaitAvailable(t, c)
	p.remove(t, c)
	// Nothing that was accepted is sent a second time: not the cluster, not its group, not its network.
	for _, id := range []string{c.id(), c.groupID(), c.groupID() + "/providers/Microsoft.Network/virtualNetworks/" + c.name} {
		if sent := p.azure.Requests(t, 0, puts(id)); len(sent) != 1 {
			t.Errorf("%s was sent %d times: %v", id, len(sent), sent)
		}
	}
	if left := p.azure.Resources(t, "killed/"); len(left) > 0 {
		t.Errorf("Azure still has %v", left)
	}
	p.azure.expectCleanLog(t, c.mentions)
}

// TestLostAnswerToACreateDoesNotLoseTheCluster: Azure accepts the request, but the answer never arrives.
func TestLostAnswerToACreateDoesNotLoseTheCluster(t *testing.T) {
	t.Parallel()
	p := crowded(t)
	p.namespace(t, "lost")
	c := small("lost", "lost")
	p.azure.fault(t, object{"method": "PUT", "pathRegex": managedClusterProvider + c.name + "$", "times": 1, "lostResponse": true})
	p.apply(t, c.manifest())
	p.awaitAvailable(t, c)
	if sent := p.azure.Requests(t, 0, puts(c.id()), request.Accepted); len(sent) > 1 {
		t.Errorf("Azure accepted the cluster %d times: %v", len(sent), sent)
	}
	p.remove(t, c)
	if left := p.azure.Resources(t, "/resourceGroups/lost/"); len(left) > 0 {
		t.Errorf("Azure still has %v", left)
	}
}

// TestUnreachableAzureIsAConditionAndPasses: nothing answers when the cluster is declared.
func TestUnreachableAzureIsAConditionAndPasses(t *testing.T) {
	t.Parallel()
	p := disturbed(t)
	p.namespace(t, "unreachable")
	c := small("unreachable", "unreachable")
	if err := p.box.Kill(sandbox.AzureSim); err != nil {
		t.Fatal(err)
	}
	p.apply(t, c.manifest())
	message := p.awaitCondition(t, 90*time.Second, controlPlanes, c.namespace, c.name, "Synced", "False", "AzureUnreachable")
	if missing := lacks(message, "127.0.0.1", "network path"); len(missing) > 0 {
		t.Errorf("the condition does not name %q: %s", missing, message)
	}
	always(t, 10*time.Second, func() string {
		if notes := p.warnings(t, c.namespace, c.name, "AzureUnreachable"); len(notes) > 1 {
			return fmt.Sprintf("events about it are %q, want one", notes)
		}
		return ""
	})
	p.restart(t, sandbox.AzureSim)
	p.awaitAvailable(t, c)
	if sent := p.azure.Requests(t, 0, puts(c.id())); len(sent) != 1 {
		t.Errorf("the cluster was sent %d times: %v", len(sent), sent)
	}
	p.remove(t, c)
}

// restart starts a killed component again.
func (p *plane) restart(t *testing.T, component string) {
	t.Helper()
	if err := p.box.Restart(t.Context(), component); err != nil {
		t.Fatalf("%s was killed and did not start again: %v", component, err)
	}
}
