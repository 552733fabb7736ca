package azuresim_test

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/capaks/capaks/azuresim/arm"
)

// seeds are the smallest bodies of what the examples take for granted, with the api-version to make it with.
var seeds = map[string]struct{ version, body string }{
	"microsoft.resources/resourcegroups":                                            {rgVersion, `{"location":"westus2"}`},
	"microsoft.containerservice/managedclusters":                                    {"2025-02-01", `{"location":"westus2","identity":{"type":"SystemAssigned"},"properties":{"dnsPrefix":"e","kubernetesVersion":"1.33","windowsProfile":{"adminUsername":"azureuser","adminPassword":"replacePassword1234$"},"networkProfile":{"networkPlugin":"azure"},"agentPoolProfiles":[{"name":"seedpool","mode":"System","count":2,"vmSize":"Standard_D4s_v3"}]}}`},
	"microsoft.containerservice/managedclusters/agentpools":                         {"2025-02-01", `{"properties":{"mode":"User","count":2,"vmSize":"Standard_D4s_v3"}}`},
	"microsoft.containerservice/managedclusters/maintenanceconfigurations":          {"2025-02-01", `{"properties":{"timeInWeek":[{"day":"Monday","hourSlots":[1]}]}}`},
	"microsoft.containerservice/managedclusters/trustedaccessrolebindings":          {"2025-02-01", `{"properties":{"sourceResourceId":"` + sub + `/resourceGroups/rg1/providers/Microsoft.MachineLearningServices/workspaces/w","roles":["Microsoft.MachineLearningServices/workspaces/mlworkload"]}}`},
	"microsoft.containerservice/snapshots":                                          {"2025-02-01", `{"location":"westus2","properties":{"creationData":{"sourceResourceId":"` + sub + `/resourceGroups/rg1/providers/Microsoft.ContainerService/managedClusters/snapped/agentPools/pool1"}}}`},
	"microsoft.containerservice/fleets":                                             {"2024-04-01", `{"location":"westus2","properties":{"hubProfile":{"dnsPrefix":"e"}}}`},
	"microsoft.containerservice/fleets/members":                                     {"2024-04-01", `{"properties":{"group":"group-a","clusterResourceId":"` + sub + `/resourceGroups/rg1/providers/Microsoft.ContainerService/managedClusters/joined"}}`},
	"microsoft.containerservice/fleets/updatestrategies":                            {"2024-04-01", `{"properties":{"strategy":{"stages":[{"name":"s","groups":[{"name":"group-a"}]}]}}}`},
	"microsoft.containerservice/fleets/updateruns":                                  {"2024-04-01", `{"properties":{"strategy":{"stages":[{"name":"stage1","groups":[{"name":"group-a"}],"afterStageWaitInSeconds":3600}]},"managedClusterUpdate":{"upgrade":{"type":"Full","kubernetesVersion":"1.34.1"}}}}`},
	"microsoft.kubernetesconfiguration/extensions":                                  {"2022-03-01", `{"properties":{"extensionType":"microsoft.flux"}}`},
	"microsoft.kubernetesconfiguration/fluxconfigurations":                          {"2022-03-01", `{"properties":{"scope":"cluster","namespace":"n","sourceKind":"GitRepository","gitRepository":{"url":"https://example.invalid/r","repositoryRef":{"branch":"main"}},"kustomizations":{"k":{"path":"./"}}}}`},
	"microsoft.managedidentity/userassignedidentities":                              {"2024-11-30", `{"location":"westus2"}`},
	"microsoft.managedidentity/userassignedidentities/federatedidentitycredentials": {"2024-11-30", `{"properties":{"issuer":"https://issuer.invalid","subject":"s","audiences":["api://AzureADTokenExchange"]}}`},
	"microsoft.network/virtualnetworks":                                             {netVersion, `{"location":"westus2","properties":{"addressSpace":{"addressPrefixes":["10.240.0.0/16"]}}}`},
	"microsoft.network/virtualnetworks/subnets":                                     {netVersion, `{"properties":{"addressPrefix":"10.240.0.0/17"}}`},
}

