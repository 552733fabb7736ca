package azuresim_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/capaks/capaks/azuresim"
	"github.com/capaks/capaks/azuresim/world"
)

// Diagnostic settings hang on any resource; Azure Monitor's rules about sinks and categories hold.
func TestDiagnosticSettings(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.cluster()
	const version = "2021-05-01-preview"
	setting := func(name string) string {
		return cluster + "/providers/Microsoft.Insights/diagnosticSettings/" + name
	}
	body := func(workspace, category string) string {
		return fmt.Sprintf(`{"properties":{"workspaceId":%q,"logs":[{"category":%q,"enabled":true}],"metrics":[{"category":"AllMetrics","enabled":false}]}}`, workspace, category)
	}
	a := m.do(http.StatusOK, http.MethodPut, setting("Audit"), version, body("/w1", "kube-audit"))
	m.wantEqual(a, "id", strings.ToLower(cluster)+"/providers/microsoft.insights/diagnosticSettings/Audit")
	m.wantEqual(a, "properties.eventHubName", nil)
	m.refused(http.StatusBadRequest, "BadRequest", "At least one data sink", http.MethodPut, setting("b"), version, `{"properties":{"logs":[]}}`)
	m.refused(http.StatusBadRequest, "BadRequest", "Category 'nonsense' is not supported", http.MethodPut, setting("b"), version, body("/w2", "nonsense"))
	m.refused(http.StatusConflict, "Conflict", "already used in diagnostic setting 'Audit'", http.MethodPut, setting("b"), version, body("/w1", "kube-audit"))
	m.do(http.StatusOK, http.MethodPut, setting("b"), version, body("/w2", "kube-audit"))
	list, _ := m.do(http.StatusOK, http.MethodGet, strings.TrimSuffix(setting(""), "/"), version, "").get("value").([]any)
	if len(list) != 2 {
		t.Errorf("%d settings", len(list))
	}
	m.do(http.StatusOK, http.MethodDelete, setting("b"), version, "")
	m.do(http.StatusNoContent, http.MethodDelete, setting("b"), version, "")
	m.refused(http.StatusNotFound, "ResourceNotFound", "'b'", http.MethodGet, setting("b"), version, "")
}

// A cluster's health is unknown at first, then follows what happens to it or what the world says.
func TestResourceHealth(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.cluster()
	const version = "2025-05-01"
	health := func() any {
		t.Helper()
		return m.do(http.StatusOK, http.MethodGet, cluster+"/providers/Microsoft.ResourceHealth/availabilityStatuses/current", version, "").get("properties.availabilityState")
	}
	var states []any
	states = append(states, health())
	m.clock.Advance(10 * time.Minute)
	states = append(states, health())
	m.s.AddWorld(world.World{Health: []world.Health{{Resource: strings.ToUpper(cluster), State: "Degraded", Summary: "test"}}})
	states = append(states, health())
	m.s.AddWorld(world.World{Health: []world.Health{{Resource: cluster}}})
	m.control(http.MethodPost, "resource", `{"id":"`+cluster+`","merge":{"properties":{"powerState":{"code":"Stopped"}}}}`)
	states = append(states, health())
	if diff := cmp.Diff([]any{"Unknown", "Available", "Degraded", "Unavailable"}, states); diff != "" {
		t.Errorf("health (-want +got):\n%s", diff)
	}
	list, _ := m.do(http.StatusOK, http.MethodGet, group+"/providers/Microsoft.ResourceHealth/availabilityStatuses", version, "").get("value").([]any)
	if len(list) != 1 {
		t.Errorf("%d statuses in the group", len(list))
	}
	m.refused(http.StatusNotFound, "ResourceNotFound", "none", http.MethodGet, strings.Replace(cluster, "/c1", "/none", 1)+"/providers/Microsoft.ResourceHealth/availabilityStatuses/current", version, "")
}

func (m *sim) graph(status int, query, options string) answer {
	m.t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "subscriptions": []string{world.SubscriptionA}, "options": json.RawMessage(options)})
	if err != nil {
		m.t.Fatal(err)
	}
	return m.do(status, http.MethodPost, "/providers/Microsoft.ResourceGraph/resources", "2024-04-01", string(body))
}

