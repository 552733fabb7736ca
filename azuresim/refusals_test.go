package azuresim_test

import (
	"strings"
	"testing"
	"time"

	"github.com/capaks/capaks/azuresim"
	"github.com/capaks/capaks/azuresim/world"
)

// The kinds of 404 and 204 of reference section 3.
func TestNotFound(t *testing.T) {
	m := start(t, azuresim.Options{})
	pool := cluster + "/agentPools/p1"
	for _, method := range []string{"GET", "DELETE"} {
		m.refused(404, "ResourceGroupNotFound", "Resource group 'Rg1' could not be found.", method, cluster, aksVersion, "")
		m.refused(404, "ResourceGroupNotFound", "could not be found", method, group, rgVersion, "")
	}
	m.refused(404, "ResourceGroupNotFound", "", "PUT", cluster, aksVersion, twoPools)
	m.refused(404, "ResourceNotFound", "managedClusters/c1", "DELETE", pool, aksVersion, "") // recorded: the pool route answers so even here
	m.do(404, "HEAD", group, rgVersion, "")
	m.group()
	m.do(204, "HEAD", group, rgVersion, "")
	if a := m.refused(404, "ResourceNotFound", "", "GET", cluster, aksVersion, ""); a.Header.Get("x-ms-failure-cause") != "gateway" {
		t.Error("the 404 of a top-level resource comes from the gateway")
	}
	m.do(204, "DELETE", cluster, aksVersion, "")
	m.refused(404, "ResourceNotFound", "managedClusters/c1", "DELETE", pool, aksVersion, "")
	m.refused(404, "ParentResourceNotFound", "managedClusters/agentPools", "PUT", pool, aksVersion, `{"properties":{"count":1}}`)
	m.do(201, "PUT", cluster, aksVersion, twoPools)
	a := m.refused(404, "NotFound", "Could not find the agentpool: p1 in subscription: "+world.SubscriptionA+", resourceGroup: Rg1, resourceName: c1.", "GET", pool, aksVersion, "")
	if a.Body["subcode"] != "GetAgentPool_NotFound" || a.Header.Get("x-ms-failure-cause") != "" {
		t.Errorf("the 404 of a pool is the provider's own, flat: %s", a.Raw)
	}
	m.refused(404, "SubscriptionNotFound", "", "GET", "/subscriptions/99999999-0000-0000-0000-000000000000/resourceGroups/x", rgVersion, "")
}

func TestAPIVersions(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	m.refused(400, "MissingApiVersionParameter", "", "GET", cluster, "", "")
	m.do(200, "GET", group+"?api-Version="+rgVersion, "", "") // the spelling of recorded Location headers
	m.refused(400, "NoRegisteredProviderFound", "for type 'managedClusters'", "GET", cluster, "2031-01-01", "")
	m.refused(400, "InvalidApiVersionParameter", "The api-version '1999-01-01' is invalid", "GET", group, "1999-01-01", "")
	m.refused(404, "InvalidResourceType", "fruitBowls", "GET", group+"/providers/Microsoft.ContainerService/fruitBowls/x", aksVersion, "")
	m.refused(404, "InvalidResourceNamespace", "", "GET", group+"/providers/Contoso.Nothing/x/y", aksVersion, "")
	m.refused(400, "UnmarshalError", `unknown field "shoeSize"`, "PUT", cluster, aksVersion, `{"location":"westus2","properties":{"shoeSize":44}}`)
	m.refused(400, "InvalidRequestContent", "", "PUT", cluster, aksVersion, `{"location":`)
}

// ids compare without case, and the created spelling is kept.
func TestCaseInsensitive(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.cluster()
	lower := strings.ToLower(cluster)
	a := m.do(200, "GET", lower, aksVersion, "")
	m.wantEqual(a, "id", strings.Replace(cluster, "resourceGroups", "resourcegroups", 1))
	m.do(200, "GET", strings.ToUpper(group), rgVersion, "")
	m.refused(400, "PropertyChangeNotAllowed", "dnsPrefix", "PUT", lower, aksVersion, `{"location":"West US 2","properties":{"dnsPrefix":"other"}}`)
}

