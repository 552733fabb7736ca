package aks

import (
	"strings"
	"testing"
	"time"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/fieldset"
	"github.com/capaks/capaks/internal/plan"
)

// roomy is a place that has all that the quickstart asks for.
func roomy() Place {
	p := Place{Registration: "Registered", Unread: map[PlacePart]string{}}
	p.Take(PartVersions, []map[string]any{{"values": []any{
		fieldset.Object{"version": "1.33", "capabilities": fieldset.Object{"supportPlan": []any{"AKSLongTermSupport"}}, "patchVersions": fieldset.Object{"1.33.9": fieldset.Object{}}},
		fieldset.Object{"version": "1.34", "capabilities": fieldset.Object{"supportPlan": []any{"KubernetesOfficial", "AKSLongTermSupport"}}, "patchVersions": fieldset.Object{"1.34.10": fieldset.Object{}, "1.34.1": fieldset.Object{}}},
		fieldset.Object{"version": "1.36", "isPreview": true, "patchVersions": fieldset.Object{"1.36.0": fieldset.Object{}}},
	}}})
	size := func(name, family, vcpus string, zones ...any) map[string]any {
		return map[string]any{"resourceType": "virtualMachines", "name": name, "family": family,
			"locationInfo": []any{fieldset.Object{"location": "westus2", "zones": zones}}, "restrictions": []any{},
			"capabilities": []any{fieldset.Object{"name": "vCPUs", "value": vcpus}, fieldset.Object{"name": "EphemeralOSDiskSupported", "value": "False"},
				fieldset.Object{"name": "EncryptionAtHostSupported", "value": "True"}, fieldset.Object{"name": "LowPriorityCapable", "value": "True"}}}
	}
	p.Take(PartSizes, []map[string]any{size("Standard_D2s_v3", "standardDSv3Family", "2", "1", "2", "3"), size("Standard_F4s", "standardFSFamily", "4"), {"resourceType": "disks", "name": "Premium_LRS"}})
	usage := func(name string, current, limit int64) map[string]any {
		return map[string]any{"name": fieldset.Object{"value": name, "localizedValue": "Title of " + name}, "currentValue": current, "limit": limit}
	}
	p.Take(PartUsages, []map[string]any{usage("cores", 10, 100), usage("standardDSv3Family", 10, 50), usage("standardFSFamily", 0, 50), usage("lowPriorityCores", 0, 3)})
	return p
}

// flight are inputs and an observation for the checks: two pools of two nodes with two vCPUs each.
func flight() (Inputs, Observation) {
	in := quickstart()
	in.ControlPlane.Spec.Version = "v1.34.1"
	in.Pools = []Pool{testPool("system", v1beta1.NodePoolModeSystem, "Standard_D2s_v3", 128, 2), testPool("user", v1beta1.NodePoolModeUser, "Standard_D2s_v3", 128, 2)}
	return in, Observation{Preflight: &Preflight{Time: testTime, Mark: PreflightMark(in), Place: roomy(), Rights: map[string][]Permission{}, Roles: map[string][]string{}, Unread: map[string]string{}}}
}

// brought puts a network of somebody else's into the observation.
func brought(in Inputs, obs *Observation, cidr string, used int) string {
	n := NamesOf(in)
	var taken []any
	for range used {
		taken = append(taken, fieldset.Object{"id": "/somebody"})
	}
	obs.VirtualNetwork = ObservedResource(fieldset.Object{"id": n.NetworkID, "properties": fieldset.Object{"subnets": []any{
		fieldset.Object{"name": n.Subnet, "properties": fieldset.Object{"addressPrefix": cidr, "ipConfigurations": taken}},
		fieldset.Object{"name": "pods", "properties": fieldset.Object{"addressPrefixes": []any{"10.9.0.0/26"}}},
	}}})
	key := strings.ToLower(n.SubnetID)
	obs.Preflight.Rights[key] = []Permission{{Actions: []string{"*/read"}}, {Actions: []string{"Microsoft.Network/virtualNetworks/subnets/*"}}}
	return key
}

func setQuota(obs *Observation, name string, current, limit int64) {
	obs.Preflight.Place.Usages[strings.ToLower(name)] = Usage{Name: name, Title: "Title of " + name, Current: current, Limit: limit}
}

