package aks

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/plan"
)

// Preflight is what was read for the checks before something is created.
type Preflight struct {
	// Time is when it was read, Mark what was declared then.
	Time  time.Time
	Mark  string
	Place Place
	// Rights are what the manager's identity may do, by lower-cased id of the subnet; Roles the names of the role definitions
	// the cluster's own identity has there. Unread says of a subnet why either is not known.
	Rights map[string][]Permission
	Roles  map[string][]string
	Unread map[string]string
}

// CheckVerdict is what a check came to.
type CheckVerdict string

const (
	// CheckPassed: nothing stands in the way.
	CheckPassed CheckVerdict = "Passed"
	// CheckWarned: there is a doubt, or it could not be checked. It never keeps anything back.
	CheckWarned CheckVerdict = "Warned"
	// CheckFailed: Azure would certainly refuse.
	CheckFailed CheckVerdict = "Failed"
)

// Check is one finding of the checks before a creation.
type Check struct {
	Verdict CheckVerdict
	// Reason is a condition reason: the code Azure itself would refuse with.
	Reason string
	// Pool is the pool the finding is about; empty where it is about the cluster or several pools.
	Pool    string
	Message string
}

const (
	// preflightRetry is when a failed check is made again: quota, roles and offers change outside of the spec.
	preflightRetry = slowPause
	// preflightLasts is how long passed checks hold while nothing has been created.
	preflightLasts = 10 * time.Minute
	// preflightPatience keeps a burst of edits from asking as often.
	preflightPatience = 5 * time.Second
)

// preflightAgain ends what is told of failed checks; see preflightRetry.
const preflightAgain = "; looked at again within 5m, and when the spec changes"

// preflightMode is what the annotation asks for.
func preflightMode(in Inputs) string {
	return cmp.Or(strings.ToLower(in.ControlPlane.Annotations[v1beta1.PreflightAnnotation]), v1beta1.PreflightEnforce)
}

// PreflightModes are the values of the preflight annotation.
var PreflightModes = []string{v1beta1.PreflightEnforce, v1beta1.PreflightWarn, v1beta1.PreflightSkip}

// InvalidPreflight is a value of the preflight annotation that is none, or nothing.
func InvalidPreflight(object annotated) string {
	switch value := object.GetAnnotations()[v1beta1.PreflightAnnotation]; strings.ToLower(value) {
	case "", v1beta1.PreflightEnforce, v1beta1.PreflightWarn, v1beta1.PreflightSkip:
		return ""
	default:
		return value
	}
}

// preflight makes the checks before a cluster is created. It answers the step that holds everything, or nil.
func (d *Decision) preflight(in Inputs, n Names, obs Observation, cluster plan.Action, now time.Time) *plan.Action {
	creates := cluster.Verb == plan.Create || cluster.Verb == plan.Wait && cluster.Reason == ReasonWaitingForPools
	if !creates || Policy(in.ControlPlane) == v1beta1.PolicyObserve || preflightMode(in) == v1beta1.PreflightSkip {
		return nil
	}
	for _, action := range d.Actions {
		if action.Verb == plan.Blocked || heldByFailure(in, &action, obs, now) != nil {
			return nil // something else has to be put right first
		}
	}
	var pools []Pool
	for _, pool := range in.Pools {
		if !pool.Deleting && !in.observedOnly(pool) {
			pools = append(pools, pool)
		}
	}
	failed := d.check(in, n, obs, pools, true, now)
	if len(failed) == 0 || preflightMode(in) == v1beta1.PreflightWarn {
		return nil
	}
	held := blocked(plan.Desired{ID: cluster.ID, Kind: cluster.Kind, Name: cluster.Name, APIVersion: cluster.APIVersion}, failed[0].Reason,
		"the cluster is not created, because Azure would refuse it: "+messages(failed)+preflightAgain)
	held.Changes = cluster.Changes
	return &held
}

