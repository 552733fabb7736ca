package plan_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capaks/capaks/internal/fieldset"
	"github.com/capaks/capaks/internal/plan"
)

// fields are what the fuzzer makes documents of: for each path the values that somebody may want or Azure may hold,
// in more than one spelling.
var fields = []struct {
	path   string
	values []any
}{
	{"sku.tier", []any{"Free", "free", "Standard"}},
	{"sku.name", []any{"Base", "base", "Automatic"}},
	{"location", []any{"westeurope", "West Europe"}},
	{"tags.env", []any{"prod", "dev", ""}},
	{"tags.ENV", []any{"prod", "dev", ""}},
	{`tags["a.b/c"]`, []any{"1", "2"}},
	{"tags.policy", []any{"on", "off"}},
	{"properties.nodeLabels.team", []any{"blue", "green"}},
	{`properties.nodeLabels["topology.kubernetes.io/zone"]`, []any{"1", "2"}},
	{"properties.kubernetesVersion", []any{"1.33", "1.33.4", "v1.33.4", "1.34.0", "1.32.9"}},
	{"properties.networkProfile.loadBalancerProfile.idleTimeoutInMinutes", []any{int64(30), 30.0, int64(4)}},
	{"properties.networkProfile.loadBalancerProfile.outboundIPs", []any{[]any{"/A", "/b"}, []any{"/b/", "/a"}, []any{"/c"}, []any{}}},
	{"properties.apiServerAccessProfile.authorizedIPRanges", []any{[]any{"1.2.3.4"}, []any{"1.2.3.4/32"}, []any{"5.6.7.8/24", "1.2.3.4"}, []any{}, nil}},
	{"properties.aadProfile.adminGroupObjectIDs", []any{[]any{"A", "b"}, []any{"B", "a"}, []any{"c"}}},
	{"properties.autoScalerProfile.expander", []any{"random", "priority"}},
	{"properties.enableRBAC", []any{true, false}},
	{"properties.disableLocalAccounts", []any{false, true}},
	{"properties.windowsProfile.adminPassword", []any{"one", "two"}},
	{"properties.provisioningState", []any{"Succeeded"}},
	{"properties.fqdn", []any{"a.example.com"}},
	{"properties.agentPoolProfiles", []any{
		[]any{object{"name": "p", "count": int64(1)}},
		[]any{object{"name": "p", "count": int64(2), "eTag": "e", "nodeImageVersion": "i"}}}},
	{`identity.userAssignedIdentities["/Ids/one"]`, []any{object{}, object{"clientId": "c1"}}},
	{`identity.userAssignedIdentities["/ids/ONE"]`, []any{object{}, object{"clientId": "c1"}}},
	{`identity.userAssignedIdentities["/ids/two"]`, []any{object{}, object{"clientId": "c2"}}},
	{"properties.linuxProfile.ssh.publicKeys", []any{[]any{object{"keyData": "ssh-ed25519 AAAA"}}, []any{object{"keyData": "ssh-ed25519 BBBB"}}}},
	{"tags", []any{object{}}},
	{"properties.securityProfile", []any{object{}, object{"defender": object{"enabled": true}}}},
}

// hasSide: some fields only one side has in the fuzzer's documents: Azure returns no passwords, and nobody wants
// a read-only property.
func hasSide(path string, wish bool) bool {
	if isReadOnly(fieldset.ParsePath(path)) {
		return !wish
	}
	return wish || path != "properties.windowsProfile.adminPassword"
}

// scenario reads one byte per field: two bits whether it is wanted and owned, three bits what Azure holds, the
// rest chooses values. Missing bytes are zero.
func scenario(data []byte) (wish, stored object, known *fieldset.Set) {
	wish, stored, known = object{}, object{}, fieldset.NewSet()
	for i, f := range fields {
		if i >= len(data) {
			break
		}
		b := int(data[i])
		if b&1 != 0 && hasSide(f.path, true) {
			value := f.values[b>>3%len(f.values)]
			if strings.HasPrefix(f.path, "identity.") {
				value = object{} // the principals of an identity are read-only
			}
			place(wish, f.path, value)
		}
		if b&2 != 0 && hasSide(f.path, true) {
			known.Insert(fieldset.ParsePath(f.path))
		}
		if b&4 != 0 && hasSide(f.path, false) {
			place(stored, f.path, f.values[(b>>3+b>>5)%len(f.values)])
		}
	}
	put(stored, "location", "westeurope") // the one immutable field
	oneSpelling(wish)
	oneSpelling(stored)
	return wish, stored, known
}

// place does not let an empty map wipe out what is there already.
func place(o object, path string, v any) {
	p := fieldset.ParsePath(path)
	if _, there := fieldset.Get(o, p); !there {
		fieldset.Put(o, p, v)
	}
}

