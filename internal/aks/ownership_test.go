package aks

import (
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/fieldset"
	"github.com/capaks/capaks/internal/plan"
)

func rawBody(body string) *v1beta1.Passthrough {
	return &v1beta1.Passthrough{Body: &runtime.RawExtension{Raw: []byte(body)}}
}

func TestPassthroughIsRefusedWhereAFieldIsMeant(t *testing.T) {
	for name, tt := range map[string]struct {
		body string
		set  func(*Inputs)
		says string // empty: accepted
	}{
		"new property":          {`{"properties":{"unheardOf":true}}`, nil, ""},
		"beside a field":        {`{"properties":{"networkProfile":{"ipFamilies":["IPv4"]}}}`, nil, ""},
		"a tag of one's own":    {`{"tags":{"team":"a"}}`, nil, ""},
		"an empty map":          {`{"properties":{"networkProfile":{}}}`, nil, ""},
		"a field's value":       {`{"properties":{"networkProfile":{"networkPolicy":"calico"}}}`, nil, `spec.passthrough.body.properties.networkProfile.networkPolicy: "calico" is also given by spec.networkPolicy, as "azure": keep one of them`},
		"the same value":        {`{"properties":{"networkProfile":{"networkPolicy":"azure"}}}`, nil, "spec.networkPolicy"},
		"a tag of the provider": {`{"tags":{"Name":"x"}}`, nil, "is also given by the provider, which finds its resources by it"},
		"a tag that is a field": {`{"tags":{"team":"a"}}`, func(in *Inputs) { in.ControlPlane.Spec.AdditionalTags = map[string]string{"team": "b"} }, "spec.additionalTags"},
		"a range of the Cluster": {`{"properties":{"networkProfile":{"serviceCidr":"10.0.0.0/16"}}}`, nil,
			`is also given by spec.clusterNetwork.services of the Cluster, as "192.168.0.0/16"`},
		"a patch": {`{"properties":{"supportPlan":"KubernetesOfficial"}}`, func(in *Inputs) {
			in.ControlPlane.Spec.ASOManagedClusterPatches = []string{`{"spec":{"supportPlan":"AKSLongTermSupport"}}`}
		}, "spec.asoManagedClusterPatches"},
		"an identity": {`{"properties":{"servicePrincipalProfile":{"clientId":"x"}}}`, nil, "use spec.identity"},
	} {
		t.Run(name, func(t *testing.T) {
			in, obs := created(t)
			if tt.set != nil {
				tt.set(&in)
			}
			in.ControlPlane.Spec.Passthrough = rawBody(tt.body)
			d := Decide(in, obs, testTime)
			if tt.says == "" {
				if d.Hold != nil {
					t.Errorf("hold %+v", d.Hold)
				}
				return
			}
			if d.Hold == nil || d.Hold.Reason != ReasonPassthrough || !strings.Contains(d.Hold.Message, tt.says) {
				t.Errorf("hold %+v, want one that says %q", d.Hold, tt.says)
			}
			if d.Next != nil && d.Next.Kind == KindManagedCluster {
				t.Errorf("next %s", d.Next.Line())
			}
		})
	}
}

func TestPassthroughIsOwnedLikeAField(t *testing.T) {
	in, obs := created(t)
	in.ControlPlane.Spec.Passthrough = rawBody(`{"properties":{"unheardOf":{"Mode":"Fast"},"tagged":{"diskId":"/A/b"}},"tags":{"team":"a"}}`)
	sent := converge(t, &in, &obs)
	wantLines(t, sent, "Update managedCluster my-cluster-control-plane")
	if !in.Owned.ManagedCluster.Has(fieldset.ParsePath("properties.unheardOf.Mode")) {
		t.Error("a raw property is not owned")
	}
	fieldset.Put(obs.Cluster.Body, fieldset.ParsePath("properties.tagged.diskId"), "/a/B")
	if d := Decide(in, obs, testTime); !d.Done {
		t.Errorf("another spelling of an id is a difference: %s", plan.Text(d.Actions))
	}
	in.ControlPlane.Spec.Passthrough = rawBody(`{"properties":{"unheardOf":{"Mode":"Fast"}}}`)
	sent = converge(t, &in, &obs)
	wantLines(t, sent, "Update managedCluster my-cluster-control-plane") // the tag: AKS replaces tags as a whole
	if _, there := fieldset.Get(obs.Cluster.Body, fieldset.Path{"tags", "team"}); there {
		t.Error("the tag stays")
	}
}

