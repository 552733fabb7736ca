package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/capaks/capaks/internal/sandbox"
	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

// TestPausedClusterIsLeftAlone pauses by the Cluster and by the annotation, changes what is declared meanwhile, and lets go again.
func TestPausedClusterIsLeftAlone(t *testing.T) {
	t.Parallel()
	p := crowded(t)
	p.namespace(t, "paused")
	c := small("paused", "paused")
	p.apply(t, c.manifest())
	p.awaitAvailable(t, c)
	p.awaitSynced(t, c)
	for i, way := range []struct{ pause, unpause []string }{
		{
			[]string{"patch", "cluster.cluster.x-k8s.io", c.name, "--type=merge", `--patch={"spec":{"paused":true}}`},
			[]string{"patch", "cluster.cluster.x-k8s.io", c.name, "--type=merge", `--patch={"spec":{"paused":false}}`},
		},
		{
			[]string{"annotate", "azuremanagedcontrolplane", c.name, "cluster.x-k8s.io/paused="},
			[]string{"annotate", "azuremanagedcontrolplane", c.name, "cluster.x-k8s.io/paused-"},
		},
	} {
		p.kubectl(t, append(way.pause, "--namespace="+c.namespace)...)
		p.awaitCondition(t, 30*time.Second, controlPlanes, c.namespace, c.name, "Paused", "True", "Paused")
		if i == 0 {
			p.awaitCondition(t, 30*time.Second, infraPools, c.namespace, c.poolObject("system"), "Paused", "True", "Paused")
			p.awaitCondition(t, 30*time.Second, infraClusters, c.namespace, c.name, "Paused", "True", "Paused")
		}
		since := p.azure.Last(t)
		color := fmt.Sprint("color-", i)
		p.patch(t, "azuremanagedcontrolplane", c.namespace, c.name, `{"spec":{"additionalTags":{"color":"`+color+`"}}}`)
		always(t, 8*time.Second, func() string {
			if sent := p.azure.Requests(t, since, c.mentions); len(sent) > 0 {
				return fmt.Sprintf("paused, and yet the manager sent %v", sent)
			}
			return ""
		})
		p.kubectl(t, append(way.unpause, "--namespace="+c.namespace)...)
		eventually(t, time.Minute, func() string {
			tags, _ := p.azure.Get(t, c.id(), containerService)["tags"].(map[string]any)
			return unless(tags["color"] == color, fmt.Sprintf("the tags are %v, want color %s", tags, color))
		})
		p.awaitCondition(t, 30*time.Second, controlPlanes, c.namespace, c.name, "Paused", "False", "NotPaused")
		p.awaitSynced(t, c)
	}
	p.remove(t, c)
	p.azure.expectCleanLog(t, c.mentions)
}

// TestManagerLooksOnlyAtItsNamespaceAndLabel: told so, it works on one of three clusters.
func TestManagerLooksOnlyAtItsNamespaceAndLabel(t *testing.T) {
	t.Parallel()
	p := disturbed(t)
	p.namespace(t, "filtered")
	p.namespace(t, "filtered-not")
	mine, unlabelled, elsewhere := small("filtered", "mine"), small("filtered", "unlabelled"), small("filtered-not", "elsewhere")
	all := []cluster{mine, unlabelled, elsewhere}
	for _, c := range all {
		p.apply(t, paused(c.manifest()))
		if c.name != unlabelled.name {
			p.kubectl(t, "label", "azuremanagedcontrolplane", c.name, "--namespace="+c.namespace, "cluster.x-k8s.io/watch-filter=mine")
		}
	}
	if err := p.box.Kill(sandbox.Manager); err != nil {
		t.Fatal(err)
	}
	t.Run("filtered", func(t *testing.T) {
		p.shared.StartManager(t, p.shared.WebhookPort(t), "--namespace=filtered", "--watch-filter=mine").Await(t, "Starting workers")
		for _, c := range all {
			p.patch(t, "cluster.cluster.x-k8s.io", c.namespace, c.name, `{"spec":{"paused":false}}`)
		}
		p.awaitAvailable(t, mine)
		for _, c := range all[1:] {
			if sent := p.azure.Requests(t, 0, c.mentions); len(sent) > 0 {
				t.Errorf("the manager worked on %s/%s: %v", c.namespace, c.name, sent)
			}
		}
	})
	p.restart(t, sandbox.Manager)
	for _, c := range all {
		p.remove(t, c)
	}
}

// TestManagerWithoutFeatureGatesDoesNothing: either gate switched off means no controller and no webhook.
func TestManagerWithoutFeatureGatesDoesNothing(t *testing.T) {
	t.Parallel()
	p := crowded(t)
	for _, gate := range []string{"AKS", "MachinePool"} {
		t.Run(gate, func(t *testing.T) {
			t.Parallel()
			m := p.shared.StartManager(t, strings.TrimPrefix(sandboxtest.FreeAddress(t), "127.0.0.1:"), "--feature-gates="+gate+"=false")
			m.Await(t, "no controller and no webhook runs")
			eventually(t, 30*time.Second, func() string {
				response, err := http.Get("http://" + m.Health + "/healthz")
				if err != nil {
					return err.Error()
				}
				defer response.Body.Close() //nolint:errcheck // read only
				return unless(response.StatusCode == http.StatusOK, response.Status)
			})
			if log := m.Log(); strings.Contains(log, "Starting Controller") || strings.Contains(log, "Registering webhook") {
				t.Errorf("something runs all the same:\n%s", log)
			}
		})
	}
}
