package replay

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/blang/semver/v4"

	"github.com/capaks/capaks/azuresim/world"
)

// worldOf is what existed on the day of a recording, as far as the recording shows it: its subscriptions, locations
// and the Kubernetes versions that were offered, with the patch each minor stood for and the minor that was given to
// those who asked for none. These are facts about a day, not about how Azure behaves, so they are read from the
// answers; everything else the emulator has to come up with itself.
func worldOf(rec *Recording) world.World {
	w := world.Default()
	w.Roles = nil
	own := map[string]bool{}
	for _, e := range rec.Exchanges {
		seg := strings.Split(e.URL, "/")
		if len(seg) > 2 && strings.EqualFold(seg[1], "subscriptions") {
			id, _, _ := strings.Cut(seg[2], "?")
			own[id] = own[id] || errorCode(e.Response) != "SubscriptionNotFound"
		}
	}
	for id, exists := range own {
		if exists {
			w.Merge(world.World{Subscriptions: []world.Subscription{{ID: id, TenantID: world.TenantA}},
				Roles: []world.RoleAssignment{{Principal: world.ClientA, Role: "Owner", Scope: "/subscriptions/" + id}}})
		}
	}
	for _, e := range rec.Exchanges {
		if location, ok := document(e.Response)["location"].(string); ok && e.accepted() {
			w.Merge(world.World{Locations: []string{strings.ToLower(strings.ReplaceAll(location, " ", ""))}})
		}
	}
	offer(&w, rec)
	neighbours(&w, rec)
	return w
}

func document(v any) map[string]any { m, _ := v.(map[string]any); return m }

// offer sets the versions: those the answers name were offered. The patch of the first new cluster is the one its minor
// stood for; its minor is the default, unless another cluster asked for none. The hub of a fleet cannot ask.
func offer(w *world.World, rec *Recording) {
	seen := map[string][]string{}
	first, byDefault, hub := "", "", ""
	for _, e := range rec.Exchanges {
		if !e.accepted() || !strings.Contains(path(e.URL), "/providers/microsoft.containerservice/") {
			continue
		}
		for _, key := range []string{"kubernetesVersion", "currentKubernetesVersion", "orchestratorVersion", "currentOrchestratorVersion", "hubProfile.kubernetesVersion"} {
			version := text(e.Response, "properties."+key)
			if minor, ok := minorOf(version); ok && version != minor && !slices.Contains(seen[minor], version) {
				seen[minor] = append(seen[minor], version)
			}
		}
		hub = cmp.Or(hub, text(e.Response, "properties.hubProfile.kubernetesVersion"))
		if e.Status != 201 || !strings.EqualFold(kind(e.URL), "Microsoft.ContainerService/managedClusters") {
			continue
		}
		version := cmp.Or(text(e.Response, "properties.currentKubernetesVersion"), text(e.Response, "properties.kubernetesVersion"))
		first = cmp.Or(first, version)
		var asked any
		_ = json.Unmarshal(e.Request, &asked)
		if text(asked, "properties.kubernetesVersion") == "" {
			byDefault = cmp.Or(byDefault, version)
		}
	}
	for minor, patches := range seen {
		slices.SortFunc(patches, func(a, b string) int { return semver.MustParse(a).Compare(semver.MustParse(b)) })
		if i := slices.Index(patches, first); i >= 0 {
			patches = append(slices.Delete(patches, i, i+1), first)
		}
		w.Merge(world.World{Versions: []world.Version{{Minor: minor, Patches: patches}}})
	}
	if minor, ok := minorOf(cmp.Or(byDefault, first, hub)); ok {
		for i := range w.Versions {
			w.Versions[i].Default = w.Versions[i].Minor == minor
		}
	}
}

// minorOf is 1.30 for 1.30 and 1.30.4.
func minorOf(version string) (string, bool) {
	v, err := semver.ParseTolerant(version)
	if err != nil {
		return "", false
	}
	return fmt.Sprintf("%d.%d", v.Major, v.Minor), true
}
