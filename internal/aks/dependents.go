package aks

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/capaks/capaks/internal/fieldset"
	"github.com/capaks/capaks/internal/plan"
)

// ReasonUnreadable says that what Azure has could not be read, so nothing is planned for it.
const ReasonUnreadable = "Unreadable"

// Dependents are resources of their own that belong to one cluster: its membership in a fleet, its extensions, the
// private endpoints in its subnet, its maintenance configurations. Whatever they have in common is in this file; what
// a kind is made of is in the file of its name.

// dependentKind is what there is to know about one kind of dependent.
type dependentKind struct {
	kind string
	// resourceType as it stands in an id, by which a remembered id tells its kind.
	resourceType string
	apiVersion   string
	rules        *plan.Rules
	// declared are the resources the spec asks for.
	declared func(in Inputs, n Names) []dependent
	// ours tells whether a resource that exists, and of which nothing is remembered, was made for this cluster.
	ours func(in Inputs, n Names, observed fieldset.Object) bool
	// child: a part of the cluster in Azure, which goes with it. Anything else outlives the cluster and is removed first.
	child bool
	// exclusive: Azure takes no other write for the cluster while an operation on the resource runs.
	exclusive bool
	// missing is the way out when Azure says that something does not exist; without it the cluster itself is looked for.
	missing string
	// adjust corrects a plan where properties depend on each other; nil where none do.
	adjust func(action *plan.Action, observed fieldset.Object)
	// eTags: the resource can be created and updated under a precondition.
	eTags bool
}

// dependent is one declared resource.
type dependent struct {
	id   string
	body fieldset.Object
}

// dependentKinds in the order in which they are created: windows first, since what comes after may upgrade.
var dependentKinds []dependentKind

func init() { // a table literal would refer to itself through the functions in it
	dependentKinds = []dependentKind{maintenanceKind, privateEndpointKind, fleetMemberKind, extensionKind}
}

// DependentObservation is what Azure answered about one dependent.
type DependentObservation struct {
	plan.Observed
	// Unreadable is why it could not be read; nil when it could, also when there is none.
	Unreadable *Failure
}

// IsDependent tells whether a kind is one of the cluster's dependents.
func IsDependent(kind string) bool { return kindNamed(kind) != nil }

// Exclusive tells whether an operation on a resource of the kind keeps everything else about the cluster waiting.
func Exclusive(kind string) bool {
	k := kindNamed(kind)
	return k == nil || k.exclusive
}

// HasETags tells whether requests about the kind may carry preconditions.
func HasETags(kind string) bool {
	k := kindNamed(kind)
	return isAKS(kind) || k != nil && k.eTags
}

func kindNamed(kind string) *dependentKind {
	for i := range dependentKinds {
		if dependentKinds[i].kind == kind {
			return &dependentKinds[i]
		}
	}
	return nil
}

// DependentKind is the kind and the api-version of a dependent's id; ok is false for an id of no known kind.
func DependentKind(id string) (kind, apiVersion string, ok bool) {
	if k := kindOfID(id); k != nil {
		return k.kind, k.apiVersion, true
	}
	return "", "", false
}

func kindOfID(id string) *dependentKind {
	path := strings.ToLower(id)
	path = path[strings.LastIndex(path, "/providers/")+1:]
	segments := strings.Split(strings.TrimPrefix(path, "providers/"), "/")
	var types []string
	for i, segment := range segments {
		if i == 0 || i%2 == 1 {
			types = append(types, segment)
		}
	}
	for i := range dependentKinds {
		if strings.EqualFold(dependentKinds[i].resourceType, strings.Join(types, "/")) {
			return &dependentKinds[i]
		}
	}
	return nil
}

// DeclaredKinds are the kinds of dependents the spec asks for.
func DeclaredKinds(in Inputs) []string {
	var kinds []string
	n := NamesOf(in)
	for _, k := range dependentKinds {
		if len(k.declared(in, n)) > 0 {
			kinds = append(kinds, k.kind)
		}
	}
	return kinds
}

// dependentSteps are the plans for the dependents of a cluster that exists, and the ids that must be read before they
// can be made. Removals come first: a cluster leaves one fleet before it joins another.
func dependentSteps(in Inputs, n Names, obs Observation, now time.Time) (steps []plan.Action, need []string) {
	declared := map[string]bool{}
	for i := range dependentKinds {
		k := &dependentKinds[i]
		for _, want := range k.declared(in, n) {
			declared[strings.ToLower(want.id)] = true
			if step, read := k.step(in, n, obs, want, now); read {
				steps = append(steps, step)
			} else {
				need = append(need, want.id)
			}
		}
	}
	removals, unread := removals(in, n, obs, func(k *dependentKind, id string) bool { return !declared[strings.ToLower(id)] }, now)
	return append(removals, steps...), append(unread, need...)
}

// survivorSteps are the plans for taking away what outlives a deleted cluster.
func survivorSteps(in Inputs, n Names, obs Observation, now time.Time) (steps []plan.Action, need []string) {
	for i := range dependentKinds {
		k := &dependentKinds[i]
		if k.child {
			continue
		}
		for _, want := range k.declared(in, n) {
			if in.Owned.dependent(want.id) != nil {
				continue
			}
			if step, read := k.removal(in, n, obs, want.id, now); read {
				steps = append(steps, step)
			} else {
				need = append(need, want.id)
			}
		}
	}
	owned, unread := removals(in, n, obs, func(k *dependentKind, _ string) bool { return !k.child }, now)
	return append(steps, owned...), append(need, unread...)
}

