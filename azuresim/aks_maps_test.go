package azuresim_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/capaks/capaks/azuresim"
)

// Maps with free keys are replaced as a whole when they are sent, and stay when they are not; objects are merged.
func TestMapsWithFreeKeys(t *testing.T) {
	m := start(t, azuresim.Options{NoThrottle: true})
	m.cluster()
	pool := cluster + "/agentPools/sys"
	for _, step := range []struct {
		path, sent, at string
		want           any
	}{
		{cluster, `"addonProfiles":{"azurepolicy":{"enabled":true,"config":{"a":"b","c":"d"}}}`, "properties.addonProfiles.azurepolicy.config", map[string]any{"a": "b", "c": "d"}},
		{cluster, `"addonProfiles":{"azurepolicy":{"enabled":true,"config":{"a":"e"}}}`, "properties.addonProfiles.azurepolicy.config", map[string]any{"a": "e"}},
		{cluster, `"addonProfiles":{"azurepolicy":{"enabled":false}}`, "properties.addonProfiles.azurepolicy.config", map[string]any{"a": "e"}},
		{cluster, `"addonProfiles":{"omsagent":{"enabled":false}}`, "properties.addonProfiles.azurepolicy.config", map[string]any{"a": "e"}},
		{pool, `"localDNSProfile":{"mode":"Required","kubeDNSOverrides":{"x":{"protocol":"ForceTCP"},"y":{}},"vnetDNSOverrides":{"z":{}}}`,
			"properties.localDNSProfile.kubeDNSOverrides", map[string]any{"x": map[string]any{"protocol": "ForceTCP"}, "y": map[string]any{}}},
		{pool, `"localDNSProfile":{"kubeDNSOverrides":{"y":{}}}`, "properties.localDNSProfile.kubeDNSOverrides", map[string]any{"y": map[string]any{}}},
		{pool, `"localDNSProfile":{"mode":"Required"}`, "properties.localDNSProfile.vnetDNSOverrides", map[string]any{"z": map[string]any{}}},
	} {
		body := `{"properties":{` + step.sent + `}}`
		if step.path == cluster {
			body = `{"location":"westus2","properties":{` + step.sent + `}}`
		}
		m.do(200, "PUT", step.path, aksVersion, body)
		m.clock.Advance(time.Minute)
		if diff := cmp.Diff(step.want, m.succeeded(step.path).get(step.at)); diff != "" {
			t.Errorf("after %s: %s (-want +got)\n%s", step.sent, step.at, diff)
		}
	}
}