// oneSpelling: ARM accepts no two keys that differ only by case.
func oneSpelling(o object) {
	for kept, other := range map[string]string{"tags.env": "tags.ENV",
		`identity.userAssignedIdentities["/Ids/one"]`: `identity.userAssignedIdentities["/ids/ONE"]`} {
		if _, both := fieldset.Get(o, fieldset.ParsePath(kept)); both {
			remove(o, other)
		}
	}
}

func seeds(f *testing.F) {
	f.Add([]byte{}, false)
	for _, b := range []byte{1, 2, 3, 4, 5, 6, 7, 0x2d, 0x35, 0xff, 0x0d, 0x1f} {
		data := make([]byte, len(fields))
		for i := range data {
			data[i] = b + byte(i%3)*8
		}
		f.Add(data, b&1 == 0)
	}
}

// FuzzOneUpdateConverges: whatever Azure holds, one update leads to a state that needs nothing, and a plan that needs
// nothing needs nothing the next time either. Together: no endless loop of updates.
func FuzzOneUpdateConverges(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte, specChanged bool) {
		wish, stored, known := scenario(data)
		d, o, rules := plan.Desired{Body: wish, SpecChanged: specChanged}, plan.Observed{Exists: true, Body: stored}, aksRules()
		before := fieldset.Copy(stored)
		first := plan.Compute(d, o, known, rules, noon)
		if first.Verb == plan.Update {
			o.Body = azure(stored, first.Body)
		} else if first.Verb != plan.None {
			t.Fatalf("%s", first.Line())
		}
		again := plan.Compute(d, o, first.Owned, rules, noon)
		if again.Verb != plan.None || len(again.Changes) != 0 {
			t.Errorf("first %s\nthen  %s", plan.Text([]plan.Action{first}), plan.Text([]plan.Action{again}))
		}
		if d := cmp.Diff(before, stored); d != "" {
			t.Errorf("the observed document was changed: %s", d)
		}
	})
}

// FuzzForeignFieldsSurvive: what we neither want nor owned is the same before and after, what we want is there after,
// and nothing read-only is ever sent.
func FuzzForeignFieldsSurvive(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte, specChanged bool) {
		wish, stored, known := scenario(data)
		rules := aksRules()
		a := plan.Compute(plan.Desired{Body: wish, SpecChanged: specChanged}, plan.Observed{Exists: true, Body: stored}, known, rules, noon)
		if a.Verb != plan.Update {
			t.Skip()
		}
		after := azure(stored, a.Body)
		ours := fieldset.Leaves(wish).Union(known)
		fieldset.Leaves(stored).Each(func(p fieldset.Path) {
			if touches(ours, p) {
				return
			}
			was, _ := fieldset.Get(stored, p)
			is, _ := fieldset.Get(after, p)
			if d := cmp.Diff(was, is); d != "" {
				t.Errorf("%s is not ours, but changed: %s\n%s", p, d, plan.Text([]plan.Action{a}))
			}
		})
		fieldset.Leaves(a.Body).Each(func(p fieldset.Path) {
			if isReadOnly(p) {
				t.Errorf("%s is read-only, but was sent", p)
			}
		})
		for _, c := range plan.Compute(plan.Desired{Body: wish}, plan.Observed{Exists: true, Body: after}, a.Owned, rules, noon).Changes {
			t.Errorf("not reached: %s", c)
		}
	})
}

// touches: p is one of our paths, in any spelling, or lies above one or below the key of an identity. The pools are for
// creation only and so never ours.
func touches(ours *fieldset.Set, p fieldset.Path) bool {
	if p.String() == "properties.agentPoolProfiles" {
		return false
	}
	hit := false
	ours.Each(func(q fieldset.Path) {
		n := min(len(p), len(q))
		if emptyTags := q.String() == "tags"; !emptyTags && q.String() != "properties.securityProfile" {
			hit = hit || strings.EqualFold(p[:n].String(), q[:n].String())
		}
	})
	return hit
}

func FuzzOwnedSetRoundTrips(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte, _ bool) {
		wish, stored, known := scenario(data)
		d, o := plan.Desired{Body: wish}, plan.Observed{Exists: true, Body: stored}
		text, err := known.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		var remembered fieldset.Set
		if err := remembered.UnmarshalJSON(text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		a, b := plan.Compute(d, o, known, aksRules(), noon), plan.Compute(d, o, &remembered, aksRules(), noon)
		if d := cmp.Diff(a.Changes, b.Changes) + cmp.Diff(a.Body, b.Body); d != "" || !a.Owned.Equal(b.Owned) {
			t.Errorf("the plan differs after the owned set was written as %s: %s", text, d)
		}
	})
}
