package aks

import (
	"strings"
	"testing"
)

// location is what there is on offer in the tests: two patches of each minor version, one of them in preview.
func location() []OfferedVersion {
	return []OfferedVersion{
		{Minor: "1.30", Patches: []string{"1.30.9", "1.30.14"}}, {Minor: "1.31", Patches: []string{"1.31.8", "1.31.13"}},
		{Minor: "1.32", Patches: []string{"1.32.6", "1.32.11"}}, {Minor: "1.33", Patches: []string{"1.33.4", "1.33.8"}},
		{Minor: "1.34", Patches: []string{"1.34.1", "1.34.5"}}, {Minor: "1.35", Patches: []string{"1.35.0"}, Preview: true},
	}
}

// offersFor is what the location offers a cluster.
func offersFor(obs Observation) *Upgrades {
	u := UpgradesOf(nil, obs.Cluster.Body, location(), testTime)
	u.ControlPlane = stepsFrom(u.Location, FactsOf(obs.Cluster).Version)
	for _, pool := range FactsOf(obs.Cluster).Pools {
		u.Pools[pool.Name] = stepsFrom(u.Location, pool.Version)
	}
	return u
}

// rungs is a ladder over that location, written in words: "1.31.8 v1.34.1" is a control plane, "a 1.31.8 v1.34.1" a pool, "-" a pool
// without a version, and "1.31.8>1.32.11" one whose upgrade has not ended.
func rungs(control string, pools ...string) ladder {
	l := ladder{location: location(), complete: true}
	read := func(words []string) runs {
		r := runs{current: words[0], want: strings.TrimPrefix(words[1], "v")}
		if r.want == "-" {
			r.want = ""
		}
		r.current, r.asked, _ = strings.Cut(r.current, ">")
		if r.asked == "" {
			r.asked = r.current
		}
		return r
	}
	l.control = read(strings.Fields(control))
	for _, pool := range pools {
		words := strings.Fields(pool)
		r := read(words[1:])
		r.name = words[0]
		l.pools = append(l.pools, r)
	}
	l.offers = func(r runs) []Offer { return stepsFrom(l.location, r.current) }
	l.onOffer = (&Upgrades{Location: l.location}).reachable(l.control.current)
	return l
}

// walk is the whole way of a ladder, and what is left at its end.
func walk(l ladder) (steps []string, left string) {
	u := &upgrade{ladder: l}
	for _, step := range u.follow() {
		steps = append(steps, strings.TrimPrefix(step.Resource, "pool ")+" "+step.Version)
	}
	for range steps {
		m, _ := l.next()
		if m == nil {
			break
		}
		l.take(*m)
	}
	_, holds := l.next()
	if h, ok := holds[""]; ok {
		return steps, h.message
	}
	for _, pool := range l.pools {
		if h, ok := holds[pool.name]; ok {
			left += pool.name + ": " + h.message
		}
	}
	return steps, left
}

func TestUpgradeSteps(t *testing.T) {
	interleaved := func(l ladder) ladder { l.interleaved = true; return l }
	held := func(l ladder) ladder { l.held = true; return l }
	blind := func(l ladder) ladder { l.offers, l.location, l.complete, l.onOffer = nil, nil, false, nil; return l }
	for name, c := range map[string]struct {
		ladder ladder
		steps  string
		left   string
	}{
		"nothing to do":                             {rungs("1.34.1 v1.34.1", "a 1.34.1 v1.34.1"), "", ""},
		"a patch":                                   {rungs("1.33.4 v1.33.8"), "control plane v1.33.8", ""},
		"a floor":                                   {rungs("1.33.8 v1.33.4", "a 1.33.8 v1.33.4"), "", ""},
		"a minor alias that runs":                   {rungs("1.33.4 v1.33"), "", ""},
		"a minor alias above":                       {rungs("1.32.6 v1.33"), "control plane v1.33.8", ""},
		"three minors":                              {rungs("1.31.8 v1.34.1"), "control plane v1.32.11, control plane v1.33.8, control plane v1.34.1", ""},
		"pools follow":                              {rungs("1.32.6 v1.34.1", "a 1.32.6 v1.34.1", "b 1.32.6 v1.34.1"), "control plane v1.33.8, control plane v1.34.1, a v1.33.8, a v1.34.1, b v1.33.8, b v1.34.1", ""},
		"pools in between":                          {interleaved(rungs("1.32.6 v1.34.1", "a 1.32.6 v1.34.1", "b 1.32.6 v1.33.4")), "control plane v1.33.8, a v1.33.8, b v1.33.4, control plane v1.34.1, a v1.34.1", ""},
		"a pool without a version stays":            {rungs("1.32.6 v1.33.8", "a 1.32.6 -"), "control plane v1.33.8", ""},
		"an old pool goes first":                    {rungs("1.33.4 v1.34.1", "a 1.30.9 v1.34.1"), "a v1.31.13, control plane v1.34.1, a v1.32.11, a v1.33.8, a v1.34.1", ""},
		"an old pool that cannot":                   {rungs("1.33.4 v1.34.1", "a 1.30.9 -"), "", "the step to 1.34.1 waits: pool a runs 1.30.9, and AKS lets no pool be more than 3 minor versions behind; its MachinePool declares no version: set spec.template.spec.version"},
		"an old pool that may not":                  {rungs("1.33.4 v1.34.1", "a 1.30.9 v1.30.14"), "a v1.30.14", "the step to 1.34.1 waits: pool a runs 1.30.14, and AKS lets no pool be more than 3 minor versions behind; raise spec.template.spec.version of its MachinePool, which is v1.30.14"},
		"not on offer":                              {rungs("1.32.6 v1.34.9"), "", "spec.version v1.34.9 cannot be reached from v1.32.6: AKS does not offer it here; on offer: 1.32.11, 1.33.4, 1.33.8, 1.34.1, 1.34.5, 1.35.0"},
		"too new":                                   {rungs("1.34.5 v1.36"), "", "spec.version v1.36 cannot be reached from v1.34.5: AKS does not offer it here; on offer: 1.35.0"},
		"a preview that is named":                   {rungs("1.34.5 v1.35.0"), "control plane v1.35.0", ""},
		"a preview by its minor":                    {rungs("1.33.8 v1.35"), "control plane v1.34.5, control plane v1.35.0", ""},
		"what was begun is ended":                   {rungs("1.32.11 v1.34.1", "a 1.31.13>1.32.6 v1.34.1"), "a v1.32.6, control plane v1.33.8, control plane v1.34.1, a v1.33.8, a v1.34.1", ""},
		"what was begun is ended, though held":      {held(rungs("1.31.13>1.32.11 v1.33.8")), "control plane v1.32.11, control plane v1.33.8", "held by spec.upgrade.hold; the next step is control plane 1.32.11 -> 1.33.8"},
		"held":                                      {held(rungs("1.32.6 v1.33.8")), "control plane v1.33.8", "held by spec.upgrade.hold; the next step is control plane 1.32.6 -> 1.33.8"},
		"before the offers are read":                {blind(rungs("1.32.6 v1.33.8")), "", "the versions AKS offers are being read"},
		"before the offers are read, something new": {blind(rungs("1.33.8 v1.33.8", "a 1.32.6 v1.33.8")), "", "a: the versions AKS offers are being read"},
	} {
		t.Run(name, func(t *testing.T) {
			steps, left := walk(c.ladder)
			if got := strings.Join(steps, ", "); got != c.steps {
				t.Errorf("the steps are\n%s\nwant\n%s", got, c.steps)
			}
			if left != c.left {
				t.Errorf("at the end: %q, want %q", left, c.left)
			}
		})
	}
}
