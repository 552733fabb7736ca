package aks

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/fieldset"
	"github.com/capaks/capaks/internal/plan"
)

// release is a version of three numbers, or of two with -1 as the third. The rules below are written down once more, with types of
// their own, so that they do not repeat a mistake.
type release [3]int

func releaseOf(text string) release {
	r := release{0, 0, -1}
	_, _ = fmt.Sscanf(strings.TrimPrefix(text, "v"), "%d.%d.%d", &r[0], &r[1], &r[2])
	return r
}

func (r release) String() string { return fmt.Sprintf("%d.%d.%d", r[0], r[1], r[2]) }

// above tells whether r is newer; a version without a patch stands for all of them.
func (r release) above(o release) bool {
	if r[1] == o[1] && (r[2] < 0 || o[2] < 0) {
		return false
	}
	return slices.Compare(r[:], o[:]) > 0
}

// service is what AKS allows, and what it runs.
type service struct {
	random  *rand.Rand
	offered []release
	preview int // this minor version and those above are previews
	jumps   bool
	in      Inputs
	obs     Observation
	steps   int
}

// newService makes up a cluster, wishes and offers.
func newService(t *testing.T, seed uint64) *service {
	t.Helper()
	s := &service{random: rand.New(rand.NewPCG(seed, 1)), in: quickstart()}
	s.in.Pools = nil
	for i := range 1 + s.random.IntN(5) {
		mode := v1beta1.NodePoolModeUser
		if i == 0 {
			mode = v1beta1.NodePoolModeSystem
		}
		s.in.Pools = append(s.in.Pools, testPool(fmt.Sprintf("pool%d", i), mode, "Standard_D2s_v3", 128, 1))
	}
	converge(t, &s.in, &s.obs)
	for minor := 28; minor <= 35; minor++ {
		for _, patch := range []int{1, 5} {
			if s.random.IntN(8) > 0 {
				s.offered = append(s.offered, release{1, minor, patch})
			}
		}
	}
	s.preview, s.jumps = 35-s.random.IntN(2), s.random.IntN(3) == 0
	control := release{1, 29 + s.random.IntN(5), 1 + 4*s.random.IntN(2)}
	s.run("", control)
	for _, pool := range s.in.Pools {
		lag := release{1, control[1] - s.random.IntN(4), 1}
		if lag[1] == control[1] {
			lag[2] = control[2]
		}
		s.run(PoolName(pool.Object), lag)
	}
	s.wish(control)
	return s
}

// wish declares versions: most can be reached, some not.
func (s *service) wish(control release) {
	target := release{1, control[1] + s.random.IntN(4), 1 + 4*s.random.IntN(2)}
	if s.random.IntN(10) == 0 {
		target[2] = 9
	}
	s.in.ControlPlane.Spec.Version = "v" + target.String()
	if s.random.IntN(5) == 0 {
		s.in.ControlPlane.Spec.Version = fmt.Sprintf("v1.%d", target[1])
	}
	for i := range s.in.Pools {
		switch s.random.IntN(4) {
		case 0:
			s.in.Pools[i].Version = ""
		case 1:
			s.in.Pools[i].Version = "v" + control.String()
		default:
			s.in.Pools[i].Version = "v" + target.String()
		}
	}
	policy := &v1beta1.UpgradePolicy{}
	if s.random.IntN(2) == 0 {
		policy.PoolStrategy = v1beta1.PoolsInterleaved
	}
	for _, i := range s.random.Perm(len(s.in.Pools))[:s.random.IntN(len(s.in.Pools)+1)] {
		policy.PoolOrder = append(policy.PoolOrder, PoolName(s.in.Pools[i].Object))
	}
	s.in.ControlPlane.Spec.Upgrade = policy
}

// run makes the control plane ("") or a pool run a version.
func (s *service) run(name string, version release) {
	if name == "" {
		for _, property := range []string{"kubernetesVersion", "currentKubernetesVersion"} {
			fieldset.Put(s.obs.Cluster.Body, fieldset.Path{"properties", property}, version.String())
		}
		return
	}
	for _, profile := range inlineProfiles(s.obs.Cluster.Body) {
		if profile["name"] == name {
			profile["orchestratorVersion"], profile["currentOrchestratorVersion"] = version.String(), version.String()
		}
	}
	s.obs.PoolDetails = nil
}

