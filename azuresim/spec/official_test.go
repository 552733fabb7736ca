package spec

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// specsDir finds Microsoft's API descriptions, which stay out of this repository.
func specsDir(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("CAPAKS_SPECS")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "azure-specs")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no API descriptions at %s; set CAPAKS_SPECS to their folder", dir)
	}
	return dir
}

func readJSON(t *testing.T, file string, into any) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// expected is a finding in official material that is right although the table says otherwise, and why.
type expected map[string]string

// compare fails for findings nobody explained and for explanations nobody needs any more.
func (e expected) compare(t *testing.T, found map[string]string) {
	t.Helper()
	for finding, where := range found {
		if _, explained := e[finding]; !explained {
			t.Errorf("%s: %s", where, finding)
		}
	}
	for finding, why := range e {
		if _, still := found[finding]; !still {
			t.Errorf("no longer found: %s (%s)", finding, why)
		}
	}
}

// exampleTypes are the operations of the examples whose body is a resource of a type with a table.
var exampleTypes = map[string]string{
	"ManagedClusters.BeginCreateOrUpdate":           cluster,
	"AgentPools.BeginCreateOrUpdate":                pool,
	"MaintenanceConfigurations.CreateOrUpdate":      cluster + "/maintenanceConfigurations",
	"TrustedAccessRoleBindings.BeginCreateOrUpdate": cluster + "/trustedAccessRoleBindings",
}

func TestOfficialExamplesAreAccepted(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(specsDir(t), "examples", "armcontainerservice-2025-02-01", "[A-Z]*.json"))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	found := map[string]string{}
	for _, file := range files {
		var example struct {
			Operation  string `json:"operation"`
			Parameters struct {
				Body map[string]any `json:"body"`
			} `json:"parameters"`
			Response map[string]any `json:"response200"`
		}
		readJSON(t, file, &example)
		resourceType, ok := exampleTypes[example.Operation]
		if !ok {
			continue
		}
		seen[resourceType]++
		name := filepath.Base(file)
		for _, finding := range Validate(resourceType, "2025-02-01", example.Parameters.Body) {
			found[finding] = name
		}
		for _, finding := range ValidateAnswer(resourceType, "2025-02-01", example.Response) {
			found["response: "+finding] = name
		}
	}
	if seen[cluster] == 0 || seen[pool] == 0 {
		t.Fatalf("too few examples: %v", seen)
	}
	expected{
		`enum: sku.name: "Basic" is not one of Base`: "the examples were never updated to the present name; enum lists are open",
	}.compare(t, found)
}

var recordedTypes = map[*regexp.Regexp]string{
	regexp.MustCompile(`(?i)/managedClusters/[^/?]+\?`):                     cluster,
	regexp.MustCompile(`(?i)/managedClusters/[^/]+/agentPools/[^/?]+\?`):    pool,
	regexp.MustCompile(`(?i)/maintenanceConfigurations/[^/?]+\?`):           cluster + "/maintenanceConfigurations",
	regexp.MustCompile(`(?i)/trustedAccessRoleBindings/[^/?]+\?`):           cluster + "/trustedAccessRoleBindings",
	regexp.MustCompile(`(?i)/virtualNetworks/[^/?]+\?`):                     vnet,
	regexp.MustCompile(`(?i)/virtualNetworks/[^/]+/subnets/[^/?]+\?`):       subnet,
	regexp.MustCompile(`(?i)^/subscriptions/[^/]+/resourceGroups/[^/?]+\?`): group,
	regexp.MustCompile(`(?i)/virtualMachineScaleSets/[^/?]+\?`):             scaleSet,
}

type exchange struct {
	Method   string         `json:"method"`
	URL      string         `json:"url"`
	Status   int            `json:"status"`
	Request  map[string]any `json:"request"`
	Response map[string]any `json:"response"`
}

func (e exchange) resourceType() string {
	for address, resourceType := range recordedTypes {
		if address.MatchString(e.URL) {
			return resourceType
		}
	}
	return ""
}

// nearest is the table closest to the api-version of a recording: its own, or the next one there is.
func (e exchange) nearest(resourceType string) string {
	versions := APIVersions(resourceType)
	if last := versions[len(versions)-1]; strings.HasSuffix(e.URL, "-preview") && strings.HasSuffix(last, "-preview") {
		return last
	}
	_, asked, _ := strings.Cut(e.URL, "api-version=")
	for _, v := range versions {
		if v >= asked {
			return v
		}
	}
	return versions[len(versions)-1]
}

func TestRecordedBodiesAreAccepted(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(specsDir(t), "recordings", "v*", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	found := map[string]string{}
	for _, file := range files {
		var raw struct {
			Exchanges []json.RawMessage `json:"exchanges"`
		}
		readJSON(t, file, &raw)
		for _, message := range raw.Exchanges {
			var e exchange
			if err := json.Unmarshal(message, &e); err != nil {
				continue // a list or a text as the body: no resource
			}
			resourceType := e.resourceType()
			if e.Method != "PUT" || e.Status >= 300 || resourceType == "" {
				continue
			}
			seen[resourceType]++
			version := e.nearest(resourceType)
			for _, finding := range Validate(resourceType, version, e.Request) {
				found[finding] = file
			}
			if resourceType != scaleSet && resourceType != vnet { // answered by versions newer than these tables
				for _, path := range Unknown(resourceType, version, e.Response) {
					found["response: "+path] = file
				}
			}
		}
	}
	for _, resourceType := range recordedTypes {
		if seen[resourceType] == 0 {
			t.Errorf("no recorded PUT of %s", resourceType)
		}
	}
	expected{
		"response: properties.networkProfile.dockerBridgeCidr":          "dropped after 2023-02-01",
		"response: properties.agentPoolProfiles[0].enableCustomCATrust": "preview of 2023, dropped",
		"response: properties.enableCustomCATrust":                      "preview of 2023, dropped",
		"response: properties.controlPlanePluginProfiles":               "previews of 2023 and 2024, dropped",
		"response: properties.storageProfile.diskCSIDriver.version":     "previews of 2023 and 2024, dropped",
	}.compare(t, found)
}