func TestPassthroughOfAPool(t *testing.T) {
	in, obs := created(t)
	in.Pools[1].Object.Spec.Passthrough = rawBody(`{"properties":{"unheardOf":1}}`)
	in.Pools[0].Object.Spec.Passthrough = rawBody(`{"properties":{"count":1}}`)
	d := Decide(in, obs, testTime)
	if d.Hold == nil || d.Hold.Name != "agentpool0" || d.Hold.Reason != ReasonPassthrough {
		t.Errorf("hold %+v, want that of agentpool0", d.Hold)
	}
	if len(d.NeedPools) != 1 || d.NeedPools[0] != "agentpool1" {
		t.Errorf("%v need a look, want the other pool to go on", d.NeedPools)
	}
	in = quickstart()
	in.Pools[1].Object.Spec.Passthrough = rawBody(`{"name":"x"}`)
	obs = Observation{}
	converge(t, &in, &obs)
	if d := Decide(in, obs, testTime); obs.Cluster.Exists || d.Hold == nil || !strings.Contains(d.Hold.Message, "agentPool agentpool1: spec.passthrough.body.name") {
		t.Errorf("hold %+v, want the creation to wait for the pool", d.Hold)
	}
}

func TestContestPauses(t *testing.T) {
	contests, now := Contests{}, testTime
	action := plan.Action{Verb: plan.Update, ID: "/A", Changes: []plan.Change{{Path: "tags.env", From: "prod", To: "dev", Why: plan.WhyDrift}}}
	in := Inputs{Contests: contests}
	d := plan.Desired{ID: "/a", Body: fieldset.Object{"tags": fieldset.Object{"env": "dev"}}}
	yields := func(at time.Time) bool { return in.yields(d, at).Has(fieldset.ParsePath("tags.env")) }
	if yields(now) {
		t.Error("the first repair waits")
	}
	for i, pause := range contestPauses {
		contests.Sent(action, now)
		if !yields(now.Add(pause-time.Second)) || yields(now.Add(pause)) {
			t.Errorf("after %d requests the pause is not %s", i+1, pause)
		}
	}
	d.Body["tags"] = fieldset.Object{"env": "test"}
	if yields(now) {
		t.Error("another value waits, too")
	}
	d.Body["tags"] = fieldset.Object{"env": "dev"}

	contests.Forget("/A")
	contests.Sent(action, now)
	contests.Seen(plan.Action{Verb: plan.None, ID: "/A"})
	if yields(now) {
		t.Error("a value that stayed is repaired at once when it changes the next time")
	}
	contests.Sent(action, now)
	contests.Seen(plan.Action{Verb: plan.None, ID: "/A"})
	if !yields(now) || yields(now.Add(contestPauses[0])) {
		t.Error("the third time is a pattern, and waits")
	}
	later := now.Add(25 * time.Hour)
	contests.Sent(action, later)
	if got := contests["/a"]["tags.env"].Times; got != 1 {
		t.Errorf("counted as %d, want 1: a day without a change ends it", got)
	}
	contests.Seen(plan.Action{Verb: plan.Wait, ID: "/A"})
	if contests["/a"]["tags.env"].Kept {
		t.Error("a plan that waits does not tell what is in Azure")
	}
}

func TestPolicies(t *testing.T) {
	object := func(policy string) *metav1.ObjectMeta {
		return &metav1.ObjectMeta{Annotations: map[string]string{v1beta1.PolicyAnnotation: policy}}
	}
	for _, tt := range []struct{ cluster, pool, want string }{
		{"", "", v1beta1.PolicyManage},
		{"observe", "", v1beta1.PolicyObserve},
		{"observe", "manage", v1beta1.PolicyManage},
		{"", "detach-on-delete", v1beta1.PolicyDetachOnDelete},
		{"Manage", "", v1beta1.PolicyObserve},
		{"manage", "obsrve", v1beta1.PolicyObserve},
	} {
		if got := PoolPolicy(object(tt.cluster), object(tt.pool)); got != tt.want {
			t.Errorf("cluster %q, pool %q: %s, want %s", tt.cluster, tt.pool, got, tt.want)
		}
	}
}

func TestObservedPoolIsNotCreatedWithTheCluster(t *testing.T) {
	in := quickstart()
	in.Pools[1].Object.Annotations = map[string]string{v1beta1.PolicyAnnotation: v1beta1.PolicyObserve}
	obs := Observation{}
	converge(t, &in, &obs)
	if n := len(inlineProfiles(obs.Cluster.Body)); n != 1 {
		t.Errorf("%d pools, want one", n)
	}
	in = quickstart()
	in.Pools[0].Object.Annotations = map[string]string{v1beta1.PolicyAnnotation: v1beta1.PolicyObserve}
	obs = Observation{}
	converge(t, &in, &obs)
	if d := Decide(in, obs, testTime); d.Hold == nil || d.Hold.Reason != ReasonWaitingForPools {
		t.Errorf("hold %+v, want a System pool to be asked for", d.Hold)
	}
}

