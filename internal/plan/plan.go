// Package plan decides what to send to Azure for one resource: from the wanted document, the observed document, the
// field paths owned last time and the rules of the fields it computes the verb, the body and the list of changes.
//
// It must not do I/O, read a clock, log, or know any resource by name. The controller and `capaks plan` call the same
// function, so what plan prints is what the controller sends.
package plan

import (
	"time"

	"github.com/capaks/capaks/internal/fieldset"
)

// Verb is what to do with a resource.
type Verb string

const (
	None    Verb = "None"    // converged: send nothing
	Create  Verb = "Create"  // PUT, If-None-Match: *
	Update  Verb = "Update"  // PUT, If-Match on the observed eTag
	Delete  Verb = "Delete"  // DELETE
	Call    Verb = "Call"    // POST on an operation of the resource, named by Action.Operation
	Wait    Verb = "Wait"    // something is under way; look again later
	Blocked Verb = "Blocked" // sending would fail or harm; Reason and Message say the way out
)

// Reasons of Wait, Blocked, and of None or Update where the verb alone does not say why.
const (
	ReasonOperationInProgress = "OperationInProgress" // Wait: Azure is still working on this resource
	ReasonDeleting            = "Deleting"            // Wait: it is going away
	ReasonBackOff             = "BackOff"             // Wait: Desired.NotBefore has not come yet
	ReasonAlreadyExists       = "AlreadyExists"       // Blocked: it exists and nothing says it is ours
	ReasonImmutableField      = "ImmutableField"      // Blocked: a field differs that Azure cannot change
	ReasonFailed              = "Failed"              // Blocked: the last operation failed, nothing differs
	ReasonRetry               = "Retry"               // Update: the same goal once more after a failure
	ReasonNotOurs             = "NotOurs"             // None: to be deleted, but never was ours: left alone
)

// Why says where a difference comes from.
type Why string

const (
	WhyCreate   Why = "create"   // the resource does not exist yet
	WhyChange   Why = "change"   // ours, and the wish changed
	WhyDrift    Why = "drift"    // ours, and somebody else changed it in Azure
	WhyTakeover Why = "takeover" // not ours until now; the other value is overwritten
	WhyReleased Why = "released" // ours until now, no longer wanted
	// WhyContested is a difference that is left alone for now: somebody else sets it again whenever it is repaired.
	WhyContested Why = "contested"
)

// Desired is what one resource should be.
type Desired struct {
	ID, Kind, Name, APIVersion string

	// Body holds only what somebody wants; everything else in Azure is left as it is.
	Body fieldset.Object
	// SpecChanged says that the wish is newer than the last converged state: a difference is then a change, not drift.
	SpecChanged bool
	// Adopt allows taking over a resource that exists although no owned set is known.
	Adopt bool
	// Retry sends an unchanged goal again after a failed operation. The caller sets it with a back-off: AKS does not
	// repair a failed cluster by itself, the same goal has to be sent once more.
	Retry bool
	// NotBefore holds every write back until then (a back-off, a Retry-After). The plan is computed all the same.
	NotBefore time.Time
	// Yield are fields that are ours and differ, but are not repaired now (WhyContested).
	Yield *fieldset.Set
	// Absent wants the resource gone. Only a deleted object may set it. Body is not looked at.
	Absent bool
}

// Observed is what Azure answered.
type Observed struct {
	Exists bool
	Body   fieldset.Object
	ETag   string
	State  string // provisioningState; empty for resources that have none
}

// Change is one field of a plan. From and To are values as in the documents, except that secrets are replaced
// by Hidden; nil is "not there".
type Change struct {
	Path   string `json:"path"`
	From   any    `json:"from"`
	To     any    `json:"to"`
	Why    Why    `json:"why"`
	Impact string `json:"impact,omitempty"`
}

// ImpactKept marks a release that sends nothing: the field is no longer ours, its value in Azure stays.
const ImpactKept = "no longer managed, the value in Azure stays"

// ImpactUnseen marks a release of a field that this api-version does not know: it can neither be read nor changed.
const ImpactUnseen = "no longer managed; this api-version does not show it, the value in Azure stays"

// Action is the plan for one resource.
type Action struct {
	Verb                       Verb
	ID, Kind, Name, APIVersion string

	// Operation is the last segment of the address of a Call, for example "stop".
	Operation            string
	Body                 fieldset.Object // of Create and Update; shares nothing with the input
	IfMatch, IfNoneMatch string
	Changes              []Change // sorted by path; with Wait and Blocked: what is pending

	// Owned is the set to remember. With Wait and Blocked, and where a Delete is still to come, it is the set that was
	// passed in, so that a release that could not be sent yet is not forgotten.
	Owned *fieldset.Set

	Reason, Message string
}