func changeSize(obs *Observation, change func(*Size)) {
	s := obs.Preflight.Place.Sizes["standard_d2s_v3"]
	change(&s)
	obs.Preflight.Place.Sizes["standard_d2s_v3"] = s
}

type flightCase struct {
	name    string
	change  func(*Inputs, *Observation)
	verdict CheckVerdict
	reason  string
	says    []string
}

func TestPreflightChecks(t *testing.T) {
	for _, c := range append(append(placeCases(), quotaCases()...), networkCases()...) {
		t.Run(c.name, func(t *testing.T) {
			in, obs := flight()
			if c.change != nil {
				c.change(&in, &obs)
			}
			obs.Preflight.Mark = PreflightMark(in)
			d := Decide(in, obs, testTime)
			if !d.Checked || d.NeedPreflight {
				t.Fatalf("checked %v, need %v", d.Checked, d.NeedPreflight)
			}
			if c.verdict == CheckPassed {
				if len(d.Checks) > 0 || d.Next == nil {
					t.Fatalf("next %v, checks %+v, want none", d.Next, d.Checks)
				}
				return
			}
			if len(d.Checks) != 1 {
				t.Fatalf("checks = %+v, want one", d.Checks)
			}
			check := d.Checks[0]
			if check.Verdict != c.verdict || check.Reason != c.reason {
				t.Errorf("%s %s (%s), want %s %s", check.Verdict, check.Reason, check.Message, c.verdict, c.reason)
			}
			for _, part := range c.says {
				if !strings.Contains(check.Message, part) {
					t.Errorf("message %q does not say %q", check.Message, part)
				}
			}
			failed := c.verdict == CheckFailed
			if held := d.Next == nil && d.Hold != nil && d.Hold.Verb == plan.Blocked && d.Hold.Reason == c.reason; held != failed {
				t.Errorf("held = %v (next %v, hold %+v), want %v", held, d.Next, d.Hold, failed)
			}
			if failed && d.CheckAgain != testTime.Add(preflightRetry) {
				t.Errorf("made again at %s", d.CheckAgain)
			}
		})
	}
}

func placeCases() []flightCase {
	return []flightCase{
		{name: "all is there", verdict: CheckPassed},
		{"a version nobody offers", func(in *Inputs, _ *Observation) { in.ControlPlane.Spec.Version = "v1.99.0" }, CheckFailed, "K8sVersionNotSupported", []string{"1.99.0", "1.34.1, 1.34.10, 1.36.0", "az aks get-versions"}},
		{"a minor alias", func(in *Inputs, _ *Observation) { in.ControlPlane.Spec.Version = "1.34" }, CheckPassed, "", nil},
		{"a preview", func(in *Inputs, _ *Observation) { in.ControlPlane.Spec.Version = "v1.36.0" }, CheckWarned, "PreviewVersion", []string{"1.36.0"}},
		{"long-term support only", func(in *Inputs, _ *Observation) { in.ControlPlane.Spec.Version = "v1.33.9" }, CheckFailed, "K8sVersionNotSupported", []string{"spec.supportPlan", "Premium"}},
		{"long-term support asked for", func(in *Inputs, _ *Observation) {
			in.ControlPlane.Spec.Version, in.ControlPlane.Spec.SupportPlan = "v1.33.9", "AKSLongTermSupport"
		}, CheckPassed, "", nil},
		{"not registered", func(_ *Inputs, o *Observation) { o.Preflight.Place.Registration = "NotRegistered" }, CheckWarned, "MissingSubscriptionRegistration", []string{"az provider register"}},
		{"unread", func(_ *Inputs, o *Observation) {
			o.Preflight.Place.Drop(PartSizes)
			o.Preflight.Place.Unread[PartSizes] = "AuthorizationFailed"
		}, CheckWarned, "NotChecked", []string{"VM sizes", "could not be checked", "AuthorizationFailed"}},
		{"a size nobody offers", func(in *Inputs, _ *Observation) { in.Pools[1].Object.Spec.SKU = "Standard_X" }, CheckFailed, "SkuNotAvailable", []string{"spec.sku Standard_X", "pool user", "az vm list-skus"}},
		{"a size in other letters", func(in *Inputs, _ *Observation) { in.Pools[1].Object.Spec.SKU = "standard_d2S_V3" }, CheckPassed, "", nil},
		{"a size for others", func(in *Inputs, o *Observation) {
			in.Pools = in.Pools[:1]
			changeSize(o, func(s *Size) { s.Restricted = true })
		}, CheckFailed, "SkuNotAvailable", []string{"NotAvailableForSubscription"}},
		{"a zone without the size", func(in *Inputs, o *Observation) {
			in.Pools[1].Object.Spec.AvailabilityZones = []string{"1", "3"}
			changeSize(o, func(s *Size) { s.RestrictedZones = []string{"3"} })
		}, CheckFailed, "AvailabilityZoneNotSupported", []string{"spec.availabilityZones 3", "zones [1, 2]"}},
		{"zones with the size", func(in *Inputs, _ *Observation) { in.Pools[1].Object.Spec.AvailabilityZones = []string{"3", "1"} }, CheckPassed, "", nil},
		{"no room for the system disk", func(in *Inputs, _ *Observation) { in.Pools[1].Object.Spec.OSDiskType = "Ephemeral" }, CheckFailed, "EphemeralOSDiskNotSupported", []string{"spec.osDiskType"}},
		{"encryption at the host", func(in *Inputs, _ *Observation) { in.Pools[1].Object.Spec.EnableEncryptionAtHost = new(true) }, CheckPassed, "", nil},
		{"no encryption at the host", func(in *Inputs, o *Observation) {
			in.Pools[1].Object.Spec.EnableEncryptionAtHost = new(true)
			changeSize(o, func(s *Size) { s.Lacks["EncryptionAtHostSupported"] = true })
		}, CheckFailed, "EncryptionAtHostNotSupported", []string{"spec.enableEncryptionAtHost"}},
	}
}