// The table of "use eTags", row by row.
func TestETags(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	m.refused(412, "PreconditionFailed", "Resource not found but ETag header is provided", "PUT", cluster, aksVersion, twoPools, "If-Match", "*")
	m.refused(412, "PreconditionFailed", "", "PUT", cluster, aksVersion, twoPools, "If-Match", "x")
	m.refused(400, "BadRequest", "If-None-Match", "PUT", cluster, aksVersion, twoPools, "If-None-Match", "x")
	m.refused(400, "BadRequest", "together", "PUT", cluster, aksVersion, twoPools, "If-None-Match", "*", "If-Match", "*")
	m.do(204, "DELETE", cluster, aksVersion, "", "If-Match", "x")
	m.do(201, "PUT", cluster, aksVersion, twoPools, "If-None-Match", "*")
	m.clock.Advance(time.Minute)
	a := m.succeeded(cluster)
	etag, _ := a.Body["eTag"].(string)
	pool := cluster + "/agentPools/user1"
	poolTag, _ := m.succeeded(pool).get("properties.eTag").(string)
	if etag == "" || poolTag == "" || etag == poolTag {
		t.Fatalf("eTags %q and %q", etag, poolTag)
	}
	m.refused(412, "PreconditionFailed", "", "PUT", cluster, aksVersion, twoPools, "If-None-Match", "*")
	m.refused(412, "PreconditionFailed", "", "PUT", cluster, aksVersion, twoPools, "If-Match", "stale")
	m.refused(412, "PreconditionFailed", "", "DELETE", cluster, aksVersion, "", "If-Match", "stale")
	m.refused(412, "PreconditionFailed", "", "DELETE", pool, aksVersion, "", "If-Match", "stale")
	m.do(200, "PUT", pool, aksVersion, `{"properties":{"count":2}}`, "If-Match", poolTag)
	m.clock.Advance(time.Minute)
	if now := m.succeeded(cluster).Body["eTag"]; now != etag {
		t.Error("a pool operation must not change the cluster's eTag")
	}
	m.refused(412, "PreconditionFailed", "", "PUT", pool, aksVersion, `{"properties":{"count":1}}`, "If-Match", poolTag)
	poolTag, _ = m.succeeded(pool).get("properties.eTag").(string)
	m.do(200, "PUT", cluster, aksVersion, twoPools, "If-Match", etag)
	m.clock.Advance(time.Minute)
	if now := m.succeeded(pool).get("properties.eTag"); now == poolTag {
		t.Error("a cluster operation changes the eTags of its pools")
	}
	if a := m.do(200, "GET", cluster, "2023-10-01", ""); a.Body["eTag"] != nil {
		t.Error("2023-10-01 does not know eTag")
	}
}

func TestOneOperationAtATime(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	m.do(201, "PUT", cluster, aksVersion, twoPools)
	a := m.refused(409, "OperationNotAllowed", "Another operation (Creating) is in progress", "PUT", cluster, aksVersion, twoPools)
	if a.Header.Get("Retry-After") != "" {
		t.Error("the 409 carries no Retry-After")
	}
	m.refused(409, "OperationNotAllowed", "Another operation (Creating)", "PUT", cluster+"/agentPools/p1", aksVersion, `{"properties":{"count":1}}`)
	m.clock.Advance(time.Minute)
	m.do(200, "PUT", cluster+"/agentPools/user1", aksVersion, `{"properties":{"count":2}}`)
	m.do(200, "PUT", cluster+"/agentPools/sys", aksVersion, `{"properties":{"count":3}}`) // another pool may run beside it
	m.refused(409, "OperationNotAllowed", "Another agentpool operation (user1 - Scaling)", "DELETE", cluster+"/agentPools/user1", aksVersion, "")
	m.refused(409, "OperationNotAllowed", "Another agentpool operation", "PUT", cluster, aksVersion, twoPools)
	op := m.do(202, "DELETE", cluster, aksVersion, "") // preempts
	m.refused(409, "OperationNotAllowed", "Another operation (Deleting)", "PUT", cluster, aksVersion, twoPools)
	if again := m.do(202, "DELETE", cluster, aksVersion, ""); again.Header.Get("Location") != op.Header.Get("Location") {
		t.Error("a second DELETE joins the first")
	}
}

