package aks

import (
	"fmt"
	"strings"
)

// runs is what the control plane or a pool runs and is to run.
type runs struct {
	// name of the pool; empty is the control plane.
	name string
	// current is what runs, asked what Azure was asked for last, want what is declared: empty where nothing is.
	current, asked, want string
	// busy: an operation works on it. kept says why nothing is ever sent about a pool, or nothing.
	busy bool
	kept string
}

func (r runs) String() string {
	if r.name == "" {
		return "control plane"
	}
	return "pool " + r.name
}

// unfinished tells whether an upgrade was asked for that has not ended, or not well: the same is asked for until it has.
func (r runs) unfinished() bool {
	return r.asked != "" && r.current != "" && CompareVersions(r.asked, r.current) > 0
}

// move is one step of an upgrade.
type move struct {
	of       runs
	version  string
	finishes bool // asked for before, and not ended well
}

func (m move) String() string { return fmt.Sprintf("%s %s -> %s", m.of, m.of.current, m.version) }

// hold is why a version is not raised now.
type hold struct {
	reason, message string
	// refused: waiting does not help.
	refused bool
}

// ladder is everything that decides about the order of versions.
type ladder struct {
	control runs
	// pools are all pools Azure has, in the order in which they are upgraded.
	pools       []runs
	interleaved bool
	held        bool
	// offers is nil while they were not read.
	offers func(runs) []Offer
	// onOffer are the versions to name when the one that is wanted is not among them; complete tells whether these are all.
	onOffer  []string
	complete bool
	// barred is why AKS refuses the control plane's step for now, nil where it does not.
	barred *hold
	// location are the versions of the location, for the steps behind the next one.
	location []OfferedVersion
}

// next is the one step that may be taken, and by name why the others are not (the control plane's name is empty).
func (l ladder) next() (*move, map[string]hold) {
	holds := map[string]hold{}
	if m := l.unfinished(); m != nil {
		l.wait(holds, m, fmt.Sprintf("%s has not finished its upgrade to %s", m.of, m.version))
		return m, holds
	}
	m := l.choose(holds)
	if m == nil {
		return nil, holds
	}
	if l.held {
		text := "held by spec.upgrade.hold; the next step is " + m.String()
		l.wait(holds, nil, text)
		for name := range holds {
			holds[name] = hold{reason: ReasonUpgradeHeld, message: text}
		}
		return nil, holds
	}
	l.wait(holds, m, "waits for "+m.String())
	return m, holds
}

// unfinished is a step that was asked for before and is still to be reached. What is only declared lower since stays asked for:
// AKS has no way back.
func (l ladder) unfinished() *move {
	for _, r := range append([]runs{l.control}, l.pools...) {
		if r.unfinished() && r.kept == "" && (r.name == "" || CompareVersions(r.asked, l.control.current) <= 0) {
			return &move{of: r, version: r.asked, finishes: true}
		}
	}
	return nil
}

// choose is the next step without regard to spec.upgrade.hold.
func (l ladder) choose(holds map[string]hold) *move {
	step := l.controlStep(holds)
	if step != nil {
		ahead, blocked := l.poolsBefore(*step)
		if ahead != nil {
			return ahead
		}
		if blocked == "" {
			return step
		}
		holds[""] = hold{reason: ReasonPoolTooOld, message: blocked, refused: true}
	}
	for _, pool := range l.pools {
		if m := l.poolStep(pool, holds); m != nil {
			return m
		}
	}
	return nil
}

// controlStep is the next step of the control plane, or nil.
func (l ladder) controlStep(holds map[string]hold) *move {
	c := l.control
	if c.want == "" || c.current == "" || CompareVersions(c.current, c.want) >= 0 {
		return nil
	}
	if l.offers == nil {
		holds[""] = hold{reason: ReasonReadingVersions, message: "the versions AKS offers are being read"}
		return nil
	}
	version := nearestOffer(l.offers(c), c.current, c.want)
	if version == "" || l.complete && !ListsVersion(l.onOffer, c.want) {
		holds[""] = hold{reason: ReasonVersionNotOffered, message: notOffered("spec.version", c.want, c.current, l.onOffer), refused: true}
		return nil
	}
	if l.barred != nil {
		holds[""] = *l.barred
		return nil
	}
	return &move{of: c, version: version}
}

// poolsBefore are the pools that have to be upgraded before the control plane takes a step: the step of the first of them, or
// why there is none.
func (l ladder) poolsBefore(step move) (*move, string) {
	for _, pool := range l.pools {
		tooOld := pool.current != "" && minorOf(step.version) > minorOf(pool.current)+maxPoolLag
		if !tooOld && !l.interleaved {
			continue
		}
		if m := l.poolStep(pool, map[string]hold{}); m != nil {
			return m, ""
		}
		if !tooOld {
			continue
		}
		text := fmt.Sprintf("the step to %s waits: pool %s runs %s, and AKS lets no pool be more than %d minor versions behind", step.version, pool.name, pool.current, maxPoolLag)
		switch {
		case pool.kept != "":
			return nil, text + "; " + pool.kept
		case pool.want == "":
			return nil, text + "; its MachinePool declares no version: set spec.template.spec.version"
		}
		return nil, fmt.Sprintf("%s; raise spec.template.spec.version of its MachinePool, which is %s", text, NormalVersion(pool.want))
	}
	return nil, ""
}

// poolStep is the next step of a pool up to what the control plane runs, or nil.
func (l ladder) poolStep(pool runs, holds map[string]hold) *move {
	if pool.want == "" || pool.kept != "" || pool.current == "" || CompareVersions(pool.current, pool.want) >= 0 {
		return nil
	}
	goal := pool.want
	if l.control.current != "" && CompareVersions(goal, l.control.current) > 0 {
		goal = l.control.current
	} else if isAlias(goal) && sameMinor(goal, l.control.current) {
		goal = l.control.current
	}
	if CompareVersions(pool.current, goal) >= 0 {
		return nil // it waits for the control plane, see heldVersion
	}
	if l.offers == nil {
		holds[pool.name] = hold{reason: ReasonReadingVersions, message: "the versions AKS offers are being read"}
		return nil
	}
	offers := l.offers(pool)
	version := farthestOffer(offers, pool.current, goal)
	if version == "" {
		var names []string
		for _, o := range offers {
			names = append(names, o.Version)
		}
		holds[pool.name] = hold{reason: ReasonVersionNotOffered, refused: true,
			message: notOffered("spec.template.spec.version of the MachinePool", goal, pool.current, append([]string{}, names...))}
		return nil
	}
	return &move{of: pool, version: version}
}

// wait notes for everything that has a step of its own to take why it does not take it now.
func (l ladder) wait(holds map[string]hold, m *move, text string) {
	for _, r := range append([]runs{l.control}, l.pools...) {
		if m != nil && r.name == m.of.name {
			delete(holds, r.name)
			continue
		}
		if _, told := holds[r.name]; told || r.want == "" || r.kept != "" || r.current == "" || CompareVersions(r.current, r.want) >= 0 {
			continue
		}
		if r.name != "" && CompareVersions(r.current, l.control.current) >= 0 {
			continue // it waits for the control plane, see heldVersion
		}
		holds[r.name] = hold{reason: ReasonWaitingForUpgrade, message: text}
	}
}

// notOffered names what is on offer instead of a version.
func notOffered(field, want, current string, offers []string) string {
	text := fmt.Sprintf("%s %s cannot be reached from v%s: AKS does not offer it here", field, NormalVersion(want), current)
	if len(offers) == 0 {
		return text + ", and nothing newer either"
	}
	return text + "; on offer: " + strings.Join(offers, ", ")
}