func quotaCases() []flightCase {
	return []flightCase{
		{"exactly enough, upgrades included", func(_ *Inputs, o *Observation) { setQuota(o, "cores", 0, 12) }, CheckPassed, "", nil},
		{"not enough for upgrades", func(_ *Inputs, o *Observation) { setQuota(o, "cores", 0, 11) }, CheckWarned, "QuotaExceeded", []string{"maxSurge", "up to 12", "11 of its limit of 11"}},
		{"not enough in the region", func(_ *Inputs, o *Observation) { setQuota(o, "cores", 3, 10) }, CheckFailed, "QuotaExceeded", []string{"cores", "8 more vCPUs (system 2 x 2, user 2 x 2)", "7 of its limit of 10", "aka.ms/AzurePerVMQuotaLimits"}},
		{"not enough of the family", func(_ *Inputs, o *Observation) { setQuota(o, "standardDSv3Family", 0, 7) }, CheckFailed, "QuotaExceeded", []string{"standardDSv3Family", "smaller size or count"}},
		{"a large maxSurge", func(in *Inputs, o *Observation) {
			setQuota(o, "standardDSv3Family", 0, 13)
			in.Pools[0].Object.Spec.UpgradeSettings = &v1beta1.NodePoolUpgradeSettings{MaxSurge: "100%"}
		}, CheckWarned, "QuotaExceeded", []string{"up to 14"}},
		{"the autoscaler's room", func(in *Inputs, _ *Observation) {
			in.Pools[1].Object.Spec.Scaling = &v1beta1.Scaling{MinSize: new(int32(1)), MaxSize: new(int32(30))}
		}, CheckWarned, "QuotaExceeded", []string{"spec.scaling.maxSize", "64 more"}},
		{"Spot counts by itself", func(in *Inputs, o *Observation) {
			in.Pools[1].Object.Spec.ScaleSetPriority = "Spot"
			setQuota(o, "cores", 0, 6)
		}, CheckFailed, "QuotaExceeded", []string{"lowPriorityCores", "user 2 x 2"}},
	}
}