// preflightPools makes the checks before pools are created, or get more nodes, and blocks those that Azure would refuse.
func (d *Decision) preflightPools(in Inputs, n Names, obs Observation, now time.Time) {
	if Policy(in.ControlPlane) == v1beta1.PolicyObserve || preflightMode(in) == v1beta1.PreflightSkip || isStopped(obs.Cluster.Body) {
		return
	}
	var pools []Pool
	growing := map[string]*plan.Action{}
	for i := range d.Actions {
		action := &d.Actions[i]
		if action.Kind != KindAgentPool || !grows(*action) {
			continue
		}
		for _, pool := range in.Pools {
			if strings.EqualFold(PoolName(pool.Object), action.Name) && !in.observedOnly(pool) && heldByFailure(in, action, obs, now) == nil {
				pools = append(pools, pool)
				growing[PoolName(pool.Object)] = action
			}
		}
	}
	if len(pools) == 0 {
		return
	}
	failed := d.check(in, n, obs, pools, false, now)
	if preflightMode(in) == v1beta1.PreflightWarn {
		return
	}
	for name, action := range growing {
		var about []Check
		for _, check := range failed {
			if check.Pool == "" || check.Pool == name {
				about = append(about, check)
			}
		}
		if len(about) > 0 {
			held := *action
			held.Verb, held.Reason = plan.Blocked, about[0].Reason
			held.Message = "the pool's request is not sent, because Azure would refuse it: " + messages(about) + preflightAgain
			held.Body, held.IfMatch, held.IfNoneMatch = nil, "", ""
			*action = held
		}
	}
}

// grows tells whether a pool is created or gets more nodes.
func grows(action plan.Action) bool {
	if action.Verb == plan.Create {
		return true
	}
	if action.Verb != plan.Update {
		return false
	}
	return slices.ContainsFunc(action.Changes, func(c plan.Change) bool {
		from, _ := c.From.(int64)
		to, _ := c.To.(int64)
		return c.Path == "properties.count" && to > from
	})
}

// check notes what the checks found, and answers what failed. Where nothing, or nothing recent, was read it asks for that.
func (d *Decision) check(in Inputs, n Names, obs Observation, pools []Pool, create bool, now time.Time) []Check {
	p := obs.Preflight
	if p == nil {
		d.NeedPreflight = true
		return nil
	}
	checks := preflightChecks(in, n, obs, pools, create)
	var failed []Check
	for _, check := range checks {
		if check.Verdict == CheckFailed {
			failed = append(failed, check)
		}
	}
	lasts := preflightLasts
	if len(failed) > 0 {
		lasts = preflightRetry
	}
	if p.Mark != PreflightMark(in) {
		lasts = preflightPatience
		if !create && len(failed) == 0 {
			lasts = 0 // what was free before may be what has been created since
		}
	}
	if now.Sub(p.Time) >= lasts {
		d.NeedPreflight = true
		return nil
	}
	if len(failed) > 0 {
		d.CheckAgain = p.Time.Add(lasts)
	}
	d.Checks, d.Checked = checks, true
	return failed
}

// PreflightMark changes whenever a person changes what is declared about a cluster or one of its pools.
func PreflightMark(in Inputs) string {
	var b strings.Builder
	fmt.Fprint(&b, in.ControlPlane.Generation, preflightMode(in))
	for _, pool := range in.Pools {
		fmt.Fprint(&b, " ", PoolName(pool.Object), pool.Object.Generation, count(pool), pool.Version)
	}
	return b.String()
}

func count(pool Pool) int64 {
	n, _ := poolCount(pool, nil)
	return n
}

func messages(checks []Check) string {
	texts := make([]string, len(checks))
	for i, check := range checks {
		texts[i] = check.Message
	}
	return strings.Join(texts, "; ")
}

// preflightChecks are all findings about pools that are created or grow, with the cluster itself where that is created, too.
func preflightChecks(in Inputs, n Names, obs Observation, pools []Pool, create bool) []Check {
	p := obs.Preflight
	var checks []Check
	for _, part := range PlaceParts {
		if why, unread := p.Place.Unread[part.Part]; unread && (create || part.Part == PartSizes || part.Part == PartUsages) {
			checks = append(checks, warned("NotChecked", "", "%s of %s could not be checked: %s", part.Part, n.Location, why))
		}
	}
	if create {
		checks = append(checks, versionChecks(in, n, p.Place)...)
		checks = append(checks, registrationChecks(n, p.Place)...)
	}
	for _, pool := range pools {
		checks = append(checks, sizeChecks(n, pool, p.Place)...)
	}
	checks = append(checks, quotaChecks(n, obs, pools, p.Place)...)
	checks = append(checks, addressChecks(in, n, obs, pools)...)
	if create {
		checks = append(checks, rightChecks(in, n, obs, pools)...)
	}
	return checks
}

func failedCheck(reason, pool, format string, args ...any) Check {
	return Check{Verdict: CheckFailed, Reason: reason, Pool: pool, Message: fmt.Sprintf(format, args...)}
}

func warned(reason, pool, format string, args ...any) Check {
	return Check{Verdict: CheckWarned, Reason: reason, Pool: pool, Message: fmt.Sprintf(format, args...)}
}