// stage makes what an example needs.
type stage struct {
	sim     *sim
	version string
	body    map[string]any // of the example's request
	made    map[string]bool
}

// prepare makes what the operation works on; for a PUT that is what the new resource will be in. Some examples take a
// certain state for granted (scenes) and then may be about an address only the emulator knows.
func (s *stage) prepare(op operation, address string) string {
	s.references(s.body)
	id, ok := arm.ParseID(address)
	for end := strings.LastIndex(address, "/"); !ok && end > 0; end = strings.LastIndex(address[:end], "/") {
		id, ok = arm.ParseID(address[:end]) // an action or a list
	}
	if !ok {
		return address
	}
	if scene := scenes[op.ID]; scene != nil {
		return scene(s, id, address)
	}
	switch {
	case op.Method != "PUT" || op.ID == "Tags_CreateOrUpdateAtScope":
		s.ensure(id)
	case id.Provider != "":
		s.ensure(id.Parent())
	}
	return address
}

// scenes are the states some operations need: something to abort, to start, to stop or to look up.
var scenes = map[string]func(s *stage, id arm.ID, address string) string{
	"AgentPools_AbortLatestOperation":      busy,
	"ManagedClusters_AbortLatestOperation": busy,
	"ManagedClusters_Start": func(s *stage, id arm.ID, address string) string {
		s.ensure(id)
		s.do("POST", id.String()+"/stop", "")
		s.sim.clock.Advance(time.Hour)
		return address
	},
	"AgentPools_CreateOrUpdate": func(s *stage, id arm.ID, address string) string {
		if arm.Get(s.body, "properties.powerState") == nil {
			id = id.Parent()
		}
		s.ensure(id)
		return address
	},
	"Machines_Get": func(s *stage, id arm.ID, _ string) string {
		pool := id.Parent()
		s.ensure(pool)
		return pool.String() + "/machines/" + s.machine(pool)
	},
	"AgentPools_DeleteMachines": func(s *stage, id arm.ID, address string) string {
		s.ensure(id)
		s.body["machineNames"] = []any{s.machine(id)}
		return address
	},
	"ManagedClusters_GetCommandResult": func(s *stage, id arm.ID, _ string) string {
		s.ensure(id.Parent())
		return s.do("POST", id.Parent().String()+"/runCommand", `{"command":"kubectl get nodes"}`).Header.Get("Location")
	},
	"OperationStatus_Get":                          operationStatus,
	"FluxConfigOperationStatus_Get":                operationStatus,
	"ManagedClusters_ResetAADProfile":              with(`{"properties":{"aadProfile":{"clientAppID":"c","serverAppID":"s","serverAppSecret":"x","tenantID":"t"}}}`),
	"ManagedClusters_ResetServicePrincipalProfile": with(`{"identity":null,"properties":{"servicePrincipalProfile":{"clientId":"c","secret":"x"}}}`),
	"ManagedClusters_GetMeshUpgradeProfile":        with(`{"properties":{"serviceMeshProfile":{"mode":"Istio","istio":{}}}}`),
	"ResolvePrivateLinkServiceID_Post":             with(private),
	"PrivateEndpointConnections_Get":               connection,
	"PrivateEndpointConnections_Delete":            connection,
	"PrivateEndpointConnections_Update":            with(private),
	"UpdateRuns_Skip": func(s *stage, id arm.ID, address string) string {
		s.ensure(id.Parent().Child("members", "member-one"))
		s.ensure(id)
		return address
	},
	"UpdateRuns_Stop": func(s *stage, id arm.ID, address string) string {
		s.ensure(id.Parent().Child("members", "member-one"))
		s.ensure(id)
		s.do("POST", id.String()+"/start", "")
		return address
	},
}

const private = `{"properties":{"apiServerAccessProfile":{"enablePrivateCluster":true}}}`

// connection approves a private endpoint of a private cluster.
func connection(s *stage, id arm.ID, address string) string {
	with(private)(s, id, address)
	s.do("PUT", id.String(), `{"properties":{"privateLinkServiceConnectionState":{"status":"Approved"}}}`)
	return address
}