func (s *service) running(name string) (current, asked release) {
	if name == "" {
		return releaseOf(stringAt(s.obs.Cluster.Body, "properties", "currentKubernetesVersion")), releaseOf(stringAt(s.obs.Cluster.Body, "properties", "kubernetesVersion"))
	}
	for _, profile := range inlineProfiles(s.obs.Cluster.Body) {
		if profile["name"] == name {
			return releaseOf(stringAt(profile, "currentOrchestratorVersion")), releaseOf(stringAt(profile, "orchestratorVersion"))
		}
	}
	return release{}, release{}
}

// offers are the upgrades AKS lists: the same and the next minor version, and for pools nothing above the control plane.
func (s *service) offers(name string) (list []Offer) {
	current, _ := s.running(name)
	control, _ := s.running("")
	for _, r := range append(slices.Clone(s.offered), control) {
		far := r[1] > current[1]+1 && (name == "" || !s.jumps)
		if !r.above(current) || far || name != "" && r.above(control) || slices.ContainsFunc(list, func(o Offer) bool { return o.Version == r.String() }) {
			continue
		}
		list = append(list, Offer{r.String(), r[1] >= s.preview})
	}
	return list
}

// refuses is why AKS would answer a request with 400, or nothing.
func (s *service) refuses(action plan.Action) string {
	if action.Kind == KindAgentPool {
		return s.refusesVersion(action.Name, releaseOf(stringAt(action.Body, "properties", "orchestratorVersion")))
	}
	version := releaseOf(stringAt(action.Body, "properties", "kubernetesVersion"))
	if why := s.refusesVersion("", version); why != "" {
		return why
	}
	for _, profile := range inlineProfiles(action.Body) {
		name := stringAt(profile, "name")
		current, asked := s.running(name)
		if sent := releaseOf(stringAt(profile, "orchestratorVersion")); sent != asked {
			return fmt.Sprintf("pool %s goes from %s to %s in a request about the cluster", name, asked, sent)
		}
		if control, _ := s.running(""); version.above(control) && version[1] > current[1]+3 {
			return fmt.Sprintf("pool %s would run %s under %s", name, current, version)
		}
	}
	return ""
}

func (s *service) refusesVersion(name string, version release) string {
	current, asked := s.running(name)
	if version == asked || version == current {
		return ""
	}
	if !slices.ContainsFunc(s.offers(name), func(o Offer) bool { return o.Version == version.String() }) {
		return fmt.Sprintf("%q goes from %s (asked for %s) to %s, on offer %v", name, current, asked, version, s.offers(name))
	}
	return ""
}

// take carries a request out; some upgrades fail, and leave what was asked for behind.
func (s *service) take(t *testing.T, action plan.Action) {
	t.Helper()
	name := ""
	if action.Kind == KindAgentPool {
		name = action.Name
	}
	before, _ := s.running(name)
	accept(&s.obs, action)
	remember(&s.in, action)
	_, asked := s.running(name)
	if name == "" {
		for _, profile := range inlineProfiles(action.Body) { // accept lets the pools reach what they are told
			current, _ := s.running(stringAt(profile, "name"))
			if sent := releaseOf(stringAt(profile, "orchestratorVersion")); sent != current {
				t.Fatalf("pool %v at %s", profile["name"], current)
			}
		}
	}
	if !asked.above(before) {
		return
	}
	s.steps++
	state := "Succeeded"
	if s.random.IntN(6) == 0 {
		state = "Failed"
		s.in.Failures = map[string]Failure{strings.ToLower(action.ID): {RetryAt: testTime}}
	}
	if name == "" {
		if state == "Failed" {
			fieldset.Put(s.obs.Cluster.Body, fieldset.Path{"properties", "currentKubernetesVersion"}, before.String())
		}
		s.obs.Cluster.State = state
		fieldset.Put(s.obs.Cluster.Body, fieldset.Path{"properties", "provisioningState"}, state)
		return
	}
	for _, profile := range inlineProfiles(s.obs.Cluster.Body) {
		if profile["name"] == name {
			profile["provisioningState"] = state
			if state == "Failed" {
				profile["currentOrchestratorVersion"] = before.String()
			}
		}
	}
}

