package aks

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/fieldset"
)

// AKS refuses two kinds of outbound addresses at once, so that the one that was read must not go along with another.
func TestOneKindOfOutboundAddress(t *testing.T) {
	managed := func(count int64) fieldset.Object {
		return fieldset.Object{"managedOutboundIPs": fieldset.Object{"count": count}}
	}
	own := fieldset.Object{"outboundIPs": fieldset.Object{"publicIPs": []any{fieldset.Object{"id": "/ip"}}}}
	for name, c := range map[string]struct {
		first, then *v1beta1.LoadBalancerProfile
		want        fieldset.Object // in the body of the request
		change      string
	}{
		"own ones in place of what AKS made by itself": {nil, &v1beta1.LoadBalancerProfile{OutboundIPs: []string{"/ip"}}, own,
			`networkProfile.loadBalancerProfile.outboundIPs.publicIPs (none) -> [{"id":"/ip"}]`},
		"own ones in place of a number": {&v1beta1.LoadBalancerProfile{ManagedOutboundIPs: new(int32(3))}, &v1beta1.LoadBalancerProfile{OutboundIPs: []string{"/ip"}}, own,
			`networkProfile.loadBalancerProfile.managedOutboundIPs.count 3 -> (none) (released)`},
		"a number in place of own ones": {&v1beta1.LoadBalancerProfile{OutboundIPs: []string{"/ip"}}, &v1beta1.LoadBalancerProfile{ManagedOutboundIPs: new(int32(2))}, managed(2),
			`networkProfile.loadBalancerProfile.managedOutboundIPs.count (none) -> 2`},
		"nothing in place of own ones": {&v1beta1.LoadBalancerProfile{OutboundIPs: []string{"/ip"}}, nil, managed(1),
			`networkProfile.loadBalancerProfile.outboundIPs.publicIPs [{"id":"/ip"}] -> (none) (released)`},
	} {
		t.Run(name, func(t *testing.T) {
			in, obs := created(t)
			if c.first == nil {
				fieldset.Put(obs.Cluster.Body, balancerPath, managed(1))
			}
			in.ControlPlane.Spec.LoadBalancerProfile = c.first
			converge(t, &in, &obs)
			in.ControlPlane.Spec.LoadBalancerProfile = c.then
			sent := converge(t, &in, &obs)
			if len(sent) != 1 {
				t.Fatalf("%d requests, want one and then none", len(sent))
			}
			validate(t, sent[0])
			got, _ := fieldset.Get(sent[0].Body, balancerPath)
			if d := cmp.Diff(any(c.want), got); d != "" {
				t.Error(d)
			}
			told := ""
			for _, change := range sent[0].Changes {
				told += change.String() + "\n"
				if change.String() == c.change {
					return
				}
			}
			t.Errorf("told %swant %s", told, c.change)
		})
	}
}