// removals are the plans for what is remembered as ours and is chosen to go.
func removals(in Inputs, n Names, obs Observation, chosen func(*dependentKind, string) bool, now time.Time) (steps []plan.Action, need []string) {
	for _, id := range slices.Sorted(maps.Keys(in.Owned.Dependents)) {
		k := kindOfID(id)
		if k == nil || !chosen(k, id) {
			continue
		}
		if step, read := k.removal(in, n, obs, id, now); read {
			steps = append(steps, step)
		} else {
			need = append(need, id)
		}
	}
	return steps, need
}

func (k *dependentKind) desired(in Inputs, id string) plan.Desired {
	return plan.Desired{ID: id, Kind: k.kind, Name: lastSegment(id), APIVersion: k.apiVersion, SpecChanged: in.SpecChanged}
}

// step is the plan for a declared resource; read is false when it has to be read first.
func (k *dependentKind) step(in Inputs, n Names, obs Observation, want dependent, now time.Time) (step plan.Action, read bool) {
	d := k.desired(in, want.id)
	observed, ok := obs.Dependents[strings.ToLower(want.id)]
	if !ok || observed.Unreadable.over(in, want.id, now) {
		return plan.Action{}, false
	}
	if observed.Unreadable != nil {
		return blocked(d, ReasonUnreadable, "cannot be read: "+observed.Unreadable.Error.Message), true
	}
	d.Body = want.body
	d.Adopt = k.ours(in, n, observed.Body)
	d.Retry = retryDue(in, d, observed.Observed, now)
	step = in.compute(d, observed.Observed, in.Owned.dependent(want.id), *k.rules, now)
	if k.adjust != nil {
		k.adjust(&step, observed.Body)
	}
	return step, true
}

// removal is the plan for a resource that is to go; read is false when it has to be read first.
func (k *dependentKind) removal(in Inputs, n Names, obs Observation, id string, now time.Time) (step plan.Action, read bool) {
	d := k.desired(in, id)
	observed, ok := obs.Dependents[strings.ToLower(id)]
	if !ok || observed.Unreadable.over(in, id, now) {
		return plan.Action{}, false
	}
	if observed.Unreadable != nil {
		return blocked(d, ReasonUnreadable, "cannot be read: "+observed.Unreadable.Error.Message), true
	}
	d.Absent = true
	d.Adopt = observed.Exists && k.ours(in, n, observed.Body)
	return plan.Compute(d, observed.Observed, in.Owned.dependent(id), *k.rules, now), true
}

// over tells whether what could not be read is to be read again: the pause is over, or a person changed something.
func (f *Failure) over(in Inputs, id string, now time.Time) bool {
	return f != nil && (f.Spec != SpecMark(in, id) || !f.RetryAt.IsZero() && !now.Before(f.RetryAt))
}

// dependent is the owned set of a dependent, nil when nothing is remembered of it.
func (o Owned) dependent(id string) *fieldset.Set {
	for known, set := range o.Dependents {
		if SameID(known, id) {
			return set
		}
	}
	return nil
}

// busyDependent names a dependent with a running operation: they are worked on one after the other.
func busyDependent(obs Observation) string {
	for _, id := range slices.Sorted(maps.Keys(obs.Dependents)) {
		if state := obs.Dependents[id].State; Busy(state) {
			kind, _, _ := DependentKind(id)
			return fmt.Sprintf("an operation is in progress on %s %s (provisioningState %s)", kind, lastSegment(id), state)
		}
	}
	return ""
}

// DiagnoseFor is Diagnose with what a refusal means for the resource it is about: that a fleet is missing does not mean
// that the cluster has changed.
func DiagnoseFor(id string, e AzureError) Diagnosis {
	d := Diagnose(e)
	k := kindOfID(id)
	if k == nil || k.missing == "" || d.Outcome != OutcomeReplan || e.Status != 404 {
		return d
	}
	return Diagnosis{Outcome: OutcomeSlowRetry, Reason: reasonOf(e.Code), Hint: k.missing, Pause: time.Minute}
}

// DependentError is why the last operation on a dependent failed, where its document tells.
func DependentError(observed plan.Observed) *AzureError {
	if e := provisioningError(observed.Body, "properties", "errorInfo"); e != nil { // an extension
		return e
	}
	return provisioningError(observed.Body, "properties", "status", "lastOperationError") // a fleet member
}

// withoutNulls is a strip that also drops what Azure shows as null: sent back, some services take it for a value.
func withoutNulls(strip func(fieldset.Object) fieldset.Object) func(fieldset.Object) fieldset.Object {
	return func(o fieldset.Object) fieldset.Object {
		stripped := strip(o)
		dropNulls(stripped)
		return stripped
	}
}

func dropNulls(o fieldset.Object) {
	for key, value := range o {
		switch value := value.(type) {
		case nil:
			delete(o, key)
		case fieldset.Object:
			if dropNulls(value); len(value) == 0 {
				delete(o, key)
			}
		}
	}
}
