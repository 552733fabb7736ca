package azuresim_test

import (
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/capaks/capaks/azuresim"
	"github.com/capaks/capaks/azuresim/spec"
	"github.com/capaks/capaks/azuresim/world"
)

// exampleSets are Microsoft's example requests with the description of the operations they belong to.
var exampleSets = map[string]string{
	"armcontainerservice-2025-02-01":        "armcontainerservice-v6.6.0",
	"armcontainerservicefleet-2024-04-01":   "armcontainerservicefleet-v1.2.0",
	"armkubernetesconfiguration-2022-03-01": "armkubernetesconfiguration-v1.1.1",
	"armmsi-2024-11-30":                     "armmsi-v1.3.0",
	"armresources-2021-04-01":               "armresources-v1.2.0",
}

// notServed are operations the emulator does not have.
var notServed = map[string]string{
	"Deployments_":                  "ARM templates are not emulated",
	"ResourceGroups_ExportTemplate": "ARM templates are not emulated",
	"SourceControlConfigurations_":  "retired by Azure in 2025",
	"SystemAssignedIdentities_":     "the emulator has no resource with an identity of its own besides clusters",
	"Providers_ProviderPermissions": "roles of Azure's own services",
	"OperationStatus_List":          "operations are found at the address their request gives",
	"ProviderResourceTypes_List":    "the same as in the provider's registration",
}

type operation struct {
	ID, Method, Path, APIVersion string
	StatusCodes                  []int
}

type example struct {
	Operation  string
	Args       []string
	Parameters map[string]any
}

// Microsoft's own examples are accepted, with one of the status codes of their operation, and what is answered, at once
// and when everything has ended, is valid against the description.
func TestExamples(t *testing.T) {
	dir := specs(t)
	for set, schema := range exampleSets {
		operations := operationsOf(t, filepath.Join(dir, "sdk-schema", schema+".json"))
		files, err := filepath.Glob(filepath.Join(dir, "examples", set, "[A-Za-z]*.json"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no examples: %v", err)
		}
		for _, file := range files {
			t.Run(set+"/"+strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
				var e example
				readFile(t, file, &e)
				op, ok := operations[operationName(e.Operation)]
				if !ok {
					t.Fatalf("no operation %s", e.Operation)
				}
				for prefix, why := range notServed {
					if strings.HasPrefix(op.ID, prefix) {
						stillNotServed(t, op, e)
						t.Skip("not served: " + why)
					}
				}
				tryExample(t, op, e)
			})
		}
	}
}

// stillNotServed fails when the list says so and the emulator does not.
func stillNotServed(t *testing.T, op operation, e example) {
	m := start(t, azuresim.Options{NoThrottle: true})
	stage := &stage{sim: m, version: op.APIVersion}
	a, err := m.try(m.pipe, op.Method, stage.prepare(op, addressOf(op, e.Args)), op.APIVersion, "")
	if err != nil {
		t.Fatal(err)
	}
	if a.Status < 300 {
		t.Errorf("%s is served: %d %s", op.ID, a.Status, a.Raw)
	}
}

func readFile(t *testing.T, file string, into any) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

func operationsOf(t *testing.T, file string) map[string]operation {
	var doc struct{ Operations []operation }
	readFile(t, file, &doc)
	out := map[string]operation{}
	for _, op := range doc.Operations {
		out[strings.ToLower(op.ID)] = op
	}
	return out
}

// operationName turns the Go method of an example into the description's name of the operation.
func operationName(method string) string {
	client, verb, _ := strings.Cut(method, ".")
	verb = strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(verb, "Begin"), "New"), "Pager")
	return strings.ToLower(client + "_" + verb)
}

func tryExample(t *testing.T, op operation, e example) {
	t.Helper()
	m := start(t, azuresim.Options{NoThrottle: true})
	body, _ := concrete(e.Parameters["body"]).(map[string]any)
	stage := &stage{sim: m, version: op.APIVersion, body: body}
	address := stage.prepare(op, addressOf(op, e.Args))
	raw := ""
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		raw = string(text)
	}
	a, err := m.try(m.pipe, op.Method, address, op.APIVersion, raw)
	if err != nil {
		t.Fatal(err)
	}
	if a.Status >= 300 || !slices.Contains(op.StatusCodes, a.Status) {
		t.Fatalf("%s %s answered %d, the description has %v: %s", op.Method, address, a.Status, op.StatusCodes, a.Raw)
	}
	kind := exampleKind(op.Path)
	validAnswer(t, kind, op.APIVersion, a)
	m.clock.Advance(time.Hour)
	if op.Method == "PUT" || op.Method == "PATCH" {
		after := m.do(200, "GET", address, op.APIVersion, "")
		validAnswer(t, kind, op.APIVersion, after)
		if state := after.get("properties.provisioningState"); state != nil && state != "Succeeded" {
			t.Errorf("%s ends as %v: %s", address, state, after.Raw)
		}
	}
}

