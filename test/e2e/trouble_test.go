package e2e

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

// trouble is a declaration that Azure, or a missing object, keeps from becoming true.
type trouble struct {
	reason string   // of the condition Synced and of the event
	names  []string // what the message names
	// prepare changes the declaration or the world.
	prepare func(t *testing.T, p *plane, c *cluster)
	// repair makes it possible; nil where only another declaration would.
	repair func(t *testing.T, p *plane, c cluster)
}

// TestTroubleIsAConditionAndOneEvent: what can only be known later is said once, on the object, and asked again without hammering.
func TestTroubleIsAConditionAndOneEvent(t *testing.T) {
	t.Parallel()
	p := crowded(t)
	p.namespace(t, "trouble")
	for name, c := range troubles() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			declared := small("trouble", "trouble-"+name)
			c.prepare(t, p, &declared)
			p.apply(t, declared.manifest())
			eventually(t, 90*time.Second, func() string {
				status, reason, message := condition(p.get(t, controlPlanes, declared.namespace, declared.name), "Synced")
				if missing := lacks(message, c.names...); status != "False" || reason != c.reason || len(missing) > 0 {
					return fmt.Sprintf("Synced is %s %s (%s), want False %s and %q named", status, reason, message, c.reason, missing)
				}
				return ""
			})
			eventually(t, 30*time.Second, func() string {
				return unless(len(p.warnings(t, declared.namespace, declared.name, c.reason)) > 0, "there is no event")
			})
			p.quiet(t, declared, 20*time.Second)
			if notes := p.warnings(t, declared.namespace, declared.name, c.reason); len(notes) != 1 || len(lacks(notes[0], c.names...)) > 0 {
				t.Errorf("events about it are %q, want one that names %q", notes, c.names)
			}
			if status, _, _ := condition(p.get(t, controlPlanes, declared.namespace, declared.name), "Ready"); status != "False" {
				t.Errorf("Ready is %s all the same", status)
			}
			if c.repair != nil {
				c.repair(t, p, declared)
				p.awaitAvailable(t, declared)
			}
			p.remove(t, declared)
			if left := p.azure.Resources(t, "/resourceGroups/"+declared.groupName()+"/providers/"); len(left) > 0 {
				t.Errorf("Azure still has %v", left)
			}
		})
	}
}

func troubles() map[string]trouble {
	identity := func(client, secret string) func(*testing.T, *plane, *cluster) {
		return func(t *testing.T, p *plane, c *cluster) {
			if secret != "" {
				p.apply(t, secretManifest(c.namespace, c.name, map[string]string{"clientSecret": secret}))
			}
			p.apply(t, identityManifest(c.namespace, c.name, servicePrincipal(tenantA, client, c.name), c.namespace))
			c.controlPlane = object{"identityRef": identityRef(c.namespace, c.name)}
		}
	}
	secret := func(t *testing.T, p *plane, c cluster) {
		p.apply(t, secretManifest(c.namespace, c.name, map[string]string{"clientSecret": secretA}))
	}
	return map[string]trouble{
		"pools": {
			reason: "WaitingForPools", names: []string{"System", "spec.mode"},
			// The pool comes before the Cluster, or its absence would be told of first, for a moment.
			prepare: func(t *testing.T, p *plane, c *cluster) {
				c.pools = []pool{{name: "user", mode: "User", replicas: 1}}
				p.apply(t, sandboxtest.Documents(c.poolObjects(c.pools[0], "v1.34.1")...))
			},
			repair: func(t *testing.T, p *plane, c cluster) {
				p.apply(t, sandboxtest.Documents(c.poolObjects(pool{name: "system", mode: "System", replicas: 1}, "v1.34.1")...))
			},
		},
		"secret":   {reason: "SecretNotFound", names: []string{"trouble/trouble-secret", "spec.clientSecret", "create it"}, prepare: identity(clientA, ""), repair: secret},
		"password": {reason: "InvalidClientSecret", names: []string{"AADSTS7000215", "current client secret"}, prepare: identity(clientA, "wrong"), repair: secret},
		"right": {
			reason: "AuthorizationFailed", names: []string{"AuthorizationFailed", "does not have authorization", "Contributor"}, prepare: identity(clientNobody, secretNobody),
		},
		"namespace": {
			reason: "NamespaceNotAllowedByIdentity", names: []string{`"trouble"`, "allowedNamespaces"},
			prepare: func(t *testing.T, p *plane, c *cluster) {
				p.apply(t, identityManifest(c.namespace, c.name, servicePrincipal(tenantA, clientA, c.name), "another"))
				c.controlPlane = object{"identityRef": identityRef(c.namespace, c.name)}
			},
		},
		"location": {
			reason: "LocationNotAvailable", names: []string{"atlantis", "spec.location"},
			prepare: func(_ *testing.T, _ *plane, c *cluster) { c.location = "atlantis" },
		},
		"version": {
			reason: "K8sVersionNotSupported", names: []string{"1.99.0", "az aks get-versions"},
			prepare: func(_ *testing.T, _ *plane, c *cluster) { c.version = "v1.99.0" },
		},
		"quota": {
			reason: "QuotaExceeded", names: []string{"quota", "smaller size or count"},
			prepare: func(t *testing.T, p *plane, c *cluster) {
				p.azure.world(t, object{"quotas": []object{{"subscription": subscriptionA, "location": "westcentralus", "family": "cores", "limit": 3}}})
				c.location, c.pools[0].replicas = "westcentralus", 2
			},
			repair: func(t *testing.T, p *plane, c cluster) {
				p.kubectl(t, "scale", "machinepool.cluster.x-k8s.io", c.poolObject("system"), "--namespace="+c.namespace, "--replicas=1")
				c.pools[0].replicas = 1
			},
		},
		"group": {
			reason: "ImmutableField", names: []string{"location", "eastus", "southcentralus"},
			prepare: func(t *testing.T, p *plane, c *cluster) {
				p.azure.ARM(t, http.MethodPut, c.groupID(), resourcesVersion, object{
					"location": "eastus", "tags": object{"sigs.k8s.io_cluster-api-provider-azure_cluster_" + c.name: "owned"},
				})
			},
		},
		"operation": {
			reason: "AllocationFailed", names: []string{"AllocationFailed", "no capacity in this emulator"},
			prepare: func(t *testing.T, p *plane, c *cluster) {
				p.azure.fault(t, object{
					"method": "PUT", "pathRegex": managedClusterProvider + c.name + "$", "times": 1,
					"failOperation": object{"code": "AllocationFailed", "message": "There is no capacity in this emulator."},
				})
			},
			// A changed spec is a new try, long before the back-off ends.
			repair: func(t *testing.T, p *plane, c cluster) {
				p.patch(t, "azuremanagedcontrolplane", c.namespace, c.name, `{"spec":{"additionalTags":{"try":"again"}}}`)
				eventually(t, time.Minute, func() string {
					return unless(len(p.azure.Requests(t, 0, puts(c.id()), request.Accepted)) == 2, fmt.Sprintf("the goal was sent %d times, want twice", len(p.azure.Requests(t, 0, puts(c.id())))))
				})
			},
		},
	}
}