func networkCases() []flightCase {
	overlay := func(in *Inputs) {
		in.ControlPlane.Spec.NetworkPlugin, in.ControlPlane.Spec.NetworkPluginMode = "azure", "overlay"
	}
	nodes := func(in *Inputs) {
		in.ControlPlane.Spec.NetworkPlugin, in.ControlPlane.Spec.NetworkPluginMode = "azure", ""
	}
	return []flightCase{
		{"a network of its own", func(in *Inputs, _ *Observation) { nodes(in) }, CheckPassed, "", nil},
		{"overlay in the smallest subnet", func(in *Inputs, o *Observation) { overlay(in); brought(*in, o, "10.1.0.0/28", 5) }, CheckPassed, "", nil},
		{"overlay without room for upgrades", func(in *Inputs, o *Observation) { overlay(in); brought(*in, o, "10.1.0.0/28", 6) }, CheckWarned, "InsufficientSubnetSize", []string{"5 of 11 addresses free", "up to 6"}},
		{"overlay without room", func(in *Inputs, o *Observation) { overlay(in); brought(*in, o, "10.1.0.0/28", 8) }, CheckFailed, "InsufficientSubnetSize", []string{"3 of 11 addresses free", "take 4", "larger subnet"}},
		{"pods in the nodes' subnet", func(in *Inputs, o *Observation) { nodes(in); brought(*in, o, "10.1.0.0/25", 0) }, CheckFailed, "InsufficientSubnetSize", []string{"123 of 123", "take 124"}},
		{"fewer pods in the nodes' subnet", func(in *Inputs, o *Observation) {
			nodes(in)
			in.Pools[1].Object.Spec.MaxPods = new(int32(10))
			brought(*in, o, "10.1.0.0/24", 0)
		}, CheckPassed, "", nil},
		{"an autoscaler beyond the subnet", func(in *Inputs, o *Observation) {
			overlay(in)
			in.Pools[1].Object.Spec.Scaling = &v1beta1.Scaling{MinSize: new(int32(1)), MaxSize: new(int32(12))}
			brought(*in, o, "10.1.0.0/28", 0)
		}, CheckFailed, "InsufficientSubnetSize", []string{"up to 14"}},
		{"pods in a subnet of their own", func(in *Inputs, o *Observation) {
			nodes(in)
			brought(*in, o, "10.1.0.0/24", 0)
			in.Pools = in.Pools[:1]
			in.Pools[0].Object.Spec.PodSubnetID = SubnetID(NamesOf(*in).NetworkID, "pods")
		}, CheckWarned, "InsufficientSubnetSize", []string{"pod subnet", "59 free addresses", "pods for 220"}},
		{"a pool in a subnet that is not there", func(in *Inputs, o *Observation) {
			overlay(in)
			key := brought(*in, o, "10.1.0.0/24", 0)
			in.Pools[1].Object.Spec.SubnetName = "nowhere"
			o.Preflight.Rights[strings.TrimSuffix(key, lastSegment(key))+"nowhere"] = o.Preflight.Rights[key]
		}, CheckFailed, "SubnetNotFound", []string{"nowhere", "pods"}},
		{"no right to join", func(in *Inputs, o *Observation) {
			overlay(in)
			key := brought(*in, o, "10.1.0.0/24", 0)
			o.Preflight.Rights[key] = []Permission{{Actions: []string{"*"}, NotActions: []string{"microsoft.network/*/join/action"}}}
		}, CheckFailed, "LinkedAuthorizationFailed", []string{"subnets/join/action", "Network Contributor"}},
		{"rights that cannot be read", func(in *Inputs, o *Observation) {
			overlay(in)
			key := brought(*in, o, "10.1.0.0/24", 0)
			delete(o.Preflight.Rights, key)
			o.Preflight.Unread[key] = "AuthorizationFailed"
		}, CheckWarned, "NotChecked", []string{"rights on subnet"}},
		{"an identity without a role", func(in *Inputs, o *Observation) {
			overlay(in)
			in.ControlPlane.Spec.Identity = &v1beta1.ManagedIdentity{Type: v1beta1.ManagedIdentityUserAssigned, UserAssignedIdentityResourceID: "/subscriptions/x/id"}
			key := brought(*in, o, "10.1.0.0/24", 0)
			o.Preflight.Roles[key] = []string{"/x/acdd72a7-3385-48ef-bd42-f606fba81ae7"}
		}, CheckWarned, "LinkedAuthorizationFailed", []string{"/subscriptions/x/id", "Network Contributor"}},
		{"an identity with a role", func(in *Inputs, o *Observation) {
			overlay(in)
			key := brought(*in, o, "10.1.0.0/24", 0)
			o.Preflight.Roles[key] = []string{"/x/4D97b98b-1d4f-4787-a291-c67834d212e7"}
		}, CheckPassed, "", nil},
	}
}

