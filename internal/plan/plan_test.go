package plan_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/capaks/capaks/internal/fieldset"
	"github.com/capaks/capaks/internal/plan"
)

func owned(paths ...string) *fieldset.Set {
	s := fieldset.NewSet()
	for _, p := range paths {
		s.Insert(fieldset.ParsePath(p))
	}
	return s
}

func TestCreate(t *testing.T) {
	desired := load(t, "managedcluster.desired.json")
	a := plan.Compute(plan.Desired{ID: "/id", Kind: "managedCluster", Name: "my-cluster", APIVersion: "v", Body: desired},
		plan.Observed{}, nil, aksRules(), noon)
	if a.Verb != plan.Create || a.IfNoneMatch != "*" || a.IfMatch != "" || a.ID != "/id" || a.APIVersion != "v" {
		t.Errorf("%s, If-None-Match %q, If-Match %q", a.Line(), a.IfNoneMatch, a.IfMatch)
	}
	if d := cmp.Diff(desired, a.Body); d != "" {
		t.Errorf("a create sends ours only: %s", d)
	}
	if a.Owned.Has(fieldset.ParsePath("properties.agentPoolProfiles")) || !a.Owned.Has(fieldset.ParsePath("sku.tier")) {
		t.Errorf("owned %v", a.Owned.Paths())
	}
	if len(a.Changes) != fieldset.Leaves(desired).Len() {
		t.Errorf("%d changes for %d leaves", len(a.Changes), fieldset.Leaves(desired).Len())
	}
	put(a.Body, "tags.new", "x")
	if get(desired, "tags.new") != nil {
		t.Error("the body shares memory with the wish")
	}
}

// whole is a converged cluster as AKS returns it: every value in another spelling or order than wanted, and many
// that nobody wanted.
func whole(t *testing.T) (plan.Desired, plan.Observed) {
	return plan.Desired{Kind: "managedCluster", Name: "my-cluster", Body: load(t, "managedcluster.desired.json")},
		plan.Observed{Exists: true, ETag: "0c1a", State: "Succeeded", Body: load(t, "managedcluster.observed.json")}
}

func TestConvergedClusterNeedsNothing(t *testing.T) {
	d, o := whole(t)
	for _, known := range []*fieldset.Set{owned("properties.windowsProfile.adminPassword"), fieldset.Leaves(d.Body)} {
		a := plan.Compute(d, o, known, aksRules(), noon)
		if a.Verb != plan.None || len(a.Changes) != 0 {
			t.Errorf("%s\n%s", a.Line(), plan.Text([]plan.Action{a}))
		}
	}
}

func TestStates(t *testing.T) {
	const way = "set it back"
	for name, tt := range map[string]struct {
		state  string
		edit   func(*plan.Desired)
		owned  *fieldset.Set
		verb   plan.Verb
		reason string
		says   string
	}{
		"succeeded":                     {state: "Succeeded", verb: plan.None},
		"no state":                      {verb: plan.None},
		"updating":                      {state: "Updating", verb: plan.Wait, reason: plan.ReasonOperationInProgress, says: "Updating"},
		"a name not known yet":          {state: "Frobnicating", verb: plan.Wait, reason: plan.ReasonOperationInProgress, says: "Frobnicating"},
		"updating, immutable differs":   {state: "Updating", edit: dnsPrefix, verb: plan.Wait, reason: plan.ReasonOperationInProgress},
		"failed, nothing differs":       {state: "Failed", verb: plan.Blocked, reason: plan.ReasonFailed, says: "Failed"},
		"canceled, nothing differs":     {state: "Canceled", verb: plan.Blocked, reason: plan.ReasonFailed, says: "Canceled"},
		"failed, retry":                 {state: "Failed", edit: func(d *plan.Desired) { d.Retry = true }, verb: plan.Update, reason: plan.ReasonRetry},
		"succeeded, retry is no reason": {state: "Succeeded", edit: func(d *plan.Desired) { d.Retry = true }, verb: plan.None},
		"failed, something differs":     {state: "Failed", edit: tier, verb: plan.Update},
		"differs":                       {state: "Succeeded", edit: tier, verb: plan.Update},
		"differs, too early":            {state: "Succeeded", edit: func(d *plan.Desired) { tier(d); d.NotBefore = noon.Add(time.Second) }, verb: plan.Wait, reason: plan.ReasonBackOff, says: "2026-01-05T12:00:01Z"},
		"converged, too early":          {state: "Succeeded", edit: func(d *plan.Desired) { d.NotBefore = noon.Add(time.Hour) }, verb: plan.None},
		"differs, just in time":         {state: "Succeeded", edit: func(d *plan.Desired) { tier(d); d.NotBefore = noon }, verb: plan.Update},
		"immutable differs":             {state: "Succeeded", edit: dnsPrefix, verb: plan.Blocked, reason: plan.ReasonImmutableField, says: way},
		"immutable differs, failed":     {state: "Failed", edit: dnsPrefix, verb: plan.Blocked, reason: plan.ReasonImmutableField, says: `properties.dnsPrefix is "my-cluster" in Azure, wanted "other"`},
	} {
		t.Run(name, func(t *testing.T) {
			d, o := whole(t)
			before := fieldset.Leaves(d.Body)
			o.State = tt.state
			if tt.edit != nil {
				tt.edit(&d)
			}
			a := plan.Compute(d, o, before, aksRules(), noon)
			if a.Verb != tt.verb || a.Reason != tt.reason || !strings.Contains(a.Message, tt.says) {
				t.Fatalf("%s, reason %q; want %s, reason %q, saying %q", a.Line(), a.Reason, tt.verb, tt.reason, tt.says)
			}
			sends := a.Verb == plan.Update
			if sends != (a.Body != nil) || sends != (a.IfMatch == "0c1a") {
				t.Errorf("%s with body %v and If-Match %q", a.Verb, a.Body != nil, a.IfMatch)
			}
			if (a.Verb == plan.Wait || a.Verb == plan.Blocked) && a.Owned != before {
				t.Error("nothing was sent, but the owned set changed")
			}
		})
	}
}

