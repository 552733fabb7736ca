package plan_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/capaks/capaks/internal/fieldset"
	"github.com/capaks/capaks/internal/plan"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s: %s", name, d)
	}
}

const newKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKeyOfTheSecondDayyyyyyyyyyyyyyyyyyyyy2nd ops@example.com\n"

// edited is the converged cluster after a user edited many fields at once, and another one an own tag in Azure.
func edited(t *testing.T) (plan.Desired, plan.Observed, *fieldset.Set) {
	d, o := whole(t)
	before := fieldset.Leaves(d.Body).Union(owned("tags.costcenter", "properties.autoScalerProfile.expander",
		"properties.networkProfile.loadBalancerProfile.outboundIPs"))
	put(d.Body, "sku.tier", "Standard")
	put(d.Body, "properties.kubernetesVersion", "1.34.1")
	put(d.Body, "tags.team", "blue")
	put(d.Body, "properties.windowsProfile.adminPassword", "N3w-secret-words")
	put(d.Body, "properties.linuxProfile.ssh.publicKeys", []any{object{"keyData": newKey}})
	put(d.Body, "properties.apiServerAccessProfile.authorizedIPRanges", []any{"192.0.2.0/24"})
	remove(d.Body, "properties.networkProfile.loadBalancerProfile.idleTimeoutInMinutes")
	put(o.Body, "properties.networkProfile.loadBalancerProfile.idleTimeoutInMinutes", int64(10))
	put(o.Body, "properties.windowsProfile.adminPassword", "leaked by a mistake of Azure")
	return d, o, before
}

func TestUpdateBody(t *testing.T) {
	d, o, before := edited(t)
	a := plan.Compute(d, o, before, aksRules(), noon)
	body, err := json.MarshalIndent(a.Body, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "managedcluster.update.json", string(body)+"\n")

	stripped := aksRules()
	stripped.ReadOnly = nil
	stripped.Strip = func(o fieldset.Object) fieldset.Object {
		o = fieldset.Copy(o)
		for _, p := range readOnly {
			if !strings.Contains(p, "[]") && !strings.Contains(p, "{}") {
				remove(o, p)
			}
		}
		for _, pool := range get(o, "properties.agentPoolProfiles").([]any) {
			for _, key := range []string{"provisioningState", "currentOrchestratorVersion", "nodeImageVersion", "eTag", "powerState"} {
				delete(pool.(object), key)
			}
		}
		for _, id := range get(o, "identity.userAssignedIdentities").(object) {
			clear(id.(object))
		}
		return o
	}
	if d := cmp.Diff(a.Body, plan.Compute(d, o, before, stripped, noon).Body); d != "" {
		t.Errorf("Strip gives another body than ReadOnly: %s", d)
	}
}

func TestText(t *testing.T) {
	d, o, before := edited(t)
	group := plan.Desired{Kind: "resourceGroup", Name: "aks-rg", Body: object{"location": "westeurope"}}
	pool := plan.Desired{Kind: "agentPool", Name: "pool2", Body: object{"properties": object{
		"mode": "User", "count": int64(3), "availabilityZones": []any{"1", "2"}, "nodeTaints": []any{"gpu=true:NoSchedule"}}}}
	changed, busy, blocked, released := d, o, d, d
	changed.SpecChanged = true
	busy.State = "Upgrading"
	blocked.Body = fieldset.Overlay(d.Body, object{"location": "eastus"})
	released.Body = fieldset.Copy(load(t, "managedcluster.desired.json"))
	remove(released.Body, "properties.enableRBAC")
	_, converged := whole(t)
	rules := aksRules()
	actions := []plan.Action{
		plan.Compute(group, plan.Observed{}, nil, rules, noon),
		plan.Compute(changed, o, before, rules, noon),
		plan.Compute(pool, plan.Observed{}, nil, rules, noon),
		plan.Compute(plan.Desired{Kind: "agentPool", Name: "pool1", Absent: true}, plan.Observed{Exists: true}, owned(), rules, noon),
		plan.Compute(d, busy, before, rules, noon),
		plan.Compute(blocked, o, before, rules, noon),
		plan.Compute(d, o, nil, rules, noon),
		plan.Compute(released, converged, fieldset.Leaves(load(t, "managedcluster.desired.json")), rules, noon),
	}
	text := plan.Text(actions)
	golden(t, "plan.txt", text)
	var lines strings.Builder
	for _, a := range actions {
		line := a.Line()
		if n := utf8.RuneCountInString(line); n > 900 || strings.Contains(line, "\n") {
			t.Errorf("%d runes: %q", n, line)
		}
		lines.WriteString(line + "\n")
	}
	golden(t, "lines.txt", lines.String())
	for _, a := range actions {
		changes, err := json.Marshal(a.Changes)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{"N3w-secret-words", "Corr3ct", "leaked", "AAAAC3", "ops@example.com"} {
			if strings.Contains(text+lines.String()+string(changes), secret) {
				t.Errorf("%s shows %q", a.Line(), secret)
			}
		}
	}
}