func TestPreflightIsAskedForAndLasts(t *testing.T) {
	in, obs := flight()
	read := obs.Preflight
	obs.Preflight = nil
	if d := Decide(in, obs, testTime); !d.NeedPreflight {
		t.Error("a cluster that does not exist: nothing is asked for")
	}
	for mode, need := range map[string]bool{v1beta1.PreflightSkip: false, v1beta1.PreflightWarn: true, "Skip": false, v1beta1.PreflightEnforce: true} {
		in.ControlPlane.Annotations = map[string]string{v1beta1.PreflightAnnotation: mode}
		if d := Decide(in, obs, testTime); d.NeedPreflight != need {
			t.Errorf("%s: need %v, want %v", mode, d.NeedPreflight, need)
		}
	}
	in.ControlPlane.Annotations = nil
	obs.Preflight = read
	quota := int64(100)
	at := func(after time.Duration) bool {
		setQuota(&obs, "cores", 0, quota)
		return Decide(in, obs, testTime.Add(after)).NeedPreflight
	}
	if at(preflightLasts-time.Second) || !at(preflightLasts) {
		t.Error("passed checks do not last as long as they should")
	}
	quota = 1
	if at(preflightRetry-time.Second) || !at(preflightRetry) {
		t.Error("failed checks are not made again when they should")
	}
	in.Pools[0].Replicas = new(int32(1))
	if at(preflightPatience-time.Second) || !at(preflightPatience) {
		t.Error("a changed spec is not looked at again when it should")
	}
	if again := Decide(in, obs, testTime).CheckAgain; again != testTime.Add(preflightPatience) {
		t.Errorf("nobody comes back for a changed spec before %s", again)
	}
}

func TestPreflightWarnGoesOn(t *testing.T) {
	in, obs := flight()
	in.ControlPlane.Annotations = map[string]string{v1beta1.PreflightAnnotation: v1beta1.PreflightWarn}
	obs.Preflight.Mark = PreflightMark(in)
	setQuota(&obs, "cores", 0, 1)
	if d := Decide(in, obs, testTime); d.Next == nil || len(d.Checks) != 1 {
		t.Errorf("next %v, checks %+v: want the request and the finding", d.Next, d.Checks)
	}
}

func TestPreflightOfPools(t *testing.T) {
	in, obs := created(t)
	_, ready := flight()
	grow := func(n int32) Decision {
		*in.Pools[1].Replicas = n
		obs.Preflight = ready.Preflight
		obs.Preflight.Mark = PreflightMark(in)
		return Decide(in, obs, testTime)
	}
	size := ready.Preflight.Place.Sizes["standard_d2s_v3"]
	ready.Preflight.Place.Sizes["standard_d2s_v4"] = size
	if d := Decide(in, obs, testTime); d.NeedPreflight {
		t.Error("nothing is to be created and yet something is asked for")
	}
	now := *in.Pools[1].Replicas
	setQuota(&ready, "cores", 95, 100)
	obs.PoolDetails = map[string]plan.Observed{}
	for _, pool := range in.Pools {
		obs.PoolDetails[PoolName(pool.Object)] = observedPool(obs, PoolName(pool.Object))
	}
	if d := grow(now + 1); d.Next == nil || d.Hold != nil {
		t.Errorf("two more vCPUs of five: next %v, hold %+v, checks %+v", d.Next, d.Hold, d.Checks)
	}
	d := grow(now + 3)
	if d.Next != nil || d.Hold == nil || d.Hold.Reason != "QuotaExceeded" || !strings.Contains(d.Hold.Message, "6 more vCPUs") {
		t.Errorf("six more vCPUs of five: next %v, hold %+v", d.Next, d.Hold)
	}
	if d := grow(now - 1); d.NeedPreflight || d.Checked {
		t.Error("fewer nodes need no checks")
	}
}

func TestPermissionAllows(t *testing.T) {
	for pattern, want := range map[string]bool{"*": true, "Microsoft.Network/*": true, "microsoft.network/virtualnetworks/subnets/join/action": true, "*/action": true, "*/read": false, "Microsoft.Compute/*": false, "": false} {
		if got := (Permission{Actions: []string{pattern}}).Allows(joinAction); got != want {
			t.Errorf("%q allows: %v, want %v", pattern, got, want)
		}
	}
}
