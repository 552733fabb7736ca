package aks

import (
	"slices"
	"strings"
	"time"

	"github.com/capaks/capaks/internal/fieldset"
)

// Offer is a version that AKS offers as an upgrade.
type Offer struct {
	Version string
	Preview bool
}

// Upgrades are the versions AKS offers a cluster: one step from the control plane and from each pool, and everything there is
// in its location.
type Upgrades struct {
	// Time is when they were read, Mark what ran then: with other versions running other steps are on offer.
	Time         time.Time
	Mark         string
	ControlPlane []Offer
	// Pools are by lower-cased name.
	Pools map[string][]Offer
	// Location are the versions of the location; empty where the identity may not read them.
	Location []OfferedVersion
}

// upgradesLast is how long offers hold while a version that is asked for is not among them.
const upgradesLast = time.Hour

// UpgradesOf reads the upgrade profile of a cluster.
func UpgradesOf(profile fieldset.Object, cluster fieldset.Object, location []OfferedVersion, now time.Time) *Upgrades {
	u := &Upgrades{Time: now, Mark: upgradesMark(cluster), Location: location, Pools: map[string][]Offer{}}
	if master, ok := fieldset.Get(profile, fieldset.ParsePath("properties.controlPlaneProfile")); ok {
		if master, ok := master.(fieldset.Object); ok {
			u.ControlPlane = offersOf(master)
		}
	}
	properties, _ := profile["properties"].(fieldset.Object)
	for _, pool := range objectsAt(properties, "agentPoolProfiles") {
		u.Pools[strings.ToLower(stringAt(pool, "name"))] = offersOf(pool)
	}
	return u
}

func offersOf(profile fieldset.Object) []Offer {
	var offers []Offer
	for _, item := range objectsAt(profile, "upgrades") {
		preview, _ := item["isPreview"].(bool)
		offers = append(offers, Offer{stringAt(item, "kubernetesVersion"), preview})
	}
	return offers
}

// upgradesMark is what the offers depend on: the versions that run.
func upgradesMark(cluster fieldset.Object) string {
	parts := []string{stringAt(cluster, "properties", "currentKubernetesVersion")}
	for _, profile := range inlineProfiles(cluster) {
		parts = append(parts, stringAt(profile, "name")+"="+runningVersion(profile))
	}
	slices.Sort(parts[1:])
	return strings.Join(parts, " ")
}

// runningVersion is what a pool's machines run, as its inline entry or its properties say it.
func runningVersion(properties fieldset.Object) string {
	if current := stringAt(properties, "currentOrchestratorVersion"); current != "" {
		return current
	}
	return stringAt(properties, "orchestratorVersion")
}

// nearestOffer is the offer for the control plane's next step towards a target, or "": the newest released one in the nearest
// minor version above the current one. The last step leads to the target itself, which may be a preview.
func nearestOffer(offers []Offer, current, target string) string {
	minor, best := uint64(0), ""
	for _, v := range candidates(offers, current, target) {
		m := minorOf(v)
		if sameMinor(v, target) && !isAlias(target) && CompareVersions(v, target) != 0 || m == minorOf(current) && !sameMinor(current, target) {
			continue
		}
		if best == "" || m < minor || m == minor && CompareVersions(v, best) > 0 {
			minor, best = m, v
		}
	}
	return best
}

// farthestOffer is the offer for a pool's next step, or "": the goal itself or else the newest released one up to it. How many
// minor versions a pool may jump is for AKS to say, with what it offers.
func farthestOffer(offers []Offer, current, goal string) string {
	best := ""
	for _, v := range candidates(offers, current, goal) {
		if best == "" || CompareVersions(v, best) > 0 {
			best = v
		}
	}
	return best
}

// candidates are the offers above a version and not beyond another one. A preview is only taken where it is asked for, by its
// full version, or by its minor version while nothing of that is released.
func candidates(offers []Offer, current, target string) []string {
	released := func(v string) bool {
		return slices.ContainsFunc(offers, func(o Offer) bool { return !o.Preview && sameMinor(o.Version, v) })
	}
	var list []string
	for _, o := range offers {
		if CompareVersions(o.Version, current) <= 0 || CompareVersions(o.Version, target) > 0 {
			continue
		}
		if o.Preview && (CompareVersions(o.Version, target) != 0 || isAlias(target) && released(o.Version)) {
			continue
		}
		list = append(list, o.Version)
	}
	return list
}

// reachable are the versions above one that the offers lead to, oldest first.
func (u *Upgrades) reachable(current string) []string {
	var all []string
	add := func(v string) {
		if CompareVersions(v, current) > 0 && !slices.Contains(all, v) {
			all = append(all, v)
		}
	}
	for _, offer := range u.ControlPlane {
		add(offer.Version)
	}
	for _, minor := range u.Location {
		for _, patch := range minor.Patches {
			add(patch)
		}
	}
	slices.SortFunc(all, CompareVersions)
	return all
}

// stepsFrom are the offers one step above a version, from what there is in the location. A minor version nobody offers any more
// is passed over, as AKS does.
func stepsFrom(location []OfferedVersion, current string) []Offer {
	var offers []Offer
	next := uint64(0)
	for _, minor := range location {
		for _, patch := range minor.Patches {
			if m := minorOf(patch); m > minorOf(current) && (next == 0 || m < next) {
				next = m
			}
		}
	}
	for _, minor := range location {
		for _, patch := range minor.Patches {
			if m := minorOf(patch); CompareVersions(patch, current) > 0 && (m == minorOf(current) || m == next) {
				offers = append(offers, Offer{patch, minor.Preview})
			}
		}
	}
	return offers
}

// OnOffer are the versions that can be reached from what a cluster runs, and when Azure was asked; a zero time where it was not.
// Of a cluster that does not exist yet these are all versions of its location.
func OnOffer(obs Observation) (time.Time, []string) {
	switch u, p := obs.Upgrades, obs.Preflight; {
	case u != nil:
		return u.Time, u.reachable(FactsOf(obs.Cluster).Version)
	case p != nil && len(p.Place.Versions) > 0:
		u = &Upgrades{Location: p.Place.Versions}
		return p.Time, u.reachable(FactsOf(obs.Cluster).Version)
	}
	return time.Time{}, nil
}