func TestImmutable(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.cluster()
	for property, body := range map[string]string{
		"dnsPrefix":                     `{"dnsPrefix":"x"}`,
		"nodeResourceGroup":             `{"nodeResourceGroup":"x"}`,
		"networkProfile.serviceCidr":    `{"networkProfile":{"serviceCidr":"10.9.0.0/16"}}`,
		"networkProfile.networkPlugin":  `{"networkProfile":{"networkPlugin":"kubenet"}}`,
		"agentPoolProfile.vmSize":       `{"agentPoolProfiles":[{"name":"sys","mode":"System","count":2,"vmSize":"Standard_D4s_v3"}]}`,
		"agentPoolProfile.osDiskSizeGB": `{"agentPoolProfiles":[{"name":"sys","mode":"System","count":2,"osDiskSizeGB":64}]}`,
	} {
		a := m.refused(400, "PropertyChangeNotAllowed", "Changing property '"+property+"' is not allowed.", "PUT", cluster, aksVersion, `{"location":"westus2","properties":`+body+`}`)
		m.wantEqual(a, "target", property)
	}
	m.refused(400, "PropertyChangeNotAllowed", "agentPoolProfile.maxPods", "PUT", cluster+"/agentPools/sys", aksVersion, `{"properties":{"count":2,"maxPods":99}}`)
	m.refused(409, "InvalidResourceLocation", "already exists in location 'westus2'", "PUT", cluster, aksVersion, `{"location":"eastus","properties":{}}`)
	m.refused(409, "InvalidResourceGroupLocation", "", "PUT", group, rgVersion, `{"location":"eastus"}`)
	// Sending the same in another spelling, or nothing, is fine.
	m.do(200, "PUT", cluster, aksVersion, `{"location":"westus2","properties":{"dnsPrefix":"C1","networkProfile":{"networkPlugin":"Azure","loadBalancerSku":"Standard"}}}`)
}

func TestVersions(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	m.refused(400, "K8sVersionNotSupported", "version 1.30.99", "PUT", cluster, aksVersion, strings.Replace(twoPools, "1.34.1", "1.30.99", 1))
	m.do(201, "PUT", cluster, aksVersion, strings.Replace(twoPools, "1.34.1", "1.19.6", 1))
	m.clock.Advance(time.Minute)
	put := func(version string) string {
		return `{"location":"westus2","properties":{"kubernetesVersion":"` + version + `"}}`
	}
	m.refused(400, "OperationNotAllowed", "Upgrading Kubernetes version 1.19.6 to 1.21.2 is not allowed. Available upgrades: [1.19.11 1.20.7 1.20.15]", "PUT", cluster, aksVersion, put("1.21.2"))
	m.refused(400, "NodePoolMcVersionIncompatible", "version 20 is bigger than control plane version 19", "PUT", cluster+"/agentPools/user1", aksVersion, `{"properties":{"orchestratorVersion":"1.20.7"}}`)
	for _, v := range []string{"1.20.7", "1.21.2", "1.22.6"} {
		m.do(200, "PUT", cluster, aksVersion, put(v))
		m.clock.Advance(time.Minute)
		m.wantEqual(m.succeeded(cluster), "properties.currentKubernetesVersion", v)
	}
	m.refused(400, "OperationNotAllowed", "Downgrading Kubernetes version 1.22.6 to 1.21.2", "PUT", cluster, aksVersion, put("1.21.2"))
	m.refused(400, "NodePoolMcVersionIncompatible", "more than 3 versions less", "PUT", cluster, aksVersion, put("1.23.8"))
	m.refused(400, "AgentPoolUpgradeVersionNotAllowed", "from 1.19.6 to 1.21.2", "PUT", cluster+"/agentPools/user1", aksVersion, `{"properties":{"orchestratorVersion":"1.21.2"}}`)
	m.refused(400, "AgentPoolK8sVersionNotSupported", "", "PUT", cluster+"/agentPools/user1", aksVersion, `{"properties":{"orchestratorVersion":"1.20.99"}}`)
	m.refused(400, "NotAllAgentPoolOrchestratorVersionSpecifiedAndUnchanged", "all specified or all unspecified", "PUT", cluster, aksVersion,
		`{"location":"westus2","properties":{"kubernetesVersion":"1.22.15","agentPoolProfiles":[{"name":"sys","mode":"System","count":2,"orchestratorVersion":"1.19.6"}]}}`)
	// An alias of the running minor changes nothing.
	m.do(200, "PUT", cluster, aksVersion, put("1.22"))
	m.clock.Advance(time.Minute)
	m.wantEqual(m.succeeded(cluster), "properties.currentKubernetesVersion", "1.22.6")
}