func tier(d *plan.Desired)      { put(d.Body, "sku.tier", "Standard") }
func dnsPrefix(d *plan.Desired) { put(d.Body, "properties.dnsPrefix", "other") }

func TestChangesAreShownWhileWaiting(t *testing.T) {
	d, o := whole(t)
	before := fieldset.Leaves(d.Body)
	remove(d.Body, "tags.ENV")
	o.State = "Upgrading"
	a := plan.Compute(d, o, before, aksRules(), noon)
	want := []plan.Change{{Path: "tags.env", From: "staging", Why: plan.WhyReleased}}
	if d := cmp.Diff(want, a.Changes); d != "" || a.Verb != plan.Wait {
		t.Errorf("%s: %s", a.Verb, d)
	}
	if !a.Owned.Has(fieldset.ParsePath("tags.ENV")) {
		t.Error("a release that was not sent is forgotten")
	}
}

func TestAllImmutableFieldsAreNamed(t *testing.T) {
	d, o := whole(t)
	put(d.Body, "properties.networkProfile.networkPlugin", "kubenet")
	put(d.Body, "location", "eastus")
	a := plan.Compute(d, o, owned(), aksRules(), noon)
	want := `managedCluster my-cluster cannot change after creation: location is "westeurope" in Azure, wanted "eastus"; ` +
		`properties.networkProfile.networkPlugin is "azure" in Azure, wanted "kubenet"; ` +
		`set them back to the values in Azure, or delete the object and create it anew with another name`
	if a.Message != want {
		t.Errorf("got  %s\nwant %s", a.Message, want)
	}
}

func TestAdoption(t *testing.T) {
	for name, tt := range map[string]struct {
		owned *fieldset.Set
		adopt bool
		state string
		verb  plan.Verb
	}{
		"nothing known":                {nil, false, "Succeeded", plan.Blocked},
		"nothing known, busy":          {nil, false, "Creating", plan.Blocked},
		"nothing known, adoption":      {nil, true, "Succeeded", plan.Update},
		"ours, although nothing in it": {owned(), false, "Succeeded", plan.Update},
	} {
		d, o := whole(t)
		tier(&d)
		d.Adopt, o.State = tt.adopt, tt.state
		a := plan.Compute(d, o, tt.owned, aksRules(), noon)
		if a.Verb != tt.verb {
			t.Errorf("%s: %s, want %s", name, a.Line(), tt.verb)
		}
		if tt.verb == plan.Blocked && (a.Reason != plan.ReasonAlreadyExists || a.Owned != nil ||
			!strings.Contains(a.Message, "import") || len(a.Changes) == 0) {
			t.Errorf("%s: %s %q, owned %v, %d changes", name, a.Reason, a.Message, a.Owned, len(a.Changes))
		}
	}
}

func TestAbsence(t *testing.T) {
	for name, tt := range map[string]struct {
		observed plan.Observed
		owned    *fieldset.Set
		adopt    bool
		verb     plan.Verb
		reason   string
	}{
		"gone":                {plan.Observed{}, owned("x"), false, plan.None, ""},
		"there":               {plan.Observed{Exists: true, ETag: "e", State: "Succeeded"}, owned(), false, plan.Delete, ""},
		"failed":              {plan.Observed{Exists: true, ETag: "e", State: "Failed"}, owned(), false, plan.Delete, ""},
		"busy":                {plan.Observed{Exists: true, ETag: "e", State: "Updating"}, owned(), false, plan.Delete, ""},
		"going":               {plan.Observed{Exists: true, ETag: "e", State: "Deleting"}, owned(), false, plan.Wait, plan.ReasonDeleting},
		"never ours":          {plan.Observed{Exists: true, ETag: "e", State: "Succeeded"}, nil, false, plan.None, plan.ReasonNotOurs},
		"ours by other proof": {plan.Observed{Exists: true, ETag: "e", State: "Succeeded"}, nil, true, plan.Delete, ""},
	} {
		d := plan.Desired{Kind: "agentPool", Name: "pool1", Absent: true, Adopt: tt.adopt}
		a := plan.Compute(d, tt.observed, tt.owned, aksRules(), noon)
		if a.Verb != tt.verb || a.Reason != tt.reason || a.IfMatch != "" || a.Body != nil {
			t.Errorf("%s: %s, reason %q, If-Match %q", name, a.Line(), a.Reason, a.IfMatch)
		}
		if tt.verb == plan.Delete && a.Owned != tt.owned {
			t.Errorf("%s: the owned set is forgotten before the resource is gone", name)
		}
	}
}

func TestStripMayReturnItsArgument(t *testing.T) {
	d, o := whole(t)
	tier(&d)
	rules := aksRules()
	rules.Strip = func(o fieldset.Object) fieldset.Object { return o }
	a := plan.Compute(d, o, owned(), rules, noon)
	if get(a.Body, "sku.tier") != "Standard" || get(a.Body, "eTag") != nil {
		t.Errorf("body %v", a.Body)
	}
	if d := cmp.Diff(load(t, "managedcluster.observed.json"), o.Body); d != "" {
		t.Errorf("the observed document was changed: %s", d)
	}
}
