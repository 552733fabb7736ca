package observability

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

type rule struct{ Alert, Expr string }

// alerts are the rules of the PrometheusRule.
func alerts(t *testing.T) (all []rule, spec []byte) {
	t.Helper()
	var resource struct{ Spec map[string]any }
	if err := yaml.Unmarshal(read(t, folder, "prometheus", "rules.yaml"), &resource); err != nil {
		t.Fatal(err)
	}
	spec, err := yaml.Marshal(resource.Spec)
	if err != nil {
		t.Fatal(err)
	}
	var groups struct {
		Groups []struct{ Rules []rule }
	}
	if err := yaml.Unmarshal(spec, &groups); err != nil {
		t.Fatal(err)
	}
	for _, group := range groups.Groups {
		all = append(all, group.Rules...)
	}
	return all, spec
}

// TestAlertsFireAndAreSilent runs promtool's unit tests, of which each alert has one in which it fires and one in which it does not.
func TestAlertsFireAndAreSilent(t *testing.T) {
	all, spec := alerts(t)
	tests := read(t, folder, "prometheus", "rules_test.yaml")
	var cases struct {
		Tests []struct {
			AlertRuleTest []struct {
				Alertname string `json:"alertname"`
				ExpAlerts []any  `json:"exp_alerts"`
			} `json:"alert_rule_test"`
		}
	}
	if err := yaml.Unmarshal(tests, &cases); err != nil {
		t.Fatal(err)
	}
	fires, silent := map[string]bool{}, map[string]bool{}
	for _, c := range cases.Tests {
		for _, a := range c.AlertRuleTest {
			fires[a.Alertname] = fires[a.Alertname] || len(a.ExpAlerts) > 0
			silent[a.Alertname] = silent[a.Alertname] || len(a.ExpAlerts) == 0
		}
	}
	guide := string(read(t, document))
	for _, r := range all {
		if !strings.Contains(guide, "| "+r.Alert+" |") {
			t.Errorf("%s does not say what to do about %s", document, r.Alert)
		}
		if !fires[r.Alert] || !silent[r.Alert] {
			t.Errorf("%s: tested to fire %t, to be silent %t", r.Alert, fires[r.Alert], silent[r.Alert])
		}
	}
	promtool := tool(t, "promtool")
	dir := t.TempDir()
	for name, content := range map[string][]byte{"alerts.yaml": spec, "rules_test.yaml": tests} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.CommandContext(t.Context(), promtool, "test", "rules", "rules_test.yaml")
	command.Dir = dir
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