func TestValidation(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	pool := func(p string) string {
		return `{"location":"westus2","properties":{"dnsPrefix":"c","agentPoolProfiles":[` + p + `]}}`
	}
	ok := `{"name":"sys","mode":"System","count":1,"vmSize":"Standard_D2s_v3"}`
	for _, c := range []struct{ name, code, text, body string }{
		{"no pools", "InvalidParameter", "Required parameter agentPoolProfiles is missing", `{"location":"westus2","properties":{"dnsPrefix":"c"}}`},
		{"no system pool", "MustDefineAtLeastOneSystemPool", "", pool(`{"name":"u","mode":"User","count":1,"vmSize":"Standard_D2s_v3"}`)},
		{"no mode", "InvalidParameter", "mode", pool(`{"name":"u","count":1,"vmSize":"Standard_D2s_v3"}`)},
		{"bad pool name", "InvalidParameter", "agentPoolProfile.name is invalid", pool(`{"name":"Sys_1","mode":"System","count":1,"vmSize":"Standard_D2s_v3"}`)},
		{"unknown size", "BadRequest", "The VM size of Standard_Nope is not allowed in your subscription in location 'westus2'", pool(`{"name":"sys","mode":"System","count":1,"vmSize":"Standard_Nope"}`)},
		{"system pool of none", "InvalidParameter", "agentPoolProfile.count was 0", pool(`{"name":"sys","mode":"System","count":0,"vmSize":"Standard_D2s_v3"}`)},
		{"autoscaler without limits", "InvalidParameter", "required", pool(`{"name":"sys","mode":"System","count":1,"vmSize":"Standard_D2s_v3","enableAutoScaling":true}`)},
		{"limits without autoscaler", "InvalidParameter", "enableAutoScaling", pool(`{"name":"sys","mode":"System","count":1,"vmSize":"Standard_D2s_v3","minCount":1,"maxCount":3}`)},
		{"count outside limits", "InvalidParameter", "count 5 is not between", pool(`{"name":"sys","mode":"System","count":5,"vmSize":"Standard_D2s_v3","enableAutoScaling":true,"minCount":1,"maxCount":3}`)},
		{"no dns prefix", "InvalidParameter", "DNS prefix", strings.Replace(pool(ok), `"dnsPrefix":"c",`, "", 1)},
		{"dns outside services", "InvalidParameter", "is not inside the service CIDR", strings.Replace(pool(ok), `"dnsPrefix"`, `"networkProfile":{"networkPlugin":"azure","dnsServiceIP":"10.9.0.10"},"dnsPrefix"`, 1)},
		{"no such subnet", "InvalidParameter", "was not found", pool(`{"name":"sys","mode":"System","count":1,"vmSize":"Standard_D2s_v3","vnetSubnetID":"` + group + `/providers/Microsoft.Network/virtualNetworks/v/subnets/s"}`)},
		{"local accounts", "BadRequest", "Disabling local accounts", strings.Replace(pool(ok), `"dnsPrefix"`, `"disableLocalAccounts":true,"dnsPrefix"`, 1)},
		{"location", "LocationNotAvailableForResourceType", "'atlantis' is not available", strings.Replace(pool(ok), "westus2", "atlantis", 1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			m.t = t
			m.refused(400, c.code, c.text, "PUT", cluster, aksVersion, c.body)
		})
	}
	m.t = t
	m.refused(404, "ResourceNotFound", "", "GET", cluster, aksVersion, "") // nothing was stored
}

