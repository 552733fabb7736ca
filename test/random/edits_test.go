package random_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/capaks/capaks/internal/aks"
)

// generator thinks up edits.
type generator struct {
	*rand.Rand
	cluster, pool *kind
	added         int
}

func newGenerator(r *rand.Rand) (*generator, error) {
	cluster, pool, err := kinds()
	return &generator{Rand: r, cluster: cluster, pool: pool}, err
}

// initial are settings a cluster and its two pools are created with, the fixed ones among them.
func (g *generator) initial() []edit {
	var edits []edit
	for range g.IntN(maxEdits) {
		edits = append(edits, g.field(theCluster, g.cluster, nil, slices.Concat(g.cluster.fields, g.cluster.fixed)))
	}
	for _, name := range []string{"sys", "user"} {
		for range g.IntN(maxEdits) {
			edits = append(edits, g.field(name, g.pool, map[string]any{"mode": "User", "sku": "x"}, slices.Concat(g.pool.fields, g.pool.fixed)))
		}
	}
	// Without a System pool there is nothing to begin with.
	return slices.DeleteFunc(edits, func(e edit) bool { return e.Object == "sys" && e.Path == "mode" })
}

func (g *generator) field(name string, k *kind, spec map[string]any, paths []string) edit {
	e, err := k.edit(name, spec, paths, g.Rand)
	if err != nil {
		panic(err) // newKind tried all fields
	}
	return e
}

// set are some edits of what is there.
func (g *generator) set(w *objects) []edit {
	edits := g.power(w)
	if len(edits) > 0 && !w.stopped() {
		return edits
	}
	for range 1 + g.IntN(maxEdits) {
		switch p := pick(g.Rand, w.pools); g.IntN(2 * versionEdit) {
		case 0, 1:
			edits = append(edits, g.version(w)...)
		case 2, 3, 4:
			edits = append(edits, edit{Object: p.name, Do: "replicas", Value: int64(1 + g.IntN(5))})
		case 5:
			g.added++
			edits = append(edits, edit{Object: fmt.Sprintf("pool%d", g.added), Do: "add", Value: g.spec()})
		case 6:
			edits = append(edits, edit{Object: p.name, Do: "remove"})
		case 7, 8, 9, 10, 11:
			edits = append(edits, g.field(p.name, g.pool, asJSON(p.object.Spec), g.pool.fields))
		case 12:
			edits = append(edits, g.whole(p.name, poolBlocks))
		case 13:
			edits = append(edits, g.whole(theCluster, clusterBlocks))
		default:
			edits = append(edits, g.field(theCluster, g.cluster, asJSON(w.cp.Spec), g.cluster.fields))
		}
	}
	return edits
}

// spec is that of a new pool.
func (g *generator) spec() map[string]any {
	spec := map[string]any{"mode": pick(g.Rand, []string{"User", "User", "System"}), "sku": "Standard_D4ds_v5"}
	return spec
}

// version raises the control plane along what is offered, or a pool to what the control plane runs.
func (g *generator) version(w *objects) []edit {
	if p := pick(g.Rand, w.pools); aks.CompareVersions(p.mp.Spec.Template.Spec.Version, w.cp.Spec.Version) < 0 {
		return []edit{{Object: p.name, Do: "version", Value: w.cp.Spec.Version}}
	}
	chain := []string{startVersion, "v1.34.1", "v1.35.1"}
	if i := slices.Index(chain, w.cp.Spec.Version); i >= 0 && i < len(chain)-1 {
		return []edit{{Object: theCluster, Do: "set", Path: "version", Value: chain[i+1]}}
	}
	return nil
}

func asJSON(v any) map[string]any {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	out := map[string]any{}
	if err := json.Unmarshal(raw, &out); err != nil {
		panic(err)
	}
	return out
}
