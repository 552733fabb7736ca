package spec

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBetween(t *testing.T) {
	body := func() map[string]any {
		return map[string]any{"properties": map[string]any{
			"dnsPrefix":               "x",
			"networkProfile":          map[string]any{"dockerBridgeCidr": "172.17.0.1/16", "podCidrs": []any{"10.0.0.0/8"}},
			"nodeProvisioningProfile": map[string]any{"mode": "Auto"}, // since 2025-07-01
		}}
	}
	paths := func(o map[string]any) (out []string) {
		props := o["properties"].(map[string]any)
		network := props["networkProfile"].(map[string]any)
		for name, at := range map[string]map[string]any{"dockerBridgeCidr": network, "podCidrs": network, "nodeProvisioningProfile": props, "dnsPrefix": props} {
			if at[name] != nil {
				out = append(out, name)
			}
		}
		return out
	}
	sorted := cmp.Transformer("set", func(in []string) map[string]bool {
		out := map[string]bool{}
		for _, s := range in {
			out[s] = true
		}
		return out
	})
	for version, want := range map[string][]string{
		"2020-11-01":         {"dnsPrefix", "dockerBridgeCidr"},             // before the first description
		"2021-05-01":         {"dnsPrefix", "dockerBridgeCidr"},             // described
		"2024-09-01":         {"dnsPrefix", "dockerBridgeCidr", "podCidrs"}, // between two: what either knows
		"2025-03-01":         {"dnsPrefix", "podCidrs", "nodeProvisioningProfile"},
		"2026-05-01":         {"dnsPrefix", "podCidrs", "nodeProvisioningProfile"},
		"2024-04-02-preview": {"dnsPrefix", "dockerBridgeCidr", "podCidrs", "nodeProvisioningProfile"},
		"2030-01-01":         {"dnsPrefix", "dockerBridgeCidr", "podCidrs", "nodeProvisioningProfile"},
	} {
		if diff := cmp.Diff(want, paths(Between(cluster, version, body())), sorted); diff != "" {
			t.Errorf("%s (-want +got):\n%s", version, diff)
		}
	}
}