// busy leaves an operation in flight on a resource.
func busy(s *stage, id arm.ID, address string) string {
	s.ensure(id)
	s.do("PUT", id.String(), seeds[strings.ToLower(id.Type())].body)
	return address
}

// operationStatus is the address of the operation that makes the resource named in the example's.
func operationStatus(s *stage, id arm.ID, _ string) string {
	resource := id.Parent()
	s.ensure(resource.Parent())
	return s.do("PUT", resource.String(), seeds[strings.ToLower(resource.Type())].body).Header.Get("Azure-AsyncOperation")
}

// with makes the cluster of an example with more than the seed has.
func with(more string) func(s *stage, id arm.ID, address string) string {
	return func(s *stage, id arm.ID, address string) string {
		var patch map[string]any
		if err := json.Unmarshal([]byte(more), &patch); err != nil {
			s.sim.t.Fatal(err)
		}
		for len(id.Names) > 1 {
			id = id.Parent()
		}
		s.ensure(id.Parent())
		body, err := json.Marshal(arm.Merge(s.seed(id), patch))
		if err != nil {
			s.sim.t.Fatal(err)
		}
		s.do("PUT", id.String(), string(body))
		s.sim.clock.Advance(time.Hour)
		return address
	}
}

// machine is the name of the first machine of a pool.
func (s *stage) machine(pool arm.ID) string {
	a := s.do("GET", pool.String()+"/machines", "")
	list, _ := a.Body["value"].([]any)
	if len(list) == 0 {
		s.sim.t.Fatalf("%s has no machines", pool)
	}
	return arm.Str(list[0].(map[string]any), "name")
}

func (s *stage) do(method, address, body string) answer {
	s.sim.t.Helper()
	a, err := s.sim.try(s.sim.pipe, method, address, s.version, body)
	if err != nil || a.Status >= 300 {
		s.sim.t.Fatalf("%s %s: %v %d %s", method, address, err, a.Status, a.Raw)
	}
	return a
}

func (s *stage) seed(id arm.ID) map[string]any {
	var body map[string]any
	if err := json.Unmarshal([]byte(seeds[strings.ToLower(id.Type())].body), &body); err != nil {
		s.sim.t.Fatal(err)
	}
	return body
}

// references makes the resources a body names, as far as they are of a type the examples rely on.
func (s *stage) references(body any) {
	switch v := body.(type) {
	case map[string]any:
		for k, item := range v {
			s.references(k)
			s.references(item)
		}
	case []any:
		for _, item := range v {
			s.references(item)
		}
	case string:
		if id, ok := arm.ParseID(v); ok && strings.HasPrefix(v, "/") && id.Provider != "" {
			s.ensure(id)
		}
	}
}

// ensure makes a resource and what it is in; types without a seed are left to the emulator to judge.
func (s *stage) ensure(id arm.ID) {
	if id.ResourceGroup == "" && id.Provider == "" || s.made[id.Key()] {
		return
	}
	if s.made == nil {
		s.made = map[string]bool{}
	}
	s.made[id.Key()] = true
	if id.Provider != "" {
		s.ensure(id.Parent())
	}
	seed, ok := seeds[strings.ToLower(id.Type())]
	if !ok {
		return
	}
	body := seed.body
	if strings.HasPrefix(id.Name(), "aksManaged") { // scheduled maintenance is written in another way
		body = `{"properties":{"maintenanceWindow":{"schedule":{"weekly":{"intervalWeeks":1,"dayOfWeek":"Monday"}},"durationHours":8,"startTime":"00:00"}}}`
	}
	s.references(s.seed(id))
	a, err := s.sim.try(s.sim.pipe, "PUT", id.String(), seed.version, body)
	if err != nil || a.Status >= 300 {
		s.sim.t.Fatalf("making %s: %v %d %s", id, err, a.Status, a.Raw)
	}
	s.sim.clock.Advance(time.Hour)
}