// Compute is the plan step. owned == nil means that nothing is known about ownership; an empty set means that the
// resource is ours. The clock is a value: now is compared with Desired.NotBefore and used for nothing else.
func Compute(d Desired, o Observed, owned *fieldset.Set, r Rules, now time.Time) Action {
	a := Action{Verb: None, ID: d.ID, Kind: d.Kind, Name: d.Name, APIVersion: d.APIVersion, Owned: owned}
	switch {
	case d.Absent:
		a.planAbsence(d, o, owned)
	case !o.Exists:
		a.planCreate(d, r)
	default:
		a.planUpdate(d, o, owned, r)
	}
	if a.writes() && now.Before(d.NotBefore) {
		a.hold(Wait, ReasonBackOff, "next attempt at "+d.NotBefore.UTC().Format(time.RFC3339), owned)
	}
	return a
}

func (a *Action) writes() bool { return a.Verb.Writes() }

// Writes tells the verbs that send a request from those that do not.
func (v Verb) Writes() bool { return v == Create || v == Update || v == Delete || v == Call }

// hold turns the action into one that sends nothing; the changes stay, to be shown as pending.
func (a *Action) hold(v Verb, reason, message string, owned *fieldset.Set) {
	a.Verb, a.Reason, a.Message = v, reason, message
	a.Body, a.IfMatch, a.IfNoneMatch, a.Owned = nil, "", "", owned
}

// planAbsence deletes without If-Match: what is to go goes in whatever state it is. A resource of which nothing says
// that it is ours stays: deleting an object that never got past AlreadyExists must not delete somebody else's cluster.
func (a *Action) planAbsence(d Desired, o Observed, owned *fieldset.Set) {
	switch {
	case !o.Exists:
		a.Owned = nil
	case owned == nil && !d.Adopt:
		a.Reason = ReasonNotOurs
		a.Message = a.subject() + " was not created by this installation and is left alone"
	case fold(o.State) == "deleting":
		a.hold(Wait, ReasonDeleting, a.subject()+" is being deleted (provisioningState "+o.State+")", owned)
	default:
		a.Verb = Delete
	}
}

// planCreate sends ours only. If-None-Match makes Azure refuse with 412 if a resource of that name has appeared
// since it was looked for, so a create never becomes an adoption.
func (a *Action) planCreate(d Desired, r Rules) {
	a.Verb, a.IfNoneMatch = Create, "*"
	a.Body = fieldset.Overlay(nil, d.Body)
	fieldset.Leaves(d.Body).Each(func(p fieldset.Path) {
		to, _ := fieldset.Get(d.Body, p)
		rule, _ := r.find(p)
		a.Changes = append(a.Changes, change(p, nil, to, WhyCreate, rule))
	})
	a.Owned = r.lasting(d.Body)
}

func (a *Action) planUpdate(d Desired, o Observed, owned *fieldset.Set, r Rules) {
	c := compare(d, o, owned, r)
	a.Changes = c.changes
	switch {
	case owned == nil && !d.Adopt:
		a.hold(Blocked, ReasonAlreadyExists, a.subject()+" already exists and was not created for this object; "+
			"it is never taken over silently: choose another name, remove it from Azure, or import it", owned)
	case !terminal(o.State):
		a.hold(Wait, ReasonOperationInProgress,
			a.subject()+" has an operation in progress (provisioningState "+o.State+")", owned)
	case len(c.immutable) > 0:
		a.hold(Blocked, ReasonImmutableField, immutableMessage(a.subject(), c.immutable), owned)
	case !c.write && failed(o.State) && !d.Retry:
		a.hold(Blocked, ReasonFailed, a.subject()+" is "+o.State+" after its last operation and nothing differs; "+
			"the same goal is sent again after the back-off or when the spec changes", owned)
	case c.write || failed(o.State):
		a.Verb, a.IfMatch, a.Body, a.Owned = Update, o.ETag, c.body(), r.lasting(d.Body)
		if !c.write {
			a.Reason = ReasonRetry
			a.Message = "the last operation ended " + o.State + "; sending the same goal again"
		}
	default:
		a.Owned = r.lasting(d.Body)
	}
}

// terminal: only these three states are; Azure adds names for "busy" at will, so every other one means busy.
// A resource without a state (a resource group of an old api-version) is not busy.
func terminal(state string) bool {
	return state == "" || fold(state) == "succeeded" || failed(state)
}

func failed(state string) bool { return fold(state) == "failed" || fold(state) == "canceled" }