func TestPoolRules(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.cluster()
	m.refused(400, "BadRequest", "A new agent pool was introduced.", "PUT", cluster, aksVersion, `{"location":"westus2","properties":{"agentPoolProfiles":[{"name":"new","mode":"User","count":1}]}}`)
	m.refused(400, "MustDefineAtLeastOneSystemPool", "", "DELETE", cluster+"/agentPools/sys", aksVersion, "")
	m.refused(400, "MustDefineAtLeastOneSystemPool", "", "PUT", cluster+"/agentPools/sys", aksVersion, `{"properties":{"mode":"User"}}`)
	m.refused(400, "InvalidParameter", "Required parameter properties.count is missing", "PUT", cluster+"/agentPools/p", aksVersion, `{"properties":{"vmSize":"Standard_D2s_v3"}}`)
	m.do(202, "DELETE", cluster+"/agentPools/user1", aksVersion, "")
	m.clock.Advance(time.Minute)
	m.refused(400, "OperationNotAllowed", "There has to be at least one agent pool.", "DELETE", cluster+"/agentPools/sys", aksVersion, "")
}

// An omitted property keeps its value, an empty map clears, and the autoscaler's limits go with the autoscaler.
func TestOmittedAndEmpty(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.cluster()
	a := m.do(200, "PUT", cluster, aksVersion, `{"location":"westus2","sku":{"name":"Base","tier":"Standard"},"tags":{"a":"b"},"properties":{"agentPoolProfiles":[{"name":"user1","mode":"User","tags":{},"enableAutoScaling":true,"minCount":1,"maxCount":3}]}}`)
	pools := a.get("properties.agentPoolProfiles").([]any)
	if len(pools) != 2 || pools[1].(map[string]any)["tags"] == nil {
		t.Errorf("a partial list leaves other pools alone, and the answer echoes the empty map: %v", pools)
	}
	m.clock.Advance(time.Minute)
	a = m.succeeded(cluster)
	m.wantEqual(a, "sku.tier", "Standard")
	m.wantEqual(a, "tags.a", "b")
	user := m.succeeded(cluster + "/agentPools/user1")
	m.wantEqual(user, "properties.maxCount", 3.0)
	m.wantEqual(user, "properties.nodeLabels.team", "x")
	if user.get("properties.tags") != nil {
		t.Error("an empty map is gone in the next GET")
	}
	m.do(200, "PUT", cluster+"/agentPools/user1", aksVersion, `{"properties":{"enableAutoScaling":false,"nodeTaints":[],"nodeLabels":{}}}`)
	m.clock.Advance(time.Minute)
	user = m.succeeded(cluster + "/agentPools/user1")
	for _, p := range []string{"maxCount", "minCount", "nodeTaints", "nodeLabels"} {
		if v := user.get("properties." + p); v != nil {
			t.Errorf("%s is still %v", p, v)
		}
	}
	a = m.do(200, "PUT", cluster, aksVersion, `{"location":"westus2","properties":{}}`)
	m.wantEqual(a, "sku.tier", "Standard")
	if a.Body["tags"] != nil {
		t.Error("a cluster PUT without tags clears them")
	}
}
