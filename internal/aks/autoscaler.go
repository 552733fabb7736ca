package aks

import (
	"strings"

	"github.com/capaks/capaks/internal/fieldset"
)

// autoscaled is the number of nodes of an agent pool and whether its autoscaler is on.
func autoscaled(observed fieldset.Object) (count int64, on, known bool) {
	value, _ := fieldset.Get(observed, fieldset.ParsePath("properties.count"))
	count, known = value.(int64)
	enabled, _ := fieldset.Get(observed, fieldset.ParsePath("properties.enableAutoScaling"))
	return count, enabled == true, known
}

// betweenRanges is what is wanted of a pool whose autoscaler gets limits that its present number of nodes is outside of. AKS
// takes neither limits that leave the present number out nor, while the autoscaler is on, another number: the autoscaler goes
// off with a number inside of the new limits first, and on again with them after that.
func betweenRanges(pool Pool, observed fieldset.Object) (wanted Pool, between bool) {
	scaling := pool.Object.Spec.Scaling
	count, on, known := autoscaled(observed)
	if scaling == nil || !on || !known || within(scaling, count) == count || sameRange(scaling.MinSize, scaling.MaxSize, observed) ||
		isStopped(observed) && !strings.EqualFold(pool.Object.Spec.PowerState, powerRunning) {
		return pool, false
	}
	pool.Object = pool.Object.DeepCopy()
	pool.Object.Spec.Scaling = nil
	pool.Replicas, pool.ReplicasManaged = new(int32(within(scaling, count))), false
	return pool, true
}

// sameRange tells whether an agent pool has these limits already: a number outside of them is then the autoscaler's to mend.
func sameRange(low, high *int32, observed fieldset.Object) bool {
	same := func(path string, limit *int32) bool {
		value, there := fieldset.Get(observed, fieldset.ParsePath("properties."+path))
		return there == (limit != nil) && (limit == nil || value == int64(*limit))
	}
	return same("minCount", low) && same("maxCount", high)
}

// withLimits adds the limits of the autoscaler to what is ours of an agent pool that is to have none: AKS refuses limits without an
// autoscaler, and both are one field here, spec.scaling. What is remembered as ours may be from before they were sent.
func withLimits(owned *fieldset.Set, wanted fieldset.Object) *fieldset.Set {
	if _, on, _ := autoscaled(wanted); on {
		return owned
	}
	return owned.With(paths("properties.minCount", "properties.maxCount")...)
}