// versionChecks: the declared version is on offer, under the declared support plan.
func versionChecks(in Inputs, n Names, place Place) []Check {
	if place.Versions == nil {
		return nil
	}
	want := strings.TrimPrefix(in.ControlPlane.Spec.Version, "v")
	longTerm := strings.EqualFold(in.ControlPlane.Spec.SupportPlan, "AKSLongTermSupport")
	var offer []string
	for _, v := range place.Versions {
		if !v.LongTermOnly || longTerm {
			offer = append(offer, v.Patches...)
		}
		if v.Minor != want && !slices.Contains(v.Patches, want) {
			continue
		}
		switch {
		case v.LongTermOnly && !longTerm:
			return []Check{failedCheck("K8sVersionNotSupported", "", "spec.version %s is in long-term support only in %s: set spec.supportPlan to AKSLongTermSupport and spec.sku.tier to Premium, or use a newer version", want, n.Location)}
		case v.Preview:
			return []Check{warned("PreviewVersion", "", "spec.version %s is a preview in %s, which AKS supports as far as it goes", want, n.Location)}
		}
		return nil
	}
	sortVersions(offer)
	return []Check{failedCheck("K8sVersionNotSupported", "", "spec.version %s is not offered in %s: use one of %s (az aks get-versions --location %s)", want, n.Location, strings.Join(offer, ", "), n.Location)}
}

// registrationChecks: AKS must be registered in the subscription. The first request registers it, if the identity may.
func registrationChecks(n Names, place Place) []Check {
	if place.Registration == "" || strings.EqualFold(place.Registration, "Registered") {
		return nil
	}
	return []Check{warned("MissingSubscriptionRegistration", "", "Microsoft.ContainerService is %s in subscription %s and is registered with the first request, which takes a role that may do so (az provider register --namespace Microsoft.ContainerService)",
		place.Registration, n.Subscription)}
}

// sizeChecks: the size of a pool is to be had in the region and the zones, and can do what the pool asks for.
func sizeChecks(n Names, pool Pool, place Place) []Check {
	if len(place.Sizes) == 0 {
		return nil // not read, or no such region, which Azure says better
	}
	spec, name := pool.Object.Spec, PoolName(pool.Object)
	list := "(az vm list-skus --location " + n.Location + " --size " + spec.SKU + " --all)"
	size, known := place.Sizes[strings.ToLower(spec.SKU)]
	switch {
	case !known:
		return []Check{failedCheck("SkuNotAvailable", name, "spec.sku %s of pool %s is not offered in %s: choose a size that is %s", spec.SKU, name, n.Location, list)}
	case size.Restricted:
		return []Check{failedCheck("SkuNotAvailable", name, "spec.sku %s of pool %s may not be used by subscription %s in %s (NotAvailableForSubscription): choose another size or region %s, or ask Azure support for it", spec.SKU, name, n.Subscription, n.Location, list)}
	}
	var checks []Check
	var missing []string
	for _, zone := range pool.zones() {
		if !slices.Contains(size.Zones, zone) || slices.Contains(size.RestrictedZones, zone) {
			missing = append(missing, zone)
		}
	}
	if len(missing) > 0 {
		usable := slices.DeleteFunc(slices.Clone(size.Zones), func(zone string) bool { return slices.Contains(size.RestrictedZones, zone) })
		slices.Sort(usable)
		checks = append(checks, failedCheck("AvailabilityZoneNotSupported", name, "spec.availabilityZones %s of pool %s: size %s is not to be had there in %s, but in zones [%s]: choose among those, or another size %s",
			strings.Join(missing, ", "), name, spec.SKU, n.Location, strings.Join(usable, ", "), list))
	}
	if strings.EqualFold(spec.OSDiskType, "Ephemeral") && size.Lacks["EphemeralOSDiskSupported"] {
		checks = append(checks, failedCheck("EphemeralOSDiskNotSupported", name, "spec.osDiskType Ephemeral of pool %s: machines of size %s have no room for the system disk: set it to Managed, or choose another size", name, spec.SKU))
	}
	if host := spec.EnableEncryptionAtHost; host != nil && *host && size.Lacks["EncryptionAtHostSupported"] {
		checks = append(checks, failedCheck("EncryptionAtHostNotSupported", name, "spec.enableEncryptionAtHost of pool %s: size %s cannot encrypt at the host: choose another size", name, spec.SKU))
	}
	if isSpot(pool) && size.Lacks["LowPriorityCapable"] {
		checks = append(checks, failedCheck("SkuNotAvailable", name, "spec.scaleSetPriority Spot of pool %s: size %s is not sold as Spot: choose another size", name, spec.SKU))
	}
	return checks
}

func isSpot(pool Pool) bool { return strings.EqualFold(pool.Object.Spec.ScaleSetPriority, "Spot") }