// Resource Graph answers the queries AKS tools send from what is stored, and refuses the rest by token.
func TestResourceGraph(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.cluster()
	m.do(http.StatusCreated, http.MethodPut, strings.Replace(cluster, "/c1", "/c2", 1), aksVersion, strings.Replace(twoPools, `"dnsPrefix":"c1"`, `"dnsPrefix":"c2"`, 1))
	m.clock.Advance(time.Minute)
	const clusters = "Resources | where type =~ 'Microsoft.ContainerService/managedClusters' "
	for query, want := range map[string]string{
		clusters + "| project name, version=properties.kubernetesVersion | order by name asc":                                 `[{"name":"c1","version":"1.34.1"},{"name":"c2","version":"1.34.1"}]`,
		clusters + "| where properties.powerState.code == 'Running' and name !in ('c2') | project name, resourceGroup":        `[{"name":"c1","resourceGroup":"rg1"}]`,
		clusters + "| where resourceGroup has 'rg1' | count":                                                                  `[{"Count":2}]`,
		clusters + "| summarize count() by location":                                                                          `[{"location":"westus2","count_":2}]`,
		clusters + "| mv-expand pool = properties.agentPoolProfiles | extend n = toint(pool.count) | summarize total=sum(n)":  `[{"total":6}]`,
		clusters + "| top 1 by name | project tolower(name)":                                                                  `[{"tolower_name":"c2"}]`,
		clusters + "| distinct tostring(properties.provisioningState)":                                                        `[{"tostring_properties_provisioningState":"Succeeded"}]`,
		"resourcecontainers | where type endswith '/resourcegroups' and name startswith 'RG' | project name | limit 5":        `[{"name":"Rg1"}]`,
		clusters + "| where isnotempty(tags['a']) or array_length(properties.agentPoolProfiles) > 2 | project name":           `[]`,
		"where type contains 'scalesets' | summarize n=count(), c=sum(toint(sku.capacity)) by type | project n, c // comment": `[{"n":4,"c":6}]`,
	} {
		raw, err := json.Marshal(m.graph(http.StatusOK, query, "{}").Body["data"])
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(decoded(t, want), decoded(t, string(raw))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
		m.clock.Advance(time.Second)
	}
	for query, token := range map[string]string{
		clusters + "| join kind=inner (Resources) on id":  "'join'",
		clusters + "| where nothing == 1":                 "'nothing'",
		clusters + "| where name matches regex 'c.*'":     "'matches'",
		clusters + "| project parse_json(name)":           "'parse_json'",
		"securityresources | count":                       "'securityresources'",
		clusters + "| where name == 'c1":                  "not closed",
		"Resources | where type == 'none' | project nope": "'nope'",
	} {
		a := m.graph(http.StatusBadRequest, query, "{}")
		if a.Code() != "BadRequest" || !strings.Contains(string(a.Raw), token) || !strings.Contains(string(a.Raw), "InvalidQuery") {
			t.Errorf("%s: %s", query, a.Raw)
		}
		m.clock.Advance(time.Second)
	}
}

func decoded(t *testing.T, raw string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(raw), &v); err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
	return v
}

// Pages follow $skipToken, and the quota of a user is told and kept.
func TestResourceGraphPagesAndQuota(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.cluster()
	const query = "Resources | where type endswith 'virtualmachinescalesets' | project name"
	a := m.graph(http.StatusOK, query, `{"$top":1}`)
	token, _ := a.Body["$skipToken"].(string)
	m.wantEqual(a, "totalRecords", float64(2))
	b := m.graph(http.StatusOK, query, `{"$top":1,"$skipToken":"`+token+`","resultFormat":"table"}`)
	rows, _ := b.get("data.rows").([]any)
	if b.Body["$skipToken"] != nil || len(rows) != 1 || token == "" {
		t.Errorf("pages %s %s", a.Raw, b.Raw)
	}
	if b.Header.Get("x-ms-user-quota-remaining") != "13" || b.Header.Get("x-ms-user-quota-resets-after") != "00:00:05" {
		t.Errorf("quota headers %v", b.Header)
	}
	for range 13 {
		m.graph(http.StatusOK, query, "{}")
	}
	refused := m.graph(http.StatusTooManyRequests, query, "{}")
	if refused.Code() != "RateLimiting" || refused.Header.Get("x-ms-user-quota-remaining") != "0" {
		t.Errorf("%v %s", refused.Header, refused.Raw)
	}
	m.clock.Advance(5 * time.Second)
	m.graph(http.StatusOK, query, "{}")
}
