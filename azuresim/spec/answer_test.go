package spec

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// An answer may have what only the service sets and may lack what a request needs; it must not have what the api-version
// does not know, other types, other values or secrets.
func TestValidateAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		kind, version, body string
		want                []string
	}{
		"read-only properties": {cluster, "2025-02-01", `{"id": "i", "eTag": "e", "properties": {"provisioningState": "Succeeded", "powerState": {"code": "Running"}}}`, nil},
		"what a version does not know": {cluster, "2025-02-01", `{"location": "l", "properties": {"powerState": {"level": 3}, "colour": "red"}}`,
			[]string{"unknown: properties.colour: not a property of this api-version", "unknown: properties.powerState.level: not a property of this api-version"}},
		"types and values": {pool, "2025-02-01", `{"properties": {"count": "3", "mode": "Boss"}}`,
			[]string{"type: properties.count: string instead of integer", `enum: properties.mode: "Boss" is not one of System, User`}},
		"a secret": {cluster, "2025-02-01", `{"location": "l", "properties": {"windowsProfile": {"adminUsername": "u", "adminPassword": "p"}}}`,
			[]string{"writeOnly: properties.windowsProfile.adminPassword: a secret in an answer"}},
		"a list": {pool, "2025-02-01", `{"value": [{"properties": {"count": 1}}, {"properties": {"count": true}}, 7]}`,
			[]string{"type: value[1].properties.count: boolean instead of integer", "type: value[2]: integer instead of object"}},
		"an operation's answer": {cluster + "/listClusterAdminCredential", "2025-02-01", `{"kubeconfigs": [{"name": "clusterAdmin", "value": "AA=="}], "more": 1}`,
			[]string{"unknown: more: not a property of this api-version"}},
		"nothing is known": {"Microsoft.Nothing/at", "2025-02-01", `{"x": 1}`, nil},
	} {
		if diff := cmp.Diff(c.want, ValidateAnswer(c.kind, c.version, body(t, c.body))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
