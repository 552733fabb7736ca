package imported_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/json"

	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/fieldset"
	"github.com/capaks/capaks/internal/imported"
)

// recording is a recorded conversation with the real Azure.
type recording struct {
	Exchanges []struct {
		Method   string `json:"method"`
		URL      string `json:"url"`
		Status   int    `json:"status"`
		Response any    `json:"response"`
	} `json:"exchanges"`
}

var clusterURL = regexp.MustCompile(`^/subscriptions/([^/]+)/resourceGroups/([^/]+)/providers/Microsoft\.ContainerService/managedClusters/([^/?]+)\?`)

// Every AKS cluster that was recorded of the real Azure is imported such that nothing would be sent for it, and no secret is written.
func TestRecordedClusters(t *testing.T) {
	dir := os.Getenv("CAPAKS_SPECS")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "azure-specs")
	}
	files, err := filepath.Glob(filepath.Join(dir, "recordings", "v*", "*.json"))
	if err != nil || len(files) == 0 {
		t.Skip("no recordings of Azure here")
	}
	clusters := 0
	for _, file := range files {
		raw, err := os.ReadFile(file) //nolint:gosec // found above
		if err != nil {
			t.Fatal(err)
		}
		var r recording
		if err := json.Unmarshal(raw, &r); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for name, source := range r.clusters() {
			clusters++
			t.Run(strings.TrimSuffix(filepath.Base(file), ".json")+"/"+name, func(t *testing.T) {
				result, err := imported.Of(source, imported.Options{Namespace: "default", Policy: "observe", Now: time.Unix(0, 0)})
				if err != nil {
					t.Fatal(err)
				}
				if want := 3 + 2*len(source.Pools); len(result.Objects) != want {
					t.Errorf("%d objects, want %d", len(result.Objects), want)
				}
				for _, note := range result.Notes {
					if strings.HasPrefix(note, "differs") {
						t.Error(note)
					} else {
						t.Log(note)
					}
				}
			})
		}
	}
	if clusters == 0 {
		t.Error("the recordings have no AKS cluster")
	}
}

// clusters are those that came to an end of their creation, as they were read last.
func (r recording) clusters() map[string]imported.Source {
	found := map[string]imported.Source{}
	for _, e := range r.Exchanges {
		where := clusterURL.FindStringSubmatch(e.URL)
		body, _ := e.Response.(fieldset.Object)
		state, _ := fieldset.Get(body, fieldset.ParsePath("properties.provisioningState"))
		if where == nil || e.Method != "GET" || e.Status != 200 || state != "Succeeded" {
			continue
		}
		source := imported.Source{Subscription: where[1], Group: where[2], Cluster: body,
			ResourceGroup: aks.ObservedResource(fieldset.Object{"location": body["location"], "properties": fieldset.Object{"provisioningState": "Succeeded"}})}
		inline, _ := fieldset.Get(body, fieldset.ParsePath("properties.agentPoolProfiles"))
		profiles, _ := inline.([]any)
		for _, profile := range profiles {
			properties, _ := fieldset.CopyValue(profile).(fieldset.Object)
			name := properties["name"]
			delete(properties, "name")
			// AKS says these of a pool that is read by itself, and not in the list of its cluster.
			for key, value := range map[string]any{"enableAutoScaling": false, "scaleDownMode": "Delete"} {
				if _, said := properties[key]; !said {
					properties[key] = value
				}
			}
			source.Pools = append(source.Pools, fieldset.Object{"name": name, "properties": properties})
		}
		found[where[3]] = source
	}
	return found
}
