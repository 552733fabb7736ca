package sandboxtest

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestInVain: lines as an API server writes them, shortened.
func TestInVain(t *testing.T) {
	const (
		granted = `{"verb":"get","objectRef":{"resource":"secrets","namespace":"a"},"responseStatus":{"code":200},"annotations":{"authorization.k8s.io/decision":"allow"}}`
		refused = `{"verb":"get","objectRef":{"resource":"secrets","namespace":"a"},"responseStatus":{"code":403,"message":"cannot get"},"annotations":{"authorization.k8s.io/decision":"forbid"}}`
		owner   = `{"verb":"create","objectRef":{"resource":"secrets","namespace":"a"},"responseStatus":{"code":403,"message":"cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on"},"annotations":{"authorization.k8s.io/decision":"allow"}}`
		foreign = `{"verb":"patch","objectRef":{"resource":"secrets","namespace":"a"},"responseStatus":{"code":403,"message":"cannot set an ownerRef on a resource you can't delete"},"annotations":{"authorization.k8s.io/decision":"allow"}}`
		webhook = `{"verb":"patch","objectRef":{"resource":"machinepools","apiGroup":"cluster.x-k8s.io","namespace":"a"},"responseStatus":{"code":403,"message":"admission webhook denied the request"},"annotations":{"authorization.k8s.io/decision":"allow"}}`
		early   = `{"verb":"get","requestURI":"/api","responseStatus":{"code":403},"annotations":{"authorization.k8s.io/decision":"forbid"}}`
		later   = `{"verb":"get","requestURI":"/api","responseStatus":{"code":200},"annotations":{"authorization.k8s.io/decision":"allow"}}`
		status  = `{"verb":"patch","objectRef":{"resource":"azuremanagedclusters","subresource":"status","apiGroup":"infrastructure.cluster.x-k8s.io","namespace":"b"},"responseStatus":{"code":403},"annotations":{"authorization.k8s.io/decision":"forbid"}}`
	)
	for name, c := range map[string]struct {
		lines []string
		want  string
	}{
		"all granted":                     {[]string{granted}, ""},
		"refused after it was granted":    {[]string{granted, refused}, `get secrets. in namespace "a"`},
		"refused until rights were known": {[]string{early, later}, ""},
		"an owner that may not be held":   {[]string{owner}, `create secrets. in namespace "a"`},
		"an owner of what is not deleted": {[]string{foreign}, `patch secrets. in namespace "a"`},
		"refused by a webhook":            {[]string{webhook}, ""},
		"a subresource":                   {[]string{granted, status}, `patch azuremanagedclusters/status.infrastructure.cluster.x-k8s.io in namespace "b"`},
	} {
		t.Run(name, func(t *testing.T) {
			var all []Access
			for _, line := range c.lines {
				var a Access
				if err := json.Unmarshal([]byte(line), &a); err != nil {
					t.Fatal(err)
				}
				all = append(all, a)
			}
			err := inVain(all)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("missing: %v, want %q", err, c.want)
			}
		})
	}
}
