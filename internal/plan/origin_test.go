package plan_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/capaks/capaks/internal/fieldset"
	"github.com/capaks/capaks/internal/plan"
)

// Whether the spec or Azure changed is told field by field, by what was asked for last; that survives being stored.
func TestOriginOfADifference(t *testing.T) {
	first := object{"count": int64(1), "mode": "User", "labels": object{"a.b": "1", "c": "2"}, "taints": []any{"x=y:NoSchedule"}}
	azure := func(changes object) plan.Observed {
		return plan.Observed{Exists: true, State: "Succeeded", Body: fieldset.Overlay(first, changes)}
	}
	asked := plan.Compute(plan.Desired{Body: first}, plan.Observed{}, nil, plan.Rules{}, noon).Owned
	stored, err := json.Marshal(asked)
	if err != nil {
		t.Fatal(err)
	}
	remembered := fieldset.NewSet()
	if err := json.Unmarshal(stored, remembered); err != nil || !remembered.Equal(asked) {
		t.Fatalf("%s is read as %v, error %v", stored, remembered.Paths(), err)
	}
	unmarked := fieldset.Leaves(first)
	for name, c := range map[string]struct {
		wish, azure object
		spec        bool
		state       string
		owned       *fieldset.Set
		want        map[string]plan.Why
	}{
		"the spec changed, which nobody says": {wish: object{"count": int64(2)}, want: map[string]plan.Why{"count": plan.WhyChange}},
		"Azure changed":                       {azure: object{"count": int64(3)}, want: map[string]plan.Why{"count": plan.WhyDrift}},
		"both, in one request": {wish: object{"count": int64(2)}, azure: object{"labels": object{"a.b": "other"}}, spec: true,
			want: map[string]plan.Why{"count": plan.WhyChange, `labels["a.b"]`: plan.WhyDrift}},
		"both, of one field": {wish: object{"count": int64(2)}, azure: object{"count": int64(5)}, want: map[string]plan.Why{"count": plan.WhyChange}},
		"a list":             {wish: object{"taints": []any{"z=y:NoSchedule"}}, want: map[string]plan.Why{"taints": plan.WhyChange}},
		"asked for, and the operation failed": {azure: object{"count": int64(3)}, spec: true, state: "Failed",
			want: map[string]plan.Why{"count": plan.WhyChange}},
		"remembered without values, the spec is new": {azure: object{"count": int64(3)}, spec: true, owned: unmarked, want: map[string]plan.Why{"count": plan.WhyChange}},
		"remembered without values, the spec is old": {azure: object{"count": int64(3)}, owned: unmarked, want: map[string]plan.Why{"count": plan.WhyDrift}},
	} {
		t.Run(name, func(t *testing.T) {
			o, owned := azure(c.azure), c.owned
			if c.state != "" {
				o.State = c.state
			}
			if owned == nil {
				owned = remembered
			}
			a := plan.Compute(plan.Desired{Body: fieldset.Overlay(first, c.wish), SpecChanged: c.spec, Adopt: true}, o, owned, plan.Rules{}, noon)
			got := map[string]plan.Why{}
			for _, change := range a.Changes {
				got[change.Path] = change.Why
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

// A whole cluster's annotation grows by less than a third, and passwords leave no trace in it.
func TestMarksAreSmall(t *testing.T) {
	d, _ := whole(t)
	with, err := json.Marshal(plan.Compute(d, plan.Observed{}, nil, aksRules(), noon).Owned)
	if err != nil {
		t.Fatal(err)
	}
	paths := plan.Compute(d, plan.Observed{}, nil, aksRules(), noon).Owned.Paths()
	without, err := json.Marshal(fieldset.NewSet(paths...))
	if err != nil {
		t.Fatal(err)
	}
	if len(with) <= len(without) || len(with)*10 > len(without)*13 {
		t.Errorf("%d bytes with marks, %d without", len(with), len(without))
	}
	put(d.Body, "properties.windowsProfile.adminPassword", "another")
	again, err := json.Marshal(plan.Compute(d, plan.Observed{}, nil, aksRules(), noon).Owned)
	if err != nil || string(again) != string(with) {
		t.Errorf("another password gives another annotation: %s", again)
	}
}

func TestLineHasAllThatFits(t *testing.T) {
	id := "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/a-group-with-a-long-name/providers/Microsoft.Network/virtualNetworks/net/subnets/"
	ids := plan.Change{Path: "properties.vnetSubnetID", From: id + "old", To: id + "new", Why: plan.WhyTakeover}
	a := plan.Action{Verb: plan.Update, Kind: "agentPool", Name: "p", Changes: []plan.Change{
		{Path: "properties.count", From: 1, To: 2, Why: plan.WhyDrift}, ids, {Path: "tags.x", From: "1", Why: plan.WhyReleased}}}
	want := `Update agentPool p: count 1 -> 2 (drift); vnetSubnetID ...Networks/net/subnets/old" -> ...Networks/net/subnets/new" (takeover); tags.x "1" -> (none) (released)`
	if got := a.Line(); !strings.Contains(got, `old" -> `) || !strings.Contains(got, `new" (takeover); tags.x "1" -> (none) (released)`) {
		t.Errorf("got %s, want like %s", got, want)
	}
	for range 20 {
		a.Changes = append(a.Changes, ids)
	}
	line := a.Line()
	if n := utf8.RuneCountInString(line); n < 700 || n > 900 || !strings.HasSuffix(line, " more") || strings.Count(line, "old") != strings.Count(line, "new") {
		t.Errorf("%d runes: %s", n, line)
	}
	if shown := strings.Count(line, " -> "); !strings.HasSuffix(line, "; +"+string(rune('0'+(23-shown)/10))+string(rune('0'+(23-shown)%10))+" more") {
		t.Errorf("shows %d of 23: %s", shown, line)
	}
}

func TestChangeInsideANamedListIsToldInDetail(t *testing.T) {
	nodes := func(service string) object {
		return object{"name": "nodes", "properties": object{"serviceEndpoints": []any{object{"service": service}}}}
	}
	other := object{"name": "other", "etag": "W/1"}
	a := plan.Action{Verb: plan.Update, Kind: "virtualNetwork", Name: "net", Changes: []plan.Change{
		{Path: "properties.subnets", From: []any{other, nodes("Microsoft.Storage")}, To: []any{object{"name": "other"}, nodes("Microsoft.Sql")}, Why: plan.WhyChange}}}
	want := `Update virtualNetwork net: subnets[nodes].serviceEndpoints [{"service":"Microsoft.Storage"}] -> [{"service":"Microsoft.Sql"}]`
	if got := a.Line(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if text := plan.Text([]plan.Action{a}); !strings.Contains(text, "~ subnets[nodes].serviceEndpoints [") {
		t.Errorf("text %s", text)
	}
	a.Changes[0].To = []any{object{"name": "other"}, object{"name": "new"}}
	if got := a.Line(); !strings.Contains(got, `subnets[new] (none) -> {"name":"new"}; subnets[nodes] {"name":"nodes"`) {
		t.Errorf("got %s", got)
	}
}