// A cluster that is only observed, and does not exist, says what would be sent, and not that pools are missing which are declared.
func TestObservedClusterThatDoesNotExistSaysSo(t *testing.T) {
	in := quickstart()
	in.ControlPlane.Annotations = map[string]string{v1beta1.PolicyAnnotation: v1beta1.PolicyObserve}
	d := Decide(in, Observation{}, testTime)
	i := slices.IndexFunc(d.Actions, func(a plan.Action) bool { return a.Kind == KindManagedCluster })
	if i < 0 || d.Actions[i].Reason != ReasonObserveOnly || !strings.Contains(d.Actions[i].Message, "it would be: Create managedCluster") {
		t.Errorf("actions %+v, want the creation as what would be sent", d.Actions)
	}
}

func TestPowerState(t *testing.T) {
	for name, tt := range map[string]struct {
		want, is, state string
		line            string // of the cluster's action
		hold            string
	}{
		"as it is":              {"", "Running", "Succeeded", "None managedCluster my-cluster-control-plane", ""},
		"stop":                  {"Stopped", "Running", "Succeeded", `Stop managedCluster my-cluster-control-plane: powerState.code "Running" -> "Stopped" (drift)`, ""},
		"stop what failed":      {"Stopped", "Running", "Failed", `Stop managedCluster my-cluster-control-plane: powerState.code "Running" -> "Stopped" (drift)`, ""},
		"start":                 {"Running", "Stopped", "Succeeded", `Start managedCluster my-cluster-control-plane: powerState.code "Stopped" -> "Running" (drift)`, ""},
		"not while it is busy":  {"Running", "Stopped", "Stopping", "Wait managedCluster my-cluster-control-plane: has an operation in progress (provisioningState Stopping)", plan.ReasonOperationInProgress},
		"stopped by somebody":   {"", "Stopped", "Succeeded", "None managedCluster my-cluster-control-plane", ""},
		"stopped, as it should": {"Stopped", "Stopped", "Succeeded", "None managedCluster my-cluster-control-plane", ""},
	} {
		t.Run(name, func(t *testing.T) {
			in, obs := created(t)
			in.ControlPlane.Spec.PowerState = tt.want
			fieldset.Put(obs.Cluster.Body, powerPath, tt.is)
			obs.Cluster.State = tt.state
			d := Decide(in, obs, testTime)
			for _, action := range d.Actions {
				if action.Kind == KindManagedCluster && action.Line() != tt.line {
					t.Errorf("got  %s\nwant %s", action.Line(), tt.line)
				}
			}
			if got := d.Hold; tt.hold == "" && got != nil || tt.hold != "" && (got == nil || got.Reason != tt.hold) {
				t.Errorf("hold %+v, want %q", got, tt.hold)
			}
			if strings.HasPrefix(tt.line, "St") && (d.Next == nil || d.Next.Verb != plan.Call) {
				t.Errorf("next %+v", d.Next)
			}
		})
	}
}