func validAnswer(t *testing.T, kind, version string, a answer) {
	t.Helper()
	if a.Body == nil {
		return
	}
	if others := spec.APIVersions(kind); !spec.Known(kind, version) && len(others) > 0 {
		version = others[0] // described in another api-version only
	}
	if above := path.Dir(kind); !spec.Known(kind, version) && spec.Known(above, version) {
		kind = above // an action that answers with the resource
	}
	if !spec.Known(kind, version) {
		t.Errorf("there is no description of what %s answers in %s", kind, version)
	}
	for _, finding := range spec.ValidateAnswer(kind, version, a.Body) {
		t.Errorf("the answer is not valid: %s\n%s", finding, a.Raw)
	}
}

// concrete replaces the placeholders of the examples, which the real service would not accept either, and the mode of
// the first pool, which they leave out although the service insists on it.
func concrete(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for k := range v {
			v[k] = concrete(v[k])
		}
		if pools, ok := v["agentPoolProfiles"].([]any); ok && len(pools) > 0 {
			pool := pools[0].(map[string]any)
			if pool["mode"] == nil {
				pool["mode"] = "System"
			}
			if pool["vmSize"] == "Standard_DS1_v2" { // one core is too small for a system pool
				pool["vmSize"] = "Standard_DS2_v2"
			}
		}
		if v["enableAutoScaling"] == true { // one example has more nodes than it allows
			v["count"] = v["minCount"]
		}
		return v
	case []any:
		for i := range v {
			v[i] = concrete(v[i])
		}
		return v
	case string:
		return placeholder(v)
	}
	return value
}

var subscriptionInID = regexp.MustCompile(`(?i)^/?subscriptions/[^/]+`)

func placeholder(s string) string {
	switch s {
	case "location1", "westus":
		return "westus2"
	case "1.23.3": // too old for today
		return "1.33.4"
	case "Microsoft.TestRP1", "Microsoft.Storage":
		return "Microsoft.Network"
	case "keydata":
		return "ssh-rsa AAAA"
	case "Microsoft.Kubernetes": // clusters outside Azure are not emulated; extensions are the same on AKS
		return "Microsoft.ContainerService"
	case "connectedClusters":
		return "managedClusters"
	}
	s = strings.NewReplacer("/myPRNameSpace/VM/", "/Microsoft.Network/virtualNetworks/", "/fleets/myFleet", "/fleets/fleet1").Replace(s)
	if subscriptionInID.MatchString(s) {
		slash := s[:len(s)-len(strings.TrimPrefix(s, "/"))]
		return slash + subscriptionInID.ReplaceAllString(s, strings.TrimPrefix(sub, "/"))
	}
	return s
}

var parameter = regexp.MustCompile(`\{\w+\}`)

// addressOf fills an operation's path with the arguments, which come in the same order.
func addressOf(op operation, args []string) string {
	address := strings.ReplaceAll(op.Path, "{subscriptionId}", world.SubscriptionA)
	next := 0
	return parameter.ReplaceAllStringFunc(address, func(name string) string {
		next++
		if next > len(args) {
			return name
		}
		return placeholder(args[next-1])
	})
}

// exampleKind is what the description calls the answer of a path: every second segment after the provider.
func exampleKind(path string) string {
	seg := strings.Split(strings.Trim(path, "/"), "/")
	for i := len(seg) - 2; i >= 0; i-- {
		if seg[i] != "providers" {
			continue
		}
		if strings.HasPrefix(seg[i+1], "{") {
			return "Microsoft.Resources/providers"
		}
		kind := seg[i+1]
		for j := i + 2; j < len(seg); j += 2 {
			kind += "/" + seg[j]
		}
		return kind
	}
	if last := seg[len(seg)-1]; last == "providers" {
		return "Microsoft.Resources/providers"
	}
	return "Microsoft.Resources/resourceGroups"
}