func TestSecretsInLists(t *testing.T) {
	for name, value := range map[string]any{
		"in a list of objects": []any{object{"name": "a", "clientSecret": "s3cr3t"}},
		"a list of secrets":    object{"secret": []any{"s3cr3t"}},
		"deeper":               []any{object{"a": []any{object{"token": "s3cr3t"}}}},
	} {
		body := object{"x": value}
		a := plan.Compute(plan.Desired{Body: body}, plan.Observed{}, nil, plan.Rules{}, noon)
		shown, err := json.Marshal(a.Changes)
		if err != nil {
			t.Fatal(err)
		}
		if s := string(shown) + plan.Text([]plan.Action{a}); strings.Contains(s, "s3cr3t") || !strings.Contains(string(shown), plan.Hidden) {
			t.Errorf("%s: %s", name, s)
		}
		if d := cmp.Diff(object{"x": value}, a.Body); d != "" {
			t.Errorf("%s: the body lost its secret: %s", name, d)
		}
	}
}

func TestLineIsBounded(t *testing.T) {
	long := strings.Repeat("ä", 500)
	d := plan.Desired{Kind: "managedCluster", Name: "c", Body: object{long: long, "b": "x", "c": "y"}}
	for _, o := range []plan.Observed{{}, {Exists: true}, {Exists: true, State: long}} {
		line := plan.Compute(d, o, owned(), plan.Rules{}, noon).Line()
		if n := utf8.RuneCountInString(line); n > 900 || !utf8.ValidString(line) {
			t.Errorf("%d runes: %s", n, line)
		}
	}
}

func TestCallInWords(t *testing.T) {
	a := plan.Action{Verb: plan.Call, Operation: "stop", Kind: "managedCluster", Name: "my-cluster",
		Changes: []plan.Change{{Path: "properties.powerState.code", From: "Running", To: "Stopped", Why: plan.WhyChange}}}
	if got, want := a.Line(), `Stop managedCluster my-cluster: powerState.code "Running" -> "Stopped"`; got != want {
		t.Errorf("line %s, want %s", got, want)
	}
	want := `> stop managedCluster my-cluster
    ~ powerState.code "Running" -> "Stopped"
Plan: 0 to create, 0 to update, 0 to delete, 1 to call, 0 waiting, 0 blocked, 0 unchanged.
`
	if got := plan.Text([]plan.Action{a}); got != want {
		t.Errorf("text\n%swant\n%s", got, want)
	}
}

func TestChangesThatAreNotMade(t *testing.T) {
	for want, c := range map[string]plan.Change{
		`tags.env "prod" -> "dev" (contested)`:                                                         {Path: "tags.env", From: "prod", To: "dev", Why: plan.WhyContested},
		`x (released: no longer managed; this api-version does not show it, the value in Azure stays)`: {Path: "properties.x", Why: plan.WhyReleased, Impact: plan.ImpactUnseen},
	} {
		if got := c.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if text := plan.Text([]plan.Action{{Verb: plan.None, Kind: "k", Name: "n", Changes: []plan.Change{c}}}); !strings.Contains(text, "    = "+want) {
			t.Errorf("text %s", text)
		}
	}
}