// TestDroppedFields: what earlier providers kept sending for ever is given up by the field's rule, and that is visible.
func TestDroppedFields(t *testing.T) {
	for name, tt := range map[string]struct {
		set, drop func(*Inputs)
		sent      string // the request that the drop causes; empty: none, and the field is said to be given up
		change    string
	}{
		"authorized ranges, with their block": {
			func(in *Inputs) {
				in.ControlPlane.Spec.APIServerAccessProfile = &v1beta1.APIServerAccessProfile{AuthorizedIPRanges: []string{"12.34.56.78/32"}}
			},
			func(in *Inputs) { in.ControlPlane.Spec.APIServerAccessProfile = nil },
			"Update managedCluster my-cluster-control-plane", `apiServerAccessProfile.authorizedIPRanges ["12.34.56.78/32"] -> [] (released)`,
		},
		"taints": {
			func(in *Inputs) {
				in.Pools[1].Object.Spec.Taints = []v1beta1.Taint{{Key: "a", Value: "b", Effect: "NoSchedule"}}
			},
			func(in *Inputs) { in.Pools[1].Object.Spec.Taints = nil },
			"Update agentPool agentpool1", `nodeTaints ["a=b:NoSchedule"] -> [] (released)`,
		},
		"a label": {
			func(in *Inputs) { in.Pools[1].Object.Spec.NodeLabels = map[string]string{"a": "b"} },
			func(in *Inputs) { in.Pools[1].Object.Spec.NodeLabels = nil },
			"Update agentPool agentpool1", `nodeLabels.a "b" -> (none) (released)`,
		},
		"the autoscaler": {
			func(in *Inputs) {
				in.Pools[1].Object.Spec.Scaling = &v1beta1.Scaling{MinSize: new(int32(1)), MaxSize: new(int32(4))}
			},
			func(in *Inputs) { in.Pools[1].Object.Spec.Scaling = nil },
			"Update agentPool agentpool1", `maxCount 4 -> (none) (released)`,
		},
		"the autoscaler's profile": {
			func(in *Inputs) {
				in.ControlPlane.Spec.AutoscalerProfile = &v1beta1.AutoscalerProfile{Expander: "least-waste", ScanInterval: "30s"}
			},
			func(in *Inputs) { in.ControlPlane.Spec.AutoscalerProfile = nil },
			"Update managedCluster my-cluster-control-plane", `autoScalerProfile.expander "least-waste" -> "random" (released)`,
		},
		"ports of the load balancer": {
			func(in *Inputs) {
				in.ControlPlane.Spec.LoadBalancerProfile = &v1beta1.LoadBalancerProfile{AllocatedOutboundPorts: new(int32(64)), IdleTimeoutInMinutes: new(int32(10))}
			},
			func(in *Inputs) { in.ControlPlane.Spec.LoadBalancerProfile = nil },
			"Update managedCluster my-cluster-control-plane", `networkProfile.loadBalancerProfile.allocatedOutboundPorts 64 -> 0 (released)`,
		},
		"addresses of the load balancer": {
			func(in *Inputs) {
				in.ControlPlane.Spec.LoadBalancerProfile = &v1beta1.LoadBalancerProfile{ManagedOutboundIPs: new(int32(3))}
			},
			func(in *Inputs) { in.ControlPlane.Spec.LoadBalancerProfile = nil },
			"Update managedCluster my-cluster-control-plane", `networkProfile.loadBalancerProfile.managedOutboundIPs.count 3 -> 1 (released)`,
		},
		"addresses of one's own": {
			func(in *Inputs) {
				in.ControlPlane.Spec.LoadBalancerProfile = &v1beta1.LoadBalancerProfile{OutboundIPs: []string{"/ip"}}
			},
			func(in *Inputs) { in.ControlPlane.Spec.LoadBalancerProfile = nil },
			"Update managedCluster my-cluster-control-plane", `networkProfile.loadBalancerProfile.outboundIPs.publicIPs [{"id":"/ip"}] -> (none) (released)`,
		},
		"the tier": {
			func(in *Inputs) { in.ControlPlane.Spec.SKU = &v1beta1.SKU{Tier: v1beta1.TierStandard} },
			func(in *Inputs) { in.ControlPlane.Spec.SKU = nil },
			"", `sku.tier "Standard" (released: no longer managed, the value in Azure stays)`,
		},
		"the kubelet's identity": {
			func(in *Inputs) { in.ControlPlane.Spec.KubeletUserAssignedIdentity = "/subscriptions/s/id" },
			func(in *Inputs) { in.ControlPlane.Spec.KubeletUserAssignedIdentity = "" },
			"", `identityProfile.kubeletidentity.resourceId "/subscriptions/s/id" (released: no longer managed, the value in Azure stays)`,
		},
		"a patch": {
			func(in *Inputs) {
				in.ControlPlane.Spec.ASOManagedClusterPatches = []string{`{"spec":{"supportPlan":"KubernetesOfficial"}}`}
			},
			func(in *Inputs) { in.ControlPlane.Spec.ASOManagedClusterPatches = nil },
			"", `supportPlan "KubernetesOfficial" (released: no longer managed, the value in Azure stays)`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			in, obs := created(t)
			tt.set(&in)
			converge(t, &in, &obs)
			tt.drop(&in)
			var seen []string
			for _, action := range Decide(in, obs, testTime).Actions {
				for _, change := range action.Changes {
					seen = append(seen, change.String())
				}
			}
			found := false
			for _, change := range seen {
				found = found || change == tt.change
			}
			if !found {
				t.Errorf("changes %q, want %q among them", seen, tt.change)
			}
			var want []string
			if tt.sent != "" {
				want = append(want, tt.sent)
			}
			wantLines(t, converge(t, &in, &obs), want...)
		})
	}
}