// decide answers what the decision asks to be read.
func (s *service) decide() Decision {
	for {
		d := Decide(s.in, s.obs, testTime)
		s.in.ControlPlane.Status.Upgrade = d.Upgrade
		switch {
		case d.NeedUpgrades:
			u := &Upgrades{Time: testTime, Mark: upgradesMark(s.obs.Cluster.Body), ControlPlane: s.offers(""), Pools: map[string][]Offer{}}
			for _, pool := range s.in.Pools {
				u.Pools[PoolName(pool.Object)] = s.offers(PoolName(pool.Object))
			}
			for _, r := range s.offered {
				u.Location = append(u.Location, OfferedVersion{Minor: fmt.Sprintf("1.%d", r[1]), Patches: []string{r.String()}, Preview: r[1] >= s.preview})
			}
			s.obs.Upgrades = u
		case len(d.NeedPools) > 0:
			s.obs.PoolDetails = map[string]plan.Observed{}
			for _, name := range d.NeedPools {
				s.obs.PoolDetails[name] = observedPool(s.obs, name)
			}
		default:
			return d
		}
	}
}

// unexplained is a version that is not reached although nothing is said about it, or nothing.
func (s *service) unexplained(d Decision) string {
	said := map[string]string{}
	for _, action := range d.Actions {
		if action.Verb != plan.None {
			said[action.Name] = action.Message
		}
	}
	check := func(name, resource, want string) string {
		if current, _ := s.running(name); want != "" && releaseOf(want).above(current) && said[resource] == "" {
			return fmt.Sprintf("%q runs %s and is to run %s", name, current, want)
		}
		return ""
	}
	if wrong := check("", s.in.ControlPlane.Name, s.in.ControlPlane.Spec.Version); wrong != "" {
		return wrong
	}
	for _, pool := range s.in.Pools {
		if wrong := check(PoolName(pool.Object), PoolName(pool.Object), pool.Version); wrong != "" {
			return wrong
		}
	}
	return ""
}

// upgradeProperty: whatever the versions, no request is sent that AKS would refuse, no version is asked for that nobody wants, and
// in the end everything runs what is declared, or it is said why not.
func upgradeProperty(t *testing.T, seed uint64) *service {
	t.Helper()
	s := newService(t, seed)
	held := s.random.IntN(3) == 0
	s.in.ControlPlane.Spec.Upgrade.Hold = &held
	for range 200 {
		d := s.decide()
		if d.Next == nil && held {
			held = false
			continue
		}
		if d.Next == nil {
			if why := s.unexplained(d); why != "" {
				t.Fatalf("seed %d: %s, and nothing says why: %+v", seed, why, d.Hold)
			}
			return s
		}
		if why := s.refuses(*d.Next); why != "" {
			t.Fatalf("seed %d: %s would be refused: %s", seed, d.Next.Line(), why)
		}
		if held && RaisesVersion(*d.Next) {
			t.Fatalf("seed %d: held, and yet %s", seed, d.Next.Line())
		}
		s.take(t, *d.Next)
		if s.random.IntN(4) == 0 {
			s.obs.Upgrades, s.obs.PoolDetails = nil, nil // the manager is restarted
		}
	}
	t.Fatalf("seed %d: no end", seed)
	return nil
}

func TestUpgradeProperty(t *testing.T) {
	steps, arrived := 0, 0
	for seed := range uint64(100) {
		s := upgradeProperty(t, seed)
		steps += s.steps
		if current, _ := s.running(""); !releaseOf(s.in.ControlPlane.Spec.Version).above(current) {
			arrived++
		}
	}
	if steps < 200 || arrived < 50 {
		t.Errorf("%d steps, %d of 100 control planes arrived: the examples are too poor to prove anything", steps, arrived)
	}
}

func FuzzUpgrade(f *testing.F) {
	for seed := range uint64(5) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) { upgradeProperty(t, seed) })
}
