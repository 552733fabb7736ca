package random_test

import (
	"context"
	"strings"
	"testing"

	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/arm"
)

// rawBlock is a part of a spec that is written as a whole: what is inside has no schema, or only makes sense together.
type rawBlock struct {
	path   string
	values []any
}

type values = map[string]any

// raw properties under the default api-version and a preview one; some say what a field may say, too, which is refused.
func rawBody(apiVersion string, properties values) values {
	out := values{"body": values{"properties": properties}}
	if apiVersion != "" {
		out["apiVersion"] = apiVersion
	}
	return out
}

const previewVersion = "2026-05-02-preview"

// fleets are where the cluster may be a member; they exist beforehand, in a group of their own.
var fleets = []string{"one", "two"}

var clusterBlocks = []rawBlock{
	{"passthrough", []any{
		rawBody(previewVersion, values{"enableNamespaceResources": true}), rawBody(previewVersion, values{"enableNamespaceResources": false}),
		rawBody("", values{"supportPlan": "KubernetesOfficial"}), rawBody("", values{"disableLocalAccounts": nil}),
		rawBody(previewVersion, values{"metricsProfile": values{"costAnalysis": values{"enabled": false}}}),
		values{"apiVersion": previewVersion},
	}},
	{"asoManagedClusterPatches", []any{
		[]any{`{"spec": {"tags": {"patched": "yes"}}}`}, []any{"spec: {tags: {patched: again, Name: null}}", `{"spec": {"supportPlan": "KubernetesOfficial"}}`},
		[]any{`{"spec": {"tags": null}}`}, []any{`{"spec": {"autoScalerProfile": {"expander": "priority"}}}`},
		[]any{`{"spec": {"addonProfiles": {"azurepolicy": {"enabled": true, "config": {"a": "b"}}}}}`}, []any{`{"spec": {"addonProfiles": {"azurepolicy": {"enabled": true}}}}`},
	}},
	{"extensions", []any{
		[]any{values{"name": "flux", "extensionType": "microsoft.flux"}},
		[]any{values{"name": "flux", "extensionType": "microsoft.flux", "configurationSettings": values{"a": "b", "c": "d"}}, values{"name": "dapr", "extensionType": "microsoft.dapr", "releaseTrain": "Stable"}},
		[]any{values{"name": "dapr", "extensionType": "microsoft.dapr", "autoUpgradeMinorVersion": false, "version": "1.14.4"}},
	}},
	{"fleetsMember", []any{
		values{"managerName": fleets[0], "managerResourceGroup": fleetGroup}, values{"managerName": fleets[0], "managerResourceGroup": fleetGroup, "group": "blue"},
		values{"managerName": fleets[1], "managerResourceGroup": fleetGroup, "group": "green"},
	}},
	{"maintenanceConfigurations", []any{
		[]any{values{"name": "default", "timeInWeek": []any{values{"day": "Sunday", "hourSlots": []any{int64(1), int64(2)}}}}},
		[]any{values{"name": "default", "timeInWeek": []any{values{"day": "Monday", "hourSlots": []any{int64(5)}}}},
			values{"name": "aksManagedNodeOSUpgradeSchedule", "maintenanceWindow": values{"durationHours": int64(4), "startTime": "02:00", "schedule": values{"weekly": values{"intervalWeeks": int64(1), "dayOfWeek": "Friday"}}}}},
		[]any{values{"name": "aksManagedNodeOSUpgradeSchedule", "maintenanceWindow": values{"durationHours": int64(8), "startTime": "00:00", "schedule": values{"daily": values{"intervalDays": int64(3)}}}}},
	}},
}

var poolBlocks = []rawBlock{
	{"passthrough", []any{
		rawBody(previewVersion, values{"nodeInitializationTaints": []any{"example.com/starting=true:NoSchedule"}}), rawBody(previewVersion, values{"nodeInitializationTaints": []any{}}),
		rawBody("", values{"nodeLabels": values{"raw": "label"}}), rawBody("", values{"upgradeSettings": values{"maxSurge": "50%"}}), values{"apiVersion": previewVersion},
	}},
	{"asoManagedClustersAgentPoolPatches", []any{
		[]any{`{"spec": {"nodeLabels": {"patched": "yes"}}}`}, []any{"spec: {nodeLabels: {patched: null, other: x}}"}, []any{`{"spec": {"tags": {"patched": "yes"}}}`},
	}},
}

// whole writes or drops a block.
func (g *generator) whole(name string, blocks []rawBlock) edit {
	b := pick(g.Rand, blocks)
	if g.IntN(3) == 0 {
		return edit{Object: name, Do: "drop", Path: b.path}
	}
	return edit{Object: name, Do: "set", Path: b.path, Value: pick(g.Rand, b.values)}
}

// power stops a running cluster, and does nothing else with it: whatever is declared then waits for the start.
func (g *generator) power(w *objects) []edit {
	if w.stopped() {
		return []edit{{Object: theCluster, Do: "set", Path: "powerState", Value: "Running"}}
	}
	if g.IntN(stopEdit) == 0 {
		return []edit{{Object: theCluster, Do: "set", Path: "powerState", Value: "Stopped"}}
	}
	return nil
}

func (w *objects) stopped() bool { return strings.EqualFold(w.cp.Spec.PowerState, "Stopped") }

const fleetGroup = "fleets"

// makeFleets makes what the cluster may become a member of.
func makeFleets(ctx context.Context, client *arm.Client, subscription string) error {
	group := aks.ResourceGroupID(subscription, fleetGroup)
	if _, err := client.Put(ctx, group, aks.ResourcesAPIVersion, values{"location": "westeurope"}, arm.Precondition{}); err != nil {
		return err
	}
	for _, name := range fleets {
		id := group + "/providers/Microsoft.ContainerService/fleets/" + name
		if _, err := client.Put(ctx, id, aks.FleetAPIVersion, values{"location": "westeurope"}, arm.Precondition{}); err != nil {
			return err
		}
	}
	return nil
}

// TestBlocks: a block that is refused by itself would never be part of an edit.
func TestBlocks(t *testing.T) {
	needServer(t)
	w, _, err := newObjects(t.Context(), "00000000-0000-0000-0000-000000000000", nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, blocks := range map[string][]rawBlock{theCluster: clusterBlocks, "user": poolBlocks} {
		for _, b := range blocks {
			for _, value := range b.values {
				edits := []edit{{Object: name, Do: "set", Path: b.path, Value: value}, {Object: name, Do: "drop", Path: b.path}}
				for _, e := range edits {
					if legal, err := w.apply([]edit{e}); err != nil || len(legal) != 1 {
						t.Errorf("%s is refused (%v)", e, err)
					}
				}
			}
		}
	}
}
