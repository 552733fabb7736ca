package world

import (
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	if w := Default(); w.Check() != nil {
		t.Fatalf("the default world: %v", w.Check())
	}
	for want, other := range map[string]World{
		"tenants[2].id is missing":                       {Tenants: []Tenant{{Domain: "x"}}},
		`subscriptions[3].tenantId "nowhere"`:            {Subscriptions: []Subscription{{ID: "s", TenantID: "nowhere"}}},
		"principals[4].clientId is missing":              {Principals: []Principal{{TenantID: TenantA}}},
		`principals[4].tenantId ""`:                      {Principals: []Principal{{ClientID: "c"}}},
		"principals[4].certificatePem":                   {Principals: []Principal{{ClientID: "c", TenantID: TenantA, CertificatePEM: "x"}}},
		"principals[4].federated[0] needs issuer":        {Principals: []Principal{{ClientID: "c", TenantID: TenantA, Federated: []Federated{{Issuer: "i"}}}}},
		`roleAssignments[5].principal "nobody"`:          {Roles: []RoleAssignment{{"nobody", "Reader", "/"}}},
		`roleAssignments[5].role "King"`:                 {Roles: []RoleAssignment{{ClientA, "King", "/"}}},
		`roleAssignments[5].scope "here"`:                {Roles: []RoleAssignment{{ClientA, "Reader", "here"}}},
		`locations[26] "West US 2"`:                      {Locations: []string{"West US 2"}},
		`quotas[1].location "atlantis"`:                  {Quotas: []Quota{{Family: "cores", Location: "atlantis"}}},
		"quotas[1].limit -1":                             {Quotas: []Quota{{Family: "x", Limit: -1}}},
		`not "1"`:                                        {Versions: []Version{{Minor: "1"}}},
		`"1.35.0", which is no patch of 1.99`:            {Versions: []Version{{Minor: "1.99", Patches: []string{"1.35.0"}}}},
		`"Standard_None" needs name, vCPUs above 0`:      {VMSizes: []VMSize{{Name: "Standard_None", Family: "f"}}},
		`tagPolicies[0].scope "there" is no id; a subsc`: {Policies: []TagPolicy{{Scope: "there"}}},
	} {
		w := Default()
		w.Merge(other)
		if err := w.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", other, err, want)
		}
	}
}
